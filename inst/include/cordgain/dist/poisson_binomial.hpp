// Number of responders among independent patients with given log odds: finite sums, no approximation.
#pragma once

#include <cmath>
#include <cordgain/base/types.hpp>
#include <cordgain/math/logistic.hpp>

namespace cordgain {

/// Binomial(n, logistic(logit)) probabilities of 0..n by recurrence from the end where the mass is.
inline Vector binomial_pmf(Index n, double logit) {
  const bool flip = logit > 0.0;
  const double low = flip ? -logit : logit;  // log odds <= 0, so (1 - p)^n does not vanish first
  const double odds = std::exp(low);
  Vector pmf(n + 1);
  double term = std::exp(-static_cast<double>(n) * softplus(low));
  for (Index k = 0; k <= n; ++k) {
    pmf(flip ? n - k : k) = term;
    term *= odds * static_cast<double>(n - k) / static_cast<double>(k + 1);
  }
  return pmf;
}

/// Distribution of the sum of two independent counts.
inline Vector convolve(const VectorIn& a, const VectorIn& b) {
  Vector sum = Vector::Zero(a.size() + b.size() - 1);
  for (Index i = 0; i < a.size(); ++i) sum.segment(i, b.size()) += a(i) * b;
  return sum;
}

/// Responders among groups of patients: group j has size(j) patients at log odds logit(j) + shift.
/// @return probabilities of 0..sum(size)
inline Vector poisson_binomial_pmf(const VectorIn& logit, const VectorIn& size, double shift = 0.0) {
  Vector pmf = binomial_pmf(static_cast<Index>(size(0)), logit(0) + shift);
  for (Index j = 1; j < size.size(); ++j) {
    pmf = convolve(pmf, binomial_pmf(static_cast<Index>(size(j)), logit(j) + shift));
  }
  return pmf;
}

}  // namespace cordgain
