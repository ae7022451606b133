// Moments of one design, eliminated level by level and dense, must be the same numbers.
#pragma once

#include <testthat/vendor/catch.h>
#include <algorithm>
#include <cordgain/model/moments.hpp>
#include "large_fixture.hpp"

namespace fixture {

inline double distance(const Matrix& a, const Matrix& b) {
  if (a.size() == 0) return 0.0;
  return (a - b).cwiseAbs().maxCoeff() / std::max(1.0, b.cwiseAbs().maxCoeff());
}

/// Rounding of sums over some hundred rows through two factorisations.
constexpr double kRounding = 1e-11;

inline void require_equal(const cordgain::Moments& a, const cordgain::Moments& b, double tolerance) {
  REQUIRE(a.feasible);
  REQUIRE(b.feasible);
  REQUIRE(std::abs(a.log_det - b.log_det) < tolerance * (1.0 + std::abs(b.log_det)));
  REQUIRE(distance(a.cross, b.cross) < tolerance);
  REQUIRE(distance(a.trace, b.trace) < tolerance);
  REQUIRE(distance(a.slope, b.slope) < tolerance);
  REQUIRE(distance(a.trace2, b.trace2) < tolerance);
  REQUIRE(distance(a.curve, b.curve) < tolerance);
}

/// @param gamma  variance parameters at which to compare, along themselves and two mixtures
inline void require_same_moments(const LargeTrial& trial, const Vector& gamma,
                                 const std::vector<Matrix>& roots = {}, double tolerance = kRounding) {
  const cordgain::DesignInput in = trial.design();
  const cordgain::Blocks dense = cordgain::reduce_rows(in, in.y.size()).blocks;
  const cordgain::Blocks large = cordgain::reduce_rows(in, 2).blocks;
  REQUIRE(dense.nested.size() + dense.crossed.size() == 0);
  REQUIRE(large.nested.size() + large.crossed.size() > 0);
  const Index n = gamma.size();
  Matrix directions = Matrix::Zero(n, n + 2);
  directions.leftCols(n).setIdentity();
  directions.col(n).setLinSpaced(1.0, 2.0);
  directions.col(n + 1).setLinSpaced(-1.0, 0.5);
  require_equal(cordgain::moments_at(large, gamma, directions, roots),
                cordgain::moments_at(dense, gamma, directions, roots), tolerance);
}

}  // namespace fixture
