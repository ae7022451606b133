#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/math/signed_root.hpp>

using namespace cordgain;

namespace {

constexpr double kNoEnd = std::numeric_limits<double>::infinity();

// rise a (c - 2)^2 + b (c - 2)^4
struct Quartic {
  double a, b;
  ProfilePoint operator()(double c) const {
    const double d = c - 2.0;
    return {a * d * d + b * d * d * d * d, 2.0 * a * d + 4.0 * b * d * d * d};
  }
};

}  // namespace

TEST_CASE("a parabola is solved in both directions, whatever the first step") {
  for (const double step : {1e-6, 0.1, 1.0, 1e6}) {
    const ProfileLimit up = profile_limit(Quartic{4.0, 0.0}, 2.0, step, 1.96, kNoEnd);
    const ProfileLimit down = profile_limit(Quartic{4.0, 0.0}, 2.0, -step, 1.96, -kNoEnd);
    REQUIRE(up.at == Approx(2.0 + 0.98).epsilon(1e-10));  // the tolerance of the root finder, tenfold
    REQUIRE(down.at == Approx(2.0 - 0.98).epsilon(1e-10));
    REQUIRE_FALSE(up.bound);
  }
}

TEST_CASE("a quartic has the root of its quadratic equation") {
  const double z = 1.96, a = 0.3, b = 2.0;
  const double square = (-a + std::sqrt(a * a + 4.0 * b * z * z)) / (2.0 * b);
  const ProfileLimit up = profile_limit(Quartic{a, b}, 2.0, 1.0, z, kNoEnd);
  REQUIRE(up.at == Approx(2.0 + std::sqrt(square)).epsilon(1e-10));
  REQUIRE(up.evaluations < 12);
}

TEST_CASE("where the range ends before the rise, its end is the limit") {
  const ProfileLimit low = profile_limit(Quartic{0.01, 0.0}, 2.0, -1.0, 1.96, 0.0);
  REQUIRE(low.bound);
  REQUIRE(low.at == 0.0);
}

TEST_CASE("a profile that never rises has no limit") {
  const auto flat = [](double) { return ProfilePoint{0.0, 0.0}; };
  REQUIRE(std::isnan(profile_limit(flat, 0.0, 1.0, 1.96, kNoEnd).at));
}
