#include <testthat/vendor/catch.h>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <cordgain/infer/family_report.hpp>
#include <cordgain/model/beta_binomial_family.hpp>
#include "family_cases.hpp"
#include "family_checks.hpp"

using namespace cordgain;
using family_checks::numbers;
using family_checks::point;
using family_checks::require_derivatives;

namespace {

Vector w_of(double precision) {
  return Vector::Constant(1, 1.0 / std::sqrt(precision));
}

// Points out of ten at five visits of six patients; simulated.
Vector ten_points() {
  return numbers(
      {1, 3, 2, 7, 5, 4, 4, 9, 6, 10, 0, 1, 0, 3, 1, 2, 8, 5, 3, 7, 6, 10, 8, 9, 4, 0, 2, 1, 0, 5});
}

Vector tens() {
  return Vector::Constant(30, 10.0);
}

}  // namespace

TEST_CASE("the density is a ratio of beta functions") {
  const BetaBinomial family(numbers({0, 3, 10, 1}), numbers({10, 10, 10, 2}));
  for (const double precision : {0.5, 4.0, 60.0}) {
    for (const double eta : {-2.0, 0.3, 1.7}) {
      const double mu = 1.0 / (1.0 + std::exp(-eta));
      for (Index row = 0; row < 4; ++row) {
        const double n = row == 3 ? 2.0 : 10.0, y = row == 0 ? 0.0 : row == 1 ? 3.0 : row == 2 ? 10.0 : 1.0;
        const double a = mu * precision, b = precision - a;
        const double density =
            std::exp(std::lgamma(n + 1.0) - std::lgamma(y + 1.0) - std::lgamma(n - y + 1.0)) *
            boost::math::beta(y + a, n - y + b) / boost::math::beta(a, b);
        REQUIRE(std::exp(point(family, row, eta, w_of(precision)).value) == Approx(density).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("many predictors at once are taken one by one, and far ones without overflow") {
  const BetaBinomial family(numbers({3}), numbers({10}));
  Vector eta = Vector::LinSpaced(37, -300.0, 300.0);
  Vector value(37), slope(37), curvature(37);
  for (const double precision : {0.01, 4.0, 1e6}) {
    family.terms(0, eta, w_of(precision), {value.data(), slope.data(), curvature.data()});
    for (Index k = 0; k < 37; ++k) {
      const PointTerms one = point(family, 0, eta[k], w_of(precision));
      REQUIRE(value[k] == Approx(one.value).epsilon(1e-14));
      REQUIRE(slope[k] == Approx(one.slope).epsilon(1e-13));
      REQUIRE(std::isfinite(value[k]));
    }
    // far out a success and a failure each have one small factor: one e-fold of eta is one of the density
    REQUIRE(slope[0] == Approx(1.0).epsilon(1e-12));
    REQUIRE(slope[36] == Approx(-1.0).epsilon(1e-12));
  }
}

TEST_CASE("probabilities of all counts add up to one") {
  for (const double eta : {-3.0, 0.4}) {
    double sum = 0.0;
    for (double y = 0.0; y <= 50.0; ++y)
      sum += std::exp(point(BetaBinomial(numbers({y}), numbers({50})), 0, eta, w_of(3.0)).value);
    REQUIRE(sum == Approx(1.0).epsilon(1e-12));
  }
}

TEST_CASE("without variation it is the binomial, to the last digits and in every derivative") {
  const Vector events = numbers({0, 3, 7, 1}), trials = numbers({1, 10, 7, 1});
  const BetaBinomial family(events, trials);
  const BinomialLogit binomial(events, trials);
  for (const double w : {0.0, 1e-18}) {  // 1 / precision far below the probability at -40
    for (const double eta : {-40.0, -1.3, 0.0, 2.1, 40.0}) {
      for (Index row = 0; row < 4; ++row) {
        const PointTerms here = point(family, row, eta, Vector::Constant(1, w));
        const PointTerms limit = point(binomial, row, eta, Vector());
        REQUIRE(here.value == Approx(limit.value).epsilon(1e-12));
        REQUIRE(here.slope == Approx(limit.slope).epsilon(1e-12));
        REQUIRE(std::fabs(here.curvature - limit.curvature) < 1e-12);
      }
    }
  }
}

TEST_CASE("derivatives are those of the value, in eta and in the parameter, through its zero too") {
  const BetaBinomial family(numbers({0, 3, 10, 1}), numbers({10, 10, 10, 2}));
  for (const double eta : {-2.0, -0.1, 1.4})
    for (const double w : {0.0, 0.3, -0.3, 1.2})
      for (Index row = 0; row < 4; ++row)
        require_derivatives(family, row, eta, Vector::Constant(1, w), 1e-4);  // steps of 1e-2 in w
}

TEST_CASE("a single trial has no variation to show") {
  const BetaBinomial family(numbers({1}), numbers({1}));
  const double value = point(family, 0, 0.7, w_of(4.0)).value;
  REQUIRE(value == Approx(-std::log1p(std::exp(-0.7))).epsilon(1e-14));
  REQUIRE(point(family, 0, 0.7, w_of(0.1)).value == value);
}

TEST_CASE("many factors keep their digits: scores up to a thousand points") {
  const double mu = 0.2, precision = 30.0, a = mu * precision, b = precision - a;
  const BetaBinomial family(numbers({180}), numbers({1000}));
  const double exact = std::lgamma(1001.0) - std::lgamma(181.0) - std::lgamma(821.0) +
                       std::lgamma(180.0 + a) + std::lgamma(820.0 + b) - std::lgamma(1000.0 + precision) -
                       std::lgamma(a) - std::lgamma(b) + std::lgamma(precision);
  // gamma functions of a thousand leave 1e-12
  REQUIRE(point(family, 0, std::log(0.25), w_of(precision)).value == Approx(exact).epsilon(1e-11));
}

TEST_CASE("reported is the logarithm of the precision; no variation has no standard error") {
  const BetaBinomial family(numbers({1}), numbers({3}));
  REQUIRE(family.reported(w_of(7.0))[0] == Approx(std::log(7.0)).epsilon(1e-14));
  REQUIRE(family.reported_slope(w_of(4.0))(0, 0) == Approx(-4.0).epsilon(1e-14));  // -2 / w, w = 1/2
  REQUIRE(std::isinf(family.reported(Vector::Zero(1))[0]));
  REQUIRE(std::isnan(family.reported_slope(Vector::Zero(1))(0, 0)));
  REQUIRE(family.canonical(Vector::Constant(1, -0.3))[0] == 0.3);
  REQUIRE(family.canonical(Vector::Constant(1, 1e-6))[0] == 0.0);
}

TEST_CASE("scores more spread than a binomial's have a precision, and no point around is better") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const BetaBinomial family(ten_points(), tens());
  const SubjectRows rows = make_subject_rows(trial.in);
  const FamilyFit fit = fit_family(rows, family);
  REQUIRE(fit.converged);
  REQUIRE(fit.point[3] > 0.01);
  MarginalLikelihood likelihood(rows, family);
  likelihood.set_nodes(std::vector<Index>(6, 101));
  const double best = likelihood.at(fit.point, false).value;
  REQUIRE(std::fabs(best + fit.log_likelihood) < 1e-9);
  for (Index j = 0; j < 4; ++j)
    for (const double by : {-1e-3, 1e-3})
      REQUIRE(likelihood.at(fit.point + by * Vector::Unit(4, j), false).value > best);
  const SecondOrder at = likelihood.at(fit.point);
  const auto value = [&](const Vector& p) { return likelihood.at(p, false).value; };
  REQUIRE((at.hessian - difference_hessian(value, fit.point)).norm() < 1e-3);  // steps of 1e-2 in w
}

TEST_CASE("events and failures exchanged turn the signs and leave the precision") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const FamilyReport up = report_family(trial.in, BetaBinomial(ten_points(), tens()));
  const FamilyReport down = report_family(trial.in, BetaBinomial(tens() - ten_points(), tens()));
  REQUIRE((up.beta + down.beta).norm() < 1e-8);
  REQUIRE(up.extra[0] == Approx(down.extra[0]).epsilon(1e-8));
  REQUIRE(up.vcov(2, 2) == Approx(down.vcov(2, 2)).epsilon(1e-7));
  REQUIRE(up.log_likelihood == Approx(down.log_likelihood).epsilon(1e-12));
}

TEST_CASE("scores less spread than a binomial's are fitted as binomial, their precision infinite") {
  family_cases::Trial trial = family_cases::binary_trial();
  const double course[] = {2.0, 3.0, 5.0, 6.0, 8.0};
  Vector even(30);
  for (Index i = 0; i < 30; ++i) even[i] = course[i % 5];
  const FamilyReport report = report_family(trial.in, BetaBinomial(even, tens()));
  const FamilyReport binomial = report_family(trial.in, BinomialLogit(even, tens()));
  REQUIRE(report.converged);
  REQUIRE(std::isinf(report.extra[0]));
  REQUIRE(report.log_likelihood == Approx(binomial.log_likelihood).epsilon(1e-12));
  REQUIRE((report.beta - binomial.beta).norm() < 1e-9);
  REQUIRE((report.vcov.topLeftCorner(2, 2) - binomial.vcov).norm() < 1e-9);
  REQUIRE(std::isnan(report.vcov(2, 2)));
}
