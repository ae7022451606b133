#include <testthat/vendor/catch.h>

#include <cordgain/isncsci/batch.hpp>
#include <random>
#include <vector>

#include "isncsci_bridge.hpp"
#include "isncsci_oracle.hpp"

namespace core = cordgain::isncsci;

namespace {

void append(std::vector<core::CellCode>& all, const oracle::Exam& exam) {
  const core::ExamCodes codes = bridge::codes(exam);
  all.insert(all.end(), codes.begin(), codes.end());
}

}  // namespace

TEST_CASE("a table of exams holds what each exam gives alone") {
  std::mt19937 rng(17);
  std::vector<core::CellCode> codes;
  std::vector<core::GradeSet> intact;
  for (int i = 0; i < 50; ++i) {
    append(codes, oracle::random_exam(rng, i % 9));
    intact.push_back(i % 2 ? core::kGradeE : core::kNoGrade);
  }
  const core::ScoreTable table = core::score_exams(codes, intact, core::Choices{});
  REQUIRE(table.exams == 50u);
  for (std::size_t i = 0; i < 50; ++i) {
    const core::CellCode* cells = codes.data() + i * core::kExamCells;
    const core::Classification one = core::classify(cells, intact[i], core::Choices{});
    const core::Subscores sums = core::subscores(cells);
    for (std::size_t r = 0; r < core::kResults; ++r)
      REQUIRE(table.sets[r * 50 + i] == static_cast<int>(one.sets[r]));
    REQUIRE(table.stars[i] == static_cast<int>(one.stars));
    for (std::size_t s = 0; s < core::kSums; ++s) {
      REQUIRE(table.sum_min[s * 50 + i] == sums[s].min);
      REQUIRE(table.sum_max[s * 50 + i] == sums[s].max);
      REQUIRE(table.sum_not_tested[s * 50 + i] == sums[s].not_tested);
    }
  }
  REQUIRE(table.notes.empty());
}

TEST_CASE("cells without a valid entry are noted with exam and cell, and counted as not testable") {
  std::vector<core::CellCode> codes;
  append(codes, bridge::complete_at("C5"));
  append(codes, bridge::complete_at("C5"));
  codes[core::kExamCells + 3] = core::kInvalid;
  codes[core::kExamCells + 40] = core::kMissing;
  codes[core::kExamCells + 66] = core::kLegacyFive;
  codes[core::kExamCells + 135] = core::kInvalid;
  const core::ScoreTable table = core::score_exams(codes, {core::kGradeE, core::kGradeE}, core::Choices{});
  REQUIRE(table.notes.size() == 4u);
  const std::size_t cells[] = {3, 40, 66, 135};
  const core::CellNote::Kind kinds[] = {core::CellNote::Kind::invalid, core::CellNote::Kind::missing,
                                        core::CellNote::Kind::legacy, core::CellNote::Kind::invalid};
  for (std::size_t i = 0; i < 4; ++i) {
    REQUIRE(table.notes[i].exam == 1u);
    REQUIRE(table.notes[i].cell == cells[i]);
    REQUIRE(table.notes[i].kind == kinds[i]);
  }
  REQUIRE(table.sum_not_tested[0 * 2 + 1] == 1);
}

TEST_CASE("a missing non-key muscle is no note") {
  std::vector<core::CellCode> codes;
  append(codes, bridge::complete_at("C5"));
  REQUIRE(codes[core::kNonkey] == core::kMissing);
  REQUIRE(core::score_exams(codes, {core::kGradeE}, core::Choices{}).notes.empty());
}

TEST_CASE("sizes and histories that do not fit are refused") {
  const std::vector<core::CellCode> codes(core::kExamCells, 0);
  REQUIRE_THROWS_AS(core::score_exams(codes, {}, core::Choices{}), cordgain::InvalidInput);
  REQUIRE_THROWS_AS(core::score_exams(codes, {core::kGradeE, core::kGradeE}, core::Choices{}),
                    cordgain::InvalidInput);
  REQUIRE_THROWS_AS(core::score_exams(codes, {core::kGradeA}, core::Choices{}), cordgain::InvalidInput);
  REQUIRE_THROWS_AS(core::score_exams(codes, {0}, core::Choices{}), cordgain::InvalidInput);
}

TEST_CASE("no exams give an empty table") {
  const core::ScoreTable table = core::score_exams({}, {}, core::Choices{});
  REQUIRE(table.exams == 0u);
  REQUIRE(table.sets.empty());
}

TEST_CASE("every byte in every cell gives sets that are not empty") {
  std::mt19937 rng(23);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<core::CellCode> codes(core::kExamCells);
    for (core::CellCode& code : codes) code = static_cast<core::CellCode>(rng() % 256);
    for (const auto zone : {core::NonkeyZone::only_finding, core::NonkeyZone::reference}) {
      core::Choices choices;
      choices.nonkey_zone = zone;
      const core::ScoreTable table = core::score_exams(codes, {core::kGradeE}, choices);
      for (const int set : table.sets) REQUIRE(set != 0);
    }
  }
}
