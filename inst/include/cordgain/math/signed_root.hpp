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

namespace detail {

/// What is known of a limit on the way to it: it lies between `inside`, where the
/// rise is too small, and `outside`, where it is enough (NaN: not yet seen).
class ProfileWalk {
 public:
  ProfileWalk(double peak, double step, double end)
      : peak_(peak), end_(end), side_(step < 0.0 ? -1.0 : 1.0), inside_(peak), at_(clip(peak + step)) {}

  [[nodiscard]] double at() const noexcept { return at_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] double clip(double c) const noexcept { return ahead_of(c, end_) ? end_ : c; }

  void note(bool enough) noexcept { (enough ? outside_ : inside_) = at_; }

  /// Whether Newton's next point is this one, or the bracket has closed.
  [[nodiscard]] bool settled(double next) const noexcept {
    constexpr double kTolerance = 1e-11, kClosed = 1e-15;
    const double size = std::fabs(at_) + std::fabs(at_ - peak_);
    return std::fabs(next - at_) <= kTolerance * size ||
           (bracketed() && std::fabs(outside_ - inside_) <= kClosed * size);
  }

  /// To Newton's point if it is between, else to the middle, or three times as far.
  void move_to(double next) noexcept {
    const bool between = ahead_of(next, inside_) && (!bracketed() || ahead_of(outside_, next));
    if (!between) next = bracketed() ? 0.5 * (inside_ + outside_) : peak_ + 3.0 * (at_ - peak_);
    const double farthest = peak_ + 5.0 * (at_ - peak_);
    at_ = clip(!bracketed() && ahead_of(next, farthest) ? farthest : next);
  }

 private:
  [[nodiscard]] bool bracketed() const noexcept { return std::isfinite(outside_); }
  [[nodiscard]] bool ahead_of(double c, double other) const noexcept { return side_ * (c - other) > 0.0; }

  double peak_, end_, side_, inside_, at_;
  double outside_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace detail

/// @param profile  callable: ProfilePoint profile(double)
/// @param peak     where the rise is zero
/// @param step     a first distance from it, its sign the direction
/// @param z        square root of the rise looked for (> 0)
/// @param end      end of the range in that direction, may be infinite
/// @return         the limit; NaN where the rise is not reached in 200 evaluations
template <class Profile>
[[nodiscard]] ProfileLimit profile_limit(Profile&& profile, double peak, double step, double z, double end) {
  ProfileLimit out;
  detail::ProfileWalk walk(peak, step, end);
  while (out.evaluations < 200 && std::isfinite(walk.at())) {
    const ProfilePoint p = profile(walk.at());
    ++out.evaluations;
    const double root = std::sqrt(std::fmax(p.rise, 0.0));
    walk.note(root >= z);
    out.bound = walk.at_end() && root <= z;
    const double next = walk.at() - 2.0 * root * (root - z) / p.slope;
    if (out.bound || walk.settled(next)) {
      out.at = out.bound || !std::isfinite(next) ? walk.at() : walk.clip(next);
      return out;
    }
    walk.move_to(next);
  }
  return out;
}

}  // namespace cordgain
