#include <testthat/vendor/catch.h>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("expected information is half tr(P V_k P V_l), by the dense definition") {
  const fixture::Trial trial;
  const RowsReport report = fit_rows(trial.design(1), true);
  const Index n = trial.y.size();
  const Matrix v = trial.dense(Matrix::Constant(1, 1, report.gamma[0]), report.gamma[1]);
  const Matrix inverse = v.inverse();
  const Matrix p = inverse - inverse * trial.x * report.covariance * trial.x.transpose() * inverse;
  const Matrix one = trial.dense(Matrix::Ones(1, 1), 0.0), two = Matrix::Identity(n, n);
  Matrix expected(2, 2);
  expected << (p * one * p * one).trace(), (p * one * p).trace(), (p * one * p).trace(), (p * p).trace();
  const Matrix back = report.to_user.inverse();
  const Matrix ours = back.transpose() * report.inference.expected * back;
  REQUIRE((ours - 0.5 * expected).cwiseAbs().maxCoeff() < 1e-9 * expected.cwiseAbs().maxCoeff());
}

TEST_CASE("the score vanishes at the fit") {
  const RowsReport report = fit_rows(fixture::Trial().design(1), true);
  REQUIRE(report.inference.score.cwiseAbs().maxCoeff() < 1e-9);
}
