#include <testthat/vendor/catch.h>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("in a balanced design Kenward-Roger gives the exact split-plot test of the slope") {
  fixture::Trial trial;  // keep three visits of each subject
  std::vector<Index> keep;
  for (Index i = 0, seen = 0; i < trial.y.size(); ++i) {
    seen = i > 0 && trial.level[i] == trial.level[i - 1] ? seen + 1 : 0;
    if (seen < 3) keep.push_back(i);
  }
  fixture::Trial balanced;
  balanced.x.resize(18, 2);
  balanced.y.resize(18);
  balanced.level.resize(18);
  for (Index i = 0; i < 18; ++i) {
    balanced.x.row(i) = trial.x.row(keep[i]);
    balanced.y[i] = trial.y[keep[i]];
    balanced.level[i] = trial.level[keep[i]];
  }
  const RowsReport report = fit_rows(balanced.design(1), true);
  const Matrix l = report.frame.factor.transpose()
                       .triangularView<Eigen::Lower>()
                       .solve(Matrix::Identity(2, 2))
                       .transpose();
  const RowTests tests = row_tests(report.inference, l, true, false);
  REQUIRE(tests.df[1] == Approx(18.0 - 6.0 - 1.0).epsilon(1e-9));  // within subjects
  Vector beta = report.frame.factor * report.coefficients / report.frame.y_scale;
  const WaldTest f = wald_test(report.inference, l.row(1), beta, true, false);
  const double t = report.coefficients[1] / (report.frame.y_scale * tests.std_error[1]);
  REQUIRE(f.statistic == Approx(t * t).epsilon(1e-9));
  REQUIRE(f.scale == Approx(1.0).epsilon(1e-9));
}

TEST_CASE("information is inverted whatever its scales") {
  Matrix information(2, 2);
  information << 4e12, 1.0, 1.0, 1e-12;
  const Matrix product = detail::inverse_information(information) * information;
  REQUIRE((product - Matrix::Identity(2, 2)).cwiseAbs().maxCoeff() <
          1e-3);  // condition 1e12 in its off-diagonal units
}

TEST_CASE(
    "scale and degrees of freedom give the F statistic the mean and variance of Kenward and Roger, or none") {
  int given = 0, refused = 0;
  for (int i = 1; i <= 40; ++i) {
    for (int j = 1; j <= 40; ++j) {
      const double l = 3.0, a1 = 0.1 * i, a2 = 0.05 * j;
      WaldTest test;
      if (!detail::match_f({a1, a2}, l, test)) {
        ++refused;
        continue;
      }
      ++given;
      REQUIRE(std::isfinite(test.df));
      REQUIRE(test.df > 0.0);
      REQUIRE(test.scale > 0.0);
      if (test.df <= 4.5) continue;  // an F of so few degrees of freedom has no variance
      // mean 1 / (1 - A2 / l) of their section 2; variance through rho = (l + m - 2) / (l (m - 4))
      REQUIRE(test.df / (test.df - 2.0) / test.scale == Approx(1.0 / (1.0 - a2 / l)).epsilon(1e-9));
      const double b = (a1 + 6.0 * a2) / (2.0 * l), g = ((l + 1.0) * a1 - (l + 4.0) * a2) / ((l + 2.0) * a2);
      const double d = 3.0 * l + 2.0 * (1.0 - g);
      const double v =
          2.0 / l * (1.0 + g / d * b) / (std::pow(1.0 - (l - g) / d * b, 2) * (1.0 - (l + 2.0 - g) / d * b));
      const double rho = v * std::pow(1.0 - a2 / l, 2) / 2.0;
      REQUIRE((l + test.df - 2.0) / (l * (test.df - 4.0)) == Approx(rho).epsilon(1e-8));
    }
  }
  REQUIRE(given > 200);
  REQUIRE(refused > 20);
}

TEST_CASE("a test of one row keeps its scale and takes 2 / A2 degrees of freedom, whatever A2") {
  for (const double a : {0.01, 0.5, 1.0, 1.9}) {  // at 1/2 and 1 the general formulas divide zero by zero
    WaldTest test;
    REQUIRE(detail::match_f({a, a}, 1.0, test));
    REQUIRE(test.df == Approx(2.0 / a));
    REQUIRE(test.scale == 1.0);
  }
}

TEST_CASE("where the variances do not matter the test is chi-squared and says so") {
  WaldTest test;
  REQUIRE(detail::match_f({0.0, 0.0}, 2.0, test));
  REQUIRE(std::isinf(test.df));
  REQUIRE(test.reason.find("chi-squared") != std::string::npos);
}

TEST_CASE("a covariance that is not positive definite ends the test with its reason") {
  const fixture::Trial trial;
  const RowsReport report = fit_rows(trial.design(), true);
  const Matrix w = Matrix::Identity(report.inference.directions.cols(), report.inference.directions.cols());
  const WaldTest test =
      kenward_roger_test(report.inference, -report.inference.phi, w, Matrix::Identity(2, 2), report.fit.beta);
  REQUIRE(std::isnan(test.df));
  REQUIRE(std::isnan(test.statistic));
  REQUIRE(test.reason.find("not positive definite") != std::string::npos);
}
