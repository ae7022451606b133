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
  double unit;
  Index p, free, extra;

  [[nodiscard]] Vector beta(const Vector& point) const {
    return unit * rows.x_factor.triangularView<Eigen::Upper>().solve(point.head(p));
  }

  /// Covariance of beta and the family's parameters.
  [[nodiscard]] Matrix vcov(const Matrix& information) const {
    const Matrix all = symmetric_pseudo_inverse(information);
    Matrix pick = Matrix::Zero(p + extra, all.rows());
    pick.topLeftCorner(p, p) =
        unit * rows.x_factor.triangularView<Eigen::Upper>().solve(Matrix::Identity(p, p));
    pick.bottomRightCorner(extra, extra).setIdentity();
    return pick * all * pick.transpose();
  }

  [[nodiscard]] Vector fixed_and_extra(const Vector& by) const {
    Vector out(p + extra);
    out << beta(by), by.tail(extra);
    return out;
  }

  /// L in the user's units: Z L_user = z L unit.
  [[nodiscard]] Matrix factor(const Matrix& l) const {
    return unit * rows.z_scale.cwiseInverse().asDiagonal() * l;
  }
};

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
  const Matrix finer = units.vcov(fit.information_finer);
  const Vector se = out.vcov.diagonal().cwiseMax(0.0).cwiseSqrt();
  const Vector se_finer = finer.diagonal().cwiseMax(0.0).cwiseSqrt();
  const double further = std::sqrt(2.0 * std::fabs(fit.decrement));
  out.error = units.fixed_and_extra(fit.shift).cwiseAbs() + further * se;
  out.std_error_error = (se_finer - se).cwiseAbs();
  const Vector sd = l.rowwise().norm(), moved = l_moved.rowwise().norm();
  for (Index j = 0; j < sd.size(); ++j) {
    if (sd[j] > 0.0)
      out.covariance_error = std::max(out.covariance_error, std::fabs(moved[j] - sd[j]) / sd[j] + further);
  }
}

/// Which coefficients, parameters and standard deviations a direction without an end moves.
inline void report_runaway(const Units& units, const Vector& part, FamilyReport& out) {
  const Vector beta = units.beta(part);
  out.runaway_beta =
      beta.cwiseAbs().cwiseProduct(units.rows.x_factor.colwise().norm().transpose()) / units.unit;
  out.runaway_extra = part.tail(units.extra).cwiseAbs();
  out.runaway_sd = Vector::Zero(units.rows.effects());
  for (Index j = 0; j < units.free; ++j) {
    const Index row = units.rows.position(j).row;
    out.runaway_sd[row] = std::max(out.runaway_sd[row], std::fabs(part[units.p + j]));
  }
}

}  // namespace detail

/// Fits and reports in the user's units.
/// @param in       rows of the data
/// @param family   their scores
/// @param control  nodes
[[nodiscard]] inline FamilyReport report_family(const SubjectInput& in, const Family& family,
                                                const FamilyFitControl& control = FamilyFitControl()) {
  const SubjectRows rows = make_subject_rows(in, family.unit());
  const FamilyFit fit = fit_family(rows, family, control);
  MarginalLikelihood likelihood(rows, family);
  const Index p = likelihood.fixed_count(), e = likelihood.extra_count();
  const detail::Units units{rows, family.unit(), p, likelihood.free_count(), e};
  FamilyReport out;
  out.kept = rows.kept;
  out.converged = fit.converged;
  out.log_likelihood = fit.log_likelihood;
  out.decrement = fit.decrement;
  if (fit.runaway.size() > 0) {
    detail::report_runaway(units, fit.runaway, out);
    return out;
  }
  if (!std::isfinite(fit.log_likelihood))
    throw NumericalError("the search ended where the likelihood is no number");
  likelihood.set_nodes(fit.nodes);
  out.nodes = fit.nodes;
  out.log_likelihood_error = fit.log_likelihood_error;
  out.gradient = fit.gradient.norm();
  out.beta = units.beta(fit.point);
  out.extra = family.reported(fit.point.tail(e));
  out.vcov = units.vcov(fit.information);
  const Matrix l = likelihood.factor(fit.point), factor = units.factor(l);
  out.covariance = factor * factor.transpose();
  out.rank = detail::block_ranks(l, in.block);
  detail::report_errors(units, fit, l, likelihood.factor(fit.point + fit.shift), out);
  detail::report_effects(likelihood, fit, factor, out);
  return out;
}

}  // namespace cordgain
