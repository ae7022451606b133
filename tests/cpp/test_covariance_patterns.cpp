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

TEST_CASE("further starts have close and opposed neighbours, inside the cone") {
  for (const char* word : {"us", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "sp_exp"}) {
    const auto term = residual_term(word, times());
    const std::vector<Vector> further = term->further_starts();
    const bool opposed = std::string(word) != "sp_exp";
    REQUIRE(further.size() == (opposed ? 2 : 1));
    for (std::size_t i = 0; i < further.size(); ++i) {
      const Matrix sigma = unpacked(term->gamma(further[i]), 4);
      REQUIRE((sigma.diagonal().array() - 1.0).abs().maxCoeff() < 1e-12);
      REQUIRE(Eigen::LLT<Matrix>(sigma).info() == Eigen::Success);
      REQUIRE((sigma(1, 0) > 0.0) == (i == 0));
      if (i == 0) REQUIRE(sigma(1, 0) == Approx(0.85).epsilon(1e-12));
    }
  }
  REQUIRE(residual_term("diag", times())->further_starts().empty());
  REQUIRE(FactorTerm(2).further_starts().empty());
}

TEST_CASE("rescaled parameters keep the correlations") {
  Vector unit(4);
  unit << 1.0, 100.0, 0.1, 3.0;
  const double common = unit.norm() / 2.0;  // their root mean square
  for (const char* word : {"us", "diag", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "sp_exp"}) {
    const auto term = residual_term(word, times());
    Covariance all;
    all.add(std::make_shared<FactorTerm>(1));
    all.add(term);
    Vector theta = all.start();
    for (Index k = 0; k < theta.size(); ++k) theta[k] += 0.05 * std::sin(k + 1.0);
    const Vector moved = all.rescaled(theta, {Vector(), unit});
    REQUIRE(moved[0] == theta[0]);
    const bool one_sd = term->n_theta() < 4 || std::string(word) == "toep";
    const Vector by = one_sd ? Vector::Constant(4, common) : unit;
    const Matrix before = unpacked(all.gamma(theta).tail(10), 4),
                 after = unpacked(all.gamma(moved).tail(10), 4);
    REQUIRE((after - by.asDiagonal() * before * by.asDiagonal()).norm() < 1e-12 * after.norm());
  }
}

TEST_CASE("homogeneous words have one variance, others one per visit") {
  REQUIRE(residual_term("cs", times())->n_theta() == 2);
  REQUIRE(residual_term("csh", times())->n_theta() == 5);
  REQUIRE(residual_term("toeph", times())->n_theta() == 7);
  REQUIRE(residual_term("diag", times())->n_theta() == 4);
  REQUIRE_THROWS_AS(residual_term("circulant", times()), InvalidInput);
}

TEST_CASE("compound symmetry and Toeplitz correlations are read off by the number of visits apart") {
  Vector theta(2);
  theta << std::log(3.0), std::atanh(-0.2);
  const Matrix cs = unpacked(residual_term("cs", times())->gamma(theta), 4);
  // exp, log, tanh and atanh each round once or twice.
  REQUIRE((cs.diagonal().array() - 9.0).abs().maxCoeff() < 1e-13);
  REQUIRE(cs(1, 0) == Approx(-1.8).epsilon(1e-14));
  REQUIRE(cs(3, 0) == cs(1, 0));
  Vector lags(4);
  lags << 0.0, std::atanh(0.6), std::atanh(0.3), std::atanh(-0.1);
  const Matrix toep = unpacked(residual_term("toep", times())->gamma(lags), 4);
  for (Index i = 0; i < 4; ++i) {
    REQUIRE(toep(i, i) == 1.0);
    if (i + 1 < 4) REQUIRE(toep(i + 1, i) == Approx(0.6).epsilon(1e-14));
    if (i + 2 < 4) REQUIRE(toep(i + 2, i) == Approx(0.3).epsilon(1e-14));
  }
  REQUIRE(toep(3, 0) == Approx(-0.1).epsilon(1e-14));
}

