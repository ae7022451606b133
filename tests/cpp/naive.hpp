// Slow and plain formulas that share nothing with the core: what the tests expect.
#pragma once

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace naive {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Integral over [low, high], Gauss-Kronrod 61 with bisection; asked for 1e-12 of the integral of |f|.
template <class F>
double integral(const F& f, double low, double high, double tolerance = 1e-12) {
  return boost::math::quadrature::gauss_kronrod<double, 61>::integrate(f, low, high, 15, tolerance);
}

/// Integral over [low, high] in `pieces` equal parts, one rule of 61 nodes on each: smooth integrands only.
template <class F>
double in_pieces(const F& f, double low, double high, int pieces) {
  double sum = 0.0;
  for (int i = 0; i < pieces; ++i) {
    const double from = low + (high - low) * i / pieces;
    const double to = low + (high - low) * (i + 1) / pieces;
    sum += boost::math::quadrature::gauss_kronrod<double, 61>::integrate(f, from, to, 0, 0.0);
  }
  return sum;
}

inline double choose(int n, int k) {
  double value = 1.0;
  for (int i = 0; i < k; ++i) value = value * (n - i) / (i + 1);
  return value;
}

inline double binomial(int k, int n, double p) {
  return choose(n, k) * std::pow(p, k) * std::pow(1.0 - p, n - k);
}

inline double rate(double theta) {
  return 1.0 / (1.0 + std::exp(-theta));
}

inline double log_odds(double p) {
  return std::log(p / (1.0 - p));
}

inline double normal(double x, double mean, double sd) {
  return std::exp(-0.5 * (x - mean) * (x - mean) / (sd * sd)) / (sd * std::sqrt(2.0 * M_PI));
}

inline double normal_below(double x, double mean, double sd) {
  return 0.5 * std::erfc((mean - x) / (sd * std::sqrt(2.0)));
}

/// Probabilities of 0..n successes by adding up all 2^n outcomes, n <= 12.
inline std::vector<double> all_outcomes(const std::vector<double>& p) {
  std::vector<double> pmf(p.size() + 1, 0.0);
  for (unsigned outcome = 0; outcome < (1U << p.size()); ++outcome) {
    double probability = 1.0;
    std::size_t successes = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      const bool success = ((outcome >> i) & 1U) != 0U;
      probability *= success ? p[i] : 1.0 - p[i];
      successes += success ? 1U : 0U;
    }
    pmf[successes] += probability;
  }
  return pmf;
}

/// |a - b| within `tolerance` of the larger of |b| and 1: absolute near 0, relative for large numbers.
inline bool close(double a, double b, double tolerance) {
  return std::fabs(a - b) <= tolerance * std::fmax(1.0, std::fabs(b));
}

/// |a / b - 1| within `tolerance`.
inline bool close_ratio(double a, double b, double tolerance) {
  return std::fabs(a - b) <= tolerance * std::fabs(b);
}

}  // namespace naive
