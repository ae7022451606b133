// Limits for an event rate from y events in an exposure time.
#pragma once

#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/error.hpp>
#include <cordgain/dist/limits.hpp>

namespace cordgain {

/// Shape and rate of a gamma distribution; as a prior both may be 0 in part
/// (Jeffreys: shape 1/2, rate 0), as a posterior both are positive.
struct GammaShape {
  double shape = 1.0;
  double rate = 1.0;
};

namespace detail {

inline void require_gamma(const GammaShape& g) {
  require_positive(g.shape, "the shape");
  require_positive(g.rate, "the rate");
}

/// Quantiles of the gamma distribution with rate 1, with the error from the second route.
inline Measured gamma_quantile(double shape, double tail) {
  if (tail <= 0.0) return {0.0, 0.0};
  const double x = boost::math::gamma_p_inv(shape, tail);
  const double density = boost::math::gamma_p_derivative(shape, x);
  return {x, limit_error(x, tail, gamma_tail_by_quadrature(shape, x), density)};
}
inline Measured gamma_quantile_above(double shape, double tail) {
  if (tail <= 0.0) return {std::numeric_limits<double>::infinity(), 0.0};
  const double x = boost::math::gamma_q_inv(shape, tail);
  const double density = boost::math::gamma_p_derivative(shape, x);
  return {x, limit_error(x, 1.0 - tail, gamma_tail_by_quadrature(shape, x), density)};
}

/// Limits of a rate from those of its product with the exposure. A denormal exposure takes a finite limit
/// beyond the largest double: that is an error, for infinity would say that the side is open.
inline Limits scaled(const Measured& lower, const Measured& upper, double scale) {
  const Limits out{lower.value / scale, upper.value / scale, std::max(lower.error, upper.error) / scale};
  if (std::isinf(out.upper) && !std::isinf(upper.value)) {
    throw NumericalError("the limit of the rate is above the largest number: the exposure is too small");
  }
  return out;
}

}  // namespace detail

/// Exact limits of a Poisson rate.
///   P(Y >= y | lower T) = below,  P(Y <= y | upper T) = above
/// @param y         events, whole, y >= 0
/// @param exposure  T > 0 (patient-years)
/// @param tails     error allowed on each side; 0 leaves that side open (0, infinity)
/// @return          lower (0 if y = 0), upper, error (two routes), per patient-year
/// @throws          InvalidInput if an argument is out of range
/// Source: Garwood (1936), doi:10.1093/biomet/28.3-4.437.
inline Limits poisson_limits(double y, double exposure, const TailPair& tails) {
  require(y >= 0.0 && y <= detail::kMostEvents && std::floor(y) == y,
          "y must be a whole count up to 10 million");
  require_positive(exposure, "the exposure");
  detail::require_tails(tails);
  return detail::numerically([&] {
    const Measured lower = y > 0.0 ? detail::gamma_quantile(y, tails.below) : Measured{0.0, 0.0};
    return detail::scaled(lower, detail::gamma_quantile_above(y + 1.0, tails.above), exposure);
  });
}

/// Limits that cut off the given probabilities of a gamma distribution.
/// @param g      shape, rate > 0
/// @param tails  probabilities cut off; 0 leaves that side open
/// @throws       InvalidInput if an argument is out of range
inline Limits gamma_limits(const GammaShape& g, const TailPair& tails) {
  detail::require_gamma(g);
  detail::require_tails(tails);
  return detail::numerically([&] {
    const Measured lower = detail::gamma_quantile(g.shape, tails.below);
    return detail::scaled(lower, detail::gamma_quantile_above(g.shape, tails.above), g.rate);
  });
}

/// Probability that a gamma variable exceeds a threshold, Q(shape, rate t).
/// @param g          shape, rate > 0
/// @param threshold  t >= 0, per patient-year
/// @throws           InvalidInput if an argument is out of range
inline Measured gamma_above(const GammaShape& g, double threshold) {
  detail::require_gamma(g);
  require(std::isfinite(threshold) && threshold >= 0.0, "the threshold must be finite and not negative");
  return detail::numerically([&]() -> Measured {
    const double value = boost::math::gamma_q(g.shape, g.rate * threshold);
    const double below = detail::gamma_tail_by_quadrature(g.shape, g.rate * threshold);
    return {value, detail::two_route_error(value, 1.0 - below) + detail::kRounding};
  });
}

/// Probability of no event in a further exposure (negative binomial at 0):
///   (rate / (rate + exposure))^shape
/// @param g         shape, rate > 0
/// @param exposure  further patient-years, >= 0
/// @throws          InvalidInput if an argument is out of range
inline double gamma_predictive_none(const GammaShape& g, double exposure) {
  detail::require_gamma(g);
  require(std::isfinite(exposure) && exposure >= 0.0, "the exposure must be finite and not negative");
  return std::exp(-g.shape * std::log1p(exposure / g.rate));
}

}  // namespace cordgain
