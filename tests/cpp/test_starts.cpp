#include <testthat/vendor/catch.h>
#include <cordgain/fit/starts.hpp>
#include <cordgain/model/covariance_patterns.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

/// The first three visits of each subject: all are seen at the same times.
fixture::Trial regular_trial() {
  fixture::Trial trial;
  Index kept = 0;
  for (Index i = 0; i < trial.y.size(); ++i) {
    if (trial.x(i, 1) > 8.0) continue;
    trial.x.row(kept) = trial.x.row(i).eval();
    trial.y[kept] = trial.y[i];
    trial.level[kept++] = trial.level[i];
  }
  trial.x.conservativeResize(kept, Eigen::NoChange);
  trial.y.conservativeResize(kept);
  trial.level.conservativeResize(kept);
  return trial;
}

}  // namespace

TEST_CASE("there are two starts, both inside the cone") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<UnitTerm>());
  const fixture::Trial trial = regular_trial();
  const Blocks blocks = reduce_rows(trial.design()).blocks;
  const std::vector<Vector> starts = starting_points(blocks, covariance);
  REQUIRE(starts.size() == 2);
  for (const Vector& start : starts)
    REQUIRE(detail::smallest_eigenvalue(covariance, covariance.gamma(start)) > 0.0);
}

TEST_CASE("with several terms and few rows each term alone is large at one start") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<FactorTerm>(1));
  covariance.add(std::make_shared<UnitTerm>());
  Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  const std::vector<Vector> starts = starting_points(blocks, covariance);
  REQUIRE(starts.size() == 10);  // four more: several terms are irregular
  for (const std::size_t large : {2U, 3U, 4U, 5U}) {
    const Vector gamma = covariance.gamma(starts[large]);
    REQUIRE((gamma[0] > 1.0) == (large % 2 == 0));
    REQUIRE((gamma[3] > 1.0) == (large % 2 == 1));
  }
  blocks.n = 100000;
  REQUIRE(starting_points(blocks, covariance).size() == 2);
}

TEST_CASE("the second start is far out where rows are few, and near where they are many") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(1));
  covariance.add(std::make_shared<UnitTerm>());
  Blocks blocks = reduce_rows(fixture::Trial().design(1)).blocks;
  REQUIRE(covariance.gamma(starting_points(blocks, covariance)[1])[0] > 10.0);
  blocks.n = 100000;
  REQUIRE(covariance.gamma(starting_points(blocks, covariance)[1])[0] < 0.1);
}

TEST_CASE("a covariance over visits is never started far out") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(1));
  covariance.add(std::make_shared<UnstructuredTerm>(3));
  const Blocks blocks = reduce_rows(fixture::Trial().design(1)).blocks;
  const std::vector<Vector> starts = starting_points(blocks, covariance);
  REQUIRE(starts.size() == 4);  // few rows: correlations that are close, and opposed
  REQUIRE((starts[1] - 0.2 * starts[0]).norm() < 1e-15);
  for (const Vector& start : starts) REQUIRE(start.cwiseAbs().maxCoeff() <= 1.0);
}

TEST_CASE(
    "a random intercept beside a covariance over visits is seen where that is no constant plus something") {
  // two subjects at the same three visits: V = d 11' + Sigma. d and Sigma cannot be told apart where Sigma +
  // 11' is of the same pattern: us and cs; a first-order autoregression has no constant part
  Blocks blocks;
  blocks.n = 6;
  blocks.n_gamma = 7;
  BlockKind kind;
  kind.rank = 3;
  kind.count = 2;
  for (Index k = 0; k < 7; ++k) kind.parameter.push_back(k);
  kind.basis.push_back(Matrix::Ones(3, 3));
  for (Index j = 0; j < 3; ++j) {
    for (Index i = j; i < 3; ++i) {
      Matrix element = Matrix::Zero(3, 3);
      element(i, j) = element(j, i) = 1.0;
      kind.basis.push_back(element);
    }
  }
  blocks.kinds.push_back(kind);
  for (const char* word : {"us", "cs", "ar1", "diag"}) {
    Covariance covariance;
    covariance.add(std::make_shared<FactorTerm>(1));
    covariance.add(residual_term(word, Vector::LinSpaced(3, 0.0, 2.0)));
    const bool held = std::string(word) == "us" || std::string(word) == "cs";
    REQUIRE(unseen_parameters(blocks, covariance) == (held ? 1 : 0));
  }
}

TEST_CASE("several groups have their further starts together, and none where rows are many") {
  Covariance groups;
  groups.add(residual_term("ar1", Vector::LinSpaced(3, 0.0, 2.0)));
  groups.add(residual_term("cs", Vector::LinSpaced(3, 0.0, 2.0)));
  Blocks blocks;
  blocks.n = 30;
  blocks.n_gamma = 12;
  const std::vector<Vector> starts = starting_points(blocks, groups);
  REQUIRE(starts.size() == 4);
  REQUIRE(starts[2][1] == Approx(std::atanh(0.85)));
  REQUIRE(starts[2][3] == Approx(std::atanh(0.85)));
  REQUIRE(starts[3][1] == Approx(std::atanh(-0.5)));
  REQUIRE(starts[3][3] == Approx(std::atanh(-0.5 / 3.0)));
  blocks.n = 100000;
  REQUIRE(starting_points(blocks, groups).size() == 2);
}

