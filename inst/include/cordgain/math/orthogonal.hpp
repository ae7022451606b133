// Orthogonal factorisations in the two shapes that the design needs: many rows
// and few columns, in blocks; and small blocks in place, without allocation.
#pragma once

#include <Eigen/Householder>
#include <Eigen/QR>
#include <algorithm>
#include <cordgain/base/types.hpp>
#include <vector>

namespace cordgain {

/// The triangular factor R of X = QR for any number of rows, a block at a time:
/// each block is stacked below the factor so far. The Gram matrix X'X, which
/// would square the condition number, is never formed.
class RowStackedQr {
 public:
  explicit RowStackedQr(Index columns) : columns_(columns), factor_(Matrix::Zero(columns, columns)) {}

  void add(const MatrixIn& rows) {
    Matrix stack(columns_ + rows.rows(), columns_);
    stack.topRows(columns_) = factor_;
    stack.bottomRows(rows.rows()) = rows;
    const Eigen::HouseholderQR<Matrix> qr(stack);
    factor_ = qr.matrixQR().topRows(columns_).triangularView<Eigen::Upper>();
  }

  [[nodiscard]] const Matrix& factor() const noexcept { return factor_; }

 private:
  Index columns_;
  Matrix factor_;
};

/// Columns that are not linear combinations of earlier ones, from a triangular
/// factor. A column counts as dependent when less than `tolerance` of its norm
/// is left after the earlier columns, the rule of R's lm().
/// @param factor  R of X = QR (p x p)
/// @return        positions of the kept columns, ascending
/// Source: Dongarra et al. (1979), LINPACK; limited pivoting as in R's dqrdc2.
[[nodiscard]] inline std::vector<Index> independent_columns(const Matrix& factor, double tolerance = 1e-7) {
  std::vector<Index> kept;
  const Index p = factor.cols();
  Matrix basis(p, p);  // orthonormal, a column per kept one
  for (Index j = 0; j < p; ++j) {
    const Index k = static_cast<Index>(kept.size());
    Vector left = factor.col(j);
    const double norm = left.norm();
    for (int pass = 0; pass < 2; ++pass) left -= basis.leftCols(k) * (basis.leftCols(k).transpose() * left);
    if (!(left.norm() > tolerance * norm)) continue;
    basis.col(k) = left.normalized();
    kept.push_back(j);
  }
  return kept;
}

/// Columns whose part outside of the others is below this are in their span, for a fit as for a rank: a
/// direction that may be used to fit scores is one that is filled.
constexpr double kInSpan = 1e-9;

/// Whether the columns span all of their space.
[[nodiscard]] inline bool spans_all(const Matrix& columns) {
  if (columns.cols() < columns.rows()) return false;
  Eigen::ColPivHouseholderQR<Matrix> qr;
  qr.setThreshold(kInSpan);
  qr.compute(columns);
  return qr.rank() == columns.rows();
}

/// Factorises the first q columns of `block` in place and applies the same
/// rotation to the rest: block = Q [R ...]. The diagonal of R is made
/// non-negative, so equal Z'Z give equal R.
template <class Block>
void triangularise(Block&& block, Index q, Vector& work) {
  const Index n = block.rows(), width = block.cols();
  for (Index k = 0; k < q && k < n; ++k) {
    double tau = 0.0, beta = 0.0;
    block.col(k).tail(n - k).makeHouseholderInPlace(tau, beta);
    block(k, k) = beta;
    auto rest = block.block(k, k + 1, n - k, width - k - 1);
    rest.applyHouseholderOnTheLeft(block.col(k).tail(n - k - 1), tau, work.data());
    block.col(k).tail(n - k - 1).setZero();
    if (beta < 0.0) block.row(k).tail(width - k) *= -1.0;
  }
}

}  // namespace cordgain
