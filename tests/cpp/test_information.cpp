#include <testthat/vendor/catch.h>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("expected information is half tr(P V_k P V_l), by the dense definition") {
  const fixture::Trial trial;
  const RowsReport report = fit_rows(trial.design(1), true);
  const Index n = trial.y.size();
  const Matrix v = trial.dense(Matrix::Constant(1, 1, report.gamma[0]), report.gamma[1]);
  const Matrix inverse = v.inverse();
  const Matrix p = inverse - inverse * trial.x * report.covariance * trial.x.transpose() * inverse;
  const Matrix one = trial.dense(Matrix::Ones(1, 1), 0.0), two = Matrix::Identity(n, n);
  Matrix expected(2, 2);
  expected << (p * one * p * one).trace(), (p * one * p).trace(), (p * one * p).trace(), (p * p).trace();
  const Matrix back = report.to_user.inverse();
  const Matrix ours = back.transpose() * report.inference.expected * back;
  REQUIRE((ours - 0.5 * expected).cwiseAbs().maxCoeff() < 1e-9 * expected.cwiseAbs().maxCoeff());
}

TEST_CASE("the score vanishes at the fit") {
  const RowsReport report = fit_rows(fixture::Trial().design(1), true);
  REQUIRE(report.inference.score.cwiseAbs().maxCoeff() < 1e-9);
}

namespace {

/// Fitted variances of an intercept by subject, and V, P and the derivatives of V by their definitions.
struct DenseInference {
  fixture::Trial trial;
  RowsReport report;
  std::vector<Matrix> derivative;
  Matrix inverse, p;

  explicit DenseInference(bool restricted) : report(fit_rows(trial.design(1), restricted)) {
    const Index n = trial.y.size();
    derivative = {trial.dense(Matrix::Ones(1, 1), 0.0), Matrix::Identity(n, n)};
    inverse = (report.gamma[0] * derivative[0] + report.gamma[1] * derivative[1]).inverse();
    p = inverse - inverse * trial.x * report.covariance * trial.x.transpose() * inverse;
  }

  /// Phi, with V moved by a step along a variance parameter.
  Matrix phi_at(Index k, double step) const {
    const Matrix moved = inverse.inverse() + step * derivative[static_cast<std::size_t>(k)];
    return (trial.x.transpose() * moved.inverse() * trial.x).inverse();
  }

  /// The contrast of the user's coefficient j, in the blocks' coordinates.
  Vector contrast(Index j) const {
    const Vector l = report.frame.factor.transpose().triangularView<Eigen::Lower>().solve(Vector::Unit(2, j));
    return l;
  }
};

}  // namespace

