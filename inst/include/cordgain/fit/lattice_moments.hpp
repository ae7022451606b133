// Moments and marginal densities from the nodes of lattices, and what two interleaved lattices say of their
// error.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/fit/posterior_lattice.hpp>
#include <cordgain/math/lattice.hpp>
#include <limits>
#include <vector>

namespace cordgain {
namespace detail {

/// Means and standard deviations by the laws of total expectation and variance.
struct PosteriorMoments {
  Vector mean;
  Vector sd;
};

using ColumnsView = Eigen::Map<const Matrix>;

inline ColumnsView columns(const std::vector<double>& data, Index rows) {
  return ColumnsView(data.data(), rows, rows > 0 ? static_cast<Index>(data.size()) / rows : 0);
}

inline PosteriorMoments coefficient_moments(const VectorIn& weight, const MatrixIn& mean,
                                            const MatrixIn& covariance) {
  PosteriorMoments out;
  out.mean = mean * weight;
  const Vector within = covariance * weight;
  const Index p = mean.rows();
  out.sd.resize(p);
  for (Index j = 0; j < p; ++j) {
    const double between = (mean.row(j).transpose().array() - out.mean[j]).square().matrix().dot(weight);
    out.sd[j] = std::sqrt(within[packed_index(j, j, p)] + between);
  }
  return out;
}

inline PosteriorMoments value_moments(const VectorIn& weight, const MatrixIn& values) {
  PosteriorMoments out;
  out.mean = values * weight;
  out.sd.resize(values.rows());
  for (Index k = 0; k < values.rows(); ++k)
    out.sd[k] = std::sqrt((values.row(k).transpose().array() - out.mean[k]).square().matrix().dot(weight));
  return out;
}

inline Vector normalised(const std::vector<double>& logs) {
  const double total = log_sum(logs);
  Vector out(static_cast<Index>(logs.size()));
  for (Index i = 0; i < out.size(); ++i) out[i] = std::exp(logs[static_cast<std::size_t>(i)] - total);
  return out;
}

/// Differences of two routes: the larger of that of the means and that of the standard deviations.
inline Vector route_gap(const PosteriorMoments& a, const PosteriorMoments& b) {
  return (a.mean - b.mean).cwiseAbs().cwiseMax((a.sd - b.sd).cwiseAbs());
}

/// Ten times the difference of two routes, and never below rounding.
inline Vector route_error(const PosteriorMoments& a, const PosteriorMoments& b) {
  constexpr double kRounding = 64.0 * std::numeric_limits<double>::epsilon();
  return 10.0 * route_gap(a, b) + kRounding * (a.mean.cwiseAbs() + a.sd);
}

inline bool agree(const PosteriorMoments& a, const PosteriorMoments& b, double tolerance) {
  return ((route_error(a, b) - tolerance * a.sd).array() <= 0.0 || a.sd.array() <= 0.0).all();
}

/// The shifted lattice ends where the density is e times that at which the plain one ends. So the two differ
/// by what lies between as well as by their nodes, and ten times the difference covers what lies beyond both:
/// a tail that falls by a factor f for each factor e of the density lost 1 / (f - 1) of the difference.
constexpr double kShell = 1.0;

/// Without nodes of value 0 at the ends, which one lattice has where the other ends.
inline Lattice without_empty_ends(const Lattice& from) {
  Index low = 0, high = from.value.size() - 1;
  while (low < high && from.value[low] == 0.0) ++low;
  while (high > low && from.value[high] == 0.0) --high;
  return {from.node(low), from.step, from.value.segment(low, high - low + 1)};
}

/// The marginal density of the first coordinate of two lattices shifted by half a step: together one lattice
/// of half the step, on which the cardinal series converges as fast as the trapezoidal rule on each.
inline Lattice marginal_of(const LatticeDensity& plain, const LatticeFrame& frame,
                           const LatticeDensity& shifted) {
  const auto a = std::minmax_element(plain.first.begin(), plain.first.end());
  const auto b = std::minmax_element(shifted.first.begin(), shifted.first.end());
  const int low = std::min(*a.first, *b.first), high = std::max(*a.second, *b.second);
  const double top = *std::max_element(plain.log_density.begin(), plain.log_density.end());
  const double step = frame.axes(frame.first, frame.first_axis);
  Lattice out{frame.origin[frame.first] + step * static_cast<double>(low), 0.5 * step,
              Vector::Zero(2 * (high - low + 1))};
  for (std::size_t i = 0; i < plain.first.size(); ++i)
    out.value[2 * (plain.first[i] - low)] += std::exp(plain.log_density[i] - top);
  for (std::size_t i = 0; i < shifted.first.size(); ++i)
    out.value[2 * (shifted.first[i] - low) + 1] += std::exp(shifted.log_density[i] - top);
  return without_empty_ends(out);
}

}  // namespace detail
}  // namespace cordgain
