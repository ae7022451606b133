#include <testthat/vendor/catch.h>

#include <cordgain/isncsci/grade.hpp>
#include <set>
#include <string>
#include <vector>

#include "isncsci_bridge.hpp"

namespace core = cordgain::isncsci;

namespace {

using Set = std::set<std::string>;

core::Reading read(const oracle::Exam& exam) {
  const core::ExamCodes codes = bridge::codes(exam);
  return core::read_exam(codes.data(), core::Scores::assumed);
}

Set ais(const oracle::Exam& exam) {
  const core::Reading reading = read(exam);
  return bridge::words(core::ais_grades(core::side_worlds(reading.side[0]),
                                        core::side_worlds(reading.side[1]), reading, core::kGradeE),
                       6);
}

Set complete(const oracle::Exam& exam) {
  return bridge::words(core::completeness(read(exam)), 5);
}

Set level(const oracle::Exam& exam, int intact = core::kS3) {
  const core::Reading reading = read(exam);
  return bridge::words(
      core::neurological_levels(core::side_worlds(reading.side[0]).lowest,
                                core::side_worlds(reading.side[1]).lowest, reading.contraction, intact),
      4);
}

void set_muscles(oracle::Exam& exam, const std::vector<std::string>& levels, const std::string& grade) {
  for (const std::string& name : levels) {
    exam[bridge::cell(0, 'm', name)] = grade;
    exam[bridge::cell(1, 'm', name)] = grade;
  }
}

}  // namespace

TEST_CASE("an injury is complete only without all three signs of sacral sparing") {
  oracle::Exam exam = bridge::complete_at("C5");
  REQUIRE(complete(exam) == Set{"C"});
  for (const std::size_t cell : {std::size_t{132}, std::size_t{133}}) {
    oracle::Exam spared = exam;
    spared[cell] = "Yes";
    REQUIRE(complete(spared) == Set{"I"});
    spared[cell] = "NT";
    REQUIRE(complete(spared) == (Set{"C", "I"}));
  }
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    for (const char kind : {'t', 'p'}) {
      oracle::Exam spared = exam;
      spared[bridge::cell(side, kind, "S4-5")] = "1";
      REQUIRE(complete(spared) == Set{"I"});
    }
  }
}

TEST_CASE("a complete injury is grade A however much motor function is left below") {
  oracle::Exam exam = bridge::complete_at("C5");
  set_muscles(exam, {"C6", "C7", "C8", "T1", "L2", "L3", "L4", "L5", "S1"}, "5");
  REQUIRE(ais(exam) == Set{"A"});
}

TEST_CASE("motor function exactly three levels below the motor level is not enough, four is") {
  // Motor level T11: L2 lies three below (grade B), L3 four (grade C).
  oracle::Exam exam = bridge::complete_at("T11");
  exam[133] = "Yes";
  exam[bridge::cell(0, 'm', "L2")] = "1";
  REQUIRE(ais(exam) == Set{"B"});
  exam[bridge::cell(0, 'm', "L3")] = "1";
  REQUIRE(ais(exam) == Set{"C"});
}

TEST_CASE("a non-key muscle more than three levels below makes an injury motor incomplete") {
  oracle::Exam exam = bridge::complete_at("T11");
  exam[133] = "Yes";
  exam[135] = "L2";
  REQUIRE(ais(exam) == Set{"B"});
  exam[135] = "L3";
  REQUIRE(ais(exam) == Set{"C"});
}

TEST_CASE("with voluntary anal contraction half of the muscles below decide between C and D") {
  // Level C5: 18 muscles below; nine of grade 3 are half.
  oracle::Exam exam = bridge::complete_at("C5");
  exam[132] = "Yes";
  set_muscles(exam, {"C6", "C7", "C8", "T1"}, "3");
  exam[bridge::cell(0, 'm', "C5")] = "3";
  exam[bridge::cell(1, 'm', "C5")] = "3";
  REQUIRE(level(exam) == Set{"C5"});
  REQUIRE(ais(exam) == Set{"C"});
  exam[bridge::cell(0, 'm', "L2")] = "3";
  REQUIRE(ais(exam) == Set{"D"});
  exam[bridge::cell(0, 'm', "L2")] = "2";
  REQUIRE(ais(exam) == Set{"C"});
}

TEST_CASE("without key muscles below the level a motor incomplete injury is D") {
  oracle::Exam exam = bridge::complete_at("S2");
  exam[132] = "Yes";
  REQUIRE(ais(exam) == Set{"D"});
}

TEST_CASE("an intact exam is E with contraction; without, its level is S3 or INT by choice and its grade B") {
  oracle::Exam exam = bridge::complete_at("S4-5");
  exam[132] = "Yes";
  REQUIRE(ais(exam) == Set{"E"});
  REQUIRE(level(exam) == Set{"INT"});
  exam[132] = "No";
  REQUIRE(ais(exam) == Set{"B"});
  REQUIRE(level(exam) == Set{"S3"});
  REQUIRE(level(exam, core::kIntact) == Set{"INT"});
  exam[132] = "NT";
  REQUIRE(ais(exam) == (Set{"B", "E"}));
  REQUIRE(level(exam) == (Set{"S3", "INT"}));
}

TEST_CASE("E does not ask for deep anal pressure") {
  oracle::Exam exam = bridge::complete_at("S4-5");
  exam[132] = "Yes";
  exam[133] = "No";
  REQUIRE(ais(exam) == Set{"E"});
}

TEST_CASE("the neurological level is the most rostral of four") {
  oracle::Exam exam = bridge::complete_at("T4");
  exam[bridge::cell(1, 'p', "C7")] = "1";
  REQUIRE(level(exam) == Set{"C6"});
  exam[bridge::cell(0, 'm', "C6")] = "2";
  REQUIRE(level(exam) == Set{"C5"});
}

TEST_CASE("an untested muscle that could tip the half leaves C and D") {
  oracle::Exam exam = bridge::complete_at("C5");
  exam[132] = "Yes";
  set_muscles(exam, {"C6", "C7", "C8", "T1"}, "3");
  set_muscles(exam, {"C5"}, "3");
  exam[bridge::cell(0, 'm', "L2")] = "NT";
  REQUIRE(ais(exam) == (Set{"C", "D"}));
}

TEST_CASE("intact sides are renamed only where there is no contraction") {
  const core::LevelSet levels = core::only(core::kIntact) | core::only(4);
  REQUIRE(core::report_intact(levels, true, core::kS3) == levels);
  REQUIRE(core::report_intact(levels, false, core::kS3) == (core::only(core::kS3) | core::only(4)));
  REQUIRE(core::report_intact(core::only(4), false, core::kS3) == core::only(4));
}
