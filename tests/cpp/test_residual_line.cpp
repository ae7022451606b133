#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/model/cross_products.hpp>
#include <cordgain/model/design.hpp>
#include <cordgain/model/residual_line.hpp>

#include "gaussian_fixture.hpp"

using cordgain::CrossProducts;
using cordgain::Index;
using cordgain::ResidualLine;
using cordgain::Vector;

namespace {

/// Log determinant and cross-products along a line against one factorisation for each point.
void require_line(const cordgain::Reduced& reduced, const Vector& gamma) {
  ResidualLine line(reduced.blocks);
  cordgain::CrossProductEvaluator evaluate(reduced.blocks);
  line.set(gamma);
  for (const double s2 : {0.01, 0.3, 1.0, 40.0}) {
    Vector moved = gamma;
    moved[reduced.blocks.residual] = s2;
    const CrossProducts& expected = evaluate(moved);
    double log_det = 0.0;
    Vector cross;
    REQUIRE(line.at(s2, log_det, cross));
    REQUIRE(std::abs(log_det - expected.log_det) < 1e-11 * (1.0 + std::abs(expected.log_det)));
    REQUIRE((cross - expected.cross).norm() < 1e-11 * expected.cross.norm());
  }
}

}  // namespace

TEST_CASE("along a line cross-products and determinants are those of a factorisation at each point") {
  const fixture::Trial trial;
  Vector two(4), one(2);
  two << 1.3, -0.4, 0.9, 1.0;
  one << 0.7, 1.0;
  const cordgain::Reduced slopes = cordgain::reduce_rows(trial.design()),
                          intercepts = cordgain::reduce_rows(trial.design(1));
  REQUIRE(ResidualLine::fits(slopes.blocks));
  require_line(slopes, two);
  require_line(intercepts, one);
  two << 1.3, 0.0, 0.9, 1.0;  // no rotation
  require_line(slopes, two);
  two << 0.0, 0.0, 0.0, 1.0;  // no random effects: all eigenvalues are zero
  require_line(slopes, two);
}

TEST_CASE("a kind of three rows and more is decomposed too") {
  const fixture::Trial trial;
  cordgain::DesignInput in = trial.design();
  cordgain::DesignInput second = trial.design(1);
  Eigen::VectorXi pair = trial.level / 2;  // pairs of subjects: four columns in a block
  in.random.push_back({second.random[0].z, Eigen::Map<const Eigen::VectorXi>(pair.data(), pair.size()), 3});
  const cordgain::Reduced reduced = cordgain::reduce_rows(in);
  if (!ResidualLine::fits(reduced.blocks)) return;  // kept as nested units: not a line
  Vector gamma(5);
  gamma << 1.3, -0.4, 0.9, 0.5, 1.0;
  require_line(reduced, gamma);
}

TEST_CASE("a covariance that is not positive definite is said to be none") {
  const fixture::Trial trial;
  const cordgain::Reduced reduced = cordgain::reduce_rows(trial.design());
  ResidualLine line(reduced.blocks);
  Vector gamma(4), cross;
  gamma << 1.0, 2.0, 1.0, 1.0;  // a correlation of 2
  line.set(gamma);
  double log_det = 0.0;
  REQUIRE_FALSE(line.at(1e-3, log_det, cross));
  REQUIRE_FALSE(line.at(0.0, log_det, cross));
  REQUIRE(line.at(100.0, log_det, cross));
}
