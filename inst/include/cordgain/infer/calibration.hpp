// How often intervals cover the truth: data sets drawn from known variances,
// fitted, and each fit bootstrapped in turn, all from second moments.
#pragma once

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cordgain/infer/bootstrap.hpp>
#include <cordgain/infer/contrast_fit.hpp>
#include <vector>

namespace cordgain {

struct CalibrationPlan {
  std::uint64_t seed = 0;
  Index data_sets = 0;
  Index refits = 0;       ///< of each; (refits + 1)(1 - level) / 2 whole makes the limits order statistics
  double level = 0.95;    ///< of the intervals
  Vector contrast;        ///< l: the intervals are of l'beta, blocks' coordinates
  Index plain_every = 1;  ///< percentile and basic intervals, drawn at the fit, of each how manieth data set
};

/// Whether each interval held the truth; a row per data set, NaN where the fit failed.
struct Calibration {
  enum Column { kenward_roger, wald, studentised, studentised_model, percentile, basic, n_columns };
  Matrix covered;
  Matrix length;              ///< of each interval, in standard errors that the truth gives the estimate
  Vector df;                  ///< Kenward-Roger's
  std::vector<int> singular;  ///< 1 where some random-effects term lacks rank
  Index failed_refits = 0;
  Index unsettled_refits = 0;  ///< not converged; their numbers are used
};

namespace detail {

/// Order statistics of ranks (n + 1) p, linear between.
inline double ranked(const std::vector<double>& sorted, double p) {
  const double n = static_cast<double>(sorted.size());
  const double rank = std::min(std::max((n + 1.0) * p, 1.0), n);
  const std::size_t below = static_cast<std::size_t>(std::floor(rank)) - 1;
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (rank - std::floor(rank)) * (sorted[above] - sorted[below]);
}

struct Tails {
  double low, high;
};

inline Tails tails(std::vector<double> values, double level) {
  std::sort(values.begin(), values.end());
  return {ranked(values, 0.5 * (1.0 - level)), ranked(values, 0.5 * (1.0 + level))};
}

/// Interval of an estimate that lies `shift` above the truth, 0.
inline void note(Calibration& out, Index row, Calibration::Column column, double low, double high,
                 double unit) {
  out.covered(row, column) = low <= 0.0 && 0.0 <= high ? 1.0 : 0.0;
  out.length(row, column) = (high - low) / unit;
}

/// Replicates of one fit: the estimate's shift, alone and by its standard errors.
struct Resampled {
  std::vector<double> shift, adjusted, model;

