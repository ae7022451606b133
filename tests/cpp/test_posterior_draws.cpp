#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/infer/posterior_draws.hpp>

#include "posterior_fixture.hpp"

using namespace cordgain;

namespace {

PosteriorDraws drawn(Index chains, Index draws) {
  const fixture::Trial trial;
  NutsControl control;
  control.warmup = 500;
  control.draws = draws;
  control.seed = 5;
  Monitor monitor;
  return posterior_draws(trial.design(1), fixture::intercept_priors(), control, chains, monitor);
}

/// Two normal parts.
struct ThreeToOne {
  [[nodiscard]] std::size_t parts() const { return 2; }
  [[nodiscard]] double log_part(std::size_t part) const { return part == 0 ? std::log(3.0) - 800.0 : -800.0; }
};

}  // namespace

TEST_CASE("draws have the moments of product rules on dense normal densities") {
  const PosteriorDraws at = drawn(2, 1500);
  const fixture::BruteForce whole = fixture::brute_force();
  REQUIRE(at.values.cols() == 3000);
  const auto near = [&](const Vector& values, double expected) {
    const double mean = values.mean();
    const double sd = std::sqrt((values.array() - mean).square().mean());
    // an effective size of at least a tenth of the draws, five standard errors
    REQUIRE(std::fabs(mean - expected) < 5.0 * sd / std::sqrt(300.0));
  };
  near(at.values.row(0).transpose(), whole.sd);
  near(at.values.row(1).transpose(), whole.sigma);
  near(at.mean.row(1).transpose(), whole.slope);
  REQUIRE(at.divergences.size() == 2);
  REQUIRE((at.covariance.row(0).array() > 0.0).all());
}

TEST_CASE("the same seed gives the same draws, chains differ") {
  const PosteriorDraws first = drawn(2, 50), again = drawn(2, 50);
  REQUIRE(first.values == again.values);
  REQUIRE(first.values.leftCols(50) != first.values.rightCols(50));
}

TEST_CASE("a part of a mixture is drawn as often as it weighs") {
  const ThreeToOne density;
  RandomStream random(1, 0);
  int first = 0;
  for (int i = 0; i < 10000; ++i) first += cordgain::detail::drawn_part(density, random) == 0 ? 1 : 0;
  REQUIRE(std::fabs(first - 7500.0) < 5.0 * std::sqrt(10000.0 * 0.1875));
}

TEST_CASE("known standard deviations leave nothing to sample, and columns without a prior are refused") {
  const fixture::Trial trial;
  PosteriorPriors priors = fixture::intercept_priors();
  NutsControl control;
  Monitor monitor;
  priors.coefficients.pop_back();
  REQUIRE_THROWS_AS(posterior_draws(trial.design(1), priors, control, 2, monitor), InvalidInput);
  priors = fixture::intercept_priors();
  for (Hyperparameter& h : priors.hyper) h.prior = Prior({{PriorKind::kFixed, 1.0, 1.0, 0.0, 0.0}});
  REQUIRE_THROWS_AS(posterior_draws(trial.design(1), priors, control, 2, monitor), InvalidInput);
}
