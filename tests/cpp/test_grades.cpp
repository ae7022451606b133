#include <testthat/vendor/catch.h>
#include <cordgain/excess/grades.hpp>
#include <random>

#include "naive.hpp"

using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::sum_of_steps;
using cordgain::sum_of_steps_dirichlet;
using cordgain::Vector;

namespace {

Vector vector(std::initializer_list<double> values) {
  Vector v(static_cast<Index>(values.size()));
  Index i = 0;
  for (const double x : values) v(i++) = x;
  return v;
}

// Probability of each sum by walking through every sequence of steps of the patients; `weight(step, seen)` is
// the probability of a step given the steps seen before.
template <class Weight>
void walk(std::vector<int>& seen, int patients, double probability, int sum, const Weight& weight,
          int classes, std::vector<double>& result) {
  if (static_cast<int>(seen.size()) == patients) {
    result[static_cast<std::size_t>(sum)] += probability;
    return;
  }
  for (int step = 0; step < classes; ++step) {
    const double next = weight(step, seen);
    seen.push_back(step);
    walk(seen, patients, probability * next, sum + step, weight, classes, result);
    seen.pop_back();
  }
}

std::vector<double> enumerate_known(const Vector& steps, int patients) {
  const int classes = static_cast<int>(steps.size());
  std::vector<double> result(static_cast<std::size_t>(patients * (classes - 1) + 1), 0.0);
  std::vector<int> seen;
  walk(
      seen, patients, 1.0, 0, [&](int step, const std::vector<int>&) { return steps(step); }, classes,
      result);
  return result;
}

// Polya's urn: after each patient his step is one more ball of its kind.
std::vector<double> enumerate_urn(const Vector& alpha, int patients) {
  const int classes = static_cast<int>(alpha.size());
  std::vector<double> result(static_cast<std::size_t>(patients * (classes - 1) + 1), 0.0);
  std::vector<int> seen;
  const auto urn = [&](int step, const std::vector<int>& before) {
    double same = 0.0;
    for (const int other : before) same += other == step ? 1.0 : 0.0;
    return (alpha(step) + same) / (alpha.sum() + static_cast<double>(before.size()));
  };
  walk(seen, patients, 1.0, 0, urn, classes, result);
  return result;
}

void require_same(const Vector& sum, const std::vector<double>& expected, double tolerance) {
  REQUIRE(sum.size() == static_cast<Index>(expected.size()));
  for (Index s = 0; s < sum.size(); ++s) {
    REQUIRE(std::fabs(sum(s) - expected[static_cast<std::size_t>(s)]) < tolerance);
  }
}

}  // namespace

TEST_CASE("four patients with the published grade steps have the tails of the checks N14d to N14f") {
  const Vector sum = sum_of_steps(vector({0.70, 0.149, 0.08, 0.071}), 4);
  REQUIRE(sum.size() == 13);
  // The checks are printed to 10 digits.
  REQUIRE(std::fabs(sum.tail(8).sum() - 0.1072447264) < 5.1e-11);
  REQUIRE(std::fabs(sum.tail(7).sum() - 0.0515368663) < 5.1e-11);
  REQUIRE(std::fabs(sum.tail(6).sum() - 0.0192725744) < 5.1e-11);
}

TEST_CASE("sums of steps are the sums over all sequences of steps") {
  for (int patients : {1, 2, 4, 6}) {
    // At most 4^6 products of 6 factors below 1.
    require_same(sum_of_steps(vector({0.70, 0.149, 0.08, 0.071}), patients),
                 enumerate_known(vector({0.70, 0.149, 0.08, 0.071}), patients), 1e-14);
    require_same(sum_of_steps(vector({0.25, 0.75}), patients),
                 enumerate_known(vector({0.25, 0.75}), patients), 1e-14);
  }
}

TEST_CASE("with two classes the sum of steps is binomial") {
  const Vector sum = sum_of_steps(vector({0.807, 0.193}), 30);
  for (int k = 0; k <= 30; ++k) REQUIRE(std::fabs(sum(k) - naive::binomial(k, 30, 0.193)) < 1e-14);
}

TEST_CASE("a thousand patients keep mass and mean") {
  const Vector sum = sum_of_steps(vector({0.6, 0.3, 0.1}), 1000);
  REQUIRE(sum.size() == 2001);
  REQUIRE(std::fabs(sum.sum() - 1.0) < 1e-12);  // a thousand convolutions, each right to an eps
  const double mean = sum.dot(Vector::LinSpaced(2001, 0.0, 2000.0));
  REQUIRE(std::fabs(mean - 500.0) < 1e-9);
}

TEST_CASE("a step that cannot happen leaves gaps, and a certain one a point") {
  const Vector sum = sum_of_steps(vector({0.5, 0.0, 0.5}), 3);
  for (Index s = 1; s < 7; s += 2) REQUIRE(sum(s) == 0.0);
  REQUIRE(sum(2) == 0.375);
  REQUIRE(sum_of_steps(vector({0.0, 1.0}), 5)(5) == 1.0);
}

