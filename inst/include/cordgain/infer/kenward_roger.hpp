// Kenward and Roger's covariance and F test, in the linear parametrisation: the
// directions' second derivatives of V are taken as zero, so a paired t test and
// Hotelling's T-squared come out exactly.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/infer/information.hpp>
#include <string>

namespace cordgain {

/// A test of L beta = value on l and df degrees of freedom.
struct WaldTest {
  double statistic = 0.0;  ///< F
  double unscaled = 0.0;   ///< F before the scale factor
  double scale = 1.0;      ///< lambda
  double numerator = 0.0;  ///< l = rank of L
  double df = 0.0;
  std::string reason;  ///< why statistic or df are not finite numbers; else empty
};

namespace detail {

/// Ends a test that has no answer.
inline void give_up(WaldTest& test, const std::string& reason) {
  test.df = std::numeric_limits<double>::quiet_NaN();
  test.statistic = test.df;
  test.reason = reason;
}

inline const char* no_information() {
  return "the information about the variances is not positive definite at this fit: no test is made";
}

inline const char* chi_squared() {
  return "no variance parameter that is free moves these standard errors: F is chi-squared over its degrees "
         "of "
         "freedom";
}

/// Inverse of an information matrix; directions without information have none.
inline Matrix inverse_information(const Matrix& information) {
  if (information.size() == 0) return information;
  const Vector scale =
      information.diagonal().cwiseAbs().cwiseSqrt().unaryExpr([](double s) { return s > 0.0 ? s : 1.0; });
  const Matrix unit = scale.cwiseInverse().asDiagonal() * information * scale.cwiseInverse().asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(unit);
  const double floor = 1e-12 * eigen.eigenvalues().cwiseAbs().maxCoeff();
  const Vector inverse =
      eigen.eigenvalues().unaryExpr([floor](double v) { return std::abs(v) > floor ? 1.0 / v : 0.0; });
  const Matrix out = eigen.eigenvectors() * inverse.asDiagonal() * eigen.eigenvectors().transpose();
  return scale.cwiseInverse().asDiagonal() * out * scale.cwiseInverse().asDiagonal();
}

}  // namespace detail

/// Phi_A = Phi + 2 Phi { sum_ab W_ab (Q_ab - P_a Phi P_b) } Phi.
/// @param at  inference at the fit
/// @param w   covariance of the variance parameters (inverse information)
/// @return    the adjusted covariance of the fixed effects (p x p)
/// Source: Kenward & Roger (1997), Biometrics 53:983, eq. (3) with R = 0.
[[nodiscard]] inline Matrix kenward_roger_covariance(const Inference& at, const Matrix& w) {
  const Index a = w.rows(), p = at.phi.rows();
  Matrix sum = Matrix::Zero(p, p);
  for (Index j = 0; j < a; ++j) {
    for (Index i = j; i < a; ++i) {
      sum += (i == j ? w(i, j) : 2.0 * w(i, j)) * at.curve[static_cast<std::size_t>(packed_index(i, j, a))];
    }
  }
  const Matrix out = at.phi + 2.0 * sum;
  return 0.5 * (out + out.transpose());
}

namespace detail {

/// Kenward and Roger's A1 and A2 for the hypothesis L.
struct RogerSums {
  double a1 = 0.0, a2 = 0.0;
};

inline RogerSums roger_sums(const Inference& at, const Matrix& w, const MatrixIn& contrast) {
  const Eigen::LDLT<Matrix> inner(contrast * at.phi * contrast.transpose());
  const Index a = w.rows();
  std::vector<Matrix> moved;
  std::vector<double> trace;
  for (Index i = 0; i < a; ++i) {  // (L Phi L')^-1 L Phi P_i Phi L'
    moved.push_back(inner.solve(contrast * at.slope[static_cast<std::size_t>(i)] * contrast.transpose()));
    trace.push_back(moved.back().trace());
  }
  RogerSums out;
  for (Index j = 0; j < a; ++j) {
    for (Index i = 0; i < a; ++i) {
      const std::size_t u = static_cast<std::size_t>(i), v = static_cast<std::size_t>(j);
      out.a1 += w(i, j) * trace[u] * trace[v];
      out.a2 += w(i, j) * moved[u].cwiseProduct(moved[v].transpose()).sum();
    }
  }
  return out;
}

/// Scale and degrees of freedom that match mean and variance of the Wald
/// statistic to F; with A2 = 0 the variances do not matter and F is chi-squared.
/// One row has A1 = A2, for which the formulas reduce to scale 1 and 2 / A2.
/// False where no F distribution has the mean and variance that they give.
inline bool match_f(const RogerSums& sums, double l, WaldTest& test) {
  if (std::abs(sums.a2) <= std::numeric_limits<double>::epsilon()) {
    test.df = std::numeric_limits<double>::infinity();
    test.reason = chi_squared();
    return true;
  }
  if (l == 1.0) {
    test.df = 2.0 / sums.a2;
    return test.df > 0.0;
  }
  const double b = (sums.a1 + 6.0 * sums.a2) / (2.0 * l);
  const double g = ((l + 1.0) * sums.a1 - (l + 4.0) * sums.a2) / ((l + 2.0) * sums.a2);
  const double d = 3.0 * l + 2.0 * (1.0 - g);
  const double c1 = g / d, c2 = (l - g) / d, c3 = (l + 2.0 - g) / d;
  const double v0 = 1.0 + c1 * b, v1 = 1.0 - c2 * b, v2 = 1.0 - c3 * b, e = 1.0 - sums.a2 / l;
  // rho = V*/(2 E*^2) with E* = 1/e: the zero of e cancels that of v1 in balanced designs
  const double ratio = std::abs(v1) < 1e-10 && std::abs(e) < 1e-10 ? 1.0 : e / v1;
  const double rho = ratio * ratio * v0 / (l * v2);
  test.df = 4.0 + (l + 2.0) / (l * rho - 1.0);
  test.scale = std::abs(test.df - 2.0) < 1e-8 ? 1.0 : test.df * e / (test.df - 2.0);
  return test.df > 0.0 && test.scale > 0.0 && std::isfinite(test.df) && std::isfinite(test.scale);
}

/// Rows of L reduced to an orthonormal set with the same hypothesis.
inline Matrix full_row_rank(const MatrixIn& contrast) {
  const Eigen::ColPivHouseholderQR<Matrix> qr(contrast.transpose());
  const Matrix q = qr.householderQ() * Matrix::Identity(contrast.cols(), std::max<Index>(qr.rank(), 0));
  return q.transpose();
}

}  // namespace detail

/// Kenward and Roger's F test of L beta = 0.
/// @param at        inference at the fit
/// @param adjusted  kenward_roger_covariance()
/// @param w         covariance of the variance parameters
/// @param contrast  L (l x p)
/// Source: Kenward & Roger (1997), section 2; notation of their eq. (4)-(6).
[[nodiscard]] inline WaldTest kenward_roger_test(const Inference& at, const Matrix& adjusted, const Matrix& w,
                                                 const MatrixIn& contrast, const VectorIn& beta) {
  const Matrix l = detail::full_row_rank(contrast);
  WaldTest out;
  out.numerator = static_cast<double>(l.rows());
  if (l.rows() == 0) return out;
  const Vector estimate = l * beta;
  const Eigen::LLT<Matrix> spread(l * adjusted * l.transpose());
  if (spread.info() != Eigen::Success) {
    detail::give_up(out,
                    "Kenward and Roger's adjusted covariance is not positive definite here: no test is made");
    return out;
  }
  out.unscaled = estimate.dot(spread.solve(estimate)) / out.numerator;
  if (!detail::match_f(detail::roger_sums(at, w, l), out.numerator, out)) {
    detail::give_up(
        out, "no F distribution has the mean and variance that Kenward and Roger's formulas give here");
    return out;
  }
  out.statistic = out.scale * out.unscaled;
  return out;
}

}  // namespace cordgain
