#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/infer/family_posterior_report.hpp>

#include "family_posterior_fixture.hpp"
#include "sanitized.hpp"

using namespace cordgain;

namespace {

struct Case {
  family_cases::Trial trial = family_cases::binary_trial();
  BinomialLogit family{trial.y, Vector::Ones(30)};
  FamilyPriors priors;
  Case() {
    priors.coefficients.assign(2, Prior({{PriorKind::kNormal, 1.0, 0.0, 2.5, 0.0}}));
    priors.hyper.resize(1);
    priors.hyper[0].prior = Prior({{PriorKind::kHalfNormal, 1.0, 2.0, 0.0, 0.0}});
    priors.layout.blocks = {{0, -1, -1}};
  }
};

}  // namespace

TEST_CASE("draws have the moments of the lattices, within five standard errors of their number") {
  const Case at;
  FamilyProblem problem(at.trial.in, at.family, at.priors);
  FamilyPosteriorControl control;
  control.tolerance = 1e-2;
  const FamilyPosterior exact = family_posterior(problem.model(), control);
  NutsControl sampler;
  sampler.warmup = sampler.draws = kSanitized ? 150 : 500;
  std::vector<Index> nodes;
  Monitor monitor;
  const FamilyDraws drawn = problem.sample(sampler, 2, monitor, nodes);
  REQUIRE(drawn.values.cols() == 2 * sampler.draws);
  for (Index k = 0; k < 3; ++k) {
    // an effective size of at least a fifth of the draws
    REQUIRE(std::fabs(drawn.values.row(k).mean() - exact.mean[k]) <
            5.0 * exact.sd[k] / std::sqrt(0.4 * sampler.draws));
  }
  const auto again = problem.sample(sampler, 2, monitor, nodes);
  REQUIRE(again.values == drawn.values);
}

TEST_CASE("log likelihoods by subject add up to the whole, and effects are those of one point") {
  const Case at;
  FamilyProblem problem(at.trial.in, at.family, at.priors);
  FamilyDensity density(problem.model());
  density(density.start(0.6));
  const Matrix point = density.point();
  const std::vector<Index> nodes(6, 19);
  MarginalLikelihood likelihood(problem.rows(), at.family);
  likelihood.set_nodes(nodes);
  REQUIRE(problem.by_subject(point, nodes).sum() ==
          Approx(-likelihood.at(point.col(0), false).value).epsilon(1e-12));
  const FamilyProblem::Effects found = problem.effects(point, Vector::Ones(1), nodes);
  const MarginalLikelihood::Effects first = likelihood.effects(0, point.col(0));
  const double sd = density.reported()[2];
  REQUIRE(found.mean(0, 0) == Approx(sd * first.mean[0]).epsilon(1e-10));
  REQUIRE(found.sd(0, 0) == Approx(sd * std::sqrt(first.covariance(0, 0))).epsilon(1e-10));
}

TEST_CASE("a column without a prior is refused") {
  Case at;
  at.priors.coefficients.pop_back();
  REQUIRE_THROWS_AS(FamilyProblem(at.trial.in, at.family, at.priors), InvalidInput);
}
