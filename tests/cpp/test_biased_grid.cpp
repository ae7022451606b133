#include <testthat/vendor/catch.h>

#include <cmath>
#include <cordgain/natural/biased_grid.hpp>

using cordgain::add_normal_bias;
using cordgain::coarse_route;
using cordgain::fine_route;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::PanelGrid;
using cordgain::Vector;

namespace {

double normal_density(double x, double mean, double sd) {
  const double z = (x - mean) / sd;
  return std::exp(-0.5 * z * z) / (sd * std::sqrt(2.0 * std::acos(-1.0)));
}

PanelGrid normal_grid(double mean, double sd, Index order = 15) {
  return cordgain::adaptive_panels(
      [&](const Vector& x) {
        return Vector(x.unaryExpr([&](double at) { return normal_density(at, mean, sd); }));
      },
      cordgain::outward_edges(mean, sd, -60.0, 60.0), 1.0, {order, 1e-11, 16});
}

}  // namespace

// Normal plus normal is normal: the closed form. The tolerance of panels is 1e-9 of mass, of their density
// 1e-8.
TEST_CASE("a normal with a normal bias is the normal of the sums, whether the bias is narrow or wide") {
  for (const double sd : {0.01, 0.3, 0.5, 4.0}) {
    const PanelGrid biased = add_normal_bias(normal_grid(-2.0, 0.7), std::log(2.0), sd, fine_route());
    const double mean = -2.0 + std::log(2.0);
    const double spread = std::hypot(0.7, sd);
    for (const double z : {-3.0, -1.0, 0.0, 0.4, 2.5}) {
      const double x = mean + z * spread;
      CHECK(std::fabs(cordgain::panel_cdf(biased, x) - 0.5 * std::erfc(-z / std::sqrt(2.0))) < 1e-9);
    }
    CHECK(std::fabs(cordgain::panel_masses(biased).sum() - 1.0) < 1e-9);
  }
}

TEST_CASE("both routes agree, and the lumps stay") {
  PanelGrid grid = normal_grid(-1.0, 1.2);
  grid.density *= 0.9;
  grid.mass_below = 0.06;
  grid.mass_above = 0.04;
  const PanelGrid fine = add_normal_bias(grid, 0.0, 0.5, fine_route());
  const PanelGrid coarse = add_normal_bias(grid, 0.0, 0.5, coarse_route());
  CHECK(fine.mass_below == 0.06);
  CHECK(fine.mass_above == 0.04);
  // The coarse route's panels are accurate to 1e-7.
  CHECK(std::fabs(cordgain::panel_cdf(fine, -0.3) - cordgain::panel_cdf(coarse, -0.3)) < 1e-7);
}

TEST_CASE("a bias without spread, or a rate without uncertainty, is refused") {
  CHECK_THROWS_AS(add_normal_bias(normal_grid(0.0, 1.0), 0.0, 0.0, fine_route()), InvalidInput);
  CHECK_THROWS_AS(add_normal_bias(normal_grid(0.0, 1.0), std::nan(""), 0.5, fine_route()), InvalidInput);
  CHECK_THROWS_AS(add_normal_bias(PanelGrid{}, 0.0, 0.5, fine_route()), InvalidInput);
}
