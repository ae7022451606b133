#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/math/newton.hpp>

using namespace cordgain;

namespace {

SecondOrder at(double value, const Vector& gradient, const Matrix& hessian) {
  SecondOrder out;
  out.value = value;
  out.gradient = gradient;
  out.hessian = hessian;
  return out;
}

// (x^2 - 1)^2 + y^2: a saddle at 0, minima at x = 1 and -1.
SecondOrder double_well(const Vector& q) {
  const double x = q[0], y = q[1];
  Vector g(2);
  g << 4.0 * x * (x * x - 1.0), 2.0 * y;
  Matrix h = Matrix::Zero(2, 2);
  h(0, 0) = 12.0 * x * x - 4.0;
  h(1, 1) = 2.0;
  return at((x * x - 1.0) * (x * x - 1.0) + y * y, g, h);
}

}  // namespace

TEST_CASE("a quadratic is solved in one step, whatever its scales") {
  const auto f = [](const Vector& q) {
    Vector g(2);
    g << 2e8 * (q[0] - 3.0), 2e-8 * (q[1] + 5.0);
    Matrix h = Matrix::Zero(2, 2);
    h(0, 0) = 2e8;
    h(1, 1) = 2e-8;
    return at(1e8 * (q[0] - 3.0) * (q[0] - 3.0) + 1e-8 * (q[1] + 5.0) * (q[1] + 5.0), g, h);
  };
  const NewtonResult r = newton(f, Vector::Zero(2));
  REQUIRE(r.converged);
  REQUIRE(r.point[0] == Approx(3.0).epsilon(1e-12));
  REQUIRE(r.point[1] == Approx(-5.0).epsilon(1e-9));
}

TEST_CASE("negative curvature is left downhill") {
  Vector start(2);
  start << 0.1, 1.0;
  const NewtonResult r = newton(double_well, start);
  REQUIRE(r.converged);
  REQUIRE(r.point[0] == Approx(1.0).epsilon(1e-12));
  REQUIRE(r.decrement < 1e-25);
}

TEST_CASE("an infeasible start is not called converged") {
  const NewtonResult r = newton([](const Vector&) { return SecondOrder(); }, Vector::Zero(1));
  REQUIRE_FALSE(r.converged);
}

TEST_CASE("a function without a minimum is called divergent, not converged") {
  const auto f = [](const Vector& q) {
    return at(-q[0] * q[0], Vector::Constant(1, -2.0 * q[0]), Matrix::Constant(1, 1, -2.0));
  };
  const NewtonResult r = newton(f, Vector::Ones(1));
  REQUIRE(r.divergent);
  REQUIRE_FALSE(r.converged);
}

TEST_CASE("nothing to optimise is an optimum") {
  const auto f = [](const Vector&) { return at(4.0, Vector(0), Matrix(0, 0)); };
  REQUIRE(newton(f, Vector(0)).converged);
}

TEST_CASE("a direction that the function does not see is not followed, though rounding gives it a slope") {
  const auto f = [](const Vector& x) {
    const double off = x[0] + x[1] - 1.0;
    SecondOrder out;
    out.value = off * off;
    out.gradient = Vector(2);
    out.gradient << 2.0 * off + 1e-15, 2.0 * off - 1e-15;
    out.hessian = Matrix::Constant(2, 2, 2.0);
    return out;
  };
  const NewtonResult found = newton(f, Vector::Zero(2));
  REQUIRE(found.converged);
  REQUIRE(found.point.sum() == Approx(1.0));
  REQUIRE(std::abs(found.point[0] - found.point[1]) < 1.0);
}

TEST_CASE("a function that is flat everywhere is at its optimum") {
  const auto f = [](const Vector& x) {
    return SecondOrder{1.0, Vector::Zero(x.size()), Matrix::Zero(x.size(), x.size())};
  };
  const NewtonResult found = newton(f, Vector::Ones(2));
  REQUIRE(found.converged);
  REQUIRE(found.point == Vector::Ones(2));
}

TEST_CASE("the step is the same for few parameters as for many, inside and outside of a convex place") {
  for (const double last : {2.0, -2.0, 1e-20}) {
    for (Index n = 1; n <= 4; ++n) {
      Matrix h = Matrix::Zero(n, n);
      Vector g(n);
      for (Index i = 0; i < n; ++i) {
        h(i, i) = i == n - 1 ? last : 3.0 + static_cast<double>(i);
        g[i] = 1.0 + static_cast<double>(i);
        if (i > 0) h(i, i - 1) = h(i - 1, i) = i == n - 1 && last < 1.0 ? 0.0 : 0.25;
      }
      double few = 0.0, many = 0.0;
      const Vector a = detail::safe_step(at(0.0, g, h), few);
      const Vector b = detail::safe_step_of<Eigen::Dynamic>(at(0.0, g, h), many);
      REQUIRE((a - b).norm() <= 1e-13 * b.norm());
      REQUIRE(few == Approx(many).epsilon(1e-13));
      // Downhill, by |H| where H is diagonal in its last row.
      REQUIRE(g.dot(a) < 0.0);
    }
  }
}

TEST_CASE("a step that seemed the last is not, where the derivatives at its end say otherwise") {
  // a slope of 1e-9 promises nothing at x < 0; beyond, the slope is 1: the first small step ends there
  const auto f = [](const Vector& q) {
    const bool beyond = q[0] > 0.0;
    return at(beyond ? -1e-16 : 0.0, Vector::Constant(1, beyond ? 1.0 : -1e-9), Matrix::Ones(1, 1));
  };
  const NewtonResult r = newton(f, Vector::Constant(1, -1e-10));
  REQUIRE(r.steps > 0);
  REQUIRE_FALSE((r.converged && r.decrement > detail::flat_fall(r.at.value)));
}

TEST_CASE("where curvature is rounding, a fall that cannot be told from rounding is not followed") {
  // In units of unit curvature the Hessian is [1 1; 1 1 + 1e-12]: the direction (1, -1) has curvature 5e-13,
  // and a slope of 7e-12 there promises a fall of 1e-10 far away.
  const auto f = [](const Vector& q) {
    Vector g(2);
    g << q[0] - 1.0, 1e-16;
    Matrix h = Matrix::Identity(2, 2);
    h(0, 1) = h(1, 0) = 1e-5;
    h(1, 1) = 1e-10 * (1.0 + 1e-12);
    return at(0.5 * (q[0] - 1.0) * (q[0] - 1.0), g, h);
  };
  Vector start(2);
  start << 1.0 + 1e-11, 0.0;
  const NewtonResult r = newton(f, start);
  REQUIRE(r.converged);
  REQUIRE(r.steps <= 3);
  REQUIRE(r.point.cwiseAbs().maxCoeff() < 2.0);
}
