#include <testthat/vendor/catch.h>
#include <Eigen/LU>
#include <cordgain/model/anchored_terms.hpp>

using namespace cordgain;

namespace {

// Central differences: error of order step^2 and rounding / step.
constexpr double kStep = 1e-5;

void check_derivatives(const CovarianceTerm& term, const Vector& theta) {
  const Matrix jacobian = term.jacobian(theta);
  Vector weight(term.n_gamma());
  for (Index k = 0; k < weight.size(); ++k) weight[k] = std::cos(2.0 * k + 1.0);
  const Matrix curvature = term.curvature(theta, weight);
  for (Index m = 0; m < theta.size(); ++m) {
    Vector up = theta, down = theta;
    up[m] += kStep;
    down[m] -= kStep;
    const Vector slope = (term.gamma(up) - term.gamma(down)) / (2.0 * kStep);
    REQUIRE((slope - jacobian.col(m)).cwiseAbs().maxCoeff() < 1e-8);
    const Vector bend =
        (term.jacobian(up).transpose() * weight - term.jacobian(down).transpose() * weight) / (2.0 * kStep);
    REQUIRE((bend - curvature.col(m)).cwiseAbs().maxCoeff() < 1e-8);
  }
}

Vector some_theta(Index n) {
  Vector out(n);
  for (Index i = 0; i < n; ++i) out[i] = 0.4 * std::sin(3.0 * i + 0.5);
  return out;
}

}  // namespace

TEST_CASE("derivatives of the angle term are those of differences, for two to four effects") {
  check_derivatives(AngleTerm(2, 0, 1), some_theta(3));
  check_derivatives(AngleTerm(3, 2, 0), some_theta(6));
  check_derivatives(AngleTerm(4, 1, 3), some_theta(10));
}

TEST_CASE("the first angle is the arcsine of the chosen correlation, the next two log standard deviations") {
  for (const double correlation : {-1.0, -0.3, 0.0, 0.8, 1.0}) {
    Vector theta = some_theta(6);
    theta[0] = std::asin(correlation);
    const Matrix d = unpacked(AngleTerm(3, 2, 0).gamma(theta), 3);
    REQUIRE(std::sqrt(d(2, 2)) == Approx(std::exp(theta[1])).epsilon(1e-14));
    REQUIRE(std::sqrt(d(0, 0)) == Approx(std::exp(theta[2])).epsilon(1e-14));
    REQUIRE(d(2, 0) / std::sqrt(d(2, 2) * d(0, 0)) == Approx(correlation).epsilon(1e-14));
  }
}

TEST_CASE("a mapped term is the inner one in other coordinates") {
  Matrix a(2, 2);
  a << 2.0, 0.5, 0.0, 3.0;
  const auto inner = std::make_shared<FactorTerm>(2);
  const MappedTerm term(inner, congruence_map(a));
  const Vector theta = some_theta(3);
  const Matrix d = unpacked(inner->gamma(theta), 2);
  REQUIRE((unpacked(term.gamma(theta), 2) - a * d * a.transpose()).cwiseAbs().maxCoeff() < 1e-14);
  check_derivatives(term, theta);
}

TEST_CASE("a term starts where its covariance has full rank") {
  REQUIRE(unpacked(AngleTerm(3, 0, 1).gamma(AngleTerm(3, 0, 1).start()), 3).determinant() > 0.5);
}

TEST_CASE("a correlation needs two different effects") {
  REQUIRE_THROWS_AS(AngleTerm(2, 1, 1), InvalidInput);
  REQUIRE_THROWS_AS(AngleTerm(1, 0, 1), InvalidInput);
}

TEST_CASE("an ordered root gives the matrix back, and zeros where a variance is zero") {
  Matrix half(3, 2);
  half << 1.0, 2.0, 0.0, 0.0, 3.0, -1.0;
  const Matrix d = half * half.transpose();  // rank 2, the middle effect without variance
  for (const std::vector<Index>& order :
       {std::vector<Index>{0, 1, 2}, std::vector<Index>{2, 0, 1}, std::vector<Index>{1, 2, 0}}) {
    const Matrix root = ordered_root(d, order);
    REQUIRE(root.isLowerTriangular(0.0));
    const Matrix back = root * root.transpose();
    for (Index i = 0; i < 3; ++i) {
      for (Index j = 0; j < 3; ++j) {
        const double there = d(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
        REQUIRE(std::abs(back(i, j) - there) < 1e-13);
      }
    }
  }
}
