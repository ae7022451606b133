#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/marginal_likelihood.hpp>
#include <cordgain/infer/family_report.hpp>
#include <cordgain/model/censored_family.hpp>
#include <limits>
#include <vector>
#include "family_cases.hpp"
#include "family_checks.hpp"

using namespace cordgain;
using family_checks::numbers;
using family_checks::point;
using family_checks::require_derivatives;

namespace {

const double kInf = std::numeric_limits<double>::infinity();

// Scores of six patients at five visits on a scale of 0 to 20; simulated.
Vector scores() {
  return numbers(
      {3, 5, 6, 9, 11, 8, 12, 15, 20, 20, 0, 0, 2, 1, 5, 6, 9, 9, 13, 16, 14, 18, 20, 20, 20, 0, 3, 2, 6, 4});
}

// The likelihood with a random intercept by the trapezoidal rule.
double by_hand(const family_cases::Trial& trial, const Vector& y, const Vector& beta, double sd,
               double sigma) {
  return family_cases::trapezoid(trial, beta, sd, [&](Index i, double eta) {
    const double z = (y[i] - eta) / sigma;
    return y[i] <= 0.0    ? 0.5 * std::erfc(-z / std::sqrt(2.0))
           : y[i] >= 20.0 ? 0.5 * std::erfc(z / std::sqrt(2.0))
                          : std::exp(-0.5 * z * z) / 2.5066282746310002 / sigma;
  });
}

}  // namespace

TEST_CASE("a score inside has the normal density, one at an end the probability beyond it") {
  const Vector y = numbers({0, 12, 20, 4});
  const Censored family(y, 0.0, 20.0);
  const double unit = family.unit(), sigma = 3.0, eta = 9.0;
  REQUIRE(unit == Approx(std::sqrt(59.0)).epsilon(1e-14));  // mean 9: 81, 9, 121, 25
  const Vector extra = Vector::Constant(1, std::log(sigma / unit));
  const double below = 0.5 * std::erfc(9.0 / 3.0 / std::sqrt(2.0));
  const double above = 0.5 * std::erfc(11.0 / 3.0 / std::sqrt(2.0));
  REQUIRE(point(family, 0, eta / unit, extra).value == Approx(std::log(below)).epsilon(1e-13));
  REQUIRE(point(family, 2, eta / unit, extra).value == Approx(std::log(above)).epsilon(1e-13));
  REQUIRE(point(family, 1, eta / unit, extra).value ==
          Approx(-0.5 - std::log(3.0 * 2.5066282746310002)).epsilon(1e-13));
  REQUIRE(family.reported(extra)[0] == Approx(std::log(3.0)).epsilon(1e-13));
}

TEST_CASE("derivatives are those of the value, in eta and in log sigma") {
  const Censored family(numbers({0, 12, 20, 4}), 0.0, 20.0);
  for (const double eta : {-0.5, 0.4, 1.9, 3.0})
    for (const double log_sigma : {-0.6, 0.0, 0.7})
      for (Index row = 0; row < 4; ++row)
        require_derivatives(family, row, eta, Vector::Constant(1, log_sigma),
                            1e-5);  // steps of 1e-2 of a log
}

TEST_CASE("far beyond an end the value stays finite and the slope that of a quadratic") {
  const Censored family(numbers({0, 1}), 0.0, kInf);
  const PointTerms far =
      point(family, 0, 400.0 / family.unit(), Vector::Constant(1, -std::log(family.unit())));
  // log of the tail at 400 standard deviations: -t^2/2 - log(t) - log(2 pi)/2 - 1/t^2
  REQUIRE(far.value ==
          Approx(-80000.0 - std::log(400.0) - 0.9189385332046727 - 1.0 / 160000.0).epsilon(1e-12));
  REQUIRE(far.slope == Approx(-(400.0 + 1.0 / 400.0) * family.unit()).epsilon(1e-6));
}

TEST_CASE("the optimum has the likelihood of the trapezoidal rule, and no point around is better") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const FamilyReport report = report_family(trial.in, Censored(scores(), 0.0, 20.0));
  REQUIRE(report.converged);
  const auto value = [&](const Vector& p) {
    return by_hand(trial, scores(), p.head(2), p[2], std::exp(p[3]));
  };
  Vector at(4);
  at << report.beta, std::sqrt(report.covariance(0, 0)), report.extra[0];
  const double best = value(at);
  REQUIRE(std::fabs(best - report.log_likelihood) < 1e-9);
  for (Index j = 0; j < 4; ++j)
    for (const double by : {-1e-3, 1e-3}) REQUIRE(value(at + by * Vector::Unit(4, j)) < best);
  // the observed information, with the standard deviation of the intercept in the place of its own parameter
  const Matrix information = -difference_hessian(value, at);
  const Matrix covariance = information.inverse();
  REQUIRE(report.vcov(0, 0) == Approx(covariance(0, 0)).epsilon(1e-5));
  REQUIRE(report.vcov(1, 1) == Approx(covariance(1, 1)).epsilon(1e-5));
  REQUIRE(report.vcov(2, 2) == Approx(covariance(3, 3)).epsilon(1e-5));
}

