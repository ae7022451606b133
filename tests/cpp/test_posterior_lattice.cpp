#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/posterior_lattice.hpp>

#include "posterior_fixture.hpp"

using cordgain::Index;
using cordgain::Matrix;
using cordgain::Vector;
using cordgain::detail::lattice_frame;
using cordgain::detail::LatticeFrame;
using cordgain::detail::PosteriorDensity;
using cordgain::detail::PosteriorPlace;

TEST_CASE("the density at a point is likelihood x prior x slopes, by definition") {
  const fixture::PosteriorSetting s;
  PosteriorDensity density(s.model);
  Vector eta(2);
  eta << 0.3, 0.7;
  const double value = density(eta) + s.model.log_constant;
  const auto sd = cordgain::transform(s.model.hyper[0], 0.3),
             sigma = cordgain::transform(s.model.hyper[1], 0.7);
  fixture::BruteForce one;
  fixture::add_node(s.trial, sd.value, sigma.value, 1.0, one);
  // The naive density passes through exp() and back.
  REQUIRE(std::abs(value - (std::log(one.evidence) + sd.log_slope + sigma.log_slope)) < 1e-9);
}

TEST_CASE("the place of the posterior is a stationary point with the curvature of the density") {
  const fixture::PosteriorSetting s;
  PosteriorDensity density(s.model);
  const PosteriorPlace place = cordgain::detail::place_posterior(density);
  const double top = density(place.mode);
  for (Index k = 0; k < 2; ++k) {
    for (const double step : {-0.05, 0.05}) {
      Vector moved = place.mode;
      moved[k] += step;
      REQUIRE(density(moved) < top);
    }
  }
}

TEST_CASE("only the first axis moves the first coordinate, and the cell has the volume of the covariance") {
  PosteriorPlace place;
  place.mode = Vector::Zero(3);
  place.covariance.resize(3, 3);
  place.covariance << 4.0, 1.0, 0.5, 1.0, 2.0, -0.3, 0.5, -0.3, 1.0;
  for (Index first = 0; first < 3; ++first) {
    const LatticeFrame frame = lattice_frame(place, first, 0.8, 0.5);
    REQUIRE(frame.axes(first, 1) == 0.0);
    REQUIRE(frame.axes(first, 2) == 0.0);
    REQUIRE((frame.axes * frame.axes.transpose() - 0.64 * place.covariance).norm() < 1e-13);
    REQUIRE(std::abs(frame.log_volume - std::log(std::abs(frame.axes.determinant()))) < 1e-13);
    REQUIRE(std::abs(frame.origin[first] - 0.5 * frame.axes(first, 0)) < 1e-15);
  }
}

TEST_CASE("a sum of logs does not overflow") {
  REQUIRE(std::abs(cordgain::detail::log_sum({1000.0, 1000.0}) - (1000.0 + std::log(2.0))) < 1e-12);
}
