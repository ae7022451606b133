// Many exams at a time: codes in, columns of numbers out.
#pragma once

#include <cordgain/base/check.hpp>
#include <cordgain/isncsci/classification.hpp>
#include <cordgain/isncsci/exam.hpp>
#include <cordgain/isncsci/subscores.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cordgain {
namespace isncsci {

/// A cell that asks for the caller's attention.
struct CellNote {
  enum class Kind : std::uint8_t { invalid, missing, legacy };
  std::size_t exam = 0;
  std::size_t cell = 0;
  Kind kind = Kind::invalid;
};

/// Results of n exams; the numbers of one variable stand together.
struct ScoreTable {
  std::size_t exams = 0;
  std::vector<std::int32_t> sum_min;         ///< n x kSums
  std::vector<std::int32_t> sum_max;         ///< n x kSums
  std::vector<std::int32_t> sum_not_tested;  ///< n x kSums
  std::vector<std::int32_t> sets;            ///< n x kResults
  std::vector<std::int32_t> stars;           ///< n
  std::vector<CellNote> notes;               ///< in order of exams, then cells
};

namespace detail {

inline void note_cells(const CellCode* codes, std::size_t exam, std::vector<CellNote>& notes) {
  const std::size_t first = is_plain(codes) ? kNonkey : 0;
  for (std::size_t cell = first; cell < kExamCells; ++cell) {
    const CellCode code = codes[cell];
    if (code == kInvalid) notes.push_back({exam, cell, CellNote::Kind::invalid});
    if (code == kMissing && cell < kNonkey) notes.push_back({exam, cell, CellNote::Kind::missing});
    if (code == kLegacyFive && cell_kind(cell) == CellKind::motor) {
      notes.push_back({exam, cell, CellNote::Kind::legacy});
    }
  }
}

inline void store(const Subscores& sums, std::size_t exam, ScoreTable& table) noexcept {
  for (std::size_t i = 0, at = exam; i < kSums; ++i, at += table.exams) {
    table.sum_min[at] = sums[i].min;
    table.sum_max[at] = sums[i].max;
    table.sum_not_tested[at] = sums[i].not_tested;
  }
}

inline void store(const Classification& result, std::size_t exam, ScoreTable& table) noexcept {
  for (std::size_t i = 0; i < kResults; ++i) {
    table.sets[i * table.exams + exam] = static_cast<std::int32_t>(result.sets[i]);
  }
  table.stars[exam] = static_cast<std::int32_t>(result.stars);
}

}  // namespace detail

/// An empty table for n exams.
[[nodiscard]] inline ScoreTable score_table(std::size_t exams) {
  ScoreTable table;
  table.exams = exams;
  table.sum_min.resize(exams * kSums);
  table.sum_max.resize(exams * kSums);
  table.sum_not_tested.resize(exams * kSums);
  table.sets.resize(exams * kResults);
  table.stars.resize(exams);
  return table;
}

/// Scores and classifies exams. A cell without a valid entry counts as not testable, and is noted.
/// @param codes   n x kExamCells codes, an exam's cells together
/// @param intact  n grade sets: what an intact exam of this person is called (kGradeE, kNoGrade or both)
/// @throws        InvalidInput if sizes differ or a grade set holds another grade
[[nodiscard]] inline ScoreTable score_exams(const std::vector<CellCode>& codes,
                                            const std::vector<GradeSet>& intact, const Choices& choices) {
  require(codes.size() == intact.size() * kExamCells, "each exam needs 136 cells and one history");
  ScoreTable table = score_table(intact.size());
  for (std::size_t exam = 0; exam < intact.size(); ++exam) {
    const bool grade_known = intact[exam] != 0 && (intact[exam] & ~(kGradeE | kNoGrade)) == 0;
    require(grade_known, "an intact exam is graded E or not at all");
    const CellCode* cells = codes.data() + exam * kExamCells;
    detail::note_cells(cells, exam, table.notes);
    detail::store(subscores(cells), exam, table);
    detail::store(classify(cells, intact[exam], choices), exam, table);
  }
  return table;
}

}  // namespace isncsci
}  // namespace cordgain
