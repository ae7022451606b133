// Where a fit begins, and what the design cannot tell apart.
#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cordgain/fit/visit_scales.hpp>
#include <cordgain/math/orthogonal.hpp>
#include <cordgain/math/symmetric_eigen.hpp>
#include <cordgain/model/blocks.hpp>
#include <cordgain/model/covariance.hpp>
#include <cordgain/model/moments.hpp>
#include <limits>
#include <vector>

namespace cordgain {

namespace detail {

/// Rows up to which a search begins from more places. With many rows there is one optimum, and a start costs
/// more.
constexpr Index kFewForStarts = 200;

/// The terms of random effects.
inline std::vector<std::size_t> effect_terms(const Covariance& covariance) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < covariance.size(); ++i) {
    if (covariance.factor(i) != nullptr) out.push_back(i);
  }
  return out;
}

/// For each of several random-effects terms, a start at which it is large and the others are not: factors
/// that may stand for one another (subject and site, where sites have few subjects) can have an optimum each.
inline void add_single_terms(const Covariance& covariance, double large_by, double others_by,
                             std::vector<Vector>& starts) {
  const std::vector<std::size_t> terms = effect_terms(covariance);
  if (terms.size() < 2) return;
  for (const std::size_t large : terms) {
    Vector start = covariance.start();
    for (const std::size_t i : terms) {
      start.segment(covariance.theta_at(i), covariance.term(i).n_theta()) *=
          i == large ? large_by : others_by;
    }
    starts.push_back(start);
  }
}

/// A start with what is zero in it at `slant`: the effects of a term in step, or against it.
inline Vector slanted(const Vector& start, double slant) {
  return start.unaryExpr([slant](double v) { return v == 0.0 ? slant : v; });
}

/// Few rows, with random effects beside independent residuals.
inline bool few_effects(const Blocks& blocks, const Covariance& covariance) {
  return blocks.n <= kFewForStarts && !covariance.over_visits();
}

/// Of these, subjects seen at different times, or more than one term of random effects.
inline bool few_irregular(const Blocks& blocks, const Covariance& covariance) {
  return few_effects(blocks, covariance) && (blocks.kinds.size() > 1 || effect_terms(covariance).size() > 1);
}

/// More starts for designs in which one search in a thousand ended at another optimum than the lowest.
inline void add_irregular_starts(const Covariance& covariance, std::vector<Vector>& starts) {
  const Vector start = covariance.start();
  starts.push_back(0.2 * start);
  starts.push_back(100.0 * start);
  if (!(start.array() == 0.0).any()) return;
  starts.push_back(3.0 * slanted(start, 2.0));
  starts.push_back(slanted(start, -0.5));
}

/// Starts with the covariances over visits at each of their further values.
inline void add_visit_starts(const Covariance& covariance, std::vector<Vector>& starts) {
  const Vector start = covariance.start();
  for (std::size_t i = 0; i < covariance.size(); ++i) {
    const std::vector<Vector> further = covariance.term(i).further_starts();
    for (std::size_t k = 0; k < further.size(); ++k) {
      if (starts.size() < 3 + k) starts.push_back(start);
      starts[2 + k].segment(covariance.theta_at(i), further[k].size()) = further[k];
    }
  }
}

}  // namespace detail

/// At least two starts: random effects as large as the residual in standard deviation, and a fifth of it.
/// With few rows there can be an optimum at a bound, or with small effects, beside a lower one with large
/// effects: the second start is then far out, and with several terms each in turn is large, near and far.
/// Where subjects were seen at different times, more starts lie between and beyond. Covariances over visits
/// begin at the variances that each visit has about least squares; with few rows also at close and at
/// negative correlations.
[[nodiscard]] inline std::vector<Vector> starting_points(const Blocks& blocks, const Covariance& covariance) {
  const Vector start = covariance.start();
  const bool few = detail::few_effects(blocks, covariance);
  std::vector<Vector> out = {start, (few ? 10.0 : 0.2) * start};
  if (covariance.over_visits() && blocks.n <= detail::kFewForStarts)
    detail::add_visit_starts(covariance, out);
  const VisitScales scale = visit_scales(blocks, covariance);
  for (Vector& point : out) point = covariance.rescaled(point, scale);
  if (!few) return out;
  detail::add_single_terms(covariance, 5.0, 0.1, out);
  detail::add_single_terms(covariance, 25.0, 1.0, out);
  if (detail::few_irregular(blocks, covariance)) detail::add_irregular_starts(covariance, out);
  return out;
}

namespace detail {

/// Inner products of dV/dgamma_k over all blocks.
inline Matrix basis_gram(const Blocks& blocks) {
  Matrix gram = Matrix::Zero(blocks.n_gamma, blocks.n_gamma);
  for (const BlockKind& kind : blocks.kinds) {
    const double count = static_cast<double>(kind.count);
    for (std::size_t a = 0; a < kind.basis.size(); ++a) {
      for (std::size_t b = 0; b < kind.basis.size(); ++b) {
        gram(kind.parameter[a], kind.parameter[b]) += count * kind.basis[a].cwiseProduct(kind.basis[b]).sum();
      }
    }
  }
  if (blocks.residual < 0) return gram;
  gram(blocks.residual, blocks.residual) += blocks.within_df;
  const Matrix all = Matrix::Identity(blocks.n_gamma, blocks.n_gamma);
  // traces of products are inner products at any V, and what V cannot see is the same at all of them
  Vector at = all.col(blocks.residual);
  for (const CrossedBlock& block : blocks.crossed) {
    for (const auto* terms : {&block.inner, &block.outer}) {
      for (const CrossedBlock::Term& term : *terms)
        for_elements(term, [&at](Index a, Index b, Index k) { at[k] = a == b ? 1.0 : 0.0; });
    }
  }
  Moments large = zero_moments(blocks.p, blocks.n_gamma, blocks.n_gamma);
  add_large(blocks, at, all, {}, large);
  return gram + large.trace2;
}

}  // namespace detail

