// The data of a Gaussian model, reduced. Rows fall into independent blocks (a
// subject, a site with its subjects, a set of crossed levels). Blocks with the
// same covariance are of one kind, and their rows enter every likelihood only
// through second moments: so neither the number of rows nor that of subjects
// enters an evaluation.
#pragma once

#include <cordgain/base/types.hpp>
#include <cordgain/math/packed.hpp>
#include <cordgain/model/crossed_block.hpp>
#include <vector>

namespace cordgain {

/// Blocks that share one covariance V = sum_k gamma[parameter[k]] basis[k].
/// V acts in the r-dimensional space that the random effects of a block span;
/// outside it the covariance is the residual variance (see Blocks::within).
struct BlockKind {
  /// Where the columns of one level of a random-effects term stand in z.
  struct Columns {
    Index term;
    Index first;
    Index width;
  };
  Matrix z;                      ///< r x q, random effects' columns (empty: none)
  std::vector<Columns> columns;  ///< of z
  Index rank = 0;                ///< r
  Index count = 0;               ///< number of blocks of this kind
  std::vector<Index> parameter;  ///< variance parameter of each basis matrix
  std::vector<Matrix> basis;     ///< symmetric r x r
  Matrix rows;                   ///< r x (p + 1) count: the blocks side by side, when kept apart
  Matrix moments;                ///< packed(p + 1) x packed(r): sums of products of rows a and b, when pooled

  [[nodiscard]] bool pooled() const noexcept { return moments.size() > 0; }
};

struct NestedBlock;

/// All blocks of a data set, in coordinates where X has orthonormal columns and
/// y is the residual of ordinary least squares, scaled.
struct Blocks {
  Index n = 0;             ///< rows
  Index p = 0;             ///< fixed effects (full rank)
  Index n_gamma = 0;       ///< variance parameters
  Index residual = -1;     ///< which of them is the residual variance; -1 for none
  double within_df = 0.0;  ///< dimensions outside the random effects' span
  Vector within;           ///< packed cross-products of [X y] there
  std::vector<BlockKind> kinds;
  std::vector<NestedBlock> nested;    ///< large blocks: units inside an outer one
  std::vector<CrossedBlock> crossed;  ///< large blocks: crossed factors
};

/// One outer unit (a site) and what is nested in it. With Q an orthonormal basis
/// of its random effects' columns, the inside holds the rows of [Q, W - QQ'W]
/// for W = [X y]; Q'W and Q'U are kept here.
struct NestedBlock {
  Matrix z;                                 ///< Q'U (r x q)
  std::vector<BlockKind::Columns> columns;  ///< of z
  std::vector<Index> parameter;             ///< variance parameters of the outer terms
  std::vector<Matrix> basis;                ///< dV/dgamma of each in the coordinates of Q (r x r)
  Matrix mean;                              ///< Q'W (r x (p + 1))
  Blocks inside;
};

/// Sums over the blocks of one kind of the quadratic forms B'SB, for packed
/// kernels S (columns): packed(p + 1) x columns.
[[nodiscard]] inline Matrix pooled_forms(const BlockKind& kind, const MatrixIn& kernels) {
  Matrix out(kind.moments.rows(), kernels.cols());
  out.noalias() = kind.moments.lazyProduct(kernels);
  return out;
}

/// Adds one block's rows (r x (p + 1)) to pooled moments: for a > b the sum of
/// both orders, so that moments times a packed kernel is the whole form.
inline void add_moments(const MatrixIn& rows, Matrix& moments) {
  const Index r = rows.rows(), w = rows.cols();
  for (Index b = 0, at = 0; b < r; ++b) {
    for (Index a = b; a < r; ++a, ++at) {
      for (Index j = 0, to = 0; j < w; ++j) {
        for (Index i = j; i < w; ++i, ++to) {
          const double product = rows(a, i) * rows(b, j);
          moments(to, at) += a == b ? product : product + rows(b, i) * rows(a, j);
        }
      }
    }
  }
}

}  // namespace cordgain
