#include <testthat/vendor/catch.h>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("a report is in the user's units: generalised least squares at its variances") {
  const fixture::Trial trial;
  const RowsReport report = fit_rows(trial.design(), true);
  const fixture::Dense dense = fixture::dense_fit(
      trial.dense(unpacked(report.gamma.head(3), 2), report.gamma[3]), trial.x, trial.y, true);
  REQUIRE((report.coefficients - dense.beta).cwiseAbs().maxCoeff() < 1e-9);
  REQUIRE((report.covariance - dense.phi).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("error bounds are positive and far below the variances") {
  const RowsReport report = fit_rows(fixture::Trial().design(1), true);
  REQUIRE(report.gamma_error.minCoeff() > 0.0);
  REQUIRE(report.gamma_error.cwiseQuotient(report.gamma).maxCoeff() < 1e-9);
}
