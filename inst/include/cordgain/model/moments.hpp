// Everything a Gaussian model needs from its data at given variances. With
// W = [X y] and V linear in the variance parameters gamma, V_k = dV/dgamma_k:
//
//   M = W'V^-1 W,   log|V|,
//   t_k = tr(V^-1 V_k),             P_k = -W'V^-1 V_k V^-1 W,
//   T_ab = tr(V^-1 V_a V^-1 V_b),   Q_ab = sym W'V^-1 V_a V^-1 V_b V^-1 W,
//
// the last two along directions a, b (columns of a matrix in gamma). Value,
// gradient and Hessian of the restricted and the full likelihood, expected and
// observed information, Satterthwaite, Kenward-Roger are algebra on these.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <cmath>
#include <cordgain/model/blocks.hpp>
#include <cordgain/model/crossed_moments.hpp>
#include <cordgain/model/moment_sums.hpp>
#include <cordgain/model/nested_moments.hpp>
#include <cordgain/model/small_moments.hpp>
#include <vector>

namespace cordgain {

namespace detail {

/// The factor of one kind's V and the whitened basis N_k = L^-1 V_k L^-T.
struct WhitenedKind {
  Matrix lower;
  std::vector<Matrix> basis;
};

/// V = sum_k gamma_k basis_k and its Cholesky factor; false where V is not positive definite.
inline bool factor(const BlockKind& kind, const VectorIn& gamma, Matrix& lower) {
  Matrix v = Matrix::Zero(kind.rank, kind.rank);
  for (std::size_t k = 0; k < kind.basis.size(); ++k) v += gamma[kind.parameter[k]] * kind.basis[k];
  const Eigen::LLT<Matrix> llt(v);
  if (llt.info() != Eigen::Success || !(llt.matrixLLT().diagonal().minCoeff() > 0.0)) return false;
  lower = llt.matrixL();
  return true;
}

/// The factor of V = s2 I + (Z Lambda)(Z Lambda)' by QR of [Lambda'Z'; s I]: V itself,
/// in which a small residual beside large random effects is lost, is never formed.
inline void factor_by_roots(const BlockKind& kind, const std::vector<Matrix>& roots, double s2,
                            Matrix& lower) {
  Index width = 0;
  for (const auto& c : kind.columns) width += roots[static_cast<std::size_t>(c.term)].cols();
  Matrix stack(width + kind.rank, kind.rank);
  Index at = 0;
  for (const auto& c : kind.columns) {
    const Matrix& root = roots[static_cast<std::size_t>(c.term)];
    stack.middleRows(at, root.cols()).noalias() =
        root.transpose() * kind.z.middleCols(c.first, c.width).transpose();
    at += root.cols();
  }
  stack.bottomRows(kind.rank) = Matrix::Identity(kind.rank, kind.rank) * std::sqrt(s2);
  const Eigen::HouseholderQR<Matrix> qr(stack);
  lower = Matrix(qr.matrixQR().topRows(kind.rank).triangularView<Eigen::Upper>()).transpose();
  for (Index j = 0; j < kind.rank; ++j) {
    if (lower(j, j) < 0.0) lower.col(j) *= -1.0;
  }
}

inline Matrix whiten(const Matrix& lower, const Matrix& symmetric) {
  Matrix half = lower.triangularView<Eigen::Lower>().solve(symmetric);
  Matrix out = lower.triangularView<Eigen::Lower>().solve(half.transpose());
  return out;
}

/// sum_k directions(k, a) N_k for one kind; empty where nothing moves.
inline std::vector<Matrix> along(const BlockKind& kind, const std::vector<Matrix>& basis,
                                 const MatrixIn& directions) {
  std::vector<Matrix> out(static_cast<std::size_t>(directions.cols()));
  for (Index a = 0; a < directions.cols(); ++a) {
    Matrix& sum = out[static_cast<std::size_t>(a)];
    for (std::size_t k = 0; k < basis.size(); ++k) {
      const double weight = directions(kind.parameter[k], a);
      if (weight == 0.0) continue;
      if (sum.size() == 0) sum = Matrix::Zero(kind.rank, kind.rank);
      sum += weight * basis[k];
    }
  }
  return out;
}

inline double trace_of_product(const Matrix& a, const Matrix& b) {
  return a.cwiseProduct(b).sum();
}

inline void add_pairs(const BlockKind& kind, const std::vector<Matrix>& dirs, Moments& out) {
  const Index n = static_cast<Index>(dirs.size());
  for (Index b = 0; b < n; ++b) {
    const Matrix& second = dirs[static_cast<std::size_t>(b)];
    for (Index a = b; a < n && second.size() > 0; ++a) {
      const Matrix& first = dirs[static_cast<std::size_t>(a)];
      if (first.size() == 0) continue;
      const double trace = static_cast<double>(kind.count) * trace_of_product(first, second);
      out.trace2(a, b) += trace;
      if (a != b) out.trace2(b, a) += trace;
    }
  }
}

/// Rows of each pair of directions in packed order, skipping empty ones.
template <class Body>
void for_pairs(const std::vector<Matrix>& dirs, Body&& body) {
  const std::size_t n = dirs.size();
  Index at = 0;
  for (std::size_t b = 0; b < n; ++b) {
    for (std::size_t a = b; a < n; ++a, ++at) {
      if (dirs[a].size() > 0 && dirs[b].size() > 0) body(a, b, at);
    }
  }
}

inline Matrix unwhitened(const Matrix& lower, const Matrix& kernel) {
  const auto upper = lower.triangularView<Eigen::Lower>().transpose();
  Matrix half = upper.solve(kernel);
  Matrix out = upper.solve(half.transpose());
  return out;
}

inline void add_pooled(const BlockKind& kind, const WhitenedKind& white, const std::vector<Matrix>& dirs,
                       Moments& out) {
  const Index size = packed_size(kind.rank), nb = static_cast<Index>(white.basis.size());
  Matrix kernels = Matrix::Zero(size, 1 + nb + packed_size(static_cast<Index>(dirs.size())));
  const Matrix identity = Matrix::Identity(kind.rank, kind.rank);
  pack_into(unwhitened(white.lower, identity), kernels.col(0));
  for (Index k = 0; k < nb; ++k) {
    pack_symmetric_part(unwhitened(white.lower, white.basis[static_cast<std::size_t>(k)]),
                        kernels.col(1 + k));
  }
  for_pairs(dirs, [&](std::size_t a, std::size_t b, Index at) {
    pack_symmetric_part(unwhitened(white.lower, dirs[a] * dirs[b]), kernels.col(1 + nb + at));
  });
  const Matrix forms = pooled_forms(kind, kernels);
  out.cross += forms.col(0);
  for (Index k = 0; k < nb; ++k)
    out.slope.col(kind.parameter[static_cast<std::size_t>(k)]) -= forms.col(1 + k);
  out.curve += forms.rightCols(out.curve.cols());
}

inline void add_form(const Matrix& left, const Matrix& right, double sign, Eigen::Ref<Vector> packed) {
  Matrix form(left.cols(), right.cols());
  form.noalias() = left.transpose() * right;
  Index at = 0;
  for (Index j = 0; j < form.cols(); ++j) {
    for (Index i = j; i < form.rows(); ++i) packed(at++) += sign * 0.5 * (form(i, j) + form(j, i));
  }
}

inline void add_block(const BlockKind& kind, const WhitenedKind& white, const std::vector<Matrix>& dirs,
                      const MatrixIn& rows, Moments& out) {
  const Matrix b = white.lower.triangularView<Eigen::Lower>().solve(rows);
  add_form(b, b, 1.0, out.cross);
  for (std::size_t k = 0; k < white.basis.size(); ++k) {
    add_form(b, white.basis[k] * b, -1.0, out.slope.col(kind.parameter[k]));
  }
  std::vector<Matrix> moved(dirs.size());
  for (std::size_t a = 0; a < dirs.size(); ++a) {
    if (dirs[a].size() > 0) moved[a].noalias() = dirs[a] * b;
  }
  for_pairs(dirs, [&](std::size_t a, std::size_t c, Index at) {
    add_form(moved[a], moved[c], 1.0, out.curve.col(at));
  });
}

/// The dimensions outside the random effects: V is the residual variance there.
inline void add_within(const Blocks& blocks, const VectorIn& gamma, const MatrixIn& directions,
                       Moments& out) {
  if (blocks.residual < 0) return;
  const double s2 = gamma[blocks.residual], df = blocks.within_df;
  out.log_det += df * std::log(s2);
  out.cross += blocks.within / s2;
  out.trace[blocks.residual] += df / s2;
  out.slope.col(blocks.residual) -= blocks.within / (s2 * s2);
  Index at = 0;
  for (Index b = 0; b < directions.cols(); ++b) {
    for (Index a = b; a < directions.cols(); ++a, ++at) {
      const double v = directions(blocks.residual, a) * directions(blocks.residual, b);
      if (v == 0.0) continue;
      out.curve.col(at) += blocks.within * (v / (s2 * s2 * s2));
      out.trace2(a, b) += df * v / (s2 * s2);
      if (a != b) out.trace2(b, a) += df * v / (s2 * s2);
    }
  }
}

inline void add_kind(const BlockKind& kind, const Matrix& lower, const MatrixIn& directions, Moments& out) {
  WhitenedKind white;
  white.lower = lower;
  for (const Matrix& basis : kind.basis) white.basis.push_back(whiten(white.lower, basis));
  const double count = static_cast<double>(kind.count);
  out.log_det += 2.0 * count * white.lower.diagonal().array().log().sum();
  for (std::size_t k = 0; k < white.basis.size(); ++k)
    out.trace[kind.parameter[k]] += count * white.basis[k].trace();
  const std::vector<Matrix> dirs = along(kind, white.basis, directions);
  add_pairs(kind, dirs, out);
  if (kind.pooled()) {
    add_pooled(kind, white, dirs, out);
    return;
  }
  const Index w = kind.rows.cols() / kind.count;
  for (Index i = 0; i < kind.count; ++i) add_block(kind, white, dirs, kind.rows.middleCols(i * w, w), out);
}

void add_large(const Blocks& blocks, const VectorIn& gamma, const MatrixIn& directions,
               const std::vector<Matrix>& roots, Moments& out);

}  // namespace detail

/// All moments at the variance parameters gamma.
/// @param blocks      the reduced data
/// @param gamma       variance parameters (n_gamma; V linear in them)
/// @param directions  n_gamma x a: the directions of the second-order moments
///                    (identity: the parameters themselves; no columns: none)
/// @param roots       per random-effects term Lambda with D = Lambda Lambda'; none: V is
///                    made from gamma and factored
/// @return            the moments; `feasible` is false where V is not positive definite
/// Source: Lindstrom & Bates (1988), JASA 83:1014; Woodbury's identity is not
/// used: the sums are of positive terms, so nothing cancels at large variances.
[[nodiscard]] inline Moments moments_at(const Blocks& blocks, const VectorIn& gamma,
                                        const MatrixIn& directions, const std::vector<Matrix>& roots = {}) {
  Moments out = zero_moments(blocks.p, blocks.n_gamma, directions.cols());
  out.feasible = blocks.residual < 0 || gamma[blocks.residual] > 0.0;
  const double s2 = blocks.residual < 0 ? 0.0 : gamma[blocks.residual];
  Matrix lower;
  detail::SmallWork work;
  for (const BlockKind& kind : blocks.kinds) {
    if (!out.feasible) return out;
    if (detail::is_small(kind)) {
      out.feasible = detail::add_small(kind, gamma, directions, roots, s2, work, out);
      continue;
    }
    if (!roots.empty()) {
      detail::factor_by_roots(kind, roots, s2, lower);
    } else {
      out.feasible = out.feasible && detail::factor(kind, gamma, lower);
    }
    if (out.feasible) detail::add_kind(kind, lower, directions, out);
  }
  if (!out.feasible) return out;
  detail::add_within(blocks, gamma, directions, out);
  detail::add_large(blocks, gamma, directions, roots, out);
  return out;
}

/// Adds the moments of nested and crossed blocks, level by level.
inline void detail::add_large(const Blocks& blocks, const VectorIn& gamma, const MatrixIn& directions,
                              const std::vector<Matrix>& roots, Moments& out) {
  for (std::size_t i = 0; i < blocks.nested.size() && out.feasible; ++i) {
    const Moments inside = moments_at(blocks.nested[i].inside, gamma, directions, roots);
    add_nested(blocks.nested[i], inside, gamma, directions, out);
  }
  for (std::size_t i = 0; i < blocks.crossed.size() && out.feasible; ++i)
    add_crossed(blocks.crossed[i], gamma, directions, roots, out);
}

}  // namespace cordgain
