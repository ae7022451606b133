// The natural rate from a prior instead of published counts: a mixture of beta or logit-normal distributions,
// moved by scenarios and spread by a normal bias.
#pragma once

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/math/logistic.hpp>
#include <cordgain/math/panels.hpp>
#include <cordgain/natural/effective_size.hpp>
#include <cordgain/natural/source_likelihood.hpp>
#include <vector>

namespace cordgain {

/// What moves the log odds of a rate: discrete scenarios and a normal bias.
struct LogOddsMoves {
  Vector shift;   // R, log odds
  Vector weight;  // R, adds up to 1
  double bias_mean = 0.0;
  double bias_sd = 0.0;
};

namespace detail {

constexpr double kPriorRange = 60.0;

/// Log density of theta = logit p for one component: beta on p, or normal on theta itself.
inline double log_odds_density(const PriorComponent& p, double theta) {
  if (p.kind == PriorKind::kNormal) return log_density(p, theta);
  const double log_beta = std::lgamma(p.a) + std::lgamma(p.b) - std::lgamma(p.a + p.b);
  return p.a * theta - (p.a + p.b) * softplus(theta) - log_beta;
}

/// @throws InvalidInput unless the component is a beta or a normal that log odds can carry
inline void require_rate_prior(const PriorComponent& p) {
  require(p.kind == PriorKind::kBeta || p.kind == PriorKind::kNormal,
          "the prior of a rate must be beta or logit-normal");
  require_component(p);
  const bool shapes = p.a >= 1e-6 && p.a <= 1e12 && p.b >= 1e-6 && p.b <= 1e12;
  require(p.kind == PriorKind::kNormal || shapes, "a beta prior of a rate has shapes from 1e-6 to 1e12");
}

inline double log_odds_centre(const PriorComponent& p) {
  return p.kind == PriorKind::kNormal ? p.a : std::log(p.a / p.b);
}

inline double log_odds_sd(const PriorComponent& p) {
  return p.kind == PriorKind::kNormal ? p.b
                                      : std::sqrt(boost::math::trigamma(p.a) + boost::math::trigamma(p.b));
}

}  // namespace detail

/// Distribution of the log odds of a rate with the given prior, moved and spread.
///   p(x) = sum_r w_r integral of q(x - shift_r - bias_mean - bias_sd z) phi(z) dz
/// @param prior  mixture of beta (on the rate) and normal (on the log odds) components
/// @return       panels on [-60, 60]; what a prior puts beyond is kept in the two lumps
/// @throws       InvalidInput for other components, parameters that are not positive, or moves that are not
/// finite
class PriorPredictive {
 public:
  PriorPredictive(const Prior& prior, const LogOddsMoves& moves, const Route& route)
      : prior_(prior), moves_(moves), route_(route) {
    for (const PriorComponent& p : prior.components()) {
      detail::require_rate_prior(p);
      narrowest_ = std::min(narrowest_, detail::log_odds_sd(p));
    }
    require(moves.shift.size() == moves.weight.size() && moves.shift.size() >= 1,
            "one weight for each scenario");
    require(!prior.components().empty(), "the rate needs a prior");
    require(moves.shift.allFinite() && moves.weight.allFinite(), "shifts and weights must be finite");
    require_finite(moves.bias_mean, "the mean of the bias");
    require(std::isfinite(moves.bias_sd) && moves.bias_sd >= 0.0,
            "the standard deviation of the bias must be finite and not negative");
  }

  [[nodiscard]] PanelGrid grid() const {
    const auto f = [&](const Vector& x) {
      return Vector(x.unaryExpr([&](double at) { return density(at); }));
    };
    PanelGrid result =
        adaptive_panels(f, start_edges(), 1.0, {route_.order, route_.tolerance, 30, detail::kSmallestPart});
    const double inside = panel_masses(result).sum();
    result.mass_below = tail(-1.0);
    result.mass_above = tail(1.0);
    const double total = inside + result.mass_below + result.mass_above;
    if (std::fabs(total - 1.0) > 1e-7) throw NumericalError("the prior of the rate could not be normalised");
    return result;
  }

