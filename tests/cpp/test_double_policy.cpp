// Special functions without promotion keep all but their last bits.
#include <testthat/vendor/catch.h>

#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <cordgain/base/double_policy.hpp>
#include <initializer_list>

using cordgain::DoublePolicy;

TEST_CASE("the incomplete beta function of whole parameters is the binomial sum to 1e-14") {
  // I_x(2, 3) = P(Bin(4, x) >= 2) = 6 x^2 (1 - x)^2 + 4 x^3 (1 - x) + x^4.
  for (const double x : {0.001, 0.1, 0.3, 0.5, 0.8, 0.999}) {
    const double q = 1.0 - x;
    const double expected = 6.0 * x * x * q * q + 4.0 * x * x * x * q + x * x * x * x;
    CHECK(std::fabs(boost::math::ibeta(2.0, 3.0, x, DoublePolicy()) - expected) < 1e-14 * expected);
  }
}

TEST_CASE("half parameters give the arcsine law") {
  for (const double x : {1e-6, 0.02, 0.4, 0.97}) {
    const double expected = 2.0 / 3.14159265358979323846 * std::asin(std::sqrt(x));
    CHECK(std::fabs(boost::math::ibeta(0.5, 0.5, x, DoublePolicy()) - expected) < 1e-14 * expected);
  }
}

TEST_CASE("nothing is promoted") {
  using Kept = boost::math::policies::evaluation<double, DoublePolicy>::type;
  using Promoted = boost::math::policies::evaluation<double, boost::math::policies::policy<>>::type;
  CHECK(sizeof(Kept) == sizeof(double));
  CHECK(sizeof(Promoted) > sizeof(double));
}
