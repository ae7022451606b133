// Maximum likelihood of a mixed model of any family.
#pragma once

#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/fit/marginal_likelihood.hpp>
#include <cordgain/math/differences.hpp>
#include <cordgain/math/newton.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace cordgain {

struct FamilyFitControl {
  Index nodes = 0;           ///< along each axis; 0: as many as each subject needs; 1: Laplace
  double tolerance = 1e-10;  ///< of a subject's log likelihood, from one number of nodes to the next
};

/// An optimum in the coordinates of SubjectRows, or the direction in which there is none.
struct FamilyFit {
  Vector point;
  double log_likelihood = -std::numeric_limits<double>::infinity();
  Vector gradient;
  Matrix information;  ///< minus the Hessian of the log likelihood
  double decrement = std::numeric_limits<double>::infinity();
  bool converged = false;
  Vector runaway;  ///< per parameter its part in a direction without an end; empty: none
  Vector shift;    ///< how far the optimum moves with more nodes
  Matrix information_finer;
  double log_likelihood_error = 0.0;  ///< change of the log likelihood with more (all) nodes
  std::vector<Index> nodes;
};

namespace detail {

/// A coefficient of the linear predictor above this, or a standard error, has no finite estimate: odds of
/// e^40, a count of e^40. Coordinates are of the size of the linear predictor in its unit.
constexpr double kLargestPredictor = 40.0;
constexpr double kLargestError = 1e3;
/// Variances of effects below this, in squared units of the linear predictor, are zero: Newton's method
/// arrives at a zero standard deviation to about the root of its decrement.
constexpr double kZeroVariance = 1e-8;

/// Pseudo-inverse of a symmetric matrix; directions of no information are left out.
inline Matrix symmetric_pseudo_inverse(const Matrix& a) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(a);
  const double floor = 1e-13 * std::max(eigen.eigenvalues().cwiseAbs().maxCoeff(), 1e-300);
  const Vector inverse =
      (eigen.eigenvalues().array() > floor).select(eigen.eigenvalues().cwiseInverse(), 0.0);
  return eigen.eigenvectors() * inverse.asDiagonal() * eigen.eigenvectors().transpose();
}

/// The lower triangular factor of a covariance that may lack rank, columns of zero pivots zero.
inline Matrix semidefinite_factor(const Matrix& covariance) {
  const Index q = covariance.rows();
  Matrix out = Matrix::Zero(q, q);
  for (Index j = 0; j < q; ++j) {
    const double pivot = covariance(j, j) - out.row(j).head(j).squaredNorm();
    if (pivot < kZeroVariance) continue;
    out(j, j) = std::sqrt(pivot);
    for (Index i = j + 1; i < q; ++i)
      out(i, j) = (covariance(i, j) - out.row(i).head(j).dot(out.row(j).head(j))) / out(j, j);
  }
  return out;
}

/// The point with the canonical factor of the same covariance (no negative diagonal, zeros where rank lacks)
/// and the family's canonical parameters.
inline Vector canonical_point(const MarginalLikelihood& likelihood, const SubjectRows& rows, Vector point) {
  const Index e = likelihood.extra_count();
  point.tail(e) = likelihood.family().canonical(point.tail(e));
  const Matrix l = likelihood.factor(point);
  const Matrix canonical = semidefinite_factor(l * l.transpose());
  for (Index j = 0; j < likelihood.free_count(); ++j) {
    const FactorPosition at = rows.position(j);
    point[likelihood.fixed_count() + j] = canonical(at.row, at.column);
  }
  return point;
}

/// A direction along which the likelihood does not end: flat where it stands, and moving fixed effects, the
/// family's parameters, or a variance that is not zero. Empty if there is none.
/// @param divergent  the search went beyond all bounds
inline Vector runaway_direction(const Vector& point, const Matrix& information, bool divergent) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(information);
  const bool flat = eigen.eigenvalues()[0] < 1.0 / (kLargestError * kLargestError);
  const Vector direction = eigen.eigenvectors().col(0).cwiseAbs();
  const bool large = point.cwiseAbs().maxCoeff() > kLargestPredictor;
  if (flat && direction.dot(point.cwiseAbs()) > 1e-3) return direction;
  if (!divergent && !large) return Vector();
  return point.cwiseAbs() / point.cwiseAbs().maxCoeff();
}

/// The same where the search has run so far that rounding leaves no likelihood there (a residual standard
/// deviation of e^-27): half of what is too large is too large then.
inline Vector lost_direction(const Vector& point) {
  const double size = point.cwiseAbs().maxCoeff();
  return size > 0.5 * kLargestPredictor ? Vector(point.cwiseAbs() / size) : Vector();
}

