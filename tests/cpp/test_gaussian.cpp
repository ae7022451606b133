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
  REQUIRE_NOTHROW(detail::require_found(true, "nothing", 2));
  try {
    detail::require_found(false, "the residual variance vanished", 2);
    REQUIRE(false);
  } catch (const NumericalError& e) {
    const std::string message = e.what();
    for (const char* part :
         {"was found from 2 starts", "the residual variance vanished", "not settled", "Fewer random"}) {
      REQUIRE(message.find(part) != std::string::npos);
    }
    REQUIRE(message.find("has no maximum") == std::string::npos);
  }
}

namespace {

/// Four groups of three scores, an intercept alone: the one-way layout, solved by hand from its mean squares.
struct OneWay {
  Matrix x = Matrix::Ones(12, 1);
  Vector y = Vector(12), weight;
  Eigen::VectorXi level = Eigen::VectorXi(12);

  OneWay() {
    y << 1.0, 2.0, 3.0, 11.0, 13.0, 12.0, 6.0, 5.0, 7.0, 2.0, 4.0, 3.0;
    for (int i = 0; i < 12; ++i) level[i] = i / 3;
  }

  cordgain::DesignInput design() const {
    cordgain::DesignInput in{Eigen::Map<const Matrix>(x.data(), 12, 1),
                             Eigen::Map<const Vector>(y.data(), 12),
                             Eigen::Map<const Vector>(weight.data(), weight.size()),
                             {},
                             {}};
    in.random.push_back(
        {Eigen::Map<const Matrix>(x.data(), 12, 1), Eigen::Map<const Eigen::VectorXi>(level.data(), 12), 4});
    return in;
  }
};

/// The same rows in another order.
fixture::Trial turned(const fixture::Trial& trial) {
  fixture::Trial out = trial;
  const Index n = trial.y.size();
  for (Index i = 0; i < n; ++i) {
    const Index from = (5 * i + 3) % n;  // 24 rows and a step of 5: each row once
    out.x.row(i) = trial.x.row(from);
    out.y[i] = trial.y[from];
    out.level[i] = trial.level[from];
  }
  return out;
}

}  // namespace

TEST_CASE("a balanced one-way layout has the variances of its mean squares") {
  // Group means 2, 12, 6, 3 about 5.75: between 3 * 60.75 on 3, within 4 * 2 on 8.
  const double between = 3.0 * 60.75 / 3.0, within = 1.0;
  const RowsReport reml = fit_rows(OneWay().design(), true);
  // The deviance is flat at its optimum, yet Newton solves for a zero gradient: 1e-10 is some thousand
  // roundings.
  REQUIRE(reml.gamma[0] == Approx((between - within) / 3.0).epsilon(1e-10));
  REQUIRE(reml.gamma[1] == Approx(within).epsilon(1e-10));
  REQUIRE(reml.coefficients[0] == Approx(5.75).epsilon(1e-13));
  REQUIRE(reml.covariance(0, 0) == Approx(between / 12.0).epsilon(1e-10));
  const RowsReport ml = fit_rows(OneWay().design(), false);
  REQUIRE(ml.gamma[0] == Approx((0.75 * between - within) / 3.0).epsilon(1e-10));
  REQUIRE(ml.gamma[1] == Approx(within).epsilon(1e-10));
}

TEST_CASE("groups closer than chance leave one variance, that of all scores") {
  OneWay layout;
  layout.y << 1.0, 2.0, 3.0, 3.0, 1.0, 2.0, 2.0, 3.0, 1.0, 1.0, 2.0, 3.0;  // all means 2, squares 4 * 2
  const RowsReport reml = fit_rows(layout.design(), true);
  REQUIRE(reml.gamma[0] == 0.0);
  REQUIRE(reml.gamma[1] == Approx(8.0 / 11.0).epsilon(1e-12));
  REQUIRE(fit_rows(layout.design(), false).gamma[1] == Approx(8.0 / 12.0).epsilon(1e-12));
}

