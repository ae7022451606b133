#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/lattice_lines.hpp>

#include "posterior_fixture.hpp"

using cordgain::Index;
using cordgain::Lattice;
using cordgain::Matrix;
using cordgain::Vector;
using cordgain::detail::LatticeFrame;
using cordgain::detail::LatticeSums;
using cordgain::detail::PosteriorDensity;
using cordgain::detail::PosteriorPlace;

TEST_CASE("a walk keeps every node above its end, with the density there and the conditional moments") {
  const fixture::PosteriorSetting s;
  PosteriorDensity density(s.model), again(s.model);
  const PosteriorPlace place = cordgain::detail::place_posterior(density);
  const LatticeFrame frame = cordgain::detail::lattice_frame(place, density.cheapest_last(), 0.9, 0.25);
  const double lowest = density(place.mode) - 6.0;
  LatticeSums sums;
  cordgain::detail::sum_lines(density, frame, lowest, 100000, 2, sums);
  std::size_t expected = 0;
  double first = 0.0, second = 0.0, third = 0.0, total = 0.0;
  for (int i = -40; i <= 40; ++i) {
    for (int j = -40; j <= 40; ++j) {
      const double value = again(frame.origin + i * frame.axes.col(0) + j * frame.axes.col(1));
      if (value < lowest) continue;
      ++expected;
      Vector mean(2), covariance(3);
      again.moments(0, mean.data(), covariance.data());
      total += std::exp(value - lowest);
      first += std::exp(value - lowest) * mean[1];
      second += std::exp(value - lowest) * covariance[2];
      third += std::exp(value - lowest) * again.values()[0];
    }
  }
  REQUIRE(sums.nodes() == expected);
  REQUIRE(sums.evaluations > sums.nodes());
  double kept[4] = {0.0, 0.0, 0.0, 0.0};
  for (std::size_t node = 0; node < sums.nodes(); ++node) {
    const double weight = std::exp(sums.log_part[node] - lowest);
    REQUIRE(std::abs(sums.log_part[node] - sums.log_density[node]) < 1e-12);
    kept[0] += weight;
    kept[1] += weight * sums.mean[2 * node + 1];
    kept[2] += weight * sums.covariance[3 * node + 2];
    kept[3] += weight * sums.values[2 * node];
  }
  REQUIRE(std::abs(kept[0] / total - 1.0) < 1e-10);
  REQUIRE(std::abs(kept[1] / first - 1.0) < 1e-10);
  REQUIRE(std::abs(kept[2] / second - 1.0) < 1e-10);
  REQUIRE(std::abs(kept[3] / third - 1.0) < 1e-10);
  REQUIRE_THROWS_AS(cordgain::detail::sum_lines(density, frame, lowest, 20, 2, sums),
                    cordgain::NumericalError);
}

TEST_CASE(
    "the residual standard deviation moves along the last axis, wherever it stands among the free ones") {
  fixture::PosteriorSetting s;
  PosteriorDensity density(s.model);
  REQUIRE((density.cheapest_last() == std::vector<Index>{0, 1}));
  s.model.layout.sigma = 0;
  PosteriorDensity other(s.model);
  REQUIRE((other.cheapest_last() == std::vector<Index>{1, 0}));
}

TEST_CASE(
    "frames of marginal densities move their coordinate on one axis, and the last axis one coordinate") {
  PosteriorPlace place;
  place.mode = Vector::Zero(3);
  place.covariance.resize(3, 3);
  place.covariance << 4.0, 1.0, 0.5, 1.0, 2.0, -0.3, 0.5, -0.3, 1.0;
  const std::vector<Index> order{0, 1, 2};
  for (Index of = 0; of < 3; ++of) {
    const LatticeFrame frame = cordgain::detail::marginal_frame(place, order, of, 0.8, 0.5);
    for (Index axis = 0; axis < 3; ++axis)
      REQUIRE((frame.axes(of, axis) != 0.0) == (axis == frame.first_axis));
    REQUIRE(frame.axes.col(2).head(2).isZero(0.0));
    // Steps of a marginal standard deviation, and the others' covariance given the coordinate.
    const double variance = place.covariance(of, of);
    REQUIRE(std::abs(frame.axes(of, frame.first_axis) - 0.8 * std::sqrt(variance)) < 1e-14);
    Matrix given = place.covariance - place.covariance.col(of) * place.covariance.row(of) / variance,
           axes = frame.axes;
    axes.col(frame.first_axis).setZero();
    REQUIRE((axes * axes.transpose() - 0.64 * given).norm() < 1e-13);
    REQUIRE(std::abs(frame.origin[of] - 0.5 * frame.axes(of, frame.first_axis)) < 1e-15);
  }
}

TEST_CASE("marginal densities of both standard deviations are integrals over the other one") {
  const fixture::PosteriorSetting s;
  PosteriorDensity density(s.model);
  const PosteriorPlace place = cordgain::detail::place_posterior(density);
  const double lowest = density(place.mode) - 16.0;
  for (Index of = 0; of < 2; ++of) {
    const auto frame = cordgain::detail::marginal_frame(place, density.cheapest_last(), of, 0.6, 0.0);
    const auto half = cordgain::detail::marginal_frame(place, density.cheapest_last(), of, 0.6, 0.5);
    const Lattice found =
        cordgain::detail::marginal_of(cordgain::detail::marginal_lines(density, frame, lowest, 100000), frame,
                                      cordgain::detail::marginal_lines(density, half, lowest, 100000));
    const auto integral = [&](double at) {  // the trapezoidal rule with a far shorter step
      double sum = 0.0;
      Vector eta(2);
      eta[of] = at;
      for (double other = -3.0; other < 9.0; other += 0.02) {
        eta[1 - of] = other;
        sum += std::exp(density(eta) - lowest - 16.0);
      }
      return sum;
    };
    Index top = 0;
    found.value.maxCoeff(&top);
    const double ratio = found.value[top] / integral(found.node(top));
    for (Index j = 0; j < found.value.size(); ++j)
      REQUIRE(std::abs(found.value[j] / ratio - integral(found.node(j))) < 1e-5 * integral(found.node(top)));
  }
}
