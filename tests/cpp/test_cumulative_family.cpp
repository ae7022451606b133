#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/infer/family_report.hpp>
#include <cordgain/model/cumulative_family.hpp>
#include "family_cases.hpp"
#include "family_checks.hpp"

using namespace cordgain;
using family_checks::point;
using family_checks::require_derivatives;

namespace {

// Four levels for the thirty rows of the small trial; simulated.
Vector four_levels() {
  Vector out(30);
  out << 0, 1, 2, 1, 3, 1, 1, 2, 3, 3, 0, 0, 1, 0, 2, 0, 2, 1, 3, 2, 2, 3, 3, 1, 3, 0, 0, 1, 0, 1;
  return out;
}

Vector turned(const Vector& levels) {
  return Vector::Constant(levels.size(), 3.0) - levels;
}

}  // namespace

TEST_CASE("probabilities of the levels are differences of the distribution function, and add up to one") {
  Vector levels(4), extra(2);
  levels << 0, 1, 2, 3;
  extra << -0.3, 0.9;
  const Cumulative<LogitLink> family(levels, 4);
  const double cuts[] = {0.0, std::exp(-0.3), std::exp(-0.3) + std::exp(0.9)};
  for (const double eta : {-2.0, 0.3, 4.0}) {
    double below = 0.0, sum = 0.0;
    for (Index k = 0; k < 4; ++k) {
      const double up = k < 3 ? 1.0 / (1.0 + std::exp(eta - cuts[k])) : 1.0;
      REQUIRE(std::exp(point(family, k, eta, extra).value) == Approx(up - below).epsilon(1e-12));
      sum += up - below;
      below = up;
    }
    REQUIRE(sum == Approx(1.0).epsilon(1e-15));
  }
  REQUIRE(family.reported(extra)[2] == Approx(cuts[2]).epsilon(1e-15));
}

TEST_CASE("derivatives of ordered levels are those of their value, in eta and in every distance") {
  Vector levels(5), extra(3);
  levels << 0, 1, 2, 3, 4;
  extra << 0.2, -0.7, 0.5;
  const Cumulative<LogitLink> family(levels, 5);
  for (const double eta : {-1.5, 0.2, 2.2, 3.0})
    for (Index row = 0; row < 5; ++row) require_derivatives(family, row, eta, extra, 1e-6);
  const Matrix slope = family.reported_slope(extra);
  const double by = 1e-6;  // rounding over the step, and the step itself
  for (Index i = 0; i < 3; ++i) {
    const Vector moved = family.reported(extra + by * Vector::Unit(3, i)) - family.reported(extra);
    REQUIRE((moved / by - slope.col(i)).norm() < 1e-5);
  }
}

TEST_CASE("two levels are a binary score: the threshold is minus its intercept") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const FamilyReport binary = report_family(trial.in, BinomialLogit(trial.y, Vector::Ones(30)));
  const FamilyReport ordered = report_family(trial.in, Cumulative<LogitLink>(trial.y, 2));
  REQUIRE(ordered.log_likelihood == Approx(binary.log_likelihood).epsilon(1e-12));
  REQUIRE(ordered.beta.size() == 1);
  REQUIRE(ordered.beta[0] == Approx(binary.beta[1]).epsilon(1e-9));
  REQUIRE(ordered.extra.size() == 1);
  REQUIRE(ordered.extra[0] == Approx(-binary.beta[0]).epsilon(1e-9));
  REQUIRE(ordered.vcov(1, 1) == Approx(binary.vcov(0, 0)).epsilon(1e-8));
  REQUIRE(ordered.vcov(0, 1) == Approx(-binary.vcov(1, 0)).epsilon(1e-7));
  REQUIRE(ordered.kept == std::vector<Index>({1}));
}

TEST_CASE("gradient and Hessian of the marginal likelihood are its derivatives in the thresholds too") {
  const family_cases::Trial trial = family_cases::binary_trial(2);
  const SubjectRows rows = make_subject_rows(trial.in);
  const Cumulative<LogitLink> family(four_levels(), 4);
  MarginalLikelihood likelihood(rows, family);
  Vector at(7);
  at << 1.2, 0.7, 1.1, -0.4, 0.6, 0.3, 0.1;
  likelihood.choose_nodes(at, 1e-11);
  const SecondOrder exact = likelihood.at(at);
  const auto value = [&](const Vector& p) { return likelihood.at(p, false).value; };
  // differences: rounding and nodes that move; second ones truncated at steps of 1e-2
  REQUIRE((exact.gradient - difference_gradient(value, at)).norm() < 1e-8);
  REQUIRE((exact.hessian - difference_hessian(value, at)).norm() < 5e-6);
}

