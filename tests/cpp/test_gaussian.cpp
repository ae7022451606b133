#include <testthat/vendor/catch.h>
#include <cordgain/infer/report.hpp>
#include <string>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("no point near the fit has a lower deviance, by the dense definition") {
  const fixture::Trial trial;
  for (const bool restricted : {true, false}) {
    const RowsReport report = fit_rows(trial.design(), restricted);
    REQUIRE(report.fit.converged);
    const Matrix d = unpacked(report.gamma.head(3), 2);
    const double at =
        fixture::dense_fit(trial.dense(d, report.gamma[3]), trial.x, trial.y, restricted).deviance;
    REQUIRE(at == Approx(report.deviance).epsilon(1e-11));
    for (int k = 0; k < 8; ++k) {
      Matrix root = Eigen::LLT<Matrix>(d + 1e-12 * Matrix::Identity(2, 2)).matrixL();
      root(0, 0) *= 1.0 + 1e-3 * std::sin(k + 1.0);
      root(1, 0) *= 1.0 + 1e-3 * std::cos(2.0 * k);
      root(1, 1) *= 1.0 + 1e-3 * std::sin(3.0 * k);
      const double s2 = report.gamma[3] * (1.0 + 1e-3 * std::cos(k + 4.0));
      const double near =
          fixture::dense_fit(trial.dense(root * root.transpose(), s2), trial.x, trial.y, restricted).deviance;
      REQUIRE(near > at - 1e-10 * std::abs(at));
    }
  }
}

TEST_CASE("of an optimum at a bound and a lower one inside the lower one is found") {
  // Simulated scores; minus twice the log likelihood is 40.840658 at the bound, 40.752203 inside
  // (lme4 1.1-31).
  const std::vector<double> score{-3, 2, 4, -2, 0, 4, 4, 5, 5, 5, 4},
      week{0, 1, 1.5, 0, 1, 0, 1, 1.5, 0, 1, 1.5};
  const std::vector<int> subject{0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3};
  Matrix z(11, 2);
  z.col(0).setOnes();
  z.col(1) = Eigen::Map<const Vector>(week.data(), 11);
  DesignInput in{Eigen::Map<const Matrix>(z.data(), 11, 1),
                 Eigen::Map<const Vector>(score.data(), 11),
                 Eigen::Map<const Vector>(nullptr, 0),
                 {},
                 {}};
  in.random.push_back(
      {Eigen::Map<const Matrix>(z.data(), 11, 2), Eigen::Map<const Eigen::VectorXi>(subject.data(), 11), 4});
  const RowsReport report = fit_rows(in, false);
  REQUIRE(report.fit.converged);
  REQUIRE(std::abs(report.deviance - 40.752203) < 1e-6);  // printed to six digits
}

TEST_CASE("starts are counted, and those that end in the lowest place") {
  Covariance one;
  one.add(std::make_shared<FactorTerm>(1));
  // Two minima: 0 at q = 1, 0.25 at q = -1.
  struct Wells final : Criterion {
    [[nodiscard]] SecondOrder in_theta(const Covariance&, const Vector& q) const override {
      const double side = q[0] > 0.0 ? 1.0 : -1.0, gap = q[0] - side;
      return {gap * gap + 0.125 * (1.0 - side), Vector::Constant(1, 2.0 * gap), Matrix::Constant(1, 1, 2.0)};
    }
    [[nodiscard]] SecondOrder in_gamma(const VectorIn&, const std::vector<Matrix>&) const override {
      return {};
    }
  } wells;
  GaussianFit fit;
  std::vector<detail::Reparametrised> starts;
  for (const double start : {-3.0, 2.0, 0.5}) starts.push_back({one, Vector::Constant(1, start)});
  const detail::Stage best = detail::best_end(wells, starts, fit);
  REQUIRE(best.value() == 0.0);
  REQUIRE(best.result.point[0] == 1.0);
  REQUIRE(fit.starts == 3);
  REQUIRE(fit.agreeing == 2);
  REQUIRE(fit.start_difference == 0.0);
}

TEST_CASE("irregular visits add starts with one random effect for each term of several") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<UnitTerm>());
  const fixture::Trial trial;
  const Blocks blocks = reduce_rows(trial.design()).blocks;
  const auto starts = detail::all_starts(blocks, covariance, Matrix(4, 0));
  REQUIRE(starts.size() == starting_points(blocks, covariance).size() + 2);
  for (std::size_t i = starts.size() - 2; i < starts.size(); ++i) {
    REQUIRE(starts[i].covariance.factor(0)->rank() == 1);
    const Vector gamma = starts[i].covariance.gamma(starts[i].theta);
    REQUIRE(gamma[0] * gamma[2] == Approx(gamma[1] * gamma[1]));  // a correlation of 1, then of -1
    REQUIRE((gamma[1] > 0.0) == (i + 2 == starts.size()));
  }
}

