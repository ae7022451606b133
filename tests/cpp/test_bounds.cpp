#include <testthat/vendor/catch.h>
#include <cordgain/fit/bounds.hpp>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("the score across the bound is taken in the directions that D lacks") {
  Matrix d(2, 2), score(2, 2);
  d << 1, 0, 0, 0;
  score << 5, 1, 1, -3;
  const detail::BoundScore found = detail::bound_score(d, score, 1e-6);
  REQUIRE(found.score == Approx(-3.0));
  REQUIRE(std::abs(found.direction[1]) == Approx(1.0));
  REQUIRE(detail::bound_score(Matrix::Identity(2, 2), score, 1e-6).direction.size() == 0);
}

TEST_CASE("a factor of lower rank holds a matrix of that rank exactly, whatever its order") {
  Matrix root(3, 2);
  root << 0, 0.1, 2, 1, -1, 3;
  const Matrix d = root * root.transpose();
  const detail::PivotedFactor f = detail::pivoted_factor(d, 2);
  const Vector gamma = FactorTerm(3, f.rank, f.pivot).gamma(f.theta);
  REQUIRE((unpacked(gamma, 3) - d).norm() < 1e-13 * d.norm());
}

TEST_CASE("the score matrix gives the change of the deviance along a change of D") {
  Vector gradient(3);
  gradient << 2, 4, -1;  // by D11, D21, D22
  Matrix change(2, 2);
  change << 1, 0.5, 0.5, 3;
  const double along = 2 * 1 + 4 * 0.5 - 1 * 3;
  REQUIRE((detail::score_matrix(gradient, 2) * change).trace() == Approx(along));
}

TEST_CASE("from the saddle at zero a search reaches the optimum that other starts reach") {
  const fixture::Trial trial;
  const DesignInput in = trial.design();
  const Reduced reduced = reduce_rows(in);
  const PooledCriterion criterion(reduced.blocks, LikelihoodKind{true, true});
  const Covariance covariance = model_covariance(in, {});
  detail::Stage good = detail::optimise(criterion, covariance, covariance.start());
  detail::settle(criterion, true, good);
  detail::Stage stuck = detail::optimise(criterion, covariance, Vector::Zero(3));
  REQUIRE(stuck.value() > good.value() + 1.0);
  detail::settle(criterion, true, stuck);
  REQUIRE(stuck.value() == Approx(good.value()).epsilon(1e-11));
}
