// The predictive distribution as a sum of lattice functions, each spread by a normal: density and the mass
// outside a range.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/types.hpp>
#include <cordgain/math/lattice.hpp>
#include <utility>
#include <vector>

namespace cordgain {

/// weight x [ lattice function * N(shift, sd^2) ]; the lattice's values add up to 1.
struct SpreadComponent {
  double weight = 0.0;
  double shift = 0.0;
  double sd = 0.0;
  Lattice lattice;
  double reach = 7.5;  // standard deviations that count
};

namespace detail {

constexpr double kSqrtTwoPi = 2.50662827463100050241576528481;
constexpr double kFinest = 32.0;  // largest refinement of a lattice

}  // namespace detail

/// Every second node: under a normal this much wider than the lattice function the trapezoidal rule of twice
/// the step is still right to e^{-2 pi^2 / (2 step)^2}, about 1e-11, and costs half.
constexpr double kCoarsening = 3.0;

inline SpreadComponent thin_component(SpreadComponent component) {
  Lattice thin;
  thin.first = component.lattice.first;
  thin.step = 2.0 * component.lattice.step;
  thin.value.resize((component.lattice.value.size() + 1) / 2);
  for (Index j = 0; j < thin.value.size(); ++j) thin.value(j) = component.lattice.value(2 * j);
  normalise(thin);
  component.lattice = std::move(thin);
  return component;
}

/// Refines the lattice by the cardinal series until it resolves the component's own normal, or as far as
/// kFinest; a still narrower normal is integrated by three Gauss-Hermite nodes, whose error is of order
/// (sd / width)^6 with sd below a fiftieth of the width.
inline SpreadComponent resolve_component(SpreadComponent component) {
  Lattice& lattice = component.lattice;
  if (component.sd >= kCoarsening * std::sqrt(lattice_variance(lattice)))
    return thin_component(std::move(component));
  if (lattice.step == 0.0 || component.sd >= kResolvedSteps * lattice.step) return component;
  const double wanted = kResolvedSteps * lattice.step / std::max(component.sd, 1e-300);
  if (wanted > detail::kFinest) return component;
  const double factor = std::ceil(wanted);
  Lattice fine;
  fine.first = lattice.first;
  fine.step = lattice.step / factor;
  fine.value.resize((lattice.value.size() - 1) * static_cast<Index>(factor) + 1);
  for (Index j = 0; j < fine.value.size(); ++j) fine.value(j) = cardinal_series(lattice, fine.node(j));
  normalise(fine);
  component.lattice = std::move(fine);
  return component;
}

namespace detail {

/// Three-node Gauss-Hermite average of the cardinal series over N(0, sd^2).
inline double narrow_density(const SpreadComponent& c, double x) {
  const double at = x - c.shift;
  const double wing = std::sqrt(3.0) * c.sd;
  const double sum = 2.0 / 3.0 * cardinal_series(c.lattice, at) +
                     (cardinal_series(c.lattice, at - wing) + cardinal_series(c.lattice, at + wing)) / 6.0;
  return sum / c.lattice.step;
}

/// First and last lattice node within reach of places from `low` to `high`, the component's shift taken off;
/// no nodes where first > last.
inline std::pair<Index, Index> nodes_in_reach(const SpreadComponent& c, double low, double high) {
  const Lattice& lattice = c.lattice;
  const double last = static_cast<double>(lattice.value.size() - 1);
  if (lattice.step == 0.0) return {0, static_cast<Index>(last)};
  const double reach = c.reach * c.sd;
  const double from = std::max(0.0, std::ceil((low - reach - lattice.first) / lattice.step));
  const double to = std::min(last, std::floor((high + reach - lattice.first) / lattice.step));
  if (from > to) return {1, 0};
  return {static_cast<Index>(from), static_cast<Index>(to)};
}

/// Density of a component that its lattice resolves, from nodes first to last, at one place or several (an
/// array). exp(-z^2 / 2) along an equidistant z by two products a node: e^{-(z+d)^2/2} = e^{-z^2/2} e^{-z d -
/// d^2/2}, whose second factor itself shrinks by e^{-d^2}. Over the few dozen nodes of a reach rounding stays
/// below 1e-13.
template <class Places>
Places walk_normal(const SpreadComponent& c, const Places& at, Index first, Index last) {
  using std::exp;
  const double step = c.lattice.step / c.sd;
  const Places start = (c.lattice.node(first) - at) / c.sd;
  Places term = exp(-0.5 * start * start);
  Places ratio = exp(-step * (start + 0.5 * step));
  const double shrink = std::exp(-step * step);
  Places sum = c.lattice.value(first) * term;
  for (Index j = first + 1; j <= last; ++j) {
    term *= ratio;
    ratio *= shrink;
    sum += c.lattice.value(j) * term;
  }
  return sum / (c.sd * kSqrtTwoPi);
}

/// Sum over the lattice nodes within reach of x.
inline double wide_density(const SpreadComponent& c, double x) {
  const double at = x - c.shift;
  const auto [first, last] = nodes_in_reach(c, at, at);
  return first > last ? 0.0 : walk_normal(c, at, first, last);
}

/// The same at four places, each node within reach of any of them visited once for all.
inline Eigen::Array4d wide_densities(const SpreadComponent& c, const Eigen::Array4d& x) {
  const Eigen::Array4d at = x - c.shift;
  const auto [first, last] = nodes_in_reach(c, at.minCoeff(), at.maxCoeff());
  if (first > last) return Eigen::Array4d::Zero();
  return walk_normal(c, at, first, last);
}

/// Whether a component's own normal is too narrow for its lattice to resolve.
inline bool is_narrow(const SpreadComponent& c) {
  return c.lattice.step > 0.0 && c.sd < kResolvedSteps * c.lattice.step / 1.0000001;
}

inline double component_density(const SpreadComponent& c, double x) {
  return is_narrow(c) ? narrow_density(c, x) : wide_density(c, x);
}

/// How far apart, in standard deviations of a component, places may lie to be worked out together: at the
/// first node within reach of the nearest, the normal at the farthest is still e^-400.
constexpr double kTogether = 20.0;

}  // namespace detail

/// Density at x of all components together.
inline double spread_density(const std::vector<SpreadComponent>& components, double x) {
  double sum = 0.0;
  for (const SpreadComponent& c : components) sum += c.weight * detail::component_density(c, x);
  return sum;
}

/// Density of all components together at each of the ascending places x, four of them at a time.
inline Array spread_densities(const std::vector<SpreadComponent>& components, const Array& x) {
  Array sum(x.size());
  for (Index i = 0; i < x.size(); i += 4) {
    const Index size = std::min<Index>(4, x.size() - i);
    Eigen::Array4d four = Eigen::Array4d::Constant(x(i + size - 1));
    four.head(size) = x.segment(i, size);
    Eigen::Array4d here = Eigen::Array4d::Zero();
    for (const SpreadComponent& c : components) {
      const bool wide = c.lattice.step > 0.0 && !detail::is_narrow(c);
      if (wide && four(3) - four(0) < detail::kTogether * c.sd) {
        here += c.weight * detail::wide_densities(c, four);
      } else {
        for (Index k = 0; k < size; ++k) here(k) += c.weight * detail::component_density(c, four(k));
      }
    }
    sum.segment(i, size) = here.head(size);
  }
  return sum;
}

/// Probability below x of all components together, for x in the far tails (only the wide ones reach it).
inline double spread_below(const std::vector<SpreadComponent>& components, double x) {
  double sum = 0.0;
  for (const SpreadComponent& c : components) {
    double below = 0.0;
    for (Index j = 0; j < c.lattice.value.size(); ++j) {
      const double gap = x - c.shift - c.lattice.node(j);
      const double cdf =
          c.sd > 0.0 ? 0.5 * std::erfc(-gap / (c.sd * 1.41421356237309504880)) : (gap >= 0.0 ? 1.0 : 0.0);
      below += c.lattice.value(j) * cdf;
    }
    sum += c.weight * below;
  }
  return sum;
}

}  // namespace cordgain
