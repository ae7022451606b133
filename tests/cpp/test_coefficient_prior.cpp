#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/model/coefficient_prior.hpp>
#include <cordgain/model/cross_products.hpp>
#include <limits>

#include "gaussian_fixture.hpp"

using cordgain::CoefficientComponent;
using cordgain::CoefficientFrame;
using cordgain::ConditionalNormal;
using cordgain::Index;
using cordgain::Matrix;
using cordgain::Vector;

namespace {

/// The trial with D = diag(4, 0.01), s2 = 2 in the user's units, by the reduced road.
struct Reduction {
  fixture::Trial trial;
  cordgain::Reduced reduced;
  CoefficientFrame frame;
  Matrix v;
  cordgain::CrossProducts at;

  Reduction() : reduced(cordgain::reduce_rows(trial.design())) {
    const cordgain::Frame& f = reduced.frame;
    frame.shift = f.least_squares;
    frame.map = f.y_scale * f.factor.triangularView<Eigen::Upper>().solve(Matrix::Identity(2, 2));
    Matrix d = Matrix::Zero(2, 2);
    d.diagonal() << 4.0, 0.01;
    v = trial.dense(d, 2.0);
    const Matrix inside = f.z_factor[0] * d * f.z_factor[0].transpose() / (f.y_scale * f.y_scale);
    Vector gamma(4);
    gamma << cordgain::packed(inside), 2.0 / (f.y_scale * f.y_scale);
    cordgain::CrossProductEvaluator evaluate(reduced.blocks);
    at = evaluate(gamma);
  }

  [[nodiscard]] ConditionalNormal condition(const std::vector<CoefficientComponent>& choice) const {
    return cordgain::condition(at.cross, at.log_det, reduced.blocks.n, frame, choice,
                               Vector::Constant(1, 3.0));
  }
  /// What the frame leaves out of the log density of y.
  [[nodiscard]] double constant() const {
    return -static_cast<double>(reduced.blocks.n) * std::log(reduced.frame.y_scale);
  }
};

double log_normal(const Vector& r, const Matrix& v) {
  return -0.5 * (static_cast<double>(r.size()) * std::log(2.0 * std::acos(-1.0)) + std::log(v.determinant()) +
                 r.dot(v.ldlt().solve(r)));
}

}  // namespace

TEST_CASE("the density of y is that of N(X m0, V + X V0 X'), by its definition") {
  const Reduction r;
  const ConditionalNormal at = r.condition({{0.25, 3.0, 5.0, -1}, {1.0, 0.1, 0.7, -1}});
  Vector m0(2), v0(2);
  m0 << 3.0, 0.1;
  v0 << 25.0, 0.49;
  const Matrix& x = r.trial.x;
  const double expected = log_normal(r.trial.y - x * m0, r.v + x * v0.asDiagonal() * x.transpose());
  // A determinant of order 24 keeps about 1e-12 of its logarithm.
  REQUIRE(std::abs(at.log_weight + r.constant() - std::log(0.25) - expected) < 1e-9);
}

TEST_CASE("mean and covariance are those of the normal equations") {
  const Reduction r;
  const ConditionalNormal at = r.condition({{1.0, 3.0, 5.0, -1}, {1.0, 0.1, 0.7, -1}});
  const Matrix& x = r.trial.x;
  Vector m0(2), p0(2);
  m0 << 3.0, 0.1;
  p0 << 1.0 / 25.0, 1.0 / 0.49;
  const Eigen::LDLT<Matrix> v(r.v);
  Matrix a = x.transpose() * v.solve(x);
  a.diagonal() += p0;
  const Matrix covariance = a.ldlt().solve(Matrix::Identity(2, 2));
  const Vector mean = covariance * (x.transpose() * v.solve(r.trial.y) + p0.cwiseProduct(m0));
  REQUIRE((at.mean - mean).cwiseAbs().maxCoeff() < 1e-10);
  REQUIRE((at.covariance - covariance).cwiseAbs().maxCoeff() < 1e-10);
}

TEST_CASE("flat coefficients give generalised least squares, and the integral of the likelihood") {
  const Reduction r;
  const double inf = std::numeric_limits<double>::infinity();
  const ConditionalNormal at = r.condition({{1.0, 0.0, inf, -1}, {1.0, 0.0, inf, -1}});
  const fixture::Dense gls = fixture::dense_fit(r.v, r.trial.x, r.trial.y, true);
  REQUIRE((at.mean - gls.beta).cwiseAbs().maxCoeff() < 1e-10);
  // The restricted likelihood is the integral of the likelihood over flat coefficients.
  REQUIRE(std::abs(-2.0 * (at.log_weight + r.constant()) - gls.deviance) < 1e-9);
}

TEST_CASE(
    "a scale of 3 in a t prior divides the variance by 3, by one solver for one value after the other") {
  const Reduction r;
  const ConditionalNormal scaled = r.condition({{1.0, 3.0, 5.0, 0}, {1.0, 0.1, 0.7, -1}});
  const ConditionalNormal narrow = r.condition({{1.0, 3.0, 5.0 / std::sqrt(3.0), -1}, {1.0, 0.1, 0.7, -1}});
  REQUIRE(std::abs(scaled.log_weight - narrow.log_weight) < 1e-12);
  cordgain::CoefficientSolver solver(r.reduced.blocks.n, r.frame, {{1.0, 3.0, 5.0, 0}, {1.0, 0.1, 0.7, -1}});
  const double wide = solver.weigh(r.at.cross, r.at.log_det, Vector::Constant(1, 1.0));
  REQUIRE(std::abs(wide - r.condition({{1.0, 3.0, 5.0, -1}, {1.0, 0.1, 0.7, -1}}).log_weight) < 1e-12);
  REQUIRE(solver.weigh(r.at.cross, r.at.log_det, Vector::Constant(1, 3.0)) == scaled.log_weight);
}

TEST_CASE("mixtures make every choice of one component for each coefficient") {
  const auto choices =
      cordgain::detail::component_choices({{{0.5, 0, 1, -1}, {0.5, 1, 1, -1}},
                                           {{1, 2, 1, -1}},
                                           {{0.2, 3, 1, -1}, {0.3, 4, 1, -1}, {0.5, 5, 1, -1}}});
  REQUIRE(choices.size() == 6);
  double weight = 0.0;
  for (const auto& choice : choices) weight += choice[0].weight * choice[1].weight * choice[2].weight;
  REQUIRE(std::abs(weight - 1.0) < 1e-15);
  const std::vector<CoefficientComponent> many(20, CoefficientComponent{});
  REQUIRE_THROWS_AS(cordgain::detail::component_choices({many, many}), cordgain::NumericalError);
}
