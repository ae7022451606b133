#include <testthat/vendor/catch.h>
#include <cordgain/model/crossed_solve.hpp>
#include "large_fixture.hpp"

using namespace cordgain;

TEST_CASE("log determinant, products and forces are those of the dense V") {
  const fixture::LargeTrial trial = fixture::crossing(2, 2);
  const SubDesign part = fixture::whole(trial.design());
  const CrossedBlock block = crossed_block(part, block_form(part.view()), {0, 3, 6}, 7);
  const Vector gamma = fixture::gamma_of({1.5, 0.2, 0.5, 0.8, -0.1, 0.6, 0.4, 0.7});
  const detail::CrossedSolution at(block, gamma, {});
  REQUIRE(at.feasible);
  const Matrix v = fixture::dense_covariance(trial.design(), gamma);
  const Eigen::LLT<Matrix> dense(v);
  REQUIRE(at.log_det == Approx(2.0 * Matrix(dense.matrixL()).diagonal().array().log().sum()).epsilon(1e-12));
  Matrix w(trial.y.size(), 3);
  w << trial.x, trial.y;
  const Matrix solved = dense.solve(w), cross = w.transpose() * solved;
  REQUIRE((at.cross - cross).cwiseAbs().maxCoeff() < 1e-11 * cross.cwiseAbs().maxCoeff());
  Matrix force = Matrix::Zero(2, 3);  // of the first rater
  for (Index i = 0; i < w.rows(); ++i) {
    if (part.level[1][i] == 0) force += trial.z[1].row(i).transpose() * solved.row(i);
  }
  REQUIRE((at.kept_force.topRows(2) - force).cwiseAbs().maxCoeff() < 1e-10);
}

TEST_CASE("a covariance outside the cone is not feasible") {
  const fixture::LargeTrial trial = fixture::crossing();
  const SubDesign part = fixture::whole(trial.design());
  const CrossedBlock block = crossed_block(part, block_form(part.view()), {0, 1, 2}, 3);
  REQUIRE_FALSE(detail::CrossedSolution(block, fixture::gamma_of({1.0, -0.5, 0.1, 1.0}), {}).feasible);
  REQUIRE_FALSE(detail::CrossedSolution(block, fixture::gamma_of({1.0, 0.5, 0.1, 0.0}), {}).feasible);
}
