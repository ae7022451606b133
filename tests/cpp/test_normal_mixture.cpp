#include <testthat/vendor/catch.h>
#include <cordgain/natural/normal_mixture.hpp>

#include "naive.hpp"

using cordgain::Index;
using cordgain::Lattice;
using cordgain::lattice_mean;
using cordgain::lattice_variance;
using cordgain::resolve_component;
using cordgain::spread_below;
using cordgain::spread_densities;
using cordgain::spread_density;
using cordgain::SpreadComponent;
using cordgain::thin_component;
using cordgain::Vector;

namespace {

// A normal (mean, sd) on a lattice of `step` standard deviations, out to 8 of them.
Lattice normal_lattice(double mean, double sd, double step) {
  Lattice lattice;
  lattice.first = mean - 8.0 * sd;
  lattice.step = step * sd;
  const auto size = static_cast<Index>(16.0 / step) + 1;
  lattice.value.resize(size);
  for (Index j = 0; j < size; ++j) lattice.value(j) = naive::normal(lattice.node(j), mean, sd);
  return lattice;
}

SpreadComponent component(const Lattice& lattice, double shift, double sd, double weight = 1.0) {
  SpreadComponent c;
  c.weight = weight;
  c.shift = shift;
  c.sd = sd;
  c.lattice = lattice;
  normalise(c.lattice);
  return c;
}

Lattice point(double at) {
  Lattice lattice;
  lattice.first = at;
  lattice.value = Vector::Constant(1, 3.7);  // any height: it is normalised away
  return lattice;
}

// Something skew: log odds of a gamma-like kernel, not normalised.
double skew(double x) {
  return std::exp(3.0 * x - 3.0 * std::exp(x));
}

Lattice skew_lattice() {
  Lattice lattice;
  lattice.first = -14.0;
  lattice.step = 0.2;
  lattice.value.resize(90);
  for (Index j = 0; j < 90; ++j) lattice.value(j) = skew(lattice.node(j));
  return lattice;
}

}  // namespace

TEST_CASE("a normal spread by a normal is a normal, whatever the two widths") {
  for (const double sd : {0.0, 1e-4, 0.01, 0.05, 0.3, 0.8, 1.0, 2.9, 3.1, 10.0}) {
    const SpreadComponent c = resolve_component(component(normal_lattice(-2.0, 1.0, 0.47), 0.7, sd));
    const double total = std::hypot(1.0, sd);
    for (double z = -5.0; z <= 5.0; z += 0.173) {
      const double x = -1.3 + z * total;
      // The lattice stops at 8 sd (6e-16) and the series aliases at e^(-pi^2 / (2 0.47^2)) = 2e-10 of the
      // top, the price of a step of 0.47.
      REQUIRE(std::fabs(spread_density({c}, x) - naive::normal(x, -1.3, total)) < 4e-10);
    }
  }
}

TEST_CASE("a skew lattice spread by a normal is the convolution integral") {
  const double mass = naive::integral(skew, -14.0, 4.0);
  for (const double sd : {0.02, 0.25, 0.6, 2.5}) {
    const SpreadComponent c = resolve_component(component(skew_lattice(), -0.4, sd));
    for (double x = -4.0; x < 3.0; x += 0.377) {
      const auto f = [&](double z) { return skew(x + 0.4 - sd * z) * naive::normal(z, 0.0, 1.0); };
      // A step of 0.2 leaves |Gamma(3 + i pi / 0.2) / Gamma(3)| = 4e-9 of the spectrum beyond the series; a
      // wide normal damps it.
      REQUIRE(std::fabs(spread_density({c}, x) - naive::in_pieces(f, -9.0, 9.0, 16) / mass) < 1e-8);
    }
  }
}

TEST_CASE("a point mass spread by a normal is that normal") {
  for (const double sd : {0.1, 1.0, 5.0}) {
    const SpreadComponent c = resolve_component(component(point(1.5), -0.5, sd));
    for (double x = -3.0; x < 5.0; x += 0.27) {
      REQUIRE(naive::close_ratio(spread_density({c}, x), naive::normal(x, 1.0, sd), 1e-12));
    }
  }
}

TEST_CASE("components add up by their weights") {
  const SpreadComponent a = resolve_component(component(normal_lattice(-2.0, 0.5, 0.47), 0.0, 0.4, 0.3));
  const SpreadComponent b = resolve_component(component(normal_lattice(0.0, 1.5, 0.47), 1.0, 0.1, 0.7));
  for (double x = -4.0; x < 4.0; x += 0.31) {
    const double expected = 0.3 * naive::normal(x, -2.0, std::hypot(0.5, 0.4)) +
                            0.7 * naive::normal(x, 1.0, std::hypot(1.5, 0.1));
    REQUIRE(std::fabs(spread_density({a, b}, x) - expected) < 4e-10);
    REQUIRE(spread_density({a, b}, x) == Approx(spread_density({b, a}, x)).epsilon(1e-14));
  }
  REQUIRE(spread_density({}, 0.0) == 0.0);
}

