// How many patients a distribution is worth: effective sample size by expected local information ratio
// (ELIR), by moments, and by Morita's method.
#pragma once

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/math/logistic.hpp>
#include <cordgain/math/panels.hpp>
#include <limits>
#include <vector>

namespace cordgain {

/// Sampling model of one observation, whose information is the unit.
enum class Sampling { kBinomial = 0, kGaussian = 1, kPoisson = 2, kExponential = 3 };

namespace detail {

/// First and second derivative of a component's log density.
struct LogDerivatives {
  double first;
  double second;
};

inline LogDerivatives log_derivatives(const PriorComponent& p, double x) {
  switch (p.kind) {
    case PriorKind::kNormal:
      return {-(x - p.a) / (p.b * p.b), -1.0 / (p.b * p.b)};
    case PriorKind::kBeta:
      return {(p.a - 1.0) / x - (p.b - 1.0) / (1.0 - x),
              -(p.a - 1.0) / (x * x) - (p.b - 1.0) / ((1.0 - x) * (1.0 - x))};
    case PriorKind::kGamma:
      return {(p.a - 1.0) / x - p.b, -(p.a - 1.0) / (x * x)};
    default:
      throw InvalidInput("an effective sample size is defined here for beta, normal and gamma priors");
  }
}

/// Minus the second derivative of the log density of a mixture at x:
///   i = (sum w l')^2 - sum w (l'' + l'^2), w the responsibilities of the components.
inline double information(const Prior& prior, double x) {
  const double total = prior.log_density(x);
  double first = 0.0;
  double second = 0.0;
  for (const PriorComponent& p : prior.components()) {
    const double share = std::exp(std::log(p.weight) + log_density(p, x) - total);
    const LogDerivatives d = log_derivatives(p, x);
    first += share * d.first;
    second += share * (d.second + d.first * d.first);
  }
  return first * first - second;
}

/// Expected Fisher information of one observation at the parameter value x.
inline double unit_information(Sampling sampling, PriorKind kind, double x, double sigma) {
  switch (sampling) {
    case Sampling::kGaussian:
      return 1.0 / (sigma * sigma);
    case Sampling::kBinomial:
      return kind == PriorKind::kNormal ? logistic(x) * logistic(-x) : 1.0 / (x * (1.0 - x));
    case Sampling::kPoisson:
      return kind == PriorKind::kNormal ? std::exp(x) : 1.0 / x;
    case Sampling::kExponential:
      return kind == PriorKind::kNormal ? 1.0 : 1.0 / (x * x);
  }
  throw InvalidInput("unknown sampling model");
}

/// The coordinate in which a component's density is integrated: x itself, log x, or logit x.
inline double from_coordinate(PriorKind kind, double u) {
  return kind == PriorKind::kBeta ? logistic(u) : (kind == PriorKind::kGamma ? std::exp(u) : u);
}

inline double log_jacobian(PriorKind kind, double u) {
  if (kind == PriorKind::kBeta) return -softplus(u) - softplus(-u);
  return kind == PriorKind::kGamma ? u : 0.0;
}

inline std::pair<double, double> coordinate_range(const Prior& prior, PriorKind kind) {
  if (kind == PriorKind::kBeta) return {-36.0, 36.0};
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const PriorComponent& p : prior.components()) {
    const double centre = kind == PriorKind::kGamma ? std::log(p.a / p.b) : p.a;
    // Density over x, as under Poisson sampling, falls as x^(a - 1) alone; e^-300 still has a square.
    const double slow = p.a > 1.0 ? std::min(300.0, 40.0 / (p.a - 1.0)) : 0.0;
    const double left = kind == PriorKind::kGamma ? std::max(40.0 / p.a + 5.0, slow) : 12.0 * p.b;
    const double right = kind == PriorKind::kGamma ? 5.0 : 12.0 * p.b;
    low = std::min(low, centre - left);
    high = std::max(high, centre + right);
  }
  return {low, high};
}

}  // namespace detail

/// ELIR = E[ i(x) / i_F(x) ] under the prior, by adaptive panels (Neuenschwander et al. 2020).
/// @param prior  components of one kind: beta, normal or gamma
/// @param sigma  SD of one observation (gaussian sampling alone)
/// @return       the effective number of observations; NaN where the expectation is infinite (a beta with a
/// or b < 1)
inline double elir(const Prior& prior, Sampling sampling, double sigma, Index order, double tolerance) {
  if (sampling == Sampling::kGaussian) require_positive(sigma, "sigma");
  const PriorKind kind = prior.components().front().kind;
  for (const PriorComponent& p : prior.components()) {
    require(p.kind == kind, "the components of the prior must be of one kind");
    if (kind == PriorKind::kBeta && (p.a < 1.0 || p.b < 1.0)) return std::numeric_limits<double>::quiet_NaN();
    if (kind == PriorKind::kGamma && p.a <= 1.0 && sampling == Sampling::kPoisson) {
      return std::numeric_limits<double>::quiet_NaN();
    }
  }
  const auto f = [&](const Vector& u) {
    return Vector(u.unaryExpr([&](double at) {
      const double x = detail::from_coordinate(kind, at);
      const double density = std::exp(prior.log_density(x) + detail::log_jacobian(kind, at));
      if (!(density > 0.0)) return 0.0;
      return density * detail::information(prior, x) / detail::unit_information(sampling, kind, x, sigma);
    }));
  };
  const auto [low, high] = detail::coordinate_range(prior, kind);
  std::vector<double> start;
  for (int i = 0; i <= 24; ++i) start.push_back(low + (high - low) * i / 24.0);
  return panel_masses(adaptive_panels(f, start, 1.0, {order, tolerance, 20})).sum();
}

