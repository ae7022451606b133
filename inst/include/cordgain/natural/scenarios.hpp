// An uncertain quantity as a few scenarios: the trapezoidal rule over its density.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/natural/prior_predictive.hpp>
#include <cordgain/natural/source_likelihood.hpp>
#include <vector>

namespace cordgain {

/// Values and log weights (the weights add up to 1).
struct Scenarios {
  Vector value;
  Vector log_weight;
};

/// Scenarios of a beta (values on the log odds scale) or a normal quantity. The density is smooth and dies
/// away on both sides, so equally spaced values integrate it to e^-digits.
/// @throws InvalidInput for another prior or parameters out of range
inline Scenarios scenarios(const PriorComponent& prior, const Route& route) {
  detail::require_rate_prior(prior);
  const double centre = detail::log_odds_centre(prior);
  constexpr int kMost = 10000;  // on either side
  // A beta with few events is skew, and its spectrum Gamma(a + i w) Gamma(b - i w) longer than a normal's.
  const double step = prior.kind == PriorKind::kBeta
                          ? detail::binomial_step(prior.a * prior.b / (prior.a + prior.b), route.digits)
                          : 0.8 * prior.b * 2.0 * 3.14159265358979323846 / std::sqrt(2.0 * route.digits);
  const double top = detail::log_odds_density(prior, centre);
  int below = 0;
  int above = 0;
  const auto counts = [&](double x) { return detail::log_odds_density(prior, x) > top - route.digits; };
  while (below < kMost && counts(centre - step * below)) ++below;
  while (above < kMost && counts(centre + step * above)) ++above;
  require(below < kMost && above < kMost, "the prior is too heavy or too far away for scenarios");
  Scenarios result{Vector(below + above + 1), Vector(below + above + 1)};
  for (int i = -below; i <= above; ++i) {
    result.value(i + below) = centre + step * i;
    result.log_weight(i + below) = detail::log_odds_density(prior, centre + step * i) - top;
  }
  const double total = result.log_weight.array().exp().sum();
  result.log_weight.array() -= std::log(total);
  return result;
}

}  // namespace cordgain
