// Parametric bootstrap: scores drawn from a fit, the model fitted to them anew.
// Replicate i is a function of (seed, i) alone, so any worker may do any part.
#pragma once

#include <cmath>
#include <cordgain/base/monitor.hpp>
#include <cordgain/fit/interior.hpp>
#include <cordgain/infer/report.hpp>
#include <cordgain/model/sampler.hpp>
#include <limits>
#include <vector>

namespace cordgain {

/// How the standard errors of a replicate are made.
enum class Spread { none, model, kenward_roger };

struct BootstrapPlan {
  std::uint64_t seed = 0;
  std::uint64_t first = 0;  ///< index of the first replicate
  Index count = 0;
  bool restricted = true;
  Spread spread = Spread::none;
  bool observed = false;  ///< information for Kenward-Roger
  Matrix contrast;        ///< L (l x p), blocks' coordinates, whose standard errors are asked
};

/// What became of a replicate.
enum class Outcome : int { converged = 0, not_converged = 1, failed = 2 };

/// A row per replicate; where the fit failed its numbers are NaN.
struct Replicates {
  Matrix shift;      ///< L beta-hat minus its true value
  Matrix gamma;      ///< variance parameters, blocks' coordinates
  Matrix std_error;  ///< of L beta; no columns for Spread::none
  Vector deviance;
  std::vector<int> outcome;
  std::vector<int> singular;  ///< 1 where a random-effects term lacks rank
};

namespace detail {

inline Vector standard_errors(const Blocks& blocks, const GaussianFit& fit, const BootstrapPlan& plan) {
  const double scale = blocks.residual >= 0 ? fit.gamma[blocks.residual] : 1.0;
  const FreeDirections free = free_directions(fit.covariance, fit.theta, scale);
  const Inference at = information(blocks, fit.gamma, free, plan.restricted);
  Matrix covariance = at.phi;
  if (plan.spread == Spread::kenward_roger) {
    covariance = kenward_roger_covariance(at, inverse_information(plan.observed ? at.observed : at.expected));
  }
  return (plan.contrast * covariance * plan.contrast.transpose()).diagonal().cwiseSqrt();
}

inline void refit(const Blocks& blocks, const Covariance& covariance, const BootstrapPlan& plan, Index row,
                  Replicates& out) {
  const std::size_t at = static_cast<std::size_t>(row);
  try {
    const GaussianFit fit =
        fit_gaussian(blocks, covariance, LikelihoodKind{plan.restricted, blocks.residual >= 0});
    if (plan.spread != Spread::none) out.std_error.row(row) = standard_errors(blocks, fit, plan).transpose();
    out.shift.row(row) = (plan.contrast * fit.beta).transpose();
    out.gamma.row(row) = fit.gamma.transpose();
    out.deviance[row] = fit.deviance;
    out.singular[at] = lacks_rank(fit) ? 1 : 0;
    out.outcome[at] = static_cast<int>(fit.converged ? Outcome::converged : Outcome::not_converged);
  } catch (const NumericalError&) {
    out.outcome[at] = static_cast<int>(Outcome::failed);
  }
}

inline Replicates empty_replicates(const Blocks& blocks, const BootstrapPlan& plan) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const Index n = plan.count, l = plan.contrast.rows();
  Replicates out;
  out.shift = Matrix::Constant(n, l, none);
  out.gamma = Matrix::Constant(n, blocks.n_gamma, none);
  out.std_error = Matrix::Constant(n, plan.spread == Spread::none ? 0 : l, none);
  out.deviance = Vector::Constant(n, none);
  out.outcome.assign(static_cast<std::size_t>(n), static_cast<int>(Outcome::failed));
  out.singular.assign(static_cast<std::size_t>(n), 0);
  return out;
}

}  // namespace detail

/// Fits drawn scores, one replicate after the other.
/// @param sampler     scores at the variances to draw from; it is used up
/// @param covariance  terms at full rank
/// @param plan        seed, replicates, what to keep
/// @param monitor     told after each replicate
/// Source: Efron & Tibshirani (1993), An introduction to the bootstrap, section 6.5.
[[nodiscard]] inline Replicates bootstrap(ResponseSampler& sampler, const Covariance& covariance,
                                          const BootstrapPlan& plan, Monitor& monitor) {
  require(plan.contrast.cols() == sampler.blocks().p, "contrast must have a column per fixed effect");
  Replicates out = detail::empty_replicates(sampler.blocks(), plan);
  for (Index i = 0; i < plan.count; ++i) {
    RandomStream random(plan.seed, plan.first + static_cast<std::uint64_t>(i));
    sampler.draw(random);
    detail::refit(sampler.blocks(), covariance, plan, i, out);
    monitor.done(i + 1, plan.count);
  }
  return out;
}

/// The variances inside their bounds that scores can be drawn from, blocks' coordinates: interior_gamma() of
/// rows.
[[nodiscard]] inline Vector interior_gamma_rows(const DesignInput& in, const ResidualWord& residual,
                                                bool restricted) {
  const Reduced reduced = reduce_rows(in);
  return interior_gamma(reduced.blocks, model_covariance(in, residual),
                        {restricted, reduced.blocks.residual >= 0});
}

/// The same from rows: everything that a worker process needs is in its arguments.
/// @param gamma  variance parameters to draw from, blocks' coordinates
[[nodiscard]] inline Replicates bootstrap_rows(const DesignInput& in, const ResidualWord& residual,
                                               const VectorIn& gamma, const BootstrapPlan& plan,
                                               Monitor& monitor) {
  Reduced reduced = reduce_rows(in);
  require(gamma.size() == reduced.blocks.n_gamma, "gamma must have an element per variance parameter");
  if (reduced.blocks.residual >= 0 && !(gamma[reduced.blocks.residual] > 0.0)) {
    throw NumericalError(
        "The residual variance is estimated as zero: scores drawn from this fit have no fit");
  }
  std::vector<KindLoadings> loadings = kind_loadings(in, reduced);
  ResponseSampler sampler(std::move(reduced.blocks), std::move(loadings), gamma);
  return bootstrap(sampler, model_covariance(in, residual), plan, monitor);
}

}  // namespace cordgain
