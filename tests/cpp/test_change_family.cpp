#include <testthat/vendor/catch.h>
#include <cordgain/natural/change_family.hpp>

#include "naive.hpp"

using cordgain::change_cdf;
using cordgain::change_cdfs;
using cordgain::change_model;
using cordgain::ChangeKind;
using cordgain::ChangeModel;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::Matrix;
using cordgain::patient_cdf;
using cordgain::Vector;

namespace {

// Mean and SD of a whole-number change from its distribution function.
std::pair<double, double> moments(const ChangeModel& model, int low, int high, double shift = 0.0) {
  double mean = 0.0;
  double square = 0.0;
  for (int k = low; k <= high; ++k) {
    const double mass = change_cdf(model, k, shift, true) - change_cdf(model, k - 1, shift, true);
    mean += k * mass;
    square += static_cast<double>(k) * k * mass;
  }
  return {mean, std::sqrt(square - mean * mean)};
}

}  // namespace

TEST_CASE("latent moments give back the observed ones, by an integral") {
  const ChangeModel m = change_model(ChangeKind::kCensored, 7.8, 6.5, 0.0, 50.0, 0.0);
  // Independent values of the check file (N15e, N15f), printed to ten decimals.
  CHECK(m.location == Approx(7.0691573529).epsilon(1e-10));
  CHECK(m.spread == Approx(7.6340620871).epsilon(1e-10));
  const auto part = [&](double power) {
    return naive::in_pieces(
        [&](double x) { return std::pow(x, power) * naive::normal(x, m.location, m.spread); }, 0.0, 50.0, 20);
  };
  const double above = 1.0 - naive::normal_below(50.0, m.location, m.spread);
  const double mean = part(1.0) + 50.0 * above;
  CHECK(mean == Approx(7.8).epsilon(1e-11));
  CHECK(std::sqrt(part(2.0) + 2500.0 * above - mean * mean) == Approx(6.5).epsilon(1e-11));
}

TEST_CASE("the slope of the latent mean is the one by differences") {
  const ChangeModel m = change_model(ChangeKind::kCensored, 7.8, 6.5, 0.0, 50.0, 0.0);
  const double h = 1e-5;
  const auto observed = [&](double location) {
    const double above = 1.0 - naive::normal_below(50.0, location, m.spread);
    return naive::in_pieces([&](double x) { return x * naive::normal(x, location, m.spread); }, 0.0, 50.0,
                            20) +
           50.0 * above;
  };
  const double slope = 2.0 * h / (observed(m.location + h) - observed(m.location - h));
  CHECK(m.slope == Approx(slope).epsilon(1e-6));  // a central difference
}

TEST_CASE("latent moments are found over the whole range of feasible ones") {
  for (const double mean : {0.5, 5.0, 25.0, 49.0}) {
    const double most = std::sqrt(mean * (50.0 - mean));
    for (const double share : {0.02, 0.3, 0.6, 0.8}) {
      const ChangeModel m = change_model(ChangeKind::kCensored, mean, share * most, 0.0, 50.0, 0.0);
      const auto got = cordgain::detail::censored_moments(m.location, m.spread, 0.0, 50.0);
      CHECK(got.mean == Approx(mean).epsilon(1e-8));
      CHECK(std::sqrt(got.square - got.mean * got.mean) == Approx(share * most).epsilon(1e-7));
    }
  }
}

TEST_CASE("a beta-binomial has the published moments") {
  const ChangeModel m = change_model(ChangeKind::kBetaBinomial, 7.8, 6.5, 0.0, 50.0, 0.0);
  // I04 and I05 of the check file.
  const double p = naive::rate(m.location);
  CHECK(m.spread * p == Approx(1.25489138358361).epsilon(1e-12));
  CHECK(m.spread * (1.0 - p) == Approx(6.78928415220878).epsilon(1e-12));
  CHECK(1.0 - change_cdf(m, 23.0, 0.0, true) == Approx(0.0277218869605446).epsilon(1e-10));
  const auto got = moments(m, 0, 50);
  CHECK(got.first == Approx(7.8).epsilon(1e-11));
  CHECK(got.second == Approx(6.5).epsilon(1e-11));
}

