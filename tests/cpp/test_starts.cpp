#include <testthat/vendor/catch.h>
#include <cordgain/fit/starts.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("there are two starts, both inside the cone") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<UnitTerm>());
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  const std::vector<Vector> starts = starting_points(blocks, covariance);
  REQUIRE(starts.size() == 2);
  for (const Vector& start : starts)
    REQUIRE(detail::smallest_eigenvalue(covariance, covariance.gamma(start)) > 0.0);
}

TEST_CASE("with enough visits every variance is seen") {
  REQUIRE(unseen_directions(reduce_rows(fixture::Trial().design()).blocks).cols() == 0);
}

TEST_CASE("with one visit each, subject and residual variance are seen as one") {
  fixture::Trial trial;
  trial.x = trial.x.topRows(6).eval();
  trial.y = trial.y.head(6).eval();
  for (int i = 0; i < 6; ++i) trial.level[i] = i;
  trial.level = trial.level.head(6).eval();
  const Matrix unseen = unseen_directions(reduce_rows(trial.design(1)).blocks);
  REQUIRE(unseen.cols() == 1);
  REQUIRE(unseen(0, 0) * unseen(1, 0) < 0.0);
}
