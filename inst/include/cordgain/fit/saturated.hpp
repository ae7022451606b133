// Designs in which fixed and random effects can fit every score. There the
// likelihood may grow without bound, or have its maximum at a residual variance
// of zero, or several maxima. Few rows, so that all of it is settled on the rows.
#pragma once

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <cordgain/fit/bounds.hpp>
#include <cordgain/fit/small_rows.hpp>
#include <vector>

namespace cordgain {

namespace detail {

/// Least squares of the contrasts on the spread columns.
struct SpanFit {
  Vector left;
  Vector coefficient;
  double relative = 1.0;  ///< norm of what is left beside that of the contrasts
};

inline SpanFit span_fit(const Matrix& columns, const Vector& u) {
  SpanFit out;
  if (columns.cols() == 0) {
    out.left = u;
    out.coefficient = Vector(0);
    return out;
  }
  Eigen::CompleteOrthogonalDecomposition<Matrix> qr;
  qr.setThreshold(kInSpan);
  qr.compute(columns);
  out.coefficient = qr.solve(u);
  out.left = u - columns * out.coefficient;
  out.relative = out.left.norm() / u.norm();
  return out;
}

/// Turns theta so that the spread columns come as close to the contrasts as they
/// can: Levenberg and Marquardt's method with the derivative of the projection.
/// Source: Golub & Pereyra (1973), SIAM J. Numer. Anal. 10:413; Kaufman (1975), BIT 15:49.
inline SpanFit turn_towards_scores(const SmallCriterion& criterion, const Covariance& covariance,
                                   Vector& theta) {
  const auto columns = [&](const Vector& at) { return criterion.contrast_columns(covariance.roots(at)); };
  theta.normalize();
  SpanFit now = span_fit(columns(theta), criterion.contrasts());
  double damping = 1e-3;
  for (int step = 0; step < 60 && now.relative > criterion.rows().noise && damping < 1e6; ++step) {
    const Eigen::HouseholderQR<Matrix> projection(columns(theta));
    Matrix slope(now.left.size() + theta.size(), theta.size());
    for (Index k = 0; k < theta.size(); ++k) {
      const Vector moved = columns(Vector::Unit(theta.size(), k)) * now.coefficient;
      slope.col(k).head(moved.size()) = -span_fit(columns(theta), moved).left;
    }
    slope.bottomRows(theta.size()) = damping * Matrix::Identity(theta.size(), theta.size());
    Vector aim = Vector::Zero(slope.rows());
    aim.head(now.left.size()) = -now.left;
    Vector next = theta + Eigen::HouseholderQR<Matrix>(slope).solve(aim);
    next.normalize();
    SpanFit there = span_fit(columns(next), criterion.contrasts());
    damping *= there.relative < now.relative ? 0.01 : 10.0;
    if (!(there.relative < now.relative)) continue;
    theta = next;
    now = std::move(there);
  }
  return now;
}

/// Whether y lies in the span of X and of the columns that V keeps when the
/// other variances tend to zero, and these do not span all of space: then the
/// likelihood grows without bound. Exact to the rounding of y.
inline bool fits_exactly(const SmallCriterion& criterion, const Covariance& covariance, Vector theta) {
  const SpanFit fit = turn_towards_scores(criterion, covariance, theta);
  if (fit.relative > criterion.rows().noise) return false;
  return !spans_all(criterion.spanning_columns(covariance.roots(theta)));
}

/// The same for each set of whole terms, without the residual.
inline bool some_terms_fit_exactly(const SmallCriterion& criterion, const Covariance& full) {
  const std::size_t effects = full.size() - 1;
  for (std::size_t set = 0; set < (std::size_t(1) << effects); ++set) {
    std::vector<Matrix> roots;
    for (std::size_t i = 0; i < full.size(); ++i) {
      const Index q = full.factor(i)->size();
      const bool in = i < effects && (set >> i & 1U) != 0;
      roots.push_back(in ? Matrix(Matrix::Identity(q, q)) : Matrix(q, 0));
    }
    const SpanFit fit = span_fit(criterion.contrast_columns(roots), criterion.contrasts());
    if (fit.relative <= criterion.rows().noise && !spans_all(criterion.spanning_columns(roots))) return true;
  }
  return false;
}

/// Each way to give the random effects' terms ranks from zero to full, at least one in between.
inline std::vector<std::vector<Index>> lower_ranks(const Covariance& full) {
  std::vector<std::vector<Index>> out = {{}};
  for (std::size_t i = 0; i + 1 < full.size(); ++i) {
    std::vector<std::vector<Index>> longer;
    for (const std::vector<Index>& ranks : out) {
      for (Index r = 0; r <= full.factor(i)->size(); ++r) {
        longer.push_back(ranks);
        longer.back().push_back(r);
      }
    }
    out = std::move(longer);
  }
  const auto between = [&](const std::vector<Index>& ranks) {
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      if (ranks[i] > 0 && ranks[i] < full.factor(i)->size()) return true;
    }
    return false;
  };
  out.erase(std::remove_if(out.begin(), out.end(), [&](const auto& ranks) { return !between(ranks); }),
            out.end());
  return out;
}

inline Covariance with_rank(const Covariance& full, const std::vector<Index>& ranks, Index residual) {
  Covariance out;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    std::vector<Index> order;
    for (Index k = 0; k < full.factor(i)->size(); ++k) order.push_back(k);
    out.add(std::make_shared<FactorTerm>(full.factor(i)->size(), ranks[i], order));
  }
  out.add(std::make_shared<FactorTerm>(1, residual, std::vector<Index>{0}));
  return out;
}

