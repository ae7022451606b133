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

TEST_CASE("a shift moves a censored mean by its size, by an integral") {
  for (const double mean : {2.0, 7.8, 40.0}) {
    const ChangeModel m = change_model(ChangeKind::kCensored, mean, 4.0, 0.0, 50.0, 0.0);
    for (const double shift : {-1.9, -0.5, 3.0, 9.0}) {
      const double location = cordgain::location_at(m, shift);
      const double above = 1.0 - naive::normal_below(50.0, location, m.spread);
      const double observed =
          naive::in_pieces([&](double x) { return x * naive::normal(x, location, m.spread); }, 0.0, 50.0,
                           40) +
          50.0 * above;
      CHECK(observed == Approx(mean + shift).epsilon(1e-10));
    }
  }
}

TEST_CASE("without a shift, and beyond the ends, a location is where it was and where it must be") {
  const ChangeModel m = change_model(ChangeKind::kCensored, 7.8, 6.5, 0.0, 50.0, 0.0);
  CHECK(cordgain::location_at(m, 0.0) == m.location);
  // The root of its own: Newton's end is 1e-13 of the range.
  CHECK(cordgain::location_at(m, 1e-13) == Approx(m.location).epsilon(1e-10));
  CHECK(cordgain::location_at(m, -7.8) == cordgain::location_at(m, -100.0));
  CHECK(cordgain::location_at(m, 42.3) == cordgain::location_at(m, 100.0));
  CHECK(change_cdf(m, 0.0, -7.8, true) == 1.0);
  CHECK(change_cdf(m, 49.0, 42.3, true) < 1e-100);
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

TEST_CASE("a shift moves the mean of a count by its size, however large, and leaves its dispersion") {
  const ChangeModel m = change_model(ChangeKind::kBetaBinomial, 1.5, 3.0, 0.0, 50.0, 0.0);
  for (const double shift : {-1.4, -0.5, 3.0, 20.0, 48.0}) {
    const auto got = moments(m, 0, 50, shift);
    const double p = (1.5 + shift) / 50.0;
    CHECK(got.first == Approx(1.5 + shift).epsilon(1e-10));
    // size p q (1 + (size - 1) rho), rho = 1 / (a + b + 1)
    CHECK(got.second ==
          Approx(std::sqrt(50.0 * p * (1.0 - p) * (1.0 + 49.0 / (m.spread + 1.0)))).epsilon(1e-9));
  }
  const ChangeModel h = change_model(ChangeKind::kHurdle, 2.3, 7.4, 0.0, 50.0, 0.6);
  for (const double shift : {-1.8, -0.5, 3.0, 15.0}) {
    CHECK(moments(h, 0, 50, shift).first == Approx(2.3 + shift).epsilon(1e-10));
    CHECK(change_cdf(h, 0.0, shift, true) == Approx(0.6).epsilon(1e-14));
  }
  // Those who change gain at least 1 point: no mean is below 0.4, and none above 20.
  CHECK(moments(h, 0, 50, -2.2).first == Approx(0.4).epsilon(1e-12));
  CHECK(moments(h, 0, 50, 30.0).first == Approx(20.0).epsilon(1e-12));
  const ChangeModel normal = change_model(ChangeKind::kNormal, 7.8, 6.5, 0.0, 0.0, 0.0);
  CHECK(change_cdf(normal, 10.0, 2.2, false) == Approx(0.5).epsilon(1e-14));
}

TEST_CASE("a patient's own ends hold what lies beyond them") {
  ChangeModel m;
  m.kind = ChangeKind::kCensored;
  m.location = 7.8;
  m.spread = 6.5;
  m.mean = 8.0;
  m.high = 50.0;
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

TEST_CASE("derivatives of censored moments are those by differences") {
  const double h = 1e-5;  // central differences of moments below 1e3: error near 1e-8
  for (const double location : {-4.0, 3.0, 12.0}) {
    for (const double spread : {0.8, 5.0}) {
      const auto at = [&](double l, double s) { return cordgain::detail::censored_moments(l, s, 0.0, 10.0); };
      const auto m = at(location, spread);
      const auto right = at(location + h, spread), left = at(location - h, spread);
      const auto wider = at(location, spread + h), narrower = at(location, spread - h);
      CHECK(naive::close(m.mean_by_location, (right.mean - left.mean) / (2 * h), 1e-7));
      CHECK(naive::close(m.square_by_location, (right.square - left.square) / (2 * h), 1e-7));
      CHECK(naive::close(m.mean_by_spread, (wider.mean - narrower.mean) / (2 * h), 1e-7));
      CHECK(naive::close(m.square_by_spread, (wider.square - narrower.square) / (2 * h), 1e-7));
    }
  }
}

TEST_CASE("ends far away leave the normal as it is") {
  const ChangeModel m = change_model(ChangeKind::kCensored, 2.0, 3.0, -100.0, 100.0, 0.0);
  // Beyond 30 standard deviations there is nothing: Newton's own end, 1e-13 of the range.
  CHECK(m.location == Approx(2.0).epsilon(1e-10));
  CHECK(m.spread == Approx(3.0).epsilon(1e-10));
  CHECK(cordgain::location_at(m, 1.5) == Approx(3.5).epsilon(1e-10));
}

TEST_CASE("a censored normal read backwards is the censored normal of minus the change") {
  const ChangeModel m = change_model(ChangeKind::kCensored, 7.8, 6.5, 0.0, 50.0, 0.0);
  const ChangeModel back = change_model(ChangeKind::kCensored, -7.8, 6.5, -50.0, 0.0, 0.0);
  // Both solve to 1e-13 of the range, 5e-12 in the moments.
  CHECK(back.location == Approx(-m.location).epsilon(1e-10));
  CHECK(back.spread == Approx(m.spread).epsilon(1e-10));
  CHECK(cordgain::location_at(back, -3.0) == Approx(-cordgain::location_at(m, 3.0)).epsilon(1e-10));
}

TEST_CASE("a scale in other units has latent moments in those units") {
  const ChangeModel m = change_model(ChangeKind::kCensored, 7.8, 6.5, 0.0, 50.0, 0.0);
  const ChangeModel tenfold = change_model(ChangeKind::kCensored, 78.0, 65.0, 0.0, 500.0, 0.0);
  CHECK(tenfold.location == Approx(10.0 * m.location).epsilon(1e-10));
  CHECK(tenfold.spread == Approx(10.0 * m.spread).epsilon(1e-10));
}

TEST_CASE("a beta-binomial's distribution function is the integral of binomials over the beta") {
  const double a = 1.7, b = 2.9;
  const auto beta = [&](double p) { return std::pow(p, a - 1.0) * std::pow(1.0 - p, b - 1.0); };
  const double whole = naive::in_pieces(beta, 0.0, 1.0, 400);
  for (int k = 0; k < 6; ++k) {
    const double expected = naive::in_pieces(
                                [&](double p) {
                                  double sum = 0.0;
                                  for (int j = 0; j <= k; ++j) sum += naive::binomial(j, 6, p);
                                  return sum * beta(p);
                                },
                                0.0, 1.0, 400) /
                            whole;
    // The rule meets p^0.7 at 0: 1e-8 of the whole at worst in a first piece of 1/400.
    CHECK(cordgain::detail::beta_binomial_cdf(k, 6.0, a, b) == Approx(expected).epsilon(1e-7));
  }
  CHECK(cordgain::detail::beta_binomial_cdf(-1.0, 6.0, a, b) == 0.0);
  CHECK(cordgain::detail::beta_binomial_cdf(6.0, 6.0, a, b) == 1.0);
}

TEST_CASE("with a = b = 1 every count has the same probability") {
  for (int k = 0; k < 20; ++k) {
    // Twenty ratios of neighbours, each a rounding.
    CHECK(cordgain::detail::beta_binomial_cdf(k, 20.0, 1.0, 1.0) == Approx((k + 1.0) / 21.0).epsilon(1e-13));
  }
}

TEST_CASE("the beta-binomial's total is solved from its variance, size p q (1 + (size - 1) rho)") {
  const double size = 12.0, p = 0.3, rho = 0.2;
  const double sd = std::sqrt(size * p * (1.0 - p) * (1.0 + (size - 1.0) * rho));
  CHECK(cordgain::detail::beta_binomial_total(size * p, sd, size) == Approx(1.0 / rho - 1.0).epsilon(1e-13));
  const double binomial = std::sqrt(size * p * (1.0 - p));
  CHECK_THROWS_AS(cordgain::detail::beta_binomial_total(size * p, 0.99 * binomial, size), InvalidInput);
  CHECK_THROWS_AS(cordgain::detail::beta_binomial_total(size * p, size, size), InvalidInput);
}

TEST_CASE("a count that starts below zero is the same count, moved") {
  const ChangeModel up = change_model(ChangeKind::kBetaBinomial, 7.8, 6.5, 0.0, 50.0, 0.0);
  const ChangeModel down = change_model(ChangeKind::kBetaBinomial, -2.2, 6.5, -10.0, 40.0, 0.0);
  for (int k = -10; k <= 40; k += 5) {
    // The mean less the lower end rounds once: 1e-15 of it, some hundred times that in a tail.
    CHECK(change_cdf(down, k, 0.4, true) == Approx(change_cdf(up, k + 10, 0.4, true)).epsilon(1e-12));
  }
  CHECK(change_cdf(down, -10.5, 0.0, true) == 0.0);
  CHECK(change_cdf(down, 3.9, 0.0, true) == change_cdf(down, 3.0, 0.0, true));
}

TEST_CASE("distribution functions rise in the change and fall in the shift of the population") {
  for (const auto& m : {change_model(ChangeKind::kNormal, 7.8, 6.5, 0.0, 0.0, 0.0),
                        change_model(ChangeKind::kCensored, 7.8, 6.5, 0.0, 50.0, 0.0),
                        change_model(ChangeKind::kBetaBinomial, 7.8, 6.5, 0.0, 50.0, 0.0),
                        change_model(ChangeKind::kHurdle, 0.8, 3.0, 0.0, 50.0, 0.85)}) {
    const Vector y = Vector::LinSpaced(12, -5.5, 54.0);
    const Vector shift = Vector::LinSpaced(5, -3.0, 3.0);
    const Matrix cdf = change_cdfs(m, y, shift, true, 0.0, 50.0);
    CHECK(cdf.minCoeff() >= 0.0);
    CHECK(cdf.maxCoeff() <= 1.0);
    for (Index i = 0; i + 1 < y.size(); ++i) {
      for (Index j = 0; j + 1 < shift.size(); ++j) {
        CHECK(cdf(i + 1, j) >= cdf(i, j));
        CHECK(cdf(i, j + 1) <= cdf(i, j) + 1e-15);  // sums of equal value in another order
      }
    }
  }
}

TEST_CASE("a normal change has no ends, whatever the patient's") {
  const ChangeModel m = change_model(ChangeKind::kNormal, 0.0, 1.0, 0.0, 0.0, 0.0);
  CHECK(patient_cdf(m, 2.0, 0.0, false, -1.0, 1.0) ==
        Approx(naive::normal_below(2.0, 0.0, 1.0)).epsilon(1e-14));
  CHECK(patient_cdf(m, -2.0, 0.0, false, -1.0, 1.0) ==
        Approx(naive::normal_below(-2.0, 0.0, 1.0)).epsilon(1e-13));
}

TEST_CASE("extreme shifts send a count to its ends and stay finite") {
  const ChangeModel m = change_model(ChangeKind::kBetaBinomial, 7.8, 6.5, 0.0, 50.0, 0.0);
  CHECK(change_cdf(m, 0.0, -1e6, true) == Approx(1.0).epsilon(1e-12));
  CHECK(change_cdf(m, 49.0, 1e6, true) == Approx(0.0).margin(1e-12));
  const ChangeModel h = change_model(ChangeKind::kHurdle, 0.8, 3.0, 0.0, 50.0, 0.85);
  CHECK(change_cdf(h, 1.0, -1e6, true) == Approx(1.0).epsilon(1e-12));
  CHECK(change_cdf(h, 49.0, 1e6, true) == Approx(0.85).epsilon(1e-12));
  CHECK(change_cdf(h, -0.5, 0.0, true) == 0.0);
}
