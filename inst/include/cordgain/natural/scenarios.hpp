// An uncertain quantity as a few scenarios: the trapezoidal rule over its density.
#pragma once

#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/natural/prior_predictive.hpp>
#include <vector>

namespace cordgain {

/// Values and log weights (the weights add up to 1).
struct Scenarios {
  Vector value;
  Vector log_weight;
};

/// Scenarios of a beta (values on the log odds scale) or a normal quantity. The density is smooth and dies away on
/// both sides, so equally spaced values integrate it to e^-digits.
/// @throws InvalidInput for another prior
inline Scenarios scenarios(const PriorComponent& prior, const Route& route) {
  require(prior.kind == PriorKind::kBeta || prior.kind == PriorKind::kNormal, "scenarios need a beta or a normal prior");
  const double centre = detail::log_odds_centre(prior);
  double step = 1.15 * route.lattice_step * detail::log_odds_sd(prior);
  // A beta with few events on one side has a skewed density of the log odds, whose Fourier transform falls as that
  // of e^(m theta - e^theta), not as a normal's.
  if (prior.kind == PriorKind::kBeta) step = std::min(step, detail::binomial_step(std::min(prior.a, prior.b), route.digits));
  const double top = detail::log_odds_density(prior, centre);
  int below = 0;
  int above = 0;
  while (detail::log_odds_density(prior, centre - step * below) > top - route.digits) ++below;
  while (detail::log_odds_density(prior, centre + step * above) > top - route.digits) ++above;
  Scenarios result{Vector(below + above + 1), Vector(below + above + 1)};
  for (int i = -below; i <= above; ++i) {
    result.value(i + below) = centre + step * i;
    result.log_weight(i + below) = detail::log_odds_density(prior, centre + step * i);
  }
  const double total = result.log_weight.array().exp().sum();
  result.log_weight.array() -= std::log(total);
  return result;
}

}  // namespace cordgain
