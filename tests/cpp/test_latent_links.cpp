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

TEST_CASE("the probit link is the normal distribution, far into its tail too") {
  for (const double t : {-8.0, -3.0, -0.4, 0.0, 1.1, 6.0}) {
    const double below = 0.5 * std::erfc(-t / std::sqrt(2.0));
    REQUIRE(ProbitLink::below(t).value == Approx(std::log(below)).epsilon(1e-13));
    REQUIRE(ProbitLink::above(-t).value == ProbitLink::below(t).value);
    const double density = std::exp(-0.5 * t * t) / 2.5066282746310002;
    REQUIRE(ProbitLink::below(t).slope == Approx(density / below).epsilon(1e-12));
  }
  // where the series takes over, and Mills' ratio far out: t + 1/t - 2/t^3
  const PointTerms tail = ProbitLink::below(-30.0 - 1e-9), cdf = ProbitLink::below(-30.0);
  REQUIRE(tail.value == Approx(cdf.value).epsilon(1e-9));
  REQUIRE(tail.slope == Approx(cdf.slope).epsilon(1e-9));
  REQUIRE(tail.curvature == Approx(cdf.curvature).epsilon(1e-7));  // the difference of t and the ratio
  REQUIRE(ProbitLink::below(-100.0).slope == Approx(100.0 + 0.01 - 2e-6).epsilon(1e-9));
  REQUIRE(ProbitLink::above(1e5).slope == Approx(-1e5).epsilon(1e-9));
  REQUIRE(ProbitLink::below(-1e5).curvature == Approx(-1.0).epsilon(1e-8));
}

TEST_CASE("slopes and curvatures of the probit link are those of its values") {
  for (const double t : {-3.0, -0.5, 0.2, 2.5}) {
    link_checks::require_point([](double x) { return ProbitLink::below(x); }, t);
    link_checks::require_point([](double x) { return ProbitLink::above(x); }, t);
  }
}
