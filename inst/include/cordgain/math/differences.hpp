// Derivatives of a smooth function from its values, where no formula is at hand.
#pragma once

#include <cordgain/base/types.hpp>

namespace cordgain {

/// Gradient by central differences of fourth order: error h^4 f'''''/30, and rounding of f over h.
/// @param f     callable: double f(const Vector&), pure
/// @param step  in parameters of order 1; 1e-3 leaves about 1e-10 of |f|
template <class F>
[[nodiscard]] Vector difference_gradient(F&& f, const Vector& at, double step = 1e-3) {
  Vector out(at.size());
  for (Index j = 0; j < at.size(); ++j) {
    const auto value = [&](double by) {
      Vector moved = at;
      moved[j] += by * step;
      return f(moved);
    };
    out[j] = (8.0 * (value(1.0) - value(-1.0)) - (value(2.0) - value(-2.0))) / (12.0 * step);
  }
  return out;
}

/// Hessian by second differences, Richardson's extrapolation from steps h and 2h: error of order h^4, and
/// rounding of f over h^2.
template <class F>
[[nodiscard]] Matrix difference_hessian(F&& f, const Vector& at, double step = 1e-2) {
  const Index n = at.size();
  const double here = f(at);
  const auto value = [&](Index i, double by_i, Index j, double by_j) {
    Vector moved = at;
    moved[i] += by_i;
    moved[j] += by_j;
    return f(moved);
  };
  const auto second = [&](Index i, Index j, double h) {
    if (i == j) return (value(i, h, j, 0.0) - 2.0 * here + value(i, -h, j, 0.0)) / (h * h);
    return (value(i, h, j, h) - value(i, h, j, -h) - value(i, -h, j, h) + value(i, -h, j, -h)) /
           (4.0 * h * h);
  };
  Matrix out(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j <= i; ++j)
      out(i, j) = out(j, i) = (4.0 * second(i, j, step) - second(i, j, 2.0 * step)) / 3.0;
  }
  return out;
}

}  // namespace cordgain
