// Quantiles of a coefficient, whose posterior is a mixture of some ten thousand normals, with the error of
// the two interleaved lattices that it comes from.
#pragma once

#include <algorithm>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/dist/normal_table.hpp>
#include <cordgain/fit/exact_posterior.hpp>
#include <cstdint>

namespace cordgain {

struct StatedQuantile {
  double value = 0.0;
  double error = 0.0;
};

/// A mixture of normals whose nodes are those of two lattices.
class NodeMixture {
 public:
  /// @param plain  so many nodes, the first, are those of one lattice
  /// @param edge   nodes of a smaller weight lie at the edge of the lattices
  /// @throws       InvalidInput unless the parts have one length, weights >= 0 and sd > 0
  NodeMixture(Vector weight, Vector mean, const Vector& sd, Index plain, double edge)
      : weight_(std::move(weight)), mean_(std::move(mean)), plain_(plain), edge_(edge) {
    require(weight_.size() > 0 && mean_.size() == weight_.size() && sd.size() == weight_.size(),
            "a mixture needs parts of one length");
    require(weight_.minCoeff() >= 0.0 && sd.minCoeff() > 0.0 && plain >= 0 && plain <= weight_.size(),
            "a mixture of nodes needs weights that are not negative and positive standard deviations");
    weight_ /= weight_.sum();
    centre_ = weight_.dot(mean_);
    mean_.array() -= centre_;
    per_sd_ = sd.cwiseInverse();
    low_ = (mean_ - kReach * sd).minCoeff();
    high_ = (mean_ + kReach * sd).maxCoeff();
    merge(sd);
  }

  /// P(X <= x), to 1e-11.
  [[nodiscard]] double below(double x) const { return sum_at(x - centre_); }

  /// The root for nodes merged by eight, then corrections by all of them with the slope of the merged ones,
  /// each of which leaves a thousandth of the error. Where neighbours are components of a mixture prior, and
  /// so unlike each other, these may not converge: then the root is bracketed.
  [[nodiscard]] StatedQuantile quantile(double probability) const {
    require(probability > 0.0 && probability < 1.0, "a probability must lie in (0, 1)");
    StatedQuantile out;
    double at = merged_root(probability);
    const double slope = merged_density(at);
    if (!(slope > 0.0)) throw NumericalError("a probability is too near 0 or 1 for a quantile");
    double gap = 1.0;
    for (int pass = 0; pass < 12 && std::abs(gap) > 1e-11; ++pass) {
      gap = sum_at(at) - probability;
      at -= gap / slope;
    }
    if (std::abs(gap) > 1e-9)
      at = root_of([&](double x) { return sum_at(x) - probability; }, probability, 44);
    out.value = centre_ + at;
    const Eigen::Vector4d below = sums_at(at);
    const auto share = [](double part, double whole) { return whole > 0.0 ? part / whole : 0.0; };
    const double a = share(below[0] + below[1], total_[0] + total_[1]);
    const double b = share(below[2] + below[3], total_[2] + total_[3]);
    const double inner = share(below[0] + below[2], total_[0] + total_[2]);
    const double step = plain_ == weight_.size() ? 0.0 : std::abs(a - b);
    out.error = (kStep * step + detail::kStatedEdge * std::abs(below.sum() - inner)) / density(at);
    return out;
  }

 private:
  static constexpr double kReach = 9.0;  // where the table of the normal distribution ends
  static constexpr Index kMerged = 8;
  static constexpr double kStep = 4.0;  // times the difference of the lattices

  void merge(const Vector& sd) {
    const Index size = weight_.size(), groups = (size + kMerged - 1) / kMerged;
    group_weight_.resize(groups);
    group_mean_.resize(groups);
    group_per_sd_.resize(groups);
    total_.setZero();
    for (Index g = 0; g < groups; ++g) {
      const Index first = g * kMerged, n = std::min(kMerged, size - first);
      const auto w = weight_.segment(first, n).array();
      const auto m = mean_.segment(first, n).array();
      const double whole = std::max(w.sum(), 1e-300), centre = (w * m).sum() / whole;
      const double variance =
          (w * ((m - centre).square() + sd.segment(first, n).array().square())).sum() / whole;
      group_weight_[g] = w.sum();
      group_mean_[g] = whole > 1e-300 ? centre : mean_[first];
      group_per_sd_[g] = variance > 0.0 ? 1.0 / std::sqrt(variance) : per_sd_[first];
    }
    for (Index i = 0; i < size; ++i) total_[bin(i)] += weight_[i];
  }

  [[nodiscard]] Index bin(Index i) const { return (i < plain_ ? 0 : 2) + (weight_[i] >= edge_ ? 0 : 1); }

  /// @param x  from the mean, as all places below
  [[nodiscard]] double sum_at(double x) const {
    const NormalTable& table = normal_table();
    double out = 0.0;
    for (Index i = 0; i < weight_.size(); ++i) out += weight_[i] * table((x - mean_[i]) * per_sd_[i]);
    return out;
  }

  /// The same by parts: core and edge of the plain lattice, then of the other.
  [[nodiscard]] Eigen::Vector4d sums_at(double x) const {
    const NormalTable& table = normal_table();
    Eigen::Vector4d out = Eigen::Vector4d::Zero();
    for (Index i = 0; i < weight_.size(); ++i) out[bin(i)] += weight_[i] * table((x - mean_[i]) * per_sd_[i]);
    return out;
  }

  [[nodiscard]] double merged_root(double probability) const {
    const NormalTable& table = normal_table();
    const auto gap = [&](double x) {
      double sum = 0.0;
      for (Index g = 0; g < group_weight_.size(); ++g)
        sum += group_weight_[g] * table((x - group_mean_[g]) * group_per_sd_[g]);
      return sum - probability;
    };
    return root_of(gap, probability, 16);
  }

  /// @param gap  probability below less the one wanted
  template <class Gap>
  [[nodiscard]] double root_of(Gap&& gap, double probability, int bits) const {
    std::uintmax_t steps = 200;
    const boost::math::tools::eps_tolerance<double> close(bits);
    const auto root =
        boost::math::tools::toms748_solve(gap, low_, high_, -probability, 1.0 - probability, close, steps);
    return 0.5 * (root.first + root.second);
  }

  [[nodiscard]] double density(double x) const {
    double sum = 0.0;
    for (Index i = 0; i < weight_.size(); ++i)
      sum += weight_[i] * per_sd_[i] * standard_normal_density((x - mean_[i]) * per_sd_[i]);
    return sum;
  }

  [[nodiscard]] double merged_density(double x) const {
    double sum = 0.0;
    for (Index g = 0; g < group_weight_.size(); ++g)
      sum += group_weight_[g] * group_per_sd_[g] *
             standard_normal_density((x - group_mean_[g]) * group_per_sd_[g]);
    return sum;
  }

  Vector weight_, mean_, per_sd_;
  Index plain_;
  double edge_, centre_ = 0.0, low_ = 0.0, high_ = 0.0;
  Vector group_weight_, group_mean_, group_per_sd_;
  Eigen::Vector4d total_;
};

}  // namespace cordgain
