// Crossed factors at given variances: the leaves eliminated one by one, then the
// kept columns by a dense Cholesky factor. With V0 = residual and leaves alone,
// A = U'V0^-1 U for the kept columns U and D = Lambda Lambda' their covariance,
//
//   H = I + Lambda'A Lambda,  V^-1 = V0^-1 - V0^-1 U Lambda H^-1 Lambda'U'V0^-1.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/math/symmetric_inverse.hpp>
#include <cordgain/model/crossed_block.hpp>
#include <vector>

namespace cordgain {
namespace detail {

/// A root of D that is square, and its inverse where D is safely regular.
struct SquareRoot {
  Matrix root, inverse;
  double least = 0.0;  ///< smallest eigenvalue of D
  bool feasible = true;
  bool strong = false;  ///< the inverse may be used
};

inline SquareRoot square_root(const Matrix& d, const Matrix* given) {
  SquareRoot out;
  const Index q = d.rows();
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(d);
  out.least = eigen.eigenvalues()[0];
  out.feasible = out.least >= -1e-12 * std::abs(eigen.eigenvalues()[q - 1]);
  out.root = Matrix::Zero(q, q);
  if (given != nullptr) {
    out.root.leftCols(given->cols()) = *given;
  } else {
    out.root = eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(0.0).cwiseSqrt().asDiagonal();
  }
  return out;
}

class CrossedSolution {
 public:
  /// The leaf's rows divided by the factor of their own covariance.
  struct WhiteLeaf {
    Matrix z, kept, w;
    Matrix scaled;    ///< z'kept Lambda (q x u): the leaf's effects against the kept ones
    Matrix residual;  ///< w - kept beta
    Matrix force;     ///< z'residual = Z'V^-1 W
  };

  CrossedSolution(const CrossedBlock& block, const VectorIn& gamma, const std::vector<Matrix>& roots)
      : block(block), s2(gamma[block.residual]) {
    if (!(s2 > 0.0)) return;
    for (const CrossedBlock::Term& term : block.outer) {
      const Matrix* given = roots.empty() ? nullptr : &roots[static_cast<std::size_t>(term.term)];
      lambda.push_back(square_root(effects(gamma, term), given));
      if (!lambda.back().feasible) return;
    }
    if (!whiten(gamma)) return;
    Matrix h = assemble();
    choose_strong(h);
    scale(h);
    Eigen::LLT<Eigen::Ref<Matrix>> factor(h);
    if (factor.info() != Eigen::Success) return;
    log_det += 2.0 * h.diagonal().array().log().sum() + block.outside_df * std::log(s2);
    inverse = inverse_from_factor(std::move(h));
    solve();
    feasible = true;
  }

  /// Lambda'm for m of as many rows as kept columns.
  [[nodiscard]] Matrix to_root(Matrix m) const {
    for_levels([&](const CrossedBlock::Term& term, const SquareRoot& l, Index at) {
      m.middleRows(at, term.width) = (l.root.transpose() * m.middleRows(at, term.width)).eval();
    });
    return m;
  }
  /// Lambda m.
  [[nodiscard]] Matrix from_root(Matrix m) const {
    for_levels([&](const CrossedBlock::Term& term, const SquareRoot& l, Index at) {
      m.middleRows(at, term.width) = (l.root * m.middleRows(at, term.width)).eval();
    });
    return m;
  }
  /// Rows of the kept columns that a leaf touches.
  [[nodiscard]] Matrix touched(const CrossedBlock::Leaf& leaf, const Matrix& m) const {
    Matrix out(static_cast<Index>(leaf.column.size()), m.cols());
    for (Index i = 0; i < out.rows(); ++i) out.row(i) = m.row(leaf.column[static_cast<std::size_t>(i)]);
    return out;
  }
  /// Adds rows that a leaf touches.
  static void spread(const CrossedBlock::Leaf& leaf, const Matrix& rows, Matrix& m) {
    for (Index i = 0; i < rows.rows(); ++i) m.row(leaf.column[static_cast<std::size_t>(i)]) += rows.row(i);
  }
  /// U'U m over the outside rows, divided by the residual variance.
  [[nodiscard]] Matrix outside(const Matrix& m) const {
    return block.kept_products.selfadjointView<Eigen::Lower>() * m / s2;
  }

  const CrossedBlock& block;
  double s2;
  bool feasible = false;
  double log_det = 0.0;
  std::vector<SquareRoot> lambda;  ///< per outer term
  std::vector<WhiteLeaf> white;
  Matrix inverse;     ///< H^-1
  Matrix kept_force;  ///< U'V^-1 W
  Matrix cross;       ///< M = W'V^-1 W

 private:
  static Matrix effects(const VectorIn& gamma, const CrossedBlock::Term& term) {
    return unpacked(gamma.segment(term.gamma_at, packed_size(term.width)), term.width);
  }

  template <class Body>
  void for_levels(Body&& body) const {
    for (std::size_t t = 0; t < block.outer.size(); ++t) {
      const CrossedBlock::Term& term = block.outer[t];
      for (Index l = 0; l < term.levels; ++l) body(term, lambda[t], term.first + l * term.width);
    }
  }

