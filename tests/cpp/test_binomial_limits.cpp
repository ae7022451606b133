#include <testthat/vendor/catch.h>
#include <cordgain/base/error.hpp>
#include <cordgain/dist/binomial_limits.hpp>
#include <vector>

using cordgain::blaker;
using cordgain::clopper_pearson;
using cordgain::InvalidInput;
using cordgain::Limits;

namespace {

// Binomial masses by the naive formula, n <= 30.
double mass(int k, int n, double p) {
  double choose = 1.0;
  for (int i = 0; i < k; ++i) choose = choose * (n - i) / (i + 1);
  return choose * std::pow(p, k) * std::pow(1.0 - p, n - k);
}

// Blaker's acceptability of y straight from its definition. Masses near 1e-16 are equal
// only to rounding, so equal tails are recognised to 1e-12 of their size.
double acceptability(int y, int n, double p) {
  std::vector<double> tail(static_cast<std::size_t>(n + 1));
  for (int k = 0; k <= n; ++k) {
    double below = 0.0;
    double above = 0.0;
    for (int j = 0; j <= k; ++j) below += mass(j, n, p);
    for (int j = k; j <= n; ++j) above += mass(j, n, p);
    tail[static_cast<std::size_t>(k)] = std::min(below, above);
  }
  double sum = 0.0;
  const double own = tail[static_cast<std::size_t>(y)];
  for (int k = 0; k <= n; ++k) {
    if (tail[static_cast<std::size_t>(k)] <= own * (1.0 + 1e-12)) sum += mass(k, n, p);
  }
  return sum;
}

}  // namespace

TEST_CASE("Clopper-Pearson limits of 0 of n are the closed form") {
  for (double n : {1.0, 4.0, 100.0, 1e6}) {
    const Limits limits = clopper_pearson(0.0, n, {0.0, 0.05});
    REQUIRE(limits.lower == 0.0);
    // 1 - 0.05^(1/n), without the cancellation at large n
    const double expected = -std::expm1(std::log(0.05) / n);
    REQUIRE(std::abs(limits.upper / expected - 1.0) < 1e-12);
  }
}

TEST_CASE("Clopper-Pearson limits put the tail sums of the binomial at the error allowed") {
  for (int y = 1; y <= 11; ++y) {
    const Limits limits = clopper_pearson(y, 12.0, {0.01, 0.04});
    double above = 0.0;
    double below = 0.0;
    for (int k = y; k <= 12; ++k) above += mass(k, 12, limits.lower);
    for (int k = 0; k <= y; ++k) below += mass(k, 12, limits.upper);
    REQUIRE(std::abs(above - 0.01) < 1e-13);  // sums of 12 terms, each a few roundings
    REQUIRE(std::abs(below - 0.04) < 1e-13);
  }
}

TEST_CASE("Blaker limits are the outermost crossings of the acceptability of the definition") {
  for (int n : {1, 3, 4, 7, 12}) {
    for (int y = 0; y <= n; ++y) {
      for (double alpha : {0.01, 0.05, 0.2, 0.5}) {
        const Limits limits = blaker(y, n, alpha);
        const double step = 1e-9;
        // Accepted just inside; rejected just outside and everywhere on a grid further out.
        if (limits.lower > 0.0) {
          REQUIRE(acceptability(y, n, limits.lower + step) > alpha);
          for (int i = 1; i <= 200; ++i) {
            REQUIRE(acceptability(y, n, (limits.lower - step) * i / 200.0) <= alpha);
          }
        }
        if (limits.upper < 1.0) REQUIRE(acceptability(y, n, limits.upper - step) > alpha);
      }
    }
  }
}

TEST_CASE("Blaker limits lie within the Clopper-Pearson limits") {
  for (double n : {4.0, 9.0, 40.0, 1000.0}) {
    for (double y = 0.0; y <= n; y += std::ceil(n / 20.0)) {
      const Limits inner = blaker(y, n, 0.05);
      const Limits outer = clopper_pearson(y, n, {0.025, 0.025});
      REQUIRE(inner.lower >= outer.lower - 1e-14);
      REQUIRE(inner.upper <= outer.upper + 1e-14);
    }
  }
}

TEST_CASE("all limits mirror when events and others are exchanged") {
  for (double y : {0.0, 1.0, 3.0, 5.0}) {
    const double n = 11.0;
    const Limits a[] = {clopper_pearson(y, n, {0.025, 0.025}),
                        cordgain::jeffreys_limits(y, n, {0.025, 0.025}), cordgain::wilson(y, n, 0.05),
                        blaker(y, n, 0.05)};
    const Limits b[] = {clopper_pearson(n - y, n, {0.025, 0.025}),
                        cordgain::jeffreys_limits(n - y, n, {0.025, 0.025}), cordgain::wilson(n - y, n, 0.05),
                        blaker(n - y, n, 0.05)};
    for (int i = 0; i < 4; ++i) {
      REQUIRE(std::abs(a[i].lower + b[i].upper - 1.0) < 1e-14);
      REQUIRE(std::abs(a[i].upper + b[i].lower - 1.0) < 1e-14);
    }
  }
}

TEST_CASE("Wilson limits solve the score equation") {
  const double z2 = 3.841458820694124;  // 0.95 quantile of chi-squared with 1 degree of freedom
  for (double y : {1.0, 5.0, 19.0}) {
    const double n = 20.0;
    const Limits limits = cordgain::wilson(y, n, 0.05);
    for (double p : {limits.lower, limits.upper}) {
      REQUIRE(std::abs((y - n * p) * (y - n * p) - z2 * n * p * (1.0 - p)) < 1e-12);  // terms near 50
    }
  }
  REQUIRE(cordgain::wilson(0.0, 4.0, 0.05).lower == 0.0);
  REQUIRE(cordgain::wilson(4.0, 4.0, 0.05).upper == 1.0);
}