TEST_CASE("the order of the rows, the unit of the scores and an added line change nothing else") {
  const fixture::Trial trial;
  const RowsReport plain = fit_rows(trial.design(), true);
  const RowsReport other = fit_rows(turned(trial).design(), true);
  // Two searches end within their last step of each other, below 1e-8 of a variance.
  REQUIRE((other.gamma - plain.gamma).cwiseAbs().maxCoeff() < 1e-8 * plain.gamma.maxCoeff());
  REQUIRE(other.deviance == Approx(plain.deviance).epsilon(1e-12));
  fixture::Trial scaled = trial;
  scaled.y = -100.0 * trial.y + trial.x * Vector::Constant(2, 7.0);
  const RowsReport far = fit_rows(scaled.design(), true);
  REQUIRE((far.gamma - 1e4 * plain.gamma).cwiseAbs().maxCoeff() < 1e-4 * plain.gamma.maxCoeff());
  const Vector moved = -100.0 * plain.coefficients + Vector::Constant(2, 7.0);
  REQUIRE((far.coefficients - moved).cwiseAbs().maxCoeff() < 1e-6);  // of hundreds: 1e-8 of the largest
  const double nu = static_cast<double>(trial.y.size() - 2);
  REQUIRE(far.deviance == Approx(plain.deviance + 2.0 * nu * std::log(100.0)).epsilon(1e-11));
}

TEST_CASE("equal weights are none, whatever their size up to the residual's unit") {
  fixture::Trial trial;
  const RowsReport plain = fit_rows(trial.design(), true);
  trial.weight = Vector::Constant(trial.y.size(), 4.0);
  const RowsReport weighted = fit_rows(trial.design(), true);
  // Residual variance s2 / 4 in each row, so s2 itself is four times as large; D stays. Two searches: 1e-8.
  REQUIRE((weighted.gamma.head(3) - plain.gamma.head(3)).cwiseAbs().maxCoeff() <
          1e-8 * plain.gamma.maxCoeff());
  REQUIRE(weighted.gamma[3] == Approx(4.0 * plain.gamma[3]).epsilon(1e-8));
  REQUIRE(weighted.deviance == Approx(plain.deviance).epsilon(1e-11));
}

