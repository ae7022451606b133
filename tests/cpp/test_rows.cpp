#include <testthat/vendor/catch.h>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("blocks keep the cross-products of X, and X has orthonormal columns") {
  const fixture::Trial trial;
  const DesignInput in = trial.design();
  const Frame frame = make_frame(in);
  Matrix sum = Matrix::Zero(3, 3);
  Index blocks = 0;
  for_each_block(in, frame, [&](const BlockReader& reader) {
    sum += reader.inside().transpose() * reader.inside() + reader.outside().transpose() * reader.outside();
    REQUIRE(reader.rank() == 2);
    ++blocks;
  });
  REQUIRE(blocks == 6);
  REQUIRE((sum.topLeftCorner(2, 2) - Matrix::Identity(2, 2)).cwiseAbs().maxCoeff() < 1e-13);
  REQUIRE(sum.col(2).head(2).cwiseAbs().maxCoeff() < 1e-12);  // y is a residual
  REQUIRE(sum(2, 2) == Approx(trial.y.size() - 2.0).epsilon(1e-12));
}
