// Newton's method with exact derivatives for a smooth function that need not be
// convex. Directions of negative curvature are followed downhill (absolute
// eigenvalues), steps are halved until the value falls.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cordgain/base/types.hpp>
#include <limits>

namespace cordgain {

/// Value and derivatives at one point; an infeasible point has value +Inf.
struct SecondOrder {
  double value = std::numeric_limits<double>::infinity();
  Vector gradient;
  Matrix hessian;
};

struct NewtonControl {
  int max_steps = 200;
  double decrement = 1e-13;  ///< stop below this predicted fall, after one more step (then about its square)
  double max_size = 1e12;    ///< a parameter beyond this is called divergent
  int patience = 4;          ///< steps in a row that gain no more than rounding, then stop
};

struct NewtonResult {
  Vector point;
  SecondOrder at;
  double decrement = std::numeric_limits<double>::infinity();
  int steps = 0;
  bool converged = false;
  bool divergent = false;
};

namespace detail {

/// Rounding in a value of this size, below which two values are equal.
inline double value_noise(double value) {
  return 64.0 * std::numeric_limits<double>::epsilon() * (1.0 + std::abs(value));
}

/// A fall of the value that a search may leave where rounding hides the way.
inline double flat_fall(double value) {
  return 1e-8 * (1.0 + std::abs(value));
}

/// Cholesky pivots above this, beside a diagonal of 1, leave a step its digits.
constexpr double kWellConditioned = 1e-3;

/// The step of safe_step() where there is curvature, for N parameters (Eigen::Dynamic: any number).
template <int N>
Vector safe_step_of(const SecondOrder& at, double& decrement) {
  using Column = Eigen::Matrix<double, N, 1>;
  using Square = Eigen::Matrix<double, N, N>;
  const Column reach = at.hessian.cwiseAbs().rowwise().maxCoeff() * 1e-8;
  const Column unit = at.hessian.diagonal()
                          .cwiseAbs()
                          .cwiseMax(reach)
                          .cwiseMax(std::numeric_limits<double>::min())
                          .cwiseSqrt()
                          .cwiseInverse();
  const Square hessian = unit.asDiagonal() * at.hessian * unit.asDiagonal();
  const Eigen::LLT<Square> llt(hessian);
  if (llt.info() == Eigen::Success && llt.matrixLLT().diagonal().minCoeff() > kWellConditioned) {
    const Column gradient = unit.cwiseProduct(at.gradient);  // |H| is H, and no eigenvalue is at the floor
    const Column solved = llt.solve(gradient);
    decrement = 0.5 * gradient.dot(solved);
    return -unit.cwiseProduct(solved);
  }
  const Eigen::SelfAdjointEigenSolver<Square> eigen(hessian);
  const Column size = eigen.eigenvalues().cwiseAbs();
  const double floor = size.maxCoeff() * 1e-13;
  const Column along = eigen.eigenvectors().transpose() * unit.cwiseProduct(at.gradient);
  Column scaled = along.cwiseQuotient(size.cwiseMax(floor));
  // What a nearly flat direction promises below the rounding of the value is rounding: no step there. Where
  // the curvature is rounding itself, so is much of the promise.
  const double flat = size.maxCoeff() * 1e-8, rounding = size.maxCoeff() * 1e-11;
  for (Index i = 0; i < size.size(); ++i) {
    const double least = size[i] < rounding ? flat_fall(at.value) : value_noise(at.value);
    if (size[i] < flat && along[i] * scaled[i] < least) scaled[i] = 0.0;
  }
  decrement = 0.5 * along.dot(scaled);
  return -unit.cwiseProduct(eigen.eigenvectors() * scaled);
}

/// The step -|H|^-1 g, taken in units in which the diagonal of |H| is 1 (a
/// parameter's own scale does not matter), with eigenvalues floored, so that a
/// flat direction is left where it is rather than followed to infinity.
inline Vector safe_step(const SecondOrder& at, double& decrement) {
  decrement = 0.0;
  if (!(at.hessian.size() > 0 &&
        at.hessian.cwiseAbs().maxCoeff() > 0.0)) {  // no curvature: an optimum, or no step
    if (at.gradient.size() > 0 && at.gradient.norm() > 0.0)
      decrement = std::numeric_limits<double>::infinity();
    return Vector::Zero(at.gradient.size());
  }
  // A few parameters need no memory and no loops.
  switch (at.gradient.size()) {
    case 1:
      return safe_step_of<1>(at, decrement);
    case 2:
      return safe_step_of<2>(at, decrement);
    case 3:
      return safe_step_of<3>(at, decrement);
    default:
      return safe_step_of<Eigen::Dynamic>(at, decrement);
  }
}

}  // namespace detail

/// Minimises f from `start`.
/// @param f        callable: SecondOrder f(const Vector&), pure
/// @param start    feasible starting point
/// @param control  limits
/// @return         the point, its derivatives, the Newton decrement (half of
///                 g' |H|^-1 g, the fall that a further step would bring)
/// Source: Nocedal & Wright (2006), Numerical Optimization, section 3.4.
template <class F>
[[nodiscard]] NewtonResult newton(F&& f, const Vector& start,
                                  const NewtonControl& control = NewtonControl()) {
  NewtonResult out;
  out.point = start;
  out.at = f(out.point);
  if (!std::isfinite(out.at.value)) return out;
  bool last = false;
  int idle = 0;
  for (; out.steps < control.max_steps; ++out.steps) {
    Vector step = detail::safe_step(out.at, out.decrement);
    if (!std::isfinite(out.decrement)) return out;
    // beside a singular matrix the derivatives are rounding, and so is a step that seemed the last
    out.converged = (last && out.decrement < detail::flat_fall(out.at.value)) || out.decrement == 0.0;
    out.divergent = out.point.size() > 0 && out.point.cwiseAbs().maxCoeff() > control.max_size;
    if (out.converged || out.divergent) return out;
    // a fall below the rounding of the value could not be seen: one more step, then it is its square
    last = out.decrement < std::max(control.decrement, detail::value_noise(out.at.value));
    const double allowed = out.at.value + (last ? detail::value_noise(out.at.value) : 0.0);
    bool moved = false;
    for (int halving = 0; halving < 60 && !moved; ++halving, step *= 0.5) {
      SecondOrder next = f(out.point + step);
      moved = next.value <= allowed;
      if (!moved) continue;
      idle = out.at.value - next.value > detail::value_noise(next.value) ? 0 : idle + 1;
      out.point += step;
      out.at = std::move(next);
    }
    if (!moved || (!last && idle > control.patience)) {
      out.converged = out.decrement < detail::flat_fall(out.at.value);
      return out;
    }
  }
  return out;
}

}  // namespace cordgain
