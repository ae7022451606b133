#include <testthat/vendor/catch.h>
#include <cordgain/fit/shared_lattice.hpp>

#include "shared_lattice_fixture.hpp"

using namespace cordgain;
using fixture::node_log_weight;
using fixture::point;
using fixture::SharedNodes;

TEST_CASE("log posteriors of nodes differ as those of the density of the same scores") {
  SharedNodes s;
  NodeFactory factory(s.model, s.contrast);
  detail::PosteriorDensity density(s.model);
  const ScoreMoments scores = score_moments(s.reduced.blocks);
  const auto at = [&](const Vector& eta) {
    return node_log_weight(factory.at(eta), factory.offset(), scores);
  };
  REQUIRE(factory.dimension() == 2);
  const Vector origin = point(0.3, 0.2);
  for (const Vector& eta : {point(0.9, -0.1), point(-0.5, 1.2), point(1.8, 0.4)}) {
    REQUIRE(at(eta) - at(origin) == Approx(density(eta) - density(origin)).epsilon(1e-10));
  }
}

TEST_CASE("score moments hold the products of [X y] with y, block by block") {
  const SharedNodes s;
  const ScoreMoments scores = score_moments(s.reduced.blocks);
  REQUIRE(scores.rows() == 3);
  REQUIRE(scores.cols() == score_columns(s.reduced.blocks));
  // In these coordinates y is orthogonal to X and of a length that the frame knows: sums over all blocks.
  Vector sum = scores.col(scores.cols() - 1);
  Index at = 0;
  for (const BlockKind& kind : s.reduced.blocks.kinds) {
    for (Index a = 0; a < kind.rank; ++a) sum += scores.col(at + packed_index(a, a, kind.rank));
    at += packed_size(kind.rank);
  }
  const Matrix& x = s.trial.x;
  const Vector rest = s.trial.y - x * (x.transpose() * x).ldlt().solve(x.transpose() * s.trial.y);
  const double scale = s.reduced.frame.y_scale;
  REQUIRE(sum.head(2).cwiseAbs().maxCoeff() < 1e-10);
  REQUIRE(sum[2] == Approx(rest.squaredNorm() / (scale * scale)).epsilon(1e-10));
}

TEST_CASE("a node whose covariance cannot be had weighs nothing") {
  SharedNodes s;
  NodeFactory factory(s.model, s.contrast);
  const LatticeNodeTerms node = factory.at(point(0.0, -800.0));
  REQUIRE_FALSE(node.constant > detail::kNegInf);
  REQUIRE(node_log_weight(node, factory.offset(), score_moments(s.reduced.blocks)) == detail::kNegInf);
}
