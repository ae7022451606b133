#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/family_posterior.hpp>
#include <cordgain/math/lattice_quantile.hpp>

#include "family_posterior_fixture.hpp"
#include "sanitized.hpp"

using namespace cordgain;

namespace {

struct Sums {
  double evidence = 0.0, slope = 0.0, sd = 0.0, slope2 = 0.0;
};

/// Evidence and means of the binary model by a product trapezoidal rule on the parameters themselves:
/// coefficients on +-8, log sd from -9 to 2.9; random effects by 39 nodes, a rule that
/// test_marginal_likelihood.cpp holds against 4001 points.
Sums brute_force(const fixture::FamilyCase& at) {
  MarginalLikelihood likelihood(at.rows, *at.family);
  likelihood.set_nodes(std::vector<Index>(6, 39));
  Sums out;
  const double h = 0.6, k = 0.45;
  Vector beta(2), point(3);
  for (double log_sd = -9.0; log_sd <= 2.9; log_sd += k) {
    const double sd = std::exp(log_sd);
    for (double a = -8.0; a <= 8.1; a += h) {
      for (double b = -8.0; b <= 8.1; b += h) {
        beta << a, b;
        point << at.rows.x_factor * beta, sd;
        const double mass =
            h * h * k * sd *
            std::exp(-likelihood.at(point, false).value + at.model.coefficients[0].log_density(a) +
                     at.model.coefficients[1].log_density(b) + at.model.hyper[0].prior.log_density(sd));
        out.evidence += mass;
        out.slope += mass * b;
        out.slope2 += mass * b * b;
        out.sd += mass * sd;
      }
    }
  }
  return out;
}

/// With a known standard deviation of the effects, one dimension less.
FamilyPosterior posterior(const char* kind, double tolerance) {
  fixture::FamilyCase at(kind);
  at.model.hyper[0].prior = Prior({{PriorKind::kFixed, 1.0, 0.8 * at.family->unit(), 0.0, 0.0}});
  FamilyPosteriorControl control;
  control.tolerance = tolerance;
  return family_posterior(at.model, control);
}

}  // namespace

TEST_CASE("evidence and moments of a binary model are those of a product rule in other coordinates") {
  const fixture::FamilyCase at("binomial");
  const Sums second = brute_force(at);
  FamilyPosteriorControl control;
  control.tolerance = 1e-4;
  const FamilyPosterior found = family_posterior(at.model, control);
  // the second road: steps of 0.6 and 0.45 of a posterior whose SDs are 0.6 or more, log sd cut at -9 (1e-4
  // of a standard deviation near 0, of density 0.3): 5e-5
  REQUIRE(std::fabs(found.log_evidence - std::log(second.evidence)) < found.evidence_error + 2e-4);
  const double slope = second.slope / second.evidence;
  REQUIRE(std::fabs(found.mean[1] - slope) < found.error[1] + 1e-4);
  REQUIRE(std::fabs(found.sd[1] - std::sqrt(second.slope2 / second.evidence - slope * slope)) < 1e-4);
  REQUIRE(std::fabs(found.mean[2] - second.sd / second.evidence) < found.error[2] + 3e-4);
}

TEST_CASE("stated errors cover the difference from a finer lattice, for each family") {
  const double finest = kSanitized ? 1e-3 : 1e-4;
  for (const char* kind : {"binomial", "beta_binomial", "censored"}) {
    const FamilyPosterior coarse = posterior(kind, 1e-2), fine = posterior(kind, finest);
    REQUIRE(((coarse.mean - fine.mean).cwiseAbs().array() <= (coarse.error + fine.error).array()).all());
    REQUIRE(((coarse.sd - fine.sd).cwiseAbs().array() <= (coarse.error + fine.error).array()).all());
    REQUIRE(std::fabs(coarse.log_evidence - fine.log_evidence) <=
            coarse.evidence_error + fine.evidence_error);
    // the tolerance, and what the quadrature leaves; a known parameter has rounding alone
    REQUIRE((fine.error.array() <= 2.0 * finest * fine.sd.array() + 1e-12).all());
  }
}

TEST_CASE("every marginal has the mean of the nodes, thresholds by anchors of their own too") {
  const FamilyPosterior at = posterior("cumulative", 1e-2);
  REQUIRE(at.marginal.size() == 5);  // week, three thresholds, sd
  for (Index k = 0; k < 4; ++k) {
    const Lattice& lattice = at.marginal[static_cast<std::size_t>(k)];
    REQUIRE(std::fabs(at.unit[k] * lattice_mean(lattice) - at.mean[k]) < 1e-2 * at.sd[k]);
    REQUIRE(std::fabs(at.unit[k] * std::sqrt(lattice_variance(lattice)) - at.sd[k]) < 1e-2 * at.sd[k]);
  }
  REQUIRE(at.mean[1] < at.mean[2]);
  REQUIRE(at.mean[2] < at.mean[3]);
}

TEST_CASE(
    "what is reported of a hurdle is found among the coordinates: its scale before what moves on the line") {
  const fixture::FamilyCase at("shared_hurdle");
  const FamilyDensity density(at.model);
  const auto found = cordgain::detail::reported_coordinates(at.model, density);
  // two coefficients, log precision, intercept and slope of the logit, sd of the effects
  const Index expected[] = {0, 1, 3, 4, 5, 2};
  REQUIRE(found.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) REQUIRE(found[i].coordinate == expected[i]);
  REQUIRE(found[3].unit == 1.0);
}

TEST_CASE("more than six dimensions and too few nodes end in a declared error") {
  FamilyPosteriorControl control;
  control.most_nodes = 50;
  const fixture::FamilyCase at("censored");
  REQUIRE_THROWS_AS(family_posterior(at.model, control), NumericalError);
}
