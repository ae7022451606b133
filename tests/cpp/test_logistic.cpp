#include <testthat/vendor/catch.h>
#include <cordgain/math/logistic.hpp>
#include <random>
#include <vector>

using cordgain::logistic;
using cordgain::logit;
using cordgain::softplus;

namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();

// Points over the whole range in which e^x is a number, denser near 0.
std::vector<double> points() {
  std::vector<double> x;
  for (double size = 1e-12; size < 700.0; size *= 1.7) {
    x.push_back(size);
    x.push_back(-size);
  }
  x.push_back(0.0);
  return x;
}

}  // namespace

TEST_CASE("softplus is log(1 + e^x) as extended precision has it") {
  for (const double x : points()) {
    const long double reference = x > 40.0
                                      ? static_cast<long double>(x) + std::exp(-static_cast<long double>(x))
                                      : std::log1p(std::exp(static_cast<long double>(x)));
    // exp() of x carries |x| eps of x's own rounding at worst, then a few operations.
    REQUIRE(std::fabs(softplus(x) / static_cast<double>(reference) - 1.0) < 8.0 * kEps);
  }
  REQUIRE(std::fabs(softplus(0.0) - std::log(2.0)) < kEps);
}

TEST_CASE("softplus keeps its digits where the direct formula has none") {
  REQUIRE(softplus(1000.0) == 1000.0);
  REQUIRE(softplus(-40.0) > 0.0);
  REQUIRE(std::fabs(softplus(-40.0) / std::exp(-40.0) - 1.0) < 4.0 * kEps);
  REQUIRE(std::log(1.0 + std::exp(-40.0)) == 0.0);  // the form it replaces
  REQUIRE(softplus(-1e4) == 0.0);
}

TEST_CASE("softplus of x and of -x differ by x") {
  for (const double x : points()) {
    // Both are rounded to their own last bit, of size max(|x|, log 2).
    REQUIRE(std::fabs(softplus(x) - softplus(-x) - x) <= 4.0 * kEps * std::max(1.0, std::fabs(x)));
  }
}

TEST_CASE("the logistic function is right to the last bits on both sides") {
  for (const double x : points()) {
    const long double reference = 1.0L / (1.0L + std::exp(-static_cast<long double>(x)));
    REQUIRE(std::fabs(logistic(x) / static_cast<double>(reference) - 1.0) < 6.0 * kEps);
  }
  REQUIRE(logistic(0.0) == 0.5);
  REQUIRE(std::fabs(logistic(-700.0) / std::exp(-700.0) - 1.0) < 4.0 * kEps);
  REQUIRE(logistic(-1e308) == 0.0);
  REQUIRE(logistic(1e308) == 1.0);
}

TEST_CASE("rates of x and -x add up to 1") {
  for (const double x : points()) REQUIRE(std::fabs(logistic(x) + logistic(-x) - 1.0) <= 2.0 * kEps);
}

TEST_CASE("the logistic function rises") {
  double before = -1.0;
  for (double x = -50.0; x < 28.0; x += 0.037) {  // later a step is below the last bit of 1
    REQUIRE(logistic(x) > before);
    before = logistic(x);
  }
}

TEST_CASE("the slope of softplus is the rate") {
  for (double x = -8.0; x <= 8.0; x += 0.25) {
    const double h = 1e-4;
    const double slope = (softplus(x + h) - softplus(x - h)) / (2.0 * h);
    // Central differences: h^2 / 6 times a third derivative below 0.1, and rounding of 8 eps / h.
    REQUIRE(std::fabs(slope - logistic(x)) < 2e-10 + 8.0 * kEps / h);
  }
}

TEST_CASE("logit undoes logistic and is infinite at 0 and 1") {
  for (const double x : points()) {
    if (std::fabs(x) > 30.0) continue;  // towards 1 a rate has no digits left to undo
    // A rate near 1 keeps eps / (1 - p) of relative accuracy in its odds: e^|x| eps.
    REQUIRE(std::fabs(logit(logistic(x)) - x) <=
            8.0 * kEps * (std::exp(std::max(x, 0.0)) + std::fabs(x) + 1.0));
  }
  REQUIRE(logit(0.5) == 0.0);
  REQUIRE(logit(0.0) == -std::numeric_limits<double>::infinity());
  REQUIRE(logit(1.0) == std::numeric_limits<double>::infinity());
  REQUIRE(std::isnan(logit(-0.1)));
  REQUIRE(std::fabs(logit(0.8) - std::log(4.0)) < 4.0 * kEps);
}

TEST_CASE("not a number stays not a number") {
  REQUIRE(std::isnan(softplus(NAN)));
  REQUIRE(std::isnan(logistic(NAN)));
  REQUIRE(std::isnan(logit(NAN)));
}

TEST_CASE("the stated rounding error covers sums of as many terms") {
  std::mt19937 random(20240117);
  for (int terms : {16, 64, 1000}) {
    for (int run = 0; run < 50; ++run) {
      double sum = 0.0;
      long double reference = 0.0L;
      double scale = 0.0;
      for (int i = 0; i < terms; ++i) {
        const double x = static_cast<double>(random()) / 4294967295.0 - 0.5;
        sum += x;
        reference += static_cast<long double>(x);
        scale += std::fabs(x);
      }
      REQUIRE(std::fabs(sum - static_cast<double>(reference)) <= cordgain::rounding_error(scale, terms));
    }
  }
  REQUIRE(cordgain::rounding_error(-1.0) == 64.0 * kEps);
  REQUIRE(cordgain::rounding_error(0.0) == 0.0);
}
