// Limits of a parameter with their numerical error, and the second route by
// which that error is had: the tail probability at a limit is integrated anew,
// by quadrature of the density, and the difference is carried over to the limit.
#pragma once

#include <algorithm>
#include <boost/math/quadrature/tanh_sinh.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/error.hpp>
#include <exception>
#include <limits>
#include <string>

namespace cordgain {

/// Lower and upper limit of a parameter and the numerical error of the worse.
struct Limits {
  double lower = 0.0;
  double upper = 1.0;
  double error = 0.0;
};

/// A number with its numerical error.
struct Measured {
  double value = 0.0;
  double error = 0.0;
};

/// Probabilities cut off below and above: (alpha/2, alpha/2) gives the equal-tailed
/// interval, (0, alpha) the one-sided upper limit.
struct TailPair {
  double below = 0.025;
  double above = 0.025;
};

namespace detail {

/// @throws InvalidInput unless both tails are probabilities that leave room between them.
inline void require_tails(const TailPair& tails) {
  require(tails.below >= 0.0 && tails.above >= 0.0 && tails.below + tails.above < 1.0,
          "the tails must be probabilities that leave room between them");
}

/// Counts beyond this are refused: sums over patients and roots are worked out to here.
constexpr double kMostEvents = 1e7;

/// Runs `body`; what a special function throws becomes a NumericalError.
template <class Body>
auto numerically(const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const InvalidInput&) {
    throw;
  } catch (const NumericalError&) {
    throw;
  } catch (const std::exception& e) {
    throw NumericalError(std::string("a special function failed: ") + e.what());
  }
}

/// Rounding left in a limit that a root finder or a series delivers.
constexpr double kRounding = 8.0 * std::numeric_limits<double>::epsilon();

/// Ten times the difference of two routes, never below rounding.
inline double two_route_error(double first, double second) {
  return 10.0 * std::abs(first - second) + kRounding * std::abs(first);
}

/// What an error in a tail probability does to the limit: divided by the density there.
inline double limit_error(double limit, double tail, double second_route, double density) {
  const double rounding = kRounding * std::abs(limit);
  if (!(density > 0.0)) return tail == second_route ? rounding : std::abs(limit);
  return std::min(10.0 * std::abs(tail - second_route) / density, 1.0 + std::abs(limit)) + rounding;
}

/// The beta density, 0 outside (0, 1), where Boost would signal a pole for a < 1.
inline double beta_density(double a, double b, double x) {
  return x > 0.0 && x < 1.0 ? boost::math::ibeta_derivative(a, b, x) : 0.0;
}

/// Over less than this a quadrature's own nodes fall together; a distribution function holds nothing there.
constexpr double kLeastRange = 1e-300;

/// Second route to I_x(a, b): tanh-sinh quadrature of the density over (0, x), whose
/// clustering at both ends takes the pole at 0 for a < 1 and a peak beside x. A part
/// further than 40 standard deviations below x holds less than rounding.
inline double beta_tail_by_quadrature(double a, double b, double x) {
  if (!(x > kLeastRange)) return 0.0;
  boost::math::quadrature::tanh_sinh<double> rule;
  const auto density = [a, b](double t) { return beta_density(a, b, t); };
  return rule.integrate(density, 0.0, std::min(x, 1.0), 1e-14);
}

/// Second route to the gamma distribution function with shape s and rate 1.
inline double gamma_tail_by_quadrature(double s, double x) {
  if (!(x > kLeastRange)) return 0.0;
  boost::math::quadrature::tanh_sinh<double> rule;
  const auto density = [s](double t) { return t > 0.0 ? boost::math::gamma_p_derivative(s, t) : 0.0; };
  return rule.integrate(density, 0.0, x, 1e-14);
}

}  // namespace detail
}  // namespace cordgain
