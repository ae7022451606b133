// The nodes of a lattice on which a density matters, found from its mode
// outwards. The trapezoidal rule over all of space then needs only these.
#pragma once

#include <array>
#include <cordgain/base/error.hpp>
#include <cordgain/base/types.hpp>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

namespace cordgain {

/// Coordinates of a lattice node; entries beyond the dimension are 0.
using LatticeNode = std::array<int, 8>;

namespace detail {

constexpr int kNodeReach = 127;

inline std::uint64_t node_key(const LatticeNode& node, Index dimension) {
  std::uint64_t key = 0;
  for (Index k = 0; k < dimension; ++k) {
    key = key * 256 + static_cast<std::uint64_t>(node[static_cast<std::size_t>(k)] + kNodeReach);
  }
  return key;
}

[[noreturn]] inline void refuse_more_nodes(std::size_t limit) {
  throw NumericalError("The posterior needs more than the " + std::to_string(limit) +
                       " nodes allowed: take a larger tolerance, or fewer correlated effects");
}

}  // namespace detail

/// Visits every node whose log density is within `depth` of that at the origin
/// and is joined to the origin by such nodes, and the rim just outside them.
/// @param dimension  1 to 8
/// @param depth      log of the ratio at which the density no longer matters, > 0
/// @param limit      most nodes to look at
/// @param density    callable: double f(const LatticeNode&), log density; visited once per node
/// @return           number of nodes visited
/// @throws           NumericalError if there are more than `limit` nodes, or one is more
///                   than 127 steps from the origin
template <class LogDensity>
std::size_t flood(Index dimension, double depth, std::size_t limit, LogDensity&& density) {
  std::unordered_set<std::uint64_t> seen;
  std::vector<LatticeNode> open;
  const LatticeNode origin{};
  seen.insert(detail::node_key(origin, dimension));
  const double lowest = density(origin) - depth;
  open.push_back(origin);
  while (!open.empty()) {
    const LatticeNode from = open.back();
    open.pop_back();
    for (Index k = 0; k < dimension; ++k) {
      for (const int step : {-1, 1}) {
        LatticeNode to = from;
        to[static_cast<std::size_t>(k)] += step;
        if (std::abs(to[static_cast<std::size_t>(k)]) > detail::kNodeReach) {
          throw NumericalError("a posterior reaches further than 127 steps from its mode");
        }
        if (!seen.insert(detail::node_key(to, dimension)).second) continue;
        if (seen.size() > limit) detail::refuse_more_nodes(limit);
        if (density(to) >= lowest) open.push_back(to);
      }
    }
  }
  return seen.size();
}

}  // namespace cordgain
