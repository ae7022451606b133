#include <testthat/vendor/catch.h>
#include <cordgain/infer/trial_sampler.hpp>

#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

Vector variances(double d, double s2) {
  Vector out(2);
  out << d, s2;
  return out;
}

TrialPlan seeded(std::uint64_t seed) {
  TrialPlan plan;
  plan.seed = seed;
  return plan;
}

/// y'y over all rows, user's units: what kinds and the rest hold.
double total_square(const Blocks& blocks, double y_scale) {
  const Index last = packed_size(blocks.p + 1) - 1;
  double sum = blocks.within[last];
  for (const BlockKind& kind : blocks.kinds) {
    for (Index a = 0; a < kind.rank; ++a) sum += kind.moments(last, packed_index(a, a, kind.rank));
  }
  return sum * y_scale * y_scale;
}

}  // namespace

TEST_CASE("drawn scores have the variances asked for, in the user's units") {
  const fixture::Trial trial;
  const double d = 9.0, s2 = 4.0;
  TrialSampler trials(trial.design(1), variances(d, s2), Vector::Unit(2, 1));
  const Index draws = 4000;
  double sum = 0.0;
  for (Index i = 0; i < draws; ++i) {
    const Blocks& blocks = trials.draw(seeded(2), static_cast<std::uint64_t>(i));
    sum += total_square(blocks, trials.frame().y_scale);
  }
  // E[y'y] = tr V and Var[y'y] = 2 tr V^2 of mean-zero scores
  const Matrix v = trial.dense(Matrix::Constant(1, 1, d), s2);
  const double error = std::sqrt(2.0 * (v * v).trace() / static_cast<double>(draws));
  REQUIRE(std::abs(sum / static_cast<double>(draws) - v.trace()) < 5.0 * error);
}

TEST_CASE("a trial is a function of seed and index, whatever was drawn before") {
  const fixture::Trial trial;
  TrialSampler trials(trial.design(1), variances(9.0, 4.0), Vector::Unit(2, 1));
  const Vector first = trials.draw(seeded(3), 7).within;
  trials.draw(seeded(3), 8);
  const Vector other = trials.blocks().within;
  REQUIRE((trials.draw(seeded(3), 7).within - first).cwiseAbs().maxCoeff() == 0.0);
  REQUIRE((other - first).cwiseAbs().maxCoeff() > 0.0);
  REQUIRE((trials.draw(seeded(4), 7).within - first).cwiseAbs().maxCoeff() > 0.0);
}

TEST_CASE("the contrast in the blocks' coordinates gives l'beta in the user's units") {
  const fixture::Trial trial;
  Vector l(2), beta(2);
  l << 1.0, 30.0;
  beta << 4.0, -0.2;
  const TrialSampler trials(trial.design(1), variances(1.0, 1.0), l);
  // beta in the blocks' coordinates: R beta / scale
  const Matrix upper = trials.frame().factor.triangularView<Eigen::Upper>();
  const Vector inside = upper * beta / trials.frame().y_scale;
  REQUIRE(trials.contrast().dot(inside) == Approx(l.dot(beta)).epsilon(1e-12));
}

TEST_CASE("sizes that do not fit the design are refused") {
  const fixture::Trial trial;
  REQUIRE_THROWS_AS(TrialSampler(trial.design(1), Vector::Ones(3), Vector::Unit(2, 1)), InvalidInput);
  REQUIRE_THROWS_AS(TrialSampler(trial.design(1), variances(1.0, 1.0), Vector::Unit(3, 1)), InvalidInput);
  REQUIRE_THROWS_AS(TrialSampler(trial.design(1), variances(-1.0, 1.0), Vector::Unit(2, 1)), NumericalError);
}
