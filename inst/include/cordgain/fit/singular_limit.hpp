// Where a search for a covariance over visits led to a singular matrix: whether the
// likelihood rises all the way there, so far as numbers reach.
#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cordgain/fit/criterion.hpp>
#include <cordgain/fit/visit_scales.hpp>
#include <limits>
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

using VisitEigen = Eigen::SelfAdjointEigenSolver<Matrix>;

/// One covariance over visits in the units of its visits.
inline VisitEigen eigen_in_units(const VectorIn& elements, const Vector& scale) {
  const auto per_unit = scale.cwiseInverse().asDiagonal();
  return VisitEigen(Matrix(per_unit * unpacked(elements, scale.size()) * per_unit));
}

/// Eigenvalues of the covariances over visits, each in its units.
struct VisitSpectrum {
  double largest = 0.0;  ///< over all terms: one group's variance can vanish beside another's
  double least = std::numeric_limits<double>::infinity();
};

inline VisitSpectrum visit_spectrum(const Covariance& terms, const Vector& gamma, const VisitScales& scale) {
  VisitSpectrum out;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (scale[i].size() == 0) continue;
    const Vector value =
        eigen_in_units(gamma.segment(terms.gamma_at(i), terms.term(i).n_gamma()), scale[i]).eigenvalues();
    out.largest = std::max(out.largest, value.tail(1)[0]);
    out.least = std::min(out.least, value[0]);
  }
  return out;
}

/// Follows minus twice a log likelihood as a function of the part that the smallest eigenvalues have of the
/// largest.
template <class Value>
SingularLimit follow(Value&& value) {
  SingularLimit out;
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

/// The same matrix with its smallest eigenvalues at `part` of the largest.
inline Matrix with_smallest(const VisitEigen& eigen, double largest, double part) {
  Vector value = eigen.eigenvalues();
  value[0] = part * largest;
  for (Index i = 1; i < value.size(); ++i) {
    if (value[i] < kTendsToZero * largest) value[i] = part * largest;
  }
  return eigen.eigenvectors() * value.asDiagonal() * eigen.eigenvectors().transpose();
}

/// The way of an unstructured term, whose elements are free.
inline SingularLimit free_way(const Criterion& criterion, const Vector& gamma, Index at, const Vector& scale,
                              double largest) {
  const VisitEigen eigen = eigen_in_units(gamma.segment(at, packed_size(scale.size())), scale);
  Vector moved = gamma;
  return follow([&](double part) {
    const Matrix there = scale.asDiagonal() * with_smallest(eigen, largest, part) * scale.asDiagonal();
    moved.segment(at, packed_size(scale.size())) = packed(there);
    return criterion.in_gamma(moved, {}).value;
  });
}

/// A line of parameters of a patterned term.
struct PatternLine {
  Vector from, along;
};

/// The parameters that have gone far from where they began go on together, each with its sign: on this line
/// correlations near one and variances near zero tend there inside the pattern. It leads through a point at
/// which they differ from one and zero by more than rounding.
inline PatternLine outward(const CovarianceTerm& term, const VectorIn& theta, const Vector& scale) {
  constexpr double kFar = 0.5;    // of the furthest
  constexpr double kSeen = 12.0;  // e^-24 is seen beside 1
  const Vector gone = theta - term.rescaled(term.start(), scale);
  const double furthest = gone.cwiseAbs().maxCoeff();
  const Vector along = gone.unaryExpr(
      [furthest](double v) { return std::abs(v) < kFar * furthest ? 0.0 : (v > 0.0 ? 1.0 : -1.0); });
  return {theta - std::max(0.0, furthest - kSeen) * along, along};
}

/// How far along that line the smallest eigenvalue is `part` of `largest`; NaN if it does not come there.
inline double distance_to(double part, const CovarianceTerm& term, const PatternLine& line,
                          const Vector& scale, double largest) {
  const auto above = [&](double t) {
    const Vector value = eigen_in_units(term.gamma(line.from + t * line.along), scale).eigenvalues();
    return value[0] > part * largest;
  };
  double near = -40.0, far = 40.0;
  while (near < 0.0 && !above(near)) near += 0.25;  // before the pattern leaves its cone on the other side
  if (!above(near) || above(far)) return std::numeric_limits<double>::quiet_NaN();
  for (int i = 0; i < 100; ++i) {
    const double middle = 0.5 * (near + far);
    (above(middle) ? near : far) = middle;
  }
  return near;
}

/// The way of a term that is a pattern of few parameters.
inline SingularLimit pattern_way(const Criterion& criterion, const Covariance& terms, const Vector& theta,
                                 std::size_t i, const Vector& scale, double largest) {
  const CovarianceTerm& term = terms.term(i);
  const PatternLine line = outward(term, theta.segment(terms.theta_at(i), term.n_theta()), scale);
  Vector moved = theta;
  return follow([&](double part) {
    const double t = distance_to(part, term, line, scale, largest);
    moved.segment(terms.theta_at(i), term.n_theta()) = line.from + t * line.along;
    return std::isfinite(t) ? criterion.in_theta(terms, moved).value : t;
  });
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
/// @param theta  its parameters
/// @param scale  units of the visits
[[nodiscard]] inline SingularLimit singular_limit(const Criterion& criterion, const Covariance& terms,
                                                  const Vector& theta, const VisitScales& scale) {
  SingularLimit out;
  if (!theta.allFinite()) return out;
  const Vector gamma = terms.gamma(theta);
  if (!gamma.allFinite()) return out;
  const double largest = detail::visit_spectrum(terms, gamma, scale).largest;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (scale[i].size() == 0) continue;
    const SingularLimit way = terms.term(i).moves_by_elements()
                                  ? detail::free_way(criterion, gamma, terms.gamma_at(i), scale[i], largest)
                                  : detail::pattern_way(criterion, terms, theta, i, scale[i], largest);
    if (way.nearest < out.nearest) out = way;
  }
  return out;
}

/// Whether a covariance over visits is singular to rounding: where all derivatives are rounding, a search
/// ends for want of a way.
[[nodiscard]] inline bool near_singular(const Covariance& terms, const Vector& gamma,
                                        const VisitScales& scale) {
  const detail::VisitSpectrum spectrum = detail::visit_spectrum(terms, gamma, scale);
  return spectrum.least < detail::kWayTo * spectrum.largest;
}

/// Whether that way was followed to its end, rising at every step as an unbounded likelihood must.
[[nodiscard]] inline bool rises_to_the_end(const SingularLimit& limit) {
  constexpr double kLeastRise = 0.5 * 2.302585092994046 * 0.9;  // k = 1, and a tenth for what is left
  return limit.nearest < 2.0 * detail::kWayTo && limit.rise > kLeastRise;
}

}  // namespace cordgain
