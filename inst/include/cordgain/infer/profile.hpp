// Profile likelihood intervals: the values of one parameter at which the
// deviance, least over all others, has risen by the quantile of chi-squared.
// Every point is an optimum by Newton's method with exact derivatives.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/infer/profile_curve.hpp>
#include <cordgain/infer/report.hpp>
#include <cordgain/model/anchored_terms.hpp>
#include <memory>
#include <numeric>
#include <vector>

namespace cordgain {

/// What is profiled: a standard deviation or correlation of a random-effects
/// term, the residual standard deviation, or a fixed effect.
struct ProfileTarget {
  enum class Kind : int { sd = 0, correlation = 1, sigma = 2, fixed = 3 };
  Kind kind = Kind::sd;
  Index term = 0;      ///< random-effects term
  Index i = 0, j = 0;  ///< columns of it; i: the kept fixed effect
};

struct ProfileInterval {
  double estimate = std::numeric_limits<double>::quiet_NaN();
  ProfileLimit lower, upper;
};

namespace detail {

/// Absolute covariance of the blocks' coordinates to the user's, one term of D.
inline Matrix user_covariance(const RowsReport& report, std::size_t term) {
  Index at = 0;
  for (std::size_t t = 0; t < term; ++t) at += packed_size(report.frame.z_factor[t].cols());
  const Index q = report.frame.z_factor[term].cols();
  return unpacked(report.gamma.segment(at, packed_size(q)), q);
}

/// Terms in which the target is a working parameter, and where it is.
struct Anchored {
  Covariance covariance;
  Vector theta;
  Index held = 0;
};

inline void append(const std::shared_ptr<const CovarianceTerm>& term, const Vector& theta, Anchored& out) {
  out.covariance.add(term);
  Vector joined(out.theta.size() + theta.size());
  joined << out.theta, theta;
  out.theta = joined;
}

inline Vector trapezoid(const Matrix& root) {
  Vector out(packed_size(root.rows()));
  pack_into(root, out);
  return out;
}

inline void append_correlation(const Matrix& d, const Matrix& map, const ProfileTarget& target,
                               Anchored& out) {
  const auto term = std::make_shared<AngleTerm>(d.rows(), target.i, target.j);
  const double sd_i = std::sqrt(d(target.i, target.i)), sd_j = std::sqrt(d(target.j, target.j));
  const Matrix root = ordered_root(d, term->order());
  Vector theta(term->n_theta());
  const double r = std::min(1.0, std::max(-1.0, d(target.i, target.j) / (sd_i * sd_j)));
  theta.head(3) << std::asin(r), std::log(sd_i), std::log(sd_j);
  for (Index row = 2, at = 3; row < d.rows(); at += ++row)
    theta.segment(at, row + 1) = root.row(row).head(row + 1).transpose();
  append(std::make_shared<MappedTerm>(term, map), theta, out);
}

/// 0, 1, ..., q - 1 with `first` brought to the front.
inline std::vector<Index> order_from(Index q, Index first) {
  std::vector<Index> out(static_cast<std::size_t>(q));
  std::iota(out.begin(), out.end(), Index(0));
  std::swap(out[0], out[static_cast<std::size_t>(first)]);
  return out;
}

/// A random-effects term whose first working parameter is the SD of effect `first`, user's units.
inline void append_factor(const Matrix& d, const Matrix& map, Index first, Anchored& out) {
  const std::vector<Index> order = order_from(d.rows(), first);
  append(std::make_shared<MappedTerm>(std::make_shared<FactorTerm>(d.rows(), d.rows(), order), map),
         trapezoid(ordered_root(d, order)), out);
}

/// The residual terms of a covariance over visits as they are in the fit.
inline void append_visits(const GaussianFit& fit, std::size_t from, Anchored& out) {
  for (std::size_t i = from; i < fit.covariance.size(); ++i) {
    append(fit.covariance.share(i),
           fit.theta.segment(fit.covariance.theta_at(i), fit.covariance.term(i).n_theta()), out);
  }
}

/// The residual variance as a square: its working parameter is sigma, user's units.
inline void append_sigma(const RowsReport& report, double y2, Anchored& out) {
  const Matrix map = Matrix::Constant(1, 1, 1.0 / (y2 * report.frame.weight_scale));
  append(std::make_shared<MappedTerm>(std::make_shared<FactorTerm>(1), map),
         Vector::Constant(1, std::sqrt(report.gamma[report.gamma.size() - 1])), out);
}

inline Anchored anchor(const DesignInput& in, const RowsReport& report, const ProfileTarget& target) {
  using Kind = ProfileTarget::Kind;
  Anchored out;
  const double y2 = report.frame.y_scale * report.frame.y_scale;
  for (std::size_t t = 0; t < in.random.size(); ++t) {
    const Matrix d = user_covariance(report, t);
    const Matrix map = congruence_map(report.frame.z_factor[t]) / y2;
    const bool mine = static_cast<Index>(t) == target.term && target.kind != Kind::sigma;
    if (mine) out.held = out.theta.size();
    if (mine && target.kind == Kind::correlation) {
      append_correlation(d, map, target, out);
    } else {
      append_factor(d, map, mine ? target.i : 0, out);
    }
  }
  if (target.kind == Kind::sigma) out.held = out.theta.size();
  if (in.residual.present()) {
    append_visits(report.fit, in.random.size(), out);
  } else {
    append_sigma(report, y2, out);
  }
  return out;
}

/// One limit; a peak at or beyond the end is its own limit.
template <class Profile>
ProfileLimit one_limit(Profile profile, double peak, double step, double z, double end, double& lowest) {
  if (step < 0.0 ? peak <= end : peak >= end) return {end, true, 0};
  const auto watched = [&](double c) {
    const ProfilePoint p = profile(c);
    lowest = std::min(lowest, p.rise);
    return p;
  };
  return profile_limit(watched, peak, step, z, end);
}

/// Both limits by separate walks from the peak.
template <class MakeProfile>
ProfileInterval both_limits(MakeProfile&& make, double peak, double step, double z, double low, double high) {
  double lowest = 0.0;
  ProfileInterval out;
  out.estimate = peak;
  out.lower = one_limit(make(), peak, -step, z, low, lowest);
  out.upper = one_limit(make(), peak, step, z, high, lowest);
  if (lowest < -z * z * 1e-3) {
    throw NumericalError(
        "The profile found a deviance lower than the fit's: the fit is not the optimum, and there is no "
        "profile");
  }
  return out;
}

/// Without a variance any correlation fits as well.
inline ProfileInterval any_correlation() {
  ProfileInterval out;
  out.lower.at = -1.0;
  out.upper.at = 1.0;
  out.lower.bound = out.upper.bound = true;
  return out;
}

inline bool has_correlation(const RowsReport& report, const ProfileTarget& target) {
  const Matrix d = user_covariance(report, static_cast<std::size_t>(target.term));
  return d(target.i, target.i) > 0.0 && d(target.j, target.j) > 0.0;
}

/// An interval carried through an increasing function.
template <class F>
ProfileInterval carried(ProfileInterval in, F&& f) {
  in.estimate = f(in.estimate);
  in.lower.at = f(in.lower.at);
  in.upper.at = f(in.upper.at);
  return in;
}

inline ProfileInterval profile_variance(const DesignInput& in, const Blocks& blocks, const RowsReport& report,
                                        bool restricted, const ProfileTarget& target, double z) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity(), kQuarter = 1.5707963267948966192;
  const bool correlation = target.kind == ProfileTarget::Kind::correlation;
  if (correlation && !has_correlation(report, target)) return any_correlation();
  const Anchored start = anchor(in, report, target);
  const LikelihoodKind kind{restricted, false};
  const auto make = [&] {
    return CovarianceProfile(blocks, start.covariance, kind, start.theta, start.held, report.fit.deviance);
  };
  const double peak = start.theta[start.held], step = make().reach(z);
  if (!correlation) return both_limits(make, peak, step, z, 0.0, kInfinity);
  return carried(both_limits(make, peak, std::min(step, 1.0), z, -kQuarter, kQuarter),
                 [](double angle) { return std::sin(angle); });
}

/// Full-rank terms in the blocks' coordinates at the fit, beside the given scale.
inline Anchored full_rank(const GaussianFit& fit, double scale) {
  Anchored out;
  for (std::size_t i = 0; i < fit.covariance.size(); ++i) {
    const CovarianceTerm& term = fit.covariance.term(i);
    const FactorTerm* factor = fit.covariance.factor(i);
    if (factor == nullptr) {
      append(fit.covariance.share(i), fit.theta.segment(fit.covariance.theta_at(i), term.n_theta()), out);
      continue;
    }
    const Index q = factor->size();
    const Matrix d = unpacked(fit.gamma.segment(fit.covariance.gamma_at(i), packed_size(q)), q) / scale;
    append(std::make_shared<FactorTerm>(q), trapezoid(ordered_root(d, order_from(q, 0))), out);
  }
  return out;
}

inline ProfileInterval profile_fixed(const Blocks& blocks, const RowsReport& ml, const ProfileTarget& target,
                                     double z) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool profiled = blocks.residual >= 0;
  const Vector unit = Vector::Unit(blocks.p, target.i);
  const Vector contrast = ml.frame.factor.triangularView<Eigen::Upper>().transpose().solve(unit);
  const Anchored start = full_rank(ml.fit, profiled ? ml.fit.gamma[blocks.residual] : 1.0);
  const auto make = [&] {
    return FixedProfile(blocks, start.covariance, LikelihoodKind{false, profiled}, start.theta, contrast,
                        ml.fit.deviance);
  };
  const double peak = contrast.dot(ml.fit.beta);
  const double step = z * std::sqrt(contrast.dot(ml.inference.phi * contrast));
  return carried(both_limits(make, peak, step, z, -kInfinity, kInfinity),
                 [&](double v) { return ml.frame.least_squares[target.i] + ml.frame.y_scale * v; });
}

}  // namespace detail

