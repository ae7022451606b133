#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/interior.hpp>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

Covariance two_terms() {
  Covariance out;
  out.add(std::make_shared<FactorTerm>(2));
  out.add(std::make_shared<UnitTerm>());
  return out;
}

/// 2/5 log|D|, D relative to the residual variance, in the frame's coordinates.
double log_determinant(const Vector& gamma) {
  return 0.4 * std::log((gamma[0] * gamma[2] - gamma[1] * gamma[1]) / (gamma[3] * gamma[3]));
}

}  // namespace

TEST_CASE(
    "the criterion is the deviance less twice a power of the determinant of D in logarithms, with its "
    "derivatives") {
  const fixture::Trial trial;
  const Blocks blocks = reduce_rows(trial.design()).blocks;
  const PooledCriterion pooled(blocks, {true, true});
  const InteriorCriterion criterion(pooled);
  const Covariance covariance = two_terms();
  Vector theta(3);
  theta << 0.8, -0.3, 0.4;
  const SecondOrder at = criterion.in_theta(covariance, theta);
  const Vector gamma = covariance.gamma(theta);
  REQUIRE(at.value == Approx(pooled.in_theta(covariance, theta).value - log_determinant(gamma)));
  for (Index k = 0; k < 3; ++k) {
    const double h = 1e-5;
    const SecondOrder up = criterion.in_theta(covariance, theta + h * Vector::Unit(3, k));
    const SecondOrder down = criterion.in_theta(covariance, theta - h * Vector::Unit(3, k));
    REQUIRE(at.gradient[k] == Approx((up.value - down.value) / (2.0 * h)).margin(1e-6));
    for (Index j = 0; j < 3; ++j)
      REQUIRE(at.hessian(j, k) == Approx((up.gradient[j] - down.gradient[j]) / (2.0 * h)).margin(1e-6));
  }
  REQUIRE(criterion.in_gamma(gamma, {}).value == pooled.in_gamma(gamma, {}).value);
}

TEST_CASE("variances inside the bounds are found where the fit has a zero, and no point near is lower") {
  fixture::Trial trial;
  for (Index i = 0; i < trial.y.size(); ++i) trial.y[i] = 0.3 * trial.x(i, 1) + std::sin(7.0 * i);
  REQUIRE(fit_rows(trial.design(1), true).gamma[0] == 0.0);
  const Blocks blocks = reduce_rows(trial.design(1)).blocks;
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(1));
  covariance.add(std::make_shared<UnitTerm>());
  const Vector gamma = interior_gamma(blocks, covariance, {true, true});
  REQUIRE(gamma[0] > 0.0);
  // the deviance with the residual variance free, less 2/5 log(D / residual variance)
  const PooledCriterion free(blocks, {true, false});
  const auto value = [&](const Vector& g) {
    return free.in_gamma(g, {}).value - 0.4 * std::log(g[0] / g[1]);
  };
  for (Index k = 0; k < 2; ++k) {
    for (const double step : {1.02, 0.98}) {
      Vector moved = gamma;
      moved[k] *= step;
      REQUIRE(value(moved) > value(gamma));
    }
  }
}

TEST_CASE("without random effects the variances are those of the fit") {
  const fixture::Trial trial;
  DesignInput in = trial.design();
  in.random.clear();
  Covariance covariance;
  covariance.add(std::make_shared<UnitTerm>());
  const Vector gamma = interior_gamma(reduce_rows(in).blocks, covariance, {true, true});
  REQUIRE(gamma[0] == Approx(fit_rows(in, true).fit.gamma[0]));
}
