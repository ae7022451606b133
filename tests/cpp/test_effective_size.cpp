#include <testthat/vendor/catch.h>
#include <cordgain/natural/effective_size.hpp>

#include "naive.hpp"

using cordgain::elir;
using cordgain::elir_of_log_odds;
using cordgain::InvalidInput;
using cordgain::mixture_mode;
using cordgain::morita;
using cordgain::Prior;
using cordgain::PriorComponent;
using cordgain::PriorKind;
using cordgain::Sampling;

namespace {

PriorComponent beta(double a, double b, double weight = 1.0) {
  return {PriorKind::kBeta, weight, a, b, 0.0};
}

Prior one(PriorKind kind, double a, double b) {
  return Prior({{kind, 1.0, a, b, 0.0}});
}

// Panels resolved to 1e-10: the expectation is right to some 1e-9 of itself.
double elir_of(const Prior& prior, Sampling sampling, double sigma = 1.0) {
  return elir(prior, sampling, sigma, 15, 1e-10);
}

double log_odds_beta(double theta, double a, double b) {
  return a * theta - (a + b) * cordgain::softplus(theta) + std::lgamma(a + b) - std::lgamma(a) -
         std::lgamma(b);
}

}  // namespace

TEST_CASE("a conjugate prior is worth the observations it stands for") {
  // E[i p (1 - p)] = (a - 1) E[(1 - p) / p] + (b - 1) E[p / (1 - p)] = b + a; either part is 0 at a or b = 1.
  for (const double a : {1.0, 2.0, 8.0, 93.5}) {
    for (const double b : {1.0, 56.0, 790.5}) {
      const double expected = (a > 1.0 ? b : 0.0) + (b > 1.0 ? a : 0.0);
      REQUIRE(std::fabs(elir_of(one(PriorKind::kBeta, a, b), Sampling::kBinomial) - expected) <
              1e-7 * (a + b));
    }
  }
  for (const double shape : {1.1, 1.5, 4.0, 50.0}) {
    for (const double rate : {0.5, 10.0}) {
      REQUIRE(
          naive::close_ratio(elir_of(one(PriorKind::kGamma, shape, rate), Sampling::kPoisson), rate, 1e-7));
      // i = (a - 1) / x^2 and i_F = 1 / x^2
      REQUIRE(naive::close_ratio(elir_of(one(PriorKind::kGamma, shape, rate), Sampling::kExponential),
                                 shape - 1.0, 1e-7));
    }
  }
  for (const double sd : {0.1, 1.0, 7.0}) {
    REQUIRE(naive::close_ratio(elir_of(one(PriorKind::kNormal, 3.0, sd), Sampling::kGaussian, 6.5),
                               42.25 / (sd * sd), 1e-9));
  }
}

TEST_CASE("mixtures have the sizes of the checks G01 and G02") {
  const Prior first({beta(1.0, 1.0, 0.2), beta(10.0, 2.0, 0.8)});
  REQUIRE(std::fabs(elir_of(first, Sampling::kBinomial) - 7.65152018465988) < 1e-8);
  const Prior second({beta(8.0, 56.0, 0.8), beta(1.0, 1.0, 0.2)});
  REQUIRE(std::fabs(elir_of(second, Sampling::kBinomial) - 43.9597522064986) < 1e-7);
}

TEST_CASE("a mixture is the expectation of minus the second derivative, taken by differences") {
  const Prior mixture({beta(3.0, 5.0, 0.6), beta(12.0, 4.0, 0.4)});
  const auto f = [&](double p) {
    const double h = 1e-4 * p * (1.0 - p);
    const double second =
        (mixture.log_density(p + h) - 2.0 * mixture.log_density(p) + mixture.log_density(p - h)) / (h * h);
    return std::exp(mixture.log_density(p)) * -second * p * (1.0 - p);
  };
  // Second differences lose eps / h^2 relative to 1 / (p q)^2: 1e-8 in all, and are right to h^2.
  const double expected = naive::in_pieces(f, 1e-4, 1.0 - 1e-4, 4);
  REQUIRE(naive::close_ratio(elir_of(mixture, Sampling::kBinomial), expected, 1e-5));
}

TEST_CASE("information of a normal on the log odds is averaged over p (1 - p)") {
  const Prior prior = one(PriorKind::kNormal, -2.0, 0.5);
  const auto f = [](double x) {
    return naive::normal(x, -2.0, 0.5) * 4.0 / (naive::rate(x) * (1.0 - naive::rate(x)));
  };
  REQUIRE(naive::close_ratio(elir_of(prior, Sampling::kBinomial), naive::in_pieces(f, -7.0, 3.0, 4), 1e-8));
  // E 1 / e^x for the log of a Poisson mean: e^(2 + 1/8) / sd^2
  REQUIRE(naive::close_ratio(elir_of(prior, Sampling::kPoisson), 4.0 * std::exp(2.125), 1e-8));
  REQUIRE(naive::close_ratio(elir_of(prior, Sampling::kExponential), 4.0, 1e-9));
}

