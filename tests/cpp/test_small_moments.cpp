#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/model/moments.hpp>
#include <vector>

using namespace cordgain;

namespace {

// Numbers between -1 and 1 without a pattern that a formula could share.
double noise(int i) {
  return std::sin(12.9898 * i + 78.233 * (i % 7));
}

Matrix filled(Index rows, Index cols, int seed) {
  Matrix out(rows, cols);
  for (Index i = 0; i < out.size(); ++i) out.data()[i] = noise(seed + 3 * static_cast<int>(i));
  return out;
}

// A kind of rank r: q random effects' columns, residual variance, five blocks of p = 2.
BlockKind some_kind(Index r, Index q) {
  BlockKind kind;
  kind.rank = r;
  kind.count = 5;
  kind.z = filled(r, q, static_cast<int>(10 * r + q));
  kind.columns.push_back({0, 0, q});
  Index k = 0;
  for (Index b = 0; b < q; ++b) {
    for (Index a = b; a < q; ++a) {
      Matrix basis = kind.z.col(a) * kind.z.col(b).transpose();
      if (a != b) basis = basis + Matrix(basis.transpose());
      kind.basis.push_back(basis);
      kind.parameter.push_back(k++);
    }
  }
  kind.basis.push_back(Matrix::Identity(r, r));
  kind.parameter.push_back(k);
  kind.moments = Matrix::Zero(packed_size(3), packed_size(r));
  for (int i = 0; i < 5; ++i) add_moments(filled(r, 3, 100 * i + 1), kind.moments);
  return kind;
}

Moments empty(Index m, Index a) {
  Moments out;
  out.cross = Vector::Zero(6);
  out.trace = Vector::Zero(m);
  out.slope = Matrix::Zero(6, m);
  out.trace2 = Matrix::Zero(a, a);
  out.curve = Matrix::Zero(6, packed_size(a));
  return out;
}

double distance(const Moments& a, const Moments& b) {
  double out = std::abs(a.log_det - b.log_det);
  const auto add = [&out](const Matrix& u, const Matrix& v) {
    if (u.size() > 0) out = std::max(out, (u - v).cwiseAbs().maxCoeff() / (1.0 + v.cwiseAbs().maxCoeff()));
  };
  add(a.cross, b.cross);
  add(a.trace, b.trace);
  add(a.slope, b.slope);
  add(a.trace2, b.trace2);
  add(a.curve, b.curve);
  return out;
}

}  // namespace

TEST_CASE("small kinds have the moments of the general route") {
  for (const Index r : {1, 2, 3, 5, 8}) {
    for (Index q = 1; q <= std::min<Index>(r, 3); ++q) {
      const BlockKind kind = some_kind(r, q);
      const Index m = packed_size(q) + 1;
      const Matrix root = Matrix(filled(q, q, 7).triangularView<Eigen::Lower>());
      Vector gamma(m);
      gamma << packed(root * root.transpose()), 0.7;
      Matrix directions = filled(m, 3, 31);
      directions.col(1).setZero();  // nothing moves along it
      for (const Matrix& along : {directions, Matrix(Matrix::Identity(m, m)), Matrix(m, 0)}) {
        Matrix lower;
        Moments general = empty(m, along.cols()), rooted = general, factored = general;
        REQUIRE(detail::factor(kind, gamma, lower));
        detail::add_kind(kind, lower, along, general);
        detail::SmallWork work;
        REQUIRE(detail::is_small(kind));
        REQUIRE(detail::add_small(kind, gamma, along, {root}, 0.7, work, rooted));
        REQUIRE(detail::add_small(kind, gamma, along, {}, 0.7, work, factored));
        // sums of a few hundred products of numbers near 1, V with a condition near 10
        REQUIRE(distance(rooted, general) < 1e-12);
        REQUIRE(distance(factored, general) < 1e-12);
      }
    }
  }
}

TEST_CASE("a covariance that is not positive definite is told, not used") {
  const BlockKind kind = some_kind(2, 1);
  Vector gamma(2);
  gamma << -5.0, 0.1;
  Moments out = empty(2, 0);
  detail::SmallWork work;
  REQUIRE(!detail::add_small(kind, gamma, Matrix(2, 0), {}, 0.1, work, out));
}

TEST_CASE("a small residual beside large random effects keeps its digits") {
  // One effect on r = 2 rows, z = (3, 4) / 5: V has eigenvalues d + s2 and s2, so log|V| = log(d + s2) +
  // log(s2).
  BlockKind kind = some_kind(2, 1);
  kind.count = 1;
  kind.z << 0.6, 0.8;
  const double d = 1e20, s2 = 1e-4;
  Vector gamma(2);
  gamma << d, s2;
  Moments out = empty(2, 0);
  detail::SmallWork work;
  REQUIRE(
      detail::add_small(kind, gamma, Matrix(2, 0), {Matrix::Constant(1, 1, std::sqrt(d))}, s2, work, out));
  REQUIRE(out.log_det == Approx(std::log(d) + std::log(s2)).epsilon(1e-14));
}
