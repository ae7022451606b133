#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/infer/family_report.hpp>
#include "family_cases.hpp"

using namespace cordgain;

TEST_CASE("a report does not depend on the units and the order of the data") {
  const family_cases::Trial trial = family_cases::binary_trial(2);
  const FamilyReport first = report_family(trial.in, BinomialLogit(trial.y, Vector::Ones(30)));
  family_cases::Trial other = trial;
  for (Index i = 0; i < 30; ++i) {  // backwards, visits in another unit, subjects renumbered
    const Index from = 29 - i;
    other.y[i] = trial.y[from];
    other.in.x.row(i) << 1.0, 100.0 * trial.in.x(from, 1);
    other.in.subject[static_cast<std::size_t>(i)] = 5 - trial.in.subject[static_cast<std::size_t>(from)];
  }
  other.in.z = other.in.x;
  const FamilyReport second = report_family(other.in, BinomialLogit(other.y, Vector::Ones(30)));
  REQUIRE(second.log_likelihood == Approx(first.log_likelihood).epsilon(1e-11));
  // parameters: the root of the rounding of the likelihood, polished: 1e-8
  REQUIRE(second.beta[0] == Approx(first.beta[0]).epsilon(1e-7));
  REQUIRE(100.0 * second.beta[1] == Approx(first.beta[1]).epsilon(1e-7));
  REQUIRE(1e2 * std::sqrt(second.vcov(1, 1)) == Approx(std::sqrt(first.vcov(1, 1))).epsilon(1e-6));
  REQUIRE(second.covariance(0, 0) == Approx(first.covariance(0, 0)).epsilon(1e-6));
}

TEST_CASE("success and failure exchanged turn the signs") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const FamilyReport up = report_family(trial.in, BinomialLogit(trial.y, Vector::Ones(30)));
  const FamilyReport down =
      report_family(trial.in, BinomialLogit(Vector::Ones(30) - trial.y, Vector::Ones(30)));
  REQUIRE((up.beta + down.beta).norm() < 1e-9);
  REQUIRE((up.mode + down.mode).norm() < 1e-8);
  REQUIRE(up.covariance(0, 0) == Approx(down.covariance(0, 0)).epsilon(1e-9));
}

TEST_CASE("a report without an end names coefficients and standard deviations") {
  family_cases::Trial trial = family_cases::binary_trial();
  for (Index i = 0; i < 30; ++i) trial.y[i] = trial.in.x(i, 1) > 0.0 ? 1.0 : 0.0;
  const FamilyReport report = report_family(trial.in, BinomialLogit(trial.y, Vector::Ones(30)));
  REQUIRE(report.runaway_beta.size() == 2);
  REQUIRE(report.runaway_beta[1] > 0.1);
  REQUIRE(report.beta.size() == 0);
}

TEST_CASE("a report of two effects has their covariance, rank, and effects by subject") {
  const family_cases::Trial trial = family_cases::binary_trial(2);
  const FamilyReport report = report_family(trial.in, BinomialLogit(trial.y, Vector::Ones(30)));
  REQUIRE(report.converged);
  REQUIRE(report.kept == std::vector<Index>({0, 1}));
  REQUIRE(report.covariance.rows() == 2);
  REQUIRE(report.rank.size() == 1);
  REQUIRE(report.rank[0] >= 1);
  REQUIRE(report.mode.rows() == 6);
  REQUIRE(report.mode.cols() == 2);
  REQUIRE(report.spread.cols() == 3);
  REQUIRE(report.spread.col(0).minCoeff() > 0.0);
  REQUIRE(report.error.size() == 2);
  REQUIRE(report.error.maxCoeff() < 1e-7);
  REQUIRE(report.log_likelihood_error < 1e-8);
}

TEST_CASE("independent effects keep a covariance of zero between them") {
  family_cases::Trial trial = family_cases::binary_trial(2);
  trial.in.block = {1, 1};
  const FamilyReport report = report_family(trial.in, BinomialLogit(trial.y, Vector::Ones(30)));
  REQUIRE(report.covariance(0, 1) == 0.0);
  REQUIRE(report.rank.size() == 2);
}
