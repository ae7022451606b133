// One linear combination of the fixed effects by a REML fit of blocks: the
// estimate, its two standard errors, Kenward-Roger's degrees of freedom. For
// loops over many data sets, which keep nothing else of a fit.
#pragma once

#include <cmath>
#include <cordgain/infer/report.hpp>

namespace cordgain {

/// What is kept of one fit, in the blocks' coordinates.
struct ContrastFit {
  double estimate;
  double se_adjusted;  ///< Kenward-Roger's
  double se_model;
  double df;  ///< Kenward-Roger's
  Vector gamma;
  bool singular, converged;
};

/// @param blocks      data
/// @param covariance  terms at full rank
/// @param contrast    l (p): the combination is l'beta
/// @throws            NumericalError where the likelihood has no maximum
[[nodiscard]] inline ContrastFit fit_contrast(const Blocks& blocks, const Covariance& covariance,
                                              const Vector& contrast) {
  const bool one_residual = blocks.residual >= 0;
  const GaussianFit fit = fit_gaussian(blocks, covariance, LikelihoodKind{true, one_residual});
  const double scale = one_residual ? fit.gamma[blocks.residual] : 1.0;
  const FreeDirections free = free_directions(fit.covariance, fit.theta, scale, !fit.residual_zero);
  const Inference at = information(blocks, fit.gamma, free, true);
  const RowTests row = row_tests(at, contrast.transpose(), true, false);
  return {contrast.dot(fit.residual_zero ? at.beta : fit.beta),
          row.std_error[0],
          std::sqrt(contrast.dot(at.phi * contrast)),
          row.df[0],
          fit.gamma,
          lacks_rank(fit),
          fit.converged};
}

}  // namespace cordgain
