#include <testthat/vendor/catch.h>
#include <boost/math/distributions/students_t.hpp>
#include <cordgain/infer/trial_loop.hpp>

#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

TrialPlan plan_of(Index count, std::uint64_t first = 0) {
  TrialPlan plan;
  plan.seed = 11;
  plan.first = first;
  plan.count = count;
  plan.contrast = Vector::Unit(2, 1);
  return plan;
}

Vector variances(double d, double s2) {
  Vector out(2);
  out << d, s2;
  return out;
}

}  // namespace

TEST_CASE("without random effects each trial is an ordinary regression: t with n - p degrees of freedom") {
  const fixture::Trial trial;
  DesignInput in = trial.design();
  in.random.clear();
  Monitor monitor;
  const Index count = 4000;
  const double sigma2 = 2.5;
  const TrialFits found = simulate_fits(in, {}, Vector::Constant(1, sigma2), plan_of(count), monitor);
  const double df = static_cast<double>(trial.y.size() - 2);
  REQUIRE(found.df[0] == Approx(df).epsilon(1e-8));
  // Var(slope) = sigma^2 (X'X)^-1, and s^2 is unbiased.
  const Matrix inverse = (trial.x.transpose() * trial.x).inverse();
  const double variance = sigma2 * inverse(1, 1), n = static_cast<double>(count);
  REQUIRE(std::abs(found.shift.squaredNorm() / n / variance - 1.0) < 5.0 * std::sqrt(2.0 / n));
  REQUIRE(std::abs(found.std_error.squaredNorm() / n / variance - 1.0) < 5.0 * std::sqrt(2.0 / df / n));
  const double t = boost::math::quantile(boost::math::students_t(df), 0.975);
  const double claimed = (found.shift.array() / found.std_error.array() > t).cast<double>().mean();
  REQUIRE(std::abs(claimed - 0.025) < 5.0 * std::sqrt(0.025 * 0.975 / n));
}

TEST_CASE("a trial depends on the seed and its index alone") {
  const fixture::Trial trial;
  Monitor monitor;
  const DesignInput in = trial.design(1);
  const TrialFits all = simulate_fits(in, {}, variances(9.0, 4.0), plan_of(20), monitor);
  const TrialFits late = simulate_fits(in, {}, variances(9.0, 4.0), plan_of(5, 15), monitor);
  REQUIRE((all.shift.tail(5) - late.shift).cwiseAbs().maxCoeff() == 0.0);
  REQUIRE((all.std_error.tail(5) - late.std_error).cwiseAbs().maxCoeff() == 0.0);
  REQUIRE(all.outcome[19] == static_cast<int>(TrialOutcome::converged));
}

TEST_CASE("estimates spread as generalised least squares says where variances are nearly known") {
  const fixture::Trial trial;
  Monitor monitor;
  const Index count = 3000;
  const double d = 9.0, s2 = 4.0;
  const TrialFits found = simulate_fits(trial.design(1), {}, variances(d, s2), plan_of(count), monitor);
  const Matrix v = trial.dense(Matrix::Constant(1, 1, d), s2);
  const Matrix phi = (trial.x.transpose() * v.ldlt().solve(trial.x)).inverse();
  // Weights estimated from six subjects spread a little more than known ones, never less.
  const double ratio = found.shift.squaredNorm() / static_cast<double>(count) / phi(1, 1);
  REQUIRE(ratio > 1.0 - 5.0 * std::sqrt(2.0 / static_cast<double>(count)));
  REQUIRE(ratio < 1.1 + 5.0 * std::sqrt(2.0 / static_cast<double>(count)));
}

TEST_CASE("a column that the design does not identify is refused") {
  fixture::Trial trial;
  trial.x.col(1).setConstant(2.0);
  Monitor monitor;
  REQUIRE_THROWS_AS(simulate_fits(trial.design(1), {}, variances(1.0, 1.0), plan_of(2), monitor),
                    InvalidInput);
}
