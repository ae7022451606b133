#include <testthat/vendor/catch.h>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cordgain/natural/scenarios.hpp>

#include "naive.hpp"

using cordgain::coarse_route;
using cordgain::fine_route;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::PriorComponent;
using cordgain::PriorKind;
using cordgain::Route;
using cordgain::Scenarios;
using cordgain::scenarios;

namespace {

PriorComponent beta(double a, double b) {
  return {PriorKind::kBeta, 1.0, a, b, 0.0};
}

PriorComponent normal(double mean, double sd) {
  return {PriorKind::kNormal, 1.0, mean, sd, 0.0};
}

template <class F>
double expectation(const Scenarios& s, const F& f) {
  double sum = 0.0;
  for (Index i = 0; i < s.value.size(); ++i) sum += std::exp(s.log_weight(i)) * f(s.value(i));
  return sum;
}

}  // namespace

TEST_CASE("weights add up to 1 and values stand at equal steps") {
  for (const PriorComponent& prior : {beta(35.5, 168.5), beta(1.5, 34.5), beta(0.5, 0.5), normal(0.7, 0.2)}) {
    const Scenarios s = scenarios(prior, fine_route());
    REQUIRE(std::fabs(expectation(s, [](double) { return 1.0; }) - 1.0) < 1e-14);
    REQUIRE(s.log_weight.size() == s.value.size());
    const double step = s.value(1) - s.value(0);
    for (Index i = 1; i < s.value.size(); ++i) {
      REQUIRE(std::fabs(s.value(i) - s.value(i - 1) - step) < 1e-12 * std::fabs(s.value(0)) + 1e-13);
    }
  }
}

TEST_CASE("a beta keeps the mean and variance of its rate") {
  for (const double a : {1.5, 8.0, 35.5}) {
    for (const double b : {2.5, 34.5, 168.5}) {
      const double mean = a / (a + b);
      for (const Route& route : {fine_route(), coarse_route()}) {
        const Scenarios s = scenarios(beta(a, b), route);
        // e^-25 (e^-20) of the spectrum, times w / a for the factor e^theta and w^2 for its square: w
        // below 20.
        const double tolerance = route.order == 15 ? 1e-9 : 1e-7;
        REQUIRE(std::fabs(expectation(s, naive::rate) - mean) < tolerance * mean);
        const double second = expectation(s, [&](double x) { return std::pow(naive::rate(x) - mean, 2); });
        REQUIRE(naive::close_ratio(second, mean * (1.0 - mean) / (a + b + 1.0), 100.0 * tolerance));
      }
    }
  }
}

TEST_CASE("a beta of many events is integrated to the route's digits") {
  const Scenarios s = scenarios(beta(35.5, 168.5), fine_route());
  // |Gamma(35.5 + i w) / Gamma(35.5)| at w = 2 pi / 0.1 is 1e-17; what is cut off is e^-25 / (a step).
  REQUIRE(std::fabs(expectation(s, naive::rate) - 35.5 / 204.0) < 1e-11);
  const double expected = boost::math::digamma(35.5) - boost::math::digamma(168.5);
  REQUIRE(std::fabs(expectation(s, [](double x) { return x; }) - expected) < 1e-10);
}

TEST_CASE("a normal keeps mean, variance and its moment generating function") {
  for (const Route& route : {fine_route(), coarse_route()}) {
    const Scenarios s = scenarios(normal(-0.4, 0.8), route);
    const double tolerance = route.order == 15 ? 1e-9 : 1e-7;  // e^-25 and e^-20 at 7 and 6 sd, z^2 of it
    REQUIRE(std::fabs(expectation(s, [](double x) { return x; }) + 0.4) < tolerance);
    REQUIRE(std::fabs(expectation(s, [](double x) { return (x + 0.4) * (x + 0.4); }) - 0.64) < tolerance);
    // e^x shifts the normal by sd^2: the cut is then at 6 (5.3) sd
    REQUIRE(std::fabs(expectation(s, [](double x) { return std::exp(x); }) - std::exp(-0.4 + 0.32)) <
            30.0 * tolerance);
  }
}

TEST_CASE(
    "the landmark of the check N08u needs two betas, whose product of scenarios is their double integral") {
  // E of a function of both, by scenarios twice, against naive integration over the two rates.
  const Scenarios pi = scenarios(beta(35.5, 168.5), fine_route());
  const Scenarios late = scenarios(beta(1.5, 34.5), fine_route());
  const auto f = [](double p, double s) { return p * s / (1.0 - p * (1.0 - s)); };
  const double sum = expectation(pi, [&](double x) {
    return expectation(late, [&](double y) { return f(naive::rate(x), naive::rate(y)); });
  });
  const auto density = [](double p, double a, double b) {
    return std::exp((a - 1.0) * std::log(p) + (b - 1.0) * std::log1p(-p) + std::lgamma(a + b) -
                    std::lgamma(a) - std::lgamma(b));
  };
  const double expected = naive::in_pieces(
      [&](double p) {
        // s = t^2 takes the square root out of the density of the late rate.
        return density(p, 35.5, 168.5) *
               naive::in_pieces([&](double t) { return 2.0 * t * density(t * t, 1.5, 34.5) * f(p, t * t); },
                                1e-9, 1.0 - 1e-9, 6);
      },
      1e-6, 0.6, 8);
  REQUIRE(std::fabs(sum - expected) < 1e-10);  // 1e-9 of a rate near 0.01
}

TEST_CASE("exchanging the two shapes mirrors the scenarios") {
  const Scenarios one = scenarios(beta(3.0, 9.0), fine_route());
  const Scenarios two = scenarios(beta(9.0, 3.0), fine_route());
  REQUIRE(one.value.size() == two.value.size());
  const Index last = one.value.size() - 1;
  for (Index i = 0; i <= last; ++i) {
    REQUIRE(std::fabs(one.value(i) + two.value(last - i)) < 1e-12);
    REQUIRE(std::fabs(one.log_weight(i) - two.log_weight(last - i)) < 1e-12);
  }
}

TEST_CASE("other priors and parameters out of range are refused") {
  for (const PriorKind kind :
       {PriorKind::kFlat, PriorKind::kFixed, PriorKind::kT, PriorKind::kGamma, PriorKind::kUniform}) {
    REQUIRE_THROWS_AS(scenarios({kind, 1.0, 0.5, 1.0, 3.0}, fine_route()), InvalidInput);
  }
  for (const double bad : {0.0, -1.0, naive::kNaN, naive::kInfinity}) {
    REQUIRE_THROWS_AS(scenarios(normal(0.0, bad), fine_route()), InvalidInput);
    REQUIRE_THROWS_AS(scenarios(beta(bad, 1.0), fine_route()), InvalidInput);
  }
  REQUIRE_THROWS_AS(scenarios(normal(naive::kNaN, 1.0), fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(scenarios(normal(1e300, 1.0), fine_route()), InvalidInput);  // a step would move nothing
}
