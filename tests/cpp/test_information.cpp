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

TEST_CASE("from rows and from pooled moments inference is the same, by two routes") {
  const fixture::Trial trial;
  for (const bool restricted : {true, false}) {
    const DesignInput in = trial.design();
    const RowsReport report = fit_rows(in, restricted);
    const FreeDirections free =
        free_directions(report.fit.covariance, report.fit.theta, report.fit.gamma.tail(1)[0]);
    const Inference dense =
        small_information(small_rows(in, report.frame), report.fit.gamma, free, restricted);
    const auto near = [](const Matrix& a, const Matrix& b) { return (a - b).norm() <= 1e-7 * b.norm(); };
    REQUIRE(near(dense.phi, report.inference.phi));
    REQUIRE(near(dense.beta, report.inference.beta));
    REQUIRE(near(dense.expected, report.inference.expected));
    REQUIRE(near(dense.observed, report.inference.observed));
    for (std::size_t i = 0; i < dense.slope.size(); ++i)
      REQUIRE(near(dense.slope[i], report.inference.slope[i]));
    for (std::size_t i = 0; i < dense.curve.size(); ++i)
      REQUIRE(near(dense.curve[i], report.inference.curve[i]));
  }
}

TEST_CASE("directions that do not change V are left out of the free ones") {
  FreeDirections free;
  free.directions = Matrix::Identity(3, 3);
  Matrix gram(3, 3);
  gram << 4, 4, 0, 4, 4, 0, 0, 0,
      1e-8;  // the first two parameters enter V only as a sum; the third is small but seen
  keep_seen(gram, free);
  REQUIRE(free.directions.cols() == 2);
  Vector unseen(3);
  unseen << 1, -1, 0;
  REQUIRE((free.directions.transpose() * unseen).norm() < 1e-12);
}
