#include <testthat/vendor/catch.h>
#include <cordgain/model/covariance.hpp>
#include <cordgain/model/covariance_patterns.hpp>

using namespace cordgain;

namespace {

// Jacobian and curvature against central differences: error h^2, here 1e-8.
void check_derivatives(const CovarianceTerm& term, const Vector& theta) {
  const double h = 1e-4;
  Vector weight(term.n_gamma());
  for (Index k = 0; k < weight.size(); ++k) weight[k] = std::cos(k + 1.0);
  const Matrix jacobian = term.jacobian(theta), curvature = term.curvature(theta, weight);
  for (Index a = 0; a < term.n_theta(); ++a) {
    Vector up = theta, down = theta;
    up[a] += h;
    down[a] -= h;
    REQUIRE(((term.gamma(up) - term.gamma(down)) / (2 * h) - jacobian.col(a)).cwiseAbs().maxCoeff() < 1e-7);
    const Vector second = (term.jacobian(up) - term.jacobian(down)).transpose() * weight / (2 * h);
    REQUIRE((second - curvature.col(a)).cwiseAbs().maxCoeff() < 1e-7);
  }
}

}  // namespace

TEST_CASE("a factor gives Lambda Lambda', with exact derivatives") {
  Vector theta(3);
  theta << 2.0, -1.0, 0.5;
  Matrix expected(2, 2);
  expected << 4.0, -2.0, -2.0, 1.25;
  REQUIRE(unpacked(FactorTerm(2).gamma(theta), 2) == expected);
  check_derivatives(FactorTerm(2), theta);
}

TEST_CASE("a factor of lower rank gives a singular matrix, its rows in the order of the pivot") {
  const FactorTerm term(3, 1, {2, 0, 1});
  Vector theta(3);
  theta << 1.0, 2.0, 3.0;
  const Matrix d = unpacked(term.gamma(theta), 3);
  Vector column(3);
  column << 2.0, 3.0, 1.0;
  REQUIRE(d == Matrix(column * column.transpose()));
  check_derivatives(term, theta);
  REQUIRE_FALSE(term.moves_by_elements());
}

TEST_CASE("terms stand side by side") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<UnitTerm>());
  REQUIRE(covariance.n_theta() == 3);
  REQUIRE(covariance.n_gamma() == 4);
  REQUIRE(covariance.gamma(covariance.start())[3] == 1.0);
  REQUIRE(covariance.roots(covariance.start()).size() == 1);
}

TEST_CASE("a factor of full rank reaches every positive definite matrix and starts at the identity") {
  for (Index q = 1; q <= 4; ++q) {
    const FactorTerm term(q);
    REQUIRE(term.n_theta() == q * (q + 1) / 2);
    REQUIRE(term.n_gamma() == q * (q + 1) / 2);
    REQUIRE(term.moves_by_elements());
    REQUIRE(unpacked(term.gamma(term.start()), q) == Matrix::Identity(q, q));
    Vector theta(term.n_theta());
    for (Index k = 0; k < theta.size(); ++k) theta[k] = std::sin(3.0 * k + 1.0);
    check_derivatives(term, theta);
  }
}

TEST_CASE("a factor of rank r has as many free parameters as the matrices of that rank") {
  for (Index q = 1; q <= 4; ++q) {
    std::vector<Index> pivot;
    for (Index i = 0; i < q; ++i) pivot.push_back(q - 1 - i);
    for (Index rank = 0; rank <= q; ++rank) {
      const FactorTerm term(q, rank, pivot);
      REQUIRE(term.n_theta() == rank * (2 * q - rank + 1) / 2);
      REQUIRE(term.size() == q);
      REQUIRE(term.rank() == rank);
      Vector theta(term.n_theta());
      for (Index k = 0; k < theta.size(); ++k) theta[k] = 1.0 + 0.5 * std::cos(2.0 * k);
      const Matrix d = unpacked(term.gamma(theta), q);
      REQUIRE(d == d.transpose());
      const Eigen::SelfAdjointEigenSolver<Matrix> eigen(d);
      // Eigenvalues near 10 are known to some roundings of theirs.
      REQUIRE((eigen.eigenvalues().array() > 1e-12).count() == rank);
      REQUIRE(eigen.eigenvalues()[0] > -1e-13);
    }
  }
}

