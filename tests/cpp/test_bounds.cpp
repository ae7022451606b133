#include <testthat/vendor/catch.h>
#include <cordgain/fit/bounds.hpp>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("the score across the bound is taken in the directions that D lacks") {
  Matrix d(2, 2), score(2, 2);
  d << 1, 0, 0, 0;
  score << 5, 1, 1, -3;
  const detail::BoundScore found = detail::bound_score(detail::lacking_directions(d, 1e-6), score);
  REQUIRE(found.score == Approx(-3.0));
  REQUIRE(std::abs(found.direction[1]) == Approx(1.0));
  REQUIRE(detail::lacking_directions(Matrix::Identity(2, 2), 1e-6).cols() == 0);
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

TEST_CASE("the gradient is asked for only where a term lacks rank") {
  const fixture::Trial trial;
  const Covariance covariance = model_covariance(trial.design(), {});
  detail::Stage stage{covariance, NewtonResult()};
  int asked = 0;
  const auto gradient_at = [&asked] {
    ++asked;
    Vector out(4);
    out << 1.0, 0.0, -2.0, 5.0;
    return out;
  };
  std::vector<detail::BoundScore> scores;
  stage.result.point = covariance.start();
  REQUIRE(detail::worst_bound_by(gradient_at, stage, 1e-6, scores) == -1);
  REQUIRE(asked == 0);
  REQUIRE(scores[0].score == 0.0);
  stage.result.point = Vector::Unit(3, 0);  // a slope without variance
  REQUIRE(detail::worst_bound_by(gradient_at, stage, 1e-6, scores) == 0);
  REQUIRE(asked == 1);
  REQUIRE(scores[0].score == Approx(-2.0));
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
