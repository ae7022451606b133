#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/math/line_flood.hpp>
#include <set>

using cordgain::flood_lines;
using cordgain::LatticeNode;
using cordgain::LineFound;
using cordgain::walk_line;

namespace {

/// Nodes within `lowest` of a function, found by lines.
template <class LogDensity>
std::set<LatticeNode> found_by_lines(cordgain::Index dimension, double lowest, LogDensity&& density) {
  std::set<LatticeNode> out;
  flood_lines(dimension, [&](const LatticeNode& line, int start) {
    return walk_line(start, lowest, [&](int place) {
      LatticeNode node = line;
      node[static_cast<std::size_t>(dimension - 1)] = place;
      const double value = density(node);
      if (value >= lowest) REQUIRE(out.insert(node).second);
      return value;
    });
  });
  return out;
}

}  // namespace

TEST_CASE("lines find the nodes that a flood node by node finds, each once") {
  const auto density = [](const LatticeNode& n) {
    const double x = n[0], y = n[1] - 0.8 * n[0], z = n[2] + 1.5 * n[1] - 0.2 * n[0];
    return -0.05 * (x * x + y * y + z * z) - 0.001 * x * x * x;
  };
  std::set<LatticeNode> by_node;
  cordgain::flood(3, 4.0, 100000, [&](const LatticeNode& n) {
    const double value = density(n);
    if (value >= -4.0) by_node.insert(n);
    return value;
  });
  REQUIRE(by_node.size() > 500);
  REQUIRE(found_by_lines(3, -4.0, density) == by_node);
}

TEST_CASE("on one axis there is one line") {
  const auto nodes = found_by_lines(1, -2.0, [](const LatticeNode& n) { return -0.5 * n[0] * n[0]; });
  REQUIRE(nodes.size() == 5);  // -2 ... 2
}

TEST_CASE("a walk that begins outside climbs to what matters") {
  int asked = 0;
  const LineFound found = walk_line(20, -1.0, [&](int place) {
    ++asked;
    return -0.1 * (place - 3.0) * (place - 3.0);
  });
  REQUIRE(found.inside);
  REQUIRE(found.highest == 3);
  REQUIRE(asked == 23);  // 21, and 20 down to -1
}

TEST_CASE("a line that matters nowhere is left after three looks") {
  int asked = 0;
  const LineFound found = walk_line(0, -1.0, [&](int place) {
    ++asked;
    return -5.0 - place * place;
  });
  REQUIRE_FALSE(found.inside);
  REQUIRE(asked == 3);
}

TEST_CASE("a density without an end is refused") {
  REQUIRE_THROWS_AS(walk_line(0, -1.0, [](int) { return 0.0; }), cordgain::NumericalError);
  REQUIRE_THROWS_AS(flood_lines(2,
                                [](const LatticeNode&, int) {
                                  return LineFound{true, 0};
                                }),
                    cordgain::NumericalError);
}
