#include <testthat/vendor/catch.h>
#include <boost/math/distributions/normal.hpp>
#include <cordgain/fit/node_table.hpp>

#include "shared_lattice_fixture.hpp"

using namespace cordgain;
using fixture::node_log_weight;
using fixture::point;
using fixture::SharedNodes;

TEST_CASE("a table of one node is one normal") {
  SharedNodes s;
  NodeFactory factory(s.model, s.contrast);
  const LatticeNodeTerms node = factory.at(point(0.4, 0.1));
  NodeTable table(factory.offset(), 20.0);
  table.add(node, 0, 0.0);
  table.close();
  const ScoreMoments scores = score_moments(s.reduced.blocks);
  const LatticeAnswer found = table.answer(scores, point(0.1, -0.2), 0.3);
  REQUIRE(table.size() == 1);
  REQUIRE(found.log_total == Approx(node_log_weight(node, factory.offset(), scores)).epsilon(1e-12));
  REQUIRE(found.variance == Approx(node.variance).epsilon(1e-12));
  const boost::math::normal law(0.0, std::sqrt(node.variance + 0.09));
  REQUIRE(found.above[0] == Approx(boost::math::cdf(law, found.mean + 0.1)).epsilon(1e-12));
  REQUIRE(found.above[1] == Approx(boost::math::cdf(law, found.mean - 0.2)).epsilon(1e-12));
}

TEST_CASE("groups and their order do not change an answer") {
  SharedNodes s;
  NodeFactory factory(s.model, s.contrast);
  const ScoreMoments scores = score_moments(s.reduced.blocks);
  NodeTable one(factory.offset(), 20.0), many(factory.offset(), 20.0);
  for (int i = 0; i < 12; ++i) {
    for (int j = 0; j < 12; ++j) {
      const LatticeNodeTerms node = factory.at(point(-1.5 + 0.3 * i, -1.5 + 0.3 * j));
      const double height = node_log_weight(node, factory.offset(), scores);
      one.add(node, 0, height);
      many.add(node, static_cast<std::uint64_t>((j / 2) * 100 + i / 2), height);
    }
  }
  one.close();
  many.close();
  const LatticeAnswer a = one.answer(scores, point(0.0, 0.5), 0.0);
  const LatticeAnswer b = many.answer(scores, point(0.0, 0.5), 0.0);
  REQUIRE(a.log_total == Approx(b.log_total).epsilon(1e-9));
  REQUIRE(a.mean == Approx(b.mean).epsilon(1e-7));
  REQUIRE((a.above - b.above).cwiseAbs().maxCoeff() < 1e-8);
}

TEST_CASE("groups of more than a block, and many data sets, have the sums worked out node by node") {
  SharedNodes s;
  NodeFactory factory(s.model, s.contrast);
  NodeTable table(factory.offset(), 20.0);
  std::vector<LatticeNodeTerms> nodes;
  const ScoreMoments scores = score_moments(s.reduced.blocks);
  for (int i = 0; i < 15; ++i) {
    for (int j = 0; j < 15; ++j) {
      nodes.push_back(factory.at(point(-2.0 + 0.3 * i, -2.0 + 0.3 * j)));
      table.add(nodes.back(), static_cast<std::uint64_t>(i / 5),
                node_log_weight(nodes.back(), factory.offset(), scores));
    }
  }
  table.close();
  REQUIRE(table.size() == 225);
  for (const double scale : {1.0, 0.6, 1.5}) {
    ScoreMoments other = scores * scale;
    double total = 0.0, mean = 0.0, second = 0.0, above = 0.0;
    const double top = node_log_weight(nodes[112], factory.offset(), other);
    for (const LatticeNodeTerms& node : nodes) {
      const double weight = std::exp(node_log_weight(node, factory.offset(), other) - top);
      const Vector h = (other * node.kernel).head(2) + factory.offset();
      const double m = node.direction.dot(h);
      total += weight;
      mean += weight * m;
      second += weight * (m * m + node.variance);
      above += weight * boost::math::cdf(boost::math::normal(), (m + 0.1) / std::sqrt(node.variance + 0.04));
    }
    const LatticeAnswer found = table.answer(other, Vector::Constant(1, 0.1), 0.2);
    REQUIRE(found.log_total == Approx(top + std::log(total)).epsilon(1e-8));
    REQUIRE(found.mean == Approx(mean / total).margin(1e-7));
    REQUIRE(found.variance == Approx(second / total - std::pow(mean / total, 2)).epsilon(1e-6));
    REQUIRE(found.above[0] == Approx(above / total).margin(1e-7));
  }
}
