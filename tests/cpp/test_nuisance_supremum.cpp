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
    REQUIRE(std::abs(curvature) <= size.curvature_bound(1.0));
    REQUIRE(std::abs(curvature) <= size.curvature_bound(nuisance_supremum(region).value) + 1e-6);
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

TEST_CASE("regions of two far tops give the higher one, wherever it lies") {
  // One table near each end: the tops are those of single tables, the far one adds nothing there.
  const Index n = 24;
  for (Index low = 1; low <= 6; ++low) {
    for (Index high = 18; high <= 23; ++high) {
      CriticalRegion region = one_table(low, n, low, n);
      region.rows[static_cast<std::size_t>(high)].push_back({high, high});
      const Supremum both = nuisance_supremum(region);
      const Supremum left = nuisance_supremum(one_table(low, n, low, n));
      const Supremum right = nuisance_supremum(one_table(high, n, high, n));
      // The other table adds less than 1e-6 at a top: (12/48 against 36/48) 24 of 48 events apart.
      REQUIRE(both.value >= std::max(left.value, right.value) - both.bound);
      REQUIRE(both.value <= std::max(left.value, right.value) + 1e-6);
      REQUIRE(both.bound < 1e-10);
    }
  }
}

TEST_CASE("a narrow top near a rate of 0 is not stepped over") {
  // 1 event of 1 against 0 of 5000: p (1 - p)^5000, largest at 1/5001.
  const Supremum top = nuisance_supremum(one_table(1, 1, 0, 5000));
  const double expected = std::exp(-std::log(5001.0) + 5000.0 * std::log1p(-1.0 / 5001.0));
  REQUIRE(std::abs(top.value - expected) <= top.bound);
  REQUIRE(std::abs(top.at * 5001.0 - 1.0) < 0.01);  // flat: the value is right to 1e-11 of 7e-5
}

TEST_CASE("the value of a region and of its complement add to 1 at every angle") {
  CriticalRegion region{5, 8, std::vector<std::vector<cordgain::Run>>(6)};
  CriticalRegion rest = region;
  for (std::size_t i = 0; i <= 5; ++i) {
    region.rows[i].push_back({0, static_cast<Index>(i)});
    rest.rows[i].push_back({static_cast<Index>(i) + 1, 8});
  }
  const cordgain::detail::SizeFunction size(region);
  const cordgain::detail::SizeFunction other(rest);
  for (double phi = 0.001; phi < 1.57; phi += 0.01) {
    REQUIRE(std::abs(size(phi).value + other(phi).value - 1.0) < 1e-14);
    REQUIRE(std::abs(size(phi).slope + other(phi).slope) < 1e-11);  // slopes up to 7, divided by sin near 0
  }
}

TEST_CASE("the best value is attained at the rate returned") {
  for (Index i = 0; i <= 4; ++i) {
    for (Index j = 0; j <= 6; ++j) {
      const CriticalRegion region = one_table(i, 4, j, 6);
      const Supremum top = nuisance_supremum(region);
      REQUIRE(std::abs(naive_size(region, top.at) - top.value) < 1e-13);
      REQUIRE(top.at >= 0.0);
      REQUIRE(top.at <= 1.0);
    }
  }
}

TEST_CASE("a small supremum on a long flat stretch is bounded well below its own size") {
  // Every table of 2 events more than fits 1 in 1000: a region of small size everywhere.
  CriticalRegion region = one_table(6, 6, 0, 3000);
  for (Index x1 = 3; x1 <= 6; ++x1) {
    region.rows[static_cast<std::size_t>(x1)].assign(1, {0, 60 * (x1 - 2)});
  }
  const Supremum top = nuisance_supremum(region);
  REQUIRE(top.value < 1e-3);
  REQUIRE(top.bound < 1e-10);
  REQUIRE(top.evaluations < 20000);
}
