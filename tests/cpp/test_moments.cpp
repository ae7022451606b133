#include <testthat/vendor/catch.h>
#include <cordgain/model/moments.hpp>
#include "dense_moments.hpp"
#include "gaussian_fixture.hpp"
#include "large_fixture.hpp"

using namespace cordgain;

namespace {

Vector some_gamma() {
  Vector gamma(4);
  gamma << 1.5, 0.3, 0.8, 0.7;
  return gamma;
}

}  // namespace

TEST_CASE("first moments are the derivatives of log|V| and of the cross-products") {
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  const Matrix none(4, 0);
  const Moments at = moments_at(blocks, some_gamma(), none);
  const double h = 1e-5;  // central differences: error h^2
  for (Index k = 0; k < 4; ++k) {
    Vector up = some_gamma(), down = up;
    up[k] += h;
    down[k] -= h;
    const Moments a = moments_at(blocks, up, none), b = moments_at(blocks, down, none);
    REQUIRE((a.log_det - b.log_det) / (2 * h) == Approx(at.trace[k]).epsilon(1e-7));
    REQUIRE(((a.cross - b.cross) / (2 * h) - at.slope.col(k)).cwiseAbs().maxCoeff() < 1e-6);
  }
}

TEST_CASE("second moments are their second derivatives") {
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  const Matrix all = Matrix::Identity(4, 4);
  const Moments at = moments_at(blocks, some_gamma(), all);
  const double h = 1e-5;
  for (Index l = 0; l < 4; ++l) {
    Vector up = some_gamma(), down = up;
    up[l] += h;
    down[l] -= h;
    const Moments a = moments_at(blocks, up, all), b = moments_at(blocks, down, all);
    for (Index k = l; k < 4; ++k) {
      REQUIRE((a.trace[k] - b.trace[k]) / (2 * h) == Approx(-at.trace2(k, l)).epsilon(1e-6));
      const Vector change = (a.slope.col(k) - b.slope.col(k)) / (2 * h);
      REQUIRE((change - 2.0 * at.curve.col(packed_index(k, l, 4))).cwiseAbs().maxCoeff() < 1e-5);
    }
  }
}

