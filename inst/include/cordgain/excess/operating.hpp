// How often a design claims success: tables that count as a claim, and their probability under any truth.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/excess/critical_region.hpp>
#include <cordgain/excess/nuisance_supremum.hpp>
#include <cordgain/math/logistic.hpp>
#include <cordgain/math/panels.hpp>
#include <cordgain/natural/patient_rates.hpp>
#include <vector>

namespace cordgain {

/// A rule of decision as the tables that claim success, with its exact size and the Fisher p-value it cuts
/// at.
struct Rejection {
  CriticalRegion region;
  double cut = 0.0;  // largest Fisher p-value inside; 0 where no table is inside
  Supremum size;     // largest probability of the region over the common rate
};

namespace detail {

/// Fisher's one-sided p-value (greater) of every table, (n1 + 1) x (n0 + 1).
inline Matrix fisher_table(Index n1, Index n0) {
  Matrix p(n1 + 1, n0 + 1);
  for (Index s = 0; s <= n1 + n0; ++s) {
    const FisherMargin margin(n1, n0, s);
    const Vector tail = margin.p_values(Alternative::kGreater);
    for (Index i = 0; i < tail.size(); ++i) p(margin.first() + i, s - margin.first() - i) = tail(i);
  }
  return p;
}

inline CriticalRegion region_below(const Matrix& p, double cut) {
  return gather_region(p.rows() - 1, p.cols() - 1,
                       [&](Index i, Index j) { return p(i, j) <= cut * (1.0 + kTie); });
}

/// Probability of the runs of one row under cumulated masses of the controls.
inline double row_probability(const std::vector<Run>& runs, const Vector& cumulated) {
  double sum = 0.0;
  for (const Run& run : runs) sum += cumulated(run.to) - (run.from > 0 ? cumulated(run.from - 1) : 0.0);
  return sum;
}

inline Vector cumulated(Vector mass) {
  for (Index i = 1; i < mass.size(); ++i) mass(i) += mass(i - 1);
  return mass;
}

/// Binomial masses at any rate in [0, 1], its ends included.
inline Vector masses_at(Index n, const Rate& rate) {
  if (rate.p <= 0.0) return Vector::Unit(n + 1, 0);
  if (rate.q <= 0.0) return Vector::Unit(n + 1, n);
  return binomial_masses(n, rate);
}

}  // namespace detail

/// Boschloo's test at level alpha as a region: the largest set of tables with small Fisher p-values whose
/// probability is at most alpha at every common rate, its numerical bound included.
/// @throws InvalidInput for groups too large or alpha outside (0, 1)
/// Source: Boschloo (1970), doi:10.1111/j.1467-9574.1970.tb00104.x.
inline Rejection boschloo_rejection(Index n1, Index n0, double alpha) {
  require(alpha > 0.0 && alpha < 1.0, "alpha must lie between 0 and 1");
  require(n1 >= 1 && n0 >= 1 && n1 <= 1000 && n0 <= 1000,
          "exact designs are offered for 1 to 1000 patients per arm");
  const Matrix p = detail::fisher_table(n1, n0);
  std::vector<double> cuts(p.data(), p.data() + p.size());
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(
      std::unique(cuts.begin(), cuts.end(), [](double a, double b) { return b <= a * (1.0 + detail::kTie); }),
      cuts.end());
  // cuts[inside - 1] is allowed, cuts[outside] is not; the probability of the region grows with the cut.
  std::size_t inside = 0;
  std::size_t outside = cuts.size();
  Rejection best{detail::region_below(p, -1.0), 0.0, {}};
  while (inside < outside) {
    const std::size_t middle = inside + (outside - inside) / 2;
    CriticalRegion region = detail::region_below(p, cuts[middle]);
    const Supremum size = nuisance_supremum(region);
    if (size.value + size.bound <= alpha) {
      best = {std::move(region), cuts[middle], size};
      inside = middle + 1;
    } else {
      outside = middle;
    }
  }
  return best;
}

/// The largest probability of a region over the common rate of both arms.
inline Supremum region_size(const CriticalRegion& region) {
  return nuisance_supremum(region);
}

/// Probability of the region when the treated respond at rate p1 and the controls at rate p0.
inline double region_probability(const CriticalRegion& region, const detail::Rate& p1,
                                 const detail::Rate& p0) {
  const Vector treated = detail::masses_at(region.n1, p1);
  const Vector controls = detail::cumulated(detail::masses_at(region.n0, p0));
  double sum = 0.0;
  for (Index i = 0; i <= region.n1; ++i) {
    sum += treated(i) * detail::row_probability(region.rows[static_cast<std::size_t>(i)], controls);
  }
  return sum;
}

/// What is true: the natural log odds of one group of patients, moved by a bias; the treated differ by the
/// excess.
struct Truths {
  PatientRates natural;
  Vector excess;  // rate points, or log odds
  Vector bias;    // log odds
  bool on_log_odds = false;
};

namespace detail {

/// Averages claims over the natural rate. On the scale of rates the treated rate is natural + excess kept
/// inside [0, 1]: where it reaches an end the integrand has a corner, and the panel that holds it is cut
/// there.
class SurfaceIntegrator {
 public:
  SurfaceIntegrator(const CriticalRegion& region, const Truths& truth)
      : region_(region), truth_(truth), grid_(truth.natural.grid), mass_(truth.natural.mass()) {
    choose_.resize(region.n1 + 1);
    choose_(0) = 1.0;
    for (Index k = 0; k < region.n1; ++k) {
      choose_(k + 1) = choose_(k) * static_cast<double>(region.n1 - k) / static_cast<double>(k + 1);
    }
  }

