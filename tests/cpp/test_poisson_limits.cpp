#include <testthat/vendor/catch.h>
#include <cordgain/base/error.hpp>
#include <cordgain/dist/poisson_limits.hpp>

using cordgain::gamma_above;
using cordgain::gamma_limits;
using cordgain::gamma_predictive_none;
using cordgain::InvalidInput;
using cordgain::Limits;
using cordgain::poisson_limits;

TEST_CASE("no event gives the closed form -log(alpha) / exposure") {
  const Limits limits = poisson_limits(0.0, 4.0, {0.0, 0.05});
  REQUIRE(limits.lower == 0.0);
  REQUIRE(std::abs(limits.upper + std::log(0.05) / 4.0) < 1e-14);
  REQUIRE(limits.error < 1e-13);
}

TEST_CASE("the limits put the Poisson tail sums at the error allowed") {
  for (int y = 1; y <= 10; ++y) {
    const double exposure = 3.5;
    const Limits limits = poisson_limits(y, exposure, {0.025, 0.025});
    double below_lower = 0.0;
    double up_to_upper = 0.0;
    double lower_term = std::exp(-limits.lower * exposure);
    double upper_term = std::exp(-limits.upper * exposure);
    for (int k = 0; k <= y; ++k) {
      if (k < y) below_lower += lower_term;
      up_to_upper += upper_term;
      lower_term *= limits.lower * exposure / (k + 1);
      upper_term *= limits.upper * exposure / (k + 1);
    }
    REQUIRE(std::abs(1.0 - below_lower - 0.025) < 1e-13);  // sums of at most 11 terms below 1
    REQUIRE(std::abs(up_to_upper - 0.025) < 1e-13);
  }
}

TEST_CASE("limits scale with the exposure") {
  const Limits one = poisson_limits(3.0, 1.0, {0.025, 0.025});
  const Limits ten = poisson_limits(3.0, 10.0, {0.025, 0.025});
  REQUIRE(std::abs(one.lower - 10.0 * ten.lower) < 1e-14);
  REQUIRE(std::abs(one.upper - 10.0 * ten.upper) < 1e-13);
}

TEST_CASE("gamma limits of shape 1 are those of the exponential law") {
  const Limits limits = gamma_limits({1.0, 5.0}, {0.025, 0.05});
  REQUIRE(std::abs(limits.lower + std::log(0.975) / 5.0) < 1e-15);
  REQUIRE(std::abs(limits.upper + std::log(0.05) / 5.0) < 1e-14);
}

TEST_CASE("the probability above a threshold is exponential for shape 1") {
  REQUIRE(std::abs(gamma_above({1.0, 5.0}, 0.25).value - std::exp(-1.25)) < 1e-15);
  REQUIRE(gamma_above({1.0, 5.0}, 0.0).value == 1.0);
  REQUIRE(gamma_above({0.5, 4.0}, 0.3).error < 1e-13);
}

TEST_CASE("no event in ten more patient-years after 0 in 4 under gamma(1, 1) has probability 1/3") {
  REQUIRE(std::abs(gamma_predictive_none({1.0, 5.0}, 10.0) - 1.0 / 3.0) < 1e-15);
  REQUIRE(gamma_predictive_none({0.5, 4.0}, 0.0) == 1.0);
}

TEST_CASE("counts, exposures and shapes out of range are refused") {
  REQUIRE_THROWS_AS(poisson_limits(0.5, 4.0, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(poisson_limits(-1.0, 4.0, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(poisson_limits(0.0, 0.0, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(poisson_limits(0.0, INFINITY, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(poisson_limits(0.0, 4.0, {0.6, 0.6}), InvalidInput);
  REQUIRE_THROWS_AS(gamma_limits({0.0, 1.0}, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(gamma_above({1.0, 1.0}, -1.0), InvalidInput);
  REQUIRE_THROWS_AS(gamma_predictive_none({1.0, 1.0}, NAN), InvalidInput);
}

TEST_CASE("limits are those of Garwood's table to its three decimals") {
  const double published[][3] = {{0, 0.0, 3.689},   {1, 0.025, 5.572},  {2, 0.242, 7.225},
                                 {3, 0.619, 8.767}, {5, 1.623, 11.668}, {10, 4.795, 18.390}};
  for (const auto& row : published) {
    const Limits limits = poisson_limits(row[0], 1.0, {0.025, 0.025});
    REQUIRE(std::abs(limits.lower - row[1]) <= 5e-4);
    REQUIRE(std::abs(limits.upper - row[2]) <= 5e-4);
  }
}

TEST_CASE("counts of many events come near the normal approximation in the square root") {
  // 2 sqrt(Y) is near normal with variance 1 and error of order 1 / sqrt(y).
  const double y = 1e6;
  const Limits limits = poisson_limits(y, 1.0, {0.025, 0.025});
  const double z = 1.959963984540054;
  REQUIRE(std::abs(2.0 * std::sqrt(limits.lower) - (2.0 * std::sqrt(y) - z)) < 3e-3);
  REQUIRE(std::abs(2.0 * std::sqrt(limits.upper) - (2.0 * std::sqrt(y) + z)) < 3e-3);
  REQUIRE(limits.error < 1e-6);
}

TEST_CASE("an exposure so small that the limit overflows is an error, not an open side") {
  // 230 / 2.7e-322 is beyond the largest double, 1.8e308.
  REQUIRE_THROWS_AS(poisson_limits(203, 2.7e-322, {0.025, 0.025}), cordgain::NumericalError);
  REQUIRE(std::isinf(poisson_limits(203, 1.0, {0.025, 0.0}).upper));
}
