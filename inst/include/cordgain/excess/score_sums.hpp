// Sums over patients that are independent given the population mean: the sum of their natural changes, and
// statistics that add up over patients, both averaged over the shared shift of that mean.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <numeric>
#include <vector>

namespace cordgain {

/// Masses of one patient's whole-number change: rows are the values low, low + 1, ...; columns the shifts.
using PatientMasses = std::vector<Matrix>;

namespace detail {

inline void require_masses(const PatientMasses& masses, const VectorIn& weight) {
  require(!masses.empty(), "a sum needs at least one patient");
  for (const Matrix& m : masses) {
    require(m.rows() > 0 && m.cols() == weight.size() && m.allFinite(),
            "masses and weights must belong together");
  }
}

inline Vector convolve(const Vector& a, const VectorIn& b) {
  Vector sum = Vector::Zero(a.size() + b.size() - 1);
  for (Index i = 0; i < b.size(); ++i) {
    if (b(i) != 0.0) sum.segment(i, a.size()) += b(i) * a;
  }
  return sum;
}

}  // namespace detail

/// Mass function of the sum over patients, starting at the sum of their lowest values.
inline Vector shared_sum(const PatientMasses& masses, const VectorIn& weight) {
  detail::require_masses(masses, weight);
  Vector total;
  for (Index j = 0; j < weight.size(); ++j) {
    Vector sum = Vector::Ones(1);
    for (const Matrix& m : masses) sum = detail::convolve(sum, m.col(j));
    if (j == 0) total = Vector::Zero(sum.size());
    total += weight(j) * sum;
  }
  return total;
}

namespace detail {

/// Every combination of the values of some patients: their sums, ascending, with the place of each value.
struct HalfSums {
  Vector sum;
  Eigen::MatrixXi place;  // patients x combinations
};

inline HalfSums half_sums(const std::vector<Vector>& values, std::size_t from, std::size_t to) {
  Index size = 1;
  for (std::size_t p = from; p < to; ++p) size *= values[p].size();
  const auto patients = static_cast<Index>(to - from);
  Vector sum = Vector::Zero(size);
  Eigen::MatrixXi place(patients, size);
  for (Index c = 0; c < size; ++c) {
    Index rest = c;
    for (Index p = 0; p < patients; ++p) {
      const Vector& v = values[from + static_cast<std::size_t>(p)];
      place(p, c) = static_cast<int>(rest % v.size());
      sum(c) += v(place(p, c));
      rest /= v.size();
    }
  }
  std::vector<Index> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return sum(a) < sum(b); });
  HalfSums half{Vector(size), Eigen::MatrixXi(patients, size)};
  for (Index c = 0; c < size; ++c) {
    half.sum(c) = sum(order[static_cast<std::size_t>(c)]);
    half.place.col(c) = place.col(order[static_cast<std::size_t>(c)]);
  }
  return half;
}

inline Vector half_masses(const HalfSums& half, const PatientMasses& masses, std::size_t from, Index shift) {
  Vector mass = Vector::Ones(half.sum.size());
  for (Index c = 0; c < mass.size(); ++c) {
    for (Index p = 0; p < half.place.rows(); ++p) {
      mass(c) *= masses[from + static_cast<std::size_t>(p)](half.place(p, c), shift);
    }
  }
  return mass;
}

/// Sum over pairs of a.mass * b.mass with a.sum + b.sum >= threshold; both sums ascend.
inline double pairs_above(const HalfSums& a, const Vector& a_mass, const HalfSums& b, const Vector& b_mass,
                          double threshold) {
  double total = 0.0;
  double above = 0.0;
  Index next = b.sum.size();
  for (Index i = 0; i < a.sum.size(); ++i) {
    while (next > 0 && a.sum(i) + b.sum(next - 1) >= threshold) above += b_mass(--next);
    total += a_mass(i) * above;
  }
  return total;
}

}  // namespace detail

/// Combinations of values that one half of the patients may have.
constexpr double kMostCombinations = 1e6;

/// May the statistic be summed exactly?
inline bool can_combine(const std::vector<Vector>& values) {
  const std::size_t middle = values.size() / 2;
  double first = 1.0;
  double second = 1.0;
  for (std::size_t p = 0; p < values.size(); ++p) {
    (p < middle ? first : second) *= static_cast<double>(values[p].size());
  }
  return first <= kMostCombinations && second <= kMostCombinations;
}

/// P(sum of values >= threshold): every combination of two halves of the patients, joined in order. Sums
/// within 1e-9 of the threshold count as ties, so that rounding does not decide.
/// @throws InvalidInput where there are too many combinations (see can_combine)
inline double combination_tail(const std::vector<Vector>& values, const PatientMasses& masses,
                               const VectorIn& weight, double threshold) {
  detail::require_masses(masses, weight);
  require(values.size() == masses.size(), "each patient needs values and masses");
  require(can_combine(values), "there are too many combinations of values to add up");
  for (std::size_t p = 0; p < values.size(); ++p) {
    require(values[p].size() == masses[p].rows() && values[p].allFinite(), "each value needs a mass");
  }
  const std::size_t middle = values.size() / 2;
  const detail::HalfSums first = detail::half_sums(values, 0, middle);
  const detail::HalfSums second = detail::half_sums(values, middle, values.size());
  const double at = threshold - 1e-9 * std::max(1.0, std::fabs(threshold));
  double tail = 0.0;
  for (Index j = 0; j < weight.size(); ++j) {
    tail += weight(j) * detail::pairs_above(first, detail::half_masses(first, masses, 0, j), second,
                                            detail::half_masses(second, masses, middle, j), at);
  }
  return tail;
}

}  // namespace cordgain
