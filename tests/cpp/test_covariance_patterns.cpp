#include <testthat/vendor/catch.h>
#include <Eigen/Cholesky>
#include <cordgain/model/covariance_patterns.hpp>

using namespace cordgain;

namespace {

void check_derivatives(const CovarianceTerm& term, const Vector& theta) {
  const double h = 1e-4;  // central differences: error h^2
  Vector weight(term.n_gamma());
  for (Index k = 0; k < weight.size(); ++k) weight[k] = std::cos(k + 1.0);
  const Matrix jacobian = term.jacobian(theta), curvature = term.curvature(theta, weight);
  for (Index a = 0; a < term.n_theta(); ++a) {
    Vector up = theta, down = theta;
    up[a] += h;
    down[a] -= h;
    REQUIRE(((term.gamma(up) - term.gamma(down)) / (2 * h) - jacobian.col(a)).cwiseAbs().maxCoeff() < 1e-6);
    const Vector second = (term.jacobian(up) - term.jacobian(down)).transpose() * weight / (2 * h);
    REQUIRE((second - curvature.col(a)).cwiseAbs().maxCoeff() < 1e-6);
  }
}

Vector times() {
  return Vector::LinSpaced(4, 0.0, 6.0);
}

}  // namespace

TEST_CASE("every word has exact derivatives and starts inside its cone") {
  for (const char* word : {"us", "diag", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "sp_exp"}) {
    const auto term = residual_term(word, times());
    Vector theta = term->start();
    REQUIRE(Eigen::LLT<Matrix>(unpacked(term->gamma(theta), 4)).info() == Eigen::Success);
    for (Index k = 0; k < theta.size(); ++k) theta[k] += 0.05 * std::sin(k + 1.0);
    check_derivatives(*term, theta);
  }
}

TEST_CASE("autoregressive correlations are powers, exponential ones fall with time") {
  Vector theta(2);
  theta << std::log(2.0), std::atanh(0.5);
  Matrix sigma = unpacked(residual_term("ar1", times())->gamma(theta), 4);
  REQUIRE(sigma(3, 0) == Approx(4.0 * 0.125).epsilon(1e-14));
  theta[1] = std::log(3.0);
  sigma = unpacked(residual_term("sp_exp", times())->gamma(theta), 4);
  REQUIRE(sigma(3, 0) == Approx(4.0 * std::exp(-2.0)).epsilon(1e-14));
}

TEST_CASE("homogeneous words have one variance, others one per visit") {
  REQUIRE(residual_term("cs", times())->n_theta() == 2);
  REQUIRE(residual_term("csh", times())->n_theta() == 5);
  REQUIRE(residual_term("toeph", times())->n_theta() == 7);
  REQUIRE(residual_term("diag", times())->n_theta() == 4);
  REQUIRE_THROWS_AS(residual_term("circulant", times()), InvalidInput);
}