TEST_CASE("patients with the same scores are integrated once, and count as often as they are") {
  const family_cases::Trial trial = family_cases::binary_trial();
  Vector y = scores();
  y.segment(0, 5).setZero();  // three patients who never leave the floor
  y.segment(10, 5).setZero();
  y.segment(25, 5).setZero();
  const SubjectRows rows = make_subject_rows(trial.in);
  const Censored family(y, 0.0, 20.0);
  REQUIRE((subject_twins(rows, family).count == std::vector<Index>{3, 1, 0, 1, 1, 0}));
  MarginalLikelihood likelihood(rows, family);
  const double sd = 6.0, sigma = 3.0;
  const Vector beta = numbers({4.0, 2.5});
  Vector at(4);
  at << rows.x_factor * beta / family.unit(), sd / family.unit(), std::log(sigma / family.unit());
  static_cast<void>(likelihood.choose_nodes(at, 1e-11));
  REQUIRE(-likelihood.at(at).value == Approx(by_hand(trial, y, beta, sd, sigma)).epsilon(1e-10));
}

TEST_CASE("another unit and origin of the score change what they should, however far from zero") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const FamilyReport first = report_family(trial.in, Censored(scores(), 0.0, 20.0));
  const Vector moved = (1e6 + 100.0 * scores().array()).matrix();
  const FamilyReport second = report_family(trial.in, Censored(moved, 1e6, 1e6 + 2000.0));
  REQUIRE(second.converged);
  REQUIRE(second.beta[0] == Approx(1e6 + 100.0 * first.beta[0]).epsilon(1e-10));
  REQUIRE(second.beta[1] == Approx(100.0 * first.beta[1]).epsilon(1e-7));
  REQUIRE(second.extra[0] == Approx(first.extra[0] + std::log(100.0)).epsilon(1e-7));
  REQUIRE(second.covariance(0, 0) == Approx(1e4 * first.covariance(0, 0)).epsilon(1e-6));
  REQUIRE(second.vcov(1, 1) == Approx(1e4 * first.vcov(1, 1)).epsilon(1e-6));
}

TEST_CASE("a scale read from the other end turns floor and ceiling") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const FamilyReport up = report_family(trial.in, Censored(scores(), 0.0, 20.0));
  const FamilyReport down = report_family(trial.in, Censored(-scores(), -20.0, 0.0));
  REQUIRE((up.beta + down.beta).norm() < 1e-7);
  REQUIRE(up.extra[0] == Approx(down.extra[0]).epsilon(1e-8));
  REQUIRE(up.log_likelihood == Approx(down.log_likelihood).epsilon(1e-12));
}

TEST_CASE("an offset in the unit of the score is taken from it") {
  family_cases::Trial trial = family_cases::binary_trial();
  const FamilyReport plain = report_family(trial.in, Censored(scores(), 0.0, 20.0));
  trial.in.offset = 2.0 * trial.in.x.col(1) + Vector::Constant(30, 5.0);
  const FamilyReport moved = report_family(trial.in, Censored(scores(), 0.0, 20.0));
  REQUIRE(moved.beta[0] == Approx(plain.beta[0] - 5.0).epsilon(1e-8));
  REQUIRE(moved.beta[1] == Approx(plain.beta[1] - 2.0).epsilon(1e-8));
}

TEST_CASE("scores outside the scale, or no scale, are refused") {
  REQUIRE_THROWS_AS(Censored(numbers({-1, 2}), 0.0, 20.0), InvalidInput);
  REQUIRE_THROWS_AS(Censored(numbers({1, 21}), 0.0, 20.0), InvalidInput);
  REQUIRE_THROWS_AS(Censored(numbers({1, 2}), 5.0, 5.0), InvalidInput);
  REQUIRE_THROWS_AS(Censored(numbers({1, std::nan("")}), 0.0, kInf), InvalidInput);
  REQUIRE(Censored(numbers({4, 4}), 0.0, kInf).unit() == 1.0);
}
