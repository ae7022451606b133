#include <testthat/vendor/catch.h>
#include <cordgain/excess/score_sums.hpp>

#include "naive.hpp"

using cordgain::combination_tail;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::Matrix;
using cordgain::PatientMasses;
using cordgain::shared_sum;
using cordgain::Vector;

namespace {

// Masses of three values under two shifts.
Matrix masses(double a, double b) {
  Matrix m(3, 2);
  m << a, b, 0.5 * (1.0 - a), 0.3 * (1.0 - b), 0.5 * (1.0 - a), 0.7 * (1.0 - b);
  return m;
}

Vector vector(std::initializer_list<double> x) {
  return Eigen::Map<const Vector>(x.begin(), static_cast<Index>(x.size()));
}

// All outcomes one by one.
template <class F>
double over_outcomes(const PatientMasses& m, const Vector& weight, const F& f) {
  double total = 0.0;
  std::vector<Index> at(m.size(), 0);
  while (true) {
    for (Index j = 0; j < weight.size(); ++j) {
      double p = weight(j);
      for (std::size_t i = 0; i < m.size(); ++i) p *= m[i](at[i], j);
      total += p * f(at);
    }
    std::size_t i = 0;
    while (i < m.size() && ++at[i] == m[i].rows()) at[i++] = 0;
    if (i == m.size()) return total;
  }
}

}  // namespace

TEST_CASE("the sum over patients is what counting all outcomes gives") {
  const PatientMasses m{masses(0.2, 0.6), masses(0.5, 0.1), masses(0.1, 0.9)};
  const Vector weight = vector({0.4, 0.6});
  const Vector sum = shared_sum(m, weight);
  REQUIRE(sum.size() == 7);
  for (Index s = 0; s < 7; ++s) {
    const double naive = over_outcomes(
        m, weight, [&](const std::vector<Index>& at) { return at[0] + at[1] + at[2] == s ? 1.0 : 0.0; });
    CHECK(sum(s) == Approx(naive).epsilon(1e-13));
  }
}

TEST_CASE("a tail of a statistic is what counting all outcomes gives, ties included") {
  const PatientMasses m{masses(0.2, 0.6), masses(0.5, 0.1), masses(0.1, 0.9), masses(0.3, 0.3),
                        masses(0.7, 0.2)};
  const Vector weight = vector({0.25, 0.75});
  std::vector<Vector> values;
  for (int i = 0; i < 5; ++i) values.push_back(vector({0.1 * i, 0.5, 0.9 + 0.01 * i}));
  for (const double threshold : {0.0, 1.6, 2.5, 3.3, 9.0}) {
    const double naive = over_outcomes(m, weight, [&](const std::vector<Index>& at) {
      double s = 0.0;
      for (std::size_t i = 0; i < at.size(); ++i) s += values[i](at[i]);
      return s >= threshold - 1e-9 * std::max(1.0, threshold) ? 1.0 : 0.0;
    });
    CHECK(combination_tail(values, m, weight, threshold) == Approx(naive).epsilon(1e-12).margin(1e-15));
  }
}

TEST_CASE("one patient is his own sum") {
  const PatientMasses m{masses(0.2, 0.6)};
  const Vector weight = vector({0.5, 0.5});
  CHECK(combination_tail({vector({0.0, 1.0, 2.0})}, m, weight, 1.0) == Approx(0.6).epsilon(1e-14));
}

TEST_CASE("what does not belong together is refused") {
  const Vector weight = vector({0.5, 0.5});
  CHECK_THROWS_AS(shared_sum({}, weight), InvalidInput);
  CHECK_THROWS_AS(shared_sum({masses(0.1, 0.2)}, vector({1.0})), InvalidInput);
  CHECK_THROWS_AS(combination_tail({vector({0.0, 1.0})}, {masses(0.1, 0.2)}, weight, 1.0), InvalidInput);
  std::vector<Vector> many(8, Vector::Zero(51));
  PatientMasses wide(8, Matrix::Constant(51, 2, 1.0 / 51));
  CHECK_THROWS_AS(combination_tail(many, wide, weight, 1.0), InvalidInput);
}
