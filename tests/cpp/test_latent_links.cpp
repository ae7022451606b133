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

TEST_CASE(
    "far out and between cuts that nearly touch the logit link keeps its "
    "digits") {
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

TEST_CASE("the probit link between two cuts, wide, narrow and in the tails") {
  link_checks::require_distribution<ProbitLink>(
      [](long double t) { return 0.5L * std::erfc(-t / std::sqrt(2.0L)); });
  // narrow: both sides of the change of formula, and width times density
  for (const double at : {-6.0, -0.3, 0.0, 1.7, 8.0}) {
    const double series = ProbitLink::between(at, at + 0.00999).value;
    const double difference = ProbitLink::between(at, at + 0.01001).value;
    REQUIRE(std::fabs(difference - series - std::log(1.001 / 0.999)) < 2e-4);  // and the density's slope
    const double tiny = 1e-12, width = (at + tiny) - at;
    REQUIRE(ProbitLink::between(at, at + tiny).value ==
            Approx(std::log(width) - 0.5 * at * at - 0.91893853320467274178).epsilon(1e-10));
  }
  REQUIRE(ProbitLink::between(-1e3, 0.5).value == Approx(ProbitLink::below(0.5).value).epsilon(1e-14));
  REQUIRE(ProbitLink::between(40.0, 41.0).value == Approx(ProbitLink::above(40.0).value).epsilon(1e-13));
  REQUIRE(std::isfinite(ProbitLink::between(-500.0, -499.0).lower2));
}

TEST_CASE("the complementary log-log link is 1 - exp(-e^t)") {
  link_checks::require_distribution<CloglogLink>([](long double t) { return -std::expm1(-std::exp(t)); });
  REQUIRE(CloglogLink::below(-50.0).value == Approx(-50.0).epsilon(1e-14));
  REQUIRE(CloglogLink::below(-50.0).slope == 1.0);
  REQUIRE(CloglogLink::below(10.0).value == 0.0);
  REQUIRE(CloglogLink::above(3.0).value == Approx(-std::exp(3.0)).epsilon(1e-15));
  // a cut so far out that nothing lies beyond
  REQUIRE(CloglogLink::between(0.5, 50.0).value == Approx(CloglogLink::above(0.5).value).epsilon(1e-14));
  REQUIRE(CloglogLink::between(0.5, 50.0).upper == 0.0);
  REQUIRE(CloglogLink::between(0.5, 50.0).upper2 == 0.0);
}

TEST_CASE("slopes and curvatures of the other links are those of their values") {
  link_checks::require_link_derivatives<ProbitLink>();
  link_checks::require_link_derivatives<CloglogLink>();
}
