#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/nuts.hpp>

using namespace cordgain;

namespace {

/// N(mean, covariance) in three dimensions, correlated and of unequal scales.
struct Normal {
  Vector mean;
  Matrix covariance, precision;
  Normal() : mean(3), covariance(3, 3) {
    mean << 1.0, -20.0, 0.5;
    covariance << 4.0, 9.0, 0.0, 9.0, 100.0, 0.2, 0.0, 0.2, 0.01;
    precision = covariance.inverse();
  }
  double operator()(const Vector& at, Vector& gradient) const {
    gradient = -precision * (at - mean);
    return 0.5 * gradient.dot(at - mean);
  }
};

/// v ~ N(0, 1), x | v ~ N(0, e^v).
struct Funnel {
  double operator()(const Vector& at, Vector& gradient) const {
    gradient.resize(2);
    const double by = std::exp(-at[0]);
    gradient << -at[0] - 0.5 + 0.5 * at[1] * at[1] * by, -at[1] * by;
    return -0.5 * (at[0] * at[0] + at[0] + at[1] * at[1] * by);
  }
};

/// Standard error of a mean by batches of 50 draws.
double batch_error(const Vector& draws) {
  const Index batches = draws.size() / 50;
  Vector mean(batches);
  for (Index b = 0; b < batches; ++b) mean[b] = draws.segment(50 * b, 50).mean();
  return std::sqrt((mean.array() - mean.mean()).square().sum() /
                   static_cast<double>(batches * (batches - 1)));
}

}  // namespace

TEST_CASE("means and squares of a normal density are its own, within five batch standard errors") {
  const Normal target;
  NutsControl control;
  control.draws = 4000;
  control.accept = 0.8;
  const NutsChain chain = nuts_chain(target, Vector::Zero(3), Matrix::Identity(3, 3), control, 0);
  REQUIRE(chain.divergences == 0);
  for (Index k = 0; k < 3; ++k) {
    const Vector draws = chain.draws.row(k), square = (draws.array() - target.mean[k]).square();
    // five standard errors: a chance of 6e-7 each
    REQUIRE(std::fabs(draws.mean() - target.mean[k]) < 5.0 * batch_error(draws));
    REQUIRE(std::fabs(square.mean() - target.covariance(k, k)) < 5.0 * batch_error(square));
  }
}

TEST_CASE("a funnel of moderate width is explored") {
  NutsControl control;
  control.draws = 8000;
  control.accept = 0.95;
  const NutsChain chain = nuts_chain(Funnel(), Vector::Zero(2), Matrix::Identity(2, 2), control, 3);
  const Vector v = chain.draws.row(0), square = v.array().square();
  REQUIRE(std::fabs(v.mean()) < 5.0 * batch_error(v));
  REQUIRE(std::fabs(square.mean() - 1.0) < 5.0 * batch_error(square));
  const Vector x2 = chain.draws.row(1).array().square().matrix().transpose().array() * (-v.array()).exp();
  REQUIRE(std::fabs(x2.mean() - 1.0) < 5.0 * batch_error(x2));
}

TEST_CASE("a wrong force makes draws slower, not wrong: leapfrog stays reversible") {
  const auto target = [](const Vector& at, Vector& gradient) {
    gradient = -0.8 * at;
    return -0.5 * at.squaredNorm();
  };
  NutsControl control;
  control.draws = 6000;
  const NutsChain chain = nuts_chain(target, Vector::Ones(1), Matrix::Identity(1, 1), control, 1);
  const Vector square = chain.draws.row(0).array().square();
  REQUIRE(std::fabs(square.mean() - 1.0) < 5.0 * batch_error(square));
}

TEST_CASE("a chain is a function of seed and stream") {
  const Normal target;
  NutsControl control;
  control.warmup = 100;
  control.draws = 20;
  const auto run = [&](std::uint64_t stream) {
    return nuts_chain(target, Vector::Zero(3), Matrix::Identity(3, 3), control, stream).draws;
  };
  REQUIRE(run(2) == run(2));
  REQUIRE(run(2) != run(3));
}

TEST_CASE("a start without a density is a declared error; a step far too long is counted as divergent") {
  const auto none = [](const Vector&, Vector& gradient) {
    gradient = Vector::Zero(1);
    return -std::numeric_limits<double>::infinity();
  };
  NutsControl control;
  REQUIRE_THROWS_AS(nuts_chain(none, Vector::Zero(1), Matrix::Identity(1, 1), control, 0), NumericalError);
  control.warmup = 0;  // the first step, of a metric 10^8 too wide
  control.draws = 5;
  control.accept = 0.5;
  const auto cliff = [](const Vector& at, Vector& gradient) {
    gradient = Vector::Constant(1, at[0] > 0.0 ? -1e9 : 0.0);
    return at[0] > 0.0 ? -1e9 * at[0] : 0.0;
  };
  const NutsChain chain =
      nuts_chain(cliff, Vector::Constant(1, -1.0), Matrix::Constant(1, 1, 1e4), control, 0);
  REQUIRE(chain.divergences > 0);
}
