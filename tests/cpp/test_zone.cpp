#include <testthat/vendor/catch.h>

#include <cordgain/isncsci/zone.hpp>
#include <set>
#include <string>

#include "isncsci_bridge.hpp"

namespace core = cordgain::isncsci;

namespace {

using Set = std::set<std::string>;

core::Reading read(const oracle::Exam& exam) {
  const core::ExamCodes codes = bridge::codes(exam);
  return core::read_exam(codes.data(), core::Scores::assumed);
}

Set sensory(const oracle::Exam& exam, std::size_t side = 0) {
  const core::Reading reading = read(exam);
  return bridge::words(core::sensory_zones(reading.side[side], reading.pressure), 7);
}

Set motor(const oracle::Exam& exam, std::size_t side = 0,
          core::NonkeyZone rule = core::NonkeyZone::only_finding) {
  return bridge::words(core::motor_zones(read(exam), side, rule), 9);
}

}  // namespace

TEST_CASE("the sensory zone is the lowest dermatome with any sensation") {
  oracle::Exam exam = bridge::complete_at("C5");
  REQUIRE(sensory(exam) == Set{"C5"});
  exam[bridge::cell(0, 'p', "T4")] = "1";
  REQUIRE(sensory(exam) == Set{"T4"});
  exam[bridge::cell(0, 't', "S3")] = "2";
  REQUIRE(sensory(exam) == Set{"S3"});
  REQUIRE(sensory(bridge::complete_at("C1")) == Set{"C1"});
}

TEST_CASE("the sensory zone does not apply with deep anal pressure, or on a side with sensation at S4-5") {
  oracle::Exam exam = bridge::complete_at("C5");
  exam[bridge::cell(1, 't', "S4-5")] = "1";
  REQUIRE(sensory(exam, 0) == Set{"C5"});
  REQUIRE(sensory(exam, 1) == Set{"NA"});
  exam[133] = "Yes";
  REQUIRE(sensory(exam, 0) == Set{"NA"});
  exam[133] = "NT";
  REQUIRE(sensory(exam, 0) == (Set{"NA", "C5"}));
}

TEST_CASE("untested dermatomes leave every lower end of sensation that they allow") {
  oracle::Exam exam = bridge::complete_at("C5");
  exam[bridge::cell(0, 't', "T4")] = "NT";
  exam[bridge::cell(0, 't', "L2")] = "NT";
  REQUIRE(sensory(exam) == (Set{"C5", "T4", "L2"}));
  exam[bridge::cell(0, 'p', "T8")] = "1";
  REQUIRE(sensory(exam) == (Set{"T8", "L2"}));
  exam = bridge::complete_at("C1");
  exam[bridge::cell(0, 't', "C2")] = "NT";
  REQUIRE(sensory(exam) == (Set{"C1", "C2"}));
}

TEST_CASE("the motor zone is the lowest key muscle with function, or the motor level") {
  oracle::Exam exam = bridge::complete_at("C6");
  REQUIRE(motor(exam) == Set{"C6"});
  exam[bridge::cell(0, 'm', "T1")] = "1";
  REQUIRE(motor(exam) == Set{"T1"});
  exam[bridge::cell(0, 'm', "L4")] = "1";
  REQUIRE(motor(exam) == Set{"L4"});
  REQUIRE(motor(bridge::complete_at("T6")) == Set{"T6"});
}

TEST_CASE("the motor zone does not apply with voluntary anal contraction") {
  oracle::Exam exam = bridge::complete_at("C6");
  exam[132] = "Yes";
  REQUIRE(motor(exam) == Set{"NA"});
  exam[132] = "NT";
  REQUIRE(motor(exam) == (Set{"NA", "C6"}));
}

TEST_CASE("an intact side without contraction has its motor zone at S3") {
  REQUIRE(motor(bridge::complete_at("S4-5")) == Set{"S3"});
}

TEST_CASE("a non-key muscle sets the zone where it alone makes an incomplete injury motor incomplete") {
  oracle::Exam exam = bridge::complete_at("T11");
  exam[134] = "L4";
  REQUIRE(motor(exam) == Set{"T11"});  // complete: grade A
  exam[133] = "Yes";
  REQUIRE(motor(exam) == Set{"L4"});
  REQUIRE(motor(exam, 1) == Set{"T11"});  // not on the other side
  exam[bridge::cell(0, 'm', "L2")] = "1";
  REQUIRE(motor(exam) == Set{"L4"});  // L2 is three levels below T11: not motor incomplete by itself
  exam[bridge::cell(0, 'm', "L3")] = "1";
  REQUIRE(motor(exam) == Set{"L3"});  // L3 is four below: no longer the only finding
  exam[133] = "NT";
  exam[bridge::cell(0, 'm', "L3")] = "0";
  REQUIRE(motor(exam) == (Set{"L2", "L4"}));
}

TEST_CASE("the reference's choice measures from the zone otherwise reported, and only in grade C") {
  const auto reference = core::NonkeyZone::reference;
  oracle::Exam exam = bridge::complete_at("T11");
  exam[133] = "Yes";
  exam[134] = "L4";
  REQUIRE(motor(exam, 0, reference) == Set{"L4"});  // T11 to L4 is five levels
  exam[bridge::cell(0, 'm', "L2")] = "1";
  REQUIRE(motor(exam, 0, reference) == Set{"L2"});  // L2 to L4 is two
  exam = bridge::complete_at("C5");
  exam[133] = "Yes";
  exam[134] = "S1";
  for (const char* name : {"C6", "C7", "C8", "T1"}) {
    exam[bridge::cell(0, 'm', name)] = exam[bridge::cell(1, 'm', name)] = "5";
  }
  exam[bridge::cell(1, 'm', "L2")] = "5";
  REQUIRE(motor(exam, 0, reference) == Set{"T1"});  // nine of eighteen muscles: grade D
  exam[bridge::cell(1, 'm', "L2")] = "NT";
  REQUIRE(motor(exam, 0, reference) == (Set{"T1", "S1"}));  // C or D
}
