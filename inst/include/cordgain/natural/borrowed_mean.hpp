// Controls beside history whose mean is a mixture of normals: the product of that density and of the
// controls' own likelihood, in which their variance has been integrated out and has left a Student t (a
// normal where it is known).
#pragma once

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/dist/mixture_of_normals.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/math/panels.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace cordgain {

/// The controls' mean as a t around the true one: (mean - theta) / scale ~ t(df); df infinite is the normal.
struct MeanLikelihood {
  double mean = 0.0;
  double scale = 1.0;
  double df = 1.0;
};

struct BorrowedMean {
  PanelGrid grid;             // normalised posterior density of the controls' true mean
  double log_evidence = 0.0;  // log of the density of the observed mean, the history's spread included
  double mean = 0.0;
  double sd = 0.0;
};

/// log density of the observed mean where the true one is theta.
inline double log_mean_density(const MeanLikelihood& l, double theta) {
  const double z = (l.mean - theta) / l.scale;
  const double kernel = std::isinf(l.df) ? detail::log_normal_kernel(z) : detail::log_t_density(z, l.df);
  return kernel - std::log(l.scale);
}

namespace detail {

/// History times likelihood, on the log scale: far from both the product of densities would be 0 in doubles.
class LogProduct {
 public:
  LogProduct(const MixtureOfNormals& history, const MeanLikelihood& likelihood)
      : height_(history.weight.array().log() - history.sd.array().log() - kLogSqrtTwoPi),
        mean_(history.mean.array()),
        inverse_sd_(history.sd.array().inverse()),
        likelihood_(likelihood) {}

  double operator()(double theta) const {
    const Array part = height_ - 0.5 * ((theta - mean_) * inverse_sd_).square();
    const double top = part.maxCoeff();
    return top + std::log((part - top).exp().sum()) + log_mean_density(likelihood_, theta);
  }

 private:
  Array height_;
  Array mean_;
  Array inverse_sd_;
  MeanLikelihood likelihood_;
};

/// The parts of a mixture that count: what weighs less than 1e-18 of the heaviest moves no digit.
inline MixtureOfNormals without_light_parts(const MixtureOfNormals& m) {
  constexpr double kLight = 1e-18;
  const double least = kLight * m.weight.maxCoeff();
  MixtureOfNormals kept;
  const Index size = (m.weight.array() > least).count();
  kept.weight.resize(size);
  kept.mean.resize(size);
  kept.sd.resize(size);
  Index at = 0;
  for (Index i = 0; i < m.weight.size(); ++i) {
    if (!(m.weight(i) > least)) continue;
    kept.weight(at) = m.weight(i);
    kept.mean(at) = m.mean(i);
    kept.sd(at++) = m.sd(i);
  }
  return kept;
}

/// Where the product may have a peak: at the controls, at some of the history's parts, and, found last,
/// between them.
struct Places {
  std::vector<double> centre;
  double width = 1.0;  // no feature of the product is narrower
};

inline Places places_to_look(const MixtureOfNormals& history, const MeanLikelihood& likelihood) {
  constexpr Index kParts = 8;
  Places places{{likelihood.mean}, 0.5 * std::min(likelihood.scale, history.sd.minCoeff())};
  const Index step = std::max<Index>(1, history.mean.size() / kParts);
  for (Index i = 0; i < history.mean.size(); i += step) places.centre.push_back(history.mean(i));
  return places;
}

/// The best of an even grid between the outermost places, improved by Brent's search around it.
inline double highest_between(const LogProduct& f, const Places& places) {
  constexpr int kLooks = 200;
  constexpr int kBits = 20;  // it only centres panels
  const auto ends = std::minmax_element(places.centre.begin(), places.centre.end());
  const double step = (*ends.second - *ends.first) / kLooks;
  double best = *ends.first;
  double height = f(best);
  for (int i = 1; i <= kLooks; ++i) {
    const double at = *ends.first + i * step;
    const double here = f(at);
    if (here > height) {
      best = at;
      height = here;
    }
  }
  const auto depth = [&](double theta) { return -f(theta); };
  return boost::math::tools::brent_find_minima(depth, best - step, best + step, kBits).first;
}

/// From the outermost place outwards until the product is e^-60 of its peak; outside all centres it only
/// falls.
inline double negligible_end(const LogProduct& f, double from, double step, double top) {
  constexpr double kNegligible = 60.0;
  constexpr int kSteps = 900;
  for (int i = 0; i < kSteps && f(from) > top - kNegligible; ++i, step *= 1.5) from += step;
  return from;
}

/// Panels graded around every place; edges closer than a fraction of the narrowest feature are one.
inline std::vector<double> product_edges(const Places& places, double low, double high) {
  std::vector<double> all{low, high};
  for (const double centre : places.centre) {
    const std::vector<double> around = outward_edges(centre, places.width, low, high);
    all.insert(all.end(), around.begin(), around.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<double> edges{low};
  for (const double edge : all) {
    if (edge - edges.back() > 0.2 * places.width && high - edge > 0.2 * places.width) edges.push_back(edge);
  }
  edges.push_back(high);
  return edges;
}

/// The product relative to its peak on panels. Its logarithm is rounded to some ulps of its peak, which no
/// panel resolves further; and a density that a few hundred nodes do not resolve is no posterior.
inline PanelGrid product_panels(const LogProduct& f, double top, const std::vector<double>& edges,
                                double scale, PanelOptions options) {
  constexpr Index kMostNodes = 200000;
  constexpr double kRounding = 64.0 * std::numeric_limits<double>::epsilon();
  options.tolerance = std::max(options.tolerance, kRounding * std::fabs(top));
  Index nodes = 0;
  const auto density = [&](const Vector& x) {
    if ((nodes += x.size()) > kMostNodes)
      throw NumericalError("the posterior of the mean is not resolved by panels");
    return Vector(x.unaryExpr([&](double at) { return std::exp(f(at) - top); }));
  };
  return adaptive_panels(density, edges, scale, options);
}

inline void require_likelihood(const MeanLikelihood& l) {
  require_finite(l.mean, "the controls' mean");
  require_positive(l.scale, "the scale of the controls' mean");
  require(l.df > 0.0, "the controls' mean needs degrees of freedom above 0");
}

/// Normalises the density and takes the moments about the mean, so that no digits cancel.
inline void finish_borrowed(BorrowedMean& out, double top) {
  const double mass = panel_masses(out.grid).sum();
  out.log_evidence = top + std::log(mass);
  out.grid.density /= mass;
  const Vector weight = panel_masses(out.grid);
  const Vector node = panel_nodes(out.grid);
  out.mean = weight.dot(node);
  out.sd = std::sqrt((weight.array() * (node.array() - out.mean).square()).sum());
}

}  // namespace detail

/// Posterior of the controls' true mean, and the evidence by which mixtures of histories are weighed.
/// @throws InvalidInput for a mixture with points, or a likelihood out of range; NumericalError where doubles
/// end
inline BorrowedMean borrowed_mean(const MixtureOfNormals& history, const MeanLikelihood& likelihood,
                                  const PanelOptions& options) {
  require_mixture(history);
  require(history.sd.minCoeff() > 0.0, "a history that is known exactly leaves nothing to weigh");
  detail::require_likelihood(likelihood);
  const MixtureOfNormals parts = detail::without_light_parts(history);
  const detail::LogProduct f(parts, likelihood);
  detail::Places places = detail::places_to_look(parts, likelihood);
  places.centre.push_back(detail::highest_between(f, places));
  double top = -std::numeric_limits<double>::infinity();
  for (const double centre : places.centre) top = std::max(top, f(centre));
  if (!std::isfinite(top)) throw NumericalError("controls and history are too far apart for doubles");
  const auto ends = std::minmax_element(places.centre.begin(), places.centre.end());
  const double low = detail::negligible_end(f, *ends.first - places.width, -places.width, top);
  const double high = detail::negligible_end(f, *ends.second + places.width, places.width, top);
  const std::vector<double> edges = detail::product_edges(places, low, high);
  const double rough = panel_masses(detail::product_panels(f, top, edges, 1.0, {15, 1e-12, 0, 1.0})).sum();
  BorrowedMean out;
  out.grid = detail::product_panels(f, top, edges, rough, options);
  detail::finish_borrowed(out, top);
  return out;
}

}  // namespace cordgain
