// A likelihood as a function of the variance parameters, whatever form its data
// are kept in: pooled moments (any number of rows), or the rows themselves where
// there are few (see saturated.hpp).
#pragma once

#include <cmath>
#include <cordgain/fit/likelihood.hpp>
#include <cordgain/fit/one_term.hpp>
#include <cordgain/math/newton.hpp>
#include <cordgain/model/covariance.hpp>
#include <memory>
#include <vector>

namespace cordgain {

/// Minus twice a log likelihood.
class Criterion {
 public:
  virtual ~Criterion() = default;
  /// Value, gradient and Hessian in the working parameters.
  [[nodiscard]] virtual SecondOrder in_theta(const Covariance& covariance, const Vector& theta) const = 0;
  /// Value and gradient in gamma; no roots: V is made from gamma.
  [[nodiscard]] virtual SecondOrder in_gamma(const VectorIn& gamma,
                                             const std::vector<Matrix>& roots) const = 0;
};

/// The criterion of reduced data.
class PooledCriterion final : public Criterion {
 public:
  PooledCriterion(const Blocks& blocks, const LikelihoodKind& kind)
      : blocks_(blocks), kind_(kind), one_term_(one_term_likelihood(blocks, kind)) {}

  [[nodiscard]] SecondOrder in_theta(const Covariance& covariance, const Vector& theta) const override {
    const FactorTerm* only = one_term_ == nullptr ? nullptr : detail::only_factor(covariance);
    if (only != nullptr) return one_term_->at(*only, theta);
    const Matrix jacobian = covariance.jacobian(theta);
    const Expansion e =
        expand(moments_at(blocks_, covariance.gamma(theta), jacobian, covariance.roots(theta)), jacobian,
               blocks_.n, blocks_.p, kind_);
    SecondOrder out;
    out.value = e.value;
    if (!std::isfinite(e.value)) return out;
    out.gradient = jacobian.transpose() * e.gradient;
    out.hessian = e.hessian + covariance.curvature(theta, e.gradient);
    return out;
  }

  [[nodiscard]] SecondOrder in_gamma(const VectorIn& gamma, const std::vector<Matrix>& roots) const override {
    const Expansion e = at(gamma, roots);
    SecondOrder out;
    out.value = e.value;
    out.gradient = e.gradient;
    return out;
  }

  /// The same with fixed effects and scale.
  [[nodiscard]] Expansion at(const VectorIn& gamma, const std::vector<Matrix>& roots) const {
    const Matrix none(blocks_.n_gamma, 0);
    return expand(moments_at(blocks_, gamma, none, roots), none, blocks_.n, blocks_.p, kind_);
  }

 private:
  const Blocks& blocks_;
  LikelihoodKind kind_;
  std::unique_ptr<OneTermLikelihood> one_term_;  // null where the data have another form
};

/// How many working parameters a criterion does not depend on: at all points slope and curvature are
/// rounding.
[[nodiscard]] inline Index without_influence(const Criterion& criterion, const Covariance& covariance,
                                             const std::vector<Vector>& points) {
  Vector seen = Vector::Zero(covariance.n_theta());
  for (const Vector& point : points) {
    const SecondOrder at = criterion.in_theta(covariance, point);
    if (!std::isfinite(at.value)) return 0;
    const Vector size = at.hessian.cwiseAbs().rowwise().maxCoeff().cwiseMax(at.gradient.cwiseAbs());
    seen = seen.cwiseMax(size / (1.0 + std::abs(at.value)));
  }
  return (seen.array() < 1e-11).count();
}

}  // namespace cordgain
