#include <testthat/vendor/catch.h>
#include <boost/math/distributions/normal.hpp>
#include <cordgain/infer/posterior_loop.hpp>

#include "posterior_fixture.hpp"

using namespace cordgain;

namespace {

TrialPlan plan_of(Index count) {
  TrialPlan plan;
  plan.seed = 5;
  plan.count = count;
  plan.contrast = Vector(2);
  plan.contrast << 1.0, 20.0;
  return plan;
}

PosteriorQuestion question(double tolerance) {
  PosteriorQuestion out;
  out.truth = Vector(2);
  out.truth << 4.0, 0.3;
  out.added = Vector(3);
  out.added << -3.0, 0.0, 4.0;
  out.added_se = 0.7;
  out.tolerance = tolerance;
  return out;
}

Vector variances() {
  Vector out(2);
  out << 4.0, 2.25;
  return out;
}

/// The same trials one by one, each on a fine lattice of its own.
TrialPosteriors one_by_one(const DesignInput& in, const PosteriorPriors& priors, const TrialPlan& plan,
                           const Vector& gamma, double tolerance) {
  TrialSampler trials(in, gamma, plan.contrast);
  PosteriorModel model = detail::posterior_model(in, trials.frame(), trials.blocks(), priors);
  const PosteriorQuestion asked = question(tolerance);
  model.frame.shift = asked.truth;
  TrialPosteriors out = detail::empty_posteriors(plan.count, asked.added.size());
  for (Index i = 0; i < plan.count; ++i) {
    double error = 0.0;
    const LatticeAnswer found = detail::own_answer(model, trials.draw(plan, static_cast<std::uint64_t>(i)),
                                                   plan.contrast, asked.added_in(i), asked, error);
    detail::note_posterior(found, error, PosteriorRoute::own, i, out);
  }
  return out;
}

void require_agreement(const TrialPosteriors& found, const TrialPosteriors& fine, double tolerance) {
  for (Index i = 0; i < found.error.size(); ++i) {
    REQUIRE((found.above.row(i) - fine.above.row(i)).cwiseAbs().maxCoeff() <= found.error[i] + fine.error[i]);
    REQUIRE(found.error[i] <= tolerance);
    // Mean and standard deviation have no stated error; they rest on the same nodes.
    REQUIRE(std::abs(found.mean[i] - fine.mean[i]) <= tolerance * fine.sd[i]);
    REQUIRE(std::abs(found.sd[i] - fine.sd[i]) <= tolerance * fine.sd[i]);
  }
}

}  // namespace

TEST_CASE("trials on the shared lattice have the posteriors of lattices of their own") {
  const fixture::Trial trial;
  Monitor monitor;
  const PosteriorPriors priors = fixture::intercept_priors();
  const TrialPlan plan = plan_of(30);
  const TrialPosteriors fine = one_by_one(trial.design(1), priors, plan, variances(), 1e-7);
  for (const double tolerance : {1e-3, 1e-5}) {
    const TrialPosteriors found =
        simulate_posteriors(trial.design(1), variances(), priors, plan, question(tolerance), monitor);
    require_agreement(found, fine, tolerance);
    REQUIRE(std::count(found.route.begin(), found.route.end(), static_cast<int>(PosteriorRoute::shared)) >
            25);
  }
}

TEST_CASE("so have trials with correlated intercepts and slopes") {
  const fixture::Trial trial;
  Monitor monitor;
  PosteriorPriors priors = fixture::intercept_priors();
  Hyperparameter correlation;
  correlation.kind = HyperKind::kCorrelation;
  correlation.shape = 2.0;
  priors.hyper = {fixture::half_t(3.0, 5.0), fixture::half_t(3.0, 0.5), correlation,
                  fixture::half_t(3.0, 2.0)};
  priors.layout.blocks = {{0, 1, 2}};
  priors.layout.sigma = 3;
  const TrialPlan plan = plan_of(2);
  Vector gamma(4);
  gamma << 4.0, 0.05, 0.01, 2.25;
  const TrialPosteriors found =
      simulate_posteriors(trial.design(2), gamma, priors, plan, question(1e-2), monitor);
  const TrialPosteriors fine = one_by_one(trial.design(2), priors, plan, gamma, 1e-3);
  require_agreement(found, fine, 1e-2);
}

TEST_CASE("known variances: the normal posterior of the conjugate formula, with flat and normal priors") {
  const fixture::Trial trial;
  Monitor monitor;
  PosteriorPriors priors = fixture::intercept_priors();
  priors.coefficients = {{{1.0, 0.0, std::numeric_limits<double>::infinity(), -1}},
                         {{1.0, 0.0, std::numeric_limits<double>::infinity(), -1}}};
  priors.hyper[0].prior = Prior({{PriorKind::kFixed, 1.0, 2.0, 0.0, 0.0}});
  priors.hyper[1].prior = Prior({{PriorKind::kFixed, 1.0, 1.5, 0.0, 0.0}});
  const Index count = 3000;
  const PosteriorQuestion asked = question(1e-3);
  const TrialPosteriors found =
      simulate_posteriors(trial.design(1), variances(), priors, plan_of(count), asked, monitor);
  PosteriorQuestion moved = asked;
  moved.moved = Vector::LinSpaced(4, 0.0, 3.0);
  const TrialPosteriors again =
      simulate_posteriors(trial.design(1), variances(), priors, plan_of(4), moved, monitor);
  // added -3 and moved 3 is added 0
  REQUIRE(again.above(3, 0) == Approx(found.above(3, 1)).margin(1e-14));
  // A flat prior: mean = estimate, sd^2 = l'(X'V^-1X)^-1 l, so P(l'beta > truth) is uniform over trials.
  const Matrix v = trial.dense(Matrix::Constant(1, 1, 4.0), 2.25);
  const Vector l = plan_of(1).contrast;
  const double variance = l.dot((trial.x.transpose() * v.ldlt().solve(trial.x)).inverse() * l);
  REQUIRE(found.sd[7] == Approx(std::sqrt(variance)).epsilon(1e-10));
  const double n = static_cast<double>(count);
  REQUIRE(std::abs(found.mean.squaredNorm() / n / variance - 1.0) < 5.0 * std::sqrt(2.0 / n));
  const boost::math::normal standard;
  for (Index i = 0; i < 5; ++i) {
    for (Index e = 0; e < 3; ++e) {
      const double z = (found.mean[i] + asked.added[e]) / std::sqrt(variance + 0.49);
      REQUIRE(found.above(i, e) == Approx(boost::math::cdf(standard, z)).margin(1e-12));
    }
  }
}

TEST_CASE("mixtures and t priors of coefficients are refused") {
  const fixture::Trial trial;
  Monitor monitor;
  PosteriorPriors priors = fixture::intercept_priors();
  priors.coefficients[0].push_back({0.5, 1.0, 1.0, -1});
  REQUIRE_THROWS_AS(
      simulate_posteriors(trial.design(1), variances(), priors, plan_of(2), question(1e-3), monitor),
      InvalidInput);
}
