// What a likelihood needs at given variances when no derivative is asked:
// log|V| and M = [X y]'V^-1[X y]. The moments of moments.hpp hold both, with
// everything that derivatives need; quadrature asks for these two a million times.
#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <cordgain/model/moments.hpp>

namespace cordgain {

struct CrossProducts {
  bool feasible = false;  ///< V was positive definite
  double log_det = 0.0;   ///< log|V|
  Vector cross;           ///< M, packed
};

/// Holds the work space of repeated evaluations on one set of blocks, which must outlive it.
class CrossProductEvaluator {
 public:
  explicit CrossProductEvaluator(const Blocks& blocks) : blocks_(blocks) {
    for (const BlockKind& kind : blocks.kinds) pooled_ = pooled_ && kind.pooled();
  }

  /// @param gamma  variance parameters in the blocks' coordinates
  /// Source: as moments_at(); the two agree to rounding.
  [[nodiscard]] const CrossProducts& operator()(const VectorIn& gamma) {
    if (!pooled_) return by_moments(gamma);
    const bool has_residual = blocks_.residual >= 0;
    out_.feasible = !has_residual || gamma[blocks_.residual] > 0.0;
    if (!out_.feasible) return out_;
    const double s2 = has_residual ? gamma[blocks_.residual] : 1.0;
    out_.cross = blocks_.within / s2;
    out_.log_det = has_residual ? blocks_.within_df * std::log(s2) : 0.0;
    for (const BlockKind& kind : blocks_.kinds) {
      if (!add(kind, gamma)) return out_;
    }
    return out_;
  }

 private:
  const CrossProducts& by_moments(const VectorIn& gamma) {
    Moments moments = moments_at(blocks_, gamma, Matrix(blocks_.n_gamma, 0));
    out_.feasible = moments.feasible;
    out_.log_det = moments.log_det;
    out_.cross = std::move(moments.cross);
    return out_;
  }

  bool add(const BlockKind& kind, const VectorIn& gamma) {
    const Index r = kind.rank;
    v_.setZero(r, r);
    for (std::size_t k = 0; k < kind.basis.size(); ++k) v_ += gamma[kind.parameter[k]] * kind.basis[k];
    factor_.compute(v_);
    const auto diagonal = factor_.matrixLLT().diagonal();
    out_.feasible = factor_.info() == Eigen::Success && diagonal.minCoeff() > 0.0;
    if (!out_.feasible) return false;
    out_.log_det += 2.0 * static_cast<double>(kind.count) * diagonal.array().log().sum();
    v_.setIdentity(r, r);
    factor_.solveInPlace(v_);
    kernel_.resize(packed_size(r));
    pack_into(v_, kernel_);
    out_.cross.noalias() += kind.moments * kernel_;
    return true;
  }

  const Blocks& blocks_;
  bool pooled_ = true;
  CrossProducts out_;
  Matrix v_;
  Vector kernel_;
  Eigen::LLT<Matrix> factor_;
};

}  // namespace cordgain
