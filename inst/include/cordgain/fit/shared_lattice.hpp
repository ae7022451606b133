// The posteriors of many data sets of one design. What a node of the lattice of
// hyperparameters asks of the design (factors, determinants, the precision of
// the coefficients) does not depend on the scores: it is worked out once, and a
// data set then costs one product of a small matrix with the nodes.
//
// For one node let S be V^-1, packed, of every kind of blocks. A data set enters
// by T = [X y]'y, packed by rows of a block, so that X'V^-1y and y'V^-1y are T S:
//   log p(node | y) = constant(node) - 1/2 { y'V^-1y - h'A^-1h },  h = X'V^-1y + V0^-1 m0
// and l'beta given the node is normal with mean l'A^-1h and a variance without y.
#pragma once

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <cordgain/dist/mixture_of_normals.hpp>
#include <cordgain/fit/posterior_lattice.hpp>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace cordgain {

/// [X y]'y of one data set: (p + 1) rows, a column for each element of the kernels.
using ScoreMoments = Matrix;

/// Number of columns of the score moments of blocks of a design.
[[nodiscard]] inline Index score_columns(const Blocks& blocks) {
  Index out = 1;
  for (const BlockKind& kind : blocks.kinds) out += packed_size(kind.rank);
  return out;
}

/// Second moments of a kind, packed(p + 1) x packed(r), whether or not its blocks are pooled.
[[nodiscard]] inline Matrix whole_moments(const BlockKind& kind, Index p) {
  if (kind.pooled()) return kind.moments;
  Matrix out = Matrix::Zero(packed_size(p + 1), packed_size(kind.rank));
  for (Index i = 0; i < kind.count; ++i) add_moments(kind.rows.middleCols(i * (p + 1), p + 1), out);
  return out;
}

/// @throws InvalidInput for blocks of nested units or crossed factors
[[nodiscard]] inline ScoreMoments score_moments(const Blocks& blocks) {
  require(blocks.nested.empty() && blocks.crossed.empty(),
          "simulated posteriors are for random effects of subjects, not for nested or crossed factors");
  const Index p = blocks.p;
  ScoreMoments out(p + 1, score_columns(blocks));
  const auto y_rows = [&](const MatrixIn& from, Index at) {
    for (Index j = 0; j <= p; ++j) out.row(j).segment(at, from.cols()) = from.row(packed_index(p, j, p + 1));
  };
  Index at = 0;
  for (const BlockKind& kind : blocks.kinds) {
    y_rows(whole_moments(kind, p), at);
    at += packed_size(kind.rank);
  }
  y_rows(blocks.within, at);
  return out;
}

/// What a node is without scores.
struct LatticeNodeTerms {
  double constant = detail::kNegInf;  ///< of the log posterior
  double variance = 0.0;              ///< of l'beta
  Vector kernel;                      ///< S, an element for each column of the score moments
  Vector inverse;                     ///< A^-1 packed, elements off the diagonal doubled
  Vector direction;                   ///< A^-1 l
};

/// Works out nodes of one design.
class NodeFactory {
 public:
  /// @param model     priors and design; one normal for each coefficient
  /// @param contrast  l in the blocks' coordinates, with the scale of the scores in it
  NodeFactory(const PosteriorModel& model, Vector contrast)
      : model_(model), point_(model.hyper), contrast_(std::move(contrast)) {
    const Blocks& blocks = *model.blocks;
    for (const BlockKind& kind : blocks.kinds) moments_.push_back(whole_moments(kind, blocks.p));
    set_prior();
  }

  [[nodiscard]] Index dimension() const noexcept { return static_cast<Index>(point_.free().size()); }
  /// V0^-1 m0 in the blocks' coordinates.
  [[nodiscard]] const Vector& offset() const noexcept { return offset_; }

  [[nodiscard]] LatticeNodeTerms at(const Vector& eta) {
    LatticeNodeTerms out;
    const double prior = point_.move(eta);
    if (!std::isfinite(prior)) return out;
    const Blocks& blocks = *model_.blocks;
    const Vector gamma = model_.from_user * model_.layout.gamma(point_.values());
    const double s2 = gamma[blocks.residual];
    double log_det = blocks.within_df * std::log(s2);
    Vector cross = blocks.within / s2;
    out.kernel.resize(score_columns(blocks));
    out.kernel[out.kernel.size() - 1] = 1.0 / s2;
    if (!(s2 > 0.0) || !add_kinds(gamma, log_det, cross, out.kernel)) return out;
    finish(prior - 0.5 * log_det, unpacked(cross, blocks.p + 1).topLeftCorner(blocks.p, blocks.p), out);
    return out;
  }

 private:
  void set_prior() {
    const Index p = model_.frame.shift.size();
    Vector precision = Vector::Zero(p), mean = Vector::Zero(p);
    for (Index j = 0; j < p; ++j) {
      const auto& parts = model_.coefficients[static_cast<std::size_t>(j)];
      require(parts.size() == 1 && parts[0].mixing < 0,
              "simulated posteriors take one normal or a flat prior for each coefficient");
      if (std::isinf(parts[0].sd)) continue;
      precision[j] = 1.0 / (parts[0].sd * parts[0].sd);
      mean[j] = parts[0].mean - model_.frame.shift[j];
    }
    const Matrix& map = model_.frame.map;
    prior_precision_ = map.transpose() * precision.asDiagonal() * map;
    offset_ = map.transpose() * precision.cwiseProduct(mean);
  }

  bool add_kinds(const Vector& gamma, double& log_det, Vector& cross, Vector& kernel) {
    Index at = 0;
    for (std::size_t k = 0; k < moments_.size(); ++k) {
      const BlockKind& kind = model_.blocks->kinds[k];
      Matrix lower;
      if (!detail::factor(kind, gamma, lower)) return false;
      log_det += 2.0 * static_cast<double>(kind.count) * lower.diagonal().array().log().sum();
      const Matrix half = lower.triangularView<Eigen::Lower>().solve(Matrix::Identity(kind.rank, kind.rank));
      const Vector packed_inverse = packed(half.transpose() * half);
      kernel.segment(at, packed_inverse.size()) = packed_inverse;
      cross.noalias() += moments_[k] * packed_inverse;
      at += packed_inverse.size();
    }
    return true;
  }

  void finish(double log_weight, const Matrix& precision, LatticeNodeTerms& out) const {
    const Index p = precision.rows();
    const Eigen::LLT<Matrix> llt(precision + prior_precision_);
    if (llt.info() != Eigen::Success) return;
    const Matrix inverse = llt.solve(Matrix::Identity(p, p));
    out.constant = log_weight - llt.matrixLLT().diagonal().array().log().sum();
    out.inverse = packed(2.0 * inverse - Matrix(inverse.diagonal().asDiagonal()));
    out.direction = inverse * contrast_;
    out.variance = contrast_.dot(out.direction);
  }

  const PosteriorModel& model_;
  HyperPoint point_;
  Vector contrast_, offset_;
  Matrix prior_precision_;
  std::vector<Matrix> moments_;
};

}  // namespace cordgain