TEST_CASE("a column of the factor may change its sign and the covariance does not") {
  const FactorTerm term(3);
  Vector theta(6);
  theta << 1.0, -2.0, 0.5, 0.7, 1.1, -0.4;
  Vector other = theta;
  other.head(3) *= -1.0;
  REQUIRE(term.gamma(theta) == term.gamma(other));
  REQUIRE(term.jacobian(theta).leftCols(3) == -term.jacobian(other).leftCols(3));
}

TEST_CASE("the unit term has a value and nothing that moves") {
  const UnitTerm term;
  const Vector none(0);
  REQUIRE(term.n_theta() == 0);
  REQUIRE(term.gamma(none) == Vector::Ones(1));
  REQUIRE(term.jacobian(none).rows() == 1);
  REQUIRE(term.jacobian(none).cols() == 0);
  REQUIRE(term.curvature(none, Vector::Ones(1)).size() == 0);
  REQUIRE(term.moves_by_elements());
}

TEST_CASE("side by side, derivatives are block diagonal and every block is its term's own") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<UnitTerm>());
  covariance.add(std::make_shared<FactorTerm>(3, 1, std::vector<Index>{1, 2, 0}));
  REQUIRE(covariance.size() == 3);
  REQUIRE(covariance.n_theta() == 6);
  REQUIRE(covariance.n_gamma() == 10);
  REQUIRE(covariance.gamma_at(2) == 4);
  REQUIRE(covariance.theta_at(2) == 3);
  Vector theta(6), weight(10);
  theta << 1.0, 0.3, -0.7, 2.0, 0.4, -1.2;
  for (Index k = 0; k < 10; ++k) weight[k] = 1.0 + k * k;
  const Matrix jacobian = covariance.jacobian(theta), curvature = covariance.curvature(theta, weight);
  REQUIRE(jacobian.block(0, 0, 3, 3) == covariance.term(0).jacobian(theta.head(3)));
  REQUIRE(jacobian.block(4, 3, 6, 3) == covariance.term(2).jacobian(theta.tail(3)));
  REQUIRE(jacobian.row(3).isZero(0.0));
  REQUIRE(jacobian.block(0, 3, 3, 3).isZero(0.0));
  REQUIRE(jacobian.block(4, 0, 6, 3).isZero(0.0));
  REQUIRE(curvature.block(3, 3, 3, 3) == covariance.term(2).curvature(theta.tail(3), weight.tail(6)));
  REQUIRE(curvature.block(0, 3, 3, 3).isZero(0.0));
  REQUIRE(covariance.gamma(theta).tail(6) == covariance.term(2).gamma(theta.tail(3)));
  const std::vector<Matrix> roots = covariance.roots(theta);
  REQUIRE(roots.size() == 2);
  REQUIRE(packed(roots[1] * roots[1].transpose()) == covariance.gamma(theta).tail(6));
}

TEST_CASE("a covariance knows its terms of random effects and whether residuals have one over visits") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<UnitTerm>());
  REQUIRE(covariance.factor(0) != nullptr);
  REQUIRE(covariance.factor(0)->size() == 2);
  REQUIRE(covariance.factor(1) == nullptr);
  REQUIRE_FALSE(covariance.over_visits());
  REQUIRE(covariance.roots(covariance.start()).size() == 1);
  covariance.add(std::make_shared<UnstructuredTerm>(2));
  REQUIRE(covariance.over_visits());
  REQUIRE(covariance.roots(covariance.start()).empty());
}
