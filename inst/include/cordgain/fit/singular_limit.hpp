// Where a search for a covariance over visits led to a singular matrix: whether the
// likelihood rises all the way there, so far as numbers reach.
#pragma once

#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/fit/criterion.hpp>
#include <vector>

namespace cordgain {

/// The likelihood on the way to a singular covariance over visits.
struct SingularLimit {
  double nearest = 1.0;  ///< least ratio of an eigenvalue to the largest up to which it rose
  double rise = 0.0;     ///< least rise of the log likelihood for each tenfold fall of the eigenvalue
};

namespace detail {

/// Eigenvalues below this part of the largest tend to zero together.
constexpr double kTendsToZero = 1e-6;
/// The way is followed from the first of these parts of the largest eigenvalue, tenfold by tenfold, to the
/// second. What is taken for the vanishing direction is wrong by about the root of the rounding of the
/// scores, which shows in the quadratic form below the second.
constexpr double kWayFrom = 1e-3, kWayTo = 1e-8;

/// The same matrix with its smallest eigenvalues at `part` of the largest.
inline Matrix with_smallest(const Eigen::SelfAdjointEigenSolver<Matrix>& eigen, double largest, double part) {
  Vector value = eigen.eigenvalues();
  value[0] = part * largest;
  for (Index i = 1; i < value.size(); ++i) {
    if (value[i] < kTendsToZero * largest) value[i] = part * largest;
  }
  return eigen.eigenvectors() * value.asDiagonal() * eigen.eigenvectors().transpose();
}

/// The way of one term, the others where they are.
/// @param largest  eigenvalue over all terms: one group's variance can vanish beside another's
inline SingularLimit term_limit(const Criterion& criterion, const Vector& gamma, Index at, Index q,
                                double largest) {
  SingularLimit out;
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(unpacked(gamma.segment(at, packed_size(q)), q));
  Vector moved = gamma;
  const auto value = [&](double part) {
    moved.segment(at, packed_size(q)) = packed(with_smallest(eigen, largest, part));
    return criterion.in_gamma(moved, {}).value;
  };
  double before = value(kWayFrom);
  out.rise = std::numeric_limits<double>::infinity();
  for (double part = 0.1 * kWayFrom; part > 0.5 * kWayTo; part *= 0.1) {
    const double here = value(part), rise = 0.5 * (before - here);
    if (!(std::isfinite(here) && rise > 0.0)) break;
    out.rise = std::min(out.rise, rise);
    out.nearest = part;
    before = here;
  }
  if (!(out.nearest < 1.0)) out.rise = 0.0;
  return out;
}

inline Index packed_side(Index size) {
  Index q = 1;
  while (packed_size(q) < size) ++q;
  return q;
}

/// The largest eigenvalue over all covariances over visits.
inline double largest_eigenvalue(const Covariance& terms, const Vector& gamma) {
  double out = 0.0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (!terms.term(i).over_visits()) continue;
    const Index size = terms.term(i).n_gamma();
    const Matrix d = unpacked(gamma.segment(terms.gamma_at(i), size), packed_side(size));
    out = std::max(out,
                   Eigen::SelfAdjointEigenSolver<Matrix>(d, Eigen::EigenvaluesOnly).eigenvalues().tail(1)[0]);
  }
  return out;
}

}  // namespace detail

/// Follows the likelihood from where a search ended towards singular covariances over visits, each term's
/// smallest eigenvalues tending to zero; the way that leads furthest.
///
/// Along it minus twice the log likelihood is k log(part) + constant + what the vanishing direction leaves of
/// the scores over part, k the rows less the fixed effects that the vanishing directions take (by maximum
/// likelihood: the rows). It rises without end where k > 0 and nothing is left, and then by
/// k log(10) / 2 for each tenfold fall.
/// @param terms  the covariance that the search ended with
/// @param gamma  its parameters
[[nodiscard]] inline SingularLimit singular_limit(const Criterion& criterion, const Covariance& terms,
                                                  const Vector& gamma) {
  SingularLimit out;
  if (!gamma.allFinite()) return out;
  const double largest = detail::largest_eigenvalue(terms, gamma);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const CovarianceTerm& term = terms.term(i);
    if (!term.over_visits()) continue;
    const SingularLimit way =
        detail::term_limit(criterion, gamma, terms.gamma_at(i), detail::packed_side(term.n_gamma()), largest);
    if (way.nearest < out.nearest) out = way;
  }
  return out;
}

/// Whether that way was followed to its end, rising at every step as an unbounded likelihood must.
[[nodiscard]] inline bool rises_to_the_end(const SingularLimit& limit) {
  constexpr double kLeastRise = 0.5 * 2.302585092994046 * 0.9;  // k = 1, and a tenth for what is left
  return limit.nearest < 2.0 * detail::kWayTo && limit.rise > kLeastRise;
}

}  // namespace cordgain
