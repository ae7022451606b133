// Links as distribution functions F of a latent variable: what families need of
// log F, log(1 - F) and of the probability between two cuts, each with
// derivatives and without the difference of numbers near to each other.
#pragma once

#include <algorithm>
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

/// log(1 - e^-x), x > 0, where 1 - e^-x would lose digits for small x and for
/// large.
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

  /// F(u) - F(l) = F(u) (1 - F(l)) (1 - e^-(u - l)): three factors, each with
  /// all its digits.
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

/// log of the normal distribution function to the right of kNormalTail.
inline double log_normal_cdf(double t) {
  constexpr double kRoot2 = 1.41421356237309504880;
  if (t > 0.0) return std::log1p(-0.5 * std::erfc(t / kRoot2));
  return std::log(0.5 * std::erfc(-t / kRoot2));
}

/// Farther to the left the distribution function falls below the smallest
/// number.
constexpr double kNormalTail = -30.0;

/// There it is density / -t times a factor, of whose asymptotic series the next
/// term is 945 / t^10 < 2e-12.
/// @return  the factor less 1
inline double normal_tail_excess(double t) {
  const double v = 1.0 / (t * t);
  return -v * (1.0 - v * (3.0 - v * (15.0 - v * 105.0)));
}

inline double normal_log_below(double t) {
  if (t >= kNormalTail) return log_normal_cdf(t);
  return -0.5 * t * t - kLogRoot2Pi - std::log(-t) + std::log1p(normal_tail_excess(t));
}

/// log of the normal probability between two cuts, the lower one not above 0.
/// Narrow intervals by the midpoint and two more terms of Taylor's series in
/// the width, the next being of its sixth power; wide ones as a difference,
/// from which no more than the width is lost.
inline double log_normal_between(double lower, double upper) {
  const double width = upper - lower, mid = 0.5 * (lower + upper), m = mid * mid, h = width * width;
  if (width * std::max(1.0, std::fabs(mid)) < 0.01) {
    const double bend = 1.0 + h * ((m - 1.0) / 24.0 + h * (m * m - 6.0 * m + 3.0) / 1920.0);
    return std::log(width * bend) - 0.5 * m - kLogRoot2Pi;
  }
  const double top = normal_log_below(upper), bottom = normal_log_below(lower);
  return top + log_one_minus_exp(top - bottom);
}

}  // namespace detail

/// F is the standard normal distribution function.
struct ProbitLink {
  [[nodiscard]] static PointTerms below(double t) {
    const double value = detail::normal_log_below(t);
    if (t < detail::kNormalTail) {  // no difference of t and the ratio, which is
                                    // nearly -t
      const double excess = detail::normal_tail_excess(t), ratio = -t / (1.0 + excess);
      return {value, ratio, ratio * ratio * excess};
    }
    const double ratio = std::exp(-0.5 * t * t - detail::kLogRoot2Pi - value);
    return {value, ratio, -ratio * (t + ratio)};
  }

  [[nodiscard]] static PointTerms above(double t) {
    const PointTerms mirrored = below(-t);
    return {mirrored.value, -mirrored.slope, mirrored.curvature};
  }

  /// With both cuts to the right of 0 the mirrored ones: the tail to the left
  /// has all digits.
  [[nodiscard]] static IntervalTerms between(double lower, double upper) {
    if (lower > 0.0) {
      const IntervalTerms m = between(-upper, -lower);
      return {m.value, -m.upper, -m.lower, m.upper2, m.cross, m.lower2};
    }
    const double value = detail::log_normal_between(lower, upper);
    const double left = std::exp(-0.5 * lower * lower - detail::kLogRoot2Pi - value);
    const double right = std::exp(-0.5 * upper * upper - detail::kLogRoot2Pi - value);
    return {value, -left, right, left * (lower - left), left * right, -right * (upper + right)};
  }
};

/// F(t) = 1 - exp(-e^t): the complementary log-log link.
struct CloglogLink {
  [[nodiscard]] static PointTerms above(double t) {
    const double rate = std::exp(t);
    return {-rate, -rate, -rate};
  }

  /// q = e^t / (exp(e^t) - 1) falls from 1 to 0.
  [[nodiscard]] static PointTerms below(double t) {
    const double rate = std::exp(t);
    if (rate < 1e-8) return {t - 0.5 * rate, 1.0 - 0.5 * rate, -0.5 * rate};
    if (rate > 700.0) return {0.0, 0.0, 0.0};
    const double q = rate / std::expm1(rate);
    return {detail::log_one_minus_exp(rate), q, q * (1.0 - q * std::exp(rate))};
  }

  /// e^-a - e^-b with a = e^lower and b = e^upper: e^-a (1 - e^-(b - a)).
  [[nodiscard]] static IntervalTerms between(double lower, double upper) {
    const double a = std::exp(lower), b = std::exp(upper), gap = a * std::expm1(upper - lower);
    const double narrow = 1.0 / std::expm1(gap), bend = narrow * (1.0 + narrow);
    const double up = narrow > 0.0 ? b * narrow : 0.0, turn = bend > 0.0 ? b * bend : 0.0;
    return {detail::log_one_minus_exp(gap) - a,
            -a * (1.0 + narrow),
            up,
            -a * (1.0 + narrow) - a * a * bend,
            a * turn,
            bend > 0.0 ? up - b * turn : 0.0};
  }
};

}  // namespace cordgain
