// A density on an interval, known at the Gauss-Legendre nodes of adaptive panels. One object serves
// integration (the nodes), the distribution function and quantiles (interpolation inside a panel).
#pragma once

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/base/types.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace cordgain {

/// Nodes and weights of one panel on [-1, 1], ascending, with the barycentric weights of interpolation
/// and the two last rows of the Legendre transform, which tell whether a panel is resolved.
struct PanelRule {
  Array node;
  Array weight;
  Array barycentric;
  Matrix legendre_tail;  // 2 x order: coefficients of the two highest degrees
};

namespace detail {

template <unsigned Order>
PanelRule make_panel_rule() {
  using Gauss = boost::math::quadrature::gauss<double, Order>;
  const auto& x = Gauss::abscissa();
  const auto& w = Gauss::weights();
  PanelRule rule{Array(Order), Array(Order), Array(Order), Matrix(2, Order)};
  const Index half = static_cast<Index>(x.size());
  for (Index i = 0; i < half; ++i) {
    const Index up = static_cast<Index>(Order) - half + i;
    const Index down = half - 1 - i;
    rule.node(up) = x[static_cast<std::size_t>(i)];
    rule.node(down) = -x[static_cast<std::size_t>(i)];
    rule.weight(up) = rule.weight(down) = w[static_cast<std::size_t>(i)];
  }
  for (Index j = 0; j < static_cast<Index>(Order); ++j) {
    const double t = rule.node(j);
    // Barycentric weights of Gauss-Legendre nodes: (-1)^j sqrt((1 - t^2) w) (Wang & Xiang 2012).
    rule.barycentric(j) = ((j % 2 == 0) ? 1.0 : -1.0) * std::sqrt((1.0 - t * t) * rule.weight(j));
    for (unsigned row = 0; row < 2; ++row) {
      const unsigned degree = Order - 2 + row;
      rule.legendre_tail(row, j) = (degree + 0.5) * rule.weight(j) * std::legendre(degree, std::fabs(t)) *
                                   ((t < 0.0 && degree % 2 == 1) ? -1.0 : 1.0);
    }
  }
  return rule;
}

}  // namespace detail

/// The rule of 15 nodes (fine route) or 10 nodes (coarse route).
inline const PanelRule& panel_rule(Index order) {
  static const PanelRule fine = detail::make_panel_rule<15>();
  static const PanelRule coarse = detail::make_panel_rule<10>();
  if (order == 15) return fine;
  if (order == 10) return coarse;
  throw InvalidInput("panels have 10 or 15 nodes");
}

/// A function on adaptive panels, with what lies outside as two lumps of mass.
struct PanelGrid {
  Index order = 15;
  Vector edges;             // panels + 1, ascending
  Vector density;           // panels x order values at the nodes, panel by panel
  double mass_below = 0.0;  // probability left of edges.front(); a lump at -infinity
  double mass_above = 0.0;  // probability right of edges.back()

  [[nodiscard]] Index panels() const noexcept { return edges.size() > 0 ? edges.size() - 1 : 0; }
  [[nodiscard]] double half_width(Index panel) const { return 0.5 * (edges(panel + 1) - edges(panel)); }
  [[nodiscard]] double node(Index panel, Index i) const {
    return edges(panel) + half_width(panel) * (1.0 + panel_rule(order).node(i));
  }
};

/// All nodes of a grid (panels x order), ascending.
inline Vector panel_nodes(const PanelGrid& grid) {
  Vector x(grid.panels() * grid.order);
  for (Index p = 0; p < grid.panels(); ++p) {
    for (Index i = 0; i < grid.order; ++i) x(p * grid.order + i) = grid.node(p, i);
  }
  return x;
}

/// Quadrature weight times density at each node: probabilities that add up to the mass inside.
inline Vector panel_masses(const PanelGrid& grid) {
  Vector mass(grid.density.size());
  for (Index p = 0; p < grid.panels(); ++p) {
    mass.segment(p * grid.order, grid.order) = (grid.half_width(p) * panel_rule(grid.order).weight *
                                                grid.density.segment(p * grid.order, grid.order).array())
                                                   .matrix();
  }
  return mass;
}

/// A function known at the grid's nodes (`values`, panel by panel) at x inside `panel`, by barycentric
/// interpolation.
inline double interpolate_panel(const PanelGrid& grid, const VectorIn& values, Index panel, double x) {
  const PanelRule& rule = panel_rule(grid.order);
  const double t = (x - grid.edges(panel)) / grid.half_width(panel) - 1.0;
  double above = 0.0;
  double below = 0.0;
  for (Index i = 0; i < grid.order; ++i) {
    const double gap = t - rule.node(i);
    const double value = values(panel * grid.order + i);
    if (gap == 0.0) return value;
    above += rule.barycentric(i) / gap * value;
    below += rule.barycentric(i) / gap;
  }
  return above / below;
}

/// The density at x inside `panel`.
inline double interpolate_panel(const PanelGrid& grid, Index panel, double x) {
  return interpolate_panel(grid, grid.density, panel, x);
}

/// The same function with no panel that holds mass wider than `widest`: for integrands that turn faster than
/// the density, such as the probability of k among many patients.
inline PanelGrid refine_grid(const PanelGrid& grid, double widest) {
  constexpr double kEmpty = 1e-15;
  constexpr double kMostPieces = 1e5;
  const Vector mass = panel_masses(grid);
  std::vector<double> edges{grid.panels() > 0 ? grid.edges(0) : 0.0};
  std::vector<double> density;
  const PanelRule& rule = panel_rule(grid.order);
  for (Index p = 0; p < grid.panels(); ++p) {
    const bool empty = mass.segment(p * grid.order, grid.order).cwiseAbs().sum() < kEmpty;
    const double low = grid.edges(p);
    const double width = grid.edges(p + 1) - low;
    const bool cut = !empty && width > widest && width < kMostPieces * widest;
    const int pieces = cut ? static_cast<int>(std::ceil(width / widest)) : 1;
    for (int piece = 0; piece < pieces; ++piece) {
      const double from = low + width * piece / pieces;
      for (Index i = 0; i < grid.order; ++i) {
        const double x = from + 0.5 * width / pieces * (1.0 + rule.node(i));
        density.push_back(pieces == 1 ? grid.density(p * grid.order + i) : interpolate_panel(grid, p, x));
      }
      edges.push_back(piece + 1 == pieces ? grid.edges(p + 1) : low + width * (piece + 1) / pieces);
    }
  }
  PanelGrid fine = grid;
  if (grid.panels() == 0) return fine;
  fine.edges = Eigen::Map<const Vector>(edges.data(), static_cast<Index>(edges.size()));
  fine.density = Eigen::Map<const Vector>(density.data(), static_cast<Index>(density.size()));
  return fine;
}

/// The panel that holds x, for x inside the edges.
inline Index find_panel(const PanelGrid& grid, double x) {
  const double* first = grid.edges.data();
  const double* last = first + grid.edges.size();
  const Index after = static_cast<Index>(std::upper_bound(first, last, x) - first);
  return std::clamp<Index>(after - 1, 0, grid.panels() - 1);
}

/// Integral of the density from the left edge of its panel to x.
inline double partial_panel(const PanelGrid& grid, Index panel, double x) {
  const PanelRule& rule = panel_rule(grid.order);
  const double half = 0.5 * (x - grid.edges(panel));
  double sum = 0.0;
  for (Index i = 0; i < grid.order; ++i) {
    sum += rule.weight(i) * interpolate_panel(grid, panel, grid.edges(panel) + half * (1.0 + rule.node(i)));
  }
  return half * sum;
}

/// P(X <= x), the lumps included.
inline double panel_cdf(const PanelGrid& grid, double x) {
  if (grid.panels() == 0 || x <= grid.edges(0)) return grid.mass_below;
  const Vector mass = panel_masses(grid);
  if (x >= grid.edges(grid.panels())) return grid.mass_below + mass.sum();
  const Index panel = find_panel(grid, x);
  return grid.mass_below + mass.head(panel * grid.order).sum() + partial_panel(grid, panel, x);
}

/// Smallest x with P(X <= x) >= probability; -inf or +inf where a lump answers.
/// Inside a panel: bisection on the interpolated integral, to the last bit that moves it.
inline double panel_quantile(const PanelGrid& grid, double probability) {
  double below = grid.mass_below;
  if (probability <= below) return -std::numeric_limits<double>::infinity();
  const Vector mass = panel_masses(grid);
  for (Index p = 0; p < grid.panels(); ++p) {
    const double inside = mass.segment(p * grid.order, grid.order).sum();
    if (below + inside >= probability) {
      double low = grid.edges(p);
      double high = grid.edges(p + 1);
      for (int step = 0; step < 60; ++step) {
        const double middle = 0.5 * (low + high);
        (below + partial_panel(grid, p, middle) < probability ? low : high) = middle;
      }
      return 0.5 * (low + high);
    }
    below += inside;
  }
  return std::numeric_limits<double>::infinity();
}

/// Starting edges: panels around a centre, then wider ones outwards by the same factor, so that no panel is
/// wide against its distance from the bulk and hides what lies at one of its ends.
/// @throws NumericalError unless the centre, the width (> 0) and the ends are numbers
inline std::vector<double> outward_edges(double centre, double width, double low, double high) {
  constexpr double kFactor = 2.5;
  if (!std::isfinite(centre) || !(width > 0.0) || !std::isfinite(high - low))
    throw NumericalError("a distribution has no centre and width from which panels could be laid");
  std::vector<double> edges{low, high};
  if (centre > low && centre < high) edges.push_back(centre);
  for (const double side : {-1.0, 1.0}) {
    for (double z = kFactor; z * width < high - low; z *= kFactor) {
      const double edge = centre + side * z * width;
      if (edge > low && edge < high) edges.push_back(edge);
    }
  }
  std::sort(edges.begin(), edges.end());
  return edges;
}

/// Edges for log odds: no panel that reaches into +-12 is wider than 4. Adaptive panels resolve the density,
/// but rates are integrated over them too, and a logistic turns over a few units however flat the density is.
inline std::vector<double> logistic_edges(const std::vector<double>& edges) {
  constexpr double kWidest = 4.0;
  constexpr double kTurns = 12.0;
  std::vector<double> result{edges.front()};
  for (std::size_t i = 1; i < edges.size(); ++i) {
    std::vector<double> stops;
    for (const double stop : {-kTurns, kTurns}) {
      if (stop > edges[i - 1] && stop < edges[i]) stops.push_back(stop);
    }
    stops.push_back(edges[i]);
    for (const double stop : stops) {
      const double from = result.back();
      const bool turns = from < kTurns && stop > -kTurns;
      const int pieces = turns ? std::max(1, static_cast<int>(std::ceil((stop - from) / kWidest))) : 1;
      for (int piece = 1; piece < pieces; ++piece) result.push_back(from + (stop - from) * piece / pieces);
      result.push_back(stop);
    }
  }
  return result;
}

/// How far adaptive panels go.
struct PanelOptions {
  Index order = 15;
  double tolerance = 1e-12;  // largest accepted mass in the two last Legendre terms of a panel
  int max_depth = 24;        // bisections of one starting panel
  double smallest = 1.0;     // how much finer a panel of little mass is resolved: 1, not at all
};

/// Panels on which `f` is resolved: a panel is halved while the mass of its two last Legendre coefficients
/// exceeds the tolerance times `scale` (the integral expected, so that empty panels stay whole), or, where
/// improbable parts must keep digits too, times ten times the panel's own mass, but no less than `smallest`
/// of `scale`.
/// @param f      called with an ascending Vector of nodes, returns the values there
/// @param start  starting edges, ascending
/// @throws       NumericalError where f is not finite
template <class F>
PanelGrid adaptive_panels(F&& f, const std::vector<double>& start, double scale,
                          const PanelOptions& options) {
  const PanelRule& rule = panel_rule(options.order);
  struct Piece {
    double low, high;
    int depth;
  };
  std::vector<Piece> todo;
  for (std::size_t i = start.size() - 1; i > 0; --i) todo.push_back({start[i - 1], start[i], 0});
  std::vector<double> edges{start.front()};
  std::vector<Vector> values;
  while (!todo.empty()) {
    const Piece piece = todo.back();
    todo.pop_back();
    const double half = 0.5 * (piece.high - piece.low);
    const Vector value = f((piece.low + half * (1.0 + rule.node)).matrix().eval());
    // Nothing that is not finite gets better by halving, 2^max_depth times.
    if (!value.allFinite()) throw NumericalError("a density is not finite where panels look for it");
    const double tail = (rule.legendre_tail * value).cwiseAbs().sum() * half;
    const double own = 10.0 * half * std::fabs(rule.weight.matrix().dot(value));
    const double limit = options.tolerance * std::min(std::max(own, options.smallest * scale), scale);
    if (!(tail <= limit) && piece.depth < options.max_depth) {
      todo.push_back({piece.low + half, piece.high, piece.depth + 1});
      todo.push_back({piece.low, piece.low + half, piece.depth + 1});
      continue;
    }
    edges.push_back(piece.high);
    values.push_back(value);
  }
  PanelGrid grid;
  grid.order = options.order;
  grid.edges = Eigen::Map<const Vector>(edges.data(), static_cast<Index>(edges.size()));
  grid.density.resize(static_cast<Index>(values.size()) * options.order);
  for (std::size_t p = 0; p < values.size(); ++p) {
    grid.density.segment(static_cast<Index>(p) * options.order, options.order) = values[p];
  }
  return grid;
}

}  // namespace cordgain
