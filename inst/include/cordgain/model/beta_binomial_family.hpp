// Counts among a number of points whose probability itself varies from row to row.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/math/logistic.hpp>
#include <cordgain/model/count_families.hpp>
#include <limits>
#include <utility>

namespace cordgain {

/// events ~ beta-binomial(trials, mu phi, (1 - mu) phi), log(mu / (1 - mu)) = eta.
///
/// With psi = 1 / phi the density is a product of rising factors,
///   choose(n, y) prod_{j<y} (mu + j psi) prod_{j<n-y} (1 - mu + j psi) / prod_{j<n} (1 + j psi),
/// which at psi = 0 is the binomial: no gamma functions whose difference loses all digits there. The family's
/// own parameter is w with psi = w^2, so that no variation at all, w = 0, is an inner point where the slope
/// vanishes by symmetry, as a standard deviation of zero is. Reported is log phi. Written for whole arrays,
/// as BinomialLogit is.
class BetaBinomial final : public Family {
 public:
  BetaBinomial(Vector events, Vector trials) : events_(std::move(events)), trials_(std::move(trials)) {
    constant_ = detail::log_choose(trials_, events_);
  }

  [[nodiscard]] Index rows() const override { return events_.size(); }
  bool add_score(Index row, std::vector<double>& out) const override {
    out.insert(out.end(), {events_[row], trials_[row]});
    return true;
  }
  /// A precision of 4.
  [[nodiscard]] Vector start() const override { return Vector::Constant(1, 0.5); }

  /// w and -w are one; below this there is no variation to be seen, as for variances of effects.
  [[nodiscard]] Vector canonical(const Vector& extra) const override {
    const double w = std::fabs(extra[0]);
    return Vector::Constant(1, w < kNoVariation ? 0.0 : w);
  }
  [[nodiscard]] Vector reported(const Vector& extra) const override {
    return Vector::Constant(1, -2.0 * std::log(std::fabs(extra[0])));
  }
  /// An infinite precision has no standard error.
  [[nodiscard]] Matrix reported_slope(const Vector& extra) const override {
    const bool none = extra[0] == 0.0;
    return Matrix::Constant(1, 1, none ? std::numeric_limits<double>::quiet_NaN() : -2.0 / extra[0]);
  }

  void terms(Index row, const VectorIn& eta, const Vector& extra, const RowTerms& out) const override {
    const double psi = extra[0] * extra[0], constant = constant_[row] - log_divisors(trials_[row], psi);
    for (Index k = 0; k < eta.size(); k += kLanes) {
      const Index count = std::min(kLanes, eta.size() - k);
      some_terms(row, eta.segment(k, count), psi, constant,
                 {out.value + k, out.slope + k, out.curvature + k});
    }
  }

  void extra_terms(Index row, double eta, const Vector& extra, ExtraTerms& out) const override {
    const double w = extra[0], psi = w * w, n = trials_[row], y = events_[row];
    const double p = logistic(eta), q = logistic(-eta), pq = p * q;
    double by_psi = 0.0, by_psi_eta = 0.0, by_psi_psi = 0.0;
    const auto factors = [&](double count, double first, double d_eta) {
      for (double j = 1.0; j < count; ++j) {
        const double inverse = 1.0 / (first + j * psi), t = j * inverse;
        by_psi += t;
        by_psi_eta -= t * d_eta * inverse;
        by_psi_psi -= t * t;
      }
    };
    factors(y, p, pq);
    factors(n - y, q, -pq);
    for (double j = 1.0; j < n; ++j) {
      const double t = j / (1.0 + j * psi);
      by_psi -= t;
      by_psi_psi += t * t;
    }
    out.slope[0] = 2.0 * w * by_psi;
    out.cross[0] = 2.0 * w * by_psi_eta;
    out.curvature(0, 0) = 2.0 * by_psi + 4.0 * psi * by_psi_psi;
  }

 private:
  static constexpr double kNoVariation = 1e-4;
  static constexpr Index kLanes = 16;  ///< values of eta taken together
  using Lanes = Eigen::Array<double, Eigen::Dynamic, 1, Eigen::ColMajor, kLanes, 1>;

  /// One logarithm for many factors: taken whenever the product is far from 1.
  static constexpr double kFar = 1e100;

  static double log_divisors(double n, double psi) {
    double log = 0.0, product = 1.0;
    for (double j = 1.0; j < n; ++j) {
      product *= 1.0 + j * psi;
      if (product < kFar) continue;
      log += std::log(product);
      product = 1.0;
    }
    return log + std::log(product);
  }

  /// prod_{0<j<count} (a + j psi) and the sums that its derivatives in a are made of. The factor without
  /// psi, which alone is small far out, is the caller's.
  struct Rising {
    Lanes log, product, sum, squares;

    Rising(double count, const Lanes& a, double psi)
        : log(Lanes::Zero(a.size())), product(Lanes::Ones(a.size())), sum(log), squares(log) {
      for (double j = 1.0; j < count; ++j) {
        const Lanes inverse = (a + j * psi).inverse();
        product *= a + j * psi;
        sum += inverse;
        squares += inverse.square();
        if (product.minCoeff() > 1.0 / kFar && product.maxCoeff() < kFar) continue;
        log += product.log();
        product.setOnes();
      }
    }
  };

  void some_terms(Index row, const VectorIn& eta, double psi, double constant, const RowTerms& out) const {
    const Index count = eta.size();
    const double events = events_[row] > 0.0 ? 1.0 : 0.0;
    const double failures = trials_[row] > events_[row] ? 1.0 : 0.0;
    const Lanes x = eta.array(), small = (-x.abs()).exp();  // at most 1: nothing overflows
    const Lanes larger = (1.0 + small).inverse(), smaller = small * larger;
    const Lanes p = (x > 0.0).select(larger, smaller), q = (x > 0.0).select(smaller, larger), pq = p * q;
    const Rising up(events_[row], p, psi), down(trials_[row] - events_[row], q, psi);
    const Lanes difference = pq * (up.sum - down.sum);
    Eigen::Map<Array>(out.value, count) = constant + events * x.min(0.0) - failures * x.max(0.0) -
                                          (events + failures) * (1.0 + small).log() + up.log + down.log +
                                          (up.product * down.product).log();
    Eigen::Map<Array>(out.slope, count) = difference + events * q - failures * p;
    Eigen::Map<Array>(out.curvature, count) =
        (q - p) * difference - pq.square() * (up.squares + down.squares) - (events + failures) * pq;
  }

  Vector events_, trials_, constant_;
};

}  // namespace cordgain