TEST_CASE("observed information is half the Hessian of the deviance, by the dense definition") {
  for (const bool restricted : {true, false}) {
    const DenseInference d(restricted);
    // REML: y'P V_k P V_l P y - tr(P V_k P V_l) / 2; ML has V^-1 in the trace.
    const Matrix& t = restricted ? d.p : d.inverse;
    Matrix expected(2, 2);
    for (Index k = 0; k < 2; ++k) {
      for (Index l = 0; l < 2; ++l) {
        const Matrix &a = d.derivative[static_cast<std::size_t>(k)],
                     &b = d.derivative[static_cast<std::size_t>(l)];
        const Vector py = d.p * d.trial.y;
        expected(k, l) = py.dot(a * d.p * b * py) - 0.5 * (t * a * t * b).trace();
      }
    }
    const Matrix back = d.report.to_user.inverse();
    const Matrix ours = back.transpose() * d.report.inference.observed * back;
    // Inverses of a V of condition near 1e2: 1e-9 leaves them room.
    REQUIRE((ours - expected).cwiseAbs().maxCoeff() < 1e-9 * expected.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("under maximum likelihood the expected information has no fixed effects in it") {
  const DenseInference d(false);
  Matrix expected(2, 2);
  for (Index k = 0; k < 2; ++k) {
    for (Index l = 0; l < 2; ++l) {
      expected(k, l) = 0.5 * (d.inverse * d.derivative[static_cast<std::size_t>(k)] * d.inverse *
                              d.derivative[static_cast<std::size_t>(l)])
                                 .trace();
    }
  }
  const Matrix back = d.report.to_user.inverse();
  const Matrix ours = back.transpose() * d.report.inference.expected * back;
  REQUIRE((ours - expected).cwiseAbs().maxCoeff() < 1e-9 * expected.cwiseAbs().maxCoeff());
}

TEST_CASE("Satterthwaite's degrees of freedom are those of the delta method by differences") {
  const DenseInference d(true);
  const Matrix back = d.report.to_user.inverse();
  const Matrix w = (back.transpose() * d.report.inference.observed * back).inverse();
  const Matrix blocks_w = detail::inverse_information(d.report.inference.observed);
  for (Index j = 0; j < 2; ++j) {
    Vector slope(2);
    for (Index k = 0; k < 2; ++k) {
      const double h = 1e-4 * d.report.gamma[k];  // central differences: a relative error near 1e-8
      slope[k] = (d.phi_at(k, h)(j, j) - d.phi_at(k, -h)(j, j)) / (2 * h);
    }
    const double variance = d.report.covariance(j, j);
    const double df = 2.0 * variance * variance / slope.dot(w * slope);
    REQUIRE(satterthwaite_df(d.report.inference, blocks_w, d.contrast(j)) == Approx(df).epsilon(1e-6));
    // and no scale of the contrast matters
    REQUIRE(satterthwaite_df(d.report.inference, blocks_w, -3.0 * d.contrast(j)) == Approx(df).epsilon(1e-6));
  }
}

TEST_CASE("Kenward-Roger's covariance is Phi + 2 Phi sum W (Q - P Phi P) Phi, by the dense definition") {
  const DenseInference d(true);
  const Matrix back = d.report.to_user.inverse();
  const Matrix w = (back.transpose() * d.report.inference.expected * back).inverse();
  const Matrix& x = d.trial.x;
  Matrix sum = Matrix::Zero(2, 2);
  for (Index k = 0; k < 2; ++k) {
    for (Index l = 0; l < 2; ++l) {
      const Matrix a = d.inverse * d.derivative[static_cast<std::size_t>(k)] * d.inverse;
      const Matrix b = d.derivative[static_cast<std::size_t>(l)] * d.inverse;
      const Matrix q = x.transpose() * a * b * x;
      sum += w(k, l) * (q - x.transpose() * a * x * d.report.covariance * x.transpose() * d.inverse * b * x);
    }
  }
  const Matrix expected = d.report.covariance + 2.0 * d.report.covariance * sum * d.report.covariance;
  const Matrix ours =
      kenward_roger_covariance(d.report.inference, detail::inverse_information(d.report.inference.expected));
  const Matrix r = d.report.frame.factor.inverse();
  const double scale = d.report.frame.y_scale * d.report.frame.y_scale;
  REQUIRE((scale * r * ours * r.transpose() - expected).cwiseAbs().maxCoeff() <
          1e-9 * expected.cwiseAbs().maxCoeff());
}

TEST_CASE("an F test of one row is the square of its t, whichever way the row is scaled or repeated") {
  const DenseInference d(true);
  const Inference& at = d.report.inference;
  for (const bool kenward_roger : {true, false}) {
    const Matrix row = d.contrast(1).transpose();
    Matrix twice(2, 2);
    twice << row, -2.0 * row;
    const RowTests t = row_tests(at, row, kenward_roger, false);
    const double square = std::pow(row.row(0).dot(at.beta) / t.std_error[0], 2);
    for (const Matrix& l : {row, Matrix(5.0 * row), twice}) {
      const WaldTest f = wald_test(at, l, at.beta, kenward_roger, false);
      REQUIRE(f.numerator == 1.0);
      REQUIRE(f.unscaled == Approx(square).epsilon(1e-10));
      REQUIRE(f.df == Approx(t.df[0]).epsilon(1e-8));
    }
  }
  const WaldTest none = wald_test(at, Matrix::Zero(1, 2), at.beta, true, false);
  REQUIRE(none.numerator == 0.0);
}

TEST_CASE("a bound that holds takes its direction out of the information, not out of the fixed effects") {
  fixture::Trial trial;
  for (Index i = 0; i < trial.y.size(); ++i) trial.y[i] = 0.3 * trial.x(i, 1) + std::sin(7.0 * i);
  const RowsReport report = fit_rows(trial.design(1), true);
  REQUIRE(report.constrained);
  REQUIRE(report.inference.directions.cols() == 1);      // the residual variance alone
  REQUIRE(report.unconstrained.directions.cols() == 2);  // and the subject's, were it free
  const double nu = static_cast<double>(trial.y.size() - 2), s2 = report.gamma[1];
  // One variance: information nu / (2 s2^2), so nu degrees of freedom and the t test of least squares.
  const double factor = report.to_user(1, 1);
  REQUIRE(report.inference.expected(0, 0) == Approx(nu * factor * factor / (2.0 * s2 * s2)).epsilon(1e-9));
  const RowTests tests = row_tests(report.inference, Matrix::Identity(2, 2), false, true);
  REQUIRE(tests.df[0] == Approx(nu).epsilon(1e-9));
  REQUIRE(tests.df[1] == Approx(nu).epsilon(1e-9));
  const Matrix gram = s2 * (trial.x.transpose() * trial.x).inverse();
  REQUIRE((report.covariance - gram).cwiseAbs().maxCoeff() < 1e-12 * gram.maxCoeff());
}
