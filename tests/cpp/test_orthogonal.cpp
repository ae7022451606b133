#include <testthat/vendor/catch.h>
#include <cordgain/math/orthogonal.hpp>

using namespace cordgain;

namespace {

Matrix some_matrix(Index n, Index p) {
  Matrix x(n, p);
  for (Index j = 0; j < p; ++j) {
    for (Index i = 0; i < n; ++i) x(i, j) = std::sin(1.0 + 3.0 * i * (1.0 + j) + 7.0 * j * j);
  }
  return x;
}

}  // namespace

TEST_CASE("the factor of stacked rows is that of all rows: R'R = X'X") {
  const Matrix x = some_matrix(50, 4);
  RowStackedQr qr(4);
  for (Index first = 0; first < 50; first += 7) qr.add(x.middleRows(first, std::min<Index>(7, 50 - first)));
  REQUIRE((qr.factor().transpose() * qr.factor() - x.transpose() * x).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("later columns that depend on earlier ones are left out") {
  Matrix x = some_matrix(20, 5);
  x.col(2) = 2.0 * x.col(0) - x.col(1);
  x.col(4).setZero();
  RowStackedQr qr(5);
  qr.add(x);
  REQUIRE((independent_columns(qr.factor()) == std::vector<Index>{0, 1, 3}));
}

TEST_CASE("a block is rotated in place: cross-products stay, the lower part of Z vanishes") {
  const Matrix before = some_matrix(6, 5);
  Matrix block = before;
  Vector work(5);
  triangularise(block, 2, work);
  REQUIRE((block.transpose() * block - before.transpose() * before).cwiseAbs().maxCoeff() < 1e-12);
  REQUIRE(block.col(0).tail(5).cwiseAbs().maxCoeff() == 0.0);
  REQUIRE(block(0, 0) >= 0.0);
  REQUIRE(block(1, 1) >= 0.0);
}

TEST_CASE("fewer rows than columns are rotated as far as they go") {
  Matrix block = some_matrix(2, 5);
  const Matrix gram = block.transpose() * block;
  Vector work(5);
  triangularise(block, 3, work);
  REQUIRE((block.transpose() * block - gram).cwiseAbs().maxCoeff() < 1e-12);
}
