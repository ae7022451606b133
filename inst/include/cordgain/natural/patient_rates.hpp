// The natural log odds of the patients of one trial: a shared uncertain coordinate on panels, and at each of
// its nodes the log odds of every group of patients. What is shared (all of it) is integrated once, at the
// end.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/math/logistic.hpp>
#include <cordgain/math/panels.hpp>
#include <vector>

namespace cordgain {

/// @var grid   the shared coordinate; no panels marks rates known without uncertainty
/// @var logit  nodes x groups, log odds of recovery without treatment (1 x groups where the grid has no
/// panels)
/// @var size   patients in each group
struct PatientRates {
  PanelGrid grid;
  Matrix logit;
  Vector size;

  [[nodiscard]] bool known() const noexcept { return grid.panels() == 0; }
  [[nodiscard]] Index nodes() const noexcept { return logit.rows(); }
  [[nodiscard]] Index patients() const { return static_cast<Index>(std::lround(size.sum())); }
  [[nodiscard]] Vector mass() const { return known() ? Vector::Ones(1) : panel_masses(grid); }
};

/// @throws InvalidInput unless the sizes agree, the group sizes are whole and the log odds are numbers
inline void require_rates(const PatientRates& rates) {
  require(rates.logit.cols() == rates.size.size() && rates.size.size() >= 1,
          "one group size for each column of log odds");
  require(rates.nodes() == (rates.known() ? 1 : rates.grid.density.size()),
          "one row of log odds for each node");
  for (Index j = 0; j < rates.size.size(); ++j) {
    const double size = rates.size(j);
    require(size >= 0.0 && size <= 1e6 && std::floor(size) == size, "group sizes must be whole");
  }
  require(!rates.logit.hasNaN(), "log odds must be numbers");
}

/// Widest panel over which the probability of k among `patients` is integrated to 1e-10 by 10 nodes: 3.5
/// standard deviations of the likelihood of the log odds, which is no narrower than 2 / sqrt(n).
inline double widest_panel(double patients) {
  constexpr double kMost = 1e4;  // far above the most an arm may have
  return 7.0 / std::sqrt(std::min(kMost, std::max(1.0, patients)));
}

/// Every patient shares the coordinate theta; group j stands at theta + offset(j).
inline PatientRates shift_rates(const PanelGrid& grid, const VectorIn& offset, const VectorIn& size) {
  const PanelGrid fine = refine_grid(grid, widest_panel(size.sum()));
  const Vector theta = grid.panels() == 0 ? Vector::Zero(1) : panel_nodes(fine);
  const Matrix logit = theta.replicate(1, offset.size()).rowwise() + offset.transpose();
  return {fine, logit, size};
}

/// Strata that share one centile: at standard normal z, group j stands at the Phi(z) quantile of its own grid
/// (at 0 where the grid has no panels) plus offset(j). The coordinate runs over +-7.5, beyond which lies
/// 6e-14.
inline PatientRates couple_rates(const std::vector<PanelGrid>& strata, const VectorIn& offset,
                                 const VectorIn& size) {
  require(
      static_cast<Index>(strata.size()) == size.size() && offset.size() == size.size() && size.size() >= 1,
      "one grid for each group");
  // The log odds of a stratum move by about a unit for a unit of z.
  const int pieces = 12 * std::max(1, static_cast<int>(std::ceil(1.25 / widest_panel(size.sum()))));
  std::vector<double> start;
  for (int i = 0; i <= pieces; ++i) start.push_back(-7.5 + 15.0 * i / pieces);
  PatientRates rates;
  rates.size = size;
  rates.grid.order = strata.front().order;
  rates.grid.edges = Eigen::Map<const Vector>(start.data(), static_cast<Index>(start.size()));
  rates.grid.density.resize(rates.grid.panels() * rates.grid.order);
  const Vector z = panel_nodes(rates.grid);
  rates.logit.resize(z.size(), size.size());
  for (Index i = 0; i < z.size(); ++i) {
    rates.grid.density(i) = std::exp(-0.5 * z(i) * z(i)) / 2.50662827463100050241576528481;
    const double centile = 0.5 * std::erfc(-z(i) / 1.41421356237309504880);
    for (Index j = 0; j < size.size(); ++j) {
      const PanelGrid& stratum = strata[static_cast<std::size_t>(j)];
      const double theta =
          stratum.panels() == 0 ? 0.0 : std::clamp(panel_quantile(stratum, centile), -60.0, 60.0);
      rates.logit(i, j) = theta + offset(j);
    }
  }
  return rates;
}

/// Mean probability of the patients not to recover, at node i.
inline double mean_failing(const PatientRates& rates, Index i) {
  double sum = 0.0;
  for (Index j = 0; j < rates.size.size(); ++j) sum += rates.size(j) * logistic(-rates.logit(i, j));
  return sum / rates.size.sum();
}

/// Mean natural rate of the patients at node i.
inline double mean_rate(const PatientRates& rates, Index i) {
  double sum = 0.0;
  for (Index j = 0; j < rates.size.size(); ++j) sum += rates.size(j) * logistic(rates.logit(i, j));
  return sum / rates.size.sum();
}

}  // namespace cordgain
