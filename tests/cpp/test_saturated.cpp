#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/saturated.hpp>
#include "gaussian_fixture.hpp"
#include "sanitized.hpp"

using namespace cordgain;

namespace {

/// Two subjects seen twice and one seen once, intercept and slope by subject: as many effects as scores.
struct Saturated {
  Matrix x{5, 1}, z{5, 2};
  Vector y{5}, weight{0};
  Eigen::VectorXi level{5};

  Saturated() {
    x.setOnes();
    z << 1, 0, 1, 1, 1, 0, 1, 1, 1, 2;
    level << 0, 0, 1, 1, 2;
  }
  DesignInput design() const {
    DesignInput in{Eigen::Map<const Matrix>(x.data(), 5, 1),
                   Eigen::Map<const Vector>(y.data(), 5),
                   Eigen::Map<const Vector>(weight.data(), 0),
                   {},
                   {}};
    in.random.push_back(
        {Eigen::Map<const Matrix>(z.data(), 5, 2), Eigen::Map<const Eigen::VectorXi>(level.data(), 5), 3});
    return in;
  }
};

Covariance cone() {
  Covariance out;
  out.add(std::make_shared<FactorTerm>(2));
  out.add(std::make_shared<FactorTerm>(1));
  return out;
}

SmallSearch search(const Saturated& data, bool restricted) {
  const DesignInput in = data.design();
  const SmallRows rows = small_rows(in, make_frame(in));
  return search_small(SmallCriterion(rows, restricted), cone());
}

}  // namespace

TEST_CASE(
    "scores along one line of effects make the likelihood grow without bound, though Z spans all of space") {
  Saturated data;
  // y = 3 + a_i (1 + 2 week): one random direction and the mean fit all five scores with four columns
  data.y << 3 + 1, 3 + 3, 3 - 2, 3 - 6, 3 + 0.5 * 5;
  REQUIRE(search(data, true).unbounded);
}

TEST_CASE("one score off that line bounds it, or another line is found that holds all scores") {
  Saturated data;
  data.y << 4, 6, 1, -3, 5.5;
  data.y[3] += 40.0;
  const SmallSearch found = search(data, true);
  const DesignInput in = data.design();
  const SmallRows rows = small_rows(in, make_frame(in));
  const SmallCriterion criterion(rows, true);
  if (!found.unbounded) {
    REQUIRE(found.found);
    REQUIRE(found.stage.result.converged);
    REQUIRE(found.agreement.searches >= 2);
    return;
  }
  // the claim, checked by its definition: along the best direction the deviance falls as the log of the
  // residual
  const auto lowest = [&](double s2) {
    double out = 1e300;
    const int steps = kSanitized ? 20000 : 200000;
    for (int i = 0; i < steps; ++i) {
      const double angle = std::acos(-1.0) * i / steps;
      std::vector<Matrix> roots = {Matrix(2, 1), Matrix::Constant(1, 1, std::sqrt(s2))};
      roots[0] << std::cos(angle), std::sin(angle);
      Vector gamma(4);
      gamma << roots[0](0) * roots[0](0), roots[0](0) * roots[0](1), roots[0](1) * roots[0](1), s2;
      const SecondOrder at = criterion.in_gamma(gamma, roots);
      if (std::isfinite(at.value)) out = std::min(out, at.value);
    }
    return out;
  };
  REQUIRE(lowest(1e-8) < lowest(1e-4) - 0.5 * std::log(1e4));
}

TEST_CASE("projection turns to a direction that holds the scores, from afar") {
  Saturated data;
  data.y << 4, 6, 1, -3, 5.5;
  const DesignInput in = data.design();
  const Frame frame = make_frame(in);
  const SmallRows rows = small_rows(in, frame);
  const SmallCriterion criterion(rows, true);
  Covariance line;
  line.add(std::make_shared<FactorTerm>(2, 1, std::vector<Index>{0, 1}));
  line.add(std::make_shared<FactorTerm>(1, 0, std::vector<Index>{0}));
  Vector theta(2);
  theta << 1.0, 0.3;
  const detail::SpanFit fit = detail::turn_towards_scores(criterion, line, theta);
  REQUIRE(fit.relative < rows.noise);
}

TEST_CASE("least squares on spread columns leaves what is orthogonal to them") {
  Matrix columns(3, 2);
  columns << 1, 2, 0, 0, 0, 0;
  const detail::SpanFit fit = detail::span_fit(columns, Vector::Ones(3));
  REQUIRE(fit.relative == Approx(std::sqrt(2.0 / 3.0)));
  REQUIRE(fit.left[0] == Approx(0.0).margin(1e-15));
  REQUIRE(detail::span_fit(Matrix(3, 0), Vector::Ones(3)).relative == 1.0);
  REQUIRE_FALSE(spans_all(columns));
  REQUIRE(spans_all(Matrix::Identity(3, 3)));
}

TEST_CASE("starts are many, distinct, and inside the cone") {
  const auto starts = detail::spread_starts(cone(), 12);
  REQUIRE(starts.size() == 12);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    REQUIRE(starts[i][0] > 0.0);
    REQUIRE(starts[i][3] > 0.0);
    for (std::size_t j = 0; j < i; ++j) REQUIRE((starts[i] - starts[j]).norm() > 1e-3);
  }
}

TEST_CASE("of two optima as high the shorter is kept, of two heights the lower") {
  detail::Stage low{cone(), NewtonResult()}, high = low;
  low.result.point = high.result.point = Vector::Ones(4);
  low.result.at.value = 1.0;
  high.result.at.value = 2.0;
  REQUIRE(detail::better(low, high));
  REQUIRE_FALSE(detail::better(high, low));
  detail::Stage longer = low;
  longer.result.point *= 1e4;
  REQUIRE(detail::better(low, longer));
  REQUIRE_FALSE(detail::better(longer, low));
}

TEST_CASE("the ranks between zero and full are listed for every combination of terms") {
  Covariance two;
  two.add(std::make_shared<FactorTerm>(2));
  two.add(std::make_shared<FactorTerm>(1));
  two.add(std::make_shared<FactorTerm>(1));  // the residual
  const auto ranks = detail::lower_ranks(two);
  const std::vector<std::vector<Index>> expected = {{1, 0}, {1, 1}};
  REQUIRE(ranks == expected);
  REQUIRE(detail::with_rank(two, {1, 0}, 0).n_theta() == 2);
}

TEST_CASE("ends that agree with the lowest are counted, and their spread is given") {
  const detail::Agreement found = detail::agreement_of({10.0, 10.0 + 5e-8, 10.1, 9.9999999}, 9.9999999);
  REQUIRE(found.searches == 2);  // within 1e-8 (1 + value) of the lowest
  REQUIRE(found.spread == Approx(1e-7).margin(2e-9));
  REQUIRE(detail::agreement_of({}, 1.0).searches == 0);
}
