// Moments of the nodes of two interleaved lattices, of each lattice and without its outer shells, in one
// pass: what the lattices differ by and what their edges add says how far both are from the integral.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cordgain/fit/lattice_lines.hpp>
#include <cstddef>

namespace cordgain {
namespace detail {

/// Weight of some nodes, and the sums of (x - centre) and its square over them, x all coefficients, then all
/// hyperparameters.
struct DeviationSums {
  double weight = 0.0;
  Vector first, second;

  explicit DeviationSums(Index size = 0) : first(Vector::Zero(size)), second(Vector::Zero(size)) {}

  DeviationSums& operator+=(const DeviationSums& other) {
    weight += other.weight;
    first += other.first;
    second += other.second;
    return *this;
  }

  /// NaN of no nodes. What cancels is as the square of their distance from `centre` in standard deviations.
  [[nodiscard]] PosteriorMoments moments(const Vector& centre) const {
    const Vector moved = first / weight;
    PosteriorMoments out{centre + moved, second / weight - moved.cwiseAbs2()};
    for (Index k = 0; k < out.sd.size(); ++k) {
      if (!std::isnan(out.sd[k])) out.sd[k] = std::sqrt(std::max(0.0, out.sd[k]));
    }
    return out;
  }
};

/// Sums by shell (0 inside, 1 next to the edge, 2 the edge) and lattice (0 plain, 1 shifted).
class ShellSums {
 public:
  /// @param weight       of the parts
  /// @param plain_nodes  so many nodes are of the plain lattice, the first ones
  /// @param inner,edge   log densities at which the shells 1 and 2 begin, falling
  ShellSums(const LatticeSums& nodes, const Vector& weight, const LatticeMoments& centre,
            std::size_t plain_nodes, double inner, double edge)
      : p_(centre.coefficients.mean.size()), centre_(p_ + centre.hyper.mean.size()) {
    centre_ << centre.coefficients.mean, centre.hyper.mean;
    groups_.fill(DeviationSums(centre_.size()));
    for (std::size_t node = 0, part = 0; node < nodes.nodes(); ++node) {
      const double log_density = nodes.log_density[node];
      const std::size_t shell = log_density >= inner ? 0 : (log_density >= edge ? 1 : 2);
      DeviationSums& group = groups_[2 * shell + (node < plain_nodes ? 0 : 1)];
      for (std::size_t end = part + nodes.parts; part < end; ++part)
        add(nodes, part, weight[static_cast<Index>(part)], group);
    }
  }

  /// The nodes of the shells 0 to `shell` of both lattices.
  [[nodiscard]] DeviationSums within(std::size_t shell) const {
    DeviationSums out(centre_.size());
    for (std::size_t g = 0; g < 2 * (shell + 1); ++g) out += groups_[g];
    return out;
  }

  /// All nodes of one lattice.
  [[nodiscard]] DeviationSums lattice(std::size_t which) const {
    DeviationSums out(centre_.size());
    for (std::size_t g = which; g < groups_.size(); g += 2) out += groups_[g];
    return out;
  }

  /// Differences of two of these, the larger of those of means and of standard deviations; coefficients
  /// first.
  [[nodiscard]] Vector gap(const DeviationSums& a, const DeviationSums& b) const {
    return route_gap(a.moments(centre_), b.moments(centre_));
  }

 private:
  void add(const LatticeSums& nodes, std::size_t part, double weight, DeviationSums& to) const {
    const Index q = centre_.size() - p_;
    const double* mean = nodes.mean.data() + part * static_cast<std::size_t>(p_);
    const double* covariance = nodes.covariance.data() + part * static_cast<std::size_t>(packed_size(p_));
    const double* value = nodes.values.data() + part * static_cast<std::size_t>(q);
    to.weight += weight;
    for (Index j = 0; j < p_; ++j) {
      const double moved = mean[j] - centre_[j];
      to.first[j] += weight * moved;
      to.second[j] += weight * (moved * moved + covariance[packed_index(j, j, p_)]);
    }
    for (Index k = 0; k < q; ++k) {
      const double moved = value[k] - centre_[p_ + k];
      to.first[p_ + k] += weight * moved;
      to.second[p_ + k] += weight * moved * moved;
    }
  }

  Index p_;
  Vector centre_;
  std::array<DeviationSums, 6> groups_;
};

}  // namespace detail
}  // namespace cordgain
