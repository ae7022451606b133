// How often a design claims success: tables that count as a claim, and their probability under any truth.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/excess/critical_region.hpp>
#include <cordgain/excess/nuisance_supremum.hpp>
#include <cordgain/math/logistic.hpp>
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

/// What is true: natural log odds on nodes with masses, moved by a bias; the treated differ by the excess.
struct Truths {
  Vector theta;   // log odds of natural recovery
  Vector mass;    // probabilities, adding up to 1
  Vector excess;  // rate points, or log odds
  Vector bias;    // log odds
  bool on_log_odds = false;
};

/// Probability of a claim for every excess (rows) and bias (columns), averaged over the natural rate. On the
/// scale of rates the treated rate is natural + excess, kept inside [0, 1].
/// @throws InvalidInput unless sizes agree and numbers are finite
inline Matrix operating_surface(const CriticalRegion& region, const Truths& truth) {
  require(truth.theta.size() == truth.mass.size() && truth.theta.size() >= 1, "one mass for each node");
  require(
      truth.theta.allFinite() && truth.mass.allFinite() && truth.excess.allFinite() && truth.bias.allFinite(),
      "nodes, masses, excess and bias must be finite");
  Matrix surface = Matrix::Zero(truth.excess.size(), truth.bias.size());
  for (Index b = 0; b < truth.bias.size(); ++b) {
    for (Index i = 0; i < truth.theta.size(); ++i) {
      const double natural = truth.theta(i) + truth.bias(b);
      const detail::Rate p0{logistic(natural), logistic(-natural)};
      const Vector controls = detail::cumulated(detail::masses_at(region.n0, p0));
      Vector claim(region.n1 + 1);
      for (Index k = 0; k <= region.n1; ++k) {
        claim(k) = detail::row_probability(region.rows[static_cast<std::size_t>(k)], controls);
      }
      for (Index e = 0; e < truth.excess.size(); ++e) {
        const double by = truth.excess(e);
        const detail::Rate p1 =
            truth.on_log_odds
                ? detail::Rate{logistic(natural + by), logistic(-natural - by)}
                : detail::Rate{std::clamp(p0.p + by, 0.0, 1.0), std::clamp(p0.q - by, 0.0, 1.0)};
        surface(e, b) += truth.mass(i) * detail::masses_at(region.n1, p1).dot(claim);
      }
    }
  }
  return surface;
}

}  // namespace cordgain
