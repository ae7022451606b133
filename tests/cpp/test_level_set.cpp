#include <testthat/vendor/catch.h>

#include <cordgain/isncsci/level_set.hpp>
#include <string>
#include <utility>
#include <vector>

namespace core = cordgain::isncsci;

TEST_CASE("levels are numbered from C1 to S3, then INT and NA") {
  const std::vector<std::pair<std::string, int>> expected = {{"C1", 0},  {"C4", 3},  {"C5", 4},   {"C8", 7},
                                                             {"T1", 8},  {"T2", 9},  {"T12", 19}, {"L1", 20},
                                                             {"L5", 24}, {"S1", 25}, {"S2", 26},  {"S3", 27}};
  for (const auto& [name, number] : expected) {
    INFO(name);
    REQUIRE(core::level_number(name) == number);
    REQUIRE(core::kLevelName[static_cast<std::size_t>(number)] == name);
  }
  REQUIRE(core::kLevelName[core::kIntact] == "INT");
  REQUIRE(core::kLevelName[core::kNotApplicable] == "NA");
}

TEST_CASE("a word that is no level has the number -1") {
  for (const char* word : {"", "C", "C9", "c5", "C05", "T13", "L6", "S4", "S4-5", "INT", "NA", "C5 "}) {
    INFO(word);
    REQUIRE(core::level_number(word) == -1);
  }
}

TEST_CASE("key muscles lie at C5 to T1 and L2 to S1") {
  const std::vector<std::string> names = {"C5", "C6", "C7", "C8", "T1", "L2", "L3", "L4", "L5", "S1"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    REQUIRE(core::kMuscleLevel[i] == core::level_number(names[i]));
  }
}

TEST_CASE("sets of levels hold what they say") {
  REQUIRE(core::only(0) == 1u);
  REQUIRE(core::only(4) == 16u);
  REQUIRE(core::up_to(-1) == 0u);
  REQUIRE(core::up_to(0) == 1u);
  REQUIRE(core::up_to(3) == 15u);
  REQUIRE(core::between(2, 4) == 28u);
  REQUIRE(core::between(5, 5) == core::only(5));
}

TEST_CASE("the ends of a set are its most rostral and most caudal level") {
  const core::LevelSet set = core::only(3) | core::only(8) | core::only(20);
  REQUIRE(core::most_rostral(set) == 3);
  REQUIRE(core::most_caudal(set) == 20);
  REQUIRE(core::most_rostral(core::only(28)) == 28);
  REQUIRE(core::most_caudal(core::only(28)) == 28);
}

TEST_CASE("minima are the values of min(a, b), by trying every pair") {
  const std::vector<core::LevelSet> sets = {1u,         0b1010u,        0b10000u,       0b11111u,
                                            0b1000001u, core::only(28), core::up_to(28)};
  for (const core::LevelSet a : sets) {
    for (const core::LevelSet b : sets) {
      core::LevelSet expected = 0;
      for (int i = 0; i < 30; ++i) {
        for (int j = 0; j < 30; ++j) {
          if (((a >> i) & 1u) && ((b >> j) & 1u)) expected |= 1u << (i < j ? i : j);
        }
      }
      REQUIRE(core::minima(a, b) == expected);
      REQUIRE(core::minima(b, a) == expected);
    }
  }
}

TEST_CASE("muscles below a level have the denominators of the worksheet") {
  // Both sides: 20 below C4, 18 C5, 16 C6, 14 C7, 12 C8, 10 T1 to L1, 8 L2, 6 L3, 4 L4, 2 L5, 0 from S1.
  const std::vector<std::pair<std::string, int>> expected = {
      {"C1", 20}, {"C4", 20}, {"C5", 18}, {"C6", 16}, {"C7", 14}, {"C8", 12}, {"T1", 10}, {"T6", 10},
      {"L1", 10}, {"L2", 8},  {"L3", 6},  {"L4", 4},  {"L5", 2},  {"S1", 0},  {"S3", 0}};
  for (const auto& [name, below] : expected) {
    INFO(name);
    REQUIRE(2 * (core::kMuscles - core::muscles_to(core::level_number(name))) == below);
  }
  REQUIRE(core::muscles_to(core::kIntact) == 11);
}