  void add(const ContrastFit& again) {
    shift.push_back(again.estimate);
    adjusted.push_back(again.estimate / again.se_adjusted);
    model.push_back(again.estimate / again.se_model);
  }
};

inline Resampled resample(ResponseSampler& sampler, const Covariance& covariance, const CalibrationPlan& plan,
                          std::uint64_t stream, Calibration& out) {
  Resampled found;
  for (Index b = 0; b < plan.refits; ++b) {
    RandomStream random(plan.seed, stream + static_cast<std::uint64_t>(b) + 1);
    sampler.draw(random);
    try {
      const ContrastFit again = fit_contrast(sampler.blocks(), covariance, plan.contrast);
      found.add(again);
      out.unsettled_refits += again.converged ? 0 : 1;
    } catch (const NumericalError&) {
      ++out.failed_refits;
    }
  }
  return found;
}

/// Limits shift - t_high se, shift - t_low se.
inline void note_studentised(Calibration& out, Index row, Calibration::Column column, const Tails& t,
                             double shift, double se, double unit) {
  note(out, row, column, shift - t.high * se, shift - t.low * se, unit);
}

/// From replicates drawn inside the bounds.
inline void note_studentised(const Resampled& found, const ContrastFit& seen, double level, Index row,
                             double unit, Calibration& out) {
  if (found.shift.empty()) return;
  note_studentised(out, row, Calibration::studentised, tails(found.adjusted, level), seen.estimate,
                   seen.se_adjusted, unit);
  note_studentised(out, row, Calibration::studentised_model, tails(found.model, level), seen.estimate,
                   seen.se_model, unit);
}

/// From replicates drawn at the fit.
inline void note_percentiles(const Resampled& found, const ContrastFit& seen, double level, Index row,
                             double unit, Calibration& out) {
  if (found.shift.empty()) return;
  const Tails s = tails(found.shift, level);
  note(out, row, Calibration::percentile, seen.estimate + s.low, seen.estimate + s.high, unit);
  note(out, row, Calibration::basic, seen.estimate - s.high, seen.estimate - s.low, unit);
}

inline double normal_quantile(double level) {
  return boost::math::quantile(boost::math::normal(), 0.5 * (1.0 + level));
}

/// Of Student's law; infinitely many degrees of freedom are the normal law.
inline double t_quantile(double df, double level) {
  if (!std::isfinite(df)) return normal_quantile(level);
  return boost::math::quantile(boost::math::students_t(df), 0.5 * (1.0 + level));
}

inline void note_fit(const ContrastFit& seen, double level, Index row, double unit, Calibration& out) {
  const double t = t_quantile(seen.df, level) * seen.se_adjusted, z = normal_quantile(level) * seen.se_model;
  note(out, row, Calibration::kenward_roger, seen.estimate - t, seen.estimate + t, unit);
  note(out, row, Calibration::wald, seen.estimate - z, seen.estimate + z, unit);
  out.df[row] = seen.df;
  out.singular[static_cast<std::size_t>(row)] = seen.singular ? 1 : 0;
}

inline Calibration empty_calibration(Index n) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  Calibration out;
  out.covered = Matrix::Constant(n, Calibration::n_columns, none);
  out.length = out.covered;
  out.df = Vector::Constant(n, none);
  out.singular.assign(static_cast<std::size_t>(n), 0);
  return out;
}

/// Standard error of l'beta-hat at known variances.
inline double known_error(const Blocks& blocks, const VectorIn& gamma, const Vector& contrast) {
  const Matrix none(blocks.n_gamma, 0);
  const FixedEffects fixed = fixed_effects(moments_at(blocks, gamma, none).cross, blocks.p);
  return std::sqrt(contrast.dot(fixed.precision.solve(contrast)));
}

}  // namespace detail

/// Coverage of the intervals of a contrast by REML fits of one design.
/// @param in       rows; their scores only set the scale
/// @param gamma    true variance parameters, blocks' coordinates
/// @param plan     seed, numbers
/// @param monitor  told after each data set
[[nodiscard]] inline Calibration calibrate(const DesignInput& in, const VectorIn& gamma,
                                           const CalibrationPlan& plan, Monitor& monitor) {
  Reduced reduced = reduce_rows(in);
  require(gamma.size() == reduced.blocks.n_gamma, "gamma must have an element per variance parameter");
  require(plan.contrast.size() == reduced.blocks.p, "contrast must have an element per fixed effect");
  std::vector<KindLoadings> loadings = kind_loadings(in, reduced);
  ResponseSampler truth(reduced.blocks, loadings, gamma);
  ResponseSampler again(std::move(reduced.blocks), std::move(loadings), gamma);
  const Covariance covariance = model_covariance(in, {});
  const double unit = detail::known_error(truth.blocks(), gamma, plan.contrast);
  Calibration out = detail::empty_calibration(plan.data_sets);
  for (Index i = 0; i < plan.data_sets; ++i) {
    const std::uint64_t stream = static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(plan.refits + 1);
    RandomStream random(plan.seed, stream);
    truth.draw(random);
    try {
      const ContrastFit seen = fit_contrast(truth.blocks(), covariance, plan.contrast);
      detail::note_fit(seen, plan.level, i, unit, out);
      again.set_gamma(interior_gamma(truth.blocks(), covariance, {true, truth.blocks().residual >= 0}));
      detail::note_studentised(detail::resample(again, covariance, plan, stream, out), seen, plan.level, i,
                               unit, out);
      if (i % plan.plain_every == 0) {
        again.set_gamma(seen.gamma);
        detail::note_percentiles(detail::resample(again, covariance, plan, stream, out), seen, plan.level, i,
                                 unit, out);
      }
    } catch (const NumericalError&) {  // stays NaN, and so is counted
    }
    monitor.done(i + 1, plan.data_sets);
  }
  return out;
}

}  // namespace cordgain
