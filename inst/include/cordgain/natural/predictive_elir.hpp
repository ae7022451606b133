// Effective sample size (ELIR) of a meta-analytic-predictive rate, whose tails decide whether it is finite.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/types.hpp>
#include <cordgain/math/logistic.hpp>
#include <cordgain/math/panels.hpp>
#include <cordgain/natural/normal_mixture.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace cordgain {

/// A spread component whose weight is kept as a logarithm, since the far tails rest on parts of weight
/// e^-500.
struct DeepComponent {
  double log_weight = 0.0;
  SpreadComponent part;
};

/// log q(theta) and its slope, both with full relative accuracy however far out.
struct LogSlope {
  double value = 0.0;
  double slope = 0.0;
};

namespace detail {

/// Running sum of exp(exponent) and slope x exp(exponent), relative to the largest exponent seen.
struct ScaledSum {
  double top = -std::numeric_limits<double>::infinity();
  double sum = 0.0;
  double slope = 0.0;

  void add(double exponent, double value, double derivative) {
    if (exponent > top) {
      const double shrink = std::exp(top - exponent);
      sum *= shrink;
      slope *= shrink;
      top = exponent;
    }
    const double scale = std::exp(exponent - top);
    sum += scale * value;
    slope += scale * derivative;
  }
};

/// A normal that the lattice resolves: sum_j v_j N(theta; node_j + shift, sd^2).
inline void add_wide(const DeepComponent& c, double theta, ScaledSum& sum) {
  const Lattice& lattice = c.part.lattice;
  const double at = theta - c.part.shift;
  const double last = lattice.node(lattice.value.size() - 1);
  const double outside = std::max({0.0, lattice.first - at, at - last}) / c.part.sd;
  const double scale = c.log_weight - std::log(c.part.sd * kSqrtTwoPi);
  if (scale - 0.5 * outside * outside < sum.top - 45.0) return;
  const Array gap = Array::LinSpaced(lattice.value.size(), at - lattice.first, at - last) / c.part.sd;
  const Array exponent = -0.5 * gap.square();
  const double top = exponent.maxCoeff();
  const Array value = (exponent - top).exp() * lattice.value.array();
  sum.add(scale + top, value.sum(), -(value * gap).sum() / c.part.sd);
}

/// A normal narrower than the lattice: the lattice function itself, its slope by differences of fourth order.
inline void add_narrow(const DeepComponent& c, double theta, ScaledSum& sum) {
  const double h = 0.02 * c.part.lattice.step;
  const auto f = [&](double x) { return narrow_density(c.part, x); };
  const double here = f(theta);
  if (!(here > 0.0)) return;  // outside its lattice; an empty sum must not set the scale
  const double slope =
      (8.0 * (f(theta + h) - f(theta - h)) - (f(theta + 2.0 * h) - f(theta - 2.0 * h))) / (12.0 * h);
  sum.add(c.log_weight + std::log(here), 1.0, slope / here);
}

}  // namespace detail

/// @return log density and slope at theta of all components together (-inf and 0 where nothing is left)
inline LogSlope deep_log_density(const std::vector<DeepComponent>& components, double theta) {
  detail::ScaledSum sum;
  for (const DeepComponent& c : components) {
    if (detail::is_narrow(c.part)) {
      detail::add_narrow(c, theta, sum);
    } else {
      detail::add_wide(c, theta, sum);
    }
  }
  if (!(sum.sum > 0.0)) return {-std::numeric_limits<double>::infinity(), 0.0};
  return {sum.top + std::log(sum.sum), sum.slope / sum.sum};
}

/// How far out the predictive distribution has to be known, and how it ends there.
/// @var decay     q(theta) e^|theta| falls as e^(-decay |theta|) times a power; 0 leaves the power alone
/// @var farthest  |theta| beyond which the tail is extrapolated by that law
struct TailLaw {
  double decay = 0.0;
  double farthest = 200.0;
};

