#include <testthat/vendor/catch.h>

#include <cordgain/isncsci/exam.hpp>
#include <string>

#include "isncsci_bridge.hpp"

namespace core = cordgain::isncsci;

namespace {

core::Reading read(const oracle::Exam& exam, core::Scores which = core::Scores::assumed) {
  const core::ExamCodes codes = bridge::codes(exam);
  return core::read_exam(codes.data(), which);
}

std::uint32_t dermatome(const std::string& level) {
  return std::uint32_t{1} << (level == "S4-5" ? 27 : core::level_number(level) - 1);
}

}  // namespace

TEST_CASE("cells lie in the documented order") {
  REQUIRE(core::cell_kind(0) == core::CellKind::motor);
  REQUIRE(core::cell_kind(9) == core::CellKind::motor);
  REQUIRE(core::cell_kind(10) == core::CellKind::sensory);
  REQUIRE(core::cell_kind(65) == core::CellKind::sensory);
  REQUIRE(core::cell_kind(66) == core::CellKind::motor);
  REQUIRE(core::cell_kind(131) == core::CellKind::sensory);
  REQUIRE(core::cell_kind(core::kVac) == core::CellKind::finding);
  REQUIRE(core::cell_kind(core::kDap) == core::CellKind::finding);
  REQUIRE(core::cell_kind(core::kNonkey) == core::CellKind::nonkey);
  REQUIRE(core::cell_kind(core::kExamCells - 1) == core::CellKind::nonkey);
}

TEST_CASE("strength classes are 0, 1-2, 3-4 and 5") {
  oracle::Exam exam = bridge::complete_at("S4-5");
  const char* grades[] = {"0", "1", "2", "3", "4", "5"};
  const int classes[] = {1, 2, 2, 4, 4, 8};
  for (std::size_t i = 0; i < 6; ++i) exam[i] = grades[i];
  exam[6] = "NT";
  exam[7] = "2*";
  const core::Reading reading = read(exam);
  for (std::size_t i = 0; i < 6; ++i) REQUIRE(reading.side[0].muscle[i] == classes[i]);
  REQUIRE(reading.side[0].muscle[6] == 15);
  REQUIRE(reading.side[0].muscle[7] == (2 | 4));
}

TEST_CASE("a dermatome is normal only with both tests at 2, and absent only with both at 0") {
  const char* scores[] = {"0", "1", "2"};
  for (int touch = 0; touch <= 2; ++touch) {
    for (int prick = 0; prick <= 2; ++prick) {
      oracle::Exam exam = bridge::complete_at("C4");
      exam[bridge::cell(0, 't', "T4")] = scores[touch];
      exam[bridge::cell(0, 'p', "T4")] = scores[prick];
      const core::SideReading side = read(exam).side[0];
      INFO(touch << " " << prick);
      REQUIRE(((side.normal & dermatome("T4")) != 0) == (touch == 2 && prick == 2));
      REQUIRE(((side.abnormal & dermatome("T4")) != 0) == (touch < 2 || prick < 2));
      REQUIRE(((side.present & dermatome("T4")) != 0) == (touch > 0 || prick > 0));
      REQUIRE(((side.absent & dermatome("T4")) != 0) == (touch == 0 && prick == 0));
    }
  }
}

TEST_CASE("an untested dermatome can be anything its other test allows") {
  oracle::Exam exam = bridge::complete_at("C4");
  exam[bridge::cell(1, 't', "L3")] = "NT";
  exam[bridge::cell(1, 'p', "L3")] = "1";
  const core::SideReading side = read(exam).side[1];
  REQUIRE((side.normal & dermatome("L3")) == 0);
  REQUIRE((side.absent & dermatome("L3")) == 0);
  REQUIRE((side.abnormal & dermatome("L3")) != 0);
  REQUIRE((side.present & dermatome("L3")) != 0);
}

TEST_CASE("S4-5 can be present without being normal unless it is 0 and 0, or 2 and 2") {
  const char* scores[] = {"0", "1", "2"};
  for (int touch = 0; touch <= 2; ++touch) {
    for (int prick = 0; prick <= 2; ++prick) {
      oracle::Exam exam = bridge::complete_at("C4");
      exam[bridge::cell(0, 't', "S4-5")] = scores[touch];
      exam[bridge::cell(0, 'p', "S4-5")] = scores[prick];
      INFO(touch << " " << prick);
      REQUIRE(read(exam).side[0].sacral_impaired == !(touch == prick && touch != 1));
    }
  }
}

TEST_CASE("tags count in the assumed reading and not in the one of scores found") {
  oracle::Exam exam = bridge::complete_at("C4");
  exam[0] = "3**";
  REQUIRE(read(exam, core::Scores::assumed).side[0].muscle[0] == core::kNormal);
  REQUIRE(read(exam, core::Scores::found).side[0].muscle[0] == core::kThreeOrFour);
  exam[0] = "NT**";
  REQUIRE(read(exam, core::Scores::found).side[0].muscle[0] == 15);
}

TEST_CASE("findings and non-key muscles are read") {
  oracle::Exam exam = bridge::complete_at("C4");
  exam[132] = "Yes";
  exam[133] = "NT";
  exam[134] = "L3";
  const core::Reading reading = read(exam);
  REQUIRE(reading.contraction == core::kYes);
  REQUIRE(reading.pressure == (core::kYes | core::kNo));
  REQUIRE(reading.side[0].nonkey == core::level_number("L3"));
  REQUIRE(reading.side[1].nonkey == -1);
}

TEST_CASE("tags are seen wherever they stand, and plain exams have none") {
  const oracle::Exam plain = bridge::complete_at("C4");
  REQUIRE(core::is_plain(bridge::codes(plain).data()));
  REQUIRE(!core::has_tags(bridge::codes(plain).data()));
  for (const std::size_t cell : {std::size_t{0}, std::size_t{40}, std::size_t{131}}) {
    oracle::Exam tagged = plain;
    tagged[cell] = "NT*";
    REQUIRE(core::has_tags(bridge::codes(tagged).data()));
    tagged[cell] = "NT";
    REQUIRE(!core::has_tags(bridge::codes(tagged).data()));
  }
}

TEST_CASE("a plain exam is told from any other by every byte in every place") {
  const core::ExamCodes plain = bridge::codes(bridge::complete_at("C4"));
  for (std::size_t cell = 0; cell < core::kNonkey; ++cell) {
    for (int byte = 0; byte < 256; ++byte) {
      core::ExamCodes codes = plain;
      codes[cell] = static_cast<core::CellCode>(byte);
      if (core::is_plain(codes.data()) != (byte <= 6)) {
        INFO(cell << " " << byte);
        REQUIRE(false);
      }
    }
  }
  core::ExamCodes nonkey = plain;
  nonkey[core::kNonkey] = 25;
  REQUIRE(core::is_plain(nonkey.data()));
}
