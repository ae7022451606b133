#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/family_fit.hpp>
#include "family_cases.hpp"

using namespace cordgain;

TEST_CASE("no point around the optimum is better by the trapezoidal rule") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const BinomialLogit family(trial.y, Vector::Ones(30));
  const FamilyFit fit = fit_family(rows, family);
  REQUIRE(fit.converged);
  REQUIRE(fit.runaway.size() == 0);
  REQUIRE(fit.gradient.norm() < 1e-9);
  const auto value = [&](const Vector& point) {
    return family_cases::trapezoid(trial, rows.x_factor.triangularView<Eigen::Upper>().solve(point.head(2)),
                                   point[2]);
  };
  const double best = value(fit.point);
  REQUIRE(std::fabs(best - fit.log_likelihood) < 1e-9);
  for (Index j = 0; j < 3; ++j) {
    for (const double by : {-1e-3, 1e-3}) {
      Vector moved = fit.point;
      moved[j] += by;
      REQUIRE(value(moved) < best);
    }
  }
  REQUIRE(fit.shift.norm() < 1e-8);
}

TEST_CASE("one node finds the optimum of the Laplace approximation, by differences of its value") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const BinomialLogit family(trial.y, Vector::Ones(30));
  FamilyFitControl control;
  control.nodes = 1;
  const FamilyFit fit = fit_family(rows, family, control);
  REQUIRE(fit.converged);
  MarginalLikelihood likelihood(rows, family);
  likelihood.set_nodes(std::vector<Index>(6, 1));
  const double best = likelihood.at(fit.point, false).value;
  REQUIRE(best == Approx(-fit.log_likelihood).epsilon(1e-12));
  for (Index j = 0; j < 3; ++j) {
    for (const double by : {-1e-3, 1e-3}) {
      Vector moved = fit.point;
      moved[j] += by;
      REQUIRE(likelihood.at(moved, false).value > best);
    }
  }
}

TEST_CASE("separated scores have no end, and the moving coefficient is named") {
  family_cases::Trial trial = family_cases::binary_trial();
  for (Index i = 0; i < 30; ++i) trial.y[i] = trial.in.x(i, 1) > 0.0 ? 1.0 : 0.0;
  const SubjectRows rows = make_subject_rows(trial.in);
  const FamilyFit fit = fit_family(rows, BinomialLogit(trial.y, Vector::Ones(30)));
  REQUIRE(fit.runaway.size() == 3);
  REQUIRE(fit.runaway[1] > 0.1);
}

TEST_CASE("subjects who always or never succeed have a standard deviation without an end") {
  family_cases::Trial trial = family_cases::binary_trial();
  for (Index i = 0; i < 30; ++i) trial.y[i] = trial.in.subject[static_cast<std::size_t>(i)] < 3 ? 1.0 : 0.0;
  const SubjectRows rows = make_subject_rows(trial.in);
  const FamilyFit fit = fit_family(rows, BinomialLogit(trial.y, Vector::Ones(30)));
  REQUIRE(fit.runaway.size() == 3);
  REQUIRE(fit.runaway[2] > 0.1);
}

TEST_CASE("subjects that are alike give a standard deviation of exactly zero") {
  family_cases::Trial trial = family_cases::binary_trial();
  for (Index i = 0; i < 30; ++i)
    trial.y[i] = i % 5 == 0 || i % 5 == 3 ? 1.0 : 0.0;  // the same course for all
  const SubjectRows rows = make_subject_rows(trial.in);
  const FamilyFit fit = fit_family(rows, BinomialLogit(trial.y, Vector::Ones(30)));
  REQUIRE(fit.converged);
  REQUIRE(fit.point[2] == 0.0);
}

TEST_CASE("the factor of a covariance that lacks rank has columns of zeros") {
  Matrix covariance(2, 2);
  covariance << 0.0, 0.0, 0.0, 4.0;
  const Matrix l = detail::semidefinite_factor(covariance);
  REQUIRE(l.col(0).norm() == 0.0);
  REQUIRE(l(1, 1) == 2.0);
  covariance << 4.0, 2.0, 2.0, 1.0;
  REQUIRE(detail::semidefinite_factor(covariance).col(1).norm() == 0.0);
  const Matrix inverse = detail::symmetric_pseudo_inverse(covariance);
  REQUIRE((covariance * inverse * covariance - covariance).norm() < 1e-12);
}
