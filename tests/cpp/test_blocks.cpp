#include <testthat/vendor/catch.h>
#include <cordgain/model/blocks.hpp>

using namespace cordgain;

TEST_CASE("pooled moments give the sum of quadratic forms of the blocks") {
  BlockKind kind;
  kind.rank = 2;
  kind.moments = Matrix::Zero(packed_size(3), packed_size(2));
  Matrix kernel(2, 2), sum = Matrix::Zero(3, 3);
  kernel << 2.0, 0.5, 0.5, 1.0;
  for (int i = 0; i < 4; ++i) {
    Matrix b(2, 3);
    for (int j = 0; j < 6; ++j) b.data()[j] = std::cos(1.0 + i + 2.0 * j);
    add_moments(b, kind.moments);
    sum += b.transpose() * kernel * b;
  }
  const Matrix forms = pooled_forms(kind, packed(kernel));
  REQUIRE((unpacked(forms.col(0), 3) - sum).cwiseAbs().maxCoeff() < 1e-13);
  REQUIRE(kind.pooled());
}
