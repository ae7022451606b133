#include <testthat/vendor/catch.h>
#include <cordgain/dist/limits.hpp>

using cordgain::detail::beta_tail_by_quadrature;
using cordgain::detail::gamma_tail_by_quadrature;

TEST_CASE("the quadrature of a beta density gives the closed forms of small shapes") {
  // I_x(1, b) = 1 - (1 - x)^b; I_x(a, 1) = x^a; arcsine law I_x(1/2, 1/2) = 2/pi asin(sqrt(x)).
  // The rule is asked for 1e-14 relative; ten times that is allowed.
  for (double x : {1e-6, 0.01, 0.3, 0.5, 0.99}) {
    REQUIRE(std::abs(beta_tail_by_quadrature(1.0, 4.0, x) - (1.0 - std::pow(1.0 - x, 4.0))) < 1e-13);
    REQUIRE(std::abs(beta_tail_by_quadrature(3.0, 1.0, x) - x * x * x) < 1e-13);
    const double arcsine = 2.0 / std::acos(-1.0) * std::asin(std::sqrt(x));
    REQUIRE(std::abs(beta_tail_by_quadrature(0.5, 0.5, x) - arcsine) < 1e-13);
  }
}

TEST_CASE("the quadrature is 0 at 0 and 1 at 1") {
  REQUIRE(beta_tail_by_quadrature(2.0, 3.0, 0.0) == 0.0);
  REQUIRE(std::abs(beta_tail_by_quadrature(2.0, 3.0, 1.0) - 1.0) < 1e-13);
  REQUIRE(gamma_tail_by_quadrature(2.0, 0.0) == 0.0);
}

TEST_CASE("the quadrature of a gamma density gives the exponential and the Erlang law") {
  for (double x : {0.01, 1.0, 5.0, 30.0}) {
    REQUIRE(std::abs(gamma_tail_by_quadrature(1.0, x) + std::expm1(-x)) < 1e-13);
    REQUIRE(std::abs(gamma_tail_by_quadrature(2.0, x) - (1.0 - std::exp(-x) * (1.0 + x))) < 1e-13);
  }
}

TEST_CASE("the beta density is 0 outside the open unit interval, also where it has a pole") {
  REQUIRE(cordgain::detail::beta_density(0.5, 0.5, 0.0) == 0.0);
  REQUIRE(cordgain::detail::beta_density(0.5, 0.5, 1.0) == 0.0);
  REQUIRE(std::abs(cordgain::detail::beta_density(2.0, 1.0, 0.25) - 0.5) < 1e-15);
}

TEST_CASE("an error is ten times the difference of two routes and never below rounding") {
  REQUIRE(std::abs(cordgain::detail::two_route_error(1.0, 1.0 + 1e-6) - 1e-5) < 1e-13);
  REQUIRE(cordgain::detail::two_route_error(1.0, 1.0) > 0.0);
  REQUIRE(cordgain::detail::limit_error(0.5, 0.05, 0.05 + 1e-8, 2.0) > 4e-8);
  REQUIRE(cordgain::detail::limit_error(0.5, 0.05, 0.06, 0.0) == 0.5);
}

TEST_CASE("what a special function throws arrives as a numerical error, our own errors as they are") {
  using cordgain::detail::numerically;
  REQUIRE_THROWS_AS(numerically([]() -> double { throw std::overflow_error("pole"); }),
                    cordgain::NumericalError);
  REQUIRE_THROWS_AS(numerically([]() -> double { throw cordgain::InvalidInput("x"); }),
                    cordgain::InvalidInput);
  REQUIRE_THROWS_AS(numerically([]() -> double { throw cordgain::NumericalError("x"); }),
                    cordgain::NumericalError);
  REQUIRE(numerically([] { return 2.0; }) == 2.0);
}
