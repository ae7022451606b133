// Inverse of a large positive definite matrix from its Cholesky factor, in a
// third of the work of solving for the identity.
#pragma once

#include <algorithm>
#include <cordgain/base/types.hpp>

namespace cordgain {
namespace detail {

constexpr Index kInverseBlock = 64;

/// Inverts a lower triangular matrix in place, by halves.
inline void invert_lower(Eigen::Ref<Matrix> lower) {
  const Index n = lower.rows();
  if (n <= kInverseBlock) {
    Matrix inverse = Matrix::Identity(n, n);
    lower.triangularView<Eigen::Lower>().solveInPlace(inverse);
    lower.triangularView<Eigen::Lower>() = inverse;
    return;
  }
  const Index half = n / 2, rest = n - half;
  auto corner = lower.bottomLeftCorner(rest, half);
  lower.topLeftCorner(half, half).triangularView<Eigen::Lower>().solveInPlace<Eigen::OnTheRight>(corner);
  lower.bottomRightCorner(rest, rest).triangularView<Eigen::Lower>().solveInPlace(corner);
  corner *= -1.0;
  invert_lower(lower.topLeftCorner(half, half));
  invert_lower(lower.bottomRightCorner(rest, rest));
}

}  // namespace detail

/// (L L')^-1.
/// @param lower  L; what stands above its diagonal is not read
/// @return       the whole symmetric inverse
/// Source: Higham (2002), Accuracy and Stability of Numerical Algorithms, section 14.3.
[[nodiscard]] inline Matrix inverse_from_factor(Matrix lower) {
  const Index n = lower.rows();
  lower.triangularView<Eigen::StrictlyUpper>().setZero();
  detail::invert_lower(lower);
  Matrix out(n, n);
  for (Index j = 0; j < n; j += detail::kInverseBlock) {
    const Index width = std::min(detail::kInverseBlock, n - j);
    for (Index i = j; i < n; i += detail::kInverseBlock) {
      const Index height = std::min(detail::kInverseBlock, n - i);
      out.block(i, j, height, width).noalias() =
          lower.block(i, i, n - i, height).transpose() * lower.block(i, j, n - i, width);
    }
  }
  out.triangularView<Eigen::StrictlyUpper>() = out.transpose();
  return out;
}

}  // namespace cordgain
