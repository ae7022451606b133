#include <testthat/vendor/catch.h>
#include <cordgain/infer/profile_curve.hpp>

using namespace cordgain;

namespace {

// (x - 1)^2 + 2 (y - x)^2 + 3 (z + y)^2: with x held, y and z follow a linear system.
SecondOrder bowl(const Vector& q) {
  const double x = q[0], y = q[1], z = q[2];
  SecondOrder out;
  out.value = (x - 1.0) * (x - 1.0) + 2.0 * (y - x) * (y - x) + 3.0 * (z + y) * (z + y);
  out.gradient =
      (Vector(3) << 2.0 * (x - 1.0) - 4.0 * (y - x), 4.0 * (y - x) + 6.0 * (z + y), 6.0 * (z + y)).finished();
  out.hessian = (Matrix(3, 3) << 6.0, -4.0, 0.0, -4.0, 10.0, 6.0, 0.0, 6.0, 6.0).finished();
  return out;
}

// (y^2 - x)^2 at x held positive: a saddle at y = 0, minima at y = sqrt(x) and -sqrt(x).
SecondOrder wells(const Vector& q) {
  const double x = q[0], y = q[1], d = y * y - x;
  SecondOrder out;
  out.value = d * d;
  out.gradient = (Vector(2) << -2.0 * d, 4.0 * d * y).finished();
  out.hessian = (Matrix(2, 2) << 2.0, -4.0 * y, -4.0 * y, 8.0 * y * y + 4.0 * d).finished();
  return out;
}

}  // namespace

TEST_CASE("the others are at their optimum, the held one where it was put, and the slope is the envelope's") {
  const NewtonResult found = detail::least_with_one_held(bowl, 0, 3.0, Vector::Zero(3));
  REQUIRE(found.point[0] == 3.0);
  REQUIRE(found.point[1] == Approx(3.0).epsilon(1e-10));
  REQUIRE(found.point[2] == Approx(-3.0).epsilon(1e-10));
  REQUIRE(found.at.value == Approx(4.0).epsilon(1e-12));        // (3 - 1)^2
  REQUIRE(found.at.gradient[0] == Approx(4.0).epsilon(1e-10));  // its derivative
}

TEST_CASE("a saddle is left") {
  const NewtonResult found = detail::least_with_one_held(wells, 0, 4.0, Vector::Zero(2));
  REQUIRE(std::abs(found.point[1]) == Approx(2.0).epsilon(1e-7));
  REQUIRE(found.at.value < 1e-12);
}
