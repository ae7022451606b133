#include <testthat/vendor/catch.h>
#include <cordgain/base/types.hpp>
#include <type_traits>

namespace {

double total(const cordgain::VectorIn& x) {
  return x.sum();
}

}  // namespace

TEST_CASE("sizes are signed, so that a difference of two can be negative") {
  REQUIRE(std::is_signed<cordgain::Index>::value);
}

TEST_CASE("a vector argument takes a whole vector and a column of a matrix without a copy of ours") {
  cordgain::Matrix m(2, 2);
  m << 1.0, 2.0, 3.0, 4.0;
  const cordgain::Vector v = m.row(0);
  REQUIRE(total(v) == 3.0);
  REQUIRE(total(m.col(1)) == 6.0);
}
