// A bias on top of a predictive distribution: the density of theta + b with b normal, without going back to
// the evidence.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/math/panels.hpp>
#include <cordgain/natural/source_likelihood.hpp>

namespace cordgain {

namespace detail {

constexpr double kNormalReach = 9.0;  // standard deviations; beyond lies 2e-19

/// Sum of mass(i) phi((x - mean - theta(i)) / sd) / sd over the nodes within reach of x.
inline double smoothed_density(const Vector& theta, const Vector& mass, double mean, double sd, double x) {
  const double* first = theta.data();
  const double* last = first + theta.size();
  const double low = x - mean - kNormalReach * sd;
  const double high = x - mean + kNormalReach * sd;
  double sum = 0.0;
  for (const double* at = std::lower_bound(first, last, low); at != last && *at <= high; ++at) {
    const double z = (x - mean - *at) / sd;
    sum += mass(at - first) * std::exp(-0.5 * z * z);
  }
  return sum / (sd * 2.50662827463100050241576528481);
}

}  // namespace detail

/// Density of theta + b, theta on `grid` and b ~ N(mean, sd^2) independent of it; lumps stay where they are.
/// The panels of theta are cut to two standard deviations of b, over which Gauss-Legendre nodes resolve the
/// normal.
/// @param grid   log odds on panels (at least one)
/// @param sd     standard deviation of b, log odds, >= 1e-3
/// @param route  accuracy of the result's panels
/// @throws       InvalidInput for an empty grid or parameters out of range
inline PanelGrid add_normal_bias(const PanelGrid& grid, double mean, double sd, const Route& route) {
  require_finite(mean, "the mean of the bias");
  require(std::isfinite(sd) && sd >= 1e-3,
          "the standard deviation of the bias must be finite and at least 0.001");
  require(grid.panels() >= 1, "a rate taken as known has no panels");
  const PanelGrid fine = refine_grid(grid, 2.0 * sd);
  const Vector theta = panel_nodes(fine);
  const Vector mass = panel_masses(fine);
  const double inside = mass.sum();
  const double centre = inside > 0.0 ? mass.dot(theta) / inside + mean : mean;
  const double spread = std::sqrt(
      sd * sd +
      std::min(4.0, inside > 0.0 ? mass.dot((theta.array() - centre + mean).square().matrix()) : 0.0));
  const double low = grid.edges(0) + mean - detail::kNormalReach * sd;
  const double high = grid.edges(grid.panels()) + mean + detail::kNormalReach * sd;
  const auto f = [&](const Vector& x) {
    return Vector(
        x.unaryExpr([&](double at) { return detail::smoothed_density(theta, mass, mean, sd, at); }));
  };
  PanelGrid result = adaptive_panels(f, logistic_edges(outward_edges(centre, spread, low, high)), 1.0,
                                     {route.order, route.tolerance, 16, detail::kSmallestPart});
  result.mass_below = grid.mass_below;
  result.mass_above = grid.mass_above;
  return result;
}

}  // namespace cordgain
