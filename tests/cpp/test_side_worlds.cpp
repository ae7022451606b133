#include <testthat/vendor/catch.h>

#include <cordgain/isncsci/side_worlds.hpp>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "isncsci_bridge.hpp"
#include "isncsci_oracle.hpp"

namespace core = cordgain::isncsci;

namespace {

core::SideReading right(const oracle::Exam& exam) {
  const core::ExamCodes codes = bridge::codes(exam);
  return core::read_exam(codes.data(), core::Scores::assumed).side[0];
}

std::vector<core::Scenario> scenarios(const core::SideReading& side) {
  std::vector<core::Scenario> all;
  core::each_scenario(side, [&](const core::Scenario& s) { all.push_back(s); });
  return all;
}

std::set<std::string> motor_levels(const oracle::Exam& exam) {
  std::uint32_t levels = 0;
  for (const core::Scenario& s : scenarios(right(exam))) levels |= core::only(s.motor_level);
  return bridge::words(levels, 2);
}

std::set<std::string> sensory(const oracle::Exam& exam) {
  return bridge::words(core::sensory_levels(right(exam)), 0);
}

using Set = std::set<std::string>;

}  // namespace

TEST_CASE("the sensory level is the last dermatome before the first that is not normal") {
  for (const char* level : {"C2", "C3", "C4", "T1", "T6", "L1", "S2", "S3"}) {
    INFO(level);
    REQUIRE(sensory(bridge::complete_at(level)) == Set{level});
  }
  REQUIRE(sensory(bridge::complete_at("C1")) == Set{"C1"});
  REQUIRE(sensory(bridge::complete_at("S4-5")) == Set{"INT"});
}

TEST_CASE("dermatomes that are normal again further down do not count") {
  oracle::Exam exam = bridge::complete_at("T10");
  exam[bridge::cell(0, 'p', "T4")] = "1";
  REQUIRE(sensory(exam) == Set{"T3"});
}

TEST_CASE("an untested dermatome leaves the levels above it and beyond it") {
  oracle::Exam exam = bridge::complete_at("T10");
  exam[bridge::cell(0, 't', "T4")] = "NT";
  REQUIRE(sensory(exam) == (Set{"T3", "T10"}));
  exam[bridge::cell(0, 'p', "C3")] = "NT";
  REQUIRE(sensory(exam) == (Set{"C2", "T3", "T10"}));
}

TEST_CASE("with sensation lost above C4 the motor level follows it, whatever the muscles") {
  for (const char* level : {"C1", "C2", "C3"}) {
    oracle::Exam exam = bridge::complete_at(level);
    for (std::size_t i = 0; i < 10; ++i) exam[i] = "5";
    INFO(level);
    REQUIRE(motor_levels(exam) == Set{level});
  }
}

TEST_CASE("the first arm muscle that is not 5 gives the motor level by its grade") {
  const char* names[] = {"C5", "C6", "C7", "C8", "T1"};
  const char* above[] = {"C4", "C5", "C6", "C7", "C8"};
  for (std::size_t i = 0; i < 5; ++i) {
    for (int grade = 0; grade <= 4; ++grade) {
      oracle::Exam exam = bridge::complete_at("T1");
      exam[i] = std::to_string(grade);
      INFO(names[i] << " " << grade);
      REQUIRE(motor_levels(exam) == Set{grade >= 3 ? names[i] : above[i]});
    }
  }
}

TEST_CASE("with normal arms the motor level is T1 or follows sensation from T2 to T12") {
  for (const char* level : {"C4", "C6", "T1"}) {
    oracle::Exam exam = bridge::complete_at(level);
    for (std::size_t i = 0; i < 5; ++i) exam[i] = "5";
    INFO(level);
    REQUIRE(motor_levels(exam) == Set{"T1"});
  }
  for (const char* level : {"T2", "T7", "T12"})
    REQUIRE(motor_levels(bridge::complete_at(level)) == Set{level});
}

TEST_CASE("leg muscles count once sensation is normal down to L1") {
  oracle::Exam exam = bridge::complete_at("L1");
  exam[5] = "2";
  REQUIRE(motor_levels(exam) == Set{"L1"});
  exam[5] = "3";
  REQUIRE(motor_levels(exam) == Set{"L2"});
  for (std::size_t i = 5; i < 10; ++i) exam[i] = "5";
  REQUIRE(motor_levels(exam) == Set{"S1"});
  exam = bridge::complete_at("T12");
  for (std::size_t i = 5; i < 10; ++i) exam[i] = "5";
  REQUIRE(motor_levels(exam) == Set{"T12"});
}

TEST_CASE("with all muscles normal the motor level follows sensation below S1") {
  REQUIRE(motor_levels(bridge::complete_at("S2")) == Set{"S2"});
  REQUIRE(motor_levels(bridge::complete_at("S3")) == Set{"S3"});
  REQUIRE(motor_levels(bridge::complete_at("S4-5")) == Set{"INT"});
  REQUIRE(core::reported_motor_level(core::kIntact, true) == core::kIntact);
  REQUIRE(core::reported_motor_level(core::kIntact, false) == core::kS3);
  REQUIRE(core::reported_motor_level(core::kT1, false) == core::kT1);
}

TEST_CASE("scenarios hold each world of a side once") {
  // Worlds here are strength classes of the muscles, sensory level and state of S4-5; a scenario holds the
  // product of what it leaves open.
  std::mt19937 rng(5);
  for (int trial = 0; trial < 60; ++trial) {
    const core::SideReading side = right(oracle::random_exam(rng, 25));
    std::map<std::vector<int>, int> seen;
    long size = 0;
    for (const core::Scenario& s : scenarios(side)) {
      long product = __builtin_popcount(s.sensory);
      for (const core::StrengthSet m : s.muscle) {
        REQUIRE(m != 0);
        product *= __builtin_popcount(m);
      }
      size += product;
    }
    long expected = 0;
    for (const bool sacral : {false, true}) {
      long product = __builtin_popcount(core::sensory_levels(side, sacral));
      for (const core::StrengthSet m : side.muscle) product *= __builtin_popcount(m);
      expected += product;
    }
    REQUIRE(size == expected);
  }
}

TEST_CASE("an intact side has sensation at S4-5, and a side of level S3 may have") {
  for (const core::Scenario& s : scenarios(right(bridge::complete_at("S4-5")))) REQUIRE(s.sacral);
  oracle::Exam exam = bridge::complete_at("S3");
  REQUIRE(!scenarios(right(exam)).front().sacral);
  exam[bridge::cell(0, 't', "S4-5")] = "1";
  REQUIRE(scenarios(right(exam)).front().sacral);
  REQUIRE(sensory(exam) == Set{"S3"});
}