/// Directions along which the matrices whose inner products are `gram` do not change.
[[nodiscard]] inline Matrix unseen_directions(Matrix gram) {
  const Vector scale = gram.diagonal().cwiseSqrt().unaryExpr([](double s) { return s > 0.0 ? s : 1.0; });
  gram = scale.cwiseInverse().asDiagonal() * gram * scale.cwiseInverse().asDiagonal();
  const SymmetricEigen eigen = symmetric_eigen(gram);
  const Index unseen = (eigen.values.array() < 1e-11).count();
  return scale.cwiseInverse().asDiagonal() * eigen.vectors.leftCols(unseen);
}

/// Directions in gamma along which V does not change at all: a slope and an
/// intercept with two visits each, a random intercept with one visit each.
/// @return  n_gamma x k, k = 0 when all variance parameters are identified
[[nodiscard]] inline Matrix unseen_directions(const Blocks& blocks) {
  return unseen_directions(detail::basis_gram(blocks));
}

/// How many combinations of the working parameters V does not show, where none is at a bound: a random
/// intercept beside a covariance over visits that can hold it.
[[nodiscard]] inline Index unseen_parameters(const Blocks& blocks, const Covariance& covariance) {
  const Matrix jacobian = covariance.jacobian(covariance.start());
  return unseen_directions(Matrix(jacobian.transpose() * detail::basis_gram(blocks) * jacobian)).cols();
}

namespace detail {

/// Whether the columns of each kind's Z fill all of its rows; where one depends on others (a site and all its
/// patients) they do not, and some of what is outside the random effects stands among the kind's rows.
inline bool fill_their_rows(const std::vector<BlockKind>& kinds) {
  return std::all_of(kinds.begin(), kinds.end(), [](const BlockKind& kind) { return spans_all(kind.z); });
}

}  // namespace detail

/// Whether the likelihood of independent residuals is shown to be unbounded: the
/// least squares residual of y lies in the span of Z, so y in that of [X Z], and
/// that is not all of space. With D fixed and sigma^2 to zero, log|V| +
/// log|X'V^-1X| behaves as (n - rank[X Z]) log sigma^2 and r'V^-1r stays bounded.
/// False decides nothing where y needs X beside Z (the products hold squares,
/// whose difference would be rounding), where [X Z] spans all of space, where
/// columns of Z depend on each other, or where blocks are eliminated level by
/// level (their outside is a difference as well).
/// @param blocks  reduced data with a residual variance (X orthonormal, y'y = n - p)
[[nodiscard]] inline bool grows_without_bound(const Blocks& blocks) {
  if (blocks.residual < 0 || !blocks.nested.empty() || !blocks.crossed.empty()) return false;
  constexpr double kSquaredRounding = 1e-24, kDependent = 1e-12;
  const Index p = blocks.p;
  const Matrix off = unpacked(blocks.within, p + 1);
  if (off(p, p) > kSquaredRounding * static_cast<double>(blocks.n - p)) return false;
  if (!detail::fill_their_rows(blocks.kinds)) return false;
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(off.topLeftCorner(p, p), Eigen::EigenvaluesOnly);
  return blocks.within_df > static_cast<double>((eigen.eigenvalues().array() > kDependent).count());
}

namespace detail {

/// Smallest eigenvalue over the matrices of all factor terms.
inline double smallest_eigenvalue(const Covariance& covariance, const VectorIn& gamma) {
  double out = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < covariance.size(); ++i) {
    const FactorTerm* factor = covariance.factor(i);
    if (factor == nullptr) continue;
    const Index q = factor->size();
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(
        unpacked(gamma.segment(covariance.gamma_at(i), packed_size(q)), q), Eigen::EigenvaluesOnly);
    out = std::min(out, eigen.eigenvalues()[0]);
  }
  return out;
}

/// gamma moved along an unseen direction, with the sign that gives to the
/// residual (or, where it has no part, takes from the last term), as far as the
/// cone allows; then scaled back to residual variance 1.
inline Vector slide_to_bound(const Covariance& covariance, const VectorIn& gamma, const VectorIn& direction,
                             Index residual) {
  const double toward = residual >= 0 ? direction[residual] : 0.0;
  double sign = toward > 1e-8 ? 1.0 : (toward < -1e-8 ? -1.0 : 0.0);
  if (sign == 0.0) sign = direction.sum() > 0.0 ? -1.0 : 1.0;
  const double slack = -1e-12;
  double low = 0.0, high = 1e-3;
  while (high < 1e12 && smallest_eigenvalue(covariance, gamma + sign * high * direction) >= slack)
    high *= 2.0;
  for (int i = 0; i < 200 && high - low > 1e-15 * high; ++i) {
    const double middle = 0.5 * (low + high);
    (smallest_eigenvalue(covariance, gamma + sign * middle * direction) >= 0.0 ? low : high) = middle;
  }
  Vector out = gamma + sign * low * direction;
  if (residual >= 0 && out[residual] > 0.0) out /= out[residual];
  return out;
}

}  // namespace detail
}  // namespace cordgain
