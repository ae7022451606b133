// Eigenvalues and eigenvectors of symmetric matrices, most of which are of the size of a term's covariance.
#pragma once

#include <Eigen/Eigenvalues>
#include <cordgain/base/types.hpp>

namespace cordgain {

struct SymmetricEigen {
  Vector values;   ///< increasing
  Matrix vectors;  ///< columns, orthonormal
};

namespace detail {

template <int N>
SymmetricEigen symmetric_eigen_of(const Matrix& symmetric) {
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix<double, N, N>> eigen(symmetric);
  return {eigen.eigenvalues(), eigen.eigenvectors()};
}

}  // namespace detail

/// @param symmetric  only its lower triangle is read
/// With few rows the size is known to the compiler: a fourth of the time.
[[nodiscard]] inline SymmetricEigen symmetric_eigen(const Matrix& symmetric) {
  switch (symmetric.rows()) {
    case 1:
      return detail::symmetric_eigen_of<1>(symmetric);
    case 2:
      return detail::symmetric_eigen_of<2>(symmetric);
    case 3:
      return detail::symmetric_eigen_of<3>(symmetric);
    case 4:
      return detail::symmetric_eigen_of<4>(symmetric);
    default:
      return detail::symmetric_eigen_of<Eigen::Dynamic>(symmetric);
  }
}

}  // namespace cordgain
