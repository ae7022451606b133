#include <testthat/vendor/catch.h>
#include <cordgain/infer/bootstrap.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

BootstrapPlan plan_of(Index count, std::uint64_t first = 0) {
  BootstrapPlan plan;
  plan.seed = 3;
  plan.first = first;
  plan.count = count;
  plan.spread = Spread::kenward_roger;
  plan.contrast = Matrix::Identity(2, 2);
  return plan;
}

Replicates run(const fixture::Trial& trial, const RowsReport& fit, const BootstrapPlan& plan) {
  Monitor monitor;
  return bootstrap_rows(trial.design(), {}, fit.fit.gamma, plan, monitor);
}

}  // namespace

TEST_CASE("a replicate depends on its index alone") {
  const fixture::Trial trial;
  const RowsReport fit = fit_rows(trial.design(), true);
  const Replicates whole = run(trial, fit, plan_of(12)), tail = run(trial, fit, plan_of(5, 7));
  REQUIRE(whole.shift.bottomRows(5) == tail.shift);
  REQUIRE(whole.gamma.bottomRows(5) == tail.gamma);
  REQUIRE(whole.std_error.bottomRows(5) == tail.std_error);
  REQUIRE(whole.shift.row(0) != whole.shift.row(1));
}

TEST_CASE("a replicate's standard errors are those that row_tests() gives its fit") {
  const fixture::Trial trial;
  const DesignInput in = trial.design();
  const RowsReport fit = fit_rows(in, true);
  BootstrapPlan plan = plan_of(4);
  const Replicates adjusted = run(trial, fit, plan);
  plan.spread = Spread::model;
  const Replicates model = run(trial, fit, plan);
  const Reduced reduced = reduce_rows(in);
  ResponseSampler sampler(reduced.blocks, kind_loadings(in, reduced), fit.fit.gamma);
  for (Index i = 0; i < 4; ++i) {
    RandomStream random(plan.seed, static_cast<std::uint64_t>(i));
    sampler.draw(random);
    const GaussianFit again =
        fit_gaussian(sampler.blocks(), model_covariance(in, {}), LikelihoodKind{true, true});
    const FreeDirections free =
        free_directions(again.covariance, again.theta, again.gamma[sampler.blocks().residual]);
    const Inference at = information(sampler.blocks(), again.gamma, free, true);
    const Vector kr = row_tests(at, plan.contrast, true, false).std_error;
    REQUIRE((adjusted.std_error.row(i).transpose() - kr).cwiseAbs().maxCoeff() < 1e-12);
    REQUIRE((model.std_error.row(i).transpose() - at.phi.diagonal().cwiseSqrt()).cwiseAbs().maxCoeff() <
            1e-12);
  }
}

TEST_CASE("the watcher is told of each replicate, and its exception ends the work") {
  struct Stopper final : Monitor {
    void done(Index units, Index) override {
      last = units;
      if (units == 3) throw 1;
    }
    Index last = 0;
  } stopper;
  const fixture::Trial trial;
  const RowsReport fit = fit_rows(trial.design(), true);
  REQUIRE_THROWS_AS(bootstrap_rows(trial.design(), {}, fit.fit.gamma, plan_of(10), stopper), int);
  REQUIRE(stopper.last == 3);
}

TEST_CASE("a covariance at which nothing can be drawn, and wrong sizes, are refused") {
  const fixture::Trial trial;
  Monitor monitor;
  const Vector negative = (Vector(4) << 1.0, 0.0, -1e3, 1.0).finished();
  REQUIRE_THROWS_AS(bootstrap_rows(trial.design(), {}, negative, plan_of(1), monitor), NumericalError);
  REQUIRE_THROWS_AS(bootstrap_rows(trial.design(), {}, Vector::Ones(2), plan_of(1), monitor), InvalidInput);
  BootstrapPlan plan = plan_of(1);
  plan.contrast = Matrix::Identity(3, 3);
  REQUIRE_THROWS_AS(bootstrap_rows(trial.design(), {}, Vector::Ones(4), plan, monitor), InvalidInput);
}