inline double newton_decrement(const SecondOrder& at) {
  double decrement = 0.0;
  static_cast<void>(safe_step(at, decrement));
  return decrement;
}

inline NewtonControl bounded_control(double decrement) {
  NewtonControl out;
  out.decrement = decrement;
  out.max_size = kLargestPredictor;
  return out;
}

/// Fixed effects and the family's parameters without random effects: the start.
inline NewtonResult fit_without_effects(const SubjectRows& rows, const Family& family) {
  SubjectRows plain = rows;
  plain.z.resize(rows.x.rows(), 0);
  plain.free.clear();
  MarginalLikelihood likelihood(plain, family);
  Vector start = Vector::Zero(likelihood.size());
  start.tail(likelihood.extra_count()) = family.start();
  return newton([&](const Vector& p) { return likelihood.at(p); }, start, bounded_control(1e-13));
}

/// From standard deviations of 1 and of 1/4 with few nodes; the better of the two ends.
inline NewtonResult coarse_fit(MarginalLikelihood& likelihood, const SubjectRows& rows,
                               const Vector& without_effects) {
  NewtonResult best;
  const Index p = likelihood.fixed_count(), e = likelihood.extra_count();
  for (const double sd : {1.0, 0.25}) {
    Vector start = Vector::Zero(likelihood.size());
    start.head(p) = without_effects.head(p);
    start.tail(e) = without_effects.tail(e);
    for (Index j = 0; j < likelihood.free_count(); ++j) {
      const FactorPosition at = rows.position(j);
      if (at.row == at.column) start[p + j] = sd;
    }
    likelihood.choose_nodes(start, 1e-2);
    NewtonControl control = bounded_control(1e-2);
    control.max_steps = 12;
    NewtonResult found = newton([&](const Vector& point) { return likelihood.at(point); }, start, control);
    likelihood.choose_nodes(found.point, 1e-2);
    if (found.at.value < best.at.value) best = std::move(found);
  }
  return best;
}

/// Newton steps without a look at the value, whose rounding hides the last of them.
inline void polish(MarginalLikelihood& likelihood, Vector& point, SecondOrder& at) {
  double decrement = 0.0;
  Vector step = safe_step(at, decrement);
  for (int i = 0; i < 6 && decrement > 1e-24; ++i) {
    SecondOrder next = likelihood.at(point + step);
    double next_decrement = std::numeric_limits<double>::infinity();
    if (!std::isfinite(next.value)) return;
    Vector next_step = safe_step(next, next_decrement);
    if (!(next_decrement < decrement)) return;
    point += step;
    at = std::move(next);
    step = std::move(next_step);
    decrement = next_decrement;
  }
}

/// The optimum with the nodes that each subject needs there.
inline FamilyFit adaptive_fit(MarginalLikelihood& likelihood, const SubjectRows& rows, NewtonResult found,
                              double tolerance) {
  FamilyFit out;
  const auto objective = [&](const Vector& p) { return likelihood.at(p); };
  // few nodes until the optimum is near, then those of the full tolerance
  for (int round = 0; round < 6; ++round) {
    const std::vector<Index> before = likelihood.nodes();
    likelihood.choose_nodes(found.point, round == 0 ? 1e-5 : tolerance);
    if (round > 1 && likelihood.nodes() == before) break;
    NewtonControl search = bounded_control(1e-13);
    search.max_steps = 40;
    found = newton(objective, found.point, search);
    if (found.divergent || !std::isfinite(found.at.value) || (round > 1 && !found.converged)) break;
  }
  out.point = canonical_point(likelihood, rows, found.point);
  SecondOrder at = likelihood.at(out.point);
  if (!std::isfinite(at.value)) {
    out.runaway = lost_direction(out.point);
    return out;
  }
  if (!found.divergent) polish(likelihood, out.point, at);
  out.log_likelihood = -at.value;
  out.gradient = at.gradient;
  out.information = at.hessian;
  out.decrement = newton_decrement(at);
  out.converged = !found.divergent && out.decrement < 1e-10 * (1.0 + std::fabs(at.value));
  out.runaway = runaway_direction(out.point, out.information, found.divergent);
  out.nodes = likelihood.nodes();
  return out;
}

/// The second route: every subject's nodes one step more.
inline void compare_with_more_nodes(MarginalLikelihood& likelihood, FamilyFit& fit) {
  likelihood.refine_nodes();
  const SecondOrder finer = likelihood.at(fit.point);
  fit.information_finer = finer.hessian;
  fit.shift = -(symmetric_pseudo_inverse(fit.information) * finer.gradient);
  fit.log_likelihood_error = std::fabs(fit.log_likelihood + finer.value);
  likelihood.set_nodes(fit.nodes);
}

