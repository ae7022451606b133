#include <testthat/vendor/catch.h>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("subjects with the same visits are pooled") {
  const fixture::Trial trial;
  const Reduced reduced = reduce_rows(trial.design());
  REQUIRE(reduced.blocks.kinds.size() == 3);  // three, four and five visits
  for (const BlockKind& kind : reduced.blocks.kinds) REQUIRE(kind.count == 2);
  REQUIRE(reduced.blocks.within_df == trial.y.size() - 12.0);
  REQUIRE(reduced.blocks.n_gamma == 4);
}

TEST_CASE("the pooled blocks hold all of the sum of squares") {
  const fixture::Trial trial;
  const Blocks blocks = reduce_rows(trial.design()).blocks;
  Vector total = blocks.within;
  for (const BlockKind& kind : blocks.kinds)
    total += pooled_forms(kind, packed(Matrix::Identity(kind.rank, kind.rank)));
  const Matrix cross = unpacked(total, 3);
  REQUIRE((cross.topLeftCorner(2, 2) - Matrix::Identity(2, 2)).cwiseAbs().maxCoeff() < 1e-13);
  REQUIRE(cross(2, 2) == Approx(trial.y.size() - 2.0).epsilon(1e-12));
}