/// Profile likelihood intervals of a fit.
/// @param in          rows
/// @param restricted  REML or ML, for variance parameters; fixed effects are
///                    always profiled by ML, for a restricted likelihood compares
///                    no two values of them
/// @param targets     what to profile
/// @param z           square root of the rise: the normal quantile of the level
/// @return            estimate and limits, user's units; a standard deviation's
///                    lower limit is 0 where the rise is not reached above it
/// @throws            NumericalError where a profile falls below the fit
/// Source: Venzon & Moolgavkar (1988), Applied Statistics 37:87; Pinheiro & Bates
/// (2000), Mixed-effects models in S and S-PLUS, section 2.4.
[[nodiscard]] inline std::vector<ProfileInterval> profile_intervals(const DesignInput& in,
                                                                    const ResidualWord& residual,
                                                                    bool restricted,
                                                                    const std::vector<ProfileTarget>& targets,
                                                                    double z) {
  require_positive(z, "z");
  const Reduced reduced = reduce_rows(in);
  const auto any = [&](bool fixed) {
    return std::any_of(targets.begin(), targets.end(), [&](const ProfileTarget& t) {
      return (t.kind == ProfileTarget::Kind::fixed) == fixed;
    });
  };
  RowsReport own, ml;
  if (any(false) || !restricted) own = fit_rows(in, restricted, residual);
  if (any(true)) ml = restricted ? fit_rows(in, false, residual) : own;
  if (own.fit.residual_zero || ml.fit.residual_zero) {
    throw NumericalError("The residual variance is estimated as zero: the likelihood has no profile there");
  }
  std::vector<ProfileInterval> out;
  for (const ProfileTarget& target : targets) {
    out.push_back(target.kind == ProfileTarget::Kind::fixed
                      ? detail::profile_fixed(reduced.blocks, ml, target, z)
                      : detail::profile_variance(in, reduced.blocks, own, restricted, target, z));
  }
  return out;
}

}  // namespace cordgain