TEST_CASE("a million patients are answered with a small error") {
  for (double y : {0.0, 1.0, 123456.0, 500000.0, 999999.0, 1e6}) {
    const Limits limits[] = {clopper_pearson(y, 1e6, {0.025, 0.025}),
                             cordgain::jeffreys_limits(y, 1e6, {0.025, 0.025}),
                             cordgain::wilson(y, 1e6, 0.05), blaker(y, 1e6, 0.05)};
    for (const Limits& l : limits) {
      REQUIRE(l.lower <= y / 1e6 + 1e-6);
      REQUIRE(l.upper >= y / 1e6 - 1e-6);
      REQUIRE(l.lower < l.upper);
      REQUIRE(l.error < 1e-12);
    }
  }
}

TEST_CASE("counts and confidence out of range are refused") {
  REQUIRE_THROWS_AS(clopper_pearson(5.0, 4.0, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(clopper_pearson(-1.0, 4.0, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(clopper_pearson(0.0, 0.0, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(cordgain::jeffreys_limits(1.5, 4.0, {0.025, 0.025}), InvalidInput);
  REQUIRE_THROWS_AS(cordgain::wilson(1.0, 4.0, 0.0), InvalidInput);
  // Half of the smallest double is zero: a tail without a quantile.
  REQUIRE_THROWS_AS(cordgain::wilson(1.0, 4.0, 4.9e-324), cordgain::NumericalError);
  REQUIRE_THROWS_AS(blaker(1.0, 4.0, 1.0), InvalidInput);
  REQUIRE_THROWS_AS(blaker(NAN, 4.0, 0.05), InvalidInput);
  REQUIRE_THROWS_AS(blaker(1.0, 1e8, 0.05), InvalidInput);
}

TEST_CASE("a root without a sign change is a numerical error") {
  REQUIRE_THROWS_AS(cordgain::detail::bracketed_root([](double p) { return p + 1.0; }, 0.0, 1.0),
                    cordgain::NumericalError);
}

namespace {

// Quantile of the tail sum P(X >= y) by plain halving of (0, 1): slow, and nothing but sums.
double halved_lower(int y, int n, double tail) {
  double from = 0.0;
  double to = 1.0;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (from + to);
    double above = 0.0;
    for (int k = y; k <= n; ++k) above += mass(k, n, middle);
    (above < tail ? from : to) = middle;
  }
  return 0.5 * (from + to);
}

}  // namespace

TEST_CASE("the stated error of Clopper-Pearson covers the difference to halving of tail sums") {
  for (int n : {2, 5, 17, 30}) {
    for (int y = 1; y <= n; ++y) {
      for (double tail : {0.001, 0.025, 0.2}) {
        const Limits limits = clopper_pearson(y, n, {tail, 0.0});
        // Sums of up to 31 naive masses carry some 1e-14 of the tail: their share of the difference.
        REQUIRE(std::abs(limits.lower - halved_lower(y, n, tail)) <= limits.error + 1e-13);
        REQUIRE(limits.error < 1e-12);
        REQUIRE(limits.upper == 1.0);
      }
    }
  }
}

TEST_CASE("limits widen as the confidence grows") {
  for (double y : {0.0, 2.0, 5.0}) {
    Limits before = blaker(y, 9.0, 0.9);
    for (double alpha : {0.5, 0.2, 0.1, 0.05, 0.01, 0.001, 1e-6}) {
      const Limits now = blaker(y, 9.0, alpha);
      REQUIRE(now.lower <= before.lower + 1e-15);
      REQUIRE(now.upper >= before.upper - 1e-15);
      before = now;
    }
  }
}

TEST_CASE("limits rise with the events") {
  for (double n : {6.0, 50.0}) {
    for (double y = 1.0; y <= n; ++y) {
      const Limits less = blaker(y - 1.0, n, 0.05);
      const Limits more = blaker(y, n, 0.05);
      REQUIRE(more.lower > less.lower);
      REQUIRE(more.upper > less.upper - 1e-15);
      REQUIRE(cordgain::wilson(y, n, 0.05).lower > cordgain::wilson(y - 1.0, n, 0.05).lower);
    }
  }
}

TEST_CASE("one patient has the limits one can work out by hand") {
  // P(X >= 1) = p and P(X <= 0) = 1 - p: the lower limit of 1 of 1 is the tail itself.
  REQUIRE(std::abs(clopper_pearson(1.0, 1.0, {0.025, 0.025}).lower - 0.025) < 1e-15);
  REQUIRE(std::abs(clopper_pearson(0.0, 1.0, {0.025, 0.025}).upper - 0.975) < 1e-15);
  // Below 1/2 only the outcome 1 is as extreme as 1: a(p) = p, accepted above alpha.
  REQUIRE(std::abs(blaker(1.0, 1.0, 0.05).lower - 0.05) < 1e-15);
  REQUIRE(blaker(1.0, 1.0, 0.05).upper == 1.0);
}

TEST_CASE("breakpoints rise with k and make the two tails equal") {
  for (double y : {3.0, 8.0, 12.0}) {
    double before = 0.0;
    for (double k = 0.0; k < y; ++k) {
      const double p = cordgain::detail::blaker_breakpoint(k, y, 12.0);
      double below = 0.0;
      double above = 0.0;
      for (int j = 0; j <= static_cast<int>(k); ++j) below += mass(j, 12, p);
      for (int j = static_cast<int>(y); j <= 12; ++j) above += mass(j, 12, p);
      REQUIRE(p > before);
      REQUIRE(std::abs(below - above) < 1e-13);  // sums of 13 terms below 1
      before = p;
    }
  }
}
