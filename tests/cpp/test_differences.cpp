#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/math/differences.hpp>

using namespace cordgain;

TEST_CASE("differences agree with the derivatives of exp(x) cos(y)") {
  const auto f = [](const Vector& p) { return std::exp(p[0]) * std::cos(p[1]); };
  Vector at(2);
  at << 0.3, 0.7;
  const double e = std::exp(0.3), c = std::cos(0.7), s = std::sin(0.7);
  const Vector gradient = difference_gradient(f, at);
  // h^4 / 30 = 3e-14 and rounding 1e-16 / 1e-3
  REQUIRE(std::fabs(gradient[0] - e * c) < 1e-12);
  REQUIRE(std::fabs(gradient[1] + e * s) < 1e-12);
  const Matrix hessian = difference_hessian(f, at);
  // steps of 1e-2: h^4 of about 1e-8 times a small number, rounding 1e-16 / 1e-4
  REQUIRE(std::fabs(hessian(0, 0) - e * c) < 1e-8);
  REQUIRE(std::fabs(hessian(1, 1) + e * c) < 1e-8);
  REQUIRE(std::fabs(hessian(0, 1) + e * s) < 1e-8);
  REQUIRE(hessian(0, 1) == hessian(1, 0));
}

TEST_CASE("a quadratic has its own Hessian") {
  const auto f = [](const Vector& p) { return 3.0 * p[0] * p[0] - 2.0 * p[0] * p[1] + p[1] * p[1]; };
  const Matrix h = difference_hessian(f, Vector::Constant(2, 1.0));
  REQUIRE(std::fabs(h(0, 0) - 6.0) < 1e-10);
  REQUIRE(std::fabs(h(0, 1) + 2.0) < 1e-10);
  REQUIRE(std::fabs(h(1, 1) - 2.0) < 1e-10);
}
