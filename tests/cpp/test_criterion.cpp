#include <testthat/vendor/catch.h>
#include <cordgain/fit/criterion.hpp>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("the pooled criterion in theta and in gamma are one function, its gradient its differences") {
  const fixture::Trial trial;
  const DesignInput in = trial.design();
  const Reduced reduced = reduce_rows(in);
  const Covariance covariance = model_covariance(in, {});
  Vector theta(3);
  theta << 0.8, 0.2, 0.5;
  for (const bool restricted : {true, false}) {
    const PooledCriterion criterion(reduced.blocks, LikelihoodKind{restricted, true});
    const SecondOrder at = criterion.in_theta(covariance, theta);
    REQUIRE(criterion.in_gamma(covariance.gamma(theta), {}).value == Approx(at.value).epsilon(1e-12));
    REQUIRE(criterion.at(covariance.gamma(theta), {}).value == Approx(at.value).epsilon(1e-12));
    const double h = 1e-5;  // truncation h^2 and rounding eps/h meet near 1e-10
    for (Index k = 0; k < 3; ++k) {
      const double up = criterion.in_theta(covariance, theta + h * Vector::Unit(3, k)).value;
      const double down = criterion.in_theta(covariance, theta - h * Vector::Unit(3, k)).value;
      REQUIRE(at.gradient[k] == Approx((up - down) / (2.0 * h)).epsilon(1e-6));
    }
  }
}

TEST_CASE("at parameters that make V singular the criterion is infinite") {
  const fixture::Trial trial;
  const Reduced reduced = reduce_rows(trial.design());
  const PooledCriterion criterion(reduced.blocks, LikelihoodKind{true, true});
  Vector gamma(4);
  gamma << 1, 0, 1, 0;
  REQUIRE(std::isinf(criterion.in_gamma(gamma, {}).value));
}
