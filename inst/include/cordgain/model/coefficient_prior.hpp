// Priors on fixed effects, and what they make of them at given variances: a
// finite mixture of normals, in closed form.
#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/math/packed.hpp>
#include <vector>

namespace cordgain {

/// One normal of a coefficient's prior; an infinite sd is flat. `mixing` names the hyperparameter whose
/// value divides sd^2 (a t prior as a scale mixture), or -1.
struct CoefficientComponent {
  double weight = 1.0;
  double mean = 0.0;
  double sd = 1.0;
  Index mixing = -1;
};

/// Independent priors of the coefficients, in the user's units.
using CoefficientPriors = std::vector<std::vector<CoefficientComponent>>;

/// beta = shift + map * (beta in the blocks' coordinates); log|X'X| of the user's X.
struct CoefficientFrame {
  Vector shift;
  Matrix map;  ///< upper triangular
};

/// The normal posterior of the coefficients under one choice of components.
struct ConditionalNormal {
  double log_weight = 0.0;  ///< log of (weight of the choice) x (density of y), less constants of the frame
  Vector mean;              ///< user's units
  Matrix covariance;
};

namespace detail {

/// All choices of one component for each coefficient.
inline std::vector<std::vector<CoefficientComponent>> component_choices(const CoefficientPriors& priors) {
  constexpr std::size_t kMost = 256;
  std::vector<std::vector<CoefficientComponent>> out(1);
  for (const auto& prior : priors) {
    std::vector<std::vector<CoefficientComponent>> next;
    for (const auto& choice : out) {
      for (const CoefficientComponent& component : prior) {
        next.push_back(choice);
        next.back().push_back(component);
      }
    }
    out = std::move(next);
    if (out.size() > kMost)
      throw NumericalError(
          "the mixture priors of the coefficients have more than 256 combinations of components");
  }
  return out;
}

}  // namespace detail

/// The posterior of beta given V, y ~ N(X beta, V), beta_j ~ N(mean_j, sd_j^2):
///   A = V0^-1 + X'V^-1X,  A m = V0^-1 m0 + X'V^-1 y,
///   log p(y) = -1/2 { n log 2pi + log|V| + log|V0| + log|A| + y'V^-1y + m0'V0^-1m0 - m'A m }
/// A flat coefficient has no part in V0 and adds log(2pi)/2 (its density is 1).
/// @param cross    packed [X y]'V^-1[X y] in the blocks' coordinates
/// @param log_det  log|V| there
/// @param n        rows
/// @param choice   one component for each coefficient
/// @param values   hyperparameters, for scales of t priors
/// @param weight_only  whether mean and covariance may stay empty
/// Source: Lindley & Smith (1972), J. R. Stat. Soc. B 34:1.
[[nodiscard]] inline ConditionalNormal condition(const VectorIn& cross, double log_det, Index n,
                                                 const CoefficientFrame& frame,
                                                 const std::vector<CoefficientComponent>& choice,
                                                 const VectorIn& values, bool weight_only = false) {
  constexpr double kLog2Pi = 1.8378770664093454836;
  const Index p = frame.shift.size();
  const Matrix m = unpacked(cross, p + 1);
  ConditionalNormal out;
  Vector precision(p), offset(p);
  double log_v0 = 0.0, proper = 0.0;
  for (Index j = 0; j < p; ++j) {
    const CoefficientComponent& c = choice[static_cast<std::size_t>(j)];
    out.log_weight += std::log(c.weight);
    offset[j] = c.mean - frame.shift[j];
    precision[j] = std::isinf(c.sd) ? 0.0 : (c.mixing < 0 ? 1.0 : values[c.mixing]) / (c.sd * c.sd);
    if (precision[j] <= 0.0) {
      offset[j] = 0.0;
      continue;
    }
    log_v0 -= std::log(precision[j]);
    proper += 1.0;
  }
  const Matrix a = m.topLeftCorner(p, p) + frame.map.transpose() * precision.asDiagonal() * frame.map;
  const Vector h = m.col(p).head(p) + frame.map.transpose() * precision.cwiseProduct(offset);
  const Eigen::LLT<Matrix> llt(a);
  if (llt.info() != Eigen::Success) throw NumericalError("the coefficients are not identified");
  const Vector mean = llt.solve(h);
  const double quadratic = m(p, p) + offset.cwiseAbs2().dot(precision) - h.dot(mean);
  // |A| in the user's units: A_user = map^-T A map^-1.
  const double log_a =
      2.0 * (llt.matrixLLT().diagonal().array().log().sum() - frame.map.diagonal().array().abs().log().sum());
  const double nu = static_cast<double>(n) - (static_cast<double>(p) - proper);
  out.log_weight -= 0.5 * (nu * kLog2Pi + log_det + log_v0 + log_a + quadratic);
  if (weight_only) return out;
  out.mean = frame.shift + frame.map * mean;
  const Matrix root = llt.matrixL().solve(Matrix(frame.map.transpose()));
  out.covariance = root.transpose() * root;
  return out;
}

}  // namespace cordgain
