#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/math/symmetric_eigen.hpp>

using cordgain::Index;
using cordgain::Matrix;
using cordgain::SymmetricEigen;

TEST_CASE("eigenvectors are orthonormal, values increase, and together they are the matrix") {
  for (Index n = 1; n <= 6; ++n) {
    Matrix root(n, n);
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j)
        root(i, j) = std::sin(3.0 * static_cast<double>(i) + 7.0 * static_cast<double>(j));
    }
    const Matrix symmetric = root + root.transpose();
    const SymmetricEigen eigen = cordgain::symmetric_eigen(symmetric);
    for (Index i = 1; i < n; ++i) REQUIRE(eigen.values[i - 1] <= eigen.values[i]);
    REQUIRE((eigen.vectors.transpose() * eigen.vectors - Matrix::Identity(n, n)).norm() < 1e-13);
    const Matrix again = eigen.vectors * eigen.values.asDiagonal() * eigen.vectors.transpose();
    REQUIRE((again - symmetric).norm() < 1e-13 * (1.0 + symmetric.norm()));
  }
}

TEST_CASE("a 2 x 2 matrix has the eigenvalues of its quadratic equation") {
  Matrix symmetric(2, 2);
  symmetric << 2, 99, 1, 5;  // only the lower triangle is read
  const SymmetricEigen eigen = cordgain::symmetric_eigen(symmetric);
  REQUIRE(std::abs(eigen.values[0] - (3.5 - std::sqrt(3.25))) < 1e-14);
  REQUIRE(std::abs(eigen.values[1] - (3.5 + std::sqrt(3.25))) < 1e-14);
}