TEST_CASE("gradient and Hessian of the objective are those by differences, both likelihoods") {
  const fixture::Trial trial;
  const Blocks blocks = reduce_rows(trial.design()).blocks;
  const Covariance covariance = model_covariance(trial.design(), {});
  Vector theta(3);
  theta << 0.9, 0.2, 0.4;
  const double h = 1e-5;  // central differences: h^2 and the rounding of the value / h, both below 1e-7
  for (const bool restricted : {true, false}) {
    const detail::GaussianObjective objective(blocks, covariance, {restricted, true});
    const SecondOrder at = objective(theta);
    for (Index a = 0; a < 3; ++a) {
      Vector up = theta, down = theta;
      up[a] += h;
      down[a] -= h;
      const SecondOrder above = objective(up), below = objective(down);
      REQUIRE(std::abs((above.value - below.value) / (2 * h) - at.gradient[a]) < 1e-6);
      const Vector bend = (above.gradient - below.gradient) / (2 * h);
      REQUIRE((bend - at.hessian.col(a)).cwiseAbs().maxCoeff() < 1e-6 * at.hessian.cwiseAbs().maxCoeff());
    }
    // A product of two slopes over the scale is divided in two orders: some roundings.
    REQUIRE((at.hessian - at.hessian.transpose()).cwiseAbs().maxCoeff() <
            1e-13 * at.hessian.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("a bound's score is the smallest eigenvalue of the score over the null space") {
  Matrix d = Matrix::Zero(3, 3), score(3, 3);
  d(0, 0) = 2.0;
  score << -9.0, 5.0, 5.0, 5.0, 3.0, 1.0, 5.0, 1.0,
      3.0;  // over the last two: 2 along (1, -1), 4 along (1, 1)
  const detail::BoundScore out = detail::bound_score(d, score, 1e-6);
  REQUIRE(out.score == Approx(2.0).epsilon(1e-14));
  REQUIRE(std::abs(out.direction[0]) < 1e-15);
  REQUIRE(out.direction[1] == Approx(-out.direction[2]).epsilon(1e-14));
  REQUIRE(out.direction.norm() == Approx(1.0).epsilon(1e-14));
  const detail::BoundScore inside = detail::bound_score(Matrix::Identity(3, 3), score, 1e-6);
  REQUIRE(inside.score == 0.0);
  REQUIRE(inside.direction.size() == 0);
}

TEST_CASE("the score matrix turns derivatives by elements into those along any D") {
  Vector gradient(3);
  gradient << 0.7, -1.1, 2.3;
  Matrix step(2, 2);
  step << 0.3, -0.2, -0.2, 0.9;
  const Matrix g = detail::score_matrix(gradient, 2);
  // gradient . packed(step), by hand
  REQUIRE((g * step).trace() == Approx(0.7 * 0.3 + 1.1 * 0.2 + 2.3 * 0.9).epsilon(1e-14));
}

TEST_CASE("a pivoted factor leads with the largest variance and gives the matrix back at its rank") {
  Vector column(3);
  column << 1.0, -3.0, 2.0;
  const Matrix one = column * column.transpose();
  const detail::PivotedFactor f = detail::pivoted_factor(one, 1);
  REQUIRE(f.pivot[0] == 1);
  REQUIRE((unpacked(FactorTerm(3, 1, f.pivot).gamma(f.theta), 3) - one).cwiseAbs().maxCoeff() < 1e-14);
  const Matrix whole = one + Matrix::Identity(3, 3);
  const detail::PivotedFactor full = detail::pivoted_factor(whole, 3);
  for (std::size_t i = 0; i < 3; ++i)
    REQUIRE(full.pivot[i] == static_cast<Index>(i));  // full rank: no pivoting
  REQUIRE((unpacked(FactorTerm(3, 3, full.pivot).gamma(full.theta), 3) - whole).cwiseAbs().maxCoeff() <
          1e-13);
}

TEST_CASE("ranks count eigenvalues of factors alone, and a covariance keeps its value at its own rank") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<FactorTerm>(1));
  covariance.add(std::make_shared<UnitTerm>());
  Vector theta(4);
  theta << 2.0, 1.0, 0.0, 0.5;  // the first of rank 1
  const Vector gamma = covariance.gamma(theta);
  const std::vector<Index> rank = detail::ranks(covariance, gamma, 1e-9);
  REQUIRE((rank == std::vector<Index>{1, 1, -1}));
  const detail::Reparametrised lower = detail::with_ranks(covariance, gamma, theta, rank);
  REQUIRE(lower.covariance.n_theta() == 3);
  REQUIRE((lower.covariance.gamma(lower.theta) - gamma).cwiseAbs().maxCoeff() < 1e-14);
  const detail::Reparametrised none = detail::with_ranks(covariance, gamma, theta, {0, 1, -1});
  REQUIRE(none.covariance.gamma(none.theta).head(3).isZero(0.0));
  REQUIRE(none.covariance.gamma(none.theta)[3] == Approx(0.25).epsilon(1e-14));
}

TEST_CASE("one score of each subject cannot tell its variance from the residual") {
  fixture::Trial trial;
  for (Index i = 0; i < 6; ++i) {
    trial.x(i, 1) = static_cast<double>(i * i);
    trial.level[i] = static_cast<int>(i);
  }
  trial.x.conservativeResize(6, 2);
  trial.y.conservativeResize(6);
  trial.level.conservativeResize(6);
  const RowsReport report = fit_rows(trial.design(1), true);
  REQUIRE(report.fit.unidentified == 1);
  REQUIRE(report.gamma[0] == 0.0);  // the fit with the least random effects
  const Vector beta = trial.x.colPivHouseholderQr().solve(trial.y);
  REQUIRE(report.gamma[1] == Approx((trial.y - trial.x * beta).squaredNorm() / 4.0).epsilon(1e-10));
}
