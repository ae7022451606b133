#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/exact_posterior.hpp>

#include "posterior_fixture.hpp"

using cordgain::ExactPosterior;
using cordgain::PosteriorControl;
using cordgain::Vector;

namespace {

ExactPosterior posterior(const cordgain::PosteriorPriors& priors, double tolerance) {
  const fixture::Trial trial;
  PosteriorControl control;
  control.tolerance = tolerance;
  return cordgain::posterior_rows(trial.design(1), priors, control).posterior;
}

}  // namespace

TEST_CASE(
    "evidence and means agree with dense densities and Gauss-Legendre rules, within the stated errors") {
  const fixture::BruteForce second = fixture::brute_force();
  const ExactPosterior at = posterior(fixture::intercept_priors(), 1e-6);
  // The second road is cut at sd 120 (half-t tails: 1e-6 of the mass) and sigma 0.2 and 12.
  const double slack = 2e-6;
  REQUIRE(std::abs(at.log_evidence - std::log(second.evidence)) < at.evidence_error + slack);
  REQUIRE(std::abs(at.hyper_mean[0] - second.sd) < at.hyper_error[0] + slack * 120.0);
  REQUIRE(std::abs(at.hyper_mean[1] - second.sigma) < at.hyper_error[1] + slack);
  REQUIRE(std::abs(at.coefficient_mean[1] - second.slope) < at.coefficient_error[1] + slack);
}

TEST_CASE("stated errors cover the difference from a far finer lattice, and shrink with the tolerance") {
  const ExactPosterior fine = posterior(fixture::intercept_priors(), 1e-9);
  double before = 1.0;
  for (const double tolerance : {1e-2, 1e-4, 1e-6}) {
    const ExactPosterior at = posterior(fixture::intercept_priors(), tolerance);
    REQUIRE(((at.hyper_mean - fine.hyper_mean).cwiseAbs().array() <= at.hyper_error.array()).all());
    REQUIRE(((at.hyper_sd - fine.hyper_sd).cwiseAbs().array() <= at.hyper_error.array()).all());
    REQUIRE(
        ((at.coefficient_sd - fine.coefficient_sd).cwiseAbs().array() <= at.coefficient_error.array()).all());
    REQUIRE((at.hyper_error.array() <= tolerance * at.hyper_sd.array()).all());
    REQUIRE(at.hyper_error.maxCoeff() < before);
    before = at.hyper_error.maxCoeff();
  }
}

TEST_CASE("with fixed variances the posterior is one normal, that of the conjugate formula") {
  cordgain::PosteriorPriors priors = fixture::intercept_priors();
  priors.hyper[0].prior = cordgain::Prior({{cordgain::PriorKind::kFixed, 1.0, 2.0, 0.0, 0.0}});
  priors.hyper[1].prior = cordgain::Prior({{cordgain::PriorKind::kFixed, 1.0, 1.5, 0.0, 0.0}});
  const ExactPosterior at = posterior(priors, 1e-6);
  REQUIRE(at.weight.size() == 1);
  const fixture::Trial trial;
  const cordgain::Matrix v = trial.dense(cordgain::Matrix::Constant(1, 1, 4.0), 2.25);
  Vector m0(2), p0(2);
  m0 << 5.0, 0.0;
  p0 << 0.01, 1.0;
  cordgain::Matrix a = trial.x.transpose() * v.ldlt().solve(trial.x);
  a.diagonal() += p0;
  const Vector mean = a.ldlt().solve(trial.x.transpose() * v.ldlt().solve(trial.y) + p0.cwiseProduct(m0));
  REQUIRE((at.coefficient_mean - mean).cwiseAbs().maxCoeff() < 1e-10);
}

TEST_CASE("a very strong prior on the standard deviations gives the answer of known ones") {
  cordgain::PosteriorPriors known = fixture::intercept_priors(), near = fixture::intercept_priors();
  for (std::size_t k : {0U, 1U}) {
    known.hyper[k].prior = cordgain::Prior({{cordgain::PriorKind::kFixed, 1.0, 2.0, 0.0, 0.0}});
    near.hyper[k].prior =
        cordgain::Prior({{cordgain::PriorKind::kGamma, 1.0, 4e6, 2e6, 0.0}});  // 2, sd 0.001
  }
  const ExactPosterior a = posterior(known, 1e-6), b = posterior(near, 1e-6);
  // The sds move by 0.001 relative to 2, so means of coefficients by less than a thousandth of their sd.
  REQUIRE(((a.coefficient_mean - b.coefficient_mean).array().abs() < 1e-3 * a.coefficient_sd.array()).all());
}

TEST_CASE("the marginal of each hyperparameter has the mean that the nodes have") {
  const fixture::Trial trial;
  const cordgain::DesignInput in = trial.design(1);
  const ExactPosterior at = posterior(fixture::intercept_priors(), 1e-6);
  const std::vector<cordgain::Lattice> marginal =
      cordgain::marginal_rows(in, fixture::intercept_priors(), at.plan);
  REQUIRE(marginal.size() == 2);
  for (cordgain::Index k = 0; k < 2; ++k) {
    const cordgain::Lattice& lattice = marginal[static_cast<std::size_t>(k)];
    cordgain::Hyperparameter sd = fixture::intercept_priors().hyper[static_cast<std::size_t>(k)];
    sd.unit = at.plan.unit[k];
    double mean = 0.0;
    for (cordgain::Index j = 0; j < lattice.value.size(); ++j)
      mean += lattice.value[j] * cordgain::transform(sd, lattice.node(j)).value;
    REQUIRE(std::abs(mean / lattice.sum() - at.hyper_mean[k]) < 1e-5 * at.hyper_sd[k]);
  }
}

TEST_CASE("with fixed variances there is no marginal density") {
  cordgain::PosteriorPriors priors = fixture::intercept_priors();
  for (auto& h : priors.hyper) h.prior = cordgain::Prior({{cordgain::PriorKind::kFixed, 1.0, 2.0, 0.0, 0.0}});
  const ExactPosterior at = posterior(priors, 1e-6);
  const fixture::Trial trial;
  REQUIRE(cordgain::marginal_rows(trial.design(1), priors, at.plan).empty());
}

TEST_CASE("more than six free hyperparameters are refused") {
  cordgain::PosteriorPriors priors = fixture::intercept_priors();
  priors.coefficients[0] = std::vector<cordgain::CoefficientComponent>(5, {0.2, 5.0, 10.0, -1});
  for (cordgain::Index k = 0; k < 5; ++k) {
    cordgain::Hyperparameter scale;
    scale.kind = cordgain::HyperKind::kMixing;
    scale.shape = 3.0;
    priors.hyper.push_back(scale);
    priors.coefficients[0][static_cast<std::size_t>(k)].mixing = 2 + k;
  }
  REQUIRE_THROWS_AS(posterior(priors, 1e-4), cordgain::NumericalError);
}
