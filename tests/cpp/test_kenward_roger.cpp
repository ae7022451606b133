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
