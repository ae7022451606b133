// A fit of a family in the units of the data: coefficients, covariances, random effects.
#pragma once

#include <cordgain/fit/family_fit.hpp>
#include <vector>

namespace cordgain {

struct FamilyReport {
  std::vector<Index> kept;  ///< columns of X that are independent
  Vector beta, extra;
  Matrix vcov;   ///< of beta and extra, from the observed information
  Vector error;  ///< of beta and extra: how far they move with more nodes, and with one more Newton step
  Vector std_error_error;
  Matrix covariance;              ///< of the random effects
  double covariance_error = 0.0;  ///< largest relative change of a standard deviation
  std::vector<Index> rank;        ///< of each block of the covariance
  Matrix mode, mean, spread;      ///< random effects: subjects x q; spread: x packed lower triangle
  Vector runaway_beta, runaway_extra, runaway_sd;
  double log_likelihood = 0.0, log_likelihood_error = 0.0, decrement = 0.0, gradient = 0.0;
  std::vector<Index> nodes;
  bool converged = false;
};

namespace detail {

/// The map from the engine's coordinates to the user's.
struct Units {
  const SubjectRows& rows;
  const Family& family;
  Index p, extra;
  Vector origin;  ///< of the fixed effects, in the engine's coordinates

  [[nodiscard]] Index absorbed() const { return family.cut_by_intercept() ? 1 : 0; }

  [[nodiscard]] Vector beta(const Vector& point) const {
    return family.unit() * rows.x_factor.triangularView<Eigen::Upper>().solve(point.head(p));
  }

  /// What is reported (coefficients, then the family's parameters) by what is estimated, about an estimate.
  [[nodiscard]] Matrix slope(const Vector& point) const {
    const Matrix own = family.reported_slope(point.tail(extra));
    const Index cut = absorbed();
    Matrix out = Matrix::Zero(p - cut + own.rows(), point.size());
    const Matrix coefficients =
        family.unit() * rows.x_factor.triangularView<Eigen::Upper>().solve(Matrix::Identity(p, p));
    out.topLeftCorner(p - cut, p) = coefficients.bottomRows(p - cut);
    out.bottomRightCorner(own.rows(), extra) = own;
    if (cut > 0) out.bottomLeftCorner(own.rows(), p).rowwise() -= coefficients.row(0);
    return out;
  }

  void report_estimates(const Vector& point, FamilyReport& out) const {
    const Vector all = beta(point) + beta(origin);
    out.beta = all.tail(p - absorbed());
    out.extra = family.reported(point.tail(extra));
    if (absorbed() > 0) out.extra.array() -= all[0];
  }

