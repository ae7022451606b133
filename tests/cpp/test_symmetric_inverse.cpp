#include <testthat/vendor/catch.h>
#include <Eigen/Cholesky>
#include <cmath>
#include <cordgain/math/symmetric_inverse.hpp>

using namespace cordgain;

TEST_CASE("the inverse from the factor, below, at and above the size of a block") {
  for (const Index n : {Index(1), Index(5), Index(64), Index(65), Index(150)}) {
    Matrix a(n, n);
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j) a(i, j) = std::sin(3.0 * i * j + i + j) + (i == j ? 2.0 * n : 0.0);
    }
    const Matrix s = 0.5 * (a + a.transpose());
    Matrix lower = Eigen::LLT<Matrix>(s).matrixLLT();  // the upper triangle still holds s
    const Matrix inverse = inverse_from_factor(lower);
    // condition below 4: rounding of n sums
    REQUIRE((s * inverse - Matrix::Identity(n, n)).cwiseAbs().maxCoeff() < 1e-14 * (4.0 + n));
    REQUIRE((inverse - inverse.transpose()).cwiseAbs().maxCoeff() == 0.0);
  }
}
