// Limits for a proportion from y of n, without a normal approximation of the counts.
#pragma once

#include <boost/math/distributions/normal.hpp>
#include <boost/math/tools/roots.hpp>
#include <cordgain/base/check.hpp>
#include <cordgain/base/error.hpp>
#include <cordgain/dist/beta_posterior.hpp>
#include <cordgain/dist/limits.hpp>
#include <cstdint>

namespace cordgain {

namespace detail {

inline void require_proportion(double y, double n) {
  require_counts(y, n, "y and n");
  require(n <= kMostEvents, "limits of a proportion are offered up to 10 million patients");
}

}  // namespace detail

/// Exact limits by inverting the two one-sided binomial tests.
///   P(X >= y | lower) = below,  P(X <= y | upper) = above
/// @param y      events, whole, 0 <= y <= n
/// @param n      patients
/// @param tails  error allowed on each side; 0 leaves that side open
/// @return       lower (0 if y = 0), upper (1 if y = n), error (two routes)
/// @throws       InvalidInput if the counts or tails are out of range
/// Source: Clopper & Pearson (1934), doi:10.1093/biomet/26.4.404.
inline Limits clopper_pearson(double y, double n, const TailPair& tails) {
  detail::require_proportion(y, n);
  detail::require_tails(tails);
  return detail::numerically([&]() -> Limits {
    const Measured lower = y > 0.0 ? detail::beta_quantile(y, n - y + 1.0, tails.below) : Measured{0.0, 0.0};
    const Measured upper =
        y < n ? detail::beta_quantile_above(y + 1.0, n - y, tails.above) : Measured{1.0, 0.0};
    return {lower.value, upper.value, std::max(lower.error, upper.error)};
  });
}

/// Quantiles of the posterior under the Jeffreys prior, beta(y + 1/2, n - y + 1/2).
/// They are not moved to 0 or 1 at y = 0 or y = n.
/// @param y      events, whole, 0 <= y <= n
/// @param n      patients
/// @param tails  posterior probability cut off on each side
/// @throws       InvalidInput if the counts or tails are out of range
/// Source: Brown, Cai & DasGupta (2001), doi:10.1214/ss/1009213286.
inline Limits jeffreys_limits(double y, double n, const TailPair& tails) {
  detail::require_proportion(y, n);
  return beta_limits({y + 0.5, n - y + 0.5}, tails);
}

/// Limits by inverting the score test; closed form, liberal for small n.
///   (y + z^2/2 -+ z sqrt(y (n - y) / n + z^2/4)) / (n + z^2)
/// @param y      events, whole, 0 <= y <= n
/// @param n      patients
/// @param alpha  1 - confidence, in (0, 1)
/// @throws       InvalidInput if the counts or alpha are out of range; NumericalError if alpha / 2 is zero
/// in double precision
/// Source: Wilson (1927), doi:10.1080/01621459.1927.10502953.
inline Limits wilson(double y, double n, double alpha) {
  detail::require_proportion(y, n);
  require(alpha > 0.0 && alpha < 1.0, "alpha must lie in (0, 1)");
  const double z = detail::numerically(
      [&] { return boost::math::quantile(boost::math::complement(boost::math::normal(), alpha / 2.0)); });
  const double half = z * std::sqrt(y * ((n - y) / n) + z * z / 4.0);
  // The smaller root as a ratio: centre - half would cancel for small y.
  const auto lower = [&](double x) { return x <= 0.0 ? 0.0 : x * x / n / (x + z * z / 2.0 + half); };
  return {lower(y), 1.0 - lower(n - y), detail::kRounding};
}

namespace detail {

/// Tails of the binomial distribution by the incomplete beta function.
inline double binomial_at_least(double y, double n, double p) {
  return y <= 0.0 ? 1.0 : boost::math::ibeta(y, n - y + 1.0, p);
}
inline double binomial_at_most(double k, double n, double p) {
  return k < 0.0 ? 0.0 : boost::math::ibetac(k + 1.0, n - k, p);
}

/// Root of a function with a sign change between two points, to the last bits.
template <class Function>
double bracketed_root(const Function& f, double from, double to) {
  const double f_from = f(from);
  const double f_to = f(to);
  if (f_from == 0.0) return from;
  if (f_to == 0.0) return to;
  if ((f_from < 0.0) == (f_to < 0.0)) throw NumericalError("a limit could not be bracketed");
  std::uintmax_t steps = 400;
  const boost::math::tools::eps_tolerance<double> close(52);
  const auto root = boost::math::tools::toms748_solve(f, from, to, f_from, f_to, close, steps);
  return 0.5 * (root.first + root.second);
}

/// The rate at which the lower tail up to k and the upper tail from y are equal, k < y:
/// there k joins the outcomes that are at least as extreme as y. Increasing in k.
inline double blaker_breakpoint(double k, double y, double n) {
  if (k < 0.0) return 0.0;
  return bracketed_root([=](double p) { return binomial_at_most(k, n, p) - binomial_at_least(y, n, p); }, 0.0,
                        1.0);
}

/// Error of a Blaker limit: its equation tail(y) + sign * tail(k) = const once more by quadrature.
inline double blaker_error(double limit, double y, double k, double n, double sign) {
  double tail = binomial_at_least(y, n, limit);
  double second = beta_tail_by_quadrature(y, n - y + 1.0, limit);
  double slope = beta_density(y, n - y + 1.0, limit);
  if (k >= 0.0) {
    tail += sign * binomial_at_most(k, n, limit);
    second += sign * beta_tail_by_quadrature(n - k, k + 1.0, 1.0 - limit);
    slope -= sign * beta_density(k + 1.0, n - k, limit);
  }
  return limit_error(limit, tail, second, std::abs(slope));
}

/// Lower Blaker limit. Between two breakpoints the acceptability is
/// P(X >= y) + P(X <= k), which falls and then rises in p; at a breakpoint it jumps
/// up to 2 P(X >= y), which rises with k. So the first breakpoint accepted bounds the
/// limit from above, and only the piece just before it can hold an earlier crossing:
/// no hole of the set is ever stepped into.
inline Measured blaker_lower(double y, double n, double alpha) {
  if (y <= 0.0) return {0.0, 0.0};
  double rejected = -1.0;
  double accepted = y - 1.0;
  while (accepted - rejected > 1.0) {
    const double k = std::floor(0.5 * (rejected + accepted));
    const bool ok = 2.0 * binomial_at_least(y, n, blaker_breakpoint(k, y, n)) > alpha;
    (ok ? accepted : rejected) = k;
  }
  const double jump = blaker_breakpoint(accepted, y, n);
  const auto before = [=](double p) {
    return binomial_at_least(y, n, p) + binomial_at_most(rejected, n, p) - alpha;
  };
  if (!(before(jump) > 0.0)) return {jump, blaker_error(jump, y, accepted, n, -1.0)};
  const double crossing = bracketed_root(before, blaker_breakpoint(rejected, y, n), jump);
  return {crossing, blaker_error(crossing, y, rejected, n, 1.0)};
}

}  // namespace detail

/// Blaker limits: the smallest interval that holds every rate p whose acceptability
///   a(p) = sum of P(X = k | p) over k with min-tail(k) <= min-tail(y),
///   min-tail(k) = min(P(X <= k | p), P(X >= k | p)),
/// exceeds alpha. Contained in the Clopper-Pearson interval; coverage at least 1 - alpha.
/// @param y      events, whole, 0 <= y <= n
/// @param n      patients
/// @param alpha  1 - confidence, in (0, 1)
/// @return       lower, upper, error (two routes)
/// @throws       InvalidInput if the counts or alpha are out of range; NumericalError if a root is not
/// bracketed Source: Blaker (2000), doi:10.2307/3315916.
inline Limits blaker(double y, double n, double alpha) {
  detail::require_proportion(y, n);
  require(alpha > 0.0 && alpha < 1.0, "alpha must lie in (0, 1)");
  return detail::numerically([&]() -> Limits {
    const Measured lower = detail::blaker_lower(y, n, alpha);
    const Measured upper = detail::blaker_lower(n - y, n, alpha);
    return {lower.value, 1.0 - upper.value, std::max(lower.error, upper.error)};
  });
}

}  // namespace cordgain