TEST_CASE("where visits were missed, more starts lie between and beyond, in step and against it") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<UnitTerm>());
  const fixture::Trial regular = regular_trial(), trial;
  REQUIRE_FALSE(detail::few_irregular(reduce_rows(regular.design()).blocks, covariance));
  const Blocks blocks = reduce_rows(trial.design()).blocks;
  REQUIRE(detail::few_irregular(blocks, covariance));
  const std::vector<Vector> starts = starting_points(blocks, covariance);
  REQUIRE(starts.size() == 6);
  bool below = false, beyond = false, in_step = false, against = false;
  for (const Vector& start : starts) {
    const Vector gamma = covariance.gamma(start);
    below = below || gamma[0] < 0.1;
    beyond = beyond || gamma[0] > 1000.0;
    in_step = in_step || gamma[1] > 0.0;
    against = against || gamma[1] < 0.0;
  }
  REQUIRE((below && beyond && in_step && against));
}

TEST_CASE("a slant fills what is zero in a start and nothing else") {
  Vector start(3);
  start << 1.0, 0.0, 2.0;
  Vector expected(3);
  expected << 1.0, -0.5, 2.0;
  REQUIRE(detail::slanted(start, -0.5) == expected);
}

TEST_CASE("terms of random effects are found among others") {
  Covariance covariance;
  covariance.add(std::make_shared<FactorTerm>(2));
  covariance.add(std::make_shared<UnitTerm>());
  covariance.add(std::make_shared<FactorTerm>(1));
  const std::vector<std::size_t> expected = {0, 2};
  REQUIRE(detail::effect_terms(covariance) == expected);
}

TEST_CASE("with enough visits every variance is seen") {
  REQUIRE(unseen_directions(reduce_rows(fixture::Trial().design()).blocks).cols() == 0);
}

TEST_CASE("with one visit each, subject and residual variance are seen as one") {
  fixture::Trial trial;
  trial.x = trial.x.topRows(6).eval();
  trial.y = trial.y.head(6).eval();
  for (int i = 0; i < 6; ++i) trial.level[i] = i;
  trial.level = trial.level.head(6).eval();
  const Matrix unseen = unseen_directions(reduce_rows(trial.design(1)).blocks);
  REQUIRE(unseen.cols() == 1);
  REQUIRE(unseen(0, 0) * unseen(1, 0) < 0.0);
}

TEST_CASE("the likelihood grows without bound where the scores lie in the span of X and Z") {
  // The criterion against its definition: the residual of y on the dense [X Z], found by a QR.
  for (const int at : {0, 1, 2, 3}) {
    fixture::Trial trial;
    for (Index i = 0; i < trial.y.size(); ++i) {
      const double line = std::sin(3.0 * trial.level[i]) + trial.x(i, 1) * std::cos(trial.level[i]);
      if (at != 1) trial.y[i] = line;
    }
    if (at == 2) trial.y[4] += 1e-8;  // one score off its subject's line
    const Index q = at == 3 ? 1 : 2;  // lines of different slope, random intercepts alone
    Matrix both = Matrix::Zero(trial.y.size(), 2 + 6 * q);
    both.leftCols(2) = trial.x;
    for (Index i = 0; i < trial.y.size(); ++i)
      both.row(i).segment(2 + q * trial.level[i], q) = trial.x.row(i).head(q);
    const Eigen::ColPivHouseholderQR<Matrix> qr(both);
    const double left = (trial.y - both * qr.solve(trial.y)).norm();
    const bool expected = left < 1e-12 * trial.y.norm() && qr.rank() < trial.y.size();
    REQUIRE(expected == (at == 0));
    REQUIRE(grows_without_bound(reduce_rows(trial.design(q)).blocks) == expected);
  }
}

TEST_CASE("scores that need X beside the random effects are left open") {
  // subject means and one common slope: in the span of [X Z], not in that of Z
  fixture::Trial trial;
  for (Index i = 0; i < trial.y.size(); ++i)
    trial.y[i] = std::sin(3.0 * trial.level[i] * trial.level[i]) + 0.7 * trial.x(i, 1);
  REQUIRE_FALSE(grows_without_bound(reduce_rows(trial.design(1)).blocks));
}

TEST_CASE("where X and Z span all of space it is left open whether the likelihood is bounded") {
  // one visit per subject: a random intercept for each score
  fixture::Trial trial;
  for (Index i = 0; i < trial.level.size(); ++i) trial.level[i] = static_cast<int>(i);
  DesignInput in = trial.design(1);
  in.random[0].n_levels = trial.level.size();
  REQUIRE_FALSE(grows_without_bound(reduce_rows(in).blocks));
}

TEST_CASE("where a column of Z depends on others it is left open whether the likelihood is bounded") {
  // a site with two patients, a random intercept each: the site's column is the sum of theirs
  Matrix one = Matrix::Ones(4, 1);
  Vector y(4), none(0);
  y << 1.0, 2.0, 4.0, 9.0;
  Eigen::VectorXi patient(4), site = Eigen::VectorXi::Zero(4);
  patient << 0, 0, 1, 1;
  const auto map = [](const Eigen::VectorXi& v) {
    return Eigen::Map<const Eigen::VectorXi>(v.data(), v.size());
  };
  const Eigen::Map<const Matrix> ones(one.data(), 4, 1);
  DesignInput in{
      ones, Eigen::Map<const Vector>(y.data(), 4), Eigen::Map<const Vector>(none.data(), 0), {}, {}};
  in.random.push_back({ones, map(patient), 2});
  REQUIRE(detail::fill_their_rows(reduce_rows(in).blocks.kinds));
  in.random.push_back({ones, map(site), 1});
  const Blocks blocks = reduce_rows(in).blocks;
  if (!blocks.kinds.empty()) REQUIRE_FALSE(detail::fill_their_rows(blocks.kinds));
  REQUIRE_FALSE(grows_without_bound(blocks));
}
