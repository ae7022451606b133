#include <testthat/vendor/catch.h>
#include <boost/math/special_functions/beta.hpp>
#include <cordgain/excess/responders.hpp>
#include <cordgain/natural/meta_predictive.hpp>
#include <cordgain/natural/prior_predictive.hpp>

#include "naive.hpp"

using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::natural_responders;
using cordgain::one_sided_uniform;
using cordgain::PanelGrid;
using cordgain::PatientRates;
using cordgain::Prior;
using cordgain::PriorComponent;
using cordgain::PriorKind;
using cordgain::shift_rates;
using cordgain::Vector;

namespace {

PanelGrid grid_of(const std::vector<PriorComponent>& components) {
  const cordgain::LogOddsMoves still{Vector::Zero(1), Vector::Ones(1), 0.0, 0.0};
  return cordgain::PriorPredictive(Prior(components), still, cordgain::fine_route()).grid();
}

PatientRates beta_rates(double a, double b, double n) {
  return shift_rates(grid_of({{PriorKind::kBeta, 1.0, a, b, 0.0}}), Vector::Zero(1), Vector::Constant(1, n));
}

PatientRates known_rate(double p, double n) {
  return shift_rates(PanelGrid{}, Vector::Constant(1, naive::log_odds(p)), Vector::Constant(1, n));
}

// C(n, k) B(a + k, b + n - k) / B(a, b) by rising factorials.
double beta_binomial(int k, int n, double a, double b) {
  double value = naive::choose(n, k);
  for (int i = 0; i < k; ++i) value *= a + i;
  for (int i = 0; i < n - k; ++i) value *= b + i;
  for (int i = 0; i < n; ++i) value /= a + b + i;
  return value;
}

double tail(const Vector& pmf, Index from) {
  return pmf.tail(pmf.size() - from).sum();
}

}  // namespace

TEST_CASE("known rates give the binomial of the check A01") {
  REQUIRE(std::fabs(tail(natural_responders(known_rate(0.193, 4.0)), 2) - 0.170144008003) < 1e-14);
}

TEST_CASE("a beta natural rate gives the tails of the checks B01 to B03 and F05") {
  // The grid's tolerance of 1e-9 is of the last Legendre terms; its integrals are right to the cut at +-60.
  REQUIRE(std::fabs(tail(natural_responders(beta_rates(93.5, 790.5, 4.0)), 2) - 0.0584224910329365) < 1e-11);
  REQUIRE(std::fabs(tail(natural_responders(beta_rates(94.0, 791.0, 4.0)), 2) - 0.0588753774796814) < 1e-11);
  REQUIRE(std::fabs(tail(natural_responders(beta_rates(8.0, 56.0, 4.0)), 2) - 0.0841587516960646) < 1e-11);
  const PanelGrid mixture =
      grid_of({{PriorKind::kBeta, 0.8, 8.0, 56.0, 0.0}, {PriorKind::kBeta, 0.2, 1.0, 1.0, 0.0}});
  const PatientRates rates = shift_rates(mixture, Vector::Zero(1), Vector::Constant(1, 4.0));
  REQUIRE(std::fabs(tail(natural_responders(rates), 2) - 0.187327001356852) < 1e-11);
}

TEST_CASE("any beta gives the beta-binomial") {
  for (const double a : {0.5, 1.0, 3.0, 40.0}) {
    for (const double b : {0.7, 9.0}) {
      for (int n : {1, 4, 25}) {
        const Vector pmf = natural_responders(beta_rates(a, b, n));
        for (int k = 0; k <= n; ++k) REQUIRE(std::fabs(pmf(k) - beta_binomial(k, n, a, b)) < 1e-10);
      }
    }
  }
}

TEST_CASE("rates that move together on the log odds have the tail of the check I01") {
  Vector offset(2);
  offset << naive::log_odds(0.135), naive::log_odds(0.045);
  Vector size(2);
  size << 3.0, 1.0;
  const PatientRates rates = shift_rates(grid_of({{PriorKind::kNormal, 1.0, 0.0, 0.5, 0.0}}), offset, size);
  REQUIRE(std::fabs(tail(natural_responders(rates), 2) - 0.0817737566853336) < 1e-11);
  // Not shared, the rates would be their averages and the tail that of the check I02, 0.073: the shared is
  // larger.
  REQUIRE(tail(natural_responders(rates), 2) > 0.0731830268602337);
}

TEST_CASE("the four registries have the tails of the checks C02, C04, C18 and C19") {
  cordgain::MetaEvidence evidence;
  evidence.events.resize(4);
  evidence.events << 39.0, 3.0, 19.0, 32.0;
  evidence.n.resize(4);
  evidence.n << 482.0, 53.0, 161.0, 187.0;
  evidence.offset = cordgain::Matrix::Zero(1, 4);
  evidence.shift = Vector::Zero(1);
  evidence.log_weight = Vector::Zero(1);
  const Prior mu({{PriorKind::kNormal, 1.0, 0.0, 2.0, 0.0}});
  // The checks' own two routes differ by up to 4e-10; grids are resolved to 1e-9.
  for (const auto& [scale, expected] :
       {std::make_pair(1.0, 0.101174194347538), std::make_pair(0.5, 0.0840862929338734)}) {
    const cordgain::MetaPriors priors{mu, Prior({{PriorKind::kHalfNormal, 1.0, scale, 0.0, 0.0}}), 0.0, 0.0};
    const PanelGrid theta = meta_predictive(evidence, priors, cordgain::fine_route()).theta;
    const Vector pmf = natural_responders(shift_rates(theta, Vector::Zero(1), Vector::Constant(1, 4.0)));
    REQUIRE(std::fabs(tail(pmf, 2) - expected) < 2e-9);
    if (scale == 0.5) {
      REQUIRE(std::fabs(pmf(0) - 0.615392985694006) < 2e-9);
      REQUIRE(std::fabs(pmf(1) - 0.300520721372085) < 2e-9);
    }
  }
}

