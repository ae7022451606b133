#include <testthat/vendor/catch.h>
#include <cordgain/infer/calibration.hpp>
#include "gaussian_fixture.hpp"
#include "sanitized.hpp"

using namespace cordgain;

namespace {

CalibrationPlan plan_of(const Index sets, const Index refits) {
  CalibrationPlan plan;
  plan.seed = 8;
  plan.data_sets = sets;
  plan.refits = refits;
  plan.contrast = Vector::Unit(2, 1);
  return plan;
}

}  // namespace

TEST_CASE("with no random effects Kenward-Roger is the exact t interval: its coverage is the level") {
  const fixture::Trial trial;
  DesignInput in = trial.design();
  in.random.clear();
  Monitor monitor;
  const Index n = 4000;
  const Calibration found = calibrate(in, Vector::Ones(1), plan_of(n, 1), monitor);
  const double seen = found.covered.col(Calibration::kenward_roger).mean();
  REQUIRE(std::abs(seen - 0.95) < 5.5 * std::sqrt(0.95 * 0.05 / static_cast<double>(n)));
  REQUIRE(found.df[0] == Approx(static_cast<double>(trial.y.size() - 2)).epsilon(1e-8));
  // a normal quantile in place of t(nu): coverage 2 F(1.96; nu) - 1
  const boost::math::students_t t(static_cast<double>(trial.y.size() - 2));
  const double wald = 2.0 * boost::math::cdf(t, 1.9599639845400545) - 1.0;
  const double wald_seen = found.covered.col(Calibration::wald).mean();
  REQUIRE(std::abs(wald_seen - wald) < 5.5 * std::sqrt(wald * (1.0 - wald) / static_cast<double>(n)));
}

TEST_CASE(
    "with no random effects the studentised bootstrap covers as it should, the percentile one as its law "
    "says") {
  const fixture::Trial trial;
  DesignInput in = trial.design();
  in.random.clear();
  Monitor monitor;
  const Index n = kSanitized ? 150 : 1500;
  const Calibration found = calibrate(in, Vector::Ones(1), plan_of(n, 199), monitor);
  // A pivot: ranks of t among 199 replicates are exchangeable, so coverage is 190/200 exactly.
  const double seen = found.covered.col(Calibration::studentised).mean();
  REQUIRE(std::abs(seen - 0.95) < 5.5 * std::sqrt(0.95 * 0.05 / static_cast<double>(n)));
  REQUIRE(found.failed_refits == 0);
}

TEST_CASE("order statistics at the ranks (n + 1) p") {
  std::vector<double> x;
  for (int i = 1; i <= 39; ++i) x.push_back(40.0 - i);
  const detail::Tails t = detail::tails(x, 0.95);
  REQUIRE(t.low == Approx(1.0).epsilon(1e-12));
  REQUIRE(t.high == Approx(39.0).epsilon(1e-12));
  const detail::Tails half = detail::tails(x, 0.90);
  REQUIRE(half.low == Approx(2.0).epsilon(1e-12));
  REQUIRE(half.high == Approx(38.0).epsilon(1e-12));
}

TEST_CASE("sizes that do not fit are refused") {
  const fixture::Trial trial;
  Monitor monitor;
  REQUIRE_THROWS_AS(calibrate(trial.design(), Vector::Ones(2), plan_of(1, 1), monitor), InvalidInput);
  CalibrationPlan plan = plan_of(1, 1);
  plan.contrast = Vector::Ones(3);
  REQUIRE_THROWS_AS(calibrate(trial.design(), Vector::Ones(4), plan, monitor), InvalidInput);
}
