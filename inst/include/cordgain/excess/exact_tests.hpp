// Exact tests of two proportions. All take the two groups as drawn from one
// population apart from the treatment: with an external control group that is
// an assumption, and the callers print it.
#pragma once

#include <cordgain/base/error.hpp>
#include <cordgain/excess/critical_region.hpp>
#include <cordgain/excess/nuisance_supremum.hpp>

namespace cordgain {

/// A p-value with its statistic, the common rate where it is largest and its error.
struct ExactTest {
  double p_value = 1.0;
  double statistic = 0.0;
  double nuisance = 0.0;
  double error = 0.0;
};

namespace detail {

/// The largest error a p-value may carry; beyond it the call is an error.
constexpr double kLargestError = 1e-6;

inline ExactTest unconditional_test(const CriticalRegion& region, double statistic) {
  const Supremum top = nuisance_supremum(region);
  if (top.bound > kLargestError) {
    throw NumericalError("the p-value could not be bounded to 1e-6: the groups are too large for this test");
  }
  return {top.value, statistic, top.at, top.bound};
}

}  // namespace detail

/// Barnard's unconditional test with the pooled z statistic.
///   p = sup over the common rate of P(Z >= z observed);  two-sided |Z|
/// @param table        counts
/// @param alternative  direction
/// @return             p-value, z, the rate at the supremum, proved bound on the error
/// @throws             InvalidInput if the counts are no table or too large; NumericalError if not bounded to
/// 1e-6 Source: Barnard (1947), doi:10.1093/biomet/34.1-2.123; Suissa & Shuster (1985), doi:10.2307/2981892.
inline ExactTest barnard_test(const TwoByTwo& table, Alternative alternative) {
  return detail::unconditional_test(barnard_region(table, alternative), pooled_z_statistic(table));
}

/// Boschloo's test: Fisher's p-value as the statistic of an unconditional test, never above Fisher's.
/// @param table        counts
/// @param alternative  direction; two-sided takes Fisher's two-sided p-value as the statistic
/// @return             p-value, Fisher's p-value, the rate at the supremum, proved bound on the error
/// @throws             InvalidInput if the counts are no table or too large; NumericalError if not bounded to
/// 1e-6 Source: Boschloo (1970), doi:10.1111/j.1467-9574.1970.tb00104.x.
inline ExactTest boschloo_test(const TwoByTwo& table, Alternative alternative) {
  return detail::unconditional_test(boschloo_region(table, alternative), fisher_p_value(table, alternative));
}

}  // namespace cordgain
