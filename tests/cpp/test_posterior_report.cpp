#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/infer/posterior_report.hpp>

#include "posterior_fixture.hpp"

using cordgain::Index;
using cordgain::Matrix;
using cordgain::Vector;

namespace {

cordgain::PosteriorPriors known(double sd, double sigma) {
  cordgain::PosteriorPriors out = fixture::intercept_priors();
  out.hyper[0].prior = cordgain::Prior({{cordgain::PriorKind::kFixed, 1.0, sd, 0.0, 0.0}});
  out.hyper[1].prior = cordgain::Prior({{cordgain::PriorKind::kFixed, 1.0, sigma, 0.0, 0.0}});
  return out;
}

}  // namespace

TEST_CASE("random effects at known variances are those of the joint normal of effects and scores") {
  const fixture::Trial trial;
  const auto priors = known(2.0, 1.5);
  const auto report = cordgain::posterior_rows(trial.design(1), priors, {});
  const auto effects =
      cordgain::posterior_effects(trial.design(1), report.frame, report.posterior, priors.layout);
  // cov(b, y) = sd^2 Z', y ~ N(X m0, V + X V0 X').
  Vector m0(2), v0(2);
  m0 << 5.0, 0.0;
  v0 << 100.0, 1.0;
  const Matrix whole =
      trial.dense(Matrix::Constant(1, 1, 4.0), 2.25) + trial.x * v0.asDiagonal() * trial.x.transpose();
  Matrix z = Matrix::Zero(trial.y.size(), 6);
  for (Index i = 0; i < trial.y.size(); ++i) z(i, trial.level[i]) = 1.0;
  const Eigen::LDLT<Matrix> ldlt(whole);
  const Vector mean = 4.0 * z.transpose() * ldlt.solve(trial.y - trial.x * m0);
  const Matrix covariance = 4.0 * Matrix::Identity(6, 6) - 16.0 * z.transpose() * ldlt.solve(z);
  REQUIRE((effects[0].mean.col(0) - mean).cwiseAbs().maxCoeff() < 1e-9);
  REQUIRE((effects[0].sd.col(0) - covariance.diagonal().cwiseSqrt()).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("weights equal to 4 are scores measured with half the residual standard deviation") {
  fixture::Trial plain, weighted;
  weighted.weight = Vector::Constant(weighted.y.size(), 4.0);
  const auto a = cordgain::posterior_rows(plain.design(1), known(2.0, 1.5), {});
  const auto b = cordgain::posterior_rows(weighted.design(1), known(2.0, 3.0), {});
  REQUIRE((a.posterior.coefficient_mean - b.posterior.coefficient_mean).cwiseAbs().maxCoeff() < 1e-10);
  REQUIRE(std::abs(a.posterior.log_evidence - b.posterior.log_evidence) < 1e-9);
}

TEST_CASE("a prior is needed for every column") {
  const fixture::Trial trial;
  auto priors = fixture::intercept_priors();
  priors.coefficients.pop_back();
  REQUIRE_THROWS_AS(cordgain::posterior_rows(trial.design(1), priors, {}), cordgain::InvalidInput);
}
