#include <testthat/vendor/catch.h>
#include <cordgain/natural/route.hpp>

TEST_CASE("route: two routes share no setting, and the fine one is finer in each") {
  const cordgain::Route fine = cordgain::fine_route();
  const cordgain::Route coarse = cordgain::coarse_route();
  REQUIRE(fine.order > coarse.order);
  REQUIRE(fine.digits > coarse.digits);
  REQUIRE(fine.lattice_step < coarse.lattice_step);
  REQUIRE(fine.reach > coarse.reach);
  REQUIRE(fine.tau_slack * fine.tolerance < coarse.tau_slack * coarse.tolerance);
  REQUIRE(fine.tolerance < coarse.tolerance);
}
