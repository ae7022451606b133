#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/math/flood.hpp>
#include <limits>
#include <set>

using cordgain::flood;
using cordgain::LatticeNode;

namespace {

double minus_half_square(const LatticeNode& node) {
  double sum = 0.0;
  for (const int k : node) sum += static_cast<double>(k) * k;
  return -0.5 * sum;
}

}  // namespace

TEST_CASE("the nodes of a normal density are the lattice points of a disc and their neighbours") {
  // Gauss's circle problem: 81 lattice points within radius 5.
  int inside = 0;
  std::set<LatticeNode> seen;
  flood(2, 12.5, 10000, [&](const LatticeNode& node) {
    REQUIRE(seen.insert(node).second);  // once each
    const double value = minus_half_square(node);
    inside += value >= -12.5 ? 1 : 0;
    return value;
  });
  REQUIRE(inside == 81);
}

TEST_CASE("the trapezoidal rule over the nodes gives the integral of a normal in four dimensions") {
  double sum = 0.0;
  flood(4, 26.0, 1000000, [&](const LatticeNode& node) {
    const double value = minus_half_square(node);
    sum += std::exp(value);
    return value;
  });
  // Each axis errs by 2 exp(-2 pi^2) = 5.4e-9; the part beyond depth 26 is below 3e-10.
  REQUIRE(std::abs(sum / std::pow(2.0 * std::acos(-1.0), 2.0) - 1.0) < 3e-8);
}

TEST_CASE("a ridge is followed around its bend") {
  int on_ridge = 0;
  flood(2, 0.5, 1000, [&](const LatticeNode& node) {
    const bool on =
        (node[1] == 0 && node[0] >= 0 && node[0] <= 9) || (node[0] == 9 && node[1] >= 0 && node[1] <= 9);
    on_ridge += on ? 1 : 0;
    return on ? 0.0 : -std::numeric_limits<double>::infinity();
  });
  REQUIRE(on_ridge == 19);
}

TEST_CASE("a density without end is an error, not an endless search") {
  const auto flat = [](const LatticeNode&) { return 0.0; };
  REQUIRE_THROWS_AS(flood(3, 1.0, 5000, flat), cordgain::NumericalError);
  REQUIRE_THROWS_AS(flood(1, 1.0, 5000, flat), cordgain::NumericalError);
}
