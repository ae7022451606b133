// The profile of one parameter as a function of its held value: the least
// deviance over all others and, by the envelope theorem, its slope.
#pragma once

#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/fit/criterion.hpp>
#include <cordgain/math/signed_root.hpp>
#include <cordgain/model/transformed_columns.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace cordgain {
namespace detail {

/// Least of f over all coordinates but one, that held at `value`. A saddle (a
/// zero that the score would leave) is left along its negative curvature.
template <class F>
NewtonResult least_with_one_held(F&& f, Index held, double value, Vector theta) {
  theta[held] = value;
  std::vector<Index> rest;
  for (Index i = 0; i < theta.size(); ++i) {
    if (i != held) rest.push_back(i);
  }
  const Index m = static_cast<Index>(rest.size());
  SecondOrder whole;
  Vector point = theta;
  const auto restricted = [&](const Vector& q) {
    for (Index i = 0; i < m; ++i) point[rest[static_cast<std::size_t>(i)]] = q[i];
    whole = f(point);
    SecondOrder out;
    out.value = whole.value;
    if (!std::isfinite(whole.value)) return out;
    out.gradient.resize(m);
    out.hessian.resize(m, m);
    for (Index i = 0; i < m; ++i) {
      out.gradient[i] = whole.gradient[rest[static_cast<std::size_t>(i)]];
      for (Index j = 0; j < m; ++j)
        out.hessian(i, j) =
            whole.hessian(rest[static_cast<std::size_t>(i)], rest[static_cast<std::size_t>(j)]);
    }
    return out;
  };
  NewtonControl control;
  control.decrement = 1e-7;  // then one more step, which squares it
  Vector start(m);
  for (Index i = 0; i < m; ++i) start[i] = theta[rest[static_cast<std::size_t>(i)]];
  NewtonResult out = newton(restricted, start, control);
  for (int round = 0; round < 3 && m > 0 && std::isfinite(out.at.value); ++round) {
    const Eigen::SelfAdjointEigenSolver<Matrix> eigen(out.at.hessian);
    if (!(eigen.eigenvalues()[0] < -1e-6 * eigen.eigenvalues().cwiseAbs().maxCoeff())) break;
    const double reach = 1e-2 * (1.0 + out.point.cwiseAbs().maxCoeff());
    out = newton(restricted, out.point + reach * eigen.eigenvectors().col(0), control);
  }
  const Vector best = out.point;
  out.at = restricted(best);  // leaves `whole` and `point` at the optimum
  out.point = point;
  out.at = whole;
  return out;
}

/// The profile of one working parameter of a covariance.
class CovarianceProfile {
 public:
  CovarianceProfile(const Blocks& blocks, Covariance covariance, const LikelihoodKind& kind, Vector theta,
                    Index held, double least)
      : blocks_(blocks),
        covariance_(std::move(covariance)),
        kind_(kind),
        theta_(std::move(theta)),
        held_(held),
        least_(least) {}

  ProfilePoint operator()(double value) {
    const PooledCriterion criterion(blocks_, kind_);
    const auto objective = [&](const Vector& q) { return criterion.in_theta(covariance_, q); };
    const NewtonResult found = least_with_one_held(objective, held_, value, predicted(value));
    if (!std::isfinite(found.at.value)) return {std::numeric_limits<double>::infinity(), 0.0};
    theta_ = found.point;
    hessian_ = found.at.hessian;
    return {found.at.value - least_, found.at.gradient[held_]};
  }

  /// Distance at which a parabola at the peak would have risen by z^2.
  [[nodiscard]] double reach(double z) const {
    const SecondOrder at = PooledCriterion(blocks_, kind_).in_theta(covariance_, theta_);
    const double own = at.hessian.size() > 0 ? at.hessian(held_, held_) : 0.0;
    if (!(own > 0.0)) return 0.3 * (std::abs(theta_[held_]) + 1e-3);
    double curvature = own;
    if (theta_.size() > 1) {
      const Vector move = others_move(at.hessian);
      curvature += at.hessian.col(held_).dot(move);
    }
    if (!(curvature > 1e-3 * own)) curvature = own;
    return z * std::sqrt(2.0 / curvature);
  }

