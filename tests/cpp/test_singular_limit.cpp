#include <testthat/vendor/catch.h>
#include <cordgain/fit/singular_limit.hpp>
#include <cordgain/model/covariance_patterns.hpp>

using namespace cordgain;

namespace {

/// Subjects with scores r_i of mean zero at two visits: minus twice the log likelihood by its definition,
/// n log|Sigma| + sum r_i' Sigma^-1 r_i + constant.
class TwoVisits final : public Criterion {
 public:
  explicit TwoVisits(Matrix scores) : scores_(std::move(scores)) {}

  [[nodiscard]] SecondOrder in_theta(const Covariance& covariance, const Vector& theta) const override {
    return in_gamma(covariance.gamma(theta), {});
  }

  [[nodiscard]] SecondOrder in_gamma(const VectorIn& gamma, const std::vector<Matrix>&) const override {
    SecondOrder out;
    const double det = gamma[0] * gamma[2] - gamma[1] * gamma[1];
    if (!(det > 0.0)) return out;
    out.value = static_cast<double>(scores_.rows()) * std::log(det);
    for (Index i = 0; i < scores_.rows(); ++i) {
      const double a = scores_(i, 0), b = scores_(i, 1);
      out.value += (gamma[2] * a * a - 2.0 * gamma[1] * a * b + gamma[0] * b * b) / det;
    }
    return out;
  }

 private:
  Matrix scores_;
};

Covariance unstructured() {
  Covariance out;
  out.add(std::make_shared<UnstructuredTerm>(2));
  return out;
}

const VisitScales kUnits = {Vector::Ones(2)};

/// Parameters of an unstructured covariance with these elements.
Vector theta_of(const Vector& gamma) {
  const double a = std::sqrt(gamma[0]), b = gamma[1] / a;
  Vector out(3);
  out << a, b, std::sqrt(gamma[2] - b * b);
  return out;
}

/// [v, v rho; v rho, v], packed.
Vector near_equal(double v, double rho) {
  Vector out(3);
  out << v, v * rho, v;
  return out;
}

}  // namespace

TEST_CASE("with scores in a line the likelihood rises by n log(10) / 2 for each tenfold fall") {
  // r_i = a_i (1, 1): Sigma = v [1 1; 1 1] + part stays regular for all but (1, -1), which no score has
  Matrix scores(3, 2);
  scores << 1.0, 1.0, -2.0, -2.0, 0.5, 0.5;
  const SingularLimit limit =
      singular_limit(TwoVisits(scores), unstructured(), theta_of(near_equal(2.0, 1.0 - 1e-9)), kUnits);
  REQUIRE(rises_to_the_end(limit));
  // the other eigenvalue stands still and the eigenvectors are exact, so that only rounding of a
  // determinant of 1e-8 is left: 1e-16 / 1e-8
  REQUIRE(std::abs(limit.rise - 1.5 * std::log(10.0)) < 1e-6);
}

TEST_CASE("one score off the line stops the rise") {
  Matrix scores(3, 2);
  scores << 1.0, 1.0, -2.0, -2.0, 0.5, 0.6;
  // the optimum of the small eigenvalue is (0.1^2 / 2) / 3, below the first part of 4, so the way begins and
  // ends
  const SingularLimit limit =
      singular_limit(TwoVisits(scores), unstructured(), theta_of(near_equal(2.0, 0.999)), kUnits);
  REQUIRE_FALSE(rises_to_the_end(limit));
}

TEST_CASE("a visit whose variance tends to zero is such a way too") {
  Matrix scores(2, 2);
  scores << 1.0, 0.0, -2.0, 0.0;
  Vector gamma(3);
  gamma << 2.5, 0.0, 1e-12;
  const SingularLimit limit = singular_limit(TwoVisits(scores), unstructured(), theta_of(gamma), kUnits);
  REQUIRE(rises_to_the_end(limit));
  REQUIRE(std::abs(limit.rise - std::log(10.0)) < 1e-6);  // two subjects: 2 log(10) / 2; rounding as above
}

TEST_CASE("terms of random effects and parameters that are not finite have no way") {
  Covariance effects;
  effects.add(std::make_shared<FactorTerm>(2));
  const TwoVisits criterion(Matrix::Ones(2, 2));
  REQUIRE_FALSE(rises_to_the_end(singular_limit(criterion, effects, Vector::Ones(3), {Vector()})));
  const Vector none = Vector::Constant(3, std::numeric_limits<double>::quiet_NaN());
  REQUIRE_FALSE(rises_to_the_end(singular_limit(criterion, unstructured(), none, kUnits)));
}

TEST_CASE("one group's variance may vanish beside another's") {
  // two groups of one visit each, scores of the second all zero: log v_2 falls for ever
  class TwoGroups final : public Criterion {
   public:
    [[nodiscard]] SecondOrder in_theta(const Covariance& covariance, const Vector& theta) const override {
      return in_gamma(covariance.gamma(theta), {});
    }
    [[nodiscard]] SecondOrder in_gamma(const VectorIn& gamma, const std::vector<Matrix>&) const override {
      SecondOrder out;
      if (gamma.minCoeff() > 0.0)
        out.value = 2.0 * std::log(gamma[0]) + 5.0 / gamma[0] + 3.0 * std::log(gamma[1]);
      return out;
    }
  };
  Covariance groups;
  groups.add(std::make_shared<UnstructuredTerm>(1));
  groups.add(std::make_shared<UnstructuredTerm>(1));
  Vector theta(2);
  theta << std::sqrt(2.5), std::sqrt(1e-9);
  const VisitScales units = {Vector::Ones(1), Vector::Ones(1)};
  const SingularLimit limit = singular_limit(TwoGroups(), groups, theta, units);
  REQUIRE(rises_to_the_end(limit));
  REQUIRE(std::abs(limit.rise - 1.5 * std::log(10.0)) < 1e-9);  // three scores: 3 log(10) / 2
}

