#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/math/lattice_quantile.hpp>

using cordgain::Index;
using cordgain::Lattice;
using cordgain::LatticeDistribution;
using cordgain::Vector;

namespace {

template <class Density>
Lattice on_lattice(double first, double step, Index size, Density&& density) {
  Lattice out{first, step, Vector(size)};
  for (Index j = 0; j < size; ++j) out.value[j] = density(out.node(j));
  return out;
}

}  // namespace

TEST_CASE("quantiles of a normal known at steps of 0.7 are those of the tables") {
  const LatticeDistribution normal(
      on_lattice(-8.3, 0.7, 25, [](double x) { return std::exp(-0.5 * x * x); }));
  // The cardinal series errs by exp(-(pi / 0.7)^2 / 2) = 4e-5 of the density at most, its integral by less.
  REQUIRE(std::abs(normal.quantile(0.975) - 1.959963984540054) < 1e-4);
  REQUIRE(std::abs(normal.quantile(0.5)) < 1e-5);
}

TEST_CASE("the error falls geometrically with the step") {
  const LatticeDistribution normal(
      on_lattice(-9.1, 0.35, 53, [](double x) { return std::exp(-0.5 * x * x); }));
  REQUIRE(std::abs(normal.quantile(0.025) + 1.959963984540054) < 1e-11);
  REQUIRE(std::abs(normal.below(1.0) - 0.8413447460685429) < 1e-12);
}

TEST_CASE("quantiles of a skewed density agree with its closed form") {
  // log of an exponential variable: density exp(x - exp(x)), distribution 1 - exp(-exp(x)).
  const LatticeDistribution gumbel(
      on_lattice(-36.0, 0.25, 170, [](double x) { return std::exp(x - std::exp(x)); }));
  for (const double p : {0.025, 0.5, 0.975})
    REQUIRE(std::abs(gumbel.quantile(p) - std::log(-std::log1p(-p))) < 1e-8);
}

TEST_CASE("outside the lattice the distribution is 0 and 1, and an empty lattice is refused") {
  const LatticeDistribution normal(
      on_lattice(-6.0, 0.5, 25, [](double x) { return std::exp(-0.5 * x * x); }));
  REQUIRE(normal.below(-7.0) == 0.0);
  REQUIRE(normal.below(7.0) == 1.0);
  REQUIRE_THROWS_AS(LatticeDistribution(Lattice{0.0, 1.0, Vector(0)}), cordgain::InvalidInput);
  REQUIRE_THROWS_AS(normal.quantile(0.0), cordgain::InvalidInput);
}
