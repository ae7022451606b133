// Hyperparameters of hyperparameters.hpp with derivatives in their coordinates.
#pragma once

#include <cmath>
#include <cordgain/dist/prior_slope.hpp>
#include <cordgain/model/hyperparameters.hpp>

namespace cordgain {

/// A value and the log prior density of its coordinate, each with its derivative in the coordinate.
struct SlopedHyper {
  double value = 0.0, value_slope = 0.0;
  double log_density = 0.0, density_slope = 0.0;
};

/// A standard deviation or a correlation at a coordinate.
[[nodiscard]] inline SlopedHyper sloped(const Hyperparameter& h, double eta) {
  require(h.kind != HyperKind::kMixing, "a scale of a t prior has no place here");
  const Transformed at = transform(h, eta);
  SlopedHyper out;
  out.value = at.value;
  out.value_slope = std::exp(at.log_slope);
  out.log_density = log_prior(h, at) + at.log_slope;
  if (h.kind == HyperKind::kCorrelation) {
    out.density_slope = -2.0 * h.shape * at.value;  // shape * log(1 - tanh^2)
    return out;
  }
  // log slope = eta - exp(-eta) + log(1 + exp(-eta)); e / (1 + e) without an infinite e
  const double e = std::exp(-eta), share = 1.0 / (1.0 + std::exp(eta));
  out.density_slope = 1.0 + e - share;
  if (at.value > 0.0) out.density_slope += log_density_slope(h.prior, at.value) * out.value_slope;
  return out;
}

}  // namespace cordgain
