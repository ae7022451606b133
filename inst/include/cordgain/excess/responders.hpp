// How many of these patients nature alone would have improved.
#pragma once

#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/poisson_binomial.hpp>
#include <cordgain/natural/patient_rates.hpp>

namespace cordgain {

constexpr Index kMostPatients = 1000;  // of one arm: beyond, (1 - p)^n of the recurrence could vanish

/// Distribution of the number of natural responders, the uncertainty of the rates shared by all patients:
///   P(sum Y0 = k) = integral of PoissonBinomial(k | rates at u) p(u) du.
/// @param rates  natural log odds of n patients
/// @return       probabilities of 0..n
/// @throws       InvalidInput for more than kMostPatients
inline Vector natural_responders(const PatientRates& rates) {
  require_rates(rates);
  const Index n = rates.patients();
  require(n >= 1 && n <= kMostPatients, "an arm has 1 to 1000 patients");
  const Vector mass = rates.mass();
  Vector pmf = Vector::Zero(n + 1);
  for (Index i = 0; i < rates.nodes(); ++i) {
    pmf += mass(i) * poisson_binomial_pmf(rates.logit.row(i).transpose(), rates.size);
  }
  pmf(0) += rates.grid.mass_below;
  pmf(n) += rates.grid.mass_above;
  return pmf;
}

/// Numerators of the one-sided Bayes factor: for each count k the probability of k when the treated rate is
/// uniform between the patients' mean natural rate p0 and 1,
///   integral over (p0, 1) of C(n, k) p^k (1 - p)^(n - k) dp / (1 - p0) = P(Beta(k + 1, n - k + 1) > p0) /
///   ((n + 1)(1 - p0)).
inline Vector one_sided_uniform(const PatientRates& rates) {
  const Index n = rates.patients();
  const Vector mass = rates.mass();
  Vector probability = Vector::Zero(n + 1);
  for (Index i = 0; i < rates.nodes(); ++i) {
    // In q = 1 - p0, which keeps its digits where p0 is near 1.
    const double failing = mean_failing(rates, i);
    if (failing == 0.0) {  // the limit: nothing lies between p0 and 1, and everyone responds
      probability(n) += mass(i);
      continue;
    }
    // P(Beta(k + 1, n - k + 1) > p0) = P(Bin(n + 1, p0) <= k), a sum of positive terms.
    const Vector pmf = binomial_pmf(n + 1, std::log(mean_rate(rates, i)) - std::log(failing));
    double beyond = 0.0;
    for (Index k = 0; k <= n; ++k) {
      beyond += pmf(k);
      probability(k) += mass(i) * beyond / (static_cast<double>(n + 1) * failing);
    }
  }
  for (Index k = 0; k <= n; ++k) probability(k) += rates.grid.mass_below / static_cast<double>(n + 1);
  probability(n) += rates.grid.mass_above;
  return probability;
}

}  // namespace cordgain