/// Whether the likelihood grows without bound in the direction in which a search went.
inline bool leads_to_exact_fit(const SmallCriterion& criterion, const Stage& stage) {
  const Vector gamma = stage.gamma();
  const double largest = gamma.cwiseAbs().maxCoeff();
  for (const double part : {1e-2, 1e-4, 1e-6, 1e-8}) {
    std::vector<Index> rank = ranks(stage.covariance, gamma, part * largest);
    rank.back() = 0;
    const Reparametrised to = with_ranks(stage.covariance, gamma, stage.result.point, rank);
    if (to.theta.size() > 0 && fits_exactly(criterion, to.covariance, to.theta)) return true;
  }
  return false;
}

/// Points that fill the cube (0, 1)^d evenly, the middle first.
/// Source: Roberts (2018), the R-sequence: multiples of powers of the root of x^(d+1) = x + 1, fractions
/// kept.
inline std::vector<Vector> spread_points(Index d, int count) {
  double root = 1.5;
  for (int i = 0; i < 60; ++i) root = std::pow(1.0 + root, 1.0 / static_cast<double>(d + 1));
  std::vector<Vector> out;
  for (int i = 0; i < count; ++i) {
    Vector u(d);
    double power = 1.0;
    for (Index k = 0; k < d; ++k) {
      power /= root;
      u[k] = std::fmod(0.5 + power * i, 1.0);
    }
    out.push_back(u);
  }
  return out;
}

/// The start of the terms, then others with standard deviations from 0.01 to 10 and slants from -2 to 2.
inline std::vector<Vector> spread_starts(const Covariance& full, int count) {
  const Vector start = full.start();
  std::vector<Vector> out = {start};
  const std::vector<Vector> points = spread_points(start.size(), count);
  for (std::size_t i = 1; i < points.size(); ++i) {
    Vector theta(start.size());
    for (Index k = 0; k < start.size(); ++k)
      theta[k] = start[k] > 0.0 ? std::pow(10.0, 3.0 * points[i][k] - 2.0) : 4.0 * points[i][k] - 2.0;
    out.push_back(theta);
  }
  return out;
}

/// Directions in theta, away from its axes.
inline std::vector<Vector> spread_shapes(Index d, int count) {
  std::vector<Vector> out;
  for (const Vector& u : spread_points(d, count + 1)) {
    const Vector centred = 2.0 * u.array() - 1.0;
    if (centred.norm() > 1e-3) out.push_back(centred);
  }
  return out;
}

