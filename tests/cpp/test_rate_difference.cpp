#include <testthat/vendor/catch.h>
#include <boost/math/quadrature/tanh_sinh.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <cordgain/excess/rate_difference.hpp>
#include <cordgain/natural/prior_predictive.hpp>

#include "naive.hpp"

using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::PanelGrid;
using cordgain::PatientRates;
using cordgain::Prior;
using cordgain::PriorKind;
using cordgain::RateDifference;
using cordgain::shift_rates;
using cordgain::Vector;

namespace {

PanelGrid beta_grid(double a, double b) {
  const cordgain::LogOddsMoves still{Vector::Zero(1), Vector::Ones(1), 0.0, 0.0};
  return cordgain::PriorPredictive(Prior({{PriorKind::kBeta, 1.0, a, b, 0.0}}), still, cordgain::fine_route())
      .grid();
}

PatientRates beta_rates(double a, double b) {
  return shift_rates(beta_grid(a, b), Vector::Zero(1), Vector::Constant(1, 4.0));
}

PatientRates known_rate(double p) {
  return shift_rates(PanelGrid{}, Vector::Constant(1, naive::log_odds(p)), Vector::Constant(1, 4.0));
}

// P(p1 - p0 <= d) for independent betas, integrated over the treated rate instead of the natural one.
double naive_cdf(double d, double a1, double b1, double a0, double b0) {
  const auto f = [&](double p1) {
    const double below = p1 - d <= 0.0 ? 1.0 : (p1 - d >= 1.0 ? 0.0 : boost::math::ibetac(a0, b0, p1 - d));
    return boost::math::ibeta_derivative(a1, b1, p1) * below;
  };
  const double corner = d > 0.0 ? d : 1.0 + d;  // where p1 - d leaves (0, 1)
  boost::math::quadrature::tanh_sinh<double> rule;
  return rule.integrate(f, 0.0, corner, 1e-13) + rule.integrate(f, corner, 1.0, 1e-13);
}

}  // namespace

TEST_CASE("two of four against 93 of 883 has the difference of the checks B06 to B10") {
  const RateDifference difference(beta_rates(93.5, 790.5), 2.5, 2.5);
  // The natural rate's grid is right to a tolerance of 1e-9 in its last terms and far better in integrals.
  REQUIRE(std::fabs(1.0 - difference.cdf(0.0) - 0.982164207999798) < 1e-10);
  REQUIRE(std::fabs(difference.mean() - 0.394230769230769) < 1e-10);
  REQUIRE(std::fabs(1.0 - difference.cdf(0.20) - 0.80523686499416) < 1e-10);
  REQUIRE(std::fabs(difference.quantile(0.025) - 0.0164219805308507) < 1e-9);
  REQUIRE(std::fabs(difference.quantile(0.975) - 0.772038956990352) < 1e-9);
}

TEST_CASE("uniform priors give the closed sum of the check B11") {
  const RateDifference difference(beta_rates(94.0, 791.0), 3.0, 3.0);
  REQUIRE(std::fabs(1.0 - difference.cdf(0.0) - 0.989604579135968) < 1e-10);
}

TEST_CASE("against a known rate the difference is the shifted beta") {
  const RateDifference difference(known_rate(0.193), 2.5, 2.5);
  REQUIRE(std::fabs(difference.mean() - (0.5 - 0.193)) < 1e-15);
  REQUIRE(std::fabs(difference.sd() - std::sqrt(0.25 / 6.0)) < 1e-14);
  for (double d = -0.19; d < 0.8; d += 0.0731) {
    REQUIRE(std::fabs(difference.cdf(d) - boost::math::ibeta(2.5, 2.5, d + 0.193)) < 1e-14);
  }
  REQUIRE(difference.cdf(-0.2) == 0.0);
  REQUIRE(difference.cdf(0.81) == 1.0);
  for (double p : {0.001, 0.025, 0.5, 0.975}) {
    REQUIRE(std::fabs(difference.quantile(p) + 0.193 - boost::math::ibeta_inv(2.5, 2.5, p)) < 1e-12);
  }
}

TEST_CASE("the distribution of a difference of betas is the integral over the other of the two") {
  for (const double a0 : {1.0, 2.5, 8.0}) {
    for (const double a1 : {0.5, 1.0, 2.5}) {
      const RateDifference difference(beta_rates(a0, 12.0), a1, 2.0);
      for (double d = -0.95; d < 1.0; d += 0.19) {
        // The corner is cut out; a treated shape of 1/2 leaves a square root there, which the substitution
        // takes.
        REQUIRE(std::fabs(difference.cdf(d) - naive_cdf(d, a1, 2.0, a0, 12.0)) < 1e-8);
      }
    }
  }
}

TEST_CASE("mean and standard deviation are those of two independent betas") {
  for (const double a : {1.0, 4.0, 30.0}) {
    const RateDifference difference(beta_rates(a, 9.0), 1.5, 3.5);
    const auto variance = [](double x, double y) { return x * y / ((x + y) * (x + y) * (x + y + 1.0)); };
    REQUIRE(std::fabs(difference.mean() - (0.3 - a / (a + 9.0))) < 1e-10);
    REQUIRE(std::fabs(difference.sd() - std::sqrt(variance(1.5, 3.5) + variance(a, 9.0))) < 1e-9);
  }
}

