#include <testthat/vendor/catch.h>
#include <cordgain/excess/nuisance_supremum.hpp>

using cordgain::CriticalRegion;
using cordgain::Index;
using cordgain::nuisance_supremum;
using cordgain::Supremum;

namespace {

// The size of a region by the naive double sum, for groups of at most 30.
double naive_size(const CriticalRegion& region, double p) {
  const auto mass = [p](Index k, Index n) {
    double choose = 1.0;
    for (Index i = 0; i < k; ++i) choose = choose * double(n - i) / double(i + 1);
    return choose * std::pow(p, double(k)) * std::pow(1.0 - p, double(n - k));
  };
  double sum = 0.0;
  for (Index i = 0; i <= region.n1; ++i) {
    for (const cordgain::Run& run : region.rows[static_cast<std::size_t>(i)]) {
      for (Index j = run.from; j <= run.to; ++j) sum += mass(i, region.n1) * mass(j, region.n0);
    }
  }
  return sum;
}

CriticalRegion one_table(Index i, Index n1, Index j, Index n0) {
  CriticalRegion region{n1, n0, std::vector<std::vector<cordgain::Run>>(static_cast<std::size_t>(n1 + 1))};
  region.rows[static_cast<std::size_t>(i)].push_back({j, j});
  return region;
}

}  // namespace

TEST_CASE("the most probable rate of one table is its share of events") {
  // C(3,1) C(5,2) p^3 (1 - p)^5 is largest at 3/8.
  const Supremum top = nuisance_supremum(one_table(1, 3, 2, 5));
  const double expected = 30.0 * std::pow(0.375, 3.0) * std::pow(0.625, 5.0);
  REQUIRE(std::abs(top.value - expected) <= top.bound);
  REQUIRE(std::abs(top.at - 0.375) <
          1e-4);  // flat top: the value is right to 1e-11, so the place to its root
  REQUIRE(top.bound < 1e-10);
}

TEST_CASE("a supremum at a rate of 1 is found at the edge") {
  const Supremum top = nuisance_supremum(one_table(3, 3, 5, 5));
  REQUIRE(std::abs(top.value - 1.0) <= top.bound);
  REQUIRE(top.bound < 1e-10);
}

TEST_CASE("a region of all tables has probability 1 and stops at once") {
  CriticalRegion all{2, 3, std::vector<std::vector<cordgain::Run>>(3, {{0, 3}})};
  const Supremum top = nuisance_supremum(all);
  REQUIRE(std::abs(top.value - 1.0) <= top.bound);
  REQUIRE(top.evaluations < 1000);
}

TEST_CASE("no rate of a fine grid exceeds the value by more than the bound, for regions of any form") {
  // Regions drawn by a small congruential generator: no order among tables is assumed.
  unsigned state = 12345u;
  for (int repeat = 0; repeat < 20; ++repeat) {
    const Index n1 = 2 + repeat % 5;
    const Index n0 = 3 + repeat % 7;
    const CriticalRegion region = cordgain::detail::gather_region(n1, n0, [&state](Index, Index) {
      state = state * 1664525u + 1013904223u;
      return (state >> 16) % 3u == 0u;
    });
    const Supremum top = nuisance_supremum(region);
    REQUIRE(top.bound < 1e-10);
    double grid = 0.0;
    for (int k = 1; k < 2000; ++k) grid = std::max(grid, naive_size(region, k / 2000.0));
    REQUIRE(grid <= top.value + top.bound);
    REQUIRE(std::abs(naive_size(region, top.at) - top.value) < 1e-13);
  }
}

TEST_CASE("slope and curvature bound agree with differences of the naive size") {
  const CriticalRegion region = one_table(2, 4, 3, 9);
  const cordgain::detail::SizeFunction size(region);
  const auto naive = [&](double phi) { return naive_size(region, std::sin(phi) * std::sin(phi)); };
  const double h = 1e-4;
  for (double phi = 0.05; phi < 1.5; phi += 0.05) {
    const double slope = (naive(phi + h) - naive(phi - h)) / (2.0 * h);
    const double curvature = (naive(phi + h) - 2.0 * naive(phi) + naive(phi - h)) / (h * h);
    REQUIRE(std::abs(size(phi).value - naive(phi)) < 1e-14);
    REQUIRE(std::abs(size(phi).slope - slope) < 1e-5);  // third derivative (< 500) times h^2 / 6
    REQUIRE(std::abs(curvature) <= size.curvature_bound());
  }
}

TEST_CASE("binomial masses sum to 1 and keep the far tails") {
  for (double p : {1e-12, 0.3, 1.0 - 1e-9}) {
    const cordgain::Vector mass = cordgain::detail::binomial_masses(2000, {p, 1.0 - p});
    REQUIRE(std::abs(mass.sum() - 1.0) < 1e-11);
  }
  const cordgain::Vector mass = cordgain::detail::binomial_masses(40, {0.5, 0.5});
  REQUIRE(std::abs(mass[0] * std::pow(2.0, 40) - 1.0) < 1e-13);
}

TEST_CASE("stopped early, the bound is as large as what was left open") {
  const Supremum early = nuisance_supremum(one_table(1, 3, 2, 5), 1e-11, 64);
  const Supremum late = nuisance_supremum(one_table(1, 3, 2, 5));
  REQUIRE(early.bound > 1e-6);
  REQUIRE(late.value <= early.value + early.bound);
}
