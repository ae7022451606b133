#include <testthat/vendor/catch.h>
#include <cordgain/model/moment_sums.hpp>

using namespace cordgain;

TEST_CASE("sums over nothing are zero and have their sizes") {
  const Moments m = zero_moments(2, 4, 3);
  REQUIRE(m.feasible);
  REQUIRE(m.log_det == 0.0);
  REQUIRE(m.cross == Vector::Zero(6));
  REQUIRE(m.trace == Vector::Zero(4));
  REQUIRE(m.slope == Matrix::Zero(6, 4));
  REQUIRE(m.trace2 == Matrix::Zero(3, 3));
  REQUIRE(m.curve == Matrix::Zero(6, 6));
}
