#include <testthat/vendor/catch.h>
#include <cordgain/dist/poisson_binomial.hpp>
#include <random>

#include "naive.hpp"

using cordgain::binomial_pmf;
using cordgain::convolve;
using cordgain::Index;
using cordgain::poisson_binomial_pmf;
using cordgain::Vector;

namespace {

Vector vector(std::initializer_list<double> values) {
  Vector v(static_cast<Index>(values.size()));
  Index i = 0;
  for (const double x : values) v(i++) = x;
  return v;
}

}  // namespace

TEST_CASE("a binomial is the textbook binomial") {
  for (int n : {0, 1, 4, 17, 40}) {
    for (double p : {1e-9, 0.045, 0.193, 0.5, 0.7, 0.999}) {
      const Vector pmf = binomial_pmf(n, naive::log_odds(p));
      REQUIRE(pmf.size() == n + 1);
      for (int k = 0; k <= n; ++k) {
        // Each of up to 40 factors carries the rounding of the log odds (at most 21 eps) and of 1 - p.
        if (naive::binomial(k, n, p) < 1e-290) continue;  // powers that underflow have no digits to compare
        const double tolerance = 40.0 * 2.3e-16 * (21.0 + 1.0 / (1.0 - p));
        REQUIRE(naive::close_ratio(pmf(k), naive::binomial(k, n, p), tolerance));
      }
    }
  }
}

TEST_CASE("two of four against known rates has the tails of the checks A01 and A03 to A07") {
  const double rates[] = {0.193, 0.135, 0.281, 0.50, 0.70, 0.045};
  const double tails[] = {0.170144008003, 0.090663451875, 0.314966190563, 0.6875, 0.9163, 0.011433301875};
  for (int i = 0; i < 6; ++i) {
    // The checks are exact decimals of degree 4 in three digits, printed to 12 digits or more.
    REQUIRE(std::fabs(binomial_pmf(4, naive::log_odds(rates[i])).tail(3).sum() - tails[i]) < 1e-14);
  }
}

TEST_CASE("a binomial is added alike by both of its ways, from the first term and from the mode") {
  for (const double logit : {-25.0, -19.0, -3.0, 0.0, 0.4, 5.0, 25.0, 800.0}) {
    for (const Index n : {0, 1, 2, 29, 30, 31, 32}) {
      cordgain::Vector sum = cordgain::Vector::Zero(n + 3);
      cordgain::add_binomial(sum, 1, n, -cordgain::softplus(-logit), -cordgain::softplus(logit), 0.5);
      REQUIRE(sum(0) == 0.0);
      REQUIRE(sum(n + 2) == 0.0);
      const double p = 1.0 / (1.0 + std::exp(-logit));
      const double q = 1.0 / (1.0 + std::exp(logit));
      for (Index k = 0; k <= n; ++k) {
        const double expected = 0.5 * naive::choose(static_cast<int>(n), static_cast<int>(k)) *
                                std::pow(p, static_cast<double>(k)) * std::pow(q, static_cast<double>(n - k));
        REQUIRE(std::fabs(sum(k + 1) - expected) <= 1e-12 * expected + 1e-21);
      }
    }
  }
}

TEST_CASE("successes at log odds x are failures at -x") {
  for (double x : {0.0, 0.3, 2.0, 40.0}) {
    const Vector up = binomial_pmf(9, x);
    const Vector down = binomial_pmf(9, -x);
    for (Index k = 0; k <= 9; ++k) REQUIRE(up(k) == down(9 - k));
  }
}

TEST_CASE("a thousand patients keep all their mass at any rate") {
  for (double x : {-700.0, -30.0, -3.0, -0.01, 0.0, 0.01, 3.0, 30.0, 700.0}) {
    const Vector pmf = binomial_pmf(1000, x);
    // A product of 1000 factors of 3 roundings each, and (1 - p)^n with its exponent of up to 693.
    REQUIRE(std::fabs(pmf.sum() - 1.0) < 1e-12);
    REQUIRE(pmf.minCoeff() >= 0.0);
  }
}

TEST_CASE("infinite log odds are certainty") {
  REQUIRE(binomial_pmf(3, naive::kInfinity)(3) == 1.0);
  REQUIRE(binomial_pmf(3, -naive::kInfinity)(0) == 1.0);
  REQUIRE(binomial_pmf(3, -naive::kInfinity).tail(3).sum() == 0.0);
}

TEST_CASE("a convolution is the distribution of a sum") {
  const Vector sum = convolve(vector({0.5, 0.25, 0.25}), vector({0.125, 0.875}));
  REQUIRE(sum.size() == 4);
  REQUIRE(sum(0) == 0.0625);
  REQUIRE(sum(1) == 0.46875);  // 0.5 * 0.875 + 0.25 * 0.125
  REQUIRE(sum(2) == 0.25);     // 0.25 * 0.875 + 0.25 * 0.125
  REQUIRE(sum(3) == 0.21875);
  REQUIRE(convolve(vector({1.0}), vector({0.3, 0.7})) == vector({0.3, 0.7}));
}