  bool whiten(const VectorIn& gamma) {
    std::vector<Matrix> d;
    for (const CrossedBlock::Term& term : block.inner) d.push_back(effects(gamma, term));
    white.resize(block.leaves.size());
    for (std::size_t i = 0; i < white.size(); ++i) {
      const CrossedBlock::Leaf& leaf = block.leaves[i];
      Matrix v = Matrix::Identity(leaf.z.rows(), leaf.z.rows()) * s2;
      for (const CrossedBlock::LeafLevel& at : leaf.level) {
        const Matrix& part = d[static_cast<std::size_t>(at.term)];
        const auto z = leaf.z.middleCols(at.first, part.rows());
        v += z * part * z.transpose();
      }
      const Eigen::LLT<Matrix> factor(v);
      if (factor.info() != Eigen::Success) return false;
      const auto lower = factor.matrixL();
      white[i].z = lower.solve(leaf.z);
      white[i].kept = lower.solve(leaf.kept);
      white[i].w = lower.solve(leaf.w);
      log_det += 2.0 * factor.matrixLLT().diagonal().array().log().sum();
    }
    return true;
  }

  /// A, lower triangle.
  Matrix assemble() const {
    Matrix a = block.kept_products / s2;
    for (std::size_t i = 0; i < white.size(); ++i) {
      const std::vector<Index>& column = block.leaves[i].column;
      const Matrix& u = white[i].kept;
      for (std::size_t k = 0; k < column.size(); ++k) {
        double* to = a.data() + column[k] * a.rows();
        for (std::size_t j = k; j < column.size(); ++j)
          to[column[j]] += u.col(static_cast<Index>(j)).dot(u.col(static_cast<Index>(k)));
      }
    }
    return a;
  }

  /// 1 - H^-1 keeps all but four digits where D A is at least 1e-4.
  void choose_strong(const Matrix& a) {
    constexpr double kLeast = 1e-4;
    for (std::size_t t = 0; t < lambda.size(); ++t) {
      const CrossedBlock::Term& term = block.outer[t];
      SquareRoot& l = lambda[t];
      const double seen = a.diagonal().segment(term.first, term.width * term.levels).mean();
      l.strong = l.least * seen > kLeast;
      if (l.strong) l.inverse = l.root.inverse();
    }
  }

  /// H = I + Lambda'A Lambda. Columns are scaled twice: rows would be strided.
  void scale(Matrix& a) const {
    a.triangularView<Eigen::StrictlyUpper>() = a.transpose();
    for (int pass = 0; pass < 2; ++pass) {
      for_levels([&](const CrossedBlock::Term& term, const SquareRoot& l, Index at) {
        a.middleCols(at, term.width) = (a.middleCols(at, term.width) * l.root).eval();
      });
      a.transposeInPlace();
    }
    a.diagonal().array() += 1.0;
  }

  /// W'V^-1 W as the least of (W - U b)'V0^-1 (W - U b) + b'D^-1 b, a sum of positive terms.
  void solve() {
    Matrix b = block.kept_w / s2;
    for (std::size_t i = 0; i < white.size(); ++i)
      spread(block.leaves[i], white[i].kept.transpose() * white[i].w, b);
    const Matrix unit = inverse * to_root(std::move(b));
    const Matrix beta = from_root(unit);
    kept_force = block.kept_w / s2 - outside(beta);
    const Matrix turn = beta.transpose() * block.kept_w / s2;
    cross = block.w_products / s2 - turn - turn.transpose() + beta.transpose() * outside(beta) +
            unit.transpose() * unit;
    for (std::size_t i = 0; i < white.size(); ++i) {
      const CrossedBlock::Leaf& leaf = block.leaves[i];
      WhiteLeaf& at = white[i];
      at.residual = at.w - at.kept * touched(leaf, beta);
      at.force = at.z.transpose() * at.residual;
      at.scaled = to_root_at(leaf, at.kept.transpose() * at.z).transpose();
      cross += at.residual.transpose() * at.residual;
      spread(leaf, at.kept.transpose() * at.residual, kept_force);
    }
    for (std::size_t t = 0; t < lambda.size(); ++t) {
      if (!lambda[t].strong) continue;
      const CrossedBlock::Term& term = block.outer[t];
      for (Index l = 0; l < term.levels; ++l) {
        const Index at = term.first + l * term.width;
        kept_force.middleRows(at, term.width) =
            lambda[t].inverse.transpose() * unit.middleRows(at, term.width);
      }
    }
  }

  /// Lambda'm for the rows that a leaf touches.
  [[nodiscard]] Matrix to_root_at(const CrossedBlock::Leaf& leaf, Matrix m) const {
    std::size_t t = 0;
    for (Index i = 0; i < m.rows();) {
      const Index column = leaf.column[static_cast<std::size_t>(i)];
      while (column >= block.outer[t].first + block.outer[t].width * block.outer[t].levels) ++t;
      const Index width = block.outer[t].width;
      m.middleRows(i, width) = (lambda[t].root.transpose() * m.middleRows(i, width)).eval();
      i += width;
    }
    return m;
  }
};

}  // namespace detail
}  // namespace cordgain
