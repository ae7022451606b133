#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/model/latent_links.hpp>
#include "link_checks.hpp"

using namespace cordgain;

TEST_CASE("the logit link is the logistic distribution") {
  const auto logistic_cdf = [](long double t) { return 1.0L / (1.0L + std::exp(-t)); };
  link_checks::require_distribution<LogitLink>(logistic_cdf);
  REQUIRE(LogitLink::below(0.0).value == Approx(-std::log(2.0)).epsilon(1e-15));
  REQUIRE(LogitLink::below(1.0).slope == Approx(1.0 / (1.0 + std::exp(1.0))).epsilon(1e-15));
}

TEST_CASE("slopes and curvatures of the logit link are those of its values") {
  link_checks::require_link_derivatives<LogitLink>();
}

TEST_CASE("far out and between cuts that nearly touch the logit link keeps its digits") {
  REQUIRE(LogitLink::below(-800.0).value == -800.0);
  REQUIRE(LogitLink::above(800.0).value == -800.0);
  REQUIRE(LogitLink::below(-800.0).slope == 1.0);
  REQUIRE(LogitLink::above(800.0).slope == -1.0);
  // a narrow interval: width times density
  const double density = logistic(2.0) * logistic(-2.0);
  REQUIRE(LogitLink::between(2.0, 2.0 + 1e-9).value ==
          Approx(std::log(density) + std::log(2.0 + 1e-9 - 2.0)).epsilon(1e-8));
  // both cuts far to the left: e^u - e^l
  REQUIRE(LogitLink::between(-700.0, -699.0).value ==
          Approx(-700.0 + std::log(std::expm1(1.0))).epsilon(1e-14));
  // a width beyond the largest number is no bound
  REQUIRE(LogitLink::between(-1e4, 1.0).value == Approx(LogitLink::below(1.0).value).epsilon(1e-14));
  REQUIRE(LogitLink::between(-1e4, 1.0).upper == Approx(LogitLink::below(1.0).slope).epsilon(1e-14));
}

TEST_CASE("log(1 - e^-x) has all digits at both ends") {
  REQUIRE(detail::log_one_minus_exp(1e-300) == Approx(std::log(1e-300)).epsilon(1e-15));
  REQUIRE(detail::log_one_minus_exp(50.0) == Approx(-std::exp(-50.0)).epsilon(1e-14));
}
