#include <testthat/vendor/catch.h>

#include <cmath>
#include <cordgain/excess/exact_tests.hpp>
#include <cordgain/excess/operating.hpp>

using cordgain::boschloo_rejection;
using cordgain::CriticalRegion;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::Matrix;
using cordgain::operating_surface;
using cordgain::region_probability;
using cordgain::Rejection;
using cordgain::Truths;
using cordgain::Vector;

namespace {

bool holds(const CriticalRegion& region, Index i, Index j) {
  for (const cordgain::Run& run : region.rows[static_cast<std::size_t>(i)]) {
    if (j >= run.from && j <= run.to) return true;
  }
  return false;
}

// Naive: C(n, k) p^k (1 - p)^(n - k).
double choose(Index n, Index k) {
  double value = 1.0;
  for (Index i = 0; i < k; ++i) value *= static_cast<double>(n - i) / static_cast<double>(k - i);
  return value;
}

double naive_mass(Index n, Index k, double p) {
  return choose(n, k) * std::pow(p, static_cast<double>(k)) * std::pow(1.0 - p, static_cast<double>(n - k));
}

CriticalRegion at_least(Index n, Index critical) {
  return cordgain::detail::gather_region(n, 0, [&](Index i, Index) { return i >= critical; });
}

}  // namespace

// The region at level alpha is the set of tables whose own Boschloo p-value, found one by one by the test, is
// at most alpha.
TEST_CASE("the region of Boschloo's test holds exactly the tables with a p-value of at most alpha") {
  for (const double alpha : {0.025, 0.1}) {
    for (const auto& [n1, n0] : {std::pair<Index, Index>{6, 6}, {4, 9}, {9, 5}}) {
      const Rejection r = boschloo_rejection(n1, n0, alpha);
      for (Index i = 0; i <= n1; ++i) {
        for (Index j = 0; j <= n0; ++j) {
          const double p = cordgain::boschloo_test({static_cast<double>(i), static_cast<double>(n1),
                                                    static_cast<double>(j), static_cast<double>(n0)},
                                                   cordgain::Alternative::kGreater)
                               .p_value;
          CHECK(holds(r.region, i, j) == (p <= alpha));
        }
      }
      CHECK(r.size.value <= alpha);
    }
  }
}

TEST_CASE("no table at all may be extreme enough, and then nothing is claimed") {
  const Rejection r = boschloo_rejection(2, 2, 1e-4);
  CHECK(region_probability(r.region, {0.99, 0.01}, {0.01, 0.99}) == 0.0);
  CHECK(r.cut == 0.0);
}

TEST_CASE("the probability of a region is the sum of the products of two binomials") {
  const Rejection r = boschloo_rejection(7, 5, 0.2);
  for (const auto& [p1, p0] : {std::pair<double, double>{0.5, 0.193}, {0.9, 0.9}, {0.05, 0.4}}) {
    double sum = 0.0;
    for (Index i = 0; i <= 7; ++i) {
      for (Index j = 0; j <= 5; ++j) {
        if (holds(r.region, i, j)) sum += naive_mass(7, i, p1) * naive_mass(5, j, p0);
      }
    }
    CHECK(std::fabs(region_probability(r.region, {p1, 1.0 - p1}, {p0, 1.0 - p0}) - sum) < 1e-14);
  }
  CHECK(region_probability(r.region, {1.0, 0.0}, {0.0, 1.0}) == 1.0);
}

// Two panels of a uniform density on log odds from -2 to 0: averages by a fine midpoint rule.
Truths uniform_truth() {
  Truths truth;
  truth.natural.grid.order = 15;
  truth.natural.grid.edges = (Vector(3) << -2.0, -0.5, 0.0).finished();
  truth.natural.grid.density = Vector::Constant(30, 0.5);
  truth.natural.logit = cordgain::panel_nodes(truth.natural.grid);
  truth.natural.size = Vector::Constant(1, 5.0);
  truth.excess = (Vector(5) << -0.2, 0.0, 0.3, 0.6, 1.0).finished();
  truth.bias = (Vector(2) << 0.0, std::log(2.0)).finished();
  return truth;
}

