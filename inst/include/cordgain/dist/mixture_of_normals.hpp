// A finite mixture of normals: what a population mean is once the heterogeneity has been integrated on nodes.
#pragma once

#include <algorithm>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/math/panels.hpp>
#include <cstdint>
#include <limits>
#include <vector>

namespace cordgain {

inline double standard_normal_cdf(double z) {
  return 0.5 * std::erfc(-z / 1.41421356237309504880);
}

inline double standard_normal_density(double z) {
  return std::exp(-0.5 * z * z) / 2.50662827463100050241576528481;
}

/// Weights add up to 1; a component with sd = 0 is a point.
struct MixtureOfNormals {
  Vector weight;
  Vector mean;
  Vector sd;
};

/// @throws InvalidInput unless the parts have one length, finite numbers, weights >= 0 and sd >= 0
inline void require_mixture(const MixtureOfNormals& m) {
  const Index size = m.weight.size();
  require(size > 0 && m.mean.size() == size && m.sd.size() == size, "a mixture needs parts of one length");
  require(m.weight.allFinite() && m.mean.allFinite() && m.sd.allFinite(), "a mixture needs finite parts");
  require(m.weight.minCoeff() >= 0.0 && m.weight.sum() > 0.0 && m.sd.minCoeff() >= 0.0,
          "a mixture needs weights and standard deviations that are not negative");
}

inline double mixture_mean(const MixtureOfNormals& m) {
  return m.weight.dot(m.mean);
}

inline double mixture_sd(const MixtureOfNormals& m) {
  const double centre = mixture_mean(m);
  return std::sqrt((m.weight.array() * (m.sd.array().square() + (m.mean.array() - centre).square())).sum());
}

namespace detail {

/// P(part <= mean + gap); a part without spread is a step.
inline double part_cdf(double gap, double sd) {
  if (sd > 0.0) return standard_normal_cdf(gap / sd);
  return gap >= 0.0 ? 1.0 : 0.0;
}

}  // namespace detail

/// P(X <= x).
inline double mixture_cdf(const MixtureOfNormals& m, double x) {
  double below = 0.0;
  for (Index i = 0; i < m.weight.size(); ++i) below += m.weight(i) * detail::part_cdf(x - m.mean(i), m.sd(i));
  return below;
}

/// Density at x of a mixture without points.
inline double mixture_density(const MixtureOfNormals& m, double x) {
  double sum = 0.0;
  for (Index i = 0; i < m.weight.size(); ++i) {
    sum += m.weight(i) * standard_normal_density((x - m.mean(i)) / m.sd(i)) / m.sd(i);
  }
  return sum;
}

namespace detail {

/// Bisection, to the last bit: finds jumps too.
inline double mixture_bisection(const MixtureOfNormals& m, double probability, double low, double high) {
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = 0.5 * (low + high);
    if (middle == low || middle == high) break;
    (mixture_cdf(m, middle) < probability ? low : high) = middle;
  }
  return high;
}

/// Without points the distribution function is smooth, and a tenth of the steps will do (posteriors have
/// thousands of parts): Alefeld, Potra & Shi (1995), doi:10.1145/210089.210111.
inline double mixture_root(const MixtureOfNormals& m, double probability, double low, double high) {
  std::uintmax_t steps = 200;
  const boost::math::tools::eps_tolerance<double> close(52);
  const auto gap = [&](double x) { return mixture_cdf(m, x) - probability; };
  return boost::math::tools::toms748_solve(gap, low, high, close, steps).second;
}

/// A length of the mixture: the weighted geometric mean of the standard deviations. Their maximum will not
/// do, since a part of weight 1e-300 can be as wide as 1e70.
inline double mixture_step(const MixtureOfNormals& m) {
  double weight = 0.0;
  double sum = 0.0;
  for (Index i = 0; i < m.weight.size(); ++i) {
    if (!(m.weight(i) > 0.0 && m.sd(i) > 0.0)) continue;
    weight += m.weight(i);
    sum += m.weight(i) * std::log(m.sd(i));
  }
  if (weight > 0.0) return std::exp(sum / weight);
  return std::max(m.mean.maxCoeff() - m.mean.minCoeff(), 1e-300);
}

}  // namespace detail

/// Smallest x with P(X <= x) >= probability, between ends found by doubling from the mean.
/// @throws InvalidInput unless 0 < probability < 1
inline double mixture_quantile(const MixtureOfNormals& m, double probability) {
  require(probability > 0.0 && probability < 1.0, "a quantile needs a probability between 0 and 1");
  double low = mixture_mean(m);
  double high = low;
  double step = detail::mixture_step(m);
  if (mixture_cdf(m, low) >= probability) {
    do {
      high = low;
      low -= step;
      step *= 2.0;
    } while (mixture_cdf(m, low) >= probability && std::isfinite(low));
  } else {
    do {
      low = high;
      high += step;
      step *= 2.0;
    } while (mixture_cdf(m, high) < probability && std::isfinite(high));
  }
  if (!(low < high)) return high;
  return m.sd.minCoeff() > 0.0 ? detail::mixture_root(m, probability, low, high)
                               : detail::mixture_bisection(m, probability, low, high);
}

/// The density on adaptive panels between the quantiles of `left_out` and 1 - `left_out`, the rest as lumps.
inline PanelGrid mixture_panels(const MixtureOfNormals& m, double left_out, const PanelOptions& options) {
  require_mixture(m);
  require(m.sd.minCoeff() > 0.0, "a mixture with points has no density");
  const double low = mixture_quantile(m, left_out);
  const double high = mixture_quantile(m, 1.0 - left_out);
  const auto density = [&](const Vector& x) {
    return Vector(x.unaryExpr([&](double at) { return mixture_density(m, at); }));
  };
  const std::vector<double> start = outward_edges(mixture_quantile(m, 0.5), 2.0 * m.sd.minCoeff(), low, high);
  PanelGrid grid = adaptive_panels(density, start, 1.0, options);
  grid.mass_below = mixture_cdf(m, low);
  grid.mass_above = 1.0 - mixture_cdf(m, high);
  return grid;
}

}  // namespace cordgain
