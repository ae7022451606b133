// The excess in the population: treated rate minus natural rate, p1 - p0, with p1 ~ Beta from the treated
// alone.
#pragma once

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/double_policy.hpp>
#include <cordgain/base/error.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/limits.hpp>
#include <cordgain/natural/patient_rates.hpp>
#include <cstdint>

namespace cordgain {

/// Distribution of p1 - p0, p1 ~ Beta(a, b) independent of the patients' mean natural rate p0.
class RateDifference {
 public:
  /// @throws InvalidInput unless a, b > 0 and there are patients
  RateDifference(const PatientRates& rates, double a, double b)
      : rates_(rates), a_(a), b_(b), mass_(rates.mass()) {
    require_rates(rates);
    require(rates.patients() >= 1, "a mean natural rate needs patients");
    require_positive(a, "a");
    require_positive(b, "b");
    rate_.resize(rates.nodes());
    for (Index i = 0; i < rates.nodes(); ++i) rate_(i) = mean_rate(rates, i);
  }

  [[nodiscard]] double mean() const { return a_ / (a_ + b_) - natural_moment(1); }
  [[nodiscard]] double sd() const {
    const double treated = treated_variance();
    const double first = natural_moment(1);
    return std::sqrt(treated + std::max(0.0, natural_moment(2) - first * first));
  }

  /// P(p1 - p0 <= d) = integral of P(p1 <= p0 + d) p(p0). The integrand has corners where p0 + d leaves [0,
  /// 1]; the panel that holds one is cut there. A panel over which p0 + d moves by much of the spread of p1
  /// is cut finer.
  [[nodiscard]] double cdf(double d) const {
    if (rates_.known()) return treated_cdf(rate_(0) + d);
    double sum = rates_.grid.mass_below * treated_cdf(d) + rates_.grid.mass_above * treated_cdf(1.0 + d);
    const Index order = rates_.grid.order;
    for (Index p = 0; p < rates_.grid.panels(); ++p) {
      const double inside = mass_.segment(p * order, order).sum();
      const double low = rate_(p * order) + d;
      const double high = rate_((p + 1) * order - 1) + d;
      if (std::fabs(inside) < kEmpty) {
        sum += inside * treated_cdf(0.5 * (low + high));
      } else if (d != 0.0 && corner_between(p, d < 0.0 ? -d : 1.0 - d)) {
        sum += cut_panel(p, d, d < 0.0 ? -d : 1.0 - d);
      } else {
        sum += whole_panel(p, d, std::fabs(high - low));
      }
    }
    return sum;
  }

  /// Quantile by bracketing (TOMS 748) to the last bits.
  [[nodiscard]] double quantile(double probability) const {
    require_probability(probability, "probability");
    const auto f = [&](double d) { return cdf(d) - probability; };
    // The mass may miss 1 by the error of its panels: what lies above it is answered by the end of the range.
    const double below = f(-1.0);
    if (below >= 0.0) return -1.0;
    const double above = f(1.0);
    if (above <= 0.0) return 1.0;
    std::uintmax_t most = 200;
    const auto bracket = boost::math::tools::toms748_solve(
        f, -1.0, 1.0, below, above, boost::math::tools::eps_tolerance<double>(48), most);
    return 0.5 * (bracket.first + bracket.second);
  }

 private:
  [[nodiscard]] double natural_moment(int power) const {
    double sum = rates_.grid.mass_above;
    for (Index i = 0; i < rate_.size(); ++i) sum += mass_(i) * std::pow(rate_(i), power);
    return sum;
  }

  [[nodiscard]] double treated_cdf(double x) const {
    if (x <= 0.0 || x >= 1.0) return x <= 0.0 ? 0.0 : 1.0;
    const double below = detail::numerically([&] { return boost::math::ibeta(a_, b_, x, DoublePolicy()); });
    if (std::isnan(below)) throw NumericalError("shapes of a beta distribution beyond the gamma function");
    return below;
  }

