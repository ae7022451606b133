#include <testthat/vendor/catch.h>
#include <cordgain/infer/contrast_fit.hpp>

#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

/// In the blocks' coordinates, with the scale of the scores in it: l'beta is then in the user's units.
Vector scaled_contrast(const Frame& frame, const Vector& l) {
  return frame.y_scale * frame.factor.transpose().triangularView<Eigen::Lower>().solve(l);
}

}  // namespace

TEST_CASE("a contrast of blocks is that of the whole report of the same rows") {
  const fixture::Trial trial;
  for (const Index q : {1, 2}) {
    const DesignInput in = trial.design(q);
    const Reduced reduced = reduce_rows(in);
    const RowsReport report = fit_rows(in, true);
    Vector l(2);
    l << 1.0, 30.0;
    const Vector inside = scaled_contrast(reduced.frame, l);
    const ContrastFit found = fit_contrast(reduced.blocks, model_covariance(in, {}), inside);
    const RowTests row = row_tests(report.inference, inside.transpose(), true, false);
    // estimates are of the residuals of least squares: that part comes back
    REQUIRE(found.estimate + l.dot(reduced.frame.least_squares) ==
            Approx(l.dot(report.coefficients)).epsilon(1e-8));
    REQUIRE(found.se_model == Approx(std::sqrt(l.dot(report.covariance * l))).epsilon(1e-7));
    REQUIRE(found.se_adjusted == Approx(row.std_error[0]).epsilon(1e-6));
    REQUIRE(found.df == Approx(row.df[0]).epsilon(1e-5));
    REQUIRE(found.converged);
    REQUIRE(found.gamma.size() == reduced.blocks.n_gamma);
  }
}

TEST_CASE("without random effects it is ordinary regression") {
  const fixture::Trial trial;
  DesignInput in = trial.design();
  in.random.clear();
  const Reduced reduced = reduce_rows(in);
  Vector l(2);
  l << 0.0, 1.0;
  const ContrastFit found =
      fit_contrast(reduced.blocks, model_covariance(in, {}), scaled_contrast(reduced.frame, l));
  const Vector beta = (trial.x.transpose() * trial.x).ldlt().solve(trial.x.transpose() * trial.y);
  const double df = static_cast<double>(trial.y.size() - 2);
  const double s2 = (trial.y - trial.x * beta).squaredNorm() / df;
  const double variance = s2 * (trial.x.transpose() * trial.x).inverse()(1, 1);
  REQUIRE(found.se_adjusted == Approx(std::sqrt(variance)).epsilon(1e-10));
  REQUIRE(found.se_model == Approx(std::sqrt(variance)).epsilon(1e-10));
  REQUIRE(found.df == Approx(df).epsilon(1e-8));
  REQUIRE_FALSE(found.singular);
}

TEST_CASE("a variance of zero is named") {
  fixture::Trial trial;
  // equal courses: nothing is left between subjects
  for (Index i = 0; i < trial.y.size(); ++i)
    trial.y[i] = 2.0 + 0.1 * trial.x(i, 1) + (i % 2 == 0 ? 0.5 : -0.5);
  const DesignInput in = trial.design(1);
  const Reduced reduced = reduce_rows(in);
  const ContrastFit found = fit_contrast(reduced.blocks, model_covariance(in, {}), Vector::Unit(2, 1));
  REQUIRE(found.singular);
  REQUIRE(found.se_adjusted > 0.0);
}
