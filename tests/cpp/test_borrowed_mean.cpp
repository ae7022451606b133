#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/natural/borrowed_mean.hpp>
#include <limits>

#include "naive.hpp"

using cordgain::borrowed_mean;
using cordgain::BorrowedMean;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::MeanLikelihood;
using cordgain::MixtureOfNormals;
using cordgain::panel_cdf;
using cordgain::panel_quantile;
using cordgain::PanelOptions;
using cordgain::Vector;

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

PanelOptions fine() {
  return {15, 1e-13, 40, 1e-6};
}
PanelOptions coarse() {
  return {10, 1e-10, 40, 1e-6};
}

MixtureOfNormals history(std::initializer_list<double> weight, std::initializer_list<double> mean,
                         std::initializer_list<double> sd) {
  const auto as_vector = [](std::initializer_list<double> x) {
    return Vector(Eigen::Map<const Vector>(x.begin(), static_cast<Index>(x.size())));
  };
  return {as_vector(weight), as_vector(mean), as_vector(sd)};
}

MixtureOfNormals normal(double mean, double sd) {
  return history({1.0}, {mean}, {sd});
}

/// Student t kernel, unnormalised: constants cancel in a posterior.
double student_kernel(double z, double df) {
  return std::pow(1.0 + z * z / df, -0.5 * (df + 1.0));
}

struct Moments {
  double mass, mean, sd;
};

/// By plain panels on [low, high].
template <class F>
Moments by_pieces(F&& density, double low, double high, int pieces) {
  const double mass = naive::in_pieces(density, low, high, pieces);
  const double mean = naive::in_pieces([&](double x) { return x * density(x); }, low, high, pieces) / mass;
  const double square =
      naive::in_pieces([&](double x) { return (x - mean) * (x - mean) * density(x); }, low, high, pieces);
  return {mass, mean, std::sqrt(square / mass)};
}

}  // namespace

TEST_CASE("a normal history beside a normal likelihood is conjugate, evidence included") {
  for (const double gap : {0.0, 1.0, 6.0}) {
    const BorrowedMean post = borrowed_mean(normal(2.0, 1.5), {2.0 + gap, 0.8, kInfinite}, fine());
    const double v = 1.0 / (1.0 / (1.5 * 1.5) + 1.0 / (0.8 * 0.8));
    const double m = v * (2.0 / (1.5 * 1.5) + (2.0 + gap) / (0.8 * 0.8));
    const double spread = std::sqrt(1.5 * 1.5 + 0.8 * 0.8);
    // Resolved to 1e-13 of the mass.
    CHECK(post.mean == Approx(m).margin(1e-11));
    CHECK(post.sd == Approx(std::sqrt(v)).margin(1e-11));
    CHECK(post.log_evidence == Approx(std::log(naive::normal(gap, 0.0, spread))).margin(1e-11));
    CHECK(panel_quantile(post.grid, 0.975) == Approx(m + 1.959963984540054 * std::sqrt(v)).margin(1e-9));
  }
}

TEST_CASE("a conflict of hundreds of standard errors is found between the two, in both directions") {
  for (const double gap : {-500.0, 40.0, 3000.0}) {
    const BorrowedMean post = borrowed_mean(normal(0.0, 1.0), {gap, 1.0, kInfinite}, fine());
    CHECK(post.mean == Approx(0.5 * gap).epsilon(1e-11));
    CHECK(post.sd == Approx(std::sqrt(0.5)).margin(1e-9));
    const double log_evidence = -0.25 * gap * gap - 0.5 * std::log(4.0 * 3.14159265358979323846);
    CHECK(post.log_evidence == Approx(log_evidence).epsilon(1e-11));
  }
}

TEST_CASE("a narrow history against wide controls, and the other way, is conjugate too") {
  for (const double sd : {1e-4, 1e4}) {
    const BorrowedMean post = borrowed_mean(normal(1.0, sd), {3.0, 1.0, kInfinite}, fine());
    const double v = 1.0 / (1.0 / (sd * sd) + 1.0);
    CHECK(post.mean == Approx(v * (1.0 / (sd * sd) + 3.0)).margin(1e-10));
    CHECK(post.sd == Approx(std::sqrt(v)).epsilon(1e-9));
  }
}

