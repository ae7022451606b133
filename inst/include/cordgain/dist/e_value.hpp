// The beta-mixture Bayes factor against a known rate, which is an e-value.
#pragma once

#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/error.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/beta_posterior.hpp>

namespace cordgain {

namespace detail {

/// log of a log-beta difference, log B(a + y, b + n - y) - log B(a, b), as a finite sum:
/// the difference of log-gammas would cancel for large n.
inline double log_beta_ratio(const BetaShape& prior, double y, double n) {
  double sum = 0.0;
  for (double i = 0.0; i < y; ++i) sum += std::log((prior.a + i) / (prior.a + prior.b + i));
  for (double i = 0.0; i < n - y; ++i) sum += std::log((prior.b + i) / (prior.a + prior.b + y + i));
  return sum;
}

}  // namespace detail

/// Bayes factor of a beta mixture of rates against the known rate p0.
///   E = [B(a + y, b + n - y) / B(a, b)] / [p0^y (1 - p0)^(n - y)]
/// One-sided, the mixture is cut to (p0, 1): times P(p > p0 | y, n) / P(p > p0).
/// Its expectation under the rate p0 (one-sided: under any rate up to p0) is at most 1
/// at any stopping time, which makes it an e-value.
/// @param y          events among n patients, whole
/// @param n          patients, whole, 0 to 10^7
/// @param p0         rate under the null, in (0, 1)
/// @param prior      shapes of the mixture
/// @param one_sided  whether the mixture lives on (p0, 1)
/// @throws           InvalidInput if an argument is out of range; NumericalError if the mixture has no mass
///                   above p0
/// Source: Gruenwald, de Heide & Koolen (2024), doi:10.1093/jrsssb/qkae011.
inline double e_value(double y, double n, double p0, const BetaShape& prior, bool one_sided) {
  detail::require_shape(prior);
  require(n >= 0.0 && n <= 1e7 && std::floor(n) == n && y >= 0.0 && y <= n && std::floor(y) == y,
          "y and n must be whole counts with 0 <= y <= n <= 10^7");
  require(p0 > 0.0 && p0 < 1.0, "the rate must lie in (0, 1)");
  double log_e = detail::log_beta_ratio(prior, y, n) - y * std::log(p0) - (n - y) * std::log1p(-p0);
  if (one_sided) {
    log_e += detail::numerically([&] {
      return std::log(boost::math::ibetac(prior.a + y, prior.b + n - y, p0)) -
             std::log(boost::math::ibetac(prior.a, prior.b, p0));
    });
  }
  if (!std::isfinite(log_e)) throw NumericalError("the mixture has no mass where the e-value needs it");
  return std::exp(log_e);
}

/// The e-value after each patient of an order of outcomes.
/// @param outcomes   0 or 1 per patient, in order (length m)
/// @param p0         rate under the null, in (0, 1)
/// @param prior      shapes of the mixture
/// @param one_sided  whether the mixture lives on (p0, 1)
/// @return           e-values after patients 1..m
/// @throws           InvalidInput if an outcome is neither 0 nor 1, or an argument is out of range
inline Vector e_value_path(const VectorIn& outcomes, double p0, const BetaShape& prior, bool one_sided) {
  Vector path(outcomes.size());
  double y = 0.0;
  for (Index i = 0; i < outcomes.size(); ++i) {
    require(outcomes[i] == 0.0 || outcomes[i] == 1.0, "each outcome must be 0 or 1");
    y += outcomes[i];
    path[i] = e_value(y, static_cast<double>(i + 1), p0, prior, one_sided);
  }
  return path;
}

}  // namespace cordgain
