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
/// vanishes by symmetry, as a standard deviation of zero is. Reported is log phi.
class BetaBinomial final : public PointwiseFamily<BetaBinomial> {
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

  [[nodiscard]] PointTerms at(Index row, double eta, const Vector& extra) const {
    const Sums sums(*this, row, eta, extra[0]);
    return {constant_[row] + sums.value, sums.slope, sums.curvature};
  }

  void extra_terms(Index row, double eta, const Vector& extra, ExtraTerms& out) const override {
    const double w = extra[0];
    const Sums sums(*this, row, eta, w);
    out.slope[0] = 2.0 * w * sums.by_psi;
    out.cross[0] = 2.0 * w * sums.by_psi_eta;
    out.curvature(0, 0) = 2.0 * sums.by_psi + 4.0 * w * w * sums.by_psi_psi;
  }

 private:
  static constexpr double kNoVariation = 1e-4;

  /// The logarithm of the product and its derivatives in eta and psi.
  struct Sums {
    double value = 0.0, slope = 0.0, curvature = 0.0, by_psi = 0.0, by_psi_eta = 0.0, by_psi_psi = 0.0;

    Sums(const BetaBinomial& family, Index row, double eta, double w) : psi(w * w) {
      const double n = family.trials_[row], y = family.events_[row];
      const double p = logistic(eta), q = logistic(-eta), pq = p * q;
      const double bend = pq * (q - p);
      if (y > 0.0) first(-softplus(-eta), q, pq);
      if (n > y) first(-softplus(eta), -p, pq);
      for (double j = 1.0; j < y; ++j) factor(j, p + j * psi, pq, bend);
      for (double j = 1.0; j < n - y; ++j) factor(j, q + j * psi, -pq, -bend);
      for (double j = 1.0; j < n; ++j) divisor(j);
      value += std::log(product);
    }

   private:
    double psi, product = 1.0;

    /// The factor without psi, which alone is small far out.
    void first(double log_factor, double d_eta, double pq) {
      value += log_factor;
      slope += d_eta;
      curvature -= pq;
    }

    void factor(double j, double a, double d_eta, double d2_eta) {
      multiply(a);
      const double s = d_eta / a, t = j / a;
      slope += s;
      curvature += d2_eta / a - s * s;
      by_psi += t;
      by_psi_eta -= t * s;
      by_psi_psi -= t * t;
    }

    void divisor(double j) {
      const double a = 1.0 + j * psi, t = j / a;
      multiply(1.0 / a);
      by_psi -= t;
      by_psi_psi += t * t;
    }

    /// One logarithm for many factors: taken whenever the product is far from 1.
    void multiply(double by) {
      product *= by;
      if (product > 1e-100 && product < 1e100) return;
      value += std::log(product);
      product = 1.0;
    }
  };

  Vector events_, trials_, constant_;
};

}  // namespace cordgain
