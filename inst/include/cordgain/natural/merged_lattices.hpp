// Many lattice functions added up on a few lattices: their sum is looked at in hundreds of places.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/types.hpp>
#include <cordgain/math/lattice.hpp>
#include <vector>

namespace cordgain {

namespace detail {

/// Lattice functions of similar steps and places, the one of the finest step first.
class LatticeGroup {
 public:
  explicit LatticeGroup(const Lattice& first)
      : low_(first.first), high_(end_of(first)), widest_(high_ - low_), parts_{&first} {}

  /// @param part  of a step no finer than that of any before it
  /// @return      false, and nothing is taken, where a lattice for all would have far more nodes than they
  bool take(const Lattice& part) {
    const double low = std::min(low_, part.first);
    const double high = std::max(high_, end_of(part));
    const double widest = std::max(widest_, end_of(part) - part.first);
    if (part.step > kSimilarSteps * parts_.front()->step || high - low > kSimilarRange * widest) return false;
    low_ = low;
    high_ = high;
    widest_ = widest;
    parts_.push_back(&part);
    return true;
  }

  [[nodiscard]] Lattice sum() const {
    if (parts_.size() == 1) return *parts_.front();
    Lattice result;
    result.first = low_;
    result.step = parts_.front()->step;
    result.value = Vector::Zero(static_cast<Index>(std::ceil((high_ - low_) / result.step)) + 1);
    for (const Lattice* part : parts_) {
      for (Index j = 0; j < result.value.size(); ++j) {
        result.value(j) += cardinal_series(*part, result.node(j));
      }
    }
    return result;
  }

 private:
  [[nodiscard]] static double end_of(const Lattice& lattice) {
    return lattice.node(lattice.value.size() - 1);
  }

  static constexpr double kSimilarSteps = 2.0;  // of the largest step over the smallest
  static constexpr double kSimilarRange = 3.0;  // of the range over that of the widest part

  double low_;
  double high_;
  double widest_;
  std::vector<const Lattice*> parts_;
};

}  // namespace detail

/// Lattices whose cardinal series add up to those of all the parts: a function that one step resolves is
/// resolved by every finer one.
/// @param parts  lattices of more than one node
inline std::vector<Lattice> merge_lattices(std::vector<Lattice> parts) {
  std::sort(parts.begin(), parts.end(), [](const Lattice& a, const Lattice& b) { return a.step < b.step; });
  std::vector<detail::LatticeGroup> groups;
  for (const Lattice& part : parts) {
    const bool taken = std::any_of(groups.begin(), groups.end(),
                                   [&](detail::LatticeGroup& group) { return group.take(part); });
    if (!taken) groups.emplace_back(part);
  }
  std::vector<Lattice> merged;
  for (const detail::LatticeGroup& group : groups) merged.push_back(group.sum());
  return merged;
}

}  // namespace cordgain
