#include <testthat/vendor/catch.h>
#include <cordgain/base/error.hpp>
#include <cordgain/excess/exact_tests.hpp>
#include <vector>

using cordgain::Alternative;
using cordgain::barnard_test;
using cordgain::boschloo_test;
using cordgain::ExactTest;
using cordgain::TwoByTwo;

TEST_CASE("two of four against 32 of 187 has the independently computed p-values") {
  // Values: check file responders.csv, B15 to B17; asked of tests: 1e-9 for one-dimensional searches.
  const TwoByTwo table{2.0, 4.0, 32.0, 187.0};
  REQUIRE(std::abs(cordgain::fisher_p_value(table, Alternative::kGreater) - 0.14621734984299) < 1e-13);
  const ExactTest barnard = barnard_test(table, Alternative::kGreater);
  const ExactTest boschloo = boschloo_test(table, Alternative::kGreater);
  REQUIRE(std::abs(barnard.p_value - 0.119895128083278) < barnard.error);
  REQUIRE(std::abs(boschloo.p_value - 0.094423398291048) < boschloo.error);
  REQUIRE(std::abs(barnard.nuisance - 0.03931) < 1e-5);
  REQUIRE(std::abs(boschloo.nuisance - 0.33458) < 1e-5);
  REQUIRE(barnard.error < 1e-10);
  REQUIRE(boschloo.error < 1e-10);
}

TEST_CASE("one patient a side: success against failure has p-value 1/4 at a rate of 1/2") {
  const ExactTest barnard = barnard_test({1.0, 1.0, 0.0, 1.0}, Alternative::kGreater);
  REQUIRE(std::abs(barnard.p_value - 0.25) <= barnard.error);
  REQUIRE(std::abs(barnard.nuisance - 0.5) < 1e-4);  // flat top
  const ExactTest both = barnard_test({1.0, 1.0, 0.0, 1.0}, Alternative::kTwoSided);
  REQUIRE(std::abs(both.p_value - 0.5) <= both.error);
}

TEST_CASE("Boschloo is never above Fisher, on every table of 4 and 6 and each alternative") {
  for (int y1 = 0; y1 <= 4; ++y1) {
    for (int y0 = 0; y0 <= 6; ++y0) {
      for (Alternative side : {Alternative::kGreater, Alternative::kLess, Alternative::kTwoSided}) {
        const TwoByTwo table{double(y1), 4.0, double(y0), 6.0};
        const ExactTest boschloo = boschloo_test(table, side);
        REQUIRE(boschloo.p_value <= cordgain::fisher_p_value(table, side) + 1e-12);
        REQUIRE(boschloo.error < 1e-10);
      }
    }
  }
}

TEST_CASE("exchanging events and others turns the alternative") {
  const TwoByTwo table{3.0, 5.0, 2.0, 8.0};
  const TwoByTwo mirrored{2.0, 5.0, 6.0, 8.0};
  const ExactTest a = barnard_test(table, Alternative::kGreater);
  const ExactTest b = barnard_test(mirrored, Alternative::kLess);
  REQUIRE(std::abs(a.p_value - b.p_value) <= a.error + b.error);
  const ExactTest c = boschloo_test(table, Alternative::kGreater);
  const ExactTest d = boschloo_test(mirrored, Alternative::kLess);
  REQUIRE(std::abs(c.p_value - d.p_value) <= c.error + d.error);
}

TEST_CASE("groups of a thousand are answered to the same error") {
  const ExactTest test = boschloo_test({250.0, 1000.0, 220.0, 1000.0}, Alternative::kGreater);
  REQUIRE(test.error < 1e-10);
  REQUIRE(test.p_value <= cordgain::fisher_p_value({250.0, 1000.0, 220.0, 1000.0}, Alternative::kGreater));
}

TEST_CASE("counts that are no table are refused") {
  REQUIRE_THROWS_AS(barnard_test({1.0, 2.0, 3.0, 2.0}, Alternative::kGreater), cordgain::InvalidInput);
}

