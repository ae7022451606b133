#include <testthat/vendor/catch.h>
#include <boost/math/distributions/normal.hpp>
#include <cordgain/dist/normal_table.hpp>
#include <limits>

using cordgain::normal_table;

TEST_CASE("the table agrees with Boost to 1e-11, between its places and at them") {
  const boost::math::normal law;
  double worst = 0.0;
  for (double z = -9.5; z < 9.5; z += 0.00173) {
    worst = std::max(worst, std::fabs(normal_table()(z) - boost::math::cdf(law, z)));
  }
  REQUIRE(worst < 1e-11);
  REQUIRE(normal_table()(0.0) == 0.5);
  REQUIRE(std::fabs(normal_table()(-2.0) - boost::math::cdf(law, -2.0)) < 1e-16);
}

TEST_CASE("beyond its ends, and at a place without spread, the table gives a step") {
  const double inf = std::numeric_limits<double>::infinity();
  REQUIRE(normal_table()(-inf) == 0.0);
  REQUIRE(normal_table()(inf) == 1.0);
  REQUIRE(normal_table()(-9.0) < 1e-18);
  // 0 / 0: a part without spread, at the place asked for
  REQUIRE(normal_table()(std::numeric_limits<double>::quiet_NaN()) == 1.0);
}
