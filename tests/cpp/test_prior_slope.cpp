#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/dist/prior_slope.hpp>

using namespace cordgain;

namespace {

double difference(const Prior& prior, double x) {
  const double h = 1e-4;
  const auto apart = [&](double by) { return prior.log_density(x + by) - prior.log_density(x - by); };
  return (8.0 * apart(h) - apart(2.0 * h)) / (12.0 * h);
}

}  // namespace

TEST_CASE("slopes of log densities are the derivatives of their values, kind by kind") {
  const PriorComponent kinds[] = {
      {PriorKind::kFlat, 1.0, 0.0, 0.0, 0.0},   {PriorKind::kNormal, 1.0, 1.5, 2.0, 0.0},
      {PriorKind::kT, 1.0, -0.5, 1.5, 3.0},     {PriorKind::kHalfNormal, 1.0, 2.0, 0.0, 0.0},
      {PriorKind::kHalfT, 1.0, 1.5, 3.0, 0.0},  {PriorKind::kExponential, 1.0, 0.7, 0.0, 0.0},
      {PriorKind::kBeta, 1.0, 2.0, 3.0, 0.0},   {PriorKind::kGamma, 1.0, 2.5, 0.8, 0.0},
      {PriorKind::kUniform, 1.0, 0.0, 1.0, 0.0}};
  for (const PriorComponent& kind : kinds) {
    const Prior prior({kind});
    // rounding 1e-15 / 1e-4, truncation h^4 / 30 times the fifth derivative, 5e6 for the beta density at .9
    for (const double x : {0.2, 0.5, 0.9})
      REQUIRE(std::fabs(log_density_slope(prior, x) - difference(prior, x)) < 1e-9);
  }
}

TEST_CASE("the slope of a mixture is the derivative of its logarithm, far out too") {
  const Prior prior({{PriorKind::kNormal, 0.3, -2.0, 0.5, 0.0}, {PriorKind::kT, 0.7, 1.0, 2.0, 4.0}});
  for (const double x : {-3.0, -1.5, 0.0, 2.0, 80.0})
    REQUIRE(std::fabs(log_density_slope(prior, x) - difference(prior, x)) < 1e-8);
}

TEST_CASE("where there is no density the slope is 0; a fixed value has none") {
  REQUIRE(log_density_slope(PriorComponent{PriorKind::kHalfNormal, 1.0, 1.0, 0.0, 0.0}, -1.0) == 0.0);
  REQUIRE(log_density_slope(Prior({{PriorKind::kExponential, 1.0, 1.0, 0.0, 0.0}}), -1.0) == 0.0);
  REQUIRE_THROWS_AS(log_density_slope(PriorComponent{PriorKind::kFixed, 1.0, 1.0, 0.0, 0.0}, 1.0),
                    InvalidInput);
}
