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

TEST_CASE("a variance that is rounding of its parts is zero in the user's units, with its covariances") {
  // effects (a, b) = (c - 3 s, s) of centred effects (c, s): with c = 3 s nothing is left of the first
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<UnitTerm>());
  Matrix back(2, 2);
  back << 1.0, -3.0, 0.0, 1.0;
  Matrix to_user = Matrix::Identity(4, 4);
  to_user.topLeftCorner(3, 3) = detail::congruence(back);
  const double s2 = 0.7;
  Vector gamma(4);
  gamma << 9.0 * s2 * (1.0 + 1e-16), 3.0 * s2, s2 * (1.0 - 1e-16), 2.0;
  const Vector zero = detail::in_user_units(to_user, covariance, gamma);
  REQUIRE(zero[0] == 0.0);
  REQUIRE(zero[1] == 0.0);
  REQUIRE(zero[2] == Approx(s2));
  REQUIRE(zero[3] == 2.0);
  gamma[0] += 1e-6;  // a variance, if a small one
  const Vector small = detail::in_user_units(to_user, covariance, gamma);
  REQUIRE(small[0] == Approx(1e-6).epsilon(1e-6));
  REQUIRE(small == to_user * gamma);
}
