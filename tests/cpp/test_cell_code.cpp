#include <testthat/vendor/catch.h>

#include <cordgain/isncsci/cell_code.hpp>
#include <set>
#include <string>
#include <vector>

namespace core = cordgain::isncsci;

namespace {

std::set<int> values(core::ScoreSet set) {
  std::set<int> result;
  for (int v = 0; v < 8; ++v) {
    if ((set >> v) & 1) result.insert(v);
  }
  return result;
}

std::set<int> assumed_motor(const std::string& text) {
  return values(core::kMotorMeaning.assumed[core::read_score(text, 5)]);
}

std::set<int> assumed_sensory(const std::string& text) {
  return values(core::kSensoryMeaning.assumed[core::read_score(text, 2)]);
}

int found_motor(const std::string& text) {
  return core::kMotorMeaning.found[core::read_score(text, 5)];
}

using Set = std::set<int>;

}  // namespace

TEST_CASE("an untagged score is itself, and NT is any score") {
  for (int v = 0; v <= 5; ++v) REQUIRE(assumed_motor(std::to_string(v)) == Set{v});
  for (int v = 0; v <= 2; ++v) REQUIRE(assumed_sensory(std::to_string(v)) == Set{v});
  REQUIRE(assumed_motor("NT") == (Set{0, 1, 2, 3, 4, 5}));
  REQUIRE(assumed_sensory("nt") == (Set{0, 1, 2}));
}

TEST_CASE("one star means not normal, from the score found up") {
  REQUIRE(assumed_motor("0*") == (Set{0, 1, 2, 3, 4}));
  REQUIRE(assumed_motor("2*") == (Set{2, 3, 4}));
  REQUIRE(assumed_motor("4*") == Set{4});
  REQUIRE(assumed_motor("NT*") == (Set{0, 1, 2, 3, 4}));
  REQUIRE(assumed_sensory("0*") == (Set{0, 1}));
  REQUIRE(assumed_sensory("1*") == Set{1});
  REQUIRE(assumed_sensory("NT*") == (Set{0, 1}));
}

TEST_CASE("two stars mean normal") {
  for (const char* text : {"0**", "3**", "4**", "NT**"}) REQUIRE(assumed_motor(text) == Set{5});
  for (const char* text : {"0**", "1**", "NT**"}) REQUIRE(assumed_sensory(text) == Set{2});
}

TEST_CASE("a range in brackets is what is assumed") {
  REQUIRE(assumed_motor("3*[0-2]") == (Set{0, 1, 2}));
  REQUIRE(assumed_motor("NT*[1-5]") == (Set{1, 2, 3, 4, 5}));
  REQUIRE(assumed_motor("0*[5-5]") == Set{5});
  REQUIRE(assumed_sensory("1*[0-2]") == (Set{0, 1, 2}));
}

TEST_CASE("every range on every score is read and kept apart") {
  std::set<int> codes;
  for (int found = 0; found <= 5; ++found) {
    const std::string text = found == 5 ? "NT" : std::to_string(found);
    for (int lo = 0; lo <= 5; ++lo) {
      for (int hi = lo; hi <= 5; ++hi) {
        const std::string cell = text + "*[" + std::to_string(lo) + "-" + std::to_string(hi) + "]";
        INFO(cell);
        Set expected;
        for (int v = lo; v <= hi; ++v) expected.insert(v);
        REQUIRE(assumed_motor(cell) == expected);
        REQUIRE(found_motor(cell) == (found == 5 ? 6 : found));
        codes.insert(core::read_score(cell, 5));
      }
    }
  }
  REQUIRE(codes.size() == 6u * 21u);
}

TEST_CASE("the score found stays known behind a tag") {
  REQUIRE(found_motor("3") == 3);
  REQUIRE(found_motor("3*") == 3);
  REQUIRE(found_motor("3**") == 3);
  REQUIRE(found_motor("3*[0-1]") == 3);
  REQUIRE(found_motor("NT**") == 6);
}

TEST_CASE("the old 5* is normal with an unknown score") {
  REQUIRE(core::read_score("5*", 5) == core::kLegacyFive);
  REQUIRE(assumed_motor("5*") == Set{5});
  REQUIRE(found_motor("5*") == 6);
}

TEST_CASE("what is not on the scale, and stars that cannot be, are not read") {
  for (const char* text : {"",        "6",       "9",    "-1",    "55", "5**", "5*[0-2]", "3***",    "*",
                           "**",      "N",       "NTT",  "NT***", "3 ", " 3",  "3*[2-1]", "3*[0-6]", "3*[0-2",
                           "3*(0-2)", "3*[0,2]", "ab-3", "3.0",   "5.", "x",   "NA",      "3* "}) {
    INFO(text);
    REQUIRE(core::read_score(text, 5) == core::kInvalid);
  }
  for (const char* text : {"3", "4", "5", "2*", "2**", "2*[0-1]", "1*[0-3]", "9"}) {
    INFO(text);
    REQUIRE(core::read_score(text, 2) == core::kInvalid);
  }
}

TEST_CASE("anal findings are yes, no or not tested") {
  REQUIRE(core::read_finding("No") == 0);
  REQUIRE(core::read_finding("yes") == 1);
  REQUIRE(core::read_finding("NT") == core::kNotTestable);
  for (const char* text : {"", "y", "1", "true", "NT*", "yes "})
    REQUIRE(core::read_finding(text) == core::kInvalid);
}

TEST_CASE("a non-key muscle lies between C5 and S1, in either case") {
  REQUIRE(core::read_nonkey("c5") == 4);
  REQUIRE(core::read_nonkey("t12") == 19);
  REQUIRE(core::read_nonkey("l4") == core::read_nonkey("L4"));
  REQUIRE(core::read_nonkey("C5") == 4);
  REQUIRE(core::read_nonkey("T5") == 12);
  REQUIRE(core::read_nonkey("S1") == 25);
  for (const char* text : {"C4", "c4", "C1", "S2", "S3", "", "NT", "L6", "C05", "T12 ", "[5",
                           "\x83"
                           "4"})
    REQUIRE(core::read_nonkey(text) == core::kInvalid);
}

TEST_CASE("only tags can make a difference between scores found and assumed") {
  for (const char* text : {"0", "5", "NT"}) REQUIRE(!core::is_tagged(core::read_score(text, 5)));
  for (const char* text : {"0*", "0**", "NT*", "NT**", "5*", "NT*[0-5]"})
    REQUIRE(core::is_tagged(core::read_score(text, 5)));
  REQUIRE(!core::is_tagged(core::kMissing));
  REQUIRE(!core::is_tagged(core::kInvalid));
}

TEST_CASE("no code at all leaves a cell without a possible score") {
  for (std::size_t code = 0; code < 256; ++code) {
    INFO(code);
    REQUIRE(core::kMotorMeaning.assumed[code] != 0);
    REQUIRE(core::kMotorMeaning.found[code] <= 6);
    REQUIRE((core::kSensoryMeaning.assumed[code] & 7) != 0);
    REQUIRE((core::kSensoryMeaning.assumed[code] & ~7) == 0);
    REQUIRE((core::kSensoryMeaning.found[code] <= 2 || core::kSensoryMeaning.found[code] == 6));
  }
}
