#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/dist/normal_parts.hpp>

using cordgain::NormalParts;
using cordgain::parts_below;
using cordgain::parts_quantile;
using cordgain::Vector;

namespace {

NormalParts parts(std::initializer_list<double> weight, std::initializer_list<double> mean,
                  std::initializer_list<double> sd) {
  const auto vector = [](std::initializer_list<double> in) {
    Vector out(static_cast<cordgain::Index>(in.size()));
    cordgain::Index i = 0;
    for (const double x : in) out[i++] = x;
    return out;
  };
  return {vector(weight), vector(mean), vector(sd)};
}

}  // namespace

TEST_CASE("one part is a normal distribution with its tabled quantiles") {
  const NormalParts one = parts({1.0}, {10.0}, {2.0});
  REQUIRE(std::abs(parts_quantile(one, 0.975) - (10.0 + 2.0 * 1.959963984540054)) < 1e-12);
  REQUIRE(std::abs(parts_quantile(one, 0.5) - 10.0) < 1e-12);
  REQUIRE(std::abs(parts_below(one, 10.0) - 0.5) < 1e-15);
}

TEST_CASE("quantiles and probabilities are inverse, in both tails") {
  const NormalParts two = parts({0.3, 0.7}, {-4.0, 1.0}, {0.5, 3.0});
  for (const double p : {1e-9, 1e-3, 0.2, 0.5, 0.9, 1.0 - 1e-6}) {
    const double x = parts_quantile(two, p);
    const double back = p > 0.5 ? 1.0 - parts_below(two, x, true) : parts_below(two, x);
    REQUIRE(std::abs(back - p) < 1e-12 * std::max(1.0, p / 1e-9));
  }
}

TEST_CASE("a small upper tail keeps its digits") {
  // P(Z > 10) = 7.61985e-24, as tabled; one minus the lower tail would be 0.
  const NormalParts one = parts({1.0}, {0.0}, {1.0});
  REQUIRE(std::abs(parts_below(one, 10.0, true) / 7.61985302416e-24 - 1.0) < 1e-9);
}

TEST_CASE("a symmetric mixture has its median in the middle") {
  REQUIRE(std::abs(parts_quantile(parts({0.5, 0.5}, {-3.0, 3.0}, {1.0, 1.0}), 0.5)) < 1e-7);
}

TEST_CASE("no parts, no width and impossible probabilities are refused") {
  REQUIRE_THROWS_AS(parts_quantile(parts({}, {}, {}), 0.5), cordgain::InvalidInput);
  REQUIRE_THROWS_AS(parts_quantile(parts({1.0}, {0.0}, {0.0}), 0.5), cordgain::InvalidInput);
  REQUIRE_THROWS_AS(parts_quantile(parts({1.0}, {0.0}, {1.0}), 1.0), cordgain::InvalidInput);
}