TEST_CASE("the factor by roots is that of V") {
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  Matrix root(2, 2);
  root << 1.2, 0.0, 0.4, 0.9;
  Vector gamma(4);
  gamma << packed(root * root.transpose()), 0.7;
  const Matrix none(4, 0);
  const Moments by_v = moments_at(blocks, gamma, none), by_roots = moments_at(blocks, gamma, none, {root});
  REQUIRE(by_roots.log_det == Approx(by_v.log_det).epsilon(1e-13));
  REQUIRE((by_roots.cross - by_v.cross).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("a covariance that is not positive definite is infeasible") {
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  Vector gamma = some_gamma();
  gamma[0] = -50.0;
  REQUIRE_FALSE(moments_at(blocks, gamma, Matrix(4, 0)).feasible);
  gamma = some_gamma();
  gamma[3] = 0.0;
  REQUIRE_FALSE(moments_at(blocks, gamma, Matrix(4, 0)).feasible);
}

namespace {

// The dense inverse of some 70 rows has a condition below 1e3: 1e-11 leaves its rounding room.
constexpr double kDense = 1e-11;

/// Directions that mix all variance parameters, no two alike.
Matrix mixed_directions(Index n_gamma, Index count) {
  Matrix out(n_gamma, count);
  for (Index j = 0; j < count; ++j) {
    for (Index k = 0; k < n_gamma; ++k) out(k, j) = std::cos(1.0 + k + 3.0 * j * (k + 1));
  }
  return out;
}

double dense_difference(const DesignInput& in, const Vector& gamma, Index dense_rank) {
  const Reduced reduced = reduce_rows(in, dense_rank);
  const Matrix directions = mixed_directions(gamma.size(), 3);
  const fixture::DenseRows rows(in, reduced.frame);
  return fixture::difference(moments_at(reduced.blocks, gamma, directions),
                             fixture::dense_moments(rows, gamma, directions));
}

}  // namespace

TEST_CASE("moments of subjects are those of all rows by their definitions") {
  fixture::Trial trial;
  REQUIRE(dense_difference(trial.design(), some_gamma(), kDenseRank) < kDense);
  REQUIRE(dense_difference(trial.design(1), fixture::gamma_of({1.5, 0.7}), kDenseRank) < kDense);
  trial.weight = Vector::LinSpaced(trial.y.size(), 0.2, 3.0);
  REQUIRE(dense_difference(trial.design(), some_gamma(), kDenseRank) < kDense);
}

TEST_CASE("moments of patients in sites are those of all rows, however the sites are reduced") {
  const Vector gamma = fixture::gamma_of({1.2, 0.3, 0.9, 0.7, -0.2, 0.5, 0.8});
  for (const Index dense_rank : {Index(0), kDenseRank, Index(1000)}) {
    REQUIRE(dense_difference(fixture::sites().design(), gamma, dense_rank) < kDense);
    REQUIRE(dense_difference(fixture::sites(1, 1).design(), fixture::gamma_of({1.2, 0.4, 0.8}), dense_rank) <
            kDense);
  }
}

TEST_CASE("moments of crossed factors are those of all rows, however the factors are reduced") {
  const Vector rooms = fixture::gamma_of({1.2, 0.4, 0.3, 0.8});
  const Vector slopes = fixture::gamma_of({1.2, 0.3, 0.9, 0.4, 0.8});
  for (const Index dense_rank : {Index(0), Index(1000)}) {
    REQUIRE(dense_difference(fixture::crossing().design(), rooms, dense_rank) < kDense);
    REQUIRE(dense_difference(fixture::crossing(2, 1, false).design(), slopes, dense_rank) < kDense);
    REQUIRE(dense_difference(fixture::crossing(1, 2, false).design(),
                             fixture::gamma_of({1.2, 0.9, 0.3, 0.4, 0.8}), dense_rank) < kDense);
  }
}

TEST_CASE("weighted rows of crossed factors are those of all rows as well") {
  fixture::LargeTrial trial = fixture::crossing();
  trial.weight = Vector::LinSpaced(trial.y.size(), 0.3, 2.0);
  for (const Index dense_rank : {Index(0), Index(1000)})
    REQUIRE(dense_difference(trial.design(), fixture::gamma_of({1.2, 0.4, 0.3, 0.8}), dense_rank) < kDense);
}

TEST_CASE("V scaled by c divides the cross-products by c and adds n log c to log|V|") {
  const double c = 7.0;
  const fixture::LargeTrial crossing = fixture::crossing();
  for (const Index dense_rank : {Index(0), Index(1000)}) {
    const Blocks blocks = reduce_rows(crossing.design(), dense_rank).blocks;
    const Vector gamma = fixture::gamma_of({1.2, 0.4, 0.3, 0.8});
    const Matrix none(4, 0);
    const Moments at = moments_at(blocks, gamma, none), scaled = moments_at(blocks, c * gamma, none);
    const double n = static_cast<double>(blocks.n);
    REQUIRE(scaled.log_det == Approx(at.log_det + n * std::log(c)).epsilon(1e-12));
    REQUIRE((c * scaled.cross - at.cross).cwiseAbs().maxCoeff() < 1e-11);
    REQUIRE((c * scaled.trace - at.trace).cwiseAbs().maxCoeff() < 1e-11 * at.trace.cwiseAbs().maxCoeff());
    // tr(V^-1 V) = n, and the slopes along gamma itself are minus the cross-products
    REQUIRE(at.trace.dot(gamma) == Approx(n).epsilon(1e-12));
    REQUIRE((at.slope * gamma + at.cross).cwiseAbs().maxCoeff() < 1e-11);
  }
}

TEST_CASE("without random effects the residual variance divides, and nothing else") {
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  Vector gamma = Vector::Zero(4);
  gamma[3] = 2.5;
  const Moments at = moments_at(blocks, gamma, Matrix(4, 0));
  REQUIRE(at.log_det == Approx(24.0 * std::log(2.5)).epsilon(1e-13));
  const Matrix cross = unpacked(at.cross, 3);
  Matrix expected = Matrix::Identity(3, 3) / 2.5;  // X orthonormal, y'y = n - p
  expected(2, 2) = 22.0 / 2.5;
  REQUIRE((cross - expected).cwiseAbs().maxCoeff() < 1e-12);
  REQUIRE(at.trace[3] == Approx(24.0 / 2.5).epsilon(1e-13));
}

TEST_CASE("pooled moments of one block give its quadratic form at any kernel") {
  Matrix rows(3, 2), kernel(3, 3);
  rows << 1.0, -2.0, 0.5, 3.0, 2.0, 1.5;
  kernel << 2.0, 0.3, -0.4, 0.3, 1.0, 0.6, -0.4, 0.6, 5.0;
  Matrix moments = Matrix::Zero(packed_size(2), packed_size(3));
  add_moments(rows, moments);
  add_moments(2.0 * rows, moments);
  const Matrix form = 5.0 * rows.transpose() * kernel * rows;
  REQUIRE((unpacked(moments * packed(kernel), 2) - form).cwiseAbs().maxCoeff() < 1e-13);
}
