#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/math/gauss_hermite.hpp>

using namespace cordgain;

namespace {

constexpr double kRoot2Pi = 2.5066282746310002;

double integrate(const HermiteRule& rule, double (*f)(double)) {
  double sum = 0.0;
  for (Index k = 0; k < rule.log_weight.size(); ++k) sum += std::exp(rule.log_weight[k]) * f(rule.node(0, k));
  return sum;
}

}  // namespace

TEST_CASE("one, two and three nodes are those of the tables") {
  REQUIRE(gauss_hermite(1).node(0, 0) == 0.0);
  REQUIRE(std::exp(gauss_hermite(1).log_weight[0]) == Approx(kRoot2Pi).epsilon(1e-14));
  // probabilists' rule: nodes -1, 1 with weights 1/2; 0, +-sqrt(3) with 2/3, 1/6
  REQUIRE(gauss_hermite(2).node(0, 1) == Approx(1.0).epsilon(1e-14));
  const HermiteRule three = gauss_hermite(3);
  REQUIRE(three.node(0, 2) == Approx(std::sqrt(3.0)).epsilon(1e-14));
  REQUIRE(std::exp(three.log_weight[2] - 1.5) / kRoot2Pi == Approx(1.0 / 6.0).epsilon(1e-13));
  REQUIRE(std::exp(three.log_weight[1]) / kRoot2Pi == Approx(2.0 / 3.0).epsilon(1e-13));
}

TEST_CASE("moments of the normal distribution are exact, with many nodes too") {
  for (const Index n : {5, 19, 77, 309, 437}) {
    const HermiteRule rule = gauss_hermite(n);
    const auto moment = [&](int power) {
      double sum = 0.0;
      for (Index k = 0; k < n; ++k) {
        const double t = rule.node(0, k);
        sum += std::exp(rule.log_weight[k] - 0.5 * t * t) * std::pow(t, power);
      }
      return sum / kRoot2Pi;
    };
    REQUIRE(moment(0) == Approx(1.0).epsilon(1e-13));
    REQUIRE(std::fabs(moment(3)) < 1e-12);  // by symmetry
    REQUIRE(moment(4) == Approx(3.0).epsilon(1e-12));
    REQUIRE(moment(8) == Approx(105.0).epsilon(1e-12));
  }
}

TEST_CASE("a tail heavier than the weight is integrated, so outer weights keep their digits") {
  // int exp(-t^2 / 8) dt = sqrt(8 pi): the outer nodes matter, where weights are 1e-60 of the inner ones
  const auto f = [](double t) { return std::exp(-t * t / 8.0); };
  REQUIRE(integrate(gauss_hermite(219), f) == Approx(std::sqrt(8.0 * 3.14159265358979323846)).epsilon(1e-12));
}

TEST_CASE("a product rule has n^q nodes and integrates a product; no axis is one node of weight 1") {
  const HermiteRule rule = gauss_hermite(4, 3);
  REQUIRE(rule.log_weight.size() == 64);
  double sum = 0.0;
  for (Index k = 0; k < 64; ++k) {
    const auto t = rule.node.col(k);
    sum +=
        std::exp(rule.log_weight[k] - 0.5 * t.squaredNorm()) * t[0] * t[0] * std::pow(t[1], 4) * t[2] * t[2];
  }
  REQUIRE(sum / std::pow(kRoot2Pi, 3) == Approx(3.0).epsilon(1e-12));  // 1 * 3 * 1
  REQUIRE(gauss_hermite(9, 0).log_weight.size() == 1);
  REQUIRE(gauss_hermite(9, 0).log_weight[0] == 0.0);
}

TEST_CASE("rules are made once, and numbers of nodes out of range are refused") {
  HermiteRules rules(2);
  REQUIRE(&rules.at(5) == &rules.at(5));
  REQUIRE(rules.at(5).log_weight.size() == 25);
  REQUIRE_THROWS_AS(gauss_hermite(0), InvalidInput);
  REQUIRE_THROWS_AS(gauss_hermite(501), InvalidInput);
}
