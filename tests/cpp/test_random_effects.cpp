#include <testthat/vendor/catch.h>
#include <cordgain/infer/random_effects.hpp>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

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