  [[nodiscard]] Vector column(double bias) const {
    Vector sum = Vector::Zero(truth_.excess.size());
    if (truth_.natural.known()) {
      add(logistic_pair(truth_.natural.logit(0, 0) + bias), 1.0, sum);
      return sum;
    }
    add({0.0, 1.0}, grid_.mass_below, sum);
    add({1.0, 0.0}, grid_.mass_above, sum);
    for (Index p = 0; p < grid_.panels(); ++p) add_panel(p, bias, sum);
    return sum;
  }

 private:
  static Rate logistic_pair(double x) { return {logistic(x), logistic(-x)}; }

  [[nodiscard]] Rate treated(const Rate& natural, double by) const {
    if (truth_.on_log_odds) return logistic_pair(std::log(natural.p) - std::log(natural.q) + by);
    return {std::clamp(natural.p + by, 0.0, 1.0), std::clamp(natural.q - by, 0.0, 1.0)};
  }

  /// Sum over treated events of weight(k) p^k q^(n - k), by Horner's rule in the odds of the rarer outcome:
  /// all terms are positive, and for arms of up to 1000 patients nothing over- or underflows.
  [[nodiscard]] double average(const Vector& weight, const Rate& rate) const {
    const Index n = region_.n1;
    const bool rare = rate.p <= 0.5;
    const double odds = rare ? rate.p / rate.q : rate.q / rate.p;
    double sum = rare ? weight(n) : weight(0);
    for (Index k = 1; k <= n; ++k) sum = sum * odds + (rare ? weight(n - k) : weight(k));
    return sum * std::exp(static_cast<double>(n) * std::log(rare ? rate.q : rate.p));
  }

  /// P(claim | treated events) times C(n, k), for a rate of the controls.
  [[nodiscard]] Vector claim_by_treated(const Rate& natural) const {
    const Vector controls = cumulated(masses_at(region_.n0, natural));
    Vector claim(region_.n1 + 1);
    for (Index k = 0; k <= region_.n1; ++k) {
      claim(k) = row_probability(region_.rows[static_cast<std::size_t>(k)], controls);
    }
    return claim.cwiseProduct(choose_);
  }