TEST_CASE("p-values of small tables are those of the R packages Barnard and Exact") {
  // Printed in the tests of SciPy: two-sided Barnard to 12 decimals (nuisance in steps of 1e-6),
  // one-sided Boschloo to 7 digits.
  struct Published {
    TwoByTwo table;
    double barnard;
  };
  const Published published[] = {{{43, 53, 40, 79}, 0.000362832367}, {{2, 10, 7, 9}, 0.019210815430},
                                 {{5, 15, 1, 11}, 0.156277546306},   {{5, 25, 15, 35}, 0.066363501421},
                                 {{10, 20, 5, 6}, 0.177536588915},   {{5, 6, 0, 4}, 0.013671875000},
                                 {{0, 3, 1, 3}, 0.509667991877},     {{0, 6, 2, 6}, 0.197019618792}};
  for (const Published& row : published) {
    const ExactTest found = barnard_test(row.table, Alternative::kTwoSided);
    REQUIRE(found.p_value >= row.barnard - 1e-12);
    REQUIRE(found.p_value - row.barnard < 1e-9);
  }
  const Published boschloo[] = {{{2, 10, 7, 9}, 0.009886142},
                                {{5, 25, 16, 41}, 0.05827348},
                                {{0, 3, 1, 3}, 0.34375},
                                {{7, 15, 12, 15}, 0.03410916},
                                {{10, 35, 24, 61}, 0.1512882}};
  for (const Published& row : boschloo) {
    const ExactTest found = boschloo_test(row.table, Alternative::kLess);
    REQUIRE(std::abs(found.p_value - row.barnard) < 6e-8);
  }
}

TEST_CASE("every table of 3 and 3 has a p-value in (0, 1] and a rate in [0, 1]") {
  for (int y1 = 0; y1 <= 3; ++y1) {
    for (int y0 = 0; y0 <= 3; ++y0) {
      for (Alternative side : {Alternative::kGreater, Alternative::kLess, Alternative::kTwoSided}) {
        const TwoByTwo table{double(y1), 3.0, double(y0), 3.0};
        for (const ExactTest& test : {barnard_test(table, side), boschloo_test(table, side)}) {
          REQUIRE(test.p_value > 0.0);
          REQUIRE(test.p_value <= 1.0);
          REQUIRE(test.nuisance >= 0.0);
          REQUIRE(test.nuisance <= 1.0);
          REQUIRE(test.error < 1e-10);
        }
      }
    }
  }
}

TEST_CASE("rejecting at 5 % by either test errs at most 5 % of the time, at every rate of a grid") {
  const int n1 = 4;
  const int n0 = 15;
  for (bool barnard : {true, false}) {
    std::vector<std::vector<bool>> rejects(n1 + 1, std::vector<bool>(n0 + 1));
    for (int i = 0; i <= n1; ++i) {
      for (int j = 0; j <= n0; ++j) {
        const TwoByTwo table{double(i), double(n1), double(j), double(n0)};
        const ExactTest test = barnard ? barnard_test(table, Alternative::kGreater)
                                       : boschloo_test(table, Alternative::kGreater);
        rejects[std::size_t(i)][std::size_t(j)] = test.p_value <= 0.05;
      }
    }
    for (double p = 0.01; p < 1.0; p += 0.01) {
      const cordgain::Vector treated = cordgain::detail::binomial_masses(n1, {p, 1.0 - p});
      const cordgain::Vector control = cordgain::detail::binomial_masses(n0, {p, 1.0 - p});
      double size = 0.0;
      for (int i = 0; i <= n1; ++i) {
        for (int j = 0; j <= n0; ++j) {
          if (rejects[std::size_t(i)][std::size_t(j)]) size += treated[i] * control[j];
        }
      }
      REQUIRE(size <= 0.05 + 1e-10);
    }
  }
}
