#include <testthat/vendor/catch.h>
#include <cordgain/natural/merged_lattices.hpp>

#include "lattice_fixture.hpp"

using cordgain::cardinal_series;
using cordgain::Lattice;
using cordgain::merge_lattices;
using fixture::normal_lattice;

namespace {

double sum_at(const std::vector<Lattice>& lattices, double x) {
  double sum = 0.0;
  for (const Lattice& lattice : lattices) sum += cardinal_series(lattice, x);
  return sum;
}

}  // namespace

TEST_CASE("merged lattices add up to the sum of the densities, in fewer lattices") {
  std::vector<Lattice> parts;
  for (int i = 0; i < 40; ++i)
    parts.push_back(normal_lattice(-2.0 + 0.01 * i, 0.2 * std::pow(1.03, i), 0.45));
  const std::vector<Lattice> merged = merge_lattices(parts);
  REQUIRE(merged.size() < 5);
  for (double x = -6.0; x < 2.0; x += 0.0317) {
    double expected = 0.0;
    for (int i = 0; i < 40; ++i) expected += naive::normal(x, -2.0 + 0.01 * i, 0.2 * std::pow(1.03, i));
    REQUIRE(std::fabs(sum_at(merged, x) - expected) < 1e-9);  // a step of 0.45 resolves a normal to e^-24
  }
}

TEST_CASE("parts far from each other, or of steps far apart, keep lattices of their own") {
  const std::vector<Lattice> apart{normal_lattice(0.0, 1.0, 0.4), normal_lattice(500.0, 1.0, 0.4)};
  REQUIRE(merge_lattices(apart).size() == 2);
  const std::vector<Lattice> scales{normal_lattice(0.0, 1.0, 0.4), normal_lattice(0.0, 50.0, 0.4)};
  const std::vector<Lattice> merged = merge_lattices(scales);
  REQUIRE(merged.size() == 2);
  REQUIRE(naive::close_ratio(sum_at(merged, 0.3),
                             naive::normal(0.3, 0.0, 1.0) + naive::normal(0.3, 0.0, 50.0), 1e-9));
}

TEST_CASE("one part is left as it is, and none gives none") {
  const Lattice one = normal_lattice(1.0, 2.0, 0.4);
  const std::vector<Lattice> merged = merge_lattices({one});
  REQUIRE(merged.size() == 1);
  REQUIRE(merged.front().value == one.value);
  REQUIRE(merge_lattices({}).empty());
}