TEST_CASE("uncertain steps are Polya's urn, patient after patient") {
  std::mt19937 random(5);
  for (int run = 0; run < 12; ++run) {
    const Index classes = 2 + static_cast<Index>(random() % 3);
    Vector alpha(classes);
    for (Index c = 0; c < classes; ++c) alpha(c) = 0.05 + static_cast<double>(random() % 400) / 20.0;
    for (int patients : {1, 2, 4, 6}) {
      // Log gammas of arguments up to 90, a few of them in each of at most 84 terms.
      require_same(sum_of_steps_dirichlet(alpha, patients), enumerate_urn(alpha, patients), 2e-13);
    }
  }
}

TEST_CASE("with two classes the sum of uncertain steps is beta-binomial") {
  // Rising factorials by products: C(n, k) a^(k) b^(n - k) / (a + b)^(n).
  const double a = 1.5;
  const double b = 8.5;
  const Vector sum = sum_of_steps_dirichlet(vector({b, a}), 40);
  for (int k = 0; k <= 40; ++k) {
    double expected = naive::choose(40, k);
    for (int i = 0; i < k; ++i) expected *= a + i;
    for (int i = 0; i < 40 - k; ++i) expected *= b + i;
    for (int i = 0; i < 40; ++i) expected /= a + b + i;
    REQUIRE(std::fabs(sum(k) - expected) < 1e-12);  // log gammas near 120, eps times that
  }
}

TEST_CASE("one patient has the mean probabilities of the Dirichlet") {
  const Vector alpha = vector({3.0, 1.0, 0.5, 5.5});
  const Vector sum = sum_of_steps_dirichlet(alpha, 1);
  for (Index c = 0; c < 4; ++c) REQUIRE(std::fabs(sum(c) - alpha(c) / 10.0) < 1e-14);
}

TEST_CASE("a Dirichlet that is nearly certain gives the sum with known probabilities") {
  const Vector steps = vector({0.70, 0.149, 0.08, 0.071});
  const Vector sum = sum_of_steps_dirichlet(steps * 1e7, 4);
  REQUIRE((sum - sum_of_steps(steps, 4)).cwiseAbs().maxCoeff() < 1e-6);  // variance of a proportion: 1e-7 p q
  const Vector certain = sum_of_steps_dirichlet(steps * 1e200, 4);
  REQUIRE((certain - sum_of_steps(steps, 4)).cwiseAbs().maxCoeff() < 1e-12);  // logs near 460, eps times that
}

TEST_CASE("uncertain steps keep the mean and widen the spread") {
  const Vector alpha = vector({7.0, 1.5, 0.8, 0.7});
  const Vector uncertain = sum_of_steps_dirichlet(alpha, 10);
  const Vector known = sum_of_steps(alpha / 10.0, 10);
  const Vector value = Vector::LinSpaced(31, 0.0, 30.0);
  const double mean = value.dot(known);
  REQUIRE(std::fabs(uncertain.sum() - 1.0) < 1e-12);
  REQUIRE(std::fabs(value.dot(uncertain) - mean) < 1e-11);
  const auto variance = [&](const Vector& pmf) {
    return (pmf.array() * (value.array() - mean).square()).sum();
  };
  // Dirichlet-multinomial: the multinomial variance times (A + n) / (A + 1), here 20 / 11.
  REQUIRE(naive::close_ratio(variance(uncertain), variance(known) * 20.0 / 11.0, 1e-11));
}

TEST_CASE("forty patients and ten kinds of step are answered, not enumerated for ever") {
  const Vector sum = sum_of_steps_dirichlet(Vector::Constant(10, 0.7), 40);
  REQUIRE(sum.size() == 361);
  REQUIRE(std::fabs(sum.sum() - 1.0) < 1e-11);
  REQUIRE(std::fabs(sum(17) - sum(343)) < 1e-14);  // all kinds alike: the sum is symmetric about 180
}

TEST_CASE("what is no distribution of steps is refused") {
  REQUIRE_THROWS_AS(sum_of_steps(vector({0.5, 0.4}), 4), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps(vector({1.2, -0.2}), 4), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps(vector({1.0}), 4), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps(Vector(0), 4), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps(vector({0.5, naive::kNaN}), 4), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps(vector({0.5, 0.5}), 0), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps(vector({0.5, 0.5}), 1001), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps_dirichlet(vector({1.0}), 4), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps_dirichlet(vector({1.0, 0.0}), 4), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps_dirichlet(vector({1.0, naive::kNaN}), 4), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps_dirichlet(vector({1.0, naive::kInfinity}), 4), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps_dirichlet(vector({1.0, 1.0}), 0), InvalidInput);
  REQUIRE_THROWS_AS(sum_of_steps_dirichlet(vector({1.0, 1.0}), 41), InvalidInput);
}
