#include <testthat/vendor/catch.h>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cordgain/dist/prior.hpp>

#include "naive.hpp"

using cordgain::InvalidInput;
using cordgain::Prior;
using cordgain::PriorComponent;
using cordgain::PriorKind;
using cordgain::support;
using cordgain::typical_scale;

namespace {

double density(const PriorComponent& p, double x) {
  return std::exp(cordgain::log_density(p, x));
}

const PriorComponent kNormal{PriorKind::kNormal, 1.0, -2.0, 0.7, 0.0};
const PriorComponent kT{PriorKind::kT, 1.0, 1.0, 2.5, 3.0};
const PriorComponent kHalfNormal{PriorKind::kHalfNormal, 1.0, 0.5, 0.0, 0.0};
const PriorComponent kHalfT{PriorKind::kHalfT, 1.0, 0.5, 3.0, 0.0};
const PriorComponent kExponential{PriorKind::kExponential, 1.0, 2.9957322735539909, 0.0, 0.0};
const PriorComponent kBeta{PriorKind::kBeta, 1.0, 8.0, 56.0, 0.0};
const PriorComponent kGamma{PriorKind::kGamma, 1.0, 2.0, 4.0, 0.0};
const PriorComponent kUniform{PriorKind::kUniform, 1.0, 0.25, 1.75, 0.0};
const PriorComponent kFixed{PriorKind::kFixed, 1.0, 0.4, 0.0, 0.0};
const PriorComponent kFlat{PriorKind::kFlat, 1.0, 0.0, 0.0, 0.0};

PriorComponent weighted(PriorComponent p, double weight) {
  p.weight = weight;
  return p;
}

}  // namespace

TEST_CASE("each density is the one of its name") {
  // Each is an exponential of a log density of size below 40: 40 eps and two gamma functions.
  const double tolerance = 1e-13;
  for (double x = 0.01; x < 6.0; x += 0.0937) {
    REQUIRE(naive::close_ratio(density(kNormal, x), naive::normal(x, -2.0, 0.7), tolerance * 10.0));
    REQUIRE(naive::close_ratio(
        density(kT, x), boost::math::pdf(boost::math::students_t(3.0), (x - 1.0) / 2.5) / 2.5, tolerance));
    REQUIRE(naive::close_ratio(density(kHalfNormal, x), 2.0 * naive::normal(x, 0.0, 0.5), tolerance * 10.0));
    REQUIRE(naive::close_ratio(density(kHalfT, x),
                               4.0 * boost::math::pdf(boost::math::students_t(3.0), 2.0 * x), tolerance));
    REQUIRE(naive::close_ratio(density(kExponential, x), kExponential.a * std::exp(-kExponential.a * x),
                               tolerance));
    REQUIRE(naive::close_ratio(density(kGamma, x), 16.0 * x * std::exp(-4.0 * x), tolerance));
    REQUIRE(density(kUniform, x) == Approx(x < 0.25 || x > 1.75 ? 0.0 : 1.0 / 1.5).epsilon(1e-15));
  }
  for (double x = 0.005; x < 1.0; x += 0.01) {
    REQUIRE(naive::close_ratio(
        density(kBeta, x), boost::math::pdf(boost::math::beta_distribution<double>(8.0, 56.0), x), 1e-12));
  }
  REQUIRE(log_density(kFlat, 1e9) == 0.0);
}

TEST_CASE("each density has mass 1 on its support") {
  REQUIRE(std::fabs(naive::integral([](double x) { return density(kNormal, x); }, -12.0, 8.0) - 1.0) < 1e-12);
  REQUIRE(std::fabs(naive::integral([](double x) { return density(kHalfNormal, x); }, 0.0, 6.0) - 1.0) <
          1e-12);
  REQUIRE(std::fabs(naive::integral([](double x) { return density(kExponential, x); }, 0.0, 15.0) - 1.0) <
          1e-12);
  REQUIRE(std::fabs(naive::integral([](double x) { return density(kBeta, x); }, 0.0, 1.0) - 1.0) < 1e-12);
  REQUIRE(std::fabs(naive::integral([](double x) { return density(kGamma, x); }, 0.0, 15.0) - 1.0) < 1e-12);
  // t with 3 degrees of freedom on the whole line, x = sinh-free substitution x = u / (1 - u^2).
  const auto whole = [](double u) {
    const double w = 1.0 - u * u;
    return density(kT, u / w) * (1.0 + u * u) / (w * w);
  };
  REQUIRE(std::fabs(naive::integral(whole, -1.0, 1.0) - 1.0) < 1e-11);
  const auto half = [](double u) { return density(kHalfT, u / (1.0 - u)) / ((1.0 - u) * (1.0 - u)); };
  REQUIRE(std::fabs(naive::integral(half, 0.0, 1.0) - 1.0) < 1e-11);
}

