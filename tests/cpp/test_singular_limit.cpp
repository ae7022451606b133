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
  const SingularLimit limit = singular_limit(TwoVisits(scores), unstructured(), near_equal(2.0, 1.0 - 1e-9));
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
  const SingularLimit limit = singular_limit(TwoVisits(scores), unstructured(), near_equal(2.0, 0.999));
  REQUIRE_FALSE(rises_to_the_end(limit));
}

TEST_CASE("a visit whose variance tends to zero is such a way too") {
  Matrix scores(2, 2);
  scores << 1.0, 0.0, -2.0, 0.0;
  Vector gamma(3);
  gamma << 2.5, 0.0, 1e-12;
  const SingularLimit limit = singular_limit(TwoVisits(scores), unstructured(), gamma);
  REQUIRE(rises_to_the_end(limit));
  REQUIRE(std::abs(limit.rise - std::log(10.0)) < 1e-6);  // two subjects: 2 log(10) / 2; rounding as above
}

TEST_CASE("terms of random effects and parameters that are not finite have no way") {
  Covariance effects;
  effects.add(std::make_shared<FactorTerm>(2));
  const TwoVisits criterion(Matrix::Ones(2, 2));
  REQUIRE_FALSE(rises_to_the_end(singular_limit(criterion, effects, near_equal(1.0, 0.5))));
  const Vector none = Vector::Constant(3, std::numeric_limits<double>::quiet_NaN());
  REQUIRE_FALSE(rises_to_the_end(singular_limit(criterion, unstructured(), none)));
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
  Vector gamma(2);
  gamma << 2.5, 1e-9;
  REQUIRE(detail::largest_eigenvalue(groups, gamma) == 2.5);
  const SingularLimit limit = singular_limit(TwoGroups(), groups, gamma);
  REQUIRE(rises_to_the_end(limit));
  REQUIRE(std::abs(limit.rise - 1.5 * std::log(10.0)) < 1e-9);  // three scores: 3 log(10) / 2
}

TEST_CASE("the side of a packed matrix") {
  for (Index q = 1; q < 9; ++q) REQUIRE(detail::packed_side(q * (q + 1) / 2) == q);
}
