// Priors as values: a mixture of named components, each a density with at most three parameters.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <limits>
#include <vector>

namespace cordgain {

/// The codes are the contract with R (`prior_components()` in R/prior.R lists the same ones).
enum class PriorKind {
  kFlat = 0,         // improper, constant on the whole line
  kFixed = 1,        // a = value
  kNormal = 2,       // a = mean, b = sd
  kT = 3,            // a = mean, b = scale, c = degrees of freedom
  kHalfNormal = 4,   // a = scale
  kHalfT = 5,        // a = scale, b = degrees of freedom
  kExponential = 6,  // a = rate
  kBeta = 7,         // a, b
  kGamma = 8,        // a = shape, b = rate
  kUniform = 9       // a = min, b = max
};

struct PriorComponent {
  PriorKind kind = PriorKind::kFlat;
  double weight = 1.0;
  double a = 0.0;
  double b = 0.0;
  double c = 0.0;
};

namespace detail {

constexpr double kNegInf = -std::numeric_limits<double>::infinity();
constexpr double kLogSqrtTwoPi = 0.918938533204672741780329736406;

inline double log_normal_kernel(double z) {
  return -0.5 * z * z - kLogSqrtTwoPi;
}

inline double log_t_density(double z, double df) {
  return std::lgamma(0.5 * (df + 1.0)) - std::lgamma(0.5 * df) - 0.5 * std::log(df * 3.14159265358979323846) -
         0.5 * (df + 1.0) * std::log1p(z * z / df);
}

inline double log_beta_density(double x, double a, double b) {
  if (x < 0.0 || x > 1.0) return kNegInf;
  return (a - 1.0) * std::log(x) + (b - 1.0) * std::log1p(-x) + std::lgamma(a + b) - std::lgamma(a) -
         std::lgamma(b);
}

inline double log_gamma_density(double x, double shape, double rate) {
  if (x < 0.0) return kNegInf;
  return shape * std::log(rate) - std::lgamma(shape) + (shape - 1.0) * std::log(x) - rate * x;
}

}  // namespace detail

/// Log density of one component at x; the density of a fixed value is not defined and refused.
inline double log_density(const PriorComponent& p, double x) {
  switch (p.kind) {
    case PriorKind::kFlat:
      return 0.0;
    case PriorKind::kNormal:
      return detail::log_normal_kernel((x - p.a) / p.b) - std::log(p.b);
    case PriorKind::kT:
      return detail::log_t_density((x - p.a) / p.b, p.c) - std::log(p.b);
    case PriorKind::kHalfNormal:
      return x < 0.0 ? detail::kNegInf : std::log(2.0 / p.a) + detail::log_normal_kernel(x / p.a);
    case PriorKind::kHalfT:
      return x < 0.0 ? detail::kNegInf : std::log(2.0 / p.a) + detail::log_t_density(x / p.a, p.b);
    case PriorKind::kExponential:
      return x < 0.0 ? detail::kNegInf : std::log(p.a) - p.a * x;
    case PriorKind::kBeta:
      return detail::log_beta_density(x, p.a, p.b);
    case PriorKind::kGamma:
      return detail::log_gamma_density(x, p.a, p.b);
    case PriorKind::kUniform:
      return x < p.a || x > p.b ? detail::kNegInf : -std::log(p.b - p.a);
    case PriorKind::kFixed:
      break;
  }
  throw InvalidInput("a fixed value has no density");
}

namespace detail {

/// @throws InvalidInput unless the parameters of the component's kind give a distribution
inline void require_component(const PriorComponent& p) {
  switch (p.kind) {
    case PriorKind::kFlat:
      return;
    case PriorKind::kFixed:
      return require_finite(p.a, "the fixed value");
    case PriorKind::kT:
      require_positive(p.c, "the degrees of freedom of a t prior");
      [[fallthrough]];
    case PriorKind::kNormal:
      require_finite(p.a, "the mean of a prior");
      return require_positive(p.b, "the scale of a prior");
    case PriorKind::kHalfNormal:
    case PriorKind::kExponential:
      return require_positive(p.a, "the scale or rate of a prior");
    case PriorKind::kHalfT:
    case PriorKind::kBeta:
    case PriorKind::kGamma:
      require_positive(p.a, "the first parameter of a prior");
      return require_positive(p.b, "the second parameter of a prior");
    case PriorKind::kUniform:
      return require(std::isfinite(p.a) && std::isfinite(p.b) && p.a < p.b,
                     "a uniform prior needs a minimum below its maximum");
  }
  throw InvalidInput("unknown kind of prior");
}

}  // namespace detail

/// A prior: components with weights that add up to 1.
/// @throws InvalidInput without components, for weights or parameters out of range
class Prior {
 public:
  Prior() = default;
  explicit Prior(std::vector<PriorComponent> components) : components_(std::move(components)) {
    require(!components_.empty(), "a prior needs at least one component");
    double total = 0.0;
    for (const PriorComponent& p : components_) {
      require(std::isfinite(p.weight) && p.weight > 0.0, "prior weights must be positive");
      detail::require_component(p);
      total += p.weight;
    }
    for (PriorComponent& p : components_) p.weight /= total;
  }

  [[nodiscard]] const std::vector<PriorComponent>& components() const noexcept { return components_; }
  [[nodiscard]] bool is(PriorKind kind) const noexcept {
    return components_.size() == 1 && components_.front().kind == kind;
  }
  /// Log density, by log-sum-exp over the components.
  [[nodiscard]] double log_density(double x) const {
    if (components_.size() == 1) return cordgain::log_density(components_.front(), x);
    double top = detail::kNegInf;
    for (const PriorComponent& p : components_)
      top = std::max(top, std::log(p.weight) + cordgain::log_density(p, x));
    if (!(top > detail::kNegInf)) return top;
    double sum = 0.0;
    for (const PriorComponent& p : components_) {
      sum += std::exp(std::log(p.weight) + cordgain::log_density(p, x) - top);
    }
    return top + std::log(sum);
  }

 private:
  std::vector<PriorComponent> components_;
};

/// A length on which the component changes: where panels begin to look.
inline double typical_scale(const PriorComponent& p) {
  switch (p.kind) {
    case PriorKind::kNormal:
    case PriorKind::kT:
      return p.b;
    case PriorKind::kHalfNormal:
    case PriorKind::kHalfT:
      return p.a;
    case PriorKind::kExponential:
      return 1.0 / p.a;
    case PriorKind::kGamma:
      return p.a / p.b;
    case PriorKind::kUniform:
      return p.b - p.a;
    default:
      return 1.0;
  }
}

/// Smallest and largest value with a positive density.
inline std::pair<double, double> support(const Prior& prior) {
  const double inf = std::numeric_limits<double>::infinity();
  double low = inf;
  double high = -inf;
  for (const PriorComponent& p : prior.components()) {
    const bool whole = p.kind == PriorKind::kFlat || p.kind == PriorKind::kNormal || p.kind == PriorKind::kT;
    const bool bounded = p.kind == PriorKind::kUniform;
    const bool point = p.kind == PriorKind::kFixed;
    low = std::min(low, whole ? -inf : (bounded || point ? p.a : 0.0));
    high = std::max(high, bounded ? p.b : (point ? p.a : (p.kind == PriorKind::kBeta ? 1.0 : inf)));
  }
  return {low, high};
}

}  // namespace cordgain