TEST_CASE("a t of very many degrees of freedom is a normal") {
  const PriorComponent t{PriorKind::kT, 1.0, -2.0, 0.7, 1e8};
  // The difference is of order z^4 / (4 df), 3e-7 at 3.5 sd; lgamma of 5e7 loses 5e7 * 17 eps = 2e-7.
  for (double x = -4.0; x < 0.5; x += 0.1)
    REQUIRE(std::fabs(log_density(t, x) - log_density(kNormal, x)) < 1e-6);
}

TEST_CASE("the exponential of the check G05 puts 5 % beyond 1") {
  const double beyond = naive::integral([](double x) { return density(kExponential, x); }, 1.0, 15.0);
  REQUIRE(std::fabs(beyond - 0.05) < 1e-13);
}

TEST_CASE("outside its support a density is zero") {
  for (const PriorComponent& p : {kHalfNormal, kHalfT, kExponential, kBeta, kGamma, kUniform}) {
    REQUIRE(log_density(p, -0.01) == -naive::kInfinity);
  }
  REQUIRE(log_density(kBeta, 1.01) == -naive::kInfinity);
  REQUIRE(log_density(kUniform, 1.76) == -naive::kInfinity);
}

TEST_CASE("a fixed value has no density") {
  REQUIRE_THROWS_AS(log_density(kFixed, 0.4), InvalidInput);
  REQUIRE_THROWS_AS(Prior({kFixed, kHalfNormal}).log_density(0.4), InvalidInput);
}

TEST_CASE("weights are scaled to add up to 1 and a mixture is their average") {
  const Prior mixture({weighted(kBeta, 4.0), weighted({PriorKind::kBeta, 1.0, 1.0, 1.0, 0.0}, 1.0)});
  REQUIRE(mixture.components()[0].weight == 0.8);
  REQUIRE(mixture.components()[1].weight == 0.2);
  for (double x = 0.01; x < 1.0; x += 0.017) {
    REQUIRE(naive::close_ratio(std::exp(mixture.log_density(x)), 0.8 * density(kBeta, x) + 0.2, 1e-13));
  }
}

TEST_CASE("far in the tails a mixture is its widest component, without underflow") {
  const Prior mixture({weighted({PriorKind::kNormal, 1.0, 0.0, 0.1, 0.0}, 0.9),
                       weighted({PriorKind::kNormal, 1.0, 0.0, 1.0, 0.0}, 0.1)});
  const double expected = std::log(0.1) - 0.5 * 60.0 * 60.0 - 0.5 * std::log(2.0 * M_PI);
  REQUIRE(std::fabs(mixture.log_density(60.0) - expected) < 1e-11);  // of size 1800
  const Prior bounded({weighted(kUniform, 0.5), weighted(kHalfNormal, 0.5)});
  REQUIRE(bounded.log_density(-1.0) == -naive::kInfinity);
}

TEST_CASE("the order of components does not matter") {
  const Prior one({weighted(kGamma, 0.3), weighted(kHalfT, 0.7)});
  const Prior two({weighted(kHalfT, 0.7), weighted(kGamma, 0.3)});
  for (double x = 0.1; x < 5.0; x += 0.3) REQUIRE(std::fabs(one.log_density(x) - two.log_density(x)) < 1e-14);
}

