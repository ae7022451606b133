#include <testthat/vendor/catch.h>
#include <cordgain/infer/profile.hpp>
#include <functional>
#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

constexpr double kZ = 1.9599639845400545;
using Kind = ProfileTarget::Kind;

/// Least dense deviance by coordinate search over the other variance
/// parameters: slow, plain, and without a line of the profile's own code.
double least_dense(const std::function<double(const Vector&)>& deviance, Vector start) {
  double best = deviance(start), step = 0.3;
  while (step > 1e-9) {
    bool better = false;
    for (Index i = 0; i < start.size(); ++i) {
      for (const double move : {step, -step}) {
        Vector tried = start;
        tried[i] += move;
        const double value = deviance(tried);
        if (value < best) {
          best = value;
          start = tried;
          better = true;
        }
      }
    }
    if (!better) step *= 0.5;
  }
  return best;
}

/// Deviance at (log sd0, correlation on atanh, log sd1, log sigma), dense.
double dense_deviance(const fixture::Trial& trial, const Vector& v, bool restricted) {
  const double a = std::exp(v[0]), b = std::exp(v[2]), r = std::tanh(v[1]);
  Matrix d(2, 2);
  d << a * a, a * b * r, a * b * r, b * b;
  return fixture::dense_fit(trial.dense(d, std::exp(2.0 * v[3])), trial.x, trial.y, restricted).deviance;
}

Vector at_fit(const RowsReport& fit) {
  const double a = std::sqrt(fit.gamma[0]), b = std::sqrt(fit.gamma[2]);
  Vector out(4);
  out << std::log(a), std::atanh(std::min(0.999, std::max(-0.999, fit.gamma[1] / (a * b)))), std::log(b),
      0.5 * std::log(fit.gamma[3]);
  return out;
}

double rise_at(const fixture::Trial& trial, const RowsReport& fit, Index held, double value,
               bool restricted) {
  Vector start = at_fit(fit), rest(3);
  for (Index i = 0, j = 0; i < 4; ++i) {
    if (i != held) rest[j++] = start[i];
  }
  const auto deviance = [&](const Vector& q) {
    Vector whole(4);
    for (Index i = 0, j = 0; i < 4; ++i) whole[i] = i == held ? value : q[j++];
    return dense_deviance(trial, whole, restricted);
  };
  return least_dense(deviance, rest) - fit.deviance;
}

}  // namespace

TEST_CASE("at the limits of a variance parameter the dense profile has risen by z^2") {
  const fixture::Trial trial;
  for (const bool restricted : {true, false}) {
    const RowsReport fit = fit_rows(trial.design(), restricted);
    const auto limits = profile_intervals(
        trial.design(), {}, restricted,
        {{Kind::sd, 0, 0, 0}, {Kind::correlation, 0, 0, 1}, {Kind::sd, 0, 1, 1}, {Kind::sigma, 0, 0, 0}}, kZ);
    for (Index held = 0; held < 4; ++held) {
      const ProfileInterval& one = limits[static_cast<std::size_t>(held)];
      for (const ProfileLimit& limit : {one.lower, one.upper}) {
        if (limit.bound) continue;
        const double value = held == 1 ? std::atanh(limit.at) : std::log(limit.at);
        // 1e-6: the coordinate search stops at steps of 1e-9, on parameters that are nearly collinear
        REQUIRE(rise_at(trial, fit, held, value, restricted) == Approx(kZ * kZ).epsilon(1e-6));
      }
      REQUIRE(one.lower.at < one.estimate);
      REQUIRE(one.upper.at > one.estimate);
    }
  }
}

TEST_CASE("at the limits of a fixed effect the dense full likelihood has risen by z^2") {
  const fixture::Trial trial;
  const RowsReport fit = fit_rows(trial.design(), false);
  const auto limits =
      profile_intervals(trial.design(), {}, true, {{Kind::fixed, 0, 0, 0}, {Kind::fixed, 0, 1, 0}}, kZ);
  for (Index k = 0; k < 2; ++k) {
    for (const double limit :
         {limits[static_cast<std::size_t>(k)].lower.at, limits[static_cast<std::size_t>(k)].upper.at}) {
      const Vector y = trial.y - limit * trial.x.col(k);
      const Matrix x = trial.x.col(1 - k);
      const double least = least_dense(
          [&](const Vector& v) {
            const double a = std::exp(v[0]), b = std::exp(v[2]), r = std::tanh(v[1]);
            Matrix d(2, 2);
            d << a * a, a * b * r, a * b * r, b * b;
            return fixture::dense_fit(trial.dense(d, std::exp(2.0 * v[3])), x, y, false).deviance;
          },
          at_fit(fit));
      REQUIRE(least - fit.deviance == Approx(kZ * kZ).epsilon(1e-6));
    }
  }
}

TEST_CASE("subjects that are alike have the lower limit zero, and any correlation") {
  fixture::Trial trial;
  for (Index i = 0; i < trial.y.size(); ++i) trial.y[i] = 0.3 * trial.x(i, 1) + std::sin(7.0 * i);
  const auto one = profile_intervals(trial.design(1), {}, true, {{Kind::sd, 0, 0, 0}}, kZ);
  REQUIRE(one[0].lower.at == 0.0);
  REQUIRE(one[0].lower.bound);
  REQUIRE(one[0].upper.at > 0.0);
  REQUIRE(std::isfinite(one[0].upper.at));
  const auto slope = profile_intervals(trial.design(2), {}, true, {{Kind::fixed, 0, 1, 0}}, kZ);
  REQUIRE(slope[0].lower.at < slope[0].estimate);
  REQUIRE(slope[0].upper.at - slope[0].lower.at < 1.0);  // true slope 0.3, scores within 1 of the line
}

TEST_CASE("one variance alone: the limits of sigma solve the chi-squared equation") {
  // No random effects: d(s) = nu log s^2 + rss / s^2 + constant.
  fixture::Trial trial;
  DesignInput in = trial.design();
  in.random.clear();
  const auto limits = profile_intervals(in, {}, true, {{Kind::sigma, 0, 0, 0}}, kZ);
  const double nu = static_cast<double>(trial.y.size() - 2), s2 = std::pow(limits[0].estimate, 2);
  for (const double limit : {limits[0].lower.at, limits[0].upper.at}) {
    const double ratio = s2 / (limit * limit);
    REQUIRE(nu * (ratio - 1.0 - std::log(ratio)) == Approx(kZ * kZ).epsilon(1e-9));
  }
}

TEST_CASE("the rise must be positive") {
  const fixture::Trial trial;
  REQUIRE_THROWS_AS(profile_intervals(trial.design(), {}, true, {}, 0.0), InvalidInput);
}
