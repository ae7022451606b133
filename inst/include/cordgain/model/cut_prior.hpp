// Priors of the thresholds of ordered scores: increasing numbers on the scale of the linear predictor.
#pragma once

#include <cmath>
#include <cordgain/dist/prior_slope.hpp>
#include <cordgain/math/logistic.hpp>

namespace cordgain {

/// The law of the latent variable behind ordered levels.
enum class LatentLaw { kLogit, kProbit, kCloglog };

/// log density of the latent variable and its derivative.
struct LatentDensity {
  double value, slope;
};

[[nodiscard]] inline LatentDensity latent_density(LatentLaw law, double t) {
  if (law == LatentLaw::kProbit) return {-0.5 * t * t - detail::kLogSqrtTwoPi, -t};
  if (law == LatentLaw::kCloglog) return {t - std::exp(t), 1.0 - std::exp(t)};
  const double size = std::fabs(t);
  return {-size - 2.0 * std::log1p(std::exp(-size)), logistic(-t) - logistic(t)};
}

/// Either the induced Dirichlet prior or independent equal priors on increasing numbers.
struct CutPrior {
  bool induced = true;
  LatentLaw law = LatentLaw::kLogit;
  Prior each;  ///< where not induced
};

/// Log density of K increasing thresholds and its gradient.
///   induced: the K + 1 probabilities F(alpha_k) - F(alpha_(k-1)) have a uniform (Dirichlet(1, ..., 1)) law,
///   so
///            p(alpha) = K! prod f(alpha_k)
///   each:    p(alpha) = K! prod p(alpha_k)
/// Source: Betancourt (2019), Ordinal regression, section 2.2, for the induced Dirichlet prior; the change of
/// variables has a triangular Jacobian, whose determinant is the product of f.
[[nodiscard]] inline double log_cut_prior(const CutPrior& prior, const Vector& cut, Vector& gradient) {
  double out = std::lgamma(static_cast<double>(cut.size()) + 1.0);
  gradient.resize(cut.size());
  for (Index k = 0; k < cut.size(); ++k) {
    const LatentDensity at =
        prior.induced ? latent_density(prior.law, cut[k])
                      : LatentDensity{prior.each.log_density(cut[k]), log_density_slope(prior.each, cut[k])};
    out += at.value;
    gradient[k] = at.slope;
  }
  return out;
}

}  // namespace cordgain
