// Minus twice the restricted or full log likelihood from the moments, with
// gradient in gamma and Hessian along directions in gamma.
#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/model/moments.hpp>
#include <vector>

namespace cordgain {

struct LikelihoodKind {
  bool restricted = true;  ///< REML; false: ML
  bool profiled = true;    ///< the common scale of V is profiled out
};

/// Fixed effects at given variances, in the blocks' coordinates.
struct FixedEffects {
  Vector beta;
  Eigen::LLT<Matrix> precision;  ///< factor of X'V^-1X
  double residual = 0.0;         ///< r'V^-1 r
  bool feasible = false;
};

/// beta = M_xx^-1 M_xy and the residual form M_yy - M_yx M_xx^-1 M_xy.
[[nodiscard]] inline FixedEffects fixed_effects(const Vector& cross, Index p) {
  FixedEffects out;
  const Matrix m = unpacked(cross, p + 1);
  out.beta = Vector::Zero(p);
  if (p > 0) {
    out.precision.compute(m.topLeftCorner(p, p));
    if (out.precision.info() != Eigen::Success) return out;
    out.beta = out.precision.solve(m.col(p).head(p));
  }
  Vector c(p + 1);
  c << -out.beta, 1.0;
  out.residual = c.dot(m * c);
  out.feasible = out.residual > 0.0 && std::isfinite(out.residual);
  return out;
}

/// The likelihood's second-order expansion.
struct Expansion {
  double value = std::numeric_limits<double>::infinity();
  Vector gradient;  ///< in gamma
  Matrix hessian;   ///< along the directions of the moments, V linear along them
  FixedEffects fixed;
  double scale = 1.0;  ///< profiled common scale of V
};

namespace detail {

constexpr double kLog2Pi = 1.8378770664093454836;

/// Weights that turn a packed form F into tr(A F) (A symmetric, over the first rows of F).
inline Vector trace_weights(const MatrixIn& a, Index width) {
  Vector out = Vector::Zero(packed_size(width));
  for (Index j = 0; j < a.cols(); ++j) {
    double* column = out.data() + packed_index(j, j, width);
    column[0] = a(j, j);
    for (Index i = j + 1; i < a.rows(); ++i) column[i - j] = 2.0 * a(i, j);
  }
  return out;
}

/// What the second derivatives need of the slopes, a column per direction: the x block
/// whitened by the factor of X'V^-1X, the whitened x part of F c, and c'F c.
struct WhitenedSlopes {
  Matrix xx;  ///< p^2 x a
  Matrix x;   ///< p x a
  Vector yy;  ///< a
};

inline WhitenedSlopes whitened_slopes(const Matrix& slopes, const FixedEffects& fixed, const Vector& c) {
  const Index p = fixed.beta.size(), a = slopes.cols();
  WhitenedSlopes out{Matrix(p * p, a), Matrix(p, a), Vector(a)};
  Matrix whitener = Matrix::Identity(p, p);
  if (p > 0) fixed.precision.matrixL().solveInPlace(whitener);
  Matrix half(p, p);
  for (Index i = 0; i < a; ++i) {
    const Matrix form = unpacked(slopes.col(i), p + 1);
    const Vector fc = form.lazyProduct(c);
    out.yy[i] = c.dot(fc);
    out.x.col(i).noalias() = whitener.lazyProduct(fc.head(p));
    half.noalias() = whitener.lazyProduct(form.topLeftCorner(p, p));
    Eigen::Map<Matrix>(out.xx.col(i).data(), p, p).noalias() = half.lazyProduct(whitener.transpose());
  }
  return out;
}

inline double log_det(const Eigen::LLT<Matrix>& llt, Index p) {
  return p == 0 ? 0.0 : 2.0 * llt.matrixLLT().diagonal().array().log().sum();
}

}  // namespace detail

/// Minus twice the log likelihood and its derivatives.
///   REML: log|V| + log|X'V^-1X| + r'V^-1r + (n - p) log 2pi
///   ML:   log|V|                + r'V^-1r +  n      log 2pi
/// profiled: nu = n - p or n, r'V^-1r becomes nu log(r'V^-1r / nu) + nu.
/// @param moments     at gamma, second-order along `directions`
/// @param directions  n_gamma x a
/// Source: Patterson & Thompson (1971), Biometrika 58:545; Lindstrom & Bates
/// (1988), JASA 83:1014.
[[nodiscard]] inline Expansion expand(const Moments& moments, const MatrixIn& directions, Index n, Index p,
                                      const LikelihoodKind& kind) {
  Expansion out;
  if (!moments.feasible) return out;
  out.fixed = fixed_effects(moments.cross, p);
  if (!out.fixed.feasible) return out;
  const double nu = static_cast<double>(kind.restricted ? n - p : n), rss = out.fixed.residual;
  out.scale = kind.profiled ? rss / nu : 1.0;
  out.value =
      moments.log_det + nu * detail::kLog2Pi + (kind.profiled ? nu * (1.0 + std::log(out.scale)) : rss);
  if (kind.restricted) out.value += detail::log_det(out.fixed.precision, p);

  Vector c(p + 1);
  c << -out.fixed.beta, 1.0;
  Vector weights = detail::trace_weights(c * (c / out.scale).transpose(), p + 1);
  if (kind.restricted && p > 0)
    weights += detail::trace_weights(out.fixed.precision.solve(Matrix::Identity(p, p)), p + 1);
  out.gradient = moments.trace;
  out.gradient.noalias() += moments.slope.transpose().lazyProduct(weights);
  const Index a = directions.cols();
  out.hessian = -moments.trace2;
  if (a == 0) return out;
  const detail::WhitenedSlopes along =
      detail::whitened_slopes(moments.slope.lazyProduct(directions), out.fixed, c);
  out.hessian.noalias() -= (2.0 / out.scale) * along.x.transpose().lazyProduct(along.x);
  if (kind.restricted) out.hessian.noalias() -= along.xx.transpose().lazyProduct(along.xx);
  if (kind.profiled)
    out.hessian.noalias() -= along.yy * (along.yy / (nu * out.scale * out.scale)).transpose();
  for (Index j = 0, at = 0; j < a; ++j) {
    for (Index i = j; i < a; ++i, ++at) {
      const double h = 2.0 * weights.dot(moments.curve.col(at));
      out.hessian(i, j) += h;
      if (i != j) out.hessian(j, i) += h;
    }
  }
  return out;
}

}  // namespace cordgain