  /// Mean natural rate at a coordinate inside a panel, log odds interpolated through the panel's nodes.
  [[nodiscard]] double rate_at(Index panel, double x) const {
    double sum = 0.0;
    for (Index j = 0; j < rates_.size.size(); ++j) {
      sum += rates_.size(j) * logistic(interpolate_panel(rates_.grid, rates_.logit.col(j), panel, x));
    }
    return sum / rates_.size.sum();
  }

  /// Of p1; in factors that stay below 1, where a b alone could overflow.
  [[nodiscard]] double treated_variance() const {
    const double sum = a_ + b_;
    return (a_ / sum) * (b_ / sum) / (sum + 1.0);
  }

  /// Pieces over each of which p0 moves by at most one and a half standard deviations of p1.
  [[nodiscard]] int pieces_for(double move) const {
    const double treated_sd = std::sqrt(treated_variance());
    if (!(move < 1.5 * kMostPieces * treated_sd)) return kMostPieces;
    return std::clamp(static_cast<int>(std::ceil(move / (1.5 * treated_sd))), 1, kMostPieces);
  }

  [[nodiscard]] double whole_panel(Index p, double d, double move) const {
    const Index order = rates_.grid.order;
    const int pieces = pieces_for(move);
    double sum = 0.0;
    if (pieces == 1) {
      for (Index i = p * order; i < (p + 1) * order; ++i) sum += mass_(i) * treated_cdf(rate_(i) + d);
      return sum;
    }
    const PanelRule& rule = panel_rule(order);
    const double half = rates_.grid.half_width(p) / pieces;
    for (int piece = 0; piece < pieces; ++piece) {
      for (Index i = 0; i < order; ++i) {
        const double x = rates_.grid.edges(p) + half * (2.0 * piece + 1.0 + rule.node(i));
        sum += half * rule.weight(i) * interpolate_panel(rates_.grid, p, x) * treated_cdf(rate_at(p, x) + d);
      }
    }
    return sum;
  }

  [[nodiscard]] bool corner_between(Index p, double corner) const {
    const double low = rate_at(p, rates_.grid.edges(p));
    const double high = rate_at(p, rates_.grid.edges(p + 1));
    return corner > std::min(low, high) && corner < std::max(low, high);
  }

  /// Both sides of the corner with the substitution x = corner +- w t^2, which makes (p0 - corner)^(k + 1/2)
  /// smooth.
  [[nodiscard]] double cut_panel(Index p, double d, double corner) const {
    double low = rates_.grid.edges(p);
    double high = rates_.grid.edges(p + 1);
    const bool rising = rate_at(p, low) < rate_at(p, high);
    for (int step = 0; step < 60; ++step) {
      const double middle = 0.5 * (low + high);
      ((rate_at(p, middle) < corner) == rising ? low : high) = middle;
    }
    const double cut = 0.5 * (low + high);
    return one_side(p, d, cut, rates_.grid.edges(p)) + one_side(p, d, cut, rates_.grid.edges(p + 1));
  }

  [[nodiscard]] double one_side(Index p, double d, double cut, double end) const {
    const PanelRule& rule = panel_rule(rates_.grid.order);
    const int pieces = pieces_for(std::fabs(rate_at(p, end) - rate_at(p, cut)));
    double sum = 0.0;
    for (int piece = 0; piece < pieces; ++piece) {
      for (Index i = 0; i < rule.node.size(); ++i) {
        const double t = (piece + 0.5 * (1.0 + rule.node(i))) / pieces;
        const double x = cut + (end - cut) * t * t;
        sum += rule.weight(i) / pieces * t * interpolate_panel(rates_.grid, p, x) *
               treated_cdf(rate_at(p, x) + d);
      }
    }
    return sum * std::fabs(end - cut);
  }

  static constexpr double kEmpty = 1e-15;
  static constexpr int kMostPieces = 400;

  PatientRates rates_;
  double a_;
  double b_;
  Vector mass_;
  Vector rate_;
};

}  // namespace cordgain
