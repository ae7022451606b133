// Cross-products along a line on which only the residual variance moves: quadrature walks many such lines.
// With V = K + s2 I in the space of the random effects and K = U diag(lambda) U' decomposed once,
//   [X y]'V^-1[X y] = within / s2 + sum_t C_t / (lambda_t + s2),
// so that a point of the line costs one small sum.
#pragma once

#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/model/blocks.hpp>
#include <vector>

namespace cordgain {

class ResidualLine {
 public:
  /// Whether lines of these blocks are of that form: their rows pooled, the residual part the identity.
  [[nodiscard]] static bool fits(const Blocks& blocks) {
    if (blocks.residual < 0 || !blocks.nested.empty() || !blocks.crossed.empty()) return false;
    for (const BlockKind& kind : blocks.kinds) {
      if (!kind.pooled()) return false;
      for (std::size_t k = 0; k < kind.basis.size(); ++k) {
        if (kind.parameter[k] == blocks.residual && !kind.basis[k].isIdentity(1e-14)) return false;
      }
    }
    return true;
  }

  /// @param blocks  must outlive the line, and fit
  explicit ResidualLine(const Blocks& blocks) : blocks_(blocks) {
    Index terms = 0;
    for (const BlockKind& kind : blocks.kinds) terms += kind.rank;
    lambda_.setZero(terms);
    count_.setZero(terms);
    forms_.setZero(blocks.within.size(), terms);
  }

  /// @param gamma  variance parameters in the blocks' coordinates; the residual variance is not read
  void set(const VectorIn& gamma) {
    Index at = 0;
    for (const BlockKind& kind : blocks_.kinds) {
      v_.setZero(kind.rank, kind.rank);
      for (std::size_t k = 0; k < kind.basis.size(); ++k) {
        if (kind.parameter[k] != blocks_.residual) v_ += gamma[kind.parameter[k]] * kind.basis[k];
      }
      decompose(kind.rank);
      for (Index t = 0; t < kind.rank; ++t, ++at) {
        lambda_[at] = values_[t];
        count_[at] = static_cast<double>(kind.count);
        kernel_.resize(packed_size(kind.rank));
        for (Index j = 0, to = 0; j < kind.rank; ++j) {
          for (Index i = j; i < kind.rank; ++i) kernel_[to++] = vectors_(i, t) * vectors_(j, t);
        }
        forms_.col(at).noalias() = kind.moments.lazyProduct(kernel_);
      }
    }
  }

  /// @param s2  residual variance
  /// @return    false where V is not positive definite
  bool at(double s2, double& log_det, Vector& cross) const {
    if (!(s2 > 0.0)) return false;
    log_det = blocks_.within_df * std::log(s2);
    cross = blocks_.within * (1.0 / s2);
    double product = 1.0;
    for (Index t = 0; t < lambda_.size(); ++t) {
      const double v = lambda_[t] + s2;
      if (!(v > 0.0)) return false;
      cross += forms_.col(t) * (1.0 / v);
      product *= v;
      // One logarithm for several factors of the same count.
      const bool more = t + 1 < lambda_.size() && count_[t + 1] == count_[t];
      if (more && product > 1e-100 && product < 1e100) continue;
      log_det += count_[t] * std::log(product);
      product = 1.0;
    }
    return true;
  }

 private:
  /// Eigenvalues and vectors of v_; of two rows by one rotation.
  void decompose(Index rank) {
    values_.resize(rank);
    vectors_.setIdentity(rank, rank);
    if (rank > 2) {
      const Eigen::SelfAdjointEigenSolver<Matrix> eigen(v_);
      values_ = eigen.eigenvalues();
      vectors_ = eigen.eigenvectors();
      return;
    }
    if (rank > 0) values_ = v_.diagonal();
    if (rank < 2 || v_(1, 0) == 0.0) return;
    // Source: Golub & Van Loan, Matrix Computations, 4th ed., 8.5.2 (the smaller of the two angles).
    const double tau = (v_(1, 1) - v_(0, 0)) / (2.0 * v_(1, 0));
    const double tangent = (tau >= 0.0 ? 1.0 : -1.0) / (std::abs(tau) + std::hypot(1.0, tau));
    const double cosine = 1.0 / std::sqrt(1.0 + tangent * tangent), sine = tangent * cosine;
    values_[0] -= tangent * v_(1, 0);
    values_[1] += tangent * v_(1, 0);
    vectors_ << cosine, sine, -sine, cosine;
  }

  const Blocks& blocks_;
  Vector lambda_, count_;
  Matrix forms_;  ///< C_t, packed, side by side
  Matrix v_, vectors_;
  Vector values_, kernel_;
};

}  // namespace cordgain
