#include <testthat/vendor/catch.h>
#include <cordgain/base/error.hpp>
#include <cordgain/dist/e_value.hpp>

using cordgain::e_value;
using cordgain::e_value_path;
using cordgain::InvalidInput;
using cordgain::Vector;

TEST_CASE("two of four against a known rate is the ratio of B(3, 3) to the likelihood") {
  // B(3, 3) = 2! 2! / 5! = 1/30
  const double expected = (1.0 / 30.0) / (0.193 * 0.193 * 0.807 * 0.807);
  REQUIRE(std::abs(e_value(2.0, 4.0, 0.193, {1.0, 1.0}, false) - expected) < 1e-14);
}

TEST_CASE("one-sided, the mixture is the integral over the rates above the null") {
  // integral of p^2 (1 - p)^2 over (p0, 1) by its antiderivative, over 1 - p0
  const double p = 0.193;
  const double left = p * p * p / 3.0 - p * p * p * p / 2.0 + p * p * p * p * p / 5.0;
  const double expected = (1.0 / 30.0 - left) / (1.0 - p) / (p * p * (1.0 - p) * (1.0 - p));
  REQUIRE(std::abs(e_value(2.0, 4.0, p, {1.0, 1.0}, true) - expected) < 1e-13);
}

TEST_CASE("the expectation under the null rate is 1, and one-sided at most 1 below it") {
  const double p0 = 0.193;
  for (int n : {1, 4, 9}) {
    double at_null = 0.0;
    double below = 0.0;
    double choose = 1.0;
    for (int y = 0; y <= n; ++y) {
      const double term = std::pow(p0, y) * std::pow(1.0 - p0, n - y);
      at_null += choose * term * e_value(y, n, p0, {1.0, 2.0}, false);
      below += choose * std::pow(0.1, y) * std::pow(0.9, n - y) * e_value(y, n, p0, {1.0, 1.0}, true);
      choose = choose * (n - y) / (y + 1);
    }
    REQUIRE(std::abs(at_null - 1.0) < 1e-13);
    REQUIRE(below <= 1.0);
  }
}

TEST_CASE("the path ends where any order ends and starts at the single patient's value") {
  Vector order(4);
  order << 1.0, 1.0, 0.0, 0.0;
  const Vector path = e_value_path(order, 0.193, {1.0, 1.0}, false);
  REQUIRE(path.size() == 4);
  REQUIRE(std::abs(path[0] - 0.5 / 0.193) < 1e-14);
  REQUIRE(std::abs(path[1] - (1.0 / 3.0) / (0.193 * 0.193)) < 1e-13);
  order << 0.0, 1.0, 0.0, 1.0;
  REQUIRE(std::abs(e_value_path(order, 0.193, {1.0, 1.0}, false)[3] - path[3]) < 1e-15);
}

TEST_CASE("an empty path stays empty and no patient is worth 1") {
  REQUIRE(e_value_path(Vector(0), 0.2, {1.0, 1.0}, false).size() == 0);
  REQUIRE(e_value(0.0, 0.0, 0.2, {1.0, 1.0}, false) == 1.0);
}

TEST_CASE("outcomes and rates out of range are refused") {
  Vector order(1);
  order << 0.5;
  REQUIRE_THROWS_AS(e_value_path(order, 0.2, {1.0, 1.0}, false), InvalidInput);
  REQUIRE_THROWS_AS(e_value(1.0, 2.0, 0.0, {1.0, 1.0}, false), InvalidInput);
  REQUIRE_THROWS_AS(e_value(1.0, 2.0, 1.0, {1.0, 1.0}, false), InvalidInput);
  REQUIRE_THROWS_AS(e_value(3.0, 2.0, 0.2, {1.0, 1.0}, false), InvalidInput);
  REQUIRE_THROWS_AS(e_value(1.0, 2.0, 0.2, {0.0, 1.0}, false), InvalidInput);
  // A mixture whose mass above the rate is below the smallest number.
  REQUIRE_THROWS_AS(e_value(0.0, 2.0, 0.9, {1.0, 1e6}, true), cordgain::NumericalError);
}

TEST_CASE("large counts keep their digits: the ratio of one more patient is the predictive ratio") {
  // E(y + 1, n + 1) / E(y, n) = (a + y) / (a + b + n) / p0
  for (double n : {10.0, 1000.0, 100000.0}) {
    const double y = std::floor(0.2 * n);
    const double ratio =
        e_value(y + 1.0, n + 1.0, 0.193, {1.0, 1.0}, false) / e_value(y, n, 0.193, {1.0, 1.0}, false);
    const double expected = (1.0 + y) / (2.0 + n) / 0.193;
    REQUIRE(std::abs(ratio / expected - 1.0) < 1e-15 * 10.0 * n + 1e-12);  // one rounding a patient
  }
}

TEST_CASE("a mixture concentrated at the null rate says nothing") {
  REQUIRE(std::abs(e_value(3.0, 7.0, 0.25, {0.25e9, 0.75e9}, false) - 1.0) < 1e-6);
}

TEST_CASE("exchanging events and others with mirrored rate and mixture changes nothing") {
  const double one = e_value(2.0, 9.0, 0.3, {1.5, 4.0}, false);
  const double two = e_value(7.0, 9.0, 0.7, {4.0, 1.5}, false);
  REQUIRE(std::abs(one / two - 1.0) < 1e-13);
}
