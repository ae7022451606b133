#include <testthat/vendor/catch.h>
#include <cordgain/model/moments.hpp>
#include <cordgain/model/sampler.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

// Drawn moments against the dense definition: for any fixed V0, X'V0^-1 y must
// be N(0, X'V0^-1 V V0^-1 X) and y'V0^-1 y must have the mean and the variance
// of a quadratic form. Limits of 5.5 standard errors fail once in 10^7 seeds.
namespace {

constexpr double kLimit = 5.5;
constexpr int kDraws = 4000;

/// Subjects alternate between visit patterns; a covariate of the subject makes
/// blocks of one kind differ in X.
struct Study {
  Matrix x, z;
  Vector y, weight;
  Eigen::VectorXi level;
  Index q = 2;

  explicit Study(int subjects, bool covariate) {
    std::vector<double> week, dose;
    std::vector<int> id;
    for (int i = 0; i < subjects; ++i) {
      for (int v = 0; v < 3 + i % 2; ++v) {
        week.push_back(2.0 * v + v * v);
        dose.push_back(std::sin(11.0 * i) + 0.2 * std::cos(3.0 * v + i));
        id.push_back(i);
      }
    }
    const Index n = static_cast<Index>(week.size());
    x.resize(n, covariate ? 3 : 2);
    x.col(0).setOnes();
    x.col(1) = Eigen::Map<Vector>(week.data(), n);
    if (covariate) x.col(2) = Eigen::Map<Vector>(dose.data(), n);
    z = x.leftCols(2);
    y = (x.col(1).array() * 1.7).sin();
    level = Eigen::Map<Eigen::VectorXi>(id.data(), n);
  }

  DesignInput design() const {
    DesignInput in{Eigen::Map<const Matrix>(x.data(), x.rows(), x.cols()),
                   Eigen::Map<const Vector>(y.data(), y.size()),
                   Eigen::Map<const Vector>(weight.data(), weight.size()),
                   {},
                   {}};
    in.random.push_back({Eigen::Map<const Matrix>(z.data(), z.rows(), q),
                         Eigen::Map<const Eigen::VectorXi>(level.data(), level.size()),
                         level.maxCoeff() + 1});
    return in;
  }

  /// V in the blocks' coordinates: columns of Z orthonormal, unit scale.
  Matrix dense(const Frame& frame, const Vector& gamma) const {
    const Matrix d = unpacked(gamma.head(packed_size(q)), q);
    Matrix zs = z.leftCols(q);
    detail::divide_by_factor(zs, frame.z_factor[0]);
    Matrix v = Matrix::Identity(z.rows(), z.rows()) * gamma[packed_size(q)];
    for (Index i = 0; i < v.rows(); ++i) {
      for (Index j = 0; j < v.rows(); ++j) {
        if (level[i] == level[j]) v(i, j) += zs.row(i).dot(d * zs.row(j).transpose());
      }
    }
    return v;
  }
};

Vector gamma_of(Index q, double tilt) {
  if (q == 1) return (Vector(2) << 0.6 + tilt, 0.9).finished();
  return (Vector(4) << 0.8 + tilt, 0.2 - tilt, 0.5, 0.7 + tilt).finished();
}

void check_against_dense(const Study& study) {
  const DesignInput in = study.design();
  const Reduced reduced = reduce_rows(in);
  const Vector truth = gamma_of(study.q, 0.0), other = gamma_of(study.q, 0.15);
  const Matrix v = study.dense(reduced.frame, truth), v0 = study.dense(reduced.frame, other);
  Matrix x = study.x;
  detail::divide_by_factor(x, reduced.frame.factor);
  const Eigen::LDLT<Matrix> solver(v0);
  const Matrix w = solver.solve(x), kernel = solver.solve(v);
  const Matrix spread = w.transpose() * v * w;
  const double mean = kernel.trace(), variance = 2.0 * (kernel * kernel).trace();

  ResponseSampler sampler(reduced.blocks, kind_loadings(in, reduced), truth);
  const Index p = x.cols();
  Vector sum = Vector::Zero(p);
  Matrix squares = Matrix::Zero(p, p);
  double total = 0.0, total2 = 0.0;
  const Matrix none(reduced.blocks.n_gamma, 0);
  for (int i = 0; i < kDraws; ++i) {
    RandomStream random(77, static_cast<std::uint64_t>(i));
    sampler.draw(random);
    const Matrix m = unpacked(moments_at(sampler.blocks(), other, none).cross, p + 1);
    sum += m.col(p).head(p);
    squares += m.col(p).head(p) * m.col(p).head(p).transpose();
    total += m(p, p);
    total2 += (m(p, p) - mean) * (m(p, p) - mean);
  }
  for (Index j = 0; j < p; ++j) {
    REQUIRE(std::abs(sum[j] / kDraws) < kLimit * std::sqrt(spread(j, j) / kDraws));
    for (Index i = j; i < p; ++i) {  // Var(ab) of two normals: s_ii s_jj + s_ij^2
      const double error = std::sqrt((spread(i, i) * spread(j, j) + spread(i, j) * spread(i, j)) / kDraws);
      REQUIRE(std::abs(squares(i, j) / kDraws - spread(i, j)) < kLimit * error);
    }
  }
  REQUIRE(std::abs(total / kDraws - mean) < kLimit * std::sqrt(variance / kDraws));
  const Matrix k2 = kernel * kernel;  // fourth central moment: 48 tr K^4 + 3 variance^2
  const double fourth = 48.0 * (k2 * k2).trace() + 2.0 * variance * variance;
  REQUIRE(std::abs(total2 / kDraws - variance) < kLimit * std::sqrt(fourth / kDraws));
}

}  // namespace

