// Where a profile has risen by a given amount: the root of sqrt(rise) = z, which
// is nearly a straight line, by Newton's method kept inside a bracket.
#pragma once

#include <cmath>
#include <limits>

namespace cordgain {

/// A profile at one point.
struct ProfilePoint {
  double rise = 0.0;   ///< deviance above its minimum
  double slope = 0.0;  ///< its derivative
};

struct ProfileLimit {
  double at = std::numeric_limits<double>::quiet_NaN();
  bool bound = false;  ///< the end of the range was reached before the rise
  int evaluations = 0;
};

/// @param profile  callable: ProfilePoint profile(double)
/// @param peak     where the rise is zero
/// @param step     a first distance from it, its sign the direction
/// @param z        square root of the rise looked for (> 0)
/// @param end      end of the range in that direction, may be infinite
/// @return         the limit; NaN where the rise is not reached in 200 evaluations
template <class Profile>
[[nodiscard]] ProfileLimit profile_limit(Profile&& profile, double peak, double step, double z, double end) {
  constexpr double kTolerance = 1e-11;
  ProfileLimit out;
  double inside = peak, outside = std::numeric_limits<double>::quiet_NaN();
  const double side = step < 0.0 ? -1.0 : 1.0;
  const auto clip = [&](double c) { return side * (c - end) > 0.0 ? end : c; };
  double c = clip(peak + step);
  for (; out.evaluations < 200; ++out.evaluations) {
    const ProfilePoint p = profile(c);
    const double root = std::sqrt(std::fmax(p.rise, 0.0));
    (root >= z ? outside : inside) = c;
    if (c == end && root <= z) {
      out.at = end;
      out.bound = true;
      return out;
    }
    double next = c - 2.0 * root * (root - z) / p.slope;
    const bool bracketed = std::isfinite(outside);
    const bool ahead = side * (next - inside) > 0.0;
    const bool within = ahead && (!bracketed || side * (outside - next) > 0.0);
    const double size = std::fabs(c) + std::fabs(c - peak);
    if (std::fabs(next - c) <= kTolerance * size ||
        (bracketed && std::fabs(outside - inside) <= 1e-15 * size)) {
      out.at = std::isfinite(next) ? clip(next) : c;
      ++out.evaluations;
      return out;
    }
    if (!std::isfinite(next) || !within)
      next = bracketed ? 0.5 * (inside + outside) : peak + 3.0 * (c - peak);
    if (!bracketed && side * (next - peak) > 5.0 * side * (c - peak)) next = peak + 5.0 * (c - peak);
    c = clip(next);
    if (!std::isfinite(c)) return out;
  }
  return out;
}

}  // namespace cordgain
