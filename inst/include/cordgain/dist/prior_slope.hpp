// Derivatives of log densities of priors, for searches and samplers that follow a gradient.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/dist/prior.hpp>

namespace cordgain {

/// d log density(x) / dx of one component; 0 where the density is 0.
[[nodiscard]] inline double log_density_slope(const PriorComponent& p, double x) {
  const auto t_slope = [](double z, double df) { return -(df + 1.0) * z / (df + z * z); };
  switch (p.kind) {
    case PriorKind::kFlat:
    case PriorKind::kUniform:
      return 0.0;
    case PriorKind::kNormal:
      return -(x - p.a) / (p.b * p.b);
    case PriorKind::kT:
      return t_slope((x - p.a) / p.b, p.c) / p.b;
    case PriorKind::kHalfNormal:
      return x < 0.0 ? 0.0 : -x / (p.a * p.a);
    case PriorKind::kHalfT:
      return x < 0.0 ? 0.0 : t_slope(x / p.a, p.b) / p.a;
    case PriorKind::kExponential:
      return x < 0.0 ? 0.0 : -p.a;
    case PriorKind::kBeta:
      return (p.a - 1.0) / x - (p.b - 1.0) / (1.0 - x);
    case PriorKind::kGamma:
      return x < 0.0 ? 0.0 : (p.a - 1.0) / x - p.b;
    case PriorKind::kFixed:
      break;
  }
  throw InvalidInput("a fixed value has no density");
}

/// The same of a mixture: the mean of the parts' slopes, weighted by their densities at x.
[[nodiscard]] inline double log_density_slope(const Prior& prior, double x) {
  double top = detail::kNegInf, sum = 0.0, slope = 0.0;
  for (const PriorComponent& p : prior.components())
    top = std::max(top, std::log(p.weight) + log_density(p, x));
  if (!(top > detail::kNegInf)) return 0.0;
  for (const PriorComponent& p : prior.components()) {
    const double share = std::exp(std::log(p.weight) + log_density(p, x) - top);
    sum += share;
    if (share > 0.0) slope += share * log_density_slope(p, x);
  }
  return slope / sum;
}

}  // namespace cordgain
