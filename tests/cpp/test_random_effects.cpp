#include <testthat/vendor/catch.h>
#include <cordgain/infer/random_effects.hpp>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"
#include "large_fixture.hpp"

using namespace cordgain;

TEST_CASE("predicted effects are D Z'V^-1 (y - X beta), by the dense definition") {
  const fixture::Trial trial;
  const DesignInput in = trial.design(1);
  const RowsReport report = fit_rows(in, true);
  const std::vector<TermEffects> effects =
      random_effects(in, report.frame, report.fit.gamma, report.inference.beta, report.inference.phi);
  const Matrix v = trial.dense(Matrix::Constant(1, 1, report.gamma[0]), report.gamma[1]);
  const Vector solved = v.ldlt().solve(trial.y - trial.x * report.coefficients);
  for (Index s = 0; s < 6; ++s) {
    double sum = 0.0;
    for (Index i = 0; i < trial.y.size(); ++i) sum += trial.level[i] == s ? solved[i] : 0.0;
    REQUIRE(effects[0].effect(s, 0) == Approx(report.gamma[0] * sum).epsilon(1e-9));
    REQUIRE(effects[0].prediction(s, 0) > effects[0].conditional(s, 0));
  }
}

namespace {

/// Effects and their covariances at a fit, eliminated and dense.
void require_same_effects(const fixture::LargeTrial& trial, const Vector& gamma) {
  const DesignInput in = trial.design();
  const Frame frame = make_frame(in);
  const Vector beta = Vector::LinSpaced(2, 0.1, 0.2);
  const Matrix phi = 0.01 * Matrix::Identity(2, 2);
  const auto dense = random_effects(in, frame, gamma, beta, phi, in.y.size());
  const auto large = random_effects(in, frame, gamma, beta, phi, 2);
  for (std::size_t t = 0; t < dense.size(); ++t) {
    const double unit = 1.0 + dense[t].conditional.cwiseAbs().maxCoeff();
    REQUIRE((dense[t].effect - large[t].effect).cwiseAbs().maxCoeff() < 1e-11 * unit);
    REQUIRE((dense[t].conditional - large[t].conditional).cwiseAbs().maxCoeff() < 1e-11 * unit);
    REQUIRE((dense[t].prediction - large[t].prediction).cwiseAbs().maxCoeff() < 1e-11 * unit);
  }
}

}  // namespace

TEST_CASE("effects of large blocks: level by level as dense") {
  require_same_effects(fixture::sites(), fixture::gamma_of({1.5, 0.3, 0.8, 0.9, -0.2, 0.4, 0.7}));
  require_same_effects(fixture::crossing(), fixture::gamma_of({1.5, 0.8, 0.4, 0.7}));
}

TEST_CASE("a level without rows has effect zero and its own variance") {
  const fixture::Trial trial;
  DesignInput in = trial.design(1);
  in.random[0].n_levels = 7;
  const RowsReport report = fit_rows(in, true);
  const auto effects =
      random_effects(in, report.frame, report.fit.gamma, report.inference.beta, report.inference.phi);
  REQUIRE(effects[0].effect(6, 0) == 0.0);
  REQUIRE(effects[0].conditional(6, 0) == Approx(report.gamma[0]).epsilon(1e-12));
}

TEST_CASE("a variance that comes out below zero by rounding is zero") {
  Matrix a(2, 2), d = Matrix::Identity(2, 2);
  a << 2.0, 0.0, 1.0, 1.0;
  Eigen::RowVectorXd expected(3);
  expected << 4.0, 2.0, 2.0;
  REQUIRE(detail::packed_congruence(a, d) == expected);
  d(0, 0) = -1e-17;
  REQUIRE(detail::packed_congruence(Matrix::Identity(2, 2), d)[0] == 0.0);
}
