// A lattice over the posterior of a Gaussian mixed model, walked line by line along the residual standard
// deviation, where points are cheap: for its nodes with their normal parts, or for marginal densities alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/fit/lattice_moments.hpp>
#include <cordgain/math/line_flood.hpp>
#include <vector>

namespace cordgain {
namespace detail {

/// Calls `keep(line, place, log density, inside)` at every node of the lattice that matters (`inside`), and
/// at those next to them that were looked at and have a density.
/// @param frame   its last axis moves one coordinate alone
/// @param lowest  log density at which the lattice ends
/// @param limit   most nodes to look at
/// @return        number of nodes looked at
template <class Keep>
std::size_t walk_lines(PosteriorDensity& density, const LatticeFrame& frame, double lowest, std::size_t limit,
                       Keep&& keep) {
  const Index d = frame.origin.size();
  Index last = 0;
  frame.axes.col(d - 1).cwiseAbs().maxCoeff(&last);
  const double step = frame.axes(last, d - 1);
  std::size_t looks = 0;
  Vector base(d), at(d);
  // An origin below the end (a step far too long) still has its neighbours looked at.
  const double end = std::min(lowest, density(frame.origin) - 1.0);
  flood_lines(d, [&](const LatticeNode& line, int start) {
    base = frame.origin;
    for (Index k = 0; k + 1 < d; ++k)
      base += static_cast<double>(line[static_cast<std::size_t>(k)]) * frame.axes.col(k);
    return walk_line(start, end, [&](int place) {
      if (++looks > limit) refuse_more_nodes(limit);
      at = base;
      at[last] += static_cast<double>(place) * step;
      const double value = density(at);
      if (value > kNegInf) keep(line, place, value, value >= end);
      return value;
    });
  });
  return looks;
}

/// Nodes side by side; a node has a part for each choice of components of the coefficients' priors.
struct LatticeSums {
  std::size_t parts = 1;
  std::vector<double> log_density;  ///< of each node
  std::vector<double> log_part;     ///< of each part; so are those that follow
  std::vector<double> values, mean, covariance;
  std::size_t evaluations = 0;

  [[nodiscard]] std::size_t nodes() const noexcept { return log_density.size(); }
};

/// Adds the node at which the density was asked last.
inline void keep_node(PosteriorDensity& density, double value, Index p, LatticeSums& out) {
  out.log_density.push_back(value);
  const Vector& v = density.values();
  for (std::size_t part = 0; part < out.parts; ++part) {
    out.log_part.push_back(density.log_part(part));
    out.values.insert(out.values.end(), v.data(), v.data() + v.size());
    const std::size_t mean = out.mean.size(), covariance = out.covariance.size();
    out.mean.resize(mean + static_cast<std::size_t>(p));
    out.covariance.resize(covariance + static_cast<std::size_t>(packed_size(p)));
    density.moments(part, out.mean.data() + mean, out.covariance.data() + covariance);
  }
}

/// Adds the nodes of a lattice to others.
inline void sum_lines(PosteriorDensity& density, const LatticeFrame& frame, double lowest, std::size_t limit,
                      Index p, LatticeSums& out) {
  out.parts = density.parts();
  out.evaluations +=
      walk_lines(density, frame, lowest, limit, [&](const LatticeNode&, int, double value, bool inside) {
        if (inside) keep_node(density, value, p, out);
      });
}

struct LatticeMoments {
  PosteriorMoments coefficients;
  PosteriorMoments hyper;
};

/// Both sets of moments; the weights need not add up to 1.
inline LatticeMoments lattice_moments(const LatticeSums& sums, const VectorIn& weight, Index p,
                                      Index n_hyper) {
  const Vector share = weight / weight.sum();
  return {coefficient_moments(share, columns(sums.mean, p), columns(sums.covariance, packed_size(p))),
          value_moments(share, columns(sums.values, n_hyper))};
}

/// The lattice for the marginal density of one coordinate: at each of its values the others are summed on a
/// lattice fitted to them given that value.
/// @param order  the coordinates, that along which lines run last
inline LatticeFrame marginal_frame(const PosteriorPlace& place, const std::vector<Index>& order, Index of,
                                   double step, double shift) {
  std::vector<Index> turned{of};
  for (const Index k : order) {
    if (k != of) turned.push_back(k);
  }
  const LatticeFrame found = lattice_frame(place, turned, step, shift);
  if (of != order.back()) return found;
  // The coordinate of the lines itself: it moves alone, on the last axis.
  LatticeFrame out = found;
  const Index d = place.mode.size();
  for (Index k = 0; k + 1 < d; ++k) out.axes.col(k) = found.axes.col(k + 1);
  out.axes.col(d - 1).setZero();
  out.axes(of, d - 1) = found.axes(of, 0);
  out.first_axis = d - 1;
  out.origin = place.mode + out.axes * Vector::Constant(d, shift);
  return out;
}

/// What marginal_of() needs of such a lattice.
inline LatticeDensity marginal_lines(PosteriorDensity& density, const LatticeFrame& frame, double lowest,
                                     std::size_t limit) {
  LatticeDensity out;
  const bool along_lines = frame.first_axis + 1 == frame.axes.cols();
  walk_lines(density, frame, lowest, limit, [&](const LatticeNode& line, int place, double value, bool) {
    out.log_density.push_back(value);
    out.first.push_back(along_lines ? place : line[0]);
  });
  return out;
}

}  // namespace detail
}  // namespace cordgain