TEST_CASE("a hurdle has the published moments and the published share without change") {
  const ChangeModel m = change_model(ChangeKind::kHurdle, 0.8, 3.0, 0.0, 50.0, 0.85);
  CHECK(change_cdf(m, 0.0, 0.0, true) == Approx(0.85).epsilon(1e-14));
  CHECK(change_cdf(m, 0.0, 2.0, true) == Approx(0.85).epsilon(1e-14));
  const auto got = moments(m, 0, 50);
  CHECK(got.first == Approx(0.8).epsilon(1e-11));
  CHECK(got.second == Approx(3.0).epsilon(1e-11));
}

TEST_CASE("a shift moves the mean by its size, to first order") {
  const double h = 1e-4;
  for (const auto& m : {change_model(ChangeKind::kBetaBinomial, 7.8, 6.5, 0.0, 50.0, 0.0),
                        change_model(ChangeKind::kHurdle, 0.8, 3.0, 0.0, 50.0, 0.85)}) {
    const double moved = moments(m, 0, 50, h).first - moments(m, 0, 50, -h).first;
    CHECK(moved / (2.0 * h) == Approx(1.0).epsilon(1e-5));
  }
  const ChangeModel normal = change_model(ChangeKind::kNormal, 7.8, 6.5, 0.0, 0.0, 0.0);
  CHECK(change_cdf(normal, 10.0, 2.2, false) == Approx(0.5).epsilon(1e-14));
}

TEST_CASE("a patient's own ends hold what lies beyond them") {
  ChangeModel m;
  m.kind = ChangeKind::kCensored;
  m.location = 7.8;
  m.spread = 6.5;
  CHECK(patient_cdf(m, -19.0, 0.0, true, -18.0, 32.0) == 0.0);
  CHECK(patient_cdf(m, 32.0, 0.0, true, -18.0, 32.0) == 1.0);
  // Rounded to whole points: half a point above.
  CHECK(patient_cdf(m, 0.0, 0.0, true, -18.0, 32.0) ==
        Approx(naive::normal_below(0.5, 7.8, 6.5)).epsilon(1e-13));
  CHECK(patient_cdf(m, 0.0, 0.0, false, -18.0, 32.0) ==
        Approx(naive::normal_below(0.0, 7.8, 6.5)).epsilon(1e-13));
  Vector y(2);
  y << 0.0, 10.0;
  Vector shift(3);
  shift << -1.0, 0.0, 1.0;
  const Matrix all = change_cdfs(m, y, shift, true, -18.0, 32.0);
  for (Index i = 0; i < 2; ++i) {
    for (Index j = 0; j < 3; ++j) CHECK(all(i, j) == patient_cdf(m, y(i), shift(j), true, -18.0, 32.0));
  }
}

TEST_CASE("moments that no such distribution has are refused") {
  CHECK_THROWS_AS(change_model(ChangeKind::kCensored, 7.8, 30.0, 0.0, 50.0, 0.0), InvalidInput);
  CHECK_THROWS_AS(change_model(ChangeKind::kCensored, -1.0, 1.0, 0.0, 50.0, 0.0), InvalidInput);
  CHECK_THROWS_AS(change_model(ChangeKind::kCensored, 1.0, 1.0, 50.0, 0.0, 0.0), InvalidInput);
  CHECK_THROWS_AS(change_model(ChangeKind::kBetaBinomial, 7.8, 1.0, 0.0, 50.0, 0.0), InvalidInput);
  CHECK_THROWS_AS(change_model(ChangeKind::kBetaBinomial, 7.8, 6.5, 0.0, 50.5, 0.0), InvalidInput);
  CHECK_THROWS_AS(change_model(ChangeKind::kBetaBinomial, 7.8, 6.5, 0.0, 1e9, 0.0), InvalidInput);
  CHECK_THROWS_AS(change_model(ChangeKind::kHurdle, 0.8, 3.0, -1.0, 50.0, 0.85), InvalidInput);
  CHECK_THROWS_AS(change_model(ChangeKind::kHurdle, 0.8, 3.0, 0.0, 50.0, 0.1), InvalidInput);
  CHECK_THROWS_AS(change_model(ChangeKind::kNormal, 7.8, 0.0, 0.0, 0.0, 0.0), InvalidInput);
  CHECK_THROWS_AS(change_model(ChangeKind::kNormal, naive::kNaN, 1.0, 0.0, 0.0, 0.0), InvalidInput);
}
