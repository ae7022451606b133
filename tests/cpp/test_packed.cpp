#include <testthat/vendor/catch.h>
#include <cordgain/math/packed.hpp>

using namespace cordgain;

TEST_CASE("the packed triangle runs down the columns and back") {
  Matrix s(3, 3);
  s << 1, 2, 3, 2, 4, 5, 3, 5, 6;
  Vector expected(6);
  expected << 1, 2, 3, 4, 5, 6;
  REQUIRE(packed(s) == expected);
  REQUIRE(unpacked(expected, 3) == s);
  REQUIRE(packed_size(3) == 6);
  REQUIRE(packed_index(2, 1, 3) == 4);
}

TEST_CASE("the symmetric part of a square matrix is packed") {
  Matrix a(2, 2);
  a << 1, 4, 2, 3;
  Vector out(3);
  pack_symmetric_part(a, out);
  REQUIRE(out[1] == 3.0);
}
