#include <testthat/vendor/catch.h>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/model/count_families.hpp>
#include "family_checks.hpp"

using namespace cordgain;
using family_checks::numbers;
using family_checks::point;
using family_checks::require_derivatives;

TEST_CASE("the binomial family is the binomial distribution, constants included") {
  const BinomialLogit family(numbers({0, 3, 7, 1}), numbers({1, 10, 7, 1}));
  for (const double eta : {-3.0, -0.4, 0.0, 1.2, 4.0}) {
    const double p = 1.0 / (1.0 + std::exp(-eta));
    const double three = boost::math::pdf(boost::math::binomial_distribution<>(10.0, p), 3.0);
    REQUIRE(point(family, 1, eta, Vector()).value == Approx(std::log(three)).epsilon(1e-12));
    REQUIRE(point(family, 0, eta, Vector()).value == Approx(std::log(1.0 - p)).epsilon(1e-12));
    REQUIRE(point(family, 2, eta, Vector()).value == Approx(7.0 * std::log(p)).epsilon(1e-12));
  }
}

TEST_CASE("derivatives of families of counts are those of their value") {
  const BinomialLogit binomial(numbers({0, 3, 1}), numbers({1, 10, 1}));
  const PoissonLog poisson(numbers({0, 4, 11}));
  for (const double eta : {-2.5, -0.3, 0.8, 2.0}) {
    for (Index row = 0; row < 3; ++row) {
      require_derivatives(binomial, row, eta, Vector());
      require_derivatives(poisson, row, eta, Vector());
    }
  }
}

TEST_CASE("far out the binomial family neither overflows nor loses its slope") {
  const BinomialLogit family(numbers({0, 1}), numbers({1, 1}));
  REQUIRE(point(family, 0, 800.0, Vector()).value == Approx(-800.0));
  REQUIRE(point(family, 1, -800.0, Vector()).value == Approx(-800.0));
  REQUIRE(point(family, 0, 800.0, Vector()).slope == -1.0);
  REQUIRE(point(family, 1, -800.0, Vector()).slope == 1.0);
  REQUIRE(point(family, 1, 40.0, Vector()).slope == Approx(std::exp(-40.0)).epsilon(1e-14));
  REQUIRE(point(family, 0, -40.0, Vector()).slope == Approx(-std::exp(-40.0)).epsilon(1e-14));
}

TEST_CASE("the Poisson family is the Poisson distribution") {
  const PoissonLog family(numbers({0, 4}));
  const boost::math::poisson_distribution<> truth(std::exp(0.7));
  REQUIRE(point(family, 1, 0.7, Vector()).value ==
          Approx(std::log(boost::math::pdf(truth, 4.0))).epsilon(1e-12));
  REQUIRE(point(family, 0, 0.7, Vector()).value == Approx(-std::exp(0.7)).epsilon(1e-14));
}

TEST_CASE("scores that are no counts are refused") {
  REQUIRE_THROWS_AS(BinomialLogit(numbers({2}), numbers({1})), InvalidInput);
  REQUIRE_THROWS_AS(BinomialLogit(numbers({0.5}), numbers({1})), InvalidInput);
  REQUIRE_THROWS_AS(BinomialLogit(numbers({0, 1}), numbers({1})), InvalidInput);
  REQUIRE_THROWS_AS(PoissonLog(numbers({-1})), InvalidInput);
  REQUIRE_THROWS_AS(PoissonLog(numbers({1.5})), InvalidInput);
}

TEST_CASE(
    "with the logit link the general binomial is the one written for "
    "whole arrays") {
  const Vector events = numbers({0, 3, 7, 1}), trials = numbers({1, 10, 7, 1});
  const BinomialLink<LogitLink> general(events, trials);
  const BinomialLogit array(events, trials);
  for (const double eta : {-30.0, -0.7, 0.0, 2.0, 30.0}) {
    for (Index row = 0; row < 4; ++row) {
      const PointTerms one = point(general, row, eta, Vector()), other = point(array, row, eta, Vector());
      REQUIRE(one.value == Approx(other.value).epsilon(1e-13));
      REQUIRE(one.slope == Approx(other.slope).epsilon(1e-12));
      REQUIRE(one.curvature == Approx(other.curvature).epsilon(1e-12));
    }
  }
}

TEST_CASE(
    "binomials with probit and complementary log-log links, and their "
    "derivatives") {
  const BinomialLink<ProbitLink> probit(numbers({3, 0, 1}), numbers({10, 1, 1}));
  const BinomialLink<CloglogLink> cloglog(numbers({3, 0, 1}), numbers({10, 1, 1}));
  for (const double eta : {-1.6, 0.2, 1.1}) {
    const double p = 0.5 * std::erfc(-eta / std::sqrt(2.0)), q = -std::expm1(-std::exp(eta));
    REQUIRE(point(probit, 0, eta, Vector()).value ==
            Approx(std::log(boost::math::pdf(boost::math::binomial_distribution<>(10.0, p), 3.0)))
                .epsilon(1e-12));
    REQUIRE(point(cloglog, 0, eta, Vector()).value ==
            Approx(std::log(boost::math::pdf(boost::math::binomial_distribution<>(10.0, q), 3.0)))
                .epsilon(1e-12));
    for (Index row = 0; row < 3; ++row) {
      require_derivatives(probit, row, eta, Vector(), 1e-6);
      require_derivatives(cloglog, row, eta, Vector(), 1e-6);
    }
  }
  REQUIRE_THROWS_AS(BinomialLink<ProbitLink>(numbers({2}), numbers({1})), InvalidInput);
}
