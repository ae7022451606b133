#include <testthat/vendor/catch.h>
#include <cordgain/model/residual.hpp>

using namespace cordgain;

TEST_CASE("rows of one subject share the element of their visits, others none") {
  const int subject[] = {0, 0, 1}, visit[] = {1, 0, 1}, group[] = {0, 0, 0};
  const ResidualPattern pattern{subject, visit, group, 2, 2, 1};
  REQUIRE(pattern.element(0, 1) == 1);  // (1, 0) of the packed triangle
  REQUIRE(pattern.element(0, 0) == 2);
  REQUIRE(pattern.element(0, 2) == -1);
  std::vector<Index> rows{0, 1, 2};
  pattern.sort(rows);
  REQUIRE((rows == std::vector<Index>{1, 0, 2}));
  Vector gamma(3);
  gamma << 4.0, 1.0, 9.0;
  Matrix expected(3, 3);
  expected << 4, 1, 0, 1, 9, 0, 0, 0, 9;
  REQUIRE(residual_covariance(pattern, rows, gamma) == expected);
}
