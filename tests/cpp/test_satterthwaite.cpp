#include <testthat/vendor/catch.h>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("for one variance the degrees of freedom are those of its estimate") {
  // no random effects: V = s2 I, observed information (n - p) / (2 s4), df = n - p
  fixture::Trial trial;
  DesignInput in = trial.design();
  in.random.clear();
  const RowsReport report = fit_rows(in, true);
  const RowTests tests = row_tests(report.inference, Matrix::Identity(2, 2), false, true);
  REQUIRE(tests.df[0] == Approx(trial.y.size() - 2.0).epsilon(1e-10));
}

TEST_CASE("a joint test of one row is its squared t test") {
  const RowsReport report = fit_rows(fixture::Trial().design(1), true);
  Matrix l(1, 2);
  l << 0.3, -0.7;
  Vector beta(2);
  beta << 1.0, 2.0;
  const WaldTest f = wald_test(report.inference, l, beta, false, true);
  const RowTests t = row_tests(report.inference, l, false, true);
  REQUIRE(f.df == Approx(t.df[0]).epsilon(1e-10));
  REQUIRE(f.statistic == Approx(std::pow((0.3 - 1.4) / t.std_error[0], 2)).epsilon(1e-10));
}

TEST_CASE("degrees of freedom that do not exist are infinite or not a number, by their cause") {
  // one fixed effect and one variance, by hand: phi = 2, phi P phi = 2 * 3 * 2 = 12, contrast 1:
  // variance 2, derivative -12, uncertainty 144 w, df = 2 * 4 / (144 w)
  Inference at;
  at.phi = Matrix::Constant(1, 1, 2.0);
  at.slope = {Matrix::Constant(1, 1, 12.0)};
  const Vector one = Vector::Ones(1);
  REQUIRE(satterthwaite_df(at, Matrix::Constant(1, 1, 0.5), one) == Approx(8.0 / 72.0).epsilon(1e-14));
  REQUIRE(std::isinf(satterthwaite_df(at, Matrix::Zero(1, 1), one)));
  REQUIRE(std::isnan(satterthwaite_df(at, Matrix::Constant(1, 1, -0.5), one)));
}

TEST_CASE("a joint test without information about the variances says why it has no answer") {
  const fixture::Trial trial;
  const RowsReport report = fit_rows(trial.design(), true);
  const Index a = report.inference.directions.cols();
  const WaldTest none =
      satterthwaite_test(report.inference, -Matrix::Identity(a, a), Matrix::Identity(2, 2), report.fit.beta);
  REQUIRE(std::isnan(none.df));
  REQUIRE(none.reason.find("not positive definite") != std::string::npos);
  const WaldTest known =
      satterthwaite_test(report.inference, Matrix::Zero(a, a), Matrix::Identity(2, 2), report.fit.beta);
  REQUIRE(std::isinf(known.df));
  REQUIRE(known.reason.find("chi-squared") != std::string::npos);
  REQUIRE(std::isfinite(known.statistic));
}
