// A covariance inside its cone, for drawing scores from. Where few subjects are seen the estimate of a
// variance is often zero though the variance is not, and scores drawn at zero know nothing of it.
#pragma once

#include <cmath>
#include <cordgain/fit/gaussian.hpp>

namespace cordgain {

namespace detail {

/// Power of |D / sigma^2| that multiplies the likelihood. With 1/2, meant for point estimates, intervals of
/// four patients without variance hold too often, with 0 those of patients with variance too rarely
/// (design/012-drawn-inside-the-bounds.md).
constexpr double kInwardPower = 0.2;

}  // namespace detail

/// Minus twice the logarithm of the likelihood times a power of the determinant of each term's D, beside a
/// residual variance of 1. Its minimum is never at a bound. Source: Chung, Gelman, Rabe-Hesketh, Liu & Dorie
/// (2015), J. Educ. Behav. Stat. 40:136, section 3, with power 1/2.
class InteriorCriterion final : public Criterion {
 public:
  explicit InteriorCriterion(const Criterion& inner) : inner_(inner) {}

  [[nodiscard]] SecondOrder in_theta(const Covariance& covariance, const Vector& theta) const override {
    SecondOrder out = inner_.in_theta(covariance, theta);
    if (!std::isfinite(out.value)) return out;
    for (const std::size_t i : detail::effect_terms(covariance)) {
      covariance.factor(i)->for_entries([&](Index row, Index col, Index at) {
        if (row == col) add_log(covariance.theta_at(i) + at, theta, out);
      });
    }
    return out;
  }

  [[nodiscard]] SecondOrder in_gamma(const VectorIn& gamma, const std::vector<Matrix>& roots) const override {
    return inner_.in_gamma(gamma, roots);
  }

 private:
  /// The determinant of D is the squared product of the diagonal of its factor.
  static void add_log(Index k, const Vector& theta, SecondOrder& out) {
    constexpr double weight = 4.0 * detail::kInwardPower;
    out.value -= weight * std::log(std::abs(theta[k]));
    out.gradient[k] -= weight / theta[k];
    out.hessian(k, k) += weight / (theta[k] * theta[k]);
  }

  const Criterion& inner_;
};

/// Variance parameters inside the cone (absolute), for drawing scores: the minimum of InteriorCriterion.
/// @param blocks      reduced data
/// @param covariance  terms at full rank
/// @param kind        REML or ML; scale profiled or not
/// @throws            NumericalError if none was found
[[nodiscard]] inline Vector interior_gamma(const Blocks& blocks, const Covariance& covariance,
                                           const LikelihoodKind& kind) {
  const PooledCriterion pooled(blocks, kind);
  const InteriorCriterion criterion(pooled);
  GaussianFit tally;
  const detail::Stage best = detail::best_end(criterion, detail::full_rank_starts(blocks, covariance), tally);
  const Expansion e = pooled.at(best.gamma(), covariance.roots(best.result.point));
  if (!(best.result.converged && std::isfinite(e.value)))
    throw NumericalError("No covariance inside its bounds was found to draw scores from");
  return best.gamma() * e.scale;
}

}  // namespace cordgain