TEST_CASE("a visit in units a million times as small is no singular covariance, and gives the same way") {
  // the scores of above, the second visit's times 1e-6, with 1e-6 for its unit
  Matrix scores(3, 2);
  scores << 1.0, 1.0, -2.0, -2.0, 0.5, 0.6;
  scores.col(1) *= 1e-6;
  Vector gamma = near_equal(2.0, 0.5);
  gamma[1] *= 1e-6;
  gamma[2] *= 1e-12;
  Vector unit(2);
  unit << 1.0, 1e-6;
  REQUIRE(near_singular(unstructured(), gamma, kUnits));
  REQUIRE_FALSE(near_singular(unstructured(), gamma, {unit}));
  REQUIRE_FALSE(rises_to_the_end(singular_limit(TwoVisits(scores), unstructured(), theta_of(gamma), {unit})));
  scores.col(1) = 1e-6 * scores.col(0);
  const SingularLimit limit = singular_limit(TwoVisits(scores), unstructured(), theta_of(gamma), {unit});
  REQUIRE(rises_to_the_end(limit));
  REQUIRE(std::abs(limit.rise - 1.5 * std::log(10.0)) < 1e-6);
}

TEST_CASE("singular to rounding") {
  REQUIRE(near_singular(unstructured(), near_equal(2.0, 1.0 - 1e-12), kUnits));
  REQUIRE_FALSE(near_singular(unstructured(), near_equal(2.0, 1.0 - 1e-6), kUnits));
  Covariance effects;
  effects.add(std::make_shared<FactorTerm>(2));
  REQUIRE_FALSE(near_singular(effects, near_equal(1.0, 1.0), {Vector()}));
}

TEST_CASE("a patterned covariance is followed inside its pattern") {
  // r_i = a_i (1, 1), one variance: 3 log(v^2 (1 - r^2)) + 2 sum a_i^2 / (v (1 + r)), r to 1
  Matrix scores(3, 2);
  scores << 1.0, 1.0, -2.0, -2.0, 0.5, 0.5;
  Covariance common;
  common.add(residual_term("cs", Vector::LinSpaced(2, 0.0, 1.0)));
  Vector theta(2);
  theta << 0.3, 9.0;
  const SingularLimit limit = singular_limit(TwoVisits(scores), common, theta, kUnits);
  REQUIRE(rises_to_the_end(limit));
  REQUIRE(std::abs(limit.rise - 1.5 * std::log(10.0)) < 1e-2);  // r itself still moves by 1e-3
  // a second visit without scores has a variance of its own to lose by `diag`, none by `cs`
  scores.col(1).setZero();
  REQUIRE_FALSE(rises_to_the_end(singular_limit(TwoVisits(scores), common, theta, kUnits)));
  scores.col(1) = scores.col(0);
  theta[1] = 1e5;  // where a search may have gone in one step
  REQUIRE(rises_to_the_end(singular_limit(TwoVisits(scores), common, theta, kUnits)));
  scores.col(1).setZero();
  Covariance apart;
  apart.add(residual_term("diag", Vector::LinSpaced(2, 0.0, 1.0)));
  theta << 0.3, -20.0;
  REQUIRE(rises_to_the_end(singular_limit(TwoVisits(scores), apart, theta, kUnits)));
}

TEST_CASE("what has gone far goes on, each parameter with its sign") {
  const auto term = residual_term("csh", Vector::LinSpaced(2, 0.0, 1.0));
  const Vector start = term->start(), ones = Vector::Ones(2);
  Vector gone(3), along(3);
  gone << -8.0, 0.5, 6.0;
  along << -1.0, 0.0, 1.0;
  const detail::PatternLine line = detail::outward(*term, start + gone, ones);
  REQUIRE(line.along == along);
  REQUIRE(line.from == start + gone);
  // gone beyond what is seen beside 1, it starts where that is
  gone << -1e6, 0.5, 1e6;
  REQUIRE(
      (detail::outward(*term, start + gone, ones).from - start - Vector(12.0 * along)).cwiseAbs().maxCoeff() <
      0.6);
  // the variance of the first visit at 1e-4 of the largest eigenvalue: log sd of half its logarithm
  const detail::PatternLine first{Vector::Zero(3), -Vector::Unit(3, 0)};
  REQUIRE(detail::distance_to(1e-4, *term, first, ones, 1.0) == Approx(0.5 * std::log(1e4)).epsilon(1e-9));
  const detail::PatternLine nowhere{Vector::Zero(3), Vector::Zero(3)};
  REQUIRE(std::isnan(detail::distance_to(1e-4, *term, nowhere, ones, 1.0)));
}
