// Links as distribution functions F of a latent variable: what families need of log F, log(1 - F) and of the
// probability between two cuts, each with derivatives and without the difference of numbers near to each
// other.
#pragma once

#include <cmath>
#include <cordgain/math/logistic.hpp>
#include <cordgain/model/family.hpp>

namespace cordgain {

/// log(F(upper) - F(lower)) with its derivatives in both cuts.
struct IntervalTerms {
  double value = 0.0;
  double lower = 0.0, upper = 0.0;
  double lower2 = 0.0, cross = 0.0, upper2 = 0.0;
};

namespace detail {

/// log(1 - e^-x), x > 0, where 1 - e^-x would lose digits for small x and for large.
inline double log_one_minus_exp(double x) {
  return x > 0.6931471805599453 ? std::log1p(-std::exp(-x)) : std::log(-std::expm1(-x));
}

}  // namespace detail

/// F(t) = 1 / (1 + e^-t).
struct LogitLink {
  [[nodiscard]] static PointTerms below(double t) {
    const double rest = logistic(-t);
    return {-softplus(-t), rest, -rest * logistic(t)};
  }

  [[nodiscard]] static PointTerms above(double t) {
    const PointTerms mirrored = below(-t);
    return {mirrored.value, -mirrored.slope, mirrored.curvature};
  }

  /// F(u) - F(l) = F(u) (1 - F(l)) (1 - e^-(u - l)): three factors, each with all its digits.
  [[nodiscard]] static IntervalTerms between(double lower, double upper) {
    const double width = upper - lower, narrow = 1.0 / std::expm1(width);
    const PointTerms under = below(upper), over = above(lower);
    const double bend = narrow * (1.0 + narrow);
    return {under.value + over.value + detail::log_one_minus_exp(width),
            over.slope - narrow,
            under.slope + narrow,
            over.curvature - bend,
            bend,
            under.curvature - bend};
  }
};

namespace detail {

constexpr double kLogRoot2Pi = 0.91893853320467274178;

/// log of the normal distribution function to the right of kNormalTail.
inline double log_normal_cdf(double t) {
  constexpr double kRoot2 = 1.41421356237309504880;
  if (t > 0.0) return std::log1p(-0.5 * std::erfc(t / kRoot2));
  return std::log(0.5 * std::erfc(-t / kRoot2));
}

/// Farther to the left the distribution function falls below the smallest number.
constexpr double kNormalTail = -30.0;

/// There it is density / -t times a factor, of whose asymptotic series the next term is 945 / t^10 < 2e-12.
/// @return  the factor less 1
inline double normal_tail_excess(double t) {
  const double v = 1.0 / (t * t);
  return -v * (1.0 - v * (3.0 - v * (15.0 - v * 105.0)));
}

}  // namespace detail

/// F is the standard normal distribution function.
struct ProbitLink {
  [[nodiscard]] static PointTerms below(double t) {
    const double log_density = -0.5 * t * t - detail::kLogRoot2Pi;
    if (t < detail::kNormalTail) {  // no difference of t and the ratio, which is nearly -t
      const double excess = detail::normal_tail_excess(t), ratio = -t / (1.0 + excess);
      return {log_density - std::log(-t) + std::log1p(excess), ratio, -ratio * ratio * -excess};
    }
    const double value = detail::log_normal_cdf(t), ratio = std::exp(log_density - value);
    return {value, ratio, -ratio * (t + ratio)};
  }

  [[nodiscard]] static PointTerms above(double t) {
    const PointTerms mirrored = below(-t);
    return {mirrored.value, -mirrored.slope, mirrored.curvature};
  }
};

}  // namespace cordgain
