// Elimination of an outer unit from the moments of what is inside it. With
// A = Q'V0^-1 Q, B = Q'V0^-1 W0, C = W0'V0^-1 W0 (V0: the inside, W0 = W - QQ'W,
// G = Q'W) and E = A^-1, the outer unit is seen as r observations Y = G + E B of
// covariance V1 = E + z D z':
//
//   log|V| = log|V0| + log|A| + log|V1|,     M = (C - B'E B) + Y'V1^-1 Y,
//
// sums of positive terms, so a large outer variance cancels nothing. First and
// second derivatives follow by the chain rule from those of A, B, C, which are
// the inside's own slopes and curves.
#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <cordgain/model/blocks.hpp>
#include <cordgain/model/moment_sums.hpp>
#include <vector>

namespace cordgain {
namespace detail {

class OuterElimination {
 public:
  OuterElimination(const NestedBlock& block, const Moments& inside, const VectorIn& gamma,
                   const MatrixIn& directions)
      : block_(block), inside_(inside), directions_(directions), r_(block.z.rows()), w_(block.mean.cols()) {
    const Matrix m = unpacked(inside.cross, r_ + w_);
    a_ = m.topLeftCorner(r_, r_);
    const Eigen::LLT<Matrix> inner(a_);
    if (inner.info() != Eigen::Success) return;
    e_ = inner.solve(Matrix::Identity(r_, r_));
    n_ = inner.solve(m.topRightCorner(r_, w_));
    Matrix v = e_;
    for (std::size_t k = 0; k < block.basis.size(); ++k) v += gamma[block.parameter[k]] * block.basis[k];
    const Eigen::LLT<Matrix> outer(v);
    feasible_ = outer.info() == Eigen::Success && outer.matrixLLT().diagonal().minCoeff() > 0.0;
    if (!feasible_) return;
    s_ = outer.solve(Matrix::Identity(r_, r_));
    y_ = block.mean + n_;
    solved_ = outer.solve(y_);
    log_det_ = 2.0 * (inner.matrixLLT().diagonal().array().log().sum() +
                      outer.matrixLLT().diagonal().array().log().sum());
    cross_ = m.bottomRightCorner(w_, w_) - n_.transpose() * a_ * n_ + y_.transpose() * solved_;
  }

  [[nodiscard]] bool feasible() const noexcept { return feasible_; }

  void add_to(Moments& out) {
    out.log_det += inside_.log_det + log_det_;
    out.cross += packed(cross_);
    add_first(out);
    add_second(out);
  }

  /// V1^-1, V1^-1 Y and E V1^-1 Y - E B: what predictions need.
  [[nodiscard]] const Matrix& precision() const noexcept { return s_; }
  [[nodiscard]] const Matrix& solved() const noexcept { return solved_; }
  [[nodiscard]] Matrix inward() const { return e_ * solved_ - n_; }
  /// N of V^-1 = V0^-1 - V0^-1 Q N Q'V0^-1.
  [[nodiscard]] Matrix removed() const { return e_ - e_ * s_ * e_; }

 private:
  /// Derivatives along one parameter or direction of A, E B, V1, and V1 times that of V1^-1 Y.
  struct Slope {
    Matrix a, n, v, y;
    [[nodiscard]] bool still() const noexcept { return a.size() == 0; }
  };

  /// T'FT for T = [-E B; I]: a derivative of C - B'E B.
  [[nodiscard]] Matrix complement(const Matrix& form) const {
    const Matrix cross = form.topRightCorner(r_, w_).transpose() * n_;
    return form.bottomRightCorner(w_, w_) - cross - cross.transpose() +
           n_.transpose() * form.topLeftCorner(r_, r_) * n_;
  }

