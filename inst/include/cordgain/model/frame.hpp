// Coordinates in which sums do not cancel: X with orthonormal columns, y as its
// least squares residual, Z with orthonormal columns. Rank is settled here.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/math/orthogonal.hpp>
#include <cordgain/model/columns.hpp>
#include <cordgain/model/residual.hpp>
#include <vector>

namespace cordgain {

/// One random-effects term (x | g): its columns and the level of each row.
struct RandomTerm {
  Columns z;                                ///< n x q
  Eigen::Map<const Eigen::VectorXi> level;  ///< n, from 0
  Index n_levels = 0;
};

struct DesignInput {
  Columns x;                        ///< n x p
  Eigen::Map<const Vector> y;       ///< n, offset removed
  Eigen::Map<const Vector> weight;  ///< n precision weights, or length 0
  std::vector<RandomTerm> random;
  ResidualPattern residual;  ///< not present: independent residuals of one variance
};

/// How the blocks' coordinates relate to the user's.
struct Frame {
  std::vector<Index> kept;       ///< columns of X that are independent
  Matrix factor;                 ///< R of X = QR, kept columns
  Vector least_squares;          ///< coefficients of ordinary (weighted) least squares
  double y_scale = 1.0;          ///< root mean square of its residuals
  std::vector<Matrix> z_factor;  ///< per term, R / sqrt(n) of Z = QR: the blocks hold Z R^-1 sqrt(n)
  double log_det_x = 0.0;        ///< log|X'X|
  double weight_scale = 1.0;     ///< mean weight; weights are divided by it
  double log_weight = 0.0;       ///< sum of log scaled weights
};

namespace detail {

constexpr Index kRowBlock = 4096;
/// Least squares residuals below this part of y are rounding.
constexpr double kExactFit = 1e-13;

/// Rows first ... first + count - 1 of [X y], weighted.
inline Matrix weighted_rows(const DesignInput& in, double weight_scale, Index first, Index count) {
  const Index p = in.x.cols();
  Matrix out(count, p + 1);
  out.leftCols(p) = in.x.block(first, count);
  out.col(p) = in.y.segment(first, count);
  if (in.weight.size() > 0)
    out = (in.weight.segment(first, count) / weight_scale).cwiseSqrt().asDiagonal() * out;
  return out;
}

inline Matrix stacked_factor(const DesignInput& in, double weight_scale) {
  RowStackedQr qr(in.x.cols() + 1);
  const Index n = in.y.size();
  for (Index first = 0; first < n; first += kRowBlock) {
    qr.add(weighted_rows(in, weight_scale, first, std::min(kRowBlock, n - first)));
  }
  return qr.factor();
}

inline Matrix stacked_factor(const Columns& z) {
  RowStackedQr qr(z.cols());
  for (Index first = 0; first < z.rows(); first += kRowBlock)
    qr.add(z.block(first, std::min(kRowBlock, z.rows() - first)));
  return qr.factor();
}

/// R / sqrt(n) of Z = QR, so that intercept and slope are taken at the centre of
/// time; a column that depends on earlier ones is only scaled.
inline Matrix scaling_factor(const Matrix& triangular, Index n) {
  Matrix factor = triangular / std::sqrt(static_cast<double>(n));
  const std::vector<Index> kept = independent_columns(factor);
  for (Index j = 0; j < factor.cols(); ++j) {
    if (std::find(kept.begin(), kept.end(), j) != kept.end()) continue;
    const double norm = factor.col(j).norm();
    factor.col(j).setZero();
    factor.row(j).setZero();
    factor(j, j) = norm > 0.0 ? norm : 1.0;
  }
  return factor;
}

/// Divides the columns of `rows` by an upper triangular factor, in place.
template <class Rows>
void divide_by_factor(Rows&& rows, const Matrix& factor) {
  for (Index j = 0; j < factor.cols(); ++j) {
    for (Index k = 0; k < j; ++k) {
      if (factor(k, j) != 0.0) rows.col(j) -= factor(k, j) * rows.col(k);
    }
    rows.col(j) /= factor(j, j);
  }
}

/// Weights are taken relative to their mean.
inline void scale_weights(const DesignInput& in, Frame& frame) {
  if (in.weight.size() == 0) return;
  frame.weight_scale = in.weight.mean();
  frame.log_weight = (in.weight.array() / frame.weight_scale).log().sum();
}

}  // namespace detail

/// Least squares and the frame of a design.
/// @param in  rows
/// @throws    InvalidInput if there are no more rows than fixed effects, or
///            these fit the scores exactly
[[nodiscard]] inline Frame make_frame(const DesignInput& in) {
  Frame frame;
  const Index p_all = in.x.cols(), n = in.y.size();
  detail::scale_weights(in, frame);
  const Matrix stacked = detail::stacked_factor(in, frame.weight_scale);
  frame.kept = independent_columns(stacked.leftCols(p_all).topRows(p_all));
  const Index p = static_cast<Index>(frame.kept.size());
  require(n > p, "There are no more rows than fixed effects, so no variance can be estimated");
  Matrix kept(p_all + 1, p + 1);
  for (Index j = 0; j < p; ++j) kept.col(j) = stacked.col(frame.kept[static_cast<std::size_t>(j)]);
  kept.col(p) = stacked.col(p_all);
  Vector work(p + 1);
  triangularise(kept, p, work);
  frame.factor = kept.topLeftCorner(p, p).triangularView<Eigen::Upper>();
  frame.least_squares = kept.col(p).head(p);
  frame.factor.triangularView<Eigen::Upper>().solveInPlace(frame.least_squares);
  const double residual = kept.col(p).tail(p_all + 1 - p).norm(), total = stacked.col(p_all).norm();
  require(residual > detail::kExactFit * total && std::isfinite(residual),
          "The fixed effects fit the scores exactly, so no variance can be estimated");
  frame.y_scale = residual / std::sqrt(static_cast<double>(n - p));
  frame.log_det_x = 2.0 * frame.factor.diagonal().array().abs().log().sum();
  for (const RandomTerm& term : in.random) {  // the columns of X are not factored twice
    const bool same = in.weight.size() == 0 && term.z == in.x;
    frame.z_factor.push_back(detail::scaling_factor(
        same ? Matrix(stacked.topLeftCorner(p_all, p_all)) : detail::stacked_factor(term.z), n));
  }
  return frame;
}

}  // namespace cordgain
