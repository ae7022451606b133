// A finite mixture of normals with many parts: what a posterior of coefficients is.
#pragma once

#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cstdint>

namespace cordgain {

/// Parts N(mean_i, sd_i^2) with weights that sum to 1.
struct NormalParts {
  Vector weight;
  Vector mean;
  Vector sd;
};

/// P(X <= x), or P(X > x): each from the nearer tail, so that small probabilities keep their digits.
[[nodiscard]] inline double parts_below(const NormalParts& parts, double x, bool above = false) {
  constexpr double kRootHalf = 0.70710678118654752440;
  double sum = 0.0;
  for (Index i = 0; i < parts.weight.size(); ++i) {
    const double z = (x - parts.mean[i]) / parts.sd[i];
    sum += parts.weight[i] * 0.5 * std::erfc((above ? z : -z) * kRootHalf);
  }
  return sum;
}

/// The x with P(X <= x) = probability.
/// @throws InvalidInput unless 0 < probability < 1 and there are parts of positive sd
[[nodiscard]] inline double parts_quantile(const NormalParts& parts, double probability) {
  require(probability > 0.0 && probability < 1.0, "a probability must lie in (0, 1)");
  require(parts.weight.size() > 0 && parts.sd.minCoeff() > 0.0, "a mixture needs parts of positive sd");
  const bool above = probability > 0.5;
  const double tail = above ? 1.0 - probability : probability;
  const auto gap = [&](double x) {
    const double value = parts_below(parts, x, above) - tail;
    return above ? -value : value;
  };
  const double reach = 40.0 * parts.sd.maxCoeff();
  const double low = parts.mean.minCoeff() - reach, high = parts.mean.maxCoeff() + reach;
  std::uintmax_t steps = 200;
  const boost::math::tools::eps_tolerance<double> close(48);
  const auto root = boost::math::tools::toms748_solve(gap, low, high, close, steps);
  return 0.5 * (root.first + root.second);
}

}  // namespace cordgain