/// ELIR of the rate p = logistic(theta), theta with density q = e^l. By parts, with g = l - log p - log(1 -
/// p),
///   ELIR = E[ (dg/dtheta)^2 / (p (1 - p)) ] + 2.
/// The integrand behaves in the tails as e^|theta| q(theta) (dg/dtheta)^2: with tau ~ half-normal(s), q falls
/// as e^(-|theta| / s) times a power of |theta|, so the expectation is finite for s <= 1 only, at s = 1 with
/// a tail that ends as a power, t^-r. Panels march out to `law.farthest`; what is beyond is that law's
/// integral.
class PredictiveElir {
 public:
  PredictiveElir(Index order, double tolerance, const TailLaw& law)
      : order_(order), tolerance_(tolerance), law_(law) {}

  /// @param density  callable theta -> LogSlope
  /// @param start    edges of the bulk, ascending
  /// @param scale    rough size of the result
  template <class Density>
  [[nodiscard]] double run(Density&& density, const std::vector<double>& start, double scale) const {
    const auto f = [&](const Vector& u) {
      return Vector(u.unaryExpr([&](double theta) { return integrand(density(theta), theta); }));
    };
    double sum = panel_masses(adaptive_panels(f, start, scale, {order_, tolerance_, 16})).sum();
    sum += march(f, start.back(), 1.0, sum) + march(f, -start.front(), -1.0, sum);
    return sum + 2.0;
  }

 private:
  static constexpr double kGrowth = 1.25;

  [[nodiscard]] static double integrand(const LogSlope& l, double theta) {
    if (!std::isfinite(l.value)) return 0.0;
    const double g = l.slope + std::tanh(0.5 * theta);  // 1 - 2 p = -tanh(theta / 2)
    return std::exp(l.value + softplus(theta) + softplus(-theta)) * g * g;
  }

  /// From |theta| = from outwards on one side, until a panel adds nothing or the farthest point is reached.
  template <class F>
  [[nodiscard]] double march(F&& f, double from, double side, double total) const {
    const PanelRule& rule = panel_rule(order_);
    double sum = 0.0;
    for (double low = from; low < law_.farthest; low *= kGrowth) {
      const double half = 0.5 * low * (kGrowth - 1.0);
      const Vector t = (low + half * (1.0 + rule.node)).matrix();
      const Vector value = f((side * t).eval());
      const double part = half * (rule.weight * value.array()).sum();
      sum += part;
      if (!(part > kNegligible * (total + sum))) return sum;
    }
    return sum + remainder(f, std::max(from, law_.farthest), side);
  }

  static constexpr double kNegligible = 1e-13;

  /// Integral beyond `from` of f(from) (t / from)^-r e^(-decay (t - from)), r from the local slope of f.
  template <class F>
  [[nodiscard]] double remainder(F&& f, double from, double side) const {
    Vector at(2);
    at << from, 1.02 * from;
    const Vector value = f((side * at).eval());
    if (!(value(0) > 0.0) || !(value(1) > 0.0)) return 0.0;
    const double power = -(std::log(value(1) / value(0)) + 0.02 * law_.decay * from) / std::log(1.02);
    if (law_.decay <= 0.0 && power <= 1.0) return std::numeric_limits<double>::quiet_NaN();
    const PanelRule& rule = panel_rule(order_);
    double sum = 0.0;
    constexpr int kPieces = 8;
    for (int piece = 0; piece < kPieces; ++piece) {  // in u = from / t, from 0 to 1
      for (Index i = 0; i < order_; ++i) {
        const double u = (piece + 0.5 * (1.0 + rule.node(i))) / kPieces;
        const double log_term = (power - 2.0) * std::log(u) - law_.decay * from * (1.0 / u - 1.0);
        sum += 0.5 / kPieces * rule.weight(i) * std::exp(log_term);
      }
    }
    return value(0) * from * sum;
  }

  Index order_;
  double tolerance_;
  TailLaw law_;
};

}  // namespace cordgain
