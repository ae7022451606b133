#include <testthat/vendor/catch.h>
#include <cordgain/infer/report.hpp>
#include <cordgain/infer/robust.hpp>
#include "gaussian_fixture.hpp"
#include "large_fixture.hpp"

using namespace cordgain;

TEST_CASE("CR0 is the sandwich of its definition") {
  const fixture::Trial trial;
  const DesignInput in = trial.design(1);
  const RowsReport report = fit_rows(in, true);
  const RobustTests tests = robust_tests(in, report.frame, report.fit.gamma, report.inference.beta,
                                         report.inference.phi, "CR0", Matrix::Identity(2, 2));
  const Matrix inverse = trial.dense(Matrix::Constant(1, 1, report.gamma[0]), report.gamma[1]).inverse();
  const Vector solved = inverse * (trial.y - trial.x * report.coefficients);
  Matrix meat = Matrix::Zero(2, 2);
  for (Index s = 0; s < 6; ++s) {
    Vector score = Vector::Zero(2);
    for (Index i = 0; i < trial.y.size(); ++i) {
      if (trial.level[i] == s) score += trial.x.row(i).transpose() * solved[i];
    }
    meat += score * score.transpose();
  }
  const Matrix dense = report.covariance * meat * report.covariance;
  const Matrix r = report.frame.factor.inverse();
  const Matrix ours = report.frame.y_scale * report.frame.y_scale * r * tests.covariance * r.transpose();
  REQUIRE((ours - dense).cwiseAbs().maxCoeff() < 1e-9);
  REQUIRE(tests.clusters == 6);
}

TEST_CASE("large clusters in few dimensions give what all their rows give") {
  const fixture::LargeTrial trial = fixture::sites(1, 2);
  const DesignInput in = trial.design();
  const RowsReport report = fit_rows(in, true);
  const Matrix contrast = Matrix::Identity(2, 2);
  for (const char* type : {"CR0", "CR1", "CR2", "CR3"}) {
    const auto tests = [&](Index dense_rows) {
      return robust_tests(in, report.frame, report.fit.gamma, report.inference.beta, report.inference.phi,
                          type, contrast, dense_rows);
    };
    const RobustTests dense = tests(in.y.size()), large = tests(0);
    REQUIRE(large.clusters == 3);
    // CR2 and CR3 divide by what a cluster leaves of X: a condition of some hundreds
    REQUIRE((dense.covariance - large.covariance).cwiseAbs().maxCoeff() <
            1e-9 * dense.covariance.cwiseAbs().maxCoeff());
    REQUIRE((dense.df - large.df).cwiseAbs().maxCoeff() < 1e-7 * dense.df.maxCoeff());
  }
}