/// ELIR of a rate p from the log density of its log odds, l(theta) = log q(theta). By parts, with
/// g = l - log p - log(1 - p):
///   ELIR = E[ (dg/dtheta)^2 / (p (1 - p)) ] + 2,
/// which needs the first derivative of l alone (here by central differences of fourth order).
/// @param log_density  callable, l(theta) with full relative accuracy, -inf where nothing is left
/// @return NaN where the expectation does not converge inside the range: the tails of q are then about as
/// heavy
///         as e^-|theta|, and no number of patients is worth such a prior
template <class LogDensity>
double elir_of_log_odds(LogDensity&& log_density, const std::vector<double>& start, Index order,
                        double tolerance) {
  const auto f = [&](const Vector& u) {
    return Vector(u.unaryExpr([&](double theta) {
      const double here = log_density(theta);
      if (!(here > -700.0)) return 0.0;
      const double h = 2e-3;
      const double slope = (8.0 * (log_density(theta + h) - log_density(theta - h)) -
                            (log_density(theta + 2.0 * h) - log_density(theta - 2.0 * h))) /
                           (12.0 * h);
      const double g = slope + std::tanh(0.5 * theta);  // 1 - 2 p = -tanh(theta / 2)
      // 1 / (p (1 - p)) as a logarithm: p rounds to 1 from theta = 37 on.
      return std::isfinite(g) ? std::exp(here + softplus(theta) + softplus(-theta)) * g * g : 0.0;
    }));
  };
  const PanelGrid grid = adaptive_panels(f, start, 1.0, {order, tolerance, 16});
  const Vector theta = panel_nodes(grid);
  const Vector part = panel_masses(grid);
  double far = 0.0;
  for (Index i = 0; i < part.size(); ++i) far += std::fabs(theta(i)) > 0.8 * start.back() ? part(i) : 0.0;
  return far > 1e-9 * part.sum() ? std::numeric_limits<double>::quiet_NaN() : part.sum() + 2.0;
}

/// Morita's ESS of a mixture of betas or normals: information at the mode, less that of a prior of the same
/// location flattened a hundredfold, over the expected information of one observation at the mode.
inline double morita(const Prior& prior, Sampling sampling, double sigma, double mode, double mean) {
  const PriorKind kind = prior.components().front().kind;
  const double here = detail::information(prior, mode);
  if (kind == PriorKind::kBeta) {
    const auto beta_information = [mode](double a, double b) {
      return (a - 1.0) / (mode * mode) + (b - 1.0) / ((1.0 - mode) * (1.0 - mode));
    };
    const double flat = beta_information(mode / 100.0, (1.0 - mode) / 100.0);
    return (here - flat) / (mean / (mode * mode) + (1.0 - mean) / ((1.0 - mode) * (1.0 - mode)));
  }
  return here / detail::unit_information(sampling, kind, mode, sigma);
}

/// Morita's ESS of a rate from the log density of its log odds: with g as above, the mode of the rate's
/// density is where g' = 0, and its information there is -g'' / (p (1 - p))^2.
/// @param mean  mean of the rate
template <class LogDensity>
double morita_of_log_odds(LogDensity&& log_density, double centre, double width, double mean) {
  const auto g = [&](double theta) { return log_density(theta) + softplus(theta) + softplus(-theta); };
  const auto found = boost::math::tools::brent_find_minima([&](double theta) { return -g(theta); },
                                                           centre - 3.0 * width, centre + 3.0 * width, 40);
  const double theta = found.first;
  const double h = 1e-2 * width;
  const double curvature =
      (16.0 * (g(theta + h) + g(theta - h)) - (g(theta + 2.0 * h) + g(theta - 2.0 * h)) - 30.0 * g(theta)) /
      (12.0 * h * h);
  const double mode = logistic(theta);
  const double v = mode * (1.0 - mode);
  const double flat =
      (0.01 * mode - 1.0) / (mode * mode) + (0.01 * (1.0 - mode) - 1.0) / ((1.0 - mode) * (1.0 - mode));
  return (-curvature / (v * v) - flat) /
         (mean / (mode * mode) + (1.0 - mean) / ((1.0 - mode) * (1.0 - mode)));
}

/// ELIR and Morita's ESS of one distribution.
struct EffectiveSize {
  double elir = 0.0;
  double morita = 0.0;
};

/// Mode of a mixture: the best of the components' neighbourhoods, by Brent's method.
inline double mixture_mode(const Prior& prior) {
  const PriorKind kind = prior.components().front().kind;
  const auto [low, high] = detail::coordinate_range(prior, kind);
  double best = 0.0;
  double top = -std::numeric_limits<double>::infinity();
  constexpr int kPieces = 400;
  for (int i = 1; i < kPieces; ++i) {
    const double x = detail::from_coordinate(kind, low + (high - low) * i / kPieces);
    if (prior.log_density(x) > top) {
      top = prior.log_density(x);
      best = low + (high - low) * i / kPieces;
    }
  }
  const double width = (high - low) / kPieces;
  const auto f = [&](double u) { return -prior.log_density(detail::from_coordinate(kind, u)); };
  const auto found = boost::math::tools::brent_find_minima(f, best - width, best + width, 52);
  return detail::from_coordinate(kind, found.first);
}

}  // namespace cordgain