TEST_CASE("levels counted from the other end turn every sign and the order of the thresholds") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const FamilyReport up = report_family(trial.in, Cumulative<LogitLink>(four_levels(), 4));
  const FamilyReport down = report_family(trial.in, Cumulative<LogitLink>(turned(four_levels()), 4));
  REQUIRE(up.converged);
  REQUIRE(down.log_likelihood == Approx(up.log_likelihood).epsilon(1e-12));
  REQUIRE((up.beta + down.beta).norm() < 1e-8);
  REQUIRE((up.extra + Vector(down.extra.reverse())).norm() < 1e-8);
  REQUIRE(up.vcov(1, 1) == Approx(down.vcov(3, 3)).epsilon(1e-7));
  REQUIRE((up.mode + down.mode).norm() < 1e-7);
}

TEST_CASE("alone, thresholds are the logits of what was seen") {
  family_cases::Trial trial = family_cases::binary_trial();
  trial.in.x = Matrix::Ones(30, 1);
  Vector levels(30);  // each patient has 1, 2 and 2 of the three levels: no difference between patients
  for (Index i = 0; i < 30; ++i) levels[i] = static_cast<double>((i % 5 + 1) / 2);
  const FamilyReport report = report_family(trial.in, Cumulative<LogitLink>(levels, 3));
  REQUIRE(report.covariance(0, 0) == 0.0);
  REQUIRE(report.beta.size() == 0);
  REQUIRE(report.extra[0] == Approx(std::log(0.2 / 0.8)).epsilon(1e-10));
  REQUIRE(report.extra[1] == Approx(std::log(0.6 / 0.4)).epsilon(1e-10));
  // the delta method: 1 / (n p (1 - p))
  REQUIRE(report.vcov(0, 0) == Approx(1.0 / (30.0 * 0.2 * 0.8)).epsilon(1e-9));
  REQUIRE(report.vcov(1, 1) == Approx(1.0 / (30.0 * 0.6 * 0.4)).epsilon(1e-9));
}

TEST_CASE("separated levels have no end, and the moving coefficient is named") {
  const family_cases::Trial trial = family_cases::binary_trial();
  Vector levels(30);
  for (Index i = 0; i < 30; ++i) levels[i] = std::min(2.0, static_cast<double>(i % 5));
  const FamilyReport report = report_family(trial.in, Cumulative<LogitLink>(levels, 3));
  REQUIRE(report.runaway_sd.size() == 1);
  REQUIRE(report.runaway_beta.size() == 1);
  REQUIRE(report.runaway_extra.size() == 2);
  REQUIRE(report.runaway_beta[0] > 0.1);
}

TEST_CASE("levels that are none, or that nobody has, are refused, as are thresholds without an intercept") {
  Vector levels(3);
  levels << 0, 1, 1;
  REQUIRE_THROWS_AS(Cumulative<LogitLink>(levels, 3), InvalidInput);
  REQUIRE_THROWS_AS(Cumulative<LogitLink>(levels, 1), InvalidInput);
  levels[2] = 0.5;
  REQUIRE_THROWS_AS(Cumulative<LogitLink>(levels, 2), InvalidInput);
  family_cases::Trial trial = family_cases::binary_trial();
  trial.in.x.col(0) *= 2.0;
  REQUIRE_THROWS_AS(static_cast<void>(report_family(trial.in, Cumulative<LogitLink>(trial.y, 2))),
                    InvalidInput);
}

TEST_CASE("a level that nobody has is one like others where scores are added for the start") {
  const Vector level = family_checks::numbers({0, 0, 2, 1, 0});
  REQUIRE_THROWS_AS(Cumulative<LogitLink>(level, 4), InvalidInput);
  const Cumulative<LogitLink> family(level, 4, 0.5);
  // shares of 3.5, 5, 6.5 of 7: cuts at their logits, two distances
  const auto cut = [](double below) { return std::log(below / (7.0 - below)); };
  REQUIRE(family.start()[0] == Approx(std::log(cut(5.0) - cut(3.5))).epsilon(1e-12));
  REQUIRE(family.start()[1] == Approx(std::log(cut(6.5) - cut(5.0))).epsilon(1e-12));
  family_checks::require_derivatives(family, 2, 0.4, family.start());
}