TEST_CASE("equal distributions of the two rates give evens, and the difference is symmetric") {
  const RateDifference difference(beta_rates(2.5, 2.5), 2.5, 2.5);
  REQUIRE(std::fabs(difference.cdf(0.0) - 0.5) < 1e-9);
  for (double d = 0.1; d < 1.0; d += 0.2)
    REQUIRE(std::fabs(difference.cdf(d) + difference.cdf(-d) - 1.0) < 1e-8);
  REQUIRE(std::fabs(difference.quantile(0.5)) < 1e-8);
}

TEST_CASE("the distribution function rises from 0 to 1 and quantiles undo it") {
  const RateDifference difference(beta_rates(8.0, 56.0), 2.5, 2.5);
  double before = -1e-15;
  for (double d = -1.0; d <= 1.0; d += 0.01) {
    const double now = difference.cdf(d);
    REQUIRE(now >= before - 1e-9);  // where it is flat the panels' error may show
    before = now;
  }
  REQUIRE(difference.cdf(-1.0) == 0.0);
  REQUIRE(std::fabs(difference.cdf(1.0) - 1.0) < 1e-9);
  for (double p : {1e-6, 0.025, 0.31, 0.5, 0.9, 0.975}) {
    REQUIRE(std::fabs(difference.cdf(difference.quantile(p)) - p) < 1e-10);
  }
}

TEST_CASE("quantiles at 0 and 1 are the ends of the range, not an error of the root finder") {
  const RateDifference difference(beta_rates(8.0, 56.0), 2.5, 2.5);
  REQUIRE(difference.quantile(0.0) == -1.0);
  REQUIRE(difference.quantile(1.0) <= 1.0);
  REQUIRE(difference.quantile(1.0) > 0.9);
  REQUIRE(difference.quantile(1.0 - 1e-14) > 0.9);
  const RateDifference known(known_rate(0.193), 2.5, 2.5);
  REQUIRE(known.quantile(0.0) == -1.0);
  REQUIRE(known.quantile(1.0) > 0.8);
}

TEST_CASE("patients of two groups count by their mean natural rate") {
  Vector logit(2);
  logit << naive::log_odds(0.135), naive::log_odds(0.045);
  Vector size(2);
  size << 3.0, 1.0;
  const RateDifference mixed(shift_rates(PanelGrid{}, logit, size), 2.5, 2.5);
  const RateDifference one(known_rate(0.1125), 2.5, 2.5);  // (3 x 0.135 + 0.045) / 4
  REQUIRE(std::fabs(mixed.mean() - one.mean()) < 1e-15);
  REQUIRE(std::fabs(mixed.cdf(0.1) - one.cdf(0.1)) < 1e-14);
}

TEST_CASE("lumps at natural rates of 0 and 1 take part in the difference") {
  PatientRates rates = beta_rates(8.0, 56.0);
  rates.grid.density *= 0.7;
  rates.grid.mass_below = 0.2;
  rates.grid.mass_above = 0.1;
  const RateDifference difference(rates, 2.0, 3.0);
  REQUIRE(std::fabs(difference.mean() - (0.4 - 0.7 * 0.125 - 0.1)) < 1e-9);
  const double expected =
      0.2 * boost::math::ibeta(2.0, 3.0, 0.3) + 0.7 * naive_cdf(0.3, 2.0, 3.0, 8.0, 56.0) + 0.1;
  REQUIRE(std::fabs(difference.cdf(0.3) - expected) < 1e-8);
}

TEST_CASE("shapes and probabilities out of range are refused") {
  const PatientRates rates = known_rate(0.2);
  for (double bad : {0.0, -1.0, naive::kNaN, naive::kInfinity}) {
    REQUIRE_THROWS_AS(RateDifference(rates, bad, 1.0), InvalidInput);
    REQUIRE_THROWS_AS(RateDifference(rates, 1.0, bad), InvalidInput);
  }
  const PatientRates nobody = shift_rates(PanelGrid{}, Vector::Zero(1), Vector::Zero(1));
  REQUIRE_THROWS_AS(RateDifference(nobody, 1.0, 1.0), InvalidInput);
  const RateDifference difference(rates, 1.0, 1.0);
  REQUIRE_THROWS_AS(difference.quantile(-0.1), InvalidInput);
  REQUIRE_THROWS_AS(difference.quantile(1.1), InvalidInput);
  REQUIRE_THROWS_AS(difference.quantile(naive::kNaN), InvalidInput);
}

TEST_CASE("shapes whose product is beyond the largest double still have a spread") {
  const cordgain::PatientRates rates =
      cordgain::shift_rates(cordgain::PanelGrid{}, cordgain::Vector::Zero(1), cordgain::Vector::Ones(1));
  const cordgain::RateDifference difference(rates, 1e200, 3e200);
  REQUIRE(std::fabs(difference.sd() - std::sqrt(0.25 * 0.75 / 4e200)) < 1e-114);  // eight digits of 4e-102
}

TEST_CASE("shapes beyond all gamma functions end in a declared error") {
  // The gamma function of 1e-310 is above the largest double.
  const RateDifference beyond(known_rate(0.3), 0.5, 1e-310);
  REQUIRE_THROWS_AS(beyond.cdf(0.6), cordgain::NumericalError);
  // Both this small, and the series is 0 / 0.
  const RateDifference nothing(known_rate(0.5), 5e-312, 6e-323);
  REQUIRE_THROWS_AS(nothing.cdf(0.0), cordgain::NumericalError);
}
