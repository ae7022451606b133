#include <testthat/vendor/catch.h>
#include <cordgain/model/moments.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

Vector some_gamma() {
  Vector gamma(4);
  gamma << 1.5, 0.3, 0.8, 0.7;
  return gamma;
}

}  // namespace

TEST_CASE("first moments are the derivatives of log|V| and of the cross-products") {
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  const Matrix none(4, 0);
  const Moments at = moments_at(blocks, some_gamma(), none);
  const double h = 1e-5;  // central differences: error h^2
  for (Index k = 0; k < 4; ++k) {
    Vector up = some_gamma(), down = up;
    up[k] += h;
    down[k] -= h;
    const Moments a = moments_at(blocks, up, none), b = moments_at(blocks, down, none);
    REQUIRE((a.log_det - b.log_det) / (2 * h) == Approx(at.trace[k]).epsilon(1e-7));
    REQUIRE(((a.cross - b.cross) / (2 * h) - at.slope.col(k)).cwiseAbs().maxCoeff() < 1e-6);
  }
}

TEST_CASE("second moments are their second derivatives") {
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  const Matrix all = Matrix::Identity(4, 4);
  const Moments at = moments_at(blocks, some_gamma(), all);
  const double h = 1e-5;
  for (Index l = 0; l < 4; ++l) {
    Vector up = some_gamma(), down = up;
    up[l] += h;
    down[l] -= h;
    const Moments a = moments_at(blocks, up, all), b = moments_at(blocks, down, all);
    for (Index k = l; k < 4; ++k) {
      REQUIRE((a.trace[k] - b.trace[k]) / (2 * h) == Approx(-at.trace2(k, l)).epsilon(1e-6));
      const Vector change = (a.slope.col(k) - b.slope.col(k)) / (2 * h);
      REQUIRE((change - 2.0 * at.curve.col(packed_index(k, l, 4))).cwiseAbs().maxCoeff() < 1e-5);
    }
  }
}

TEST_CASE("the factor by roots is that of V") {
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  Matrix root(2, 2);
  root << 1.2, 0.0, 0.4, 0.9;
  Vector gamma(4);
  gamma << packed(root * root.transpose()), 0.7;
  const Matrix none(4, 0);
  const Moments by_v = moments_at(blocks, gamma, none), by_roots = moments_at(blocks, gamma, none, {root});
  REQUIRE(by_roots.log_det == Approx(by_v.log_det).epsilon(1e-13));
  REQUIRE((by_roots.cross - by_v.cross).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("a covariance that is not positive definite is infeasible") {
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  Vector gamma = some_gamma();
  gamma[0] = -50.0;
  REQUIRE_FALSE(moments_at(blocks, gamma, Matrix(4, 0)).feasible);
  gamma = some_gamma();
  gamma[3] = 0.0;
  REQUIRE_FALSE(moments_at(blocks, gamma, Matrix(4, 0)).feasible);
}
