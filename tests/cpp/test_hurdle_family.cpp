#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/family_fit.hpp>
#include <cordgain/model/hurdle_family.hpp>
#include "family_cases.hpp"
#include "family_checks.hpp"

using namespace cordgain;
using family_checks::numbers;
using family_checks::point;
using family_checks::require_derivatives;

namespace {

// Gains of 0 to 20 points at five visits of six patients, half of them none; simulated.
Vector gains() {
  return numbers(
      {0, 0, 2, 9, 3, 0, 0, 0, 6, 0, 3, 14, 5, 19, 8, 0, 0, 0, 0, 0, 0, 9, 0, 2, 13, 0, 1, 0, 0, 7});
}

Vector twenties() {
  return Vector::Constant(30, 20.0);
}

}  // namespace

TEST_CASE("the density by hand: a point beyond the hurdle is a beta-binomial of one point less") {
  // highest 4, mu = 1/2, precision 2: the beta-binomial of 0 to 3 with a uniform probability, 1/4 each
  const Hurdle one(numbers({0, 1, 4}), numbers({4, 4, 4}), false);
  const Vector own = numbers({1.0 / std::sqrt(2.0), std::log(3.0)});  // change in three of four
  REQUIRE(std::exp(point(one, 0, 0.0, own).value) == Approx(0.25).epsilon(1e-14));
  for (const Index row : {1, 2})
    REQUIRE(std::exp(point(one, row, 0.0, own).value) == Approx(0.75 / 4.0).epsilon(1e-14));
  // with k = 2 and eta = log 3 / 2: a + k eta = log 3 + log 3, change in nine of ten
  const Hurdle shared(numbers({0}), numbers({4}), true);
  const Vector moved = numbers({0.7, std::log(3.0), 2.0});
  REQUIRE(std::exp(point(shared, 0, 0.5 * std::log(3.0), moved).value) == Approx(0.1).epsilon(1e-14));
}

TEST_CASE("probabilities of all scores add up to one") {
  for (const bool shared : {false, true}) {
    const Vector own = shared ? numbers({0.6, -0.3, 1.4}) : numbers({0.6, -0.3});
    for (const double eta : {-3.0, 0.4}) {
      double sum = 0.0;
      for (double y = 0.0; y <= 20.0; ++y)
        sum += std::exp(point(Hurdle(numbers({y}), numbers({20}), shared), 0, eta, own).value);
      REQUIRE(sum == Approx(1.0).epsilon(1e-13));
    }
  }
}

TEST_CASE("derivatives are those of the value, in eta and in the family's own parameters") {
  const Vector points = numbers({0, 1, 4, 11}), highest = Vector::Constant(4, 11.0);
  for (const double eta : {-2.0, -0.1, 1.4}) {
    for (Index row = 0; row < 4; ++row) {
      require_derivatives(Hurdle(points, highest, false), row, eta, numbers({0.4, -0.6}), 1e-4);
      require_derivatives(Hurdle(points, highest, true), row, eta, numbers({0.4, -0.6, 0.8}), 1e-4);
      require_derivatives(Hurdle(points, highest, true), row, eta, numbers({0.0, 0.5, -0.7}), 1e-4);
    }
  }
}

TEST_CASE("reported are the logarithm of the precision and the logit's own coefficients") {
  const Hurdle family(gains(), twenties(), true);
  REQUIRE(family.start().size() == 3);
  REQUIRE(Hurdle(gains(), twenties(), false).start().size() == 2);
  const Vector told = family.reported(numbers({0.5, -1.0, 2.0}));
  REQUIRE((told - numbers({std::log(4.0), -1.0, 2.0})).norm() < 1e-14);
  const Matrix slope = family.reported_slope(numbers({0.5, -1.0, 2.0}));
  REQUIRE(slope(0, 0) == Approx(-4.0));
  REQUIRE((slope.bottomRightCorner(2, 2) - Matrix::Identity(2, 2)).norm() == 0.0);
  REQUIRE((family.canonical(numbers({-0.5, 1.0, 2.0})) - numbers({0.5, 1.0, 2.0})).norm() == 0.0);
}

TEST_CASE("one probability of change for all rows is their share, whatever the rest of the model") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const Vector y = gains();
  const FamilyFit fit = fit_family(make_subject_rows(trial.in), Hurdle(y, twenties(), false));
  REQUIRE(fit.converged);
  const double share = (y.array() > 0.0).cast<double>().mean();
  REQUIRE(fit.point.tail(1)[0] == Approx(std::log(share / (1.0 - share))).epsilon(1e-9));
}

TEST_CASE("where change goes with its size no point around the optimum is better") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const Hurdle family(gains(), twenties(), true);
  const FamilyFit fit = fit_family(rows, family);
  REQUIRE(fit.converged);
  MarginalLikelihood likelihood(rows, family);
  likelihood.set_nodes(std::vector<Index>(6, 101));
  const double best = likelihood.at(fit.point, false).value;
  REQUIRE(std::fabs(best + fit.log_likelihood) < 1e-9);
  for (Index j = 0; j < fit.point.size(); ++j)
    for (const double by : {-1e-3, 1e-3})
      REQUIRE(likelihood.at(fit.point + by * Vector::Unit(fit.point.size(), j), false).value > best);
}
