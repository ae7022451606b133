#include <testthat/vendor/catch.h>
#include <cordgain/base/error.hpp>
#include <type_traits>

using cordgain::InvalidInput;
using cordgain::NumericalError;

TEST_CASE("the two errors carry their message") {
  REQUIRE(std::string(InvalidInput("events > n").what()) == "events > n");
  REQUIRE(std::string(NumericalError("no root in [0, 1]").what()) == "no root in [0, 1]");
}

TEST_CASE("neither error is caught as the other, and both are standard exceptions") {
  REQUIRE_FALSE((std::is_base_of<InvalidInput, NumericalError>::value));
  REQUIRE_FALSE((std::is_base_of<NumericalError, InvalidInput>::value));
  REQUIRE((std::is_base_of<std::invalid_argument, InvalidInput>::value));
  REQUIRE((std::is_base_of<std::runtime_error, NumericalError>::value));
}
