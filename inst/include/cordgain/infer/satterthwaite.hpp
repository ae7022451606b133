// Satterthwaite's degrees of freedom with exact derivatives.
#pragma once

#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/infer/kenward_roger.hpp>

namespace cordgain {

/// Degrees of freedom of l'beta: 2 (l'Phi l)^2 / Var(l'Phi l), the variance by
/// the delta method, d l'Phi l / d gamma_a = -l'Phi P_a Phi l.
/// @param at  inference at the fit
/// @param w   covariance of the variance parameters (inverse observed information)
/// @param l   contrast (p)
/// @return    degrees of freedom; Inf where the variance has no uncertainty
///            (no free variance parameter moves it); NaN where `w` gives it a
///            negative one, so that there is no covariance of the variances
/// Source: Giesbrecht & Burns (1985), Biometrics 41:477.
[[nodiscard]] inline double satterthwaite_df(const Inference& at, const Matrix& w, const VectorIn& l) {
  const double variance = l.dot(at.phi * l);
  Vector slope(w.rows());
  for (Index i = 0; i < w.rows(); ++i) slope[i] = -l.dot(at.slope[static_cast<std::size_t>(i)] * l);
  const double uncertainty = slope.dot(w * slope);
  const double square = variance * variance;
  const double rounding = std::numeric_limits<double>::epsilon() * square;
  if (std::abs(uncertainty) <= rounding) return std::numeric_limits<double>::infinity();
  return uncertainty > 0.0 ? 2.0 * square / uncertainty : std::numeric_limits<double>::quiet_NaN();
}

/// F test of L beta = 0: independent t statistics along the eigenvectors of
/// L Phi L', their degrees of freedom matched to the mean of F.
/// @param contrast  L (l x p)
/// Source: Fai & Cornelius (1996), J. Stat. Comput. Simul. 54:363.
[[nodiscard]] inline WaldTest satterthwaite_test(const Inference& at, const Matrix& w,
                                                 const MatrixIn& contrast, const VectorIn& beta) {
  const Matrix reduced = detail::full_row_rank(contrast);
  // The rows as given where they are independent: the split into t statistics depends on them.
  const Matrix l = reduced.rows() == contrast.rows() ? Matrix(contrast) : reduced;
  WaldTest out;
  out.numerator = static_cast<double>(l.rows());
  if (l.rows() == 0) return out;
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(l * at.phi * l.transpose());
  double expectation = 0.0, smallest = std::numeric_limits<double>::infinity(), largest = 0.0;
  for (Index i = 0; i < l.rows(); ++i) {
    const Vector row = l.transpose() * eigen.eigenvectors().col(i);
    const double t = row.dot(beta);
    out.unscaled += t * t / eigen.eigenvalues()[i] / out.numerator;
    const double df = satterthwaite_df(at, w, row);
    if (std::isnan(df)) {
      detail::give_up(out, detail::no_information());
      return out;
    }
    smallest = std::min(smallest, df);
    largest = std::max(largest, df);
    expectation += std::isfinite(df) ? df / (df - 2.0) : 1.0;
  }
  out.statistic = out.unscaled;
  if (largest - smallest <= 1e-8 * smallest || !std::isfinite(smallest)) {
    out.df = smallest;
  } else {
    out.df = smallest <= 2.0 ? 2.0 : 2.0 * expectation / (expectation - out.numerator);
  }
  if (std::isinf(out.df)) out.reason = detail::chi_squared();
  return out;
}

}  // namespace cordgain
