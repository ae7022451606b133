#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/family_fit.hpp>
#include <cordgain/model/censored_family.hpp>
#include "family_cases.hpp"

using namespace cordgain;
using family_cases::Trial;

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
  // What one node costs is stated: the same estimates by the trapezoidal rule.
  const double whole = family_cases::trapezoid(
      trial, rows.x_factor.triangularView<Eigen::Upper>().solve(fit.point.head(2)), fit.point[2]);
  REQUIRE(fit.log_likelihood_error > 1e-3);
  REQUIRE(std::fabs(fit.log_likelihood_error - std::fabs(whole - fit.log_likelihood)) < 1e-8);
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

namespace {

// Normal scores of residual variance 1: the fit has a formula.
struct UnitNormal final : PointwiseFamily<UnitNormal> {
  Vector y;
  explicit UnitNormal(Vector scores) : y(std::move(scores)) {}
  [[nodiscard]] Index rows() const override { return y.size(); }
  [[nodiscard]] PointTerms at(Index row, double eta, const Vector&) const {
    const double off = y[row] - eta;
    return {-0.5 * off * off - 0.91893853320467274178, off, -1.0};
  }
};

// Four subjects with three scores each: 12 numbers.
Trial balanced(const Vector& means) {
  Trial out;
  const double within[] = {-1.0, 0.25, 0.75};
  out.y.resize(12);
  for (Index i = 0; i < 12; ++i) {
    out.y[i] = means[i / 3] + within[i % 3];
    out.in.subject.push_back(i / 3);
  }
  out.in.x = Matrix::Ones(12, 1);
  out.in.z = Matrix::Ones(12, 1);
  out.in.n_subjects = 4;
  out.in.block = {1};
  return out;
}

}  // namespace

TEST_CASE("normal scores in balanced groups: the mean, and the variance of means less 1/n") {
  Vector means(4);
  means << 1.0, 5.0, 2.0, 8.0;  // mean 4, mean square about it 7.5
  const Trial trial = balanced(means);
  const SubjectRows rows = make_subject_rows(trial.in);
  const FamilyFit fit = fit_family(rows, UnitNormal(trial.y));
  REQUIRE(fit.converged);
  REQUIRE(fit.point[0] / rows.x_factor(0, 0) == Approx(4.0).epsilon(1e-9));
  REQUIRE(fit.point[1] * fit.point[1] == Approx(7.5 - 1.0 / 3.0).epsilon(1e-9));
  // information of the mean: 4 subjects of variance D + 1/3
  REQUIRE(fit.information(0, 0) == Approx(4.0 / 7.5).epsilon(1e-9));
  REQUIRE(std::fabs(fit.information(0, 1)) < 1e-9);
}

TEST_CASE("means that differ less than scores do have a standard deviation of zero") {
  Vector means(4);
  means << 1.0, 1.2, 0.9, 1.1;  // mean square 0.0125 < 1/3
  const Trial trial = balanced(means);
  const SubjectRows rows = make_subject_rows(trial.in);
  const FamilyFit fit = fit_family(rows, UnitNormal(trial.y));
  REQUIRE(fit.converged);
  REQUIRE(fit.point[1] == 0.0);
  REQUIRE(fit.point[0] / rows.x_factor(0, 0) == Approx(1.05).epsilon(1e-12));
}

TEST_CASE("the number of nodes makes no difference to normal scores") {
  Vector means(4);
  means << 1.0, 5.0, 2.0, 8.0;
  const Trial trial = balanced(means);
  const SubjectRows rows = make_subject_rows(trial.in);
  const FamilyFit exact = fit_family(rows, UnitNormal(trial.y));
  for (const Index nodes : {1, 7}) {
    FamilyFitControl control;
    control.nodes = nodes;
    const FamilyFit fit = fit_family(rows, UnitNormal(trial.y), control);
    // derivatives by differences: 1e-10 of the likelihood over its curvature
    REQUIRE((fit.point - exact.point).norm() < 1e-7);
    REQUIRE(fit.log_likelihood == Approx(exact.log_likelihood).epsilon(1e-12));
    REQUIRE((fit.information - exact.information).norm() < 1e-6);
  }
}

TEST_CASE("counts that are all zero have no end, counts with a rate do") {
  const Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const FamilyFit none = fit_family(rows, PoissonLog(Vector::Zero(30)));
  REQUIRE(none.runaway.size() == 3);
  REQUIRE(none.runaway[0] > 0.1);
  const FamilyFit some = fit_family(rows, PoissonLog(trial.y));
  REQUIRE(some.converged);
  REQUIRE(some.runaway.size() == 0);
}

TEST_CASE("scores without any residual have no end, also where rounding stops the search first") {
  Trial trial = family_cases::binary_trial();
  for (Index i = 0; i < 30; ++i) trial.y[i] = 3.0 * static_cast<double>(i % 5) + static_cast<double>(i / 5);
  const Censored family(trial.y, -1.0, 40.0);
  SubjectRows rows = make_subject_rows(trial.in, family.unit());
  rows.offset = Vector::Constant(30, trial.y.mean() / family.unit());
  const FamilyFit fit = fit_family(rows, family);
  REQUIRE(fit.runaway.size() == 4);
  REQUIRE(fit.runaway[3] > 0.5);  // log sigma
  REQUIRE_FALSE(fit.converged);
  Vector point(2);
  point << 3.0, -30.0;
  REQUIRE(detail::lost_direction(point)[1] == 1.0);
  REQUIRE(detail::lost_direction(0.5 * point).size() == 0);
}
