#include <testthat/vendor/catch.h>
#include <cordgain/base/error.hpp>
#include <cordgain/excess/exact_tests.hpp>

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