/// The optimum with a fixed number of nodes, from that with all. The identities of Fisher and Louis hold for
/// the integral, not for a rule with few nodes, so derivatives are differences of its value.
inline void refit_fixed(MarginalLikelihood& likelihood, const SubjectRows& rows, Index nodes,
                        FamilyFit& fit) {
  const std::vector<Index> all = fit.nodes;
  likelihood.set_nodes(std::vector<Index>(fit.nodes.size(), nodes));
  const auto value = [&](const Vector& p) { return likelihood.at(p, false).value; };
  SecondOrder at{value(fit.point), difference_gradient(value, fit.point),
                 difference_hessian(value, fit.point)};
  double decrement = 0.0;
  for (int steps = 0; steps < 100; ++steps) {
    Vector step = safe_step(at, decrement);
    if (decrement < 1e-15 * (1.0 + std::fabs(at.value))) break;
    bool moved = false;
    for (int halving = 0; halving < 30 && !moved; ++halving, step *= 0.5) {
      const double next = value(fit.point + step);
      moved = next <= at.value + value_noise(at.value);
      if (moved) at.value = next;
      if (moved) fit.point += step;
    }
    if (!moved || fit.point.cwiseAbs().maxCoeff() > kLargestPredictor) break;
    at.gradient = difference_gradient(value, fit.point);
    if (steps % 4 == 3 || decrement > 1e-3) at.hessian = difference_hessian(value, fit.point);
  }
  fit.point = canonical_point(likelihood, rows, fit.point);
  fit.gradient = difference_gradient(value, fit.point);
  fit.information = difference_hessian(value, fit.point);
  fit.log_likelihood = -value(fit.point);
  fit.decrement = newton_decrement({-fit.log_likelihood, fit.gradient, fit.information});
  fit.converged = fit.decrement < 1e-10 * (1.0 + std::fabs(at.value));
  fit.runaway = runaway_direction(fit.point, fit.information, false);
  fit.nodes = likelihood.nodes();
  fit.information_finer = difference_hessian(value, fit.point, 5e-3);
  fit.shift = -(symmetric_pseudo_inverse(fit.information) * difference_gradient(value, fit.point, 2e-3));
  // What the few nodes cost: the log likelihood of the same estimates by as many as each subject needs.
  likelihood.set_nodes(all);
  fit.log_likelihood_error = std::fabs(fit.log_likelihood + likelihood.at(fit.point, false).value);
  likelihood.set_nodes(fit.nodes);
}

/// A fit that ended before random effects came in: fixed effects or the family's parameters have no end.
inline FamilyFit without_end(const MarginalLikelihood& likelihood, const NewtonResult& plain,
                             const Vector& part) {
  FamilyFit out;
  const Index p = likelihood.fixed_count(), e = likelihood.extra_count();
  out.point = Vector::Zero(likelihood.size());
  out.runaway = out.point;
  out.point.head(p) = plain.point.head(p);
  out.runaway.head(p) = part.head(p);
  out.runaway.tail(e) = part.tail(e);
  return out;
}

}  // namespace detail

/// @param rows     design by subject, in units of the family
/// @param family   scores
/// @param control  nodes
/// @return         the optimum; `converged` says whether it is one, `runaway` which parameters have none
[[nodiscard]] inline FamilyFit fit_family(const SubjectRows& rows, const Family& family,
                                          const FamilyFitControl& control = FamilyFitControl()) {
  MarginalLikelihood likelihood(rows, family);
  const NewtonResult plain = detail::fit_without_effects(rows, family);
  if (!std::isfinite(plain.at.value)) throw NumericalError("the likelihood is not a number at the start");
  const Vector no_end = detail::runaway_direction(plain.point, plain.at.hessian, plain.divergent);
  if (no_end.size() > 0) return detail::without_end(likelihood, plain, no_end);
  NewtonResult start = detail::coarse_fit(likelihood, rows, plain.point);
  if (!std::isfinite(start.at.value)) throw NumericalError("no start has a likelihood that is a number");
  FamilyFit out = detail::adaptive_fit(likelihood, rows, std::move(start), control.tolerance);
  if (!std::isfinite(out.log_likelihood) || out.runaway.size() > 0) return out;
  if (control.nodes == 0) {
    detail::compare_with_more_nodes(likelihood, out);
  } else {
    detail::refit_fixed(likelihood, rows, control.nodes, out);
  }
  return out;
}

}  // namespace cordgain
