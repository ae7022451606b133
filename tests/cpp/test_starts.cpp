#include <testthat/vendor/catch.h>
#include <cordgain/fit/starts.hpp>
#include <cordgain/model/covariance_patterns.hpp>
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

TEST_CASE("with several terms and few rows each term alone is large at one start") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<FactorTerm>(1));
  covariance.add(std::make_shared<UnitTerm>());
  Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  const std::vector<Vector> starts = starting_points(blocks, covariance);
  REQUIRE(starts.size() == 6);
  for (const std::size_t large : {2U, 3U, 4U, 5U}) {
    const Vector gamma = covariance.gamma(starts[large]);
    REQUIRE((gamma[0] > 1.0) == (large % 2 == 0));
    REQUIRE((gamma[3] > 1.0) == (large % 2 == 1));
  }
  blocks.n = 100000;
  REQUIRE(starting_points(blocks, covariance).size() == 2);
}

TEST_CASE("the second start is far out where rows are few, and near where they are many") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(1));
  covariance.add(std::make_shared<UnitTerm>());
  Blocks blocks = reduce_rows(fixture::Trial().design(1)).blocks;
  REQUIRE(covariance.gamma(starting_points(blocks, covariance)[1])[0] > 10.0);
  blocks.n = 100000;
  REQUIRE(covariance.gamma(starting_points(blocks, covariance)[1])[0] < 0.1);
}

TEST_CASE("a covariance over visits is never started far out") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(1));
  REQUIRE(detail::only_factors(covariance));
  covariance.add(std::make_shared<UnstructuredTerm>(3));
  REQUIRE_FALSE(detail::only_factors(covariance));
  const Blocks blocks = reduce_rows(fixture::Trial().design(1)).blocks;
  const std::vector<Vector> starts = starting_points(blocks, covariance);
  REQUIRE(starts.size() == 2);
  REQUIRE((starts[1] - 0.2 * starts[0]).norm() < 1e-15);
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

TEST_CASE("the likelihood grows without bound where the scores lie in the span of X and Z") {
  // The criterion against its definition: the residual of y on the dense [X Z], found by a QR.
  for (const int at : {0, 1, 2, 3}) {
    fixture::Trial trial;
    for (Index i = 0; i < trial.y.size(); ++i) {
      const double line = std::sin(3.0 * trial.level[i]) + trial.x(i, 1) * std::cos(trial.level[i]);
      if (at != 1) trial.y[i] = line;
    }
    if (at == 2) trial.y[4] += 1e-8;  // one score off its subject's line
    const Index q = at == 3 ? 1 : 2;  // lines of different slope, random intercepts alone
    Matrix both = Matrix::Zero(trial.y.size(), 2 + 6 * q);
    both.leftCols(2) = trial.x;
    for (Index i = 0; i < trial.y.size(); ++i)
      both.row(i).segment(2 + q * trial.level[i], q) = trial.x.row(i).head(q);
    const Eigen::ColPivHouseholderQR<Matrix> qr(both);
    const double left = (trial.y - both * qr.solve(trial.y)).norm();
    const bool expected = left < 1e-12 * trial.y.norm() && qr.rank() < trial.y.size();
    REQUIRE(expected == (at == 0));
    REQUIRE(grows_without_bound(reduce_rows(trial.design(q)).blocks) == expected);
  }
}

TEST_CASE("scores that need X beside the random effects are left open") {
  // subject means and one common slope: in the span of [X Z], not in that of Z
  fixture::Trial trial;
  for (Index i = 0; i < trial.y.size(); ++i)
    trial.y[i] = std::sin(3.0 * trial.level[i] * trial.level[i]) + 0.7 * trial.x(i, 1);
  REQUIRE_FALSE(grows_without_bound(reduce_rows(trial.design(1)).blocks));
}

TEST_CASE("where X and Z span all of space it is left open whether the likelihood is bounded") {
  // one visit per subject: a random intercept for each score
  fixture::Trial trial;
  for (Index i = 0; i < trial.level.size(); ++i) trial.level[i] = static_cast<int>(i);
  DesignInput in = trial.design(1);
  in.random[0].n_levels = trial.level.size();
  REQUIRE_FALSE(grows_without_bound(reduce_rows(in).blocks));
}
