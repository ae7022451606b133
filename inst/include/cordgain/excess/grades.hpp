// AIS grade steps of several patients: sums of small whole numbers, exactly.
#pragma once

#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/poisson_binomial.hpp>

namespace cordgain {

namespace detail {

inline void require_steps(const VectorIn& steps, Index n) {
  require(n >= 1 && n <= 1000, "between 1 and 1000 patients");
  require(steps.size() >= 2 && steps.minCoeff() >= 0.0 && std::fabs(steps.sum() - 1.0) < 1e-9,
          "the probabilities of the grade steps must add up to 1");
}

}  // namespace detail

/// Sum of the grade steps of n patients with the same distribution of steps.
/// @param steps  probabilities of 0, 1, ... steps up, adding to 1
/// @param n      patients, 1 to 1000
/// @return       probabilities of 0 .. n (size - 1) steps
inline Vector sum_of_steps(const VectorIn& steps, Index n) {
  detail::require_steps(steps, n);
  Vector sum = steps;
  for (Index i = 1; i < n; ++i) sum = convolve(sum, steps);
  return sum;
}

/// The same where the distribution of steps is uncertain, shared by all patients, with a Dirichlet posterior:
/// the number k_c of patients with each step is Dirichlet-multinomial,
///   P(k) = n! / A^(n) prod_c alpha_c^(k_c) / k_c!,  A = sum alpha,  x^(k) the rising factorial,
/// and the product is summed class by class over patients and steps used so far. All terms are positive.
/// @param alpha  Dirichlet parameters (counts + prior), one for each step, positive
/// @param n      patients, 1 to 40
/// @return       probabilities of 0 .. n (size - 1) steps
inline Vector sum_of_steps_dirichlet(const VectorIn& alpha, Index n) {
  const Index classes = alpha.size();
  require(classes >= 2 && std::isfinite(alpha.sum()) && alpha.minCoeff() > 0.0,
          "the Dirichlet parameters must be finite and positive");
  require(n >= 1 && n <= 40, "uncertain grade steps are summed for 1 to 40 patients");
  // log of x (x + 1) ... (x + k - 1), term by term: a difference of log gammas loses its digits for large x.
  const auto rising = [](double x, Index k) {
    double sum = 0.0;
    for (Index i = 0; i < k; ++i) sum += std::log(x + static_cast<double>(i));
    return sum;
  };
  // n! / A^(n), spread evenly over the patients so that no partial product over- or underflows.
  const double scale = (rising(1.0, n) - rising(alpha.sum(), n)) / static_cast<double>(n);
  Matrix sums = Matrix::Zero(n + 1, n * (classes - 1) + 1);  // patients used x steps so far
  sums(0, 0) = 1.0;
  for (Index c = 0; c < classes; ++c) {
    Matrix next = Matrix::Zero(sums.rows(), sums.cols());
    for (Index k = 0; k <= n; ++k) {
      const double term = std::exp(rising(alpha(c), k) - rising(1.0, k) + scale * static_cast<double>(k));
      next.bottomRightCorner(n + 1 - k, sums.cols() - k * c) +=
          term * sums.topLeftCorner(n + 1 - k, sums.cols() - k * c);
    }
    sums = next;
  }
  return sums.row(n).transpose();
}

}  // namespace cordgain
