#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/marginal_likelihood.hpp>
#include <cordgain/math/differences.hpp>
#include <cordgain/model/beta_binomial_family.hpp>
#include "family_cases.hpp"

using namespace cordgain;

TEST_CASE("the likelihood is that of the trapezoidal rule") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const BinomialLogit family(trial.y, Vector::Ones(30));
  MarginalLikelihood likelihood(rows, family);
  Vector beta(2);
  beta << -0.3, 0.9;
  for (const double sd : {0.5, 1.5, 4.0}) {
    Vector point(3);
    point << rows.x_factor * beta, sd;
    const double left = likelihood.choose_nodes(point, 1e-10);
    REQUIRE(left < 6e-10);  // six subjects
    // an increment below 1e-10 a subject
    REQUIRE(std::fabs(-likelihood.at(point, false).value - family_cases::trapezoid(trial, beta, sd)) < 1e-9);
  }
}

TEST_CASE("gradient and Hessian are the derivatives of the value, for one effect and two") {
  for (const Index effects : {1, 2}) {
    const family_cases::Trial trial = family_cases::binary_trial(effects);
    const SubjectRows rows = make_subject_rows(trial.in);
    const BinomialLogit family(trial.y, Vector::Ones(30));
    MarginalLikelihood likelihood(rows, family);
    Vector point(likelihood.size());
    if (effects == 1) {
      point << 0.2, 0.7, 1.1;
    } else {
      point << 0.2, 0.7, 1.1, -0.4, 0.6;
    }
    likelihood.choose_nodes(point, 1e-11);
    const SecondOrder at = likelihood.at(point);
    const auto value = [&](const Vector& p) { return likelihood.at(p, false).value; };
    // differences: 1e-9 from rounding and from nodes that move, 1e-7 for second ones
    const Vector slope = difference_gradient(value, point);
    REQUIRE((at.gradient - slope).norm() < 1e-8);
    Vector gradient;
    REQUIRE(likelihood.sloped(point, gradient) == Approx(-at.value).epsilon(1e-14));
    REQUIRE((gradient + slope).norm() < 1e-8);
    REQUIRE((at.hessian - difference_hessian(value, point)).norm() < 1e-6);
  }
}

TEST_CASE("the gradient alone, of a family with parameters of its own; none where there is no likelihood") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const BetaBinomial family(3.0 * trial.y, Vector::Constant(30, 5.0));
  MarginalLikelihood likelihood(rows, family);
  Vector point(4), gradient;
  point << 0.2, 0.7, 1.1, 0.6;
  likelihood.choose_nodes(point, 1e-11);
  const auto value = [&](const Vector& p) { return -likelihood.at(p, false).value; };
  REQUIRE(likelihood.sloped(point, gradient) == Approx(value(point)).epsilon(1e-14));
  REQUIRE((gradient - difference_gradient(value, point)).norm() < 1e-8);
  REQUIRE(std::isinf(likelihood.sloped(Vector::Constant(4, std::nan("")), gradient)));
}

TEST_CASE("at a standard deviation of zero its slope vanishes, and the rest is a generalised linear model") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const BinomialLogit family(trial.y, Vector::Ones(30));
  MarginalLikelihood likelihood(rows, family);
  Vector point = Vector::Zero(3);
  const SecondOrder at = likelihood.at(point);
  REQUIRE(at.value == Approx(30.0 * std::log(2.0)).epsilon(1e-13));  // p = 1/2 everywhere
  REQUIRE(std::fabs(at.gradient[2]) < 1e-12);
  REQUIRE(std::fabs(at.hessian(0, 2)) < 1e-12);
}

TEST_CASE(
    "one rung more changes nothing where the tolerance was reached, and effects are posterior moments") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const BinomialLogit family(trial.y, Vector::Ones(30));
  MarginalLikelihood likelihood(rows, family);
  Vector point(3);
  point << 0.1, 0.5, 1.3;
  likelihood.choose_nodes(point, 1e-10);
  const std::vector<Index> before = likelihood.nodes();
  const double value = likelihood.at(point, false).value;
  likelihood.refine_nodes();
  REQUIRE(likelihood.nodes() != before);
  REQUIRE(std::fabs(likelihood.at(point, false).value - value) < 6e-10);
  const MarginalLikelihood::Effects u = likelihood.effects(5, point);  // a subject who never succeeds
  REQUIRE(u.mode[0] < 0.0);
  REQUIRE(u.mean[0] < u.mode[0]);  // skew to the left
  REQUIRE(u.covariance(0, 0) > 0.0);
  REQUIRE(u.covariance(0, 0) < 1.0);
}

TEST_CASE("points that are no numbers have no likelihood, and scores must be as many as rows") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const BinomialLogit family(trial.y, Vector::Ones(30));
  MarginalLikelihood likelihood(rows, family);
  REQUIRE(std::isinf(likelihood.at(Vector::Constant(3, std::nan(""))).value));
  const BinomialLogit short_family(Vector::Ones(3), Vector::Ones(3));
  REQUIRE_THROWS_AS(MarginalLikelihood(rows, short_family), InvalidInput);
}

TEST_CASE("two correlated effects are integrated as a sum over a fine square grid has it") {
  const family_cases::Trial trial = family_cases::binary_trial(2);
  const SubjectRows rows = make_subject_rows(trial.in);
  const BinomialLogit family(trial.y, Vector::Ones(30));
  MarginalLikelihood likelihood(rows, family);
  Vector beta(2), point(5);
  beta << -0.2, 0.8;
  point << rows.x_factor * beta, 1.2, 0.5, 0.7;
  likelihood.choose_nodes(point, 1e-10);
  // Z = z diag(z_scale), so the effects of z are those of Z times its scale
  const Matrix l = rows.z_scale.cwiseInverse().asDiagonal() * likelihood.factor(point);
  double sum = 0.0;
  for (Index s = 0; s < 6; ++s) {
    double integral = 0.0;
    for (int j = -160; j <= 160; ++j) {
      for (int k = -160; k <= 160; ++k) {
        Vector u(2);
        u << 0.05 * j, 0.05 * k;
        double density = std::exp(-0.5 * u.squaredNorm()) / 6.283185307179586;
        const Vector b = l * u;
        for (Index i = 5 * s; i < 5 * s + 5; ++i) {
          const double eta = trial.in.x.row(i).dot(beta) + trial.in.z.row(i).dot(b);
          density /= 1.0 + std::exp(trial.y[i] > 0.5 ? -eta : eta);
        }
        integral += 0.0025 * density;
      }
    }
    sum += std::log(integral);
  }
  // the grid ends at 8 standard deviations: 1e-15; six subjects to 1e-10
  REQUIRE(std::fabs(sum + likelihood.at(point, false).value) < 1e-9);
}

TEST_CASE("the ladder of nodes climbs, and every rung is a rule") {
  for (const Index effects : {1, 2, 3}) {
    const std::vector<Index>& ladder = node_ladder(effects);
    for (std::size_t i = 1; i < ladder.size(); ++i) REQUIRE(ladder[i] > ladder[i - 1]);
    REQUIRE(ladder.back() <= kMostHermiteNodes);
  }
}