  void add_first(Moments& out) {
    const Index m = inside_.slope.cols();
    slopes_.resize(static_cast<std::size_t>(m));
    for (Index k = 0; k < m; ++k) {
      Slope& to = slopes_[static_cast<std::size_t>(k)];
      const Matrix form = unpacked(inside_.slope.col(k), r_ + w_);
      to.a = form.topLeftCorner(r_, r_);
      to.n = e_ * (form.topRightCorner(r_, w_) - to.a * n_);
      to.v = -e_ * to.a * e_;
      for (std::size_t b = 0; b < block_.parameter.size(); ++b) {
        if (block_.parameter[b] == k) to.v += block_.basis[b];
      }
      to.y = to.n - to.v * solved_;
      const Matrix turn = to.n.transpose() * solved_;
      out.trace[k] += inside_.trace[k] + e_.cwiseProduct(to.a).sum() + s_.cwiseProduct(to.v).sum();
      out.slope.col(k) +=
          packed(complement(form) + turn + turn.transpose() - solved_.transpose() * to.v * solved_);
    }
  }

  [[nodiscard]] Slope along(Index direction) const {
    Slope out;
    for (std::size_t k = 0; k < slopes_.size(); ++k) {
      const double weight = directions_(static_cast<Index>(k), direction);
      if (weight == 0.0) continue;
      if (out.still()) {
        out = {Matrix::Zero(r_, r_), Matrix::Zero(r_, w_), Matrix::Zero(r_, r_), Matrix::Zero(r_, w_)};
      }
      out.a += weight * slopes_[k].a;
      out.n += weight * slopes_[k].n;
      out.v += weight * slopes_[k].v;
      out.y += weight * slopes_[k].y;
    }
    return out;
  }

  void add_second(Moments& out) const {
    out.trace2 += inside_.trace2;
    std::vector<Slope> moved;
    for (Index d = 0; d < directions_.cols(); ++d) moved.push_back(along(d));
    Index at = 0;
    for (std::size_t j = 0; j < moved.size(); ++j) {
      for (std::size_t i = j; i < moved.size(); ++i, ++at) {
        if (moved[i].still() || moved[j].still()) continue;
        const double trace =
            add_pair(moved[i], moved[j], 2.0 * unpacked(inside_.curve.col(at), r_ + w_), out.curve.col(at));
        const Index a = static_cast<Index>(i), b = static_cast<Index>(j);
        out.trace2(a, b) -= trace;
        if (a != b) out.trace2(b, a) -= trace;
      }
    }
  }

  /// Half the second derivative of M, and that of log|A| + log|V1|.
  double add_pair(const Slope& a, const Slope& b, const Matrix& form, Eigen::Ref<Vector> curve) const {
    const Matrix twice = form.topLeftCorner(r_, r_);
    const Matrix n = e_ * (form.topRightCorner(r_, w_) - twice * n_ - a.a * b.n - b.a * a.n);
    const Matrix chain = a.a * e_ * b.a;
    const Matrix v = e_ * (chain + chain.transpose() - twice) * e_;
    const Matrix half = 0.5 * (complement(form) - solved_.transpose() * v * solved_) +
                        n.transpose() * solved_ - a.n.transpose() * a_ * b.n + a.y.transpose() * s_ * b.y;
    Vector sum(curve.size());
    pack_symmetric_part(half, sum);
    curve += sum;
    return e_.cwiseProduct(twice).sum() - e_.cwiseProduct(chain).sum() + s_.cwiseProduct(v).sum() -
           (s_ * a.v).cwiseProduct((s_ * b.v).transpose()).sum();
  }

  const NestedBlock& block_;
  const Moments& inside_;
  MatrixIn directions_;
  Index r_, w_;
  bool feasible_ = false;
  double log_det_ = 0.0;
  Matrix a_, e_, n_, s_, y_, solved_, cross_;
  std::vector<Slope> slopes_;
};

/// Adds an outer unit and its inside, given the inside's moments.
inline void add_nested(const NestedBlock& block, const Moments& inside, const VectorIn& gamma,
                       const MatrixIn& directions, Moments& out) {
  out.feasible = out.feasible && inside.feasible;
  if (!out.feasible) return;
  OuterElimination outer(block, inside, gamma, directions);
  out.feasible = outer.feasible();
  if (out.feasible) outer.add_to(out);
}

}  // namespace detail
}  // namespace cordgain
