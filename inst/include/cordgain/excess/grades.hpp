// AIS grade steps of several patients: sums of small whole numbers, exactly.
#pragma once

#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/poisson_binomial.hpp>

namespace cordgain {

/// Sum of the grade steps of n patients with the same distribution of steps.
/// @param steps  probabilities of 0, 1, ... steps up, adding to 1
/// @param n      patients, 1 to 1000
/// @return       probabilities of 0 .. n (size - 1) steps
inline Vector sum_of_steps(const VectorIn& steps, Index n) {
  require(n >= 1 && n <= 1000, "between 1 and 1000 patients");
  require(steps.size() >= 2 && steps.minCoeff() >= 0.0 && std::fabs(steps.sum() - 1.0) < 1e-9,
          "the probabilities of the grade steps must add up to 1");
  Vector sum = steps;
  for (Index i = 1; i < n; ++i) sum = convolve(sum, steps);
  return sum;
}

/// The same where the distribution of steps is uncertain, shared by all patients, with a Dirichlet posterior:
/// the number of patients with each step is Dirichlet-multinomial. Patients are added one at a time over all
/// compositions, whose number (n + c - 1 over c - 1) bounds n.
/// @param alpha  Dirichlet parameters (counts + prior), one for each step, positive
inline Vector sum_of_steps_dirichlet(const VectorIn& alpha, Index n) {
  const Index classes = alpha.size();
  require(classes >= 2 && alpha.minCoeff() > 0.0, "the Dirichlet parameters must be positive");
  require(n >= 1 && n <= 40, "uncertain grade steps are summed for 1 to 40 patients");
  Vector result = Vector::Zero(n * (classes - 1) + 1);
  const auto log_term = [&](Index c, double k) {
    return std::lgamma(alpha(c) + k) - std::lgamma(alpha(c)) - std::lgamma(k + 1.0);
  };
  const double total = alpha.sum();
  const double scale =
      std::lgamma(total) - std::lgamma(total + static_cast<double>(n)) + std::lgamma(n + 1.0);
  // Depth-first over the number of patients at each step.
  struct Walk {
    const Index n, classes;
    Vector& result;
    const decltype(log_term)& term;
    void go(Index c, Index remaining, Index steps, double log_probability) const {
      if (c == classes - 1) {
        result(steps + remaining * c) += std::exp(log_probability + term(c, static_cast<double>(remaining)));
        return;
      }
      for (Index k = 0; k <= remaining; ++k) {
        go(c + 1, remaining - k, steps + k * c, log_probability + term(c, static_cast<double>(k)));
      }
    }
  };
  Walk{n, classes, result, log_term}.go(0, n, 0, scale);
  return result;
}

}  // namespace cordgain
