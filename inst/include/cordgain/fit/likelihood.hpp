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

/// A form split into what REML needs: whitened x block, whitened (form c)_x, c'form c.
struct SplitForm {
  Matrix xx;
  Vector x;
  double yy = 0.0;
};

inline SplitForm split_form(const VectorIn& packed_form, const FixedEffects& fixed) {
  const Index p = fixed.beta.size();
  const Matrix form = unpacked(packed_form, p + 1);
  Vector c(p + 1);
  c << -fixed.beta, 1.0;
  const Vector fc = form * c;
  SplitForm out;
  out.yy = c.dot(fc);
  if (p > 0) {
    const auto lower = fixed.precision.matrixL();
    const Matrix half = lower.solve(form.topLeftCorner(p, p));
    out.xx = lower.solve(half.transpose());
    out.x = lower.solve(fc.head(p));
  } else {
    out.xx = Matrix::Zero(0, 0);
    out.x = Vector(0);
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
  constexpr double kLog2Pi = 1.8378770664093454836;
  Expansion out;
  if (!moments.feasible) return out;
  out.fixed = fixed_effects(moments.cross, p);
  if (!out.fixed.feasible) return out;
  const double nu = static_cast<double>(kind.restricted ? n - p : n), rss = out.fixed.residual;
  out.scale = kind.profiled ? rss / nu : 1.0;
  out.value = moments.log_det + nu * kLog2Pi + (kind.profiled ? nu * (1.0 + std::log(out.scale)) : rss);
  if (kind.restricted) out.value += detail::log_det(out.fixed.precision, p);

  const Index m = moments.trace.size(), a = directions.cols();
  std::vector<detail::SplitForm> first;
  first.reserve(static_cast<std::size_t>(m));
  out.gradient = moments.trace;
  for (Index k = 0; k < m; ++k) {
    first.push_back(detail::split_form(moments.slope.col(k), out.fixed));
    if (kind.restricted) out.gradient[k] += first.back().xx.trace();
    out.gradient[k] += first.back().yy / out.scale;
  }
  std::vector<detail::SplitForm> moved(static_cast<std::size_t>(a));
  const Matrix slopes = moments.slope * directions;
  for (Index i = 0; i < a; ++i)
    moved[static_cast<std::size_t>(i)] = detail::split_form(slopes.col(i), out.fixed);
  out.hessian = -moments.trace2;
  Index at = 0;
  for (Index j = 0; j < a; ++j) {
    for (Index i = j; i < a; ++i, ++at) {
      const detail::SplitForm q = detail::split_form(moments.curve.col(at), out.fixed);
      const detail::SplitForm &u = moved[static_cast<std::size_t>(i)],
                              &v = moved[static_cast<std::size_t>(j)];
      double h = 2.0 * (q.yy - u.x.dot(v.x)) / out.scale;
      if (kind.profiled) h -= u.yy * v.yy / (nu * out.scale * out.scale);
      if (kind.restricted) h += 2.0 * q.xx.trace() - u.xx.cwiseProduct(v.xx).sum();
      out.hessian(i, j) += h;
      if (i != j) out.hessian(j, i) += h;
    }
  }
  return out;
}

}  // namespace cordgain
