#include <testthat/vendor/catch.h>
#include <cordgain/base/error.hpp>
#include <cordgain/dist/beta_posterior.hpp>

using cordgain::beta_above;
using cordgain::beta_limits;
using cordgain::beta_predictive_none;
using cordgain::InvalidInput;

// Closed forms are met to a few rounding errors of numbers near 1.
constexpr double kClose = 1e-14;

TEST_CASE("the limits of beta(1, b) are those of its closed form") {
  // F(x) = 1 - (1 - x)^5, so the quantile of q is 1 - (1 - q)^(1/5).
  const cordgain::Limits limits = beta_limits({1.0, 5.0}, {0.025, 0.025});
  REQUIRE(std::abs(limits.lower - (1.0 - std::pow(0.975, 0.2))) < kClose);
  REQUIRE(std::abs(limits.upper - (1.0 - std::pow(0.025, 0.2))) < kClose);
  REQUIRE(limits.error < 1e-13);
}

TEST_CASE("a tail of 0 leaves its side open") {
  const cordgain::Limits upper = beta_limits({2.0, 3.0}, {0.0, 0.05});
  REQUIRE(upper.lower == 0.0);
  const cordgain::Limits lower = beta_limits({2.0, 3.0}, {0.05, 0.0});
  REQUIRE(lower.upper == 1.0);
}

TEST_CASE("the limits mirror when the shapes are exchanged") {
  const cordgain::Limits one = beta_limits({2.5, 7.5}, {0.01, 0.04});
  const cordgain::Limits two = beta_limits({7.5, 2.5}, {0.04, 0.01});
  REQUIRE(std::abs(one.lower + two.upper - 1.0) < kClose);
  REQUIRE(std::abs(one.upper + two.lower - 1.0) < kClose);
}

TEST_CASE("the probability above a threshold is the closed form for beta(1, b)") {
  REQUIRE(std::abs(beta_above({1.0, 5.0}, 0.2).value - std::pow(0.8, 5.0)) < kClose);
  REQUIRE(beta_above({1.0, 5.0}, 0.0).value == 1.0);
  REQUIRE(beta_above({1.0, 5.0}, 1.0).value == 0.0);
  REQUIRE(beta_above({0.2, 4.8}, 0.2).error < 1e-13);
}

TEST_CASE("after 0 of 4 under a uniform prior the next four are free of events with probability 5/9") {
  REQUIRE(std::abs(beta_predictive_none({1.0, 5.0}, 4.0) - 5.0 / 9.0) < kClose);
  REQUIRE(beta_predictive_none({1.0, 5.0}, 0.0) == 1.0);
  // b / (a + b) for one patient
  REQUIRE(std::abs(beta_predictive_none({0.5, 4.5}, 1.0) - 0.9) < kClose);
}

TEST_CASE("shapes, tails, thresholds and patients out of range are refused") {
  REQUIRE_THROWS_AS(beta_limits({0.0, 1.0}, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(beta_limits({1.0, NAN}, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(beta_limits({1.0, 1.0}, {0.5, 0.5}), InvalidInput);
  REQUIRE_THROWS_AS(beta_limits({1.0, 1.0}, {-0.1, 0.5}), InvalidInput);
  REQUIRE_THROWS_AS(beta_above({1.0, 1.0}, 1.5), InvalidInput);
  REQUIRE_THROWS_AS(beta_predictive_none({1.0, 1.0}, 1.5), InvalidInput);
  REQUIRE_THROWS_AS(beta_predictive_none({1.0, 1.0}, 1e9), InvalidInput);
}
