// Which rows depend on each other: the connected components of the graph whose
// edges join rows that share a level of any grouping factor.
#pragma once

#include <cordgain/base/types.hpp>
#include <numeric>
#include <vector>

namespace cordgain {

/// Levels of one grouping factor, one per row, from 0.
struct LevelsIn {
  const int* level;
  Index n_levels;
};

/// Rows grouped by component, in their own order inside each.
struct Components {
  std::vector<Index> rows;
  std::vector<Index> start;  ///< first position of each component, and the end
};

namespace detail {

/// Disjoint sets with path halving.
class DisjointSets {
 public:
  explicit DisjointSets(Index n) : parent_(static_cast<std::size_t>(n)) {
    std::iota(parent_.begin(), parent_.end(), Index(0));
  }
  Index root(Index i) {
    while (at(i) != i) i = at(i) = at(at(i));
    return i;
  }
  void join(Index i, Index j) { at(root(i)) = root(j); }

 private:
  Index& at(Index i) { return parent_[static_cast<std::size_t>(i)]; }
  std::vector<Index> parent_;
};

/// For each level of the first factor, the component it lies in, from 0 in order of appearance.
inline std::vector<Index> component_of_level(const std::vector<LevelsIn>& factors, Index n, Index& count) {
  std::vector<Index> offset(1, 0);
  for (const LevelsIn& f : factors) offset.push_back(offset.back() + f.n_levels);
  DisjointSets sets(offset.back());
  for (std::size_t f = 1; f < factors.size(); ++f) {
    if (factors[f].level == factors[0].level) continue;
    for (Index i = 0; i < n; ++i) sets.join(factors[0].level[i], offset[f] + factors[f].level[i]);
  }
  std::vector<Index> label(static_cast<std::size_t>(offset.back()), -1);
  std::vector<Index> out(static_cast<std::size_t>(factors[0].n_levels), -1);
  count = 0;
  for (Index i = 0; i < n; ++i) {
    Index& mine = out[static_cast<std::size_t>(factors[0].level[i])];
    if (mine >= 0) continue;
    Index& shared = label[static_cast<std::size_t>(sets.root(factors[0].level[i]))];
    if (shared < 0) shared = count++;
    mine = shared;
  }
  return out;
}

}  // namespace detail

/// @param factors  grouping factors, each with n levels; none: every row is alone
/// @param n        rows
/// @return         the rows by component, components in order of appearance
[[nodiscard]] inline Components connected_components(const std::vector<LevelsIn>& factors, Index n) {
  Components out;
  out.rows.resize(static_cast<std::size_t>(n));
  if (factors.empty()) {
    std::iota(out.rows.begin(), out.rows.end(), Index(0));
    out.start.resize(static_cast<std::size_t>(n) + 1);
    std::iota(out.start.begin(), out.start.end(), Index(0));
    return out;
  }
  Index count = 0;
  const std::vector<Index> component = detail::component_of_level(factors, n, count);
  out.start.assign(static_cast<std::size_t>(count) + 1, 0);
  for (Index i = 0; i < n; ++i)
    ++out.start[static_cast<std::size_t>(component[static_cast<std::size_t>(factors[0].level[i])]) + 1];
  std::partial_sum(out.start.begin(), out.start.end(), out.start.begin());
  std::vector<Index> next(out.start.begin(), out.start.end() - 1);
  for (Index i = 0; i < n; ++i) {
    const std::size_t c = static_cast<std::size_t>(component[static_cast<std::size_t>(factors[0].level[i])]);
    out.rows[static_cast<std::size_t>(next[c]++)] = i;
  }
  return out;
}

}  // namespace cordgain