TEST_CASE("a word with h has the correlations of the word without, and a variance for each visit") {
  const Vector sd = Vector::LinSpaced(4, 0.5, 2.0);
  for (const std::string word : {"cs", "ar1", "toep"}) {
    const auto one = residual_term(word, times()), each = residual_term(word + "h", times());
    Vector theta = one->start();
    theta[0] = 0.0;
    Vector longer(each->n_theta());
    longer << sd.array().log().matrix(), theta.tail(theta.size() - 1);
    const Matrix r = unpacked(one->gamma(theta), 4), sigma = unpacked(each->gamma(longer), 4);
    REQUIRE((sigma - Matrix(sd.asDiagonal() * r * sd.asDiagonal())).cwiseAbs().maxCoeff() < 1e-14);
  }
}

TEST_CASE("independent visits have no covariance at all") {
  Vector theta(4);
  theta << 0.0, 0.5, 1.0, 1.5;
  const Matrix sigma = unpacked(residual_term("diag", times())->gamma(theta), 4);
  const Vector variance = (2.0 * theta.array()).exp();
  REQUIRE((sigma - Matrix(variance.asDiagonal())).cwiseAbs().maxCoeff() < 1e-14 * variance.maxCoeff());
  const CorrelationJet none = IndependentPattern().at(2, 1, theta);
  REQUIRE(none.parameter == -1);
  REQUIRE(none.value == 0.0);
}

TEST_CASE("only exponential correlation looks at the times, and at their distances alone") {
  Vector far(4), moved(4);
  far << 0.0, 1.0, 10.0, 30.0;
  moved = far.array() + 100.0;
  for (const char* word : {"us", "diag", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "sp_exp"}) {
    const auto here = residual_term(word, far), there = residual_term(word, moved),
               even = residual_term(word, times());
    const Vector theta = here->start();
    REQUIRE(here->gamma(theta) == there->gamma(theta));
    const bool same = (here->gamma(theta) - even->gamma(theta)).isZero(0.0);
    REQUIRE(same == (std::string(word) != "sp_exp"));
  }
}

TEST_CASE("on even times the exponential correlation is the autoregressive one") {
  Vector theta(2), by_range(2);
  const double step = 2.0, range = 5.0;
  by_range << 0.3, std::log(range);
  theta << 0.3, std::atanh(std::exp(-step / range));
  const Vector a = residual_term("ar1", times())->gamma(theta);
  const Vector b = residual_term("sp_exp", times())->gamma(by_range);
  REQUIRE((a - b).cwiseAbs().maxCoeff() < 1e-13);
}

TEST_CASE("an autoregressive correlation of zero has finite derivatives at every lag") {
  const Vector zero = Vector::Zero(1);
  const CorrelationJet one = AutoregressivePattern().at(1, 0, zero);
  const CorrelationJet two = AutoregressivePattern().at(2, 0, zero);
  const CorrelationJet three = AutoregressivePattern().at(3, 0, zero);
  // tanh z = z - z^3 / 3: r, r^2 and r^3 have 1, 0, 0 as first and 0, 2, 0 as second derivatives at 0.
  REQUIRE(one.first == 1.0);
  REQUIRE(one.second == 0.0);
  REQUIRE(two.first == 0.0);
  REQUIRE(two.second == 2.0);
  REQUIRE(three.value == 0.0);
  REQUIRE(three.second == 0.0);
}

TEST_CASE("correlations stay inside (-1, 1) however far the working parameter goes") {
  for (const double z : {-15.0, -3.0, 0.0, 3.0, 15.0}) {
    const CorrelationJet jet = CompoundPattern(2).at(1, 0, Vector::Constant(1, z));
    REQUIRE(std::abs(jet.value) < 1.0);
    REQUIRE(jet.first > 0.0);
    REQUIRE(jet.second * z <= 0.0);
  }
}

TEST_CASE("an unstructured covariance is any factor's, and its elements are its directions") {
  const auto us = residual_term("us", times());
  Vector theta(10);
  for (Index k = 0; k < 10; ++k) theta[k] = std::sin(2.0 * k + 1.0);
  REQUIRE(us->gamma(theta) == FactorTerm(4).gamma(theta));
  REQUIRE(us->moves_by_elements());
  REQUIRE_FALSE(residual_term("toeph", times())->moves_by_elements());
}

TEST_CASE("a pattern needs a word that is known") {
  for (const char* word : {"", "h", "ush", "diagh", "ar", "AR1", "sp_exph", "unstructured"})
    REQUIRE_THROWS_AS(residual_term(word, times()), InvalidInput);
}
