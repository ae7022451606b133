// Number of responders among independent patients with given log odds: finite sums, no approximation.
#pragma once

#include <algorithm>
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

/// P(k of n | log odds), as a function of the log odds.
class BinomialLikelihood {
 public:
  BinomialLikelihood(Index n, Index k)
      : events_(static_cast<double>(k)),
        others_(static_cast<double>(n - k)),
        log_choose_(std::lgamma(events_ + others_ + 1.0) - std::lgamma(events_ + 1.0) -
                    std::lgamma(others_ + 1.0)) {}

  double operator()(double logit) const { return at(logit, softplus(logit)); }

  /// The same where softplus(logit) = -log(1 - p) is known; log p = logit - softplus(logit). The exponent is
  /// right to an absolute 1e-13.
  [[nodiscard]] double at(double logit, double minus_log_q) const {
    return std::exp(log_choose_ + events_ * logit - (events_ + others_) * minus_log_q);
  }

 private:
  double events_;
  double others_;
  double log_choose_;
};

/// Few patients need no mode to start from: their first term is a number while its log is above this.
constexpr Index kFewPatients = 30;
constexpr double kNoUnderflow = -600.0;

/// Adds weight x Binomial(n, p) to sum(first), ..., sum(first + n): of many patients from the mode outwards
/// and only where it is above 1e-20 of its top.
/// @param log_p, log_q  logs of p and 1 - p, each with its own digits; -infinity is allowed
inline void add_binomial(Vector& sum, Index first, Index n, double log_p, double log_q, double weight) {
  const auto size = static_cast<double>(n);
  if (n <= kFewPatients && size * log_q > kNoUnderflow) {
    double term = weight * std::exp(size * log_q);
    const double odds = std::exp(log_p - log_q);
    sum(first) += term;
    for (Index i = 0; i < n; ++i) {
      term *= odds * static_cast<double>(n - i) / static_cast<double>(i + 1);
      sum(first + i + 1) += term;
    }
    return;
  }
  const Index mode = std::min(n, static_cast<Index>(std::floor((size + 1.0) * std::exp(log_p))));
  const auto k = static_cast<double>(mode);
  double log_top = std::lgamma(size + 1.0) - std::lgamma(k + 1.0) - std::lgamma(size - k + 1.0);
  if (mode > 0) log_top += k * log_p;
  if (mode < n) log_top += (size - k) * log_q;
  const double top = weight * std::exp(log_top);
  const double odds = std::exp(log_p - log_q);
  sum(first + mode) += top;
  double term = top;
  for (Index i = mode; i < n && term > 1e-20 * top; ++i) {
    term *= odds * static_cast<double>(n - i) / static_cast<double>(i + 1);
    sum(first + i + 1) += term;
  }
  term = top;
  for (Index i = mode; i > 0 && term > 1e-20 * top; --i) {
    term *= static_cast<double>(i) / (odds * static_cast<double>(n - i + 1));
    sum(first + i - 1) += term;
  }
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
