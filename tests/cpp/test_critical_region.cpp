#include <testthat/vendor/catch.h>
#include <cordgain/base/error.hpp>
#include <cordgain/excess/critical_region.hpp>

using cordgain::Alternative;
using cordgain::CriticalRegion;
using cordgain::fisher_p_value;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::TwoByTwo;

namespace {

bool holds(const CriticalRegion& region, Index i, Index j) {
  for (const cordgain::Run& run : region.rows[static_cast<std::size_t>(i)]) {
    if (j >= run.from && j <= run.to) return true;
  }
  return false;
}

double choose(int n, int k) {
  double out = 1.0;
  for (int i = 0; i < k; ++i) out = out * (n - i) / (i + 1);
  return out;
}

}  // namespace

TEST_CASE("Fisher's p-value of a table of eight is the count of its arrangements") {
  // 3 of 4 against 1 of 4: C(4,3) C(4,1) + C(4,4) C(4,0) = 17 of C(8,4) = 70; two-sided 34 of 70.
  const TwoByTwo tea{3.0, 4.0, 1.0, 4.0};
  REQUIRE(std::abs(fisher_p_value(tea, Alternative::kGreater) - 17.0 / 70.0) < 1e-15);
  REQUIRE(std::abs(fisher_p_value(tea, Alternative::kTwoSided) - 34.0 / 70.0) < 1e-15);
  REQUIRE(std::abs(fisher_p_value(tea, Alternative::kLess) - 69.0 / 70.0) < 1e-15);
}

TEST_CASE("Fisher's p-value agrees with binomial coefficients on every table of 5 and 7") {
  for (int y1 = 0; y1 <= 5; ++y1) {
    for (int y0 = 0; y0 <= 7; ++y0) {
      const int s = y1 + y0;
      double sum = 0.0;
      for (int k = y1; k <= std::min(5, s); ++k) {
        if (s - k <= 7) sum += choose(5, k) * choose(7, s - k);
      }
      const double p = fisher_p_value({double(y1), 5.0, double(y0), 7.0}, Alternative::kGreater);
      REQUIRE(std::abs(p - sum / choose(12, s)) < 1e-14);
    }
  }
}

TEST_CASE("Fisher's p-value keeps its digits for thousands of patients") {
  // 4 of 4 against s - 4 of n0: C(n0, s - 4) / C(N, s) = s (s-1) (s-2) (s-3) / [N (N-1) (N-2) (N-3)]
  const double n = 9004.0;
  const double s = 504.0;
  const double expected = s * (s - 1) * (s - 2) * (s - 3) / (n * (n - 1) * (n - 2) * (n - 3));
  const double p = fisher_p_value({4.0, 4.0, 500.0, 9000.0}, Alternative::kGreater);
  REQUIRE(std::abs(p / expected - 1.0) < 1e-12);
}

TEST_CASE("the pooled z statistic is that of the textbook and 0 where nothing varies") {
  // 3/4 v 1/4: (1/2) / sqrt(1/4 * 1/2) = sqrt(2)
  REQUIRE(std::abs(cordgain::pooled_z_statistic({3.0, 4.0, 1.0, 4.0}) - std::sqrt(2.0)) < 1e-15);
  REQUIRE(cordgain::pooled_z_statistic({0.0, 4.0, 0.0, 9.0}) == 0.0);
  REQUIRE(cordgain::pooled_z_statistic({4.0, 4.0, 9.0, 9.0}) == 0.0);
}

TEST_CASE("Barnard's region holds the tables whose z is not below the observed") {
  const TwoByTwo observed{2.0, 4.0, 3.0, 9.0};
  const double z = cordgain::pooled_z_statistic(observed);
  const CriticalRegion greater = cordgain::barnard_region(observed, Alternative::kGreater);
  const CriticalRegion less = cordgain::barnard_region(observed, Alternative::kLess);
  const CriticalRegion both = cordgain::barnard_region(observed, Alternative::kTwoSided);
  for (int i = 0; i <= 4; ++i) {
    for (int j = 0; j <= 9; ++j) {
      const double here = cordgain::pooled_z_statistic({double(i), 4.0, double(j), 9.0});
      if (std::abs(std::abs(here) - std::abs(z)) > 1e-9) {
        REQUIRE(holds(greater, i, j) == (here > z));
        REQUIRE(holds(less, i, j) == (here < z));
        REQUIRE(holds(both, i, j) == (std::abs(here) > std::abs(z)));
      }
    }
  }
  REQUIRE(holds(greater, 2, 3));
  REQUIRE(holds(less, 2, 3));
  REQUIRE(holds(both, 2, 3));
}

TEST_CASE("exact ties are kept: the mirrored table of equal groups is as extreme") {
  const CriticalRegion region = cordgain::barnard_region({7.0, 12.0, 5.0, 12.0}, Alternative::kTwoSided);
  REQUIRE(holds(region, 5, 7));
  const CriticalRegion boschloo = cordgain::boschloo_region({7.0, 12.0, 5.0, 12.0}, Alternative::kTwoSided);
  REQUIRE(holds(boschloo, 5, 7));
}

TEST_CASE("Boschloo's region holds the tables whose Fisher p-value is not above the observed") {
  const TwoByTwo observed{3.0, 5.0, 2.0, 8.0};
  for (Alternative side : {Alternative::kGreater, Alternative::kLess, Alternative::kTwoSided}) {
    const double p = fisher_p_value(observed, side);
    const CriticalRegion region = cordgain::boschloo_region(observed, side);
    for (int i = 0; i <= 5; ++i) {
      for (int j = 0; j <= 8; ++j) {
        const double here = fisher_p_value({double(i), 5.0, double(j), 8.0}, side);
        if (std::abs(here - p) > 1e-9) REQUIRE(holds(region, i, j) == (here < p));
      }
    }
    REQUIRE(holds(region, 3, 2));
  }
}

TEST_CASE("tables that are none and tables too large are refused") {
  REQUIRE_THROWS_AS(fisher_p_value({5.0, 4.0, 1.0, 4.0}, Alternative::kGreater), InvalidInput);
  REQUIRE_THROWS_AS(fisher_p_value({1.0, 4.0, 1.0, 0.0}, Alternative::kGreater), InvalidInput);
  REQUIRE_THROWS_AS(fisher_p_value({0.5, 4.0, 1.0, 4.0}, Alternative::kGreater), InvalidInput);
  REQUIRE_THROWS_AS(cordgain::barnard_region({1.0, 5000.0, 1.0, 5000.0}, Alternative::kGreater),
                    InvalidInput);
  REQUIRE_THROWS_AS(cordgain::boschloo_region({1.0, 2.0, 1.0, 1e6}, Alternative::kGreater), InvalidInput);
}