template <class Probability>
double midpoint(const Probability& f) {
  const int pieces = 200000;
  double sum = 0.0;
  for (int i = 0; i < pieces; ++i) sum += f(-2.0 + 2.0 * (i + 0.5) / pieces);
  return sum / pieces;
}

TEST_CASE("a surface averages claims over the natural rate, and keeps rates inside 0 and 1") {
  const Truths truth = uniform_truth();
  // Claims only where all five respond and no control does: a corner of the first order at a treated rate
  // of 1.
  const CriticalRegion region =
      cordgain::detail::gather_region(5, 2, [](Index i, Index j) { return i == 5 && j == 0; });
  const Matrix surface = operating_surface(region, truth);
  for (Index e = 0; e < truth.excess.size(); ++e) {
    for (Index b = 0; b < 2; ++b) {
      const double expected = midpoint([&](double x) {
        const double p0 = 1.0 / (1.0 + std::exp(-x - truth.bias(b)));
        const double p1 = std::min(1.0, std::max(0.0, p0 + truth.excess(e)));
        return std::pow(p1, 5.0) * (1.0 - p0) * (1.0 - p0);
      });
      CHECK(std::fabs(surface(e, b) - expected) < 1e-9);  // midpoints of 1e-5: error below 1e-10
    }
  }
}

TEST_CASE("on log odds nothing is cut off") {
  Truths truth = uniform_truth();
  truth.on_log_odds = true;
  truth.excess = (Vector(1) << 1.0).finished();
  const double expected = midpoint([&](double x) {
    const double p = 1.0 / (1.0 + std::exp(-x - 1.0));
    double sum = 0.0;
    for (Index k = 3; k <= 5; ++k) sum += naive_mass(5, k, p);
    return sum;
  });
  CHECK(std::fabs(operating_surface(at_least(5, 3), truth)(0, 0) - expected) < 1e-9);
}

TEST_CASE("a known rate is one term, and lumps at rates of 0 and 1 count") {
  Truths truth = uniform_truth();
  truth.natural.grid = {};
  truth.natural.logit = cordgain::Matrix::Constant(1, 1, -1.0);
  truth.excess = (Vector(1) << 0.1).finished();
  truth.bias = Vector::Zero(1);
  const double p = 1.0 / (1.0 + std::exp(1.0)) + 0.1;
  double sum = 0.0;
  for (Index k = 3; k <= 5; ++k) sum += naive_mass(5, k, p);
  CHECK(std::fabs(operating_surface(at_least(5, 3), truth)(0, 0) - sum) < 1e-14);
  Truths lumps = uniform_truth();
  lumps.natural.grid.density *= 0.5;
  lumps.natural.grid.mass_above = 0.5;
  lumps.excess = Vector::Zero(1);
  lumps.bias = Vector::Zero(1);
  Truths half = uniform_truth();
  half.excess = Vector::Zero(1);
  half.bias = Vector::Zero(1);
  const double inside = operating_surface(at_least(5, 3), half)(0, 0);
  CHECK(std::fabs(operating_surface(at_least(5, 3), lumps)(0, 0) - 0.5 * inside - 0.5) < 1e-14);
}

TEST_CASE("sizes that do not agree and levels out of range are refused") {
  Truths truth = uniform_truth();
  truth.natural.size = Vector::Ones(2);
  CHECK_THROWS_AS(operating_surface(at_least(5, 3), truth), InvalidInput);
  CHECK_THROWS_AS(boschloo_rejection(5, 5, 0.0), InvalidInput);
  CHECK_THROWS_AS(boschloo_rejection(0, 5, 0.05), InvalidInput);
  CHECK_THROWS_AS(boschloo_rejection(5, 5000, 0.05), InvalidInput);
}