TEST_CASE("lumps add to no and to all responders") {
  PatientRates rates = beta_rates(2.0, 3.0, 5.0);
  rates.grid.density *= 0.5;
  rates.grid.mass_below = 0.3;
  rates.grid.mass_above = 0.2;
  const Vector pmf = natural_responders(rates);
  for (int k = 0; k <= 5; ++k) {
    const double expected = 0.5 * beta_binomial(k, 5, 2.0, 3.0) + (k == 0 ? 0.3 : (k == 5 ? 0.2 : 0.0));
    REQUIRE(std::fabs(pmf(k) - expected) < 1e-10);
  }
}

TEST_CASE("uncertainty of a shared rate widens the distribution and keeps its mean") {
  const Vector shared = natural_responders(beta_rates(2.0, 6.0, 10.0));
  const Vector known = natural_responders(known_rate(0.25, 10.0));
  const Vector k = Vector::LinSpaced(11, 0.0, 10.0);
  REQUIRE(std::fabs(k.dot(shared) - 2.5) < 1e-9);
  REQUIRE(std::fabs(k.dot(known) - 2.5) < 1e-13);
  const auto variance = [&](const Vector& pmf) { return (pmf.array() * (k.array() - 2.5).square()).sum(); };
  // Beta-binomial: n p q (a + b + n) / (a + b + 1), here 18 / 9 times the binomial's.
  REQUIRE(naive::close_ratio(variance(shared), 2.0 * variance(known), 1e-9));
}

TEST_CASE("the one-sided Bayes factor of the check B13 has the uniform above p0 as numerator") {
  const Vector numerator = one_sided_uniform(known_rate(0.193, 4.0));
  const double null = naive::binomial(2, 4, 0.193);
  REQUIRE(std::fabs(numerator(2) / null - 1.6130133247425) < 1e-12);
}

TEST_CASE("the uniform above p0 is the average of binomials over (p0, 1)") {
  for (const double p0 : {1e-6, 0.1, 0.7, 0.999999}) {
    const Vector numerator = one_sided_uniform(known_rate(p0, 6.0));
    for (int k = 0; k <= 6; ++k) {
      const double expected =
          naive::in_pieces([&](double p) { return naive::binomial(k, 6, p); }, p0, 1.0, 1) / (1.0 - p0);
      // log_odds(p0) near 1 keeps eps / (1 - p0) = 2e-10 of 1 - p0.
      REQUIRE(naive::close_ratio(numerator(k), expected, 1e-12 + 6.0 * 2.3e-16 / (1.0 - p0)));
    }
    REQUIRE(std::fabs(numerator.sum() - 1.0) < 1e-9);
  }
}

TEST_CASE("where nature heals everyone the numerator is all responders") {
  const PatientRates sure = shift_rates(PanelGrid{}, Vector::Constant(1, 1e4), Vector::Constant(1, 3.0));
  const Vector numerator = one_sided_uniform(sure);
  REQUIRE(numerator(3) == 1.0);
  REQUIRE(numerator.head(3).sum() == 0.0);
}

TEST_CASE("with an uncertain natural rate the numerators are averaged over it") {
  const Vector numerator = one_sided_uniform(beta_rates(8.0, 56.0, 4.0));
  for (int k = 0; k <= 4; ++k) {
    const auto f = [&](double p0) {
      const double above =
          naive::in_pieces([&](double p) { return naive::binomial(k, 4, p); }, p0, 1.0, 1) / (1.0 - p0);
      return boost::math::ibeta_derivative(8.0, 56.0, p0) * above;
    };
    REQUIRE(std::fabs(numerator(k) - naive::in_pieces(f, 1e-12, 1.0 - 1e-12, 8)) < 1e-10);
  }
  REQUIRE(std::fabs(numerator.sum() - 1.0) < 1e-10);
}

TEST_CASE("without patients, with too many or with rates that do not fit there is no distribution") {
  REQUIRE_THROWS_AS(natural_responders(known_rate(0.2, 0.0)), InvalidInput);
  REQUIRE_THROWS_AS(natural_responders(known_rate(0.2, 1001.0)), InvalidInput);
  REQUIRE_THROWS_AS(natural_responders(known_rate(0.2, 1.5)), InvalidInput);
  REQUIRE_THROWS_AS(natural_responders(PatientRates{}), InvalidInput);
  REQUIRE(natural_responders(known_rate(0.2, 1000.0)).size() == 1001);
}
