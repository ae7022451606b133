#include <testthat/vendor/catch.h>
#include <cordgain/fit/visit_scales.hpp>
#include <cordgain/model/covariance_patterns.hpp>
#include <cordgain/model/design.hpp>

using namespace cordgain;

namespace {

/// Four subjects at one visit, the last also at another with a fixed effect of its own.
struct Visits {
  Matrix x{5, 2};
  Vector y{5}, weight{0};
  int subject[5] = {0, 1, 2, 3, 3}, visit[5] = {0, 0, 0, 0, 1}, group[5] = {0, 0, 0, 0, 0};

  Visits() {
    x << 1, 0, 1, 0, 1, 0, 1, 0, 1, 1;
    y << 1.0, 2.5, -0.5, 3.0, 7.0;
  }

  [[nodiscard]] Blocks blocks() const {
    DesignInput in{Eigen::Map<const Matrix>(x.data(), 5, 2),
                   Eigen::Map<const Vector>(y.data(), 5),
                   Eigen::Map<const Vector>(weight.data(), 0),
                   {},
                   {}};
    in.residual = {subject, visit, group, 4, 2, 1};
    return reduce_rows(in).blocks;
  }
};

Covariance over(std::shared_ptr<const CovarianceTerm> term) {
  Covariance out;
  out.add(std::move(term));
  return out;
}

}  // namespace

TEST_CASE("a visit's unit is its root mean square about least squares, of an exactly fitted visit 1") {
  // about the mean 1.5 of the first visit: .25 + 1 + 4 + 2.25 = 7.5, which the blocks scale to n - p = 3
  const VisitScales scale = visit_scales(Visits().blocks(), over(std::make_shared<UnstructuredTerm>(2)));
  REQUIRE(scale.size() == 1);
  REQUIRE(scale[0][0] == Approx(std::sqrt(3.0 / 4.0)).epsilon(1e-14));
  REQUIRE(scale[0][1] == 1.0);
  // one variance for all visits: 3 over five rows
  const Covariance common = over(residual_term("cs", Vector::LinSpaced(2, 0.0, 1.0)));
  REQUIRE((visit_scales(Visits().blocks(), common)[0].array() - std::sqrt(3.0 / 5.0)).abs().maxCoeff() <
          1e-14);
}

TEST_CASE("blocks kept apart and blocks pooled give the same squares") {
  Matrix rows(2, 4);
  rows << 1.0, 2.0, 3.0, -4.0, 5.0, 6.0, 7.0, 8.0;  // two blocks of [x y], two rows each
  BlockKind apart;
  apart.rank = apart.count = 2;
  apart.rows = rows;
  BlockKind pooled = apart;
  pooled.moments = Matrix::Zero(3, 3);
  for (Index i = 0; i < 2; ++i) add_moments(rows.middleCols(2 * i, 2), pooled.moments);
  for (const BlockKind& kind : {apart, pooled}) {
    REQUIRE(detail::sum_of_squares(kind, 0, 1) == Approx(2.0 * 2.0 + 4.0 * 4.0));
    REQUIRE(detail::sum_of_squares(kind, 1, 1) == Approx(6.0 * 6.0 + 8.0 * 8.0));
  }
}

TEST_CASE("random effects and independent residuals have no units") {
  Covariance both = over(std::make_shared<FactorTerm>(1));
  both.add(std::make_shared<UnitTerm>());
  Blocks blocks;
  blocks.residual = 1;
  blocks.n_gamma = 2;
  for (const Vector& scale : visit_scales(blocks, both)) REQUIRE(scale.size() == 0);
}

TEST_CASE("the side of a packed matrix") {
  for (Index q = 1; q < 9; ++q) REQUIRE(detail::packed_side(q * (q + 1) / 2) == q);
}

TEST_CASE("the ratio of the units goes over all terms") {
  Vector a(2), b(1);
  a << 1.0, 4.0;
  b << 0.5;
  REQUIRE(unit_ratio({a, Vector(), b}) == 8.0);
  REQUIRE(unit_ratio({Vector()}) == 1.0);
}
