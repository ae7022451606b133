#include <testthat/vendor/catch.h>
#include <cordgain/model/components.hpp>

using namespace cordgain;

TEST_CASE("one factor: a component per level, in order of appearance") {
  const int level[] = {2, 0, 2, 1, 0};
  const Components c = connected_components({{level, 3}}, 5);
  REQUIRE((c.start == std::vector<Index>{0, 2, 4, 5}));
  REQUIRE((c.rows == std::vector<Index>{0, 2, 1, 4, 3}));
}

TEST_CASE("nested factors: a component per outer level") {
  const int inner[] = {0, 0, 1, 1, 2, 2}, outer[] = {0, 0, 0, 0, 1, 1};
  REQUIRE((connected_components({{inner, 3}, {outer, 2}}, 6).start == std::vector<Index>{0, 4, 6}));
}

TEST_CASE("crossed factors: everything that is linked is one component") {
  const int a[] = {0, 0, 1, 2}, b[] = {0, 1, 1, 2};
  REQUIRE((connected_components({{a, 3}, {b, 3}}, 4).start == std::vector<Index>{0, 3, 4}));
}

TEST_CASE("no factor: every row alone") {
  REQUIRE((connected_components({}, 3).start == std::vector<Index>{0, 1, 2, 3}));
}