TEST_CASE("drawn moments have the dense law: X inside the span of Z, blocks of a kind alike") {
  check_against_dense(Study(40, false));
}

TEST_CASE("drawn moments have the dense law: blocks of a kind differ in X, many of them") {
  check_against_dense(Study(40, true));
}

TEST_CASE("drawn moments have the dense law: few blocks of a kind") {
  check_against_dense(Study(6, true));
}

TEST_CASE("drawn moments have the dense law: X outside the span of Z") {
  Study study(40, true);
  study.q = 1;
  check_against_dense(study);
  Study few(5, false);
  few.q = 1;
  check_against_dense(few);
}

TEST_CASE("a stream gives the same scores again, another one others") {
  const Study study(8, true);
  const Reduced reduced = reduce_rows(study.design());
  ResponseSampler sampler(reduced.blocks, kind_loadings(study.design(), reduced), gamma_of(2, 0.0));
  const auto draw = [&](std::uint64_t stream) {
    RandomStream random(1, stream);
    sampler.draw(random);
    return Vector(sampler.blocks().within);
  };
  const Vector first = draw(0), second = draw(1);
  REQUIRE(draw(0) == first);
  REQUIRE(first != second);
}

TEST_CASE("a random effect of variance zero is drawn; a negative variance is refused") {
  const Study study(8, false);
  const Reduced reduced = reduce_rows(study.design());
  const Vector zero = (Vector(4) << 0.0, 0.0, 0.0, 1.0).finished();
  const Vector negative = (Vector(4) << -5.0, 0.0, 0.0, 1.0).finished();
  const auto make = [&](const Vector& gamma) {
    return ResponseSampler(reduced.blocks, kind_loadings(study.design(), reduced), gamma);
  };
  REQUIRE_NOTHROW(make(zero));
  REQUIRE_THROWS_AS(make(negative), NumericalError);
}

TEST_CASE("only the scores change: sums over X alone stay as they were") {
  const Study study(30, true);
  const Reduced reduced = reduce_rows(study.design());
  ResponseSampler sampler(reduced.blocks, kind_loadings(study.design(), reduced), gamma_of(2, 0.0));
  RandomStream random(5, 5);
  sampler.draw(random);
  const Index p = reduced.blocks.p;
  for (std::size_t k = 0; k < reduced.blocks.kinds.size(); ++k) {
    for (Index j = 0; j < p; ++j) {
      for (Index i = j; i < p; ++i) {
        const Index at = packed_index(i, j, p + 1);
        REQUIRE(sampler.blocks().kinds[k].moments.row(at) == reduced.blocks.kinds[k].moments.row(at));
      }
    }
  }
}