TEST_CASE("a prior with infinite information at an end has no size") {
  REQUIRE(std::isnan(elir_of(one(PriorKind::kBeta, 0.5, 3.0), Sampling::kBinomial)));
  REQUIRE(std::isnan(elir_of(one(PriorKind::kBeta, 3.0, 0.9), Sampling::kBinomial)));
  REQUIRE(std::isnan(elir_of(Prior({beta(2.0, 2.0, 0.9), beta(0.5, 0.5, 0.1)}), Sampling::kBinomial)));
  REQUIRE(std::isnan(elir_of(one(PriorKind::kGamma, 1.0, 3.0), Sampling::kPoisson)));
}

TEST_CASE("from the log odds alone a beta is worth its a + b patients") {
  for (const double a : {1.7, 2.0, 5.0, 30.0}) {
    for (const double b : {1.7, 2.5, 56.0}) {
      const auto log_q = [=](double theta) { return log_odds_beta(theta, a, b); };
      const double centre = std::log(a / b);
      const double width = std::sqrt(1.0 / a + 1.0 / b);
      const double size =
          elir_of_log_odds(log_q, cordgain::outward_edges(centre, width, -60.0, 60.0), 15, 1e-10);
      // Differences of fourth order with h = 2e-3: h^4 / 30 times a fifth derivative below (a + b).
      REQUIRE(naive::close_ratio(size, a + b, 1e-6));
    }
  }
}

TEST_CASE("from the log odds alone a tail as heavy as e^-|theta| is worth nothing that can be said") {
  const auto log_q = [](double theta) { return log_odds_beta(theta, 0.6, 3.0); };
  REQUIRE(std::isnan(elir_of_log_odds(log_q, cordgain::outward_edges(-1.6, 1.4, -60.0, 60.0), 15, 1e-10)));
}

TEST_CASE("Morita's size of a beta is the formula at its mode") {
  for (const double a : {3.0, 8.0}) {
    for (const double b : {5.0, 56.0}) {
      const double mode = (a - 1.0) / (a + b - 2.0);
      const double mean = a / (a + b);
      const double other = 1.0 - mode;
      const double informed = (a - 1.0) / (mode * mode) + (b - 1.0) / (other * other);
      const double flat = (mode / 100.0 - 1.0) / (mode * mode) + (other / 100.0 - 1.0) / (other * other);
      const double unit = mean / (mode * mode) + (1.0 - mean) / (other * other);
      const double expected = (informed - flat) / unit;
      REQUIRE(naive::close_ratio(morita(Prior({beta(a, b)}), Sampling::kBinomial, 1.0, mode, mean), expected,
                                 1e-10));
      const auto log_q = [=](double theta) { return log_odds_beta(theta, a, b); };
      const double width = std::sqrt(1.0 / a + 1.0 / b);
      // Differences with a hundredth of the width: a fourth-order error of 1e-8 and rounding of eps / 1e-4.
      REQUIRE(naive::close_ratio(cordgain::morita_of_log_odds(log_q, std::log(a / b), width, mean), expected,
                                 1e-5));
    }
  }
}

TEST_CASE("Morita's size of a normal is the ratio of variances") {
  REQUIRE(naive::close_ratio(morita(one(PriorKind::kNormal, 1.0, 2.0), Sampling::kGaussian, 6.0, 1.0, 1.0),
                             9.0, 1e-12));
}

TEST_CASE("the mode of one component is known, of a mixture the highest of all") {
  REQUIRE(std::fabs(mixture_mode(Prior({beta(8.0, 56.0)})) - 7.0 / 62.0) < 1e-7);  // Brent: sqrt(eps)
  REQUIRE(std::fabs(mixture_mode(one(PriorKind::kNormal, -3.0, 0.2)) + 3.0) < 1e-7);
  REQUIRE(std::fabs(mixture_mode(one(PriorKind::kGamma, 5.0, 2.0)) - 2.0) < 1e-7);
  const Prior two({beta(20.0, 80.0, 0.3), beta(80.0, 20.0, 0.7)});
  REQUIRE(std::fabs(mixture_mode(two) - 79.0 / 98.0) < 1e-6);
  const double mode = mixture_mode(Prior({beta(2.0, 6.0, 0.5), beta(5.0, 5.0, 0.5)}));
  const Prior close({beta(2.0, 6.0, 0.5), beta(5.0, 5.0, 0.5)});
  for (double p = 0.01; p < 1.0; p += 0.01) REQUIRE(close.log_density(p) <= close.log_density(mode) + 1e-12);
}

TEST_CASE("components of two kinds, or of one without a size, are refused") {
  const Prior mixed({beta(2.0, 2.0, 0.5), {PriorKind::kNormal, 0.5, 0.0, 1.0, 0.0}});
  REQUIRE_THROWS_AS(elir_of(mixed, Sampling::kBinomial), InvalidInput);
  REQUIRE_THROWS_AS(elir_of(one(PriorKind::kUniform, 0.0, 1.0), Sampling::kGaussian), InvalidInput);
  REQUIRE_THROWS_AS(elir_of(one(PriorKind::kNormal, 0.0, 1.0), static_cast<Sampling>(9)), InvalidInput);
  for (double bad : {0.0, -1.0, naive::kNaN, naive::kInfinity}) {
    REQUIRE_THROWS_AS(elir_of(one(PriorKind::kNormal, 0.0, 1.0), Sampling::kGaussian, bad), InvalidInput);
  }
}
