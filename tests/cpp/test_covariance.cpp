#include <testthat/vendor/catch.h>
#include <cordgain/model/covariance.hpp>

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
