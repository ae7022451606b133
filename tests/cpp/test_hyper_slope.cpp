#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/model/hyper_slope.hpp>

using namespace cordgain;

namespace {

void require_slopes(const Hyperparameter& h, double eta) {
  const double step = 1e-5;
  const SlopedHyper at = sloped(h, eta), up = sloped(h, eta + step), down = sloped(h, eta - step);
  const double value = (up.value - down.value) / (2.0 * step);
  const double density = (up.log_density - down.log_density) / (2.0 * step);
  // differences: 1e-9 relative to the size of the derivative and its bend
  REQUIRE(std::fabs(at.value_slope - value) <= 1e-8 * (1.0 + std::fabs(value)));
  REQUIRE(std::fabs(at.density_slope - density) <= 1e-8 * (1.0 + std::exp(-eta)));
}

}  // namespace

TEST_CASE(
    "values and densities of standard deviations and correlations have the slopes of their differences") {
  Hyperparameter sd;
  sd.prior = Prior({{PriorKind::kHalfT, 1.0, 2.0, 3.0, 0.0}});
  sd.unit = 1.7;
  Hyperparameter cor;
  cor.kind = HyperKind::kCorrelation;
  cor.shape = 2.0;
  for (const double eta : {-2.0, -0.5, 0.6, 2.5}) {
    require_slopes(sd, eta);
    require_slopes(cor, eta);
  }
}

TEST_CASE("value and density are those of the Gaussian engine's coordinates") {
  Hyperparameter sd;
  sd.prior = Prior({{PriorKind::kHalfNormal, 1.0, 2.5, 0.0, 0.0}});
  const Transformed at = transform(sd, 0.8);
  const SlopedHyper here = sloped(sd, 0.8);
  REQUIRE(here.value == at.value);
  REQUIRE(here.log_density == Approx(log_prior(sd, at) + at.log_slope).epsilon(1e-15));
}

TEST_CASE("far out nothing is infinite but the coordinate; a scale of a t prior is refused") {
  Hyperparameter sd;
  sd.prior = Prior({{PriorKind::kHalfNormal, 1.0, 2.5, 0.0, 0.0}});
  REQUIRE(sloped(sd, -8.0).value == 0.0);
  REQUIRE(std::isfinite(sloped(sd, -8.0).density_slope));
  REQUIRE(std::isfinite(sloped(sd, 200.0).density_slope));
  sd.kind = HyperKind::kMixing;
  REQUIRE_THROWS_AS(sloped(sd, 0.0), InvalidInput);
}
