// Log odds and rates without overflow or cancellation.
#pragma once

#include <cmath>
#include <limits>

namespace cordgain {

/// log(1 + e^x); the direct form overflows at x = 710 and loses all digits of e^x below -37.
inline double softplus(double x) {
  return x > 0.0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

/// 1 / (1 + e^-x), accurate for small rates (x << 0) too.
inline double logistic(double x) {
  if (x >= 0.0) return 1.0 / (1.0 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1.0 + e);
}

/// log(p / (1 - p)); infinite at 0 and 1.
inline double logit(double p) {
  return std::log(p) - std::log1p(-p);
}

/// Rounding error of a sum of about `terms` numbers whose absolute values add up to `scale`.
inline double rounding_error(double scale, double terms = 64.0) {
  return terms * std::numeric_limits<double>::epsilon() * std::fabs(scale);
}

}  // namespace cordgain