 private:
  /// d(other parameters) / d(held one) along the profile; zero at `held`.
  [[nodiscard]] Vector others_move(const Matrix& hessian) const {
    Matrix system = hessian;
    system.row(held_).setZero();
    system.col(held_).setZero();
    system(held_, held_) = 1.0;
    Vector right = -hessian.col(held_);
    right[held_] = 0.0;
    Vector out = Eigen::LDLT<Matrix>(system).solve(right);
    if (!out.allFinite()) out.setZero();
    return out;
  }

  [[nodiscard]] Vector predicted(double value) const {
    if (hessian_.size() == 0) return theta_;
    const Vector move = (value - theta_[held_]) * others_move(hessian_);
    const double size = 1.0 + theta_.cwiseAbs().maxCoeff();
    return move.cwiseAbs().maxCoeff() < size ? Vector(theta_ + move) : theta_;
  }

  const Blocks& blocks_;
  Covariance covariance_;
  LikelihoodKind kind_;
  Vector theta_;
  Index held_;
  double least_;
  Matrix hessian_;
};

/// The profile of l'beta by maximum likelihood: scores less what the held value
/// explains, on the columns that are left.
class FixedProfile {
 public:
  FixedProfile(const Blocks& blocks, const Covariance& covariance, const LikelihoodKind& kind, Vector theta,
               const Vector& contrast, double least)
      : blocks_(blocks),
        covariance_(covariance),
        kind_(kind),
        theta_(std::move(theta)),
        contrast_(contrast),
        least_(least) {
    const Eigen::HouseholderQR<Matrix> qr{Matrix(contrast)};
    rotation_ = qr.householderQ() * Matrix::Identity(contrast.size(), contrast.size());
    if (rotation_.col(0).dot(contrast) < 0.0) rotation_.col(0) *= -1.0;
  }

  ProfilePoint operator()(double value) {
    const Index p = blocks_.p;
    Matrix t = Matrix::Zero(p + 1, p);
    t.topLeftCorner(p, p - 1) = rotation_.rightCols(p - 1);
    t.col(p - 1).head(p) = -rotation_.col(0) * (value / contrast_.norm());
    t(p, p - 1) = 1.0;
    const Blocks held = transform_columns(blocks_, t);
    const PooledCriterion criterion(held, kind_);
    // No working parameter is held: one is added that the objective ignores.
    const auto padded = [&](const Vector& q) {
      SecondOrder at = criterion.in_theta(covariance_, q.head(q.size() - 1));
      at.gradient.conservativeResize(q.size());
      at.hessian.conservativeResize(q.size(), q.size());
      return at;
    };
    Vector start(theta_.size() + 1);
    start << theta_, 0.0;
    const NewtonResult found = least_with_one_held(padded, theta_.size(), 0.0, start);
    if (!std::isfinite(found.at.value)) return {std::numeric_limits<double>::infinity(), 0.0};
    theta_ = found.point.head(theta_.size());
    return {found.at.value - least_, slope_at(value)};
  }

 private:
  /// By the envelope theorem: the derivative of r'V^-1 r, by the scale.
  [[nodiscard]] double slope_at(double value) const {
    const Matrix none(blocks_.n_gamma, 0);
    const Moments moments = moments_at(blocks_, covariance_.gamma(theta_), none, covariance_.roots(theta_));
    const FixedEffects fixed = fixed_effects(moments.cross, blocks_.p);
    const double variance = contrast_.dot(fixed.precision.solve(contrast_));
    const double departure = value - contrast_.dot(fixed.beta);
    const double nu = static_cast<double>(blocks_.n);
    const double scale = kind_.profiled ? (fixed.residual + departure * departure / variance) / nu : 1.0;
    return 2.0 * departure / variance / scale;
  }

  const Blocks& blocks_;
  Covariance covariance_;
  LikelihoodKind kind_;
  Vector theta_;
  Vector contrast_;
  double least_;
  Matrix rotation_;
};

}  // namespace detail
}  // namespace cordgain
