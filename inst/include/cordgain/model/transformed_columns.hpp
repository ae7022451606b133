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

/// Blocks with the columns [X y] T in place of [X y].
/// @param blocks  reduced data
/// @param t       (p + 1) x (p' + 1); its last column makes the new scores
/// @return        blocks with p' fixed effects
[[nodiscard]] inline Blocks transform_columns(const Blocks& blocks, const MatrixIn& t) {
  Blocks out = blocks;
  const Matrix map = form_map(t);
  out.p = t.cols() - 1;
  out.within = map * blocks.within;
  for (std::size_t k = 0; k < blocks.kinds.size(); ++k) {
    const BlockKind& from = blocks.kinds[k];
    BlockKind& to = out.kinds[k];
    if (from.pooled()) {
      to.moments = map * from.moments;
      continue;
    }
    to.rows.resize(from.rank, t.cols() * from.count);
    for (Index i = 0; i < from.count; ++i) {
      to.rows.middleCols(i * t.cols(), t.cols()) = from.rows.middleCols(i * t.rows(), t.rows()) * t;
    }
  }
  return out;
}

}  // namespace cordgain
