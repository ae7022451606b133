// The nodes of a lattice on which a density matters, found line by line: the last axis is walked from end to
// end, and only lines, not nodes, are kept in mind.
#pragma once

#include <cordgain/math/flood.hpp>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cordgain {

/// What a walk along one line found.
struct LineFound {
  bool inside = false;  ///< whether some node of the line matters
  int highest = 0;      ///< where the density is highest
};

/// Visits every line (all nodes that differ only in the last coordinate) that is joined to the line through
/// the origin by lines that matter.
/// @param dimension  1 to 8
/// @param visit      callable: LineFound f(const LatticeNode& line, int start); the last coordinate of `line`
///                   is 0, `start` that of a node that matters on a neighbouring line; called once per line
/// @return           number of lines visited
/// @throws           NumericalError if one is more than 127 steps from the origin
template <class Visit>
std::size_t flood_lines(Index dimension, Visit&& visit) {
  std::unordered_set<std::uint64_t> seen;
  std::vector<std::pair<LatticeNode, int>> open;
  open.emplace_back(LatticeNode{}, 0);
  seen.insert(detail::node_key(LatticeNode{}, dimension));
  while (!open.empty()) {
    const auto [from, start] = open.back();
    open.pop_back();
    const LineFound found = visit(from, start);
    if (!found.inside) continue;
    for (Index k = 0; k + 1 < dimension; ++k) {
      for (const int step : {-1, 1}) {
        LatticeNode to = from;
        to[static_cast<std::size_t>(k)] += step;
        if (std::abs(to[static_cast<std::size_t>(k)]) > detail::kNodeReach)
          throw NumericalError("a posterior reaches further than 127 steps from its mode");
        if (seen.insert(detail::node_key(to, dimension)).second) open.emplace_back(to, found.highest);
      }
    }
  }
  return seen.size();
}

/// Walks a line from `start` both ways, up to the first node that does not matter and lies no higher than
/// the one before.
/// @param lowest   log density from which a node matters
/// @param density  callable: double f(int place), log density; called once per node
/// @throws         NumericalError more than 127 steps from the origin
template <class LogDensity>
LineFound walk_line(int start, double lowest, LogDensity&& density) {
  const double first = density(start);
  LineFound out{first >= lowest, start};
  double top = first;
  for (const int step : {1, -1}) {
    double before = first;
    for (int place = start + step;; place += step) {
      if (std::abs(place) > detail::kNodeReach)
        throw NumericalError("a posterior reaches further than 127 steps from its mode");
      const double here = density(place);
      if (here > top) {
        top = here;
        out.highest = place;
      }
      if (here >= lowest) {
        out.inside = true;
      } else if (!(here > before)) {
        break;
      }
      before = here;
    }
  }
  return out;
}

}  // namespace cordgain
