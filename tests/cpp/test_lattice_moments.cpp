#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/lattice_moments.hpp>

using cordgain::Index;
using cordgain::Lattice;
using cordgain::Matrix;
using cordgain::Vector;
using cordgain::detail::LatticeDensity;
using cordgain::detail::LatticeFrame;
using cordgain::detail::PosteriorMoments;

TEST_CASE("moments of nodes follow the laws of total expectation and variance") {
  Vector weight(3);
  weight << 0.2, 0.5, 0.3;
  Matrix mean(1, 3), covariance(1, 3);
  mean << 1.0, 2.0, 4.0;
  covariance << 0.5, 1.0, 2.0;
  const PosteriorMoments found = cordgain::detail::coefficient_moments(weight, mean, covariance);
  REQUIRE(std::abs(found.mean[0] - 2.4) < 1e-15);
  // within 0.1 + 0.5 + 0.6, between 0.2 x 1.96 + 0.5 x 0.16 + 0.3 x 2.56
  REQUIRE(std::abs(found.sd[0] - std::sqrt(1.2 + 1.24)) < 1e-15);
  REQUIRE(std::abs(cordgain::detail::value_moments(weight, mean).sd[0] - std::sqrt(1.24)) < 1e-15);
}

TEST_CASE("routes that differ by a hundredth of a standard deviation agree to a tenth, no further") {
  const PosteriorMoments a{Vector::Constant(1, 5.0), Vector::Constant(1, 2.0)};
  const PosteriorMoments b{Vector::Constant(1, 5.02), Vector::Constant(1, 2.01)};
  REQUIRE(std::abs(cordgain::detail::route_gap(a, b)[0] - 0.02) < 1e-14);
  REQUIRE(std::abs(cordgain::detail::route_error(a, b)[0] - 0.2) < 1e-12);
  REQUIRE(cordgain::detail::agree(a, b, 0.11));
  REQUIRE_FALSE(cordgain::detail::agree(a, b, 0.09));
}

TEST_CASE("weights from logarithms add up to one, however large") {
  const Vector found = cordgain::detail::normalised({1000.0, 1000.0 + std::log(3.0)});
  REQUIRE(std::abs(found[0] - 0.25) < 1e-13);
  REQUIRE(std::abs(found.sum() - 1.0) < 1e-13);
}

TEST_CASE("the marginal of a bivariate normal is its normal, at the nodes of both lattices") {
  LatticeFrame frame;
  frame.axes.resize(2, 2);
  frame.axes << 0.9, 0.0, 0.45, 0.8;  // the first moves both
  const auto sums = [&](double shift) {
    LatticeFrame moved = frame;
    moved.origin = moved.axes * Vector::Constant(2, shift);
    LatticeDensity out;
    for (int i = -7; i <= 7; ++i) {
      for (int j = -12; j <= 12; ++j) {
        const Vector x = moved.origin + i * frame.axes.col(0) + j * frame.axes.col(1);
        const double rest = x[1] - 0.5 * x[0];
        out.log_density.push_back(-0.5 * x[0] * x[0] - 0.5 * rest * rest);
        out.first.push_back(i);
      }
    }
    return out;
  };
  frame.origin = Vector::Zero(2);
  const Lattice found = cordgain::detail::marginal_of(sums(0.0), frame, sums(0.5));
  REQUIRE(found.step == 0.45);
  Index top = 0;
  const double highest = found.value.maxCoeff(&top);
  REQUIRE(std::abs(found.node(top)) < 1e-14);
  for (Index j = 0; j < found.value.size(); ++j) {
    const double x = found.node(j);
    // 2 exp(-2 pi^2 / 0.8^2), of the sum over the other coordinate
    REQUIRE(std::abs(found.value[j] / highest - std::exp(-0.5 * x * x)) < 1e-12);
  }
}

TEST_CASE("nodes that no lattice has are no part of a marginal density") {
  Lattice in{1.0, 0.5, Vector::Zero(6)};
  in.value << 0.0, 0.0, 1.0, 0.0, 2.0, 0.0;
  const Lattice out = cordgain::detail::without_empty_ends(in);
  REQUIRE(out.first == 2.0);
  REQUIRE(out.value.size() == 3);
  REQUIRE(out.value[1] == 0.0);
}
