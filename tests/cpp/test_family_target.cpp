#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/family_target.hpp>
#include <cordgain/math/differences.hpp>

#include "family_posterior_fixture.hpp"

using namespace cordgain;

TEST_CASE("the gradient in all coordinates is that of differences, for every family and anchor") {
  for (const char* kind :
       {"binomial", "slopes", "beta_binomial", "censored", "cumulative", "hurdle", "shared_hurdle"}) {
    const fixture::FamilyCase at(kind);
    FamilyDensity density(at.model);
    for (const Index anchor : {0, 2}) {
      if (density.cut_count() == 0 && anchor > 0) continue;
      density.set_anchor(anchor);
      Vector eta = density.start(0.4);
      eta.array() += Vector::LinSpaced(eta.size(), -0.2, 0.3).array();
      Vector gradient;
      density(eta, gradient);
      density.likelihood().choose_nodes(density.point(), 1e-11);
      density(eta, gradient);
      const Vector slope = difference_gradient([&](const Vector& p) { return density(p); }, eta);
      REQUIRE((slope - gradient).norm() < 1e-7 * (1.0 + gradient.norm()));  // differences of fourth order
    }
  }
}

TEST_CASE("what a hurdle has besides the beta-binomial is told as it is, and its prior counted once") {
  fixture::FamilyCase at("shared_hurdle");
  FamilyDensity density(at.model);
  REQUIRE(density.dimension() == 6);  // two coefficients, sd, 1 / sqrt(precision), the two of the logit
  Vector eta = density.start(0.4);
  REQUIRE(eta.tail(2).norm() == 0.0);
  eta.tail(2) << -0.6, 0.8;
  const double before = density(eta);
  REQUIRE(density.reported().size() == 6);
  REQUIRE((density.reported().segment(3, 2) - eta.tail(2)).norm() == 0.0);
  const double likelihood = -density.likelihood().at(density.point(), false).value;
  Vector moved = eta;
  moved.tail(2) << 0.5, -0.3;
  const double after = density(moved);
  const double change = -density.likelihood().at(density.point(), false).value - likelihood;
  // t with 7 degrees of freedom and scale 1.55: exponent -4 on 1 + (a / 1.55)^2 / 7
  const double t = -4.0 * (std::log1p(0.25 / (7.0 * 2.4025)) - std::log1p(0.36 / (7.0 * 2.4025)));
  REQUIRE(after - before == Approx(change + t - 0.5 * (0.09 - 0.64)).epsilon(1e-11));
  at.model.further.pop_back();
  REQUIRE_THROWS_AS(FamilyDensity(at.model), InvalidInput);
}

TEST_CASE("an anchor is a shear: the same density at the same thresholds") {
  const fixture::FamilyCase at("cumulative");
  FamilyDensity density(at.model);
  Vector eta = density.start(0.4);
  const double first = density(eta);
  const Vector reported = density.reported();  // week, three thresholds, sd
  REQUIRE(reported.size() == 5);
  for (const Index anchor : {1, 2}) {
    density.set_anchor(anchor);
    Vector moved = eta;
    moved[0] = reported[1 + anchor] / density.unit()[0];
    REQUIRE(density(moved) == Approx(first).epsilon(1e-12));
    REQUIRE((density.reported() - reported).norm() < 1e-12);
  }
}

TEST_CASE("the density is likelihood times priors times the Jacobians, put together by hand") {
  const fixture::FamilyCase at("binomial");
  FamilyDensity density(at.model);
  Vector eta(3);
  eta << 0.3, -0.7, 0.5;
  const double value = density(eta);
  density.likelihood().choose_nodes(density.point(), 1e-10);
  const Vector reported = density.reported();
  const family_cases::Trial trial = family_cases::binary_trial();
  double direct = family_cases::trapezoid(trial, reported.head(2), reported[2]);
  direct +=
      at.model.coefficients[0].log_density(reported[0]) + at.model.coefficients[1].log_density(reported[1]);
  direct += at.model.hyper[0].prior.log_density(reported[2]);
  direct += density.unit().array().log().sum();                         // beta by its coordinate
  direct += std::log(reported[2]) + std::log(1.0 + std::exp(-eta[2]));  // exp(eta - exp(-eta)) by eta
  REQUIRE(density(eta) == Approx(direct).epsilon(1e-10));
  REQUIRE(std::fabs(value - direct) < 1e-3);  // five nodes
}

TEST_CASE("a standard deviation given as known has no coordinate, and priors that lack are refused") {
  fixture::FamilyCase at("binomial");
  at.model.hyper[0].prior = Prior({{PriorKind::kFixed, 1.0, 1.3, 0.0, 0.0}});
  FamilyDensity density(at.model);
  REQUIRE(density.dimension() == 2);
  density(Vector::Zero(2));
  REQUIRE(density.reported()[2] == 1.3);
  at.model.coefficients.pop_back();
  REQUIRE_THROWS_AS(FamilyDensity(at.model), InvalidInput);
}
