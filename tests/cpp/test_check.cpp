#include <testthat/vendor/catch.h>
#include <cordgain/base/check.hpp>
#include <limits>
#include <string>

using cordgain::InvalidInput;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

template <class Check>
std::string message_of(Check&& check) {
  try {
    check();
  } catch (const InvalidInput& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("require passes what holds and gives its message for what does not") {
  REQUIRE_NOTHROW(cordgain::require(true, "unused"));
  REQUIRE(message_of([] { cordgain::require(false, "n must be odd"); }) == "n must be odd");
}

TEST_CASE("a finite number is neither NaN nor infinite") {
  REQUIRE_NOTHROW(cordgain::require_finite(-1e308, "x"));
  for (const double x : {kNaN, kInf, -kInf})
    REQUIRE_THROWS_AS(cordgain::require_finite(x, "x"), InvalidInput);
}

TEST_CASE("a positive number is finite and above zero") {
  REQUIRE_NOTHROW(cordgain::require_positive(5e-324, "x"));
  for (const double x : {0.0, -1.0, kNaN, kInf}) {
    REQUIRE_THROWS_AS(cordgain::require_positive(x, "x"), InvalidInput);
  }
}

TEST_CASE("a probability lies in the closed unit interval") {
  for (const double x : {0.0, 0.5, 1.0}) REQUIRE_NOTHROW(cordgain::require_probability(x, "p"));
  for (const double x : {-1e-300, 1.0000000000000002, kNaN, kInf}) {
    REQUIRE_THROWS_AS(cordgain::require_probability(x, "p"), InvalidInput);
  }
}

TEST_CASE("counts are whole, at least one patient, and no more events than patients") {
  REQUIRE_NOTHROW(cordgain::require_counts(0.0, 1.0, "k"));
  REQUIRE_NOTHROW(cordgain::require_counts(4.0, 4.0, "k"));
  const double bad[][2] = {{5.0, 4.0},  {-1.0, 4.0}, {0.0, 0.0},  {1.5, 4.0},  {1.0, 4.5},
                           {kNaN, 4.0}, {1.0, kNaN}, {1.0, kInf}, {kInf, kInf}};
  for (const auto& pair : bad) {
    REQUIRE_THROWS_AS(cordgain::require_counts(pair[0], pair[1], "k"), InvalidInput);
  }
}

TEST_CASE("each message names the argument") {
  REQUIRE(message_of([] { cordgain::require_finite(kNaN, "offset"); }) == "offset must be finite");
  REQUIRE(message_of([] { cordgain::require_positive(0.0, "tau"); }).find("tau ") == 0);
  REQUIRE(message_of([] { cordgain::require_probability(2.0, "rate"); }).find("rate ") == 0);
  REQUIRE(message_of([] { cordgain::require_counts(3.0, 2.0, "events"); }).find("events ") == 0);
}
