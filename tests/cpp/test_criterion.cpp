#include <testthat/vendor/catch.h>
#include <cordgain/fit/criterion.hpp>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("the pooled criterion in theta and in gamma are one function, its gradient its differences") {
  const fixture::Trial trial;
  const DesignInput in = trial.design();
  const Reduced reduced = reduce_rows(in);
  const Covariance covariance = model_covariance(in, {});
  Vector theta(3);
  theta << 0.8, 0.2, 0.5;
  for (const bool restricted : {true, false}) {
    const PooledCriterion criterion(reduced.blocks, LikelihoodKind{restricted, true});
    const SecondOrder at = criterion.in_theta(covariance, theta);
    REQUIRE(criterion.in_gamma(covariance.gamma(theta), {}).value == Approx(at.value).epsilon(1e-12));
    REQUIRE(criterion.at(covariance.gamma(theta), {}).value == Approx(at.value).epsilon(1e-12));
    const double h = 1e-5;  // truncation h^2 and rounding eps/h meet near 1e-10
    for (Index k = 0; k < 3; ++k) {
      const double up = criterion.in_theta(covariance, theta + h * Vector::Unit(3, k)).value;
      const double down = criterion.in_theta(covariance, theta - h * Vector::Unit(3, k)).value;
      REQUIRE(at.gradient[k] == Approx((up - down) / (2.0 * h)).epsilon(1e-6));
    }
  }
}

TEST_CASE("at parameters that make V singular the criterion is infinite") {
  const fixture::Trial trial;
  const Reduced reduced = reduce_rows(trial.design());
  const PooledCriterion criterion(reduced.blocks, LikelihoodKind{true, true});
  Vector gamma(4);
  gamma << 1, 0, 1, 0;
  REQUIRE(std::isinf(criterion.in_gamma(gamma, {}).value));
}

TEST_CASE("parameters without influence are counted, at all points together") {
  // f(a, b, c) = a^2 + a b: b matters only where a is not zero, c nowhere
  class Sum final : public Criterion {
   public:
    [[nodiscard]] SecondOrder in_theta(const Covariance&, const Vector& t) const override {
      SecondOrder out;
      out.value = t[0] * t[0] + t[0] * t[1];
      out.gradient.resize(3);
      out.gradient << 2.0 * t[0] + t[1], t[0], 0.0;
      out.hessian = Matrix::Zero(3, 3);
      out.hessian(0, 0) = 2.0;
      out.hessian(0, 1) = out.hessian(1, 0) = t[0] == 0.0 ? 0.0 : 1.0;
      return out;
    }
    [[nodiscard]] SecondOrder in_gamma(const VectorIn&, const std::vector<Matrix>&) const override {
      return {};
    }
  };
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));  // three parameters
  const Vector origin = Vector::Zero(3), away = Vector::Ones(3);
  REQUIRE(without_influence(Sum(), covariance, {origin}) == 2);
  REQUIRE(without_influence(Sum(), covariance, {origin, away}) == 1);
}