TEST_CASE("a t likelihood agrees with plain panels, for few and many degrees of freedom") {
  for (const double df : {1.0, 3.0, 11.0, 80.0}) {
    for (const double gap : {0.5, 9.0}) {
      const MeanLikelihood likelihood{gap, 0.7, df};
      const BorrowedMean post =
          borrowed_mean(history({0.6, 0.4}, {0.0, 1.0}, {0.5, 2.0}), likelihood, fine());
      const auto density = [&](double x) {
        return (0.6 * naive::normal(x, 0.0, 0.5) + 0.4 * naive::normal(x, 1.0, 2.0)) *
               student_kernel((gap - x) / 0.7, df);
      };
      const Moments by_hand = by_pieces(density, -25.0, 30.0, 400);
      CHECK(post.mean == Approx(by_hand.mean).margin(1e-9));
      CHECK(post.sd == Approx(by_hand.sd).margin(1e-9));
      const double below = naive::in_pieces(density, -25.0, 0.3, 300) / by_hand.mass;
      CHECK(panel_cdf(post.grid, 0.3) == Approx(below).margin(1e-9));
    }
  }
}

TEST_CASE("a flat history leaves the t: its quantile, its evidence") {
  const BorrowedMean post = borrowed_mean(normal(0.0, 1e9), {5.0, 2.0, 3.0}, fine());
  // t(3) at .975, printed to seven decimals.
  CHECK(panel_quantile(post.grid, 0.975) == Approx(5.0 + 2.0 * 3.1824463).margin(1e-6));
  CHECK(post.log_evidence == Approx(std::log(naive::normal(5.0, 0.0, 1e9))).margin(1e-9));
}

TEST_CASE("evidences of parts add up to that of the mixture: weights are their shares") {
  const MeanLikelihood likelihood{4.0, 1.0, 5.0};
  const double first = std::exp(borrowed_mean(normal(0.0, 1.0), likelihood, fine()).log_evidence);
  const double second = std::exp(borrowed_mean(normal(6.0, 3.0), likelihood, fine()).log_evidence);
  const double both =
      std::exp(borrowed_mean(history({0.3, 0.7}, {0.0, 6.0}, {1.0, 3.0}), likelihood, fine()).log_evidence);
  CHECK(both == Approx(0.3 * first + 0.7 * second).epsilon(1e-11));
}

TEST_CASE("both routes agree, and a part without weight changes nothing") {
  const MeanLikelihood likelihood{7.0, 1.3, 4.0};
  const MixtureOfNormals parts = history({0.5, 0.5}, {1.0, 3.0}, {0.4, 2.0});
  const BorrowedMean one = borrowed_mean(parts, likelihood, fine());
  const BorrowedMean other = borrowed_mean(parts, likelihood, coarse());
  CHECK(one.mean == Approx(other.mean).margin(1e-8));
  CHECK(one.sd == Approx(other.sd).margin(1e-8));
  const BorrowedMean with_empty =
      borrowed_mean(history({0.5, 0.0, 0.5}, {1.0, 90.0, 3.0}, {0.4, 1.0, 2.0}), likelihood, fine());
  CHECK(with_empty.mean == Approx(one.mean).margin(1e-11));
}

TEST_CASE("shifted and stretched together the answer shifts and stretches") {
  const BorrowedMean plain =
      borrowed_mean(history({0.2, 0.8}, {0.0, 2.0}, {1.0, 0.5}), {3.0, 0.6, 2.0}, fine());
  const BorrowedMean moved = borrowed_mean(history({0.2, 0.8}, {100.0, 100.0 + 2e3}, {1e3, 0.5e3}),
                                           {100.0 + 3e3, 0.6e3, 2.0}, fine());
  CHECK(moved.mean == Approx(100.0 + 1e3 * plain.mean).epsilon(1e-12));
  CHECK(moved.sd == Approx(1e3 * plain.sd).epsilon(1e-10));
}

TEST_CASE("what is no likelihood or no spread is refused") {
  CHECK_THROWS_AS(borrowed_mean(normal(0.0, 0.0), {1.0, 1.0, 3.0}, fine()), InvalidInput);
  CHECK_THROWS_AS(borrowed_mean(normal(0.0, 1.0), {1.0, 0.0, 3.0}, fine()), InvalidInput);
  CHECK_THROWS_AS(borrowed_mean(normal(0.0, 1.0), {1.0, 1.0, 0.0}, fine()), InvalidInput);
  CHECK_THROWS_AS(borrowed_mean(normal(0.0, 1.0), {std::nan(""), 1.0, 3.0}, fine()), InvalidInput);
  CHECK_THROWS_AS(borrowed_mean(MixtureOfNormals{}, {1.0, 1.0, 3.0}, fine()), InvalidInput);
  CHECK_THROWS_AS(borrowed_mean(normal(0.0, 1.0), {1.0, 1.0, std::nan("")}, fine()), InvalidInput);
}