TEST_CASE("a visit that fixed effects fit exactly leaves its variance unseen, which is refused") {
  // two visits, of which the second has one score and a fixed effect of its own
  Matrix x(5, 2);
  x << 1, 0, 1, 0, 1, 0, 1, 0, 1, 1;
  Vector y(5);
  y << 1.0, 2.5, -0.5, 3.0, 7.0;
  const int subject[] = {0, 1, 2, 3, 3}, visit[] = {0, 0, 0, 0, 1}, group[] = {0, 0, 0, 0, 0};
  const Vector none(0);
  DesignInput in{Eigen::Map<const Matrix>(x.data(), 5, 2),
                 Eigen::Map<const Vector>(y.data(), 5),
                 Eigen::Map<const Vector>(none.data(), 0),
                 {},
                 {}};
  in.residual = {subject, visit, group, 4, 2, 1};
  Covariance covariance;
  covariance.add(std::make_shared<UnstructuredTerm>(2));
  REQUIRE_THROWS_AS(fit_gaussian(reduce_rows(in).blocks, covariance, {true, false}), InvalidInput);
}

TEST_CASE("subjects that are alike have a variance of exactly zero, certified by the score") {
  fixture::Trial trial;
  for (Index i = 0; i < trial.y.size(); ++i) trial.y[i] = 0.3 * trial.x(i, 1) + std::sin(7.0 * i);
  trial.y.array() -= 0.0;
  const RowsReport report = fit_rows(trial.design(1), true);
  REQUIRE(report.gamma[0] == 0.0);
  REQUIRE(report.fit.rank[0] == 0);
  REQUIRE(report.fit.bound_score[0] > 0.0);
  REQUIRE(report.constrained);
}

namespace {

std::string message_of(const fixture::Trial& trial) {
  try {
    (void)fit_rows(trial.design(), true);
  } catch (const NumericalError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("subjects on their own lines leave the likelihood without a maximum") {
  fixture::Trial trial;
  for (Index i = 0; i < trial.y.size(); ++i)
    trial.y[i] = std::sin(3.0 * trial.level[i]) + trial.x(i, 1) * std::cos(trial.level[i]);
  REQUIRE(message_of(trial).find("The likelihood has no maximum") == 0);
}

TEST_CASE("scores near their subjects' lines are never said to have no maximum") {
  for (const double off : {1e-2, 1e-4, 1e-6}) {
    fixture::Trial trial;
    for (Index i = 0; i < trial.y.size(); ++i) {
      trial.y[i] = std::sin(3.0 * trial.level[i]) + trial.x(i, 1) * std::cos(trial.level[i]) +
                   off * std::sin(7.0 * i * i);
    }
    REQUIRE(message_of(trial).find("has no maximum") == std::string::npos);
  }
}

TEST_CASE("a search that ends nowhere says what was seen and claims no more") {
  Covariance effects;
  effects.add(std::make_shared<FactorTerm>(2));
  effects.add(std::make_shared<UnitTerm>());
  REQUIRE_NOTHROW(detail::require_found(true, "nothing", 2, effects));
  try {
    detail::require_found(false, "the residual variance vanished", 2, effects);
    REQUIRE(false);
  } catch (const NumericalError& e) {
    const std::string message = e.what();
    for (const char* part :
         {"was found from 2 starts", "the residual variance vanished", "not settled", "fewer random"}) {
      REQUIRE(message.find(part) != std::string::npos);
    }
    REQUIRE(message.find("has no maximum") == std::string::npos);
  }
}

TEST_CASE("advice names only what the model has") {
  Covariance simple, rich, effects;
  simple.add(residual_term("cs", Vector::LinSpaced(3, 0.0, 2.0)));
  rich.add(std::make_shared<UnstructuredTerm>(3));
  effects.add(std::make_shared<FactorTerm>(2));
  effects.add(std::make_shared<UnitTerm>());
  const auto names = [](const Covariance& c, const char* what) {
    return detail::fewer_parameters(c).find(what) != std::string::npos;
  };
  REQUIRE((!names(simple, "random effects") && !names(simple, "over visits")));
  REQUIRE((!names(rich, "random effects") && names(rich, "over visits")));
  REQUIRE((names(effects, "random effects") && !names(effects, "over visits")));
}

TEST_CASE("units a million times apart are refused with their ratio") {
  Vector far(2);
  far << 1.0, 1e-7;
  REQUIRE_NOTHROW(detail::require_one_unit({Vector::Ones(2), Vector()}));
  REQUIRE_NOTHROW(detail::require_one_unit({Vector::Constant(1, 1e-5), Vector::Ones(1)}));
  try {
    detail::require_one_unit({far, Vector()});
    REQUIRE(false);
  } catch (const InvalidInput& e) {
    REQUIRE(std::string(e.what()).find("lie 1e+07 times as far") != std::string::npos);
  }
}
