#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/dist/mixture_of_normals.hpp>
#include <cordgain/infer/posterior_quantiles.hpp>

using cordgain::Index;
using cordgain::NodeMixture;
using cordgain::StatedQuantile;
using cordgain::Vector;

namespace {

/// Fifty nodes of changing mean and spread.
struct Nodes {
  Vector weight = Vector(50), mean = Vector(50), sd = Vector(50);

  Nodes() {
    for (Index i = 0; i < 50; ++i) {
      const double t = static_cast<double>(i) / 49.0;
      weight[i] = std::exp(-8.0 * (t - 0.4) * (t - 0.4));
      mean[i] = 10.0 + std::sin(7.0 * t);
      sd[i] = 0.5 + t;
    }
  }
  [[nodiscard]] cordgain::MixtureOfNormals mixture() const { return {weight / weight.sum(), mean, sd}; }
};

}  // namespace

TEST_CASE("quantiles are the roots of the mixture's distribution function") {
  const Nodes n;
  const NodeMixture nodes(n.weight, n.mean, n.sd, 25, 0.0);
  for (const double p : {1e-6, 0.025, 0.5, 0.9, 0.999}) {
    const StatedQuantile found = nodes.quantile(p);
    // The table of the normal distribution function is good to 1e-11.
    REQUIRE(std::abs(cordgain::mixture_cdf(n.mixture(), found.value) - p) < 2e-11);
    REQUIRE(std::abs(found.value - cordgain::mixture_quantile(n.mixture(), p)) < 1e-5);
  }
  REQUIRE(std::abs(nodes.below(10.3) - cordgain::mixture_cdf(n.mixture(), 10.3)) < 1e-11);
}

TEST_CASE("two lattices that say the same have no error, one that says another four times the difference") {
  const Vector one = Vector::Constant(2, 1.0), zero = Vector::Zero(2);
  REQUIRE(NodeMixture(one, zero, one, 1, 0.0).quantile(0.7).error < 1e-10);
  Vector apart(2);
  apart << -0.01, 0.01;
  // Medians of the two are 0.02 apart; the distribution functions at 0 differ by 0.02 times the density
  // there.
  REQUIRE(std::abs(NodeMixture(one, apart, one, 1, 0.0).quantile(0.5).error - 0.08) < 1e-5);
}

TEST_CASE(
    "quantiles hold where neighbouring nodes are unlike each other, as components of a mixture prior are") {
  Vector weight(64), mean(64), sd(64);
  for (Index i = 0; i < 64; ++i) {
    const bool wide = i % 2 == 0;
    weight[i] = wide ? 0.02 : 0.98;
    mean[i] = wide ? 4.0 : 0.01 * static_cast<double>(i);
    sd[i] = wide ? 3.0 : 0.05;
  }
  const NodeMixture nodes(weight, mean, sd, 32, 0.0);
  const cordgain::MixtureOfNormals mixture{weight / weight.sum(), mean, sd};
  for (const double p : {0.001, 0.025, 0.3, 0.975, 0.999}) {
    const StatedQuantile found = nodes.quantile(p);
    REQUIRE(std::abs(cordgain::mixture_cdf(mixture, found.value) - p) < 1e-10);
    REQUIRE(std::abs(found.value - cordgain::mixture_quantile(mixture, p)) < 1e-5);
  }
}

TEST_CASE("what the edge of the lattices adds counts as error") {
  Vector weight(3), mean(3);
  weight << 0.5, 0.499, 0.001;
  mean << 0.0, 0.0, -6.0;
  const StatedQuantile found = NodeMixture(weight, mean, Vector::Ones(3), 3, 0.01).quantile(0.025);
  const double normal = -1.9599639845400545;
  REQUIRE(found.value < normal);  // the edge pulls it down
  REQUIRE(found.value + found.error > normal);
  REQUIRE(found.error < 0.3);
}

TEST_CASE("one node is a normal, whatever its unit") {
  const NodeMixture nodes(Vector::Ones(1), Vector::Constant(1, -3e5), Vector::Constant(1, 1e-4), 1, 0.0);
  REQUIRE(std::abs(nodes.quantile(0.975).value - (-3e5 + 1e-4 * 1.9599639845400545)) < 1e-9);
}

TEST_CASE("parts that are no mixture and impossible probabilities are refused") {
  const Vector one = Vector::Ones(2);
  REQUIRE_THROWS_AS(NodeMixture(one, one, Vector::Ones(1), 1, 0.0), cordgain::InvalidInput);
  REQUIRE_THROWS_AS(NodeMixture(-one, one, one, 1, 0.0), cordgain::InvalidInput);
  REQUIRE_THROWS_AS(NodeMixture(one, one, Vector::Zero(2), 1, 0.0), cordgain::InvalidInput);
  REQUIRE_THROWS_AS(NodeMixture(one, one, one, 3, 0.0), cordgain::InvalidInput);
  REQUIRE_THROWS_AS(NodeMixture(one, one, one, 1, 0.0).quantile(1.0), cordgain::InvalidInput);
}