TEST_CASE("thinning keeps every second node and, under a wide normal, the density") {
  const Lattice lattice = normal_lattice(0.0, 1.0, 0.47);
  const SpreadComponent thin = thin_component(component(lattice, 0.0, 4.0));
  REQUIRE(thin.lattice.step == 2.0 * lattice.step);
  REQUIRE(thin.lattice.first == lattice.first);
  REQUIRE(thin.lattice.value.size() == (lattice.value.size() + 1) / 2);
  double sum = 0.0;
  for (Index j = 0; j < lattice.value.size(); j += 2) sum += lattice.value(j);
  for (Index j = 0; j < thin.lattice.value.size(); ++j) {
    REQUIRE(std::fabs(thin.lattice.value(j) - lattice.value(2 * j) / sum) < 1e-15);
  }
  // Twice the step of 0.47: e^(-2 pi^2 / 0.94^2) = 2e-10 of the mass.
  REQUIRE(std::fabs(lattice_mean(thin.lattice)) < 1e-8);
  for (double x = -12.0; x < 12.0; x += 0.9) {
    // Lattice times normal has variance 16 / 17: 2 e^(-2 pi^2 (16 / 17) / 0.94^2) = 1.5e-9 of a top of 0.097.
    REQUIRE(std::fabs(spread_density({thin}, x) - naive::normal(x, 0.0, std::hypot(1.0, 4.0))) < 1.5e-10);
  }
}

TEST_CASE("a narrow normal refines the lattice until it is resolved, but not without end") {
  const Lattice lattice = normal_lattice(0.0, 1.0, 0.47);
  const SpreadComponent fine = resolve_component(component(lattice, 0.0, 0.1));
  REQUIRE(fine.lattice.step < lattice.step);
  REQUIRE(fine.sd >= 1.6 * fine.lattice.step * (1.0 - 1e-12));
  REQUIRE(std::fabs(lattice_variance(fine.lattice) - 1.0) < 1e-8);
  REQUIRE(fine.lattice.first == lattice.first);
  const SpreadComponent narrow = resolve_component(component(lattice, 0.0, 1e-3));
  REQUIRE(narrow.lattice.step == lattice.step);  // three Gauss-Hermite nodes serve instead
  const SpreadComponent fits = resolve_component(component(lattice, 0.0, 0.8));
  REQUIRE(fits.lattice.step == lattice.step);
}

TEST_CASE("refined or by three nodes, the density passes smoothly from one to the other") {
  const Lattice lattice = normal_lattice(0.0, 1.0, 0.47);
  const double border = 1.6 * 0.47 / 32.0;  // where the refinement would exceed its largest factor
  for (const double sd : {0.98 * border, 1.02 * border}) {
    const SpreadComponent c = resolve_component(component(lattice, 0.0, sd));
    for (double x = -4.0; x < 4.0; x += 0.41) {
      // Three nodes err by sd^6 / 6! x 6 (a sixth derivative below 6 of the top): 2e-12, the series by 2e-10.
      REQUIRE(std::fabs(spread_density({c}, x) - naive::normal(x, 0.0, std::hypot(1.0, sd))) < 4e-10);
    }
  }
}

TEST_CASE("the density has mass 1") {
  for (const double sd : {0.01, 0.3, 5.0}) {
    const SpreadComponent c = resolve_component(component(skew_lattice(), 0.0, sd));
    const auto f = [&](double x) { return spread_density({c}, x); };
    // Nodes further than 7.5 sd do not count (e^-28); the step of 0.2 aliases by 1e-8 at the most.
    REQUIRE(std::fabs(naive::in_pieces(f, -16.0 - 8.0 * sd, 6.0 + 8.0 * sd, 60) - 1.0) < 1e-7);
  }
}

TEST_CASE("the mass below a point is that of the normal sum") {
  for (const double sd : {0.3, 2.0, 12.0}) {
    const SpreadComponent c = resolve_component(component(normal_lattice(-1.0, 1.0, 0.25), 0.5, sd, 0.6));
    for (const double x : {-60.0, -20.0, -3.0, 0.0, 5.0, 60.0}) {
      // A lattice sum of a smooth function: both steps resolve it to 1e-10.
      REQUIRE(std::fabs(spread_below({c}, x) - 0.6 * naive::normal_below(x, -0.5, std::hypot(1.0, sd))) <
              1e-9);
    }
  }
}

TEST_CASE("without a spread the mass below is that of the lattice nodes") {
  const SpreadComponent c = component(point(-1.0), 0.25, 0.0);
  REQUIRE(spread_below({c}, -0.76) == 0.0);
  REQUIRE(spread_below({c}, -0.75) == 1.0);
  REQUIRE(spread_below({}, 0.0) == 0.0);
}

TEST_CASE("far away there is nothing, not a number that is none") {
  const SpreadComponent c = resolve_component(component(normal_lattice(0.0, 1.0, 0.47), 0.0, 0.5));
  for (const double x : {-1e6, -300.0, 300.0, 1e6}) {
    const double value = spread_density({c}, x);
    REQUIRE(value >= 0.0);
    REQUIRE(value < 1e-12);
  }
}

TEST_CASE("many places together have the densities of each alone, in the tails too") {
  std::vector<SpreadComponent> parts{
      component(normal_lattice(0.3, 0.8, 0.47), 0.2, 1.5, 0.4), component(skew_lattice(), -1.0, 0.6, 0.35),
      component(point(1.0), 0.0, 0.2, 0.2), component(normal_lattice(-2.0, 1.0, 0.47), 0.0, 0.01, 0.05)};
  for (const Index size : {1, 2, 3, 4, 7, 15}) {
    for (const double low : {-40.0, -9.0, -1.0, 3.0}) {
      for (const double width : {0.01, 1.0, 25.0, 90.0}) {
        const cordgain::Array x = cordgain::Array::LinSpaced(size, low, low + width);
        const cordgain::Array together = spread_densities(parts, x);
        REQUIRE(together.size() == size);
        for (Index i = 0; i < size; ++i) {
          const double alone = spread_density(parts, x(i));
          CAPTURE(size);
          CAPTURE(x(i));
          // Places taken together sum a few nodes more: beyond the reach of 7.5 standard deviations, 6e-13 of
          // a top.
          REQUIRE(std::fabs(together(i) - alone) <= 1e-12 + 1e-11 * alone);
        }
      }
    }
  }
}