/// Starts at covariances of lower rank that come as close to the scores as they can, beside a small residual:
/// deep optima, and likelihoods without bound, lie there. `unbounded` is set, and the search ended, when one
/// fits exactly.
inline std::vector<Reparametrised> near_fits(const SmallCriterion& criterion, const Covariance& full,
                                             bool& unbounded) {
  constexpr int kTurns = 4;
  std::vector<Reparametrised> out;
  for (const std::vector<Index>& ranks : lower_ranks(full)) {
    const Covariance line = with_rank(full, ranks, 0), start = with_rank(full, ranks, 1);
    for (const Vector& shape : spread_shapes(line.n_theta(), kTurns)) {
      Vector theta = shape;
      const SpanFit fit = turn_towards_scores(criterion, line, theta);
      if (fit.relative <= criterion.rows().noise &&
          !spans_all(criterion.spanning_columns(line.roots(theta)))) {
        unbounded = true;
        return {};
      }
      Vector from(theta.size() + 1);
      from << theta, std::max(1e-6, 0.3 * fit.relative);
      out.push_back({start, from});
    }
  }
  return out;
}

/// Values nearer than this are the same optimum.
inline double agreement(double value) {
  return 1e-8 * (1.0 + std::abs(value));
}

/// Searches that ended at the lowest value, and the spread of these ends.
struct Agreement {
  int searches = 0;
  double spread = 0.0;
};

inline Agreement agreement_of(const std::vector<double>& ends, double lowest) {
  Agreement out;
  for (const double end : ends) {
    if (end - lowest > agreement(end)) continue;
    ++out.searches;
    out.spread = std::max(out.spread, end - lowest);
  }
  return out;
}

/// Lower; or as low and shorter, where a direction is not seen and its length means nothing.
inline bool better(const Stage& stage, const Stage& than) {
  const double fall = than.value() - stage.value();
  if (std::abs(fall) > agreement(than.value())) return fall > 0.0;
  if (stage.result.converged != than.result.converged) return stage.result.converged;
  const double size = stage.gamma().cwiseAbs().maxCoeff(), other = than.gamma().cwiseAbs().maxCoeff();
  return size < 0.1 * other || (size < 10.0 * other && fall > 0.0);
}

}  // namespace detail

/// The best of many searches on few rows, every variance on its own scale.
struct SmallSearch {
  detail::Stage stage;
  bool found = false;
  bool unbounded = false;
  int starts = 0;
  detail::Agreement agreement;
  int steps = 0;
};

/// Searches the likelihood of few rows from many starts.
/// @param criterion  the rows
/// @param full       absolute_covariance()
/// @param hints      further starts
[[nodiscard]] inline SmallSearch search_small(const SmallCriterion& criterion, const Covariance& full,
                                              const std::vector<Vector>& hints = {}) {
  SmallSearch out;
  out.unbounded = detail::some_terms_fit_exactly(criterion, full);
  if (out.unbounded) return out;
  std::vector<detail::Reparametrised> starts = detail::near_fits(criterion, full, out.unbounded);
  if (out.unbounded) return out;
  for (const Vector& hint : hints) starts.push_back({full, hint});
  for (const Vector& start : detail::spread_starts(full, 8)) starts.push_back({full, start});
  std::vector<double> ends;
  for (const detail::Reparametrised& start : starts) {
    detail::Stage stage =
        detail::optimise(criterion, start.covariance, criterion.scaled(start.covariance, start.theta));
    ++out.starts;
    if (!std::isfinite(stage.value())) continue;
    detail::settle(criterion, true, stage);
    out.steps += stage.result.steps;
    ends.push_back(stage.value());
    const bool lower = !out.found || detail::better(stage, out.stage);
    const bool vanishing = stage.gamma().tail(1)[0] < 1e-6 || !stage.result.converged;
    if (lower && vanishing && detail::leads_to_exact_fit(criterion, stage)) {
      out.unbounded = true;
      return out;
    }
    if (!lower) continue;
    out.stage = std::move(stage);
    out.found = true;
  }
  if (out.found) out.agreement = detail::agreement_of(ends, out.stage.value());
  return out;
}

}  // namespace cordgain
