// Mean, standard deviation and quantiles of a density on panels.
#pragma once

#include <cmath>
#include <cordgain/base/types.hpp>
#include <cordgain/math/logistic.hpp>
#include <cordgain/math/panels.hpp>

namespace cordgain {

struct GridSummary {
  double mean = 0.0;
  double sd = 0.0;
  Vector quantile;
};

/// @param probabilities  of the quantiles wanted
/// @param as_rate        summarise logistic(x) instead of x; lumps then stand at rates 0 and 1
inline GridSummary summarise_grid(const PanelGrid& grid, const VectorIn& probabilities, bool as_rate) {
  Vector x = panel_nodes(grid);
  if (as_rate) x = x.unaryExpr([](double theta) { return logistic(theta); }).eval();
  const Vector mass = panel_masses(grid);
  GridSummary summary;
  summary.mean = mass.dot(x) + (as_rate ? grid.mass_above : 0.0);
  double variance = (mass.array() * (x.array() - summary.mean).square()).sum();
  if (as_rate) {
    const double gap = 1.0 - summary.mean;
    variance += grid.mass_below * summary.mean * summary.mean + grid.mass_above * gap * gap;
  }
  summary.sd = std::sqrt(variance);
  summary.quantile.resize(probabilities.size());
  for (Index i = 0; i < probabilities.size(); ++i) {
    const double q = panel_quantile(grid, probabilities(i));
    summary.quantile(i) = as_rate ? logistic(q) : q;
  }
  return summary;
}

}  // namespace cordgain
