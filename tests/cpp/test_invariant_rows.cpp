#include <testthat/vendor/catch.h>
#include <cordgain/infer/invariant_rows.hpp>
#include "large_fixture.hpp"

using namespace cordgain;

TEST_CASE("forms of X are kept in far fewer dimensions") {
  const fixture::LargeTrial trial = fixture::sites(1, 1);
  const SubDesign part = fixture::whole(trial.design());
  const Vector gamma = fixture::gamma_of({1.5, 0.8, 0.7});
  const InvariantRows rows = invariant_rows(part, gamma);
  const Matrix v = fixture::dense_covariance(trial.design(), gamma);
  REQUIRE(rows.v.rows() < v.rows());
  const Matrix x = rows.w.leftCols(2);
  const Matrix solved = v.ldlt().solve(trial.x), squared = v * trial.x;
  REQUIRE((x.transpose() * rows.v.ldlt().solve(rows.w) -
           (Matrix(2, 3) << solved.transpose() * trial.x, solved.transpose() * trial.y).finished())
              .cwiseAbs()
              .maxCoeff() < 1e-9);
  REQUIRE((x.transpose() * rows.v * rows.v * x - squared.transpose() * squared).cwiseAbs().maxCoeff() <
          1e-11 * squared.squaredNorm());
}
