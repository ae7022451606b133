#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/model/cross_products.hpp>

#include "gaussian_fixture.hpp"

using cordgain::CrossProductEvaluator;
using cordgain::Index;
using cordgain::Matrix;
using cordgain::Vector;

TEST_CASE("log|V| and cross-products are those of the moments, at ordinary and extreme variances") {
  const fixture::Trial trial;
  const cordgain::Reduced reduced = cordgain::reduce_rows(trial.design());
  CrossProductEvaluator evaluate(reduced.blocks);
  for (const double size : {1e-6, 0.3, 1.0, 50.0}) {
    Vector gamma(4);
    gamma << size, 0.2 * size, 0.8 * size, 0.5;
    const cordgain::Moments moments =
        cordgain::moments_at(reduced.blocks, gamma, Matrix(reduced.blocks.n_gamma, 0));
    const cordgain::CrossProducts& at = evaluate(gamma);
    REQUIRE(at.feasible);
    // Both factor the same matrices of order 2 and sum about 20 terms: rounding only.
    REQUIRE(std::abs(at.log_det - moments.log_det) < 1e-12 * (1.0 + std::abs(moments.log_det)));
    REQUIRE((at.cross - moments.cross).norm() < 1e-12 * (1.0 + moments.cross.norm()));
  }
}

TEST_CASE("a variance below zero is not feasible, and the next evaluation is not disturbed") {
  const fixture::Trial trial;
  const cordgain::Reduced reduced = cordgain::reduce_rows(trial.design(1));
  CrossProductEvaluator evaluate(reduced.blocks);
  Vector good(2), bad(2), negative(2);
  good << 1.0, 0.5;
  bad << -3.0, 0.5;
  negative << 1.0, -0.5;
  const Vector first = evaluate(good).cross;
  REQUIRE_FALSE(evaluate(bad).feasible);
  REQUIRE_FALSE(evaluate(negative).feasible);
  REQUIRE((evaluate(good).cross - first).cwiseAbs().maxCoeff() == 0.0);
}
