// The beta distribution as the posterior of a risk per patient.
#pragma once

#include <cordgain/base/check.hpp>
#include <cordgain/dist/limits.hpp>

namespace cordgain {

/// Shapes of a beta distribution.
struct BetaShape {
  double a = 1.0;
  double b = 1.0;
};

namespace detail {

inline void require_shape(const BetaShape& shape) {
  require_positive(shape.a, "a");
  require_positive(shape.b, "b");
}

/// The lower quantile, with the error from the second route.
inline Measured beta_quantile(double a, double b, double tail) {
  if (tail <= 0.0) return {0.0, 0.0};
  const double limit = boost::math::ibeta_inv(a, b, tail);
  return {limit, limit_error(limit, tail, beta_tail_by_quadrature(a, b, limit), beta_density(a, b, limit))};
}

/// The upper quantile as 1 - x of the mirrored beta; 1 - x is had by the inverse
/// itself, for 1 - quantile would lose the digits of a limit near 0.
inline Measured beta_quantile_above(double a, double b, double tail) {
  if (tail <= 0.0) return {1.0, 0.0};
  double mirrored = 0.0;
  const double limit = boost::math::ibetac_inv(a, b, tail, &mirrored);
  const double second = beta_tail_by_quadrature(b, a, mirrored);
  return {limit, limit_error(limit, tail, second, beta_density(a, b, limit))};
}

}  // namespace detail

/// Limits that cut off the given probabilities of a beta distribution.
///   I_lower(a, b) = below,  1 - I_upper(a, b) = above
/// @param shape  a, b > 0
/// @param tails  probabilities cut off; 0 leaves that side open (limit 0 or 1)
/// @return       lower, upper, error (two routes)
/// @throws       InvalidInput if a shape is not positive or the tails leave no room
inline Limits beta_limits(const BetaShape& shape, const TailPair& tails) {
  detail::require_shape(shape);
  detail::require_tails(tails);
  return detail::numerically([&]() -> Limits {
    const Measured lower = detail::beta_quantile(shape.a, shape.b, tails.below);
    const Measured upper = detail::beta_quantile_above(shape.a, shape.b, tails.above);
    return {lower.value, upper.value, std::max(lower.error, upper.error)};
  });
}

/// Probability that a beta variable exceeds a threshold, P(theta > t) = 1 - I_t(a, b).
/// @param shape      a, b > 0
/// @param threshold  t in [0, 1]
/// @throws           InvalidInput if an argument is out of range
inline Measured beta_above(const BetaShape& shape, double threshold) {
  detail::require_shape(shape);
  require_probability(threshold, "the threshold");
  return detail::numerically([&]() -> Measured {
    const double value = boost::math::ibetac(shape.a, shape.b, threshold);
    const double second = detail::beta_tail_by_quadrature(shape.b, shape.a, 1.0 - threshold);
    return {value, detail::two_route_error(value, second)};
  });
}

/// Probability of no event among the next m patients, a finite product:
///   B(a, b + m) / B(a, b) = prod_{i < m} (1 - a / (a + b + i))
/// @param shape  a, b > 0
/// @param m      number of further patients, whole, 0 to 10^7
/// @throws       InvalidInput if an argument is out of range
inline double beta_predictive_none(const BetaShape& shape, double m) {
  detail::require_shape(shape);
  require(m >= 0.0 && m <= 1e7 && std::floor(m) == m, "m must be a whole number from 0 to 10^7");
  double log_none = 0.0;
  for (double i = 0.0; i < m; ++i) log_none += std::log1p(-shape.a / (shape.a + shape.b + i));
  return std::exp(log_none);
}

}  // namespace cordgain