  /// L in the user's units: Z L_user = z L unit.
  [[nodiscard]] Matrix factor(const Matrix& l) const {
    return family.unit() * rows.z_scale.cwiseInverse().asDiagonal() * l;
  }
};

/// Fixed effects nearest to the family's location, which becomes part of the offset: what is estimated is of
/// the size of the unit, however far from zero scores are.
inline Vector move_origin(const Family& family, SubjectRows& rows) {
  const Vector location = family.location();
  if (location.size() == 0) return Vector::Zero(rows.x.cols());
  Vector off = -rows.offset;
  for (Index i = 0; i < off.size(); ++i) off[i] += location[rows.source(i)];
  const Vector origin = rows.x.transpose() * off / static_cast<double>(off.size());
  rows.offset += rows.x * origin;
  return origin;
}

inline std::vector<Index> block_ranks(const Matrix& l, const std::vector<Index>& block) {
  std::vector<Index> out;
  Index start = 0;
  for (const Index size : block) {
    Index rank = 0;
    for (Index j = start; j < start + size; ++j) rank += l.col(j).norm() > 0.0 ? 1 : 0;
    out.push_back(rank);
    start += size;
  }
  return out;
}

inline void report_effects(MarginalLikelihood& likelihood, const FamilyFit& fit, const Matrix& factor,
                           FamilyReport& out) {
  const Index q = factor.rows(), subjects = static_cast<Index>(fit.nodes.size());
  out.mode.resize(subjects, q);
  out.mean.resize(subjects, q);
  out.spread.resize(subjects, q * (q + 1) / 2);
  if (q == 0) return;
  for (Index s = 0; s < subjects; ++s) {
    const Index twin = likelihood.first_twin(s);
    if (twin != s) {  // the same rows and scores, the same effects
      out.mode.row(s) = out.mode.row(twin);
      out.mean.row(s) = out.mean.row(twin);
      out.spread.row(s) = out.spread.row(twin);
      continue;
    }
    const MarginalLikelihood::Effects u = likelihood.effects(s, fit.point);
    out.mode.row(s).transpose().noalias() = factor * Vector(u.mode);
    out.mean.row(s).transpose().noalias() = factor * Vector(u.mean);
    const Matrix spread = factor * u.covariance * factor.transpose();
    Index at = 0;
    for (Index j = 0; j < q; ++j)
      for (Index i = j; i < q; ++i) out.spread(s, at++) = spread(i, j);
  }
}

inline void report_errors(const Units& units, const FamilyFit& fit, const Matrix& l, const Matrix& l_moved,
                          FamilyReport& out) {
  const Matrix slope = units.slope(fit.point);
  const Matrix finer = slope * symmetric_pseudo_inverse(fit.information_finer) * slope.transpose();
  const Vector se = out.vcov.diagonal().cwiseMax(0.0).cwiseSqrt();
  const Vector se_finer = finer.diagonal().cwiseMax(0.0).cwiseSqrt();
  const double further = std::sqrt(2.0 * std::fabs(fit.decrement));
  out.error = (slope * fit.shift).cwiseAbs() + further * se;
  out.std_error_error = (se_finer - se).cwiseAbs();
  const Vector sd = l.rowwise().norm(), moved = l_moved.rowwise().norm();
  for (Index j = 0; j < sd.size(); ++j) {
    if (sd[j] > 0.0)
      out.covariance_error = std::max(out.covariance_error, std::fabs(moved[j] - sd[j]) / sd[j] + further);
  }
}

/// Which coefficients, parameters and standard deviations a direction without an end moves.
inline void report_runaway(const Units& units, const FamilyFit& fit, FamilyReport& out) {
  const Vector& part = fit.runaway;
  const Index cut = units.absorbed();
  const Vector size = units.rows.x_factor.colwise().norm().transpose() / units.family.unit();
  out.runaway_beta = units.beta(part).cwiseAbs().cwiseProduct(size).tail(units.p - cut);
  const Matrix own = units.family.reported_slope(units.family.start());
  out.runaway_extra = own.cwiseAbs() * part.tail(units.extra);
  if (cut > 0) out.runaway_extra.array() += part[0];
  out.runaway_sd = Vector::Zero(units.rows.effects());
  for (std::size_t j = 0; j < units.rows.free.size(); ++j) {
    const Index row = units.rows.free[j].row;
    out.runaway_sd[row] = std::max(out.runaway_sd[row], std::fabs(part[units.p + static_cast<Index>(j)]));
  }
}

}  // namespace detail

/// Fits and reports in the user's units.
/// @param in       rows of the data
/// @param family   their scores
/// @param control  nodes
[[nodiscard]] inline FamilyReport report_family(const SubjectInput& in, const Family& family,
                                                const FamilyFitControl& control = FamilyFitControl()) {
  require(!family.cut_by_intercept() || (in.x.cols() > 0 && (in.x.col(0).array() == 1.0).all()),
          "thresholds need an intercept as the first column of x");
  SubjectRows rows = make_subject_rows(in, family.unit());
  const Vector origin = detail::move_origin(family, rows);
  const FamilyFit fit = fit_family(rows, family, control);
  MarginalLikelihood likelihood(rows, family);
  const detail::Units units{rows, family, likelihood.fixed_count(), likelihood.extra_count(), origin};
  FamilyReport out;
  out.kept = std::vector<Index>(rows.kept.begin() + units.absorbed(), rows.kept.end());
  out.converged = fit.converged;
  out.log_likelihood = fit.log_likelihood;
  out.decrement = fit.decrement;
  if (fit.runaway.size() > 0) {
    detail::report_runaway(units, fit, out);
    return out;
  }
  if (!std::isfinite(fit.log_likelihood))
    throw NumericalError("the search ended where the likelihood is no number");
  likelihood.set_nodes(fit.nodes);
  out.nodes = fit.nodes;
  out.log_likelihood_error = fit.log_likelihood_error;
  out.gradient = fit.gradient.norm();
  units.report_estimates(fit.point, out);
  const Matrix slope = units.slope(fit.point);
  out.vcov = slope * detail::symmetric_pseudo_inverse(fit.information) * slope.transpose();
  const Matrix l = likelihood.factor(fit.point), factor = units.factor(l);
  out.covariance = factor * factor.transpose();
  out.rank = detail::block_ranks(l, in.block);
  detail::report_errors(units, fit, l, likelihood.factor(fit.point + fit.shift), out);
  detail::report_effects(likelihood, fit, factor, out);
  return out;
}

}  // namespace cordgain