TEST_CASE("a prior knows whether it is one component of a kind") {
  REQUIRE(Prior({kFixed}).is(PriorKind::kFixed));
  REQUIRE_FALSE(Prior({kFixed}).is(PriorKind::kFlat));
  REQUIRE_FALSE(Prior({kNormal, kNormal}).is(PriorKind::kNormal));
  REQUIRE_FALSE(Prior().is(PriorKind::kFlat));
}

TEST_CASE("the support is the hull of the components'") {
  const double inf = naive::kInfinity;
  REQUIRE(support(Prior({kNormal})) == std::make_pair(-inf, inf));
  REQUIRE(support(Prior({kFlat})) == std::make_pair(-inf, inf));
  REQUIRE(support(Prior({kHalfT})) == std::make_pair(0.0, inf));
  REQUIRE(support(Prior({kBeta})) == std::make_pair(0.0, 1.0));
  REQUIRE(support(Prior({kUniform})) == std::make_pair(0.25, 1.75));
  REQUIRE(support(Prior({kFixed})) == std::make_pair(0.4, 0.4));
  REQUIRE(support(Prior({kUniform, kBeta})) == std::make_pair(0.0, 1.75));
  REQUIRE(support(Prior({kGamma, kT})) == std::make_pair(-inf, inf));
}

TEST_CASE("the typical scale is stretched with the component") {
  REQUIRE(typical_scale(kNormal) == 0.7);
  REQUIRE(typical_scale(kT) == 2.5);
  REQUIRE(typical_scale(kHalfNormal) == 0.5);
  REQUIRE(typical_scale(kHalfT) == 0.5);
  REQUIRE(typical_scale(kExponential) == 1.0 / kExponential.a);
  REQUIRE(typical_scale(kGamma) == 0.5);
  REQUIRE(typical_scale(kUniform) == 1.5);
  REQUIRE(typical_scale(kBeta) == 1.0);
}

TEST_CASE("no components and weights that are not positive are refused") {
  REQUIRE_THROWS_AS(Prior(std::vector<PriorComponent>{}), InvalidInput);
  REQUIRE_THROWS_AS(Prior({weighted(kNormal, 0.0)}), InvalidInput);
  REQUIRE_THROWS_AS(Prior({weighted(kNormal, -1.0), weighted(kNormal, 2.0)}), InvalidInput);
  REQUIRE_THROWS_AS(Prior({weighted(kNormal, naive::kNaN)}), InvalidInput);
  REQUIRE_THROWS_AS(Prior({weighted(kNormal, naive::kInfinity)}), InvalidInput);
}

TEST_CASE("parameters that give no distribution are refused") {
  for (const PriorKind kind : {PriorKind::kHalfNormal, PriorKind::kExponential}) {
    for (double bad : {0.0, -1.0, naive::kNaN, naive::kInfinity}) {
      REQUIRE_THROWS_AS(Prior({{kind, 1.0, bad, 0.0, 0.0}}), InvalidInput);
    }
  }
  for (double bad : {0.0, -1.0, naive::kNaN, naive::kInfinity}) {
    for (const PriorKind kind :
         {PriorKind::kNormal, PriorKind::kBeta, PriorKind::kGamma, PriorKind::kHalfT}) {
      REQUIRE_THROWS_AS(Prior({{kind, 1.0, 1.0, bad, 0.0}}), InvalidInput);
    }
    REQUIRE_THROWS_AS(Prior({{PriorKind::kT, 1.0, 0.0, 1.0, bad}}), InvalidInput);
    REQUIRE_THROWS_AS(Prior({{PriorKind::kBeta, 1.0, bad, 1.0, 0.0}}), InvalidInput);
  }
  REQUIRE_THROWS_AS(Prior({{PriorKind::kNormal, 1.0, naive::kNaN, 1.0, 0.0}}), InvalidInput);
  REQUIRE_THROWS_AS(Prior({{PriorKind::kFixed, 1.0, naive::kInfinity, 0.0, 0.0}}), InvalidInput);
  REQUIRE_THROWS_AS(Prior({{PriorKind::kUniform, 1.0, 2.0, 2.0, 0.0}}), InvalidInput);
  REQUIRE_NOTHROW(Prior(
      {{PriorKind::kFlat, 1.0, naive::kNaN, naive::kNaN, naive::kNaN}}));  // a flat prior has no parameters
}