  void add(const Rate& natural, double mass, Vector& sum) const {
    if (mass == 0.0) return;
    const Vector claim = claim_by_treated(natural);
    for (Index e = 0; e < sum.size(); ++e) {
      sum(e) += mass * average(claim, treated_or_end(natural, truth_.excess(e)));
    }
  }

  /// At rates of 0 and 1 log odds are infinite, and stay so whatever is added.
  [[nodiscard]] Rate treated_or_end(const Rate& natural, double by) const {
    const bool end = natural.p == 0.0 || natural.q == 0.0;
    return truth_.on_log_odds && end ? natural : treated(natural, by);
  }

  /// The coordinate of the corner of one excess; NaN where there is none.
  [[nodiscard]] double corner(double by, double shift) const {
    if (truth_.on_log_odds || by == 0.0 || std::fabs(by) >= 1.0) return std::nan("");
    return logit(by > 0.0 ? 1.0 - by : -by) - shift;
  }

  void add_panel(Index p, double bias, Vector& sum) const {
    const Index order = grid_.order;
    if (mass_.segment(p * order, order).cwiseAbs().sum() < kEmptyPanel) return;
    const double shift = truth_.natural.logit(p * order, 0) - grid_.node(p, 0) + bias;
    std::vector<Index> whole;
    for (Index e = 0; e < sum.size(); ++e) {
      const double at = corner(truth_.excess(e), shift);
      if (at > grid_.edges(p) && at < grid_.edges(p + 1)) {
        sum(e) += piece(p, grid_.edges(p), at, shift, truth_.excess(e)) +
                  piece(p, at, grid_.edges(p + 1), shift, truth_.excess(e));
      } else {
        whole.push_back(e);
      }
    }
    for (Index i = 0; i < order; ++i) {
      if (std::fabs(mass_(p * order + i)) < kEmptyNode) continue;
      const Rate natural = logistic_pair(grid_.node(p, i) + shift);
      const Vector claim = claim_by_treated(natural);
      for (const Index e : whole) {
        sum(e) += mass_(p * order + i) * average(claim, treated_or_end(natural, truth_.excess(e)));
      }
    }
  }

  [[nodiscard]] double piece(Index p, double low, double high, double shift, double by) const {
    const PanelRule& rule = panel_rule(grid_.order);
    const double half = 0.5 * (high - low);
    double sum = 0.0;
    for (Index i = 0; i < rule.node.size(); ++i) {
      const double x = low + half * (1.0 + rule.node(i));
      const Rate natural = logistic_pair(x + shift);
      sum += half * rule.weight(i) * interpolate_panel(grid_, p, x) *
             average(claim_by_treated(natural), treated(natural, by));
    }
    return sum;
  }

  static constexpr double kEmptyPanel =
      1e-13;  // of probability: together far below what the routes differ by
  static constexpr double kEmptyNode = 1e-14;

  const CriticalRegion& region_;
  const Truths& truth_;
  const PanelGrid& grid_;
  Vector mass_;
  Vector choose_;
};

}  // namespace detail

/// Probability of a claim for every excess (rows) and bias (columns), averaged over the natural rate.
/// @throws InvalidInput unless the natural rate is that of one group and numbers are finite
inline Matrix operating_surface(const CriticalRegion& region, const Truths& truth) {
  require_rates(truth.natural);
  require(truth.natural.logit.cols() == 1, "one natural rate for all patients");
  require(region.n1 <= 1000, "operating characteristics are offered for up to 1000 treated patients");
  require(truth.excess.allFinite() && truth.bias.allFinite(), "excess and bias must be finite");
  const detail::SurfaceIntegrator integrator(region, truth);
  Matrix surface(truth.excess.size(), truth.bias.size());
  for (Index b = 0; b < truth.bias.size(); ++b) surface.col(b) = integrator.column(truth.bias(b));
  return surface;
}

}  // namespace cordgain
