// Trials of repeated scores that have not been held, each fitted by REML as the
// real one will be.
#pragma once

#include <cordgain/base/monitor.hpp>
#include <cordgain/infer/contrast_fit.hpp>
#include <cordgain/infer/trial_sampler.hpp>
#include <limits>
#include <vector>

namespace cordgain {

/// What became of a trial's fit.
enum class TrialOutcome : int { converged = 0, not_converged = 1, failed = 2 };

/// An element per trial, user's units; NaN where the fit failed.
struct TrialFits {
  Vector shift;      ///< l'beta-hat minus its true value
  Vector std_error;  ///< Kenward-Roger's
  Vector df;
  std::vector<int> outcome;
  std::vector<int> singular;  ///< 1 where a random-effects term lacks rank
};

namespace detail {

inline void note_trial(const ContrastFit& fit, Index row, TrialFits& out) {
  out.shift[row] = fit.estimate;
  out.std_error[row] = fit.se_adjusted;
  out.df[row] = fit.df;
  out.singular[static_cast<std::size_t>(row)] = fit.singular ? 1 : 0;
  const TrialOutcome outcome = fit.converged ? TrialOutcome::converged : TrialOutcome::not_converged;
  out.outcome[static_cast<std::size_t>(row)] = static_cast<int>(outcome);
}

}  // namespace detail

/// Trials, each fitted by REML with Kenward-Roger's standard error and degrees of freedom of l'beta.
/// @param in        rows; their scores only set the scale
/// @param residual  covariance over visits, if any
/// @param gamma     true variance parameters, user's units
/// @param monitor   told after each trial
[[nodiscard]] inline TrialFits simulate_fits(const DesignInput& in, const ResidualWord& residual,
                                             const VectorIn& gamma, const TrialPlan& plan, Monitor& monitor) {
  TrialSampler trials(in, gamma, plan.contrast);
  const Covariance covariance = model_covariance(in, residual);
  TrialFits out;
  out.shift = Vector::Constant(plan.count, std::numeric_limits<double>::quiet_NaN());
  out.std_error = out.df = out.shift;
  out.outcome.assign(static_cast<std::size_t>(plan.count), static_cast<int>(TrialOutcome::failed));
  out.singular.assign(static_cast<std::size_t>(plan.count), 0);
  for (Index i = 0; i < plan.count; ++i) {
    const Blocks& blocks = trials.draw(plan, plan.first + static_cast<std::uint64_t>(i));
    try {
      detail::note_trial(fit_contrast(blocks, covariance, trials.contrast()), i, out);
    } catch (const NumericalError&) {  // stays NaN, and so is counted
    }
    monitor.done(i + 1, plan.count);
  }
  return out;
}

}  // namespace cordgain
