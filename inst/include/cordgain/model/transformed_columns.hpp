// The same blocks seen through other columns: [X y] T. Second moments transform
// linearly, so no row is read again.
#pragma once

#include <cordgain/model/blocks.hpp>
#include <utility>

namespace cordgain {

/// The packed form of T'MT as a linear map of the packed form of M.
[[nodiscard]] inline Matrix form_map(const MatrixIn& t) {
  const Index w = t.rows(), v = t.cols();
  Matrix out(packed_size(v), packed_size(w));
  for (Index j = 0, from = 0; j < w; ++j) {
    for (Index i = j; i < w; ++i, ++from) {
      for (Index b = 0, to = 0; b < v; ++b) {
        for (Index a = b; a < v; ++a, ++to) {
          const double term = t(i, a) * t(j, b);
          out(to, from) = i == j ? term : term + t(j, a) * t(i, b);
        }
      }
    }
  }
  return out;
}

namespace detail {

/// Rows of blocks that stand side by side, each times T.
inline Matrix transform_rows(const Matrix& rows, Index count, const MatrixIn& t) {
  Matrix out(rows.rows(), t.cols() * count);
  for (Index i = 0; i < count; ++i)
    out.middleCols(i * t.cols(), t.cols()) = rows.middleCols(i * t.rows(), t.rows()) * t;
  return out;
}

inline void transform_crossed(CrossedBlock& block, const MatrixIn& t) {
  for (CrossedBlock::Leaf& leaf : block.leaves) leaf.w = Matrix(leaf.w * t);
  block.kept_w = Matrix(block.kept_w * t);
  block.w_products = Matrix(t.transpose() * block.w_products * t);
}

/// T for the columns [Q, W] of a nested block's inside: Q stays.
inline Matrix beside_outer(Index outer, const MatrixIn& t) {
  Matrix out = Matrix::Zero(outer + t.rows(), outer + t.cols());
  out.topLeftCorner(outer, outer).setIdentity();
  out.bottomRightCorner(t.rows(), t.cols()) = t;
  return out;
}

}  // namespace detail

/// Blocks with the columns [X y] T in place of [X y].
/// @param blocks  reduced data
/// @param t       (p + 1) x (p' + 1); its last column makes the new scores
/// @return        blocks with p' fixed effects
[[nodiscard]] inline Blocks transform_columns(const Blocks& blocks, const MatrixIn& t) {
  Blocks out = blocks;
  const Matrix map = form_map(t);
  out.p = t.cols() - 1;
  out.within = map * blocks.within;
  for (BlockKind& kind : out.kinds) {
    if (kind.pooled()) {
      kind.moments = Matrix(map * kind.moments);
    } else {
      kind.rows = detail::transform_rows(kind.rows, kind.count, t);
    }
  }
  for (CrossedBlock& block : out.crossed) detail::transform_crossed(block, t);
  for (NestedBlock& block : out.nested) {
    block.inside = transform_columns(block.inside, detail::beside_outer(block.mean.rows(), t));
    block.mean = Matrix(block.mean * t);
  }
  return out;
}

}  // namespace cordgain
