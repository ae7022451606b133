// The units of the visits: how far scores lie from least squares at each visit of each group. Beside them
// every covariance over visits is of size one, whatever units its visits and groups have.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/model/blocks.hpp>
#include <cordgain/model/covariance.hpp>
#include <limits>
#include <vector>

namespace cordgain {

/// For each term standard deviations, one for each visit; empty for terms that are not over visits.
using VisitScales = std::vector<Vector>;

namespace detail {

/// Number of visits of a packed covariance matrix.
inline Index packed_side(Index size) {
  Index q = 1;
  while (packed_size(q) < size) ++q;
  return q;
}

/// Sum over the blocks of one kind of y squared in one row.
inline double sum_of_squares(const BlockKind& kind, Index row, Index p) {
  if (kind.pooled()) return kind.moments(packed_size(p + 1) - 1, packed_index(row, row, kind.rank));
  double out = 0.0;
  for (Index i = 0; i < kind.count; ++i) out += std::pow(kind.rows(row, i * (p + 1) + p), 2);
  return out;
}

/// Sums of y squared by variance parameter, over the rows whose variance it is, and how many these are.
struct VisitSquares {
  Vector sum, rows;
};

inline VisitSquares visit_squares(const Blocks& blocks) {
  VisitSquares out{Vector::Zero(blocks.n_gamma), Vector::Zero(blocks.n_gamma)};
  for (const BlockKind& kind : blocks.kinds) {
    for (std::size_t k = 0; k < kind.basis.size(); ++k) {
      for (Index i = 0; i < kind.rank; ++i) {
        if (kind.basis[k](i, i) != 1.0) continue;
        out.sum[kind.parameter[k]] += sum_of_squares(kind, i, blocks.p);
        out.rows[kind.parameter[k]] += static_cast<double>(kind.count);
      }
    }
  }
  return out;
}

/// The unit of some rows; 1 where there are none, or least squares fits them exactly.
inline double unit_of(double sum, double rows) {
  constexpr double kRounding = 1e-26;  // of a mean square beside 1
  return rows > 0.0 && sum > kRounding * rows ? std::sqrt(sum / rows) : 1.0;
}

}  // namespace detail

/// @param blocks      y is the residual of ordinary least squares, its mean square about 1
/// @param covariance  terms in the order of the blocks' parameters
/// @return            of a term with one variance one unit for all visits; 1 for a visit that least squares
///                    fits exactly, or that no row has
[[nodiscard]] inline VisitScales visit_scales(const Blocks& blocks, const Covariance& covariance) {
  VisitScales out(covariance.size());
  if (blocks.residual >= 0) return out;  // independent residuals
  const detail::VisitSquares squares = detail::visit_squares(blocks);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const CovarianceTerm& term = covariance.term(i);
    if (!term.over_visits()) continue;
    const Index visits = detail::packed_side(term.n_gamma());
    Vector sum(visits), rows(visits);
    for (Index v = 0; v < visits; ++v) {
      const Index at = covariance.gamma_at(i) + packed_index(v, v, visits);
      sum[v] = squares.sum[at];
      rows[v] = squares.rows[at];
    }
    out[i] = term.one_variance() ? Vector(Vector::Constant(visits, detail::unit_of(sum.sum(), rows.sum())))
                                 : Vector(sum.binaryExpr(rows, &detail::unit_of));
  }
  return out;
}

/// The largest unit over all terms beside the smallest; 1 without a covariance over visits.
[[nodiscard]] inline double unit_ratio(const VisitScales& scale) {
  double least = std::numeric_limits<double>::infinity(), most = 0.0;
  for (const Vector& sd : scale) {
    if (sd.size() == 0) continue;
    least = std::min(least, sd.minCoeff());
    most = std::max(most, sd.maxCoeff());
  }
  return most > 0.0 ? most / least : 1.0;
}

}  // namespace cordgain