  /// Effective sample sizes of the moved and spread prior, whose mean rate is `mean`.
  [[nodiscard]] EffectiveSize effective_size(double mean) const {
    const auto log_q = [&](double theta) { return std::log(density(theta)); };
    const PriorComponent& first = prior_.components().front();
    const double centre = detail::log_odds_centre(first) + moves_.bias_mean + moves_.shift.dot(moves_.weight);
    const double width = std::hypot(detail::log_odds_sd(first), moves_.bias_sd);
    // A beta with a or b below 1 has tails e^(-a |theta|) heavier than e^-|theta|, spread by a normal or not.
    const bool heavy = std::any_of(
        prior_.components().begin(), prior_.components().end(),
        [](const PriorComponent& p) { return p.kind == PriorKind::kBeta && (p.a < 1.0 || p.b < 1.0); });
    const double elir = heavy ? std::numeric_limits<double>::quiet_NaN()
                              : elir_of_log_odds(log_q, start_edges(), route_.order, route_.tolerance);
    return {elir, morita_of_log_odds(log_q, centre, width, mean)};
  }

 private:
  [[nodiscard]] double base_density(double theta) const {
    double sum = 0.0;
    for (const PriorComponent& p : prior_.components())
      sum += p.weight * std::exp(detail::log_odds_density(p, theta));
    return sum;
  }

  [[nodiscard]] double density(double x) const {
    double sum = 0.0;
    for (Index r = 0; r < moves_.shift.size(); ++r) {
      sum += moves_.weight(r) * spread_density(x - moves_.shift(r) - moves_.bias_mean);
    }
    return sum;
  }

  [[nodiscard]] double spread_density(double at) const {
    return spread([&](double x) { return base_density(x); }, at);
  }

  /// Average of f(at - bias_sd z) over a standard normal z: trapezoidal rule with a step that resolves both
  /// the normal and the narrowest component.
  template <class F>
  [[nodiscard]] double spread(const F& f, double at) const {
    if (moves_.bias_sd == 0.0) return f(at);
    const double step = std::min(0.55, 0.5 * narrowest_ / moves_.bias_sd);
    const double reach = std::sqrt(2.0 * route_.digits);
    require(reach / step < 20000.0, "the bias is too wide for so sharp a rate: give the rate as a number");
    const int terms = static_cast<int>(std::ceil(reach / step));
    double sum = 0.0;
    for (int i = -terms; i <= terms; ++i) {
      const double z = step * static_cast<double>(i);
      sum += std::exp(-0.5 * z * z) * f(at - moves_.bias_sd * z);
    }
    return sum * step / 2.50662827463100050241576528481;
  }

  /// Mass beyond the range on one side: that of each component, moved and spread like its density.
  [[nodiscard]] double tail(double side) const {
    double sum = 0.0;
    for (Index r = 0; r < moves_.shift.size(); ++r) {
      const double edge = side * detail::kPriorRange - moves_.shift(r) - moves_.bias_mean;
      for (const PriorComponent& p : prior_.components()) {
        sum += moves_.weight(r) * p.weight * component_tail(p, side, edge);
      }
    }
    return sum;
  }

  [[nodiscard]] double component_tail(const PriorComponent& p, double side, double edge) const {
    if (p.kind == PriorKind::kNormal) {
      const double sd = std::hypot(p.b, moves_.bias_sd);
      return 0.5 * std::erfc(side * (edge - p.a) / (sd * 1.41421356237309504880));
    }
    const auto beyond = [&](double x) {
      return side < 0.0 ? boost::math::ibeta(p.a, p.b, logistic(x))
                        : boost::math::ibeta(p.b, p.a, logistic(-x));
    };
    return spread(beyond, edge);
  }

  [[nodiscard]] std::vector<double> start_edges() const {
    std::vector<double> edges;
    for (const PriorComponent& p : prior_.components()) {
      const double sd = std::hypot(detail::log_odds_sd(p), moves_.bias_sd);
      for (Index r = 0; r < moves_.shift.size(); ++r) {
        const double centre = detail::log_odds_centre(p) + moves_.shift(r) + moves_.bias_mean;
        if (moves_.shift.size() > 4 && r % 8 != 0) continue;
        const std::vector<double> own = outward_edges(centre, sd, -detail::kPriorRange, detail::kPriorRange);
        edges.insert(edges.end(), own.begin() + 1, own.end() - 1);
      }
    }
    std::sort(edges.begin(), edges.end());
    std::vector<double> apart{-detail::kPriorRange};
    for (const double edge : edges) {
      if (edge > apart.back() + 0.5 * narrowest_ && edge < detail::kPriorRange) apart.push_back(edge);
    }
    apart.push_back(detail::kPriorRange);
    return logistic_edges(apart);
  }

  Prior prior_;
  LogOddsMoves moves_;
  Route route_;
  double narrowest_ = 1e300;
};

}  // namespace cordgain