TEST_CASE("two binomials of one rate add up to one binomial") {
  const Vector sum = convolve(binomial_pmf(3, -0.4), binomial_pmf(5, -0.4));
  REQUIRE((sum - binomial_pmf(8, -0.4)).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("patients with different rates have the tails of the checks B04 and B05") {
  const Vector one =
      poisson_binomial_pmf(vector({naive::log_odds(0.135), naive::log_odds(0.045)}), vector({3.0, 1.0}));
  REQUIRE(std::fabs(one.tail(3).sum() - 0.063390650625) < 1e-14);  // exact decimals
  const Vector two =
      poisson_binomial_pmf(vector({naive::log_odds(0.281), naive::log_odds(0.045)}), vector({2.0, 2.0}));
  REQUIRE(std::fabs(two.tail(3).sum() - 0.115556608075) < 1e-14);
}

TEST_CASE("any groups of patients are the sum over all outcomes") {
  std::mt19937 random(314);
  for (int run = 0; run < 60; ++run) {
    const Index groups = 1 + static_cast<Index>(random() % 4);
    Vector logit(groups);
    Vector size(groups);
    std::vector<double> p;
    const double shift = static_cast<double>(random() % 100) / 25.0 - 2.0;
    for (Index j = 0; j < groups; ++j) {
      logit(j) = static_cast<double>(random() % 1000) / 100.0 - 5.0;
      size(j) = static_cast<double>(random() % 4);
      for (int i = 0; i < static_cast<int>(size(j)); ++i) p.push_back(naive::rate(logit(j) + shift));
    }
    const std::vector<double> expected = naive::all_outcomes(p);
    const Vector pmf = poisson_binomial_pmf(logit, size, shift);
    REQUIRE(pmf.size() == static_cast<Index>(expected.size()));
    for (Index k = 0; k < pmf.size(); ++k) {
      // Up to 4096 products of 12 factors, all positive and below 1.
      REQUIRE(std::fabs(pmf(k) - expected[static_cast<std::size_t>(k)]) < 1e-14);
    }
  }
}

TEST_CASE("the number of responders has the sum of rates as mean and of p (1 - p) as variance") {
  const Vector logit = vector({-3.0, -1.0, 0.2, 2.5});
  const Vector size = vector({20.0, 3.0, 7.0, 11.0});
  const Vector pmf = poisson_binomial_pmf(logit, size);
  double mean = 0.0;
  double variance = 0.0;
  double expected_mean = 0.0;
  double expected_variance = 0.0;
  for (Index j = 0; j < 4; ++j) {
    const double p = naive::rate(logit(j));
    expected_mean += size(j) * p;
    expected_variance += size(j) * p * (1.0 - p);
  }
  for (Index k = 0; k < pmf.size(); ++k) mean += static_cast<double>(k) * pmf(k);
  for (Index k = 0; k < pmf.size(); ++k)
    variance += (static_cast<double>(k) - mean) * (static_cast<double>(k) - mean) * pmf(k);
  REQUIRE(std::fabs(mean - expected_mean) < 1e-12);  // sums of 42 terms up to 41
  REQUIRE(std::fabs(variance - expected_variance) < 1e-11);
}

TEST_CASE("the order and the splitting of groups do not matter, and a shift moves every group") {
  const Vector a = poisson_binomial_pmf(vector({-1.0, 0.5, 2.0}), vector({2.0, 3.0, 1.0}));
  const Vector b = poisson_binomial_pmf(vector({2.0, 0.5, -1.0, 0.5}), vector({1.0, 1.0, 2.0, 2.0}));
  REQUIRE((a - b).cwiseAbs().maxCoeff() < 1e-15);
  const Vector c = poisson_binomial_pmf(vector({-1.75, -0.25, 1.25}), vector({2.0, 3.0, 1.0}), 0.75);
  REQUIRE((a - c).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("the tail rises with every patient's rate") {
  const Vector size = vector({2.0, 2.0});
  double before = 0.0;
  for (double shift = -6.0; shift <= 6.0; shift += 0.25) {
    const double tail = poisson_binomial_pmf(vector({-1.0, 0.3}), size, shift).tail(3).sum();
    REQUIRE(tail > before);
    before = tail;
  }
}

TEST_CASE("the likelihood of a count is the probability of that count, at any log odds") {
  for (const Index n : {1, 4, 37}) {
    for (Index k = 0; k <= n; k += 1 + n / 5) {
      const cordgain::BinomialLikelihood likelihood(n, k);
      for (const double logit : {-30.0, -3.0, 0.0, 0.7, 12.0, 45.0}) {
        const double expected = cordgain::binomial_pmf(n, logit)(k);
        CAPTURE(n);
        CAPTURE(k);
        CAPTURE(logit);
        // The exponent is a difference of numbers up to n |logit| = 1,700, each rounded to 2^-53 of itself.
        CHECK(std::fabs(likelihood(logit) - expected) <= 1e-12 * expected);
      }
    }
  }
}
