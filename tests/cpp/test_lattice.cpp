#include <testthat/vendor/catch.h>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cordgain/math/lattice.hpp>
#include <random>

#include "lattice_fixture.hpp"

using cordgain::cardinal_series;
using cordgain::Index;
using cordgain::Lattice;
using cordgain::lattice_mean;
using cordgain::lattice_variance;
using cordgain::Vector;
using fixture::lay;
using fixture::normal_lattice;

TEST_CASE("nodes stand one step apart from the first") {
  const Lattice lattice = lay([](double) { return 2.0; }, -1.5, 0.25, 5);
  REQUIRE(lattice.node(0) == -1.5);
  REQUIRE(lattice.node(4) == -0.5);
  REQUIRE(lattice.sum() == 10.0);
}

TEST_CASE("three values have the mean and variance one works out by hand") {
  Lattice lattice;
  lattice.first = 10.0;
  lattice.step = 2.0;
  lattice.value.resize(3);
  lattice.value << 1.0, 2.0, 5.0;
  // (10 + 24 + 70) / 8 = 13; (9 + 2 + 5) / 8 = 2
  REQUIRE(lattice_mean(lattice) == 13.0);
  REQUIRE(lattice_variance(lattice) == 2.0);
}

TEST_CASE("a point mass has its place as mean and no variance") {
  Lattice point;
  point.first = -3.25;
  point.value = Vector::Ones(1);
  REQUIRE(lattice_mean(point) == -3.25);
  REQUIRE(lattice_variance(point) == 0.0);
}

TEST_CASE("a normal keeps mean, variance and mass on any lattice fine enough") {
  for (const double step : {0.3, 0.47, 0.6}) {
    for (const double phase : {0.0, 0.21, 0.5, 0.93}) {
      const Lattice lattice = normal_lattice(-2.0, 0.7, step, phase);
      // Aliasing is e^(-2 pi^2 / step^2) < 2e-24; what is left is rounding of 60 terms.
      REQUIRE(std::fabs(lattice.sum() * lattice.step - 1.0) < 1e-13);
      REQUIRE(std::fabs(lattice_mean(lattice) + 2.0) < 1e-13);
      REQUIRE(std::fabs(lattice_variance(lattice) - 0.49) < 1e-13);
    }
  }
}

TEST_CASE("a lattice of the log odds of a beta has its digamma mean and trigamma variance") {
  for (const double a : {2.0, 8.0, 93.5}) {
    const double b = 5.0 * a;
    const double sd = std::sqrt(boost::math::trigamma(a) + boost::math::trigamma(b));
    const double centre = std::log(a / b);
    const auto kernel = [&](double x) {
      return std::exp(a * (x - centre) - (a + b) * (std::log1p(std::exp(x)) - std::log1p(std::exp(centre))));
    };
    const Lattice lattice = lay(kernel, centre - 22.0 * sd, 0.25 * sd, 140);
    // The left tail falls like e^(a x): 22 sd leave e^-31 / a for a = 2 and less for others.
    REQUIRE(std::fabs(lattice_mean(lattice) - (boost::math::digamma(a) - boost::math::digamma(b))) < 1e-11);
    REQUIRE(naive::close_ratio(lattice_variance(lattice), sd * sd, 1e-10));
  }
}

TEST_CASE("the cardinal series gives back the values at the nodes") {
  const Lattice lattice = normal_lattice(1.0, 2.0, 0.5, 0.3);
  for (Index j = 0; j < lattice.value.size(); ++j) {
    REQUIRE(std::fabs(cardinal_series(lattice, lattice.node(j)) - lattice.value(j)) < 1e-15);
  }
}

TEST_CASE("the cardinal series gives a normal between the nodes") {
  const Lattice lattice = normal_lattice(0.4, 1.5, 0.5, 0.0);
  std::mt19937 random(7);
  for (int i = 0; i < 400; ++i) {
    const double x = 0.4 + 1.5 * (16.0 * (static_cast<double>(random()) / 4294967295.0) - 8.0);
    // Truncation of the spectrum at pi / step: e^(-pi^2 / (2 step^2)) = 3e-9 of the top, here 0.27.
    REQUIRE(std::fabs(cardinal_series(lattice, x) - naive::normal(x, 0.4, 1.5)) < 1e-9);
  }
}

TEST_CASE("a finer lattice squares the error of the cardinal series") {
  double worst[3] = {0.0, 0.0, 0.0};
  const double steps[3] = {1.0, 0.7, 0.35};
  for (int s = 0; s < 3; ++s) {
    const Lattice lattice = normal_lattice(0.0, 1.0, steps[s], 0.0);
    for (double x = -3.0; x < 3.0; x += 0.0173) {
      worst[s] = std::max(worst[s], std::fabs(cardinal_series(lattice, x) - naive::normal(x, 0.0, 1.0)));
    }
    // The error is the spectrum beyond pi / step, twice over for the alias: at most
    //   (2 / pi) integral from pi / step of e^(-w^2 / 2) dw = 4 / sqrt(2 pi) Phi(-pi / step).
    const double bound = 4.0 / std::sqrt(2.0 * M_PI) * naive::normal_below(-M_PI / steps[s], 0.0, 1.0);
    REQUIRE(worst[s] < bound + 1e-14);
  }
  REQUIRE(worst[0] > 1e-4);  // the coarse one is seen to fail: the bound above is not empty
}

TEST_CASE("the cardinal series is zero beyond the lattice") {
  const Lattice lattice = normal_lattice(0.0, 1.0, 0.5, 0.0);
  const Index last = lattice.value.size() - 1;
  REQUIRE(cardinal_series(lattice, lattice.first - 1e-3) == 0.0);
  REQUIRE(cardinal_series(lattice, lattice.node(last) + 1e-3) == 0.0);
  REQUIRE(cardinal_series(lattice, 1e300) == 0.0);
}

TEST_CASE("the alternating sum is the plain sinc series") {
  std::mt19937 random(11);
  Lattice lattice;
  lattice.first = -4.0;
  lattice.step = 0.8;
  lattice.value.resize(11);
  for (Index j = 0; j < 11; ++j) lattice.value(j) = static_cast<double>(random()) / 4294967295.0;
  for (double x = -3.99; x < 3.99; x += 0.0371) {
    double expected = 0.0;
    for (Index j = 0; j < 11; ++j) {
      const double z = M_PI * (x - lattice.node(j)) / lattice.step;
      expected += lattice.value(j) * (std::fabs(z) < 1e-8 ? 1.0 : std::sin(z) / z);
    }
    // 11 terms, each a few roundings; a sine near its zeros loses a digit beside a node.
    REQUIRE(std::fabs(cardinal_series(lattice, x) - expected) < 1e-13);
  }
}

TEST_CASE("the cardinal series moves and stretches with its lattice") {
  const Lattice here = normal_lattice(0.0, 1.0, 0.5, 0.0);
  Lattice there = here;
  there.first = 3.0 + 2.0 * here.first;
  there.step = 2.0 * here.step;
  for (double x = -5.0; x < 5.0; x += 0.31) {
    REQUIRE(std::fabs(cardinal_series(there, 3.0 + 2.0 * x) - cardinal_series(here, x)) < 1e-14);
  }
}
