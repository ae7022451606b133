// The eleven results of the classification, each as the set of values over all worlds of an exam,
// and the star: whether the scores assumed for tagged cells changed it.
#pragma once

#include <array>
#include <cordgain/isncsci/exam.hpp>
#include <cordgain/isncsci/grade.hpp>
#include <cordgain/isncsci/level_set.hpp>
#include <cordgain/isncsci/side_worlds.hpp>
#include <cordgain/isncsci/zone.hpp>
#include <cstddef>
#include <cstdint>

namespace cordgain {
namespace isncsci {

constexpr std::size_t kResults = 11;

/// Order: sensory_r sensory_l motor_level_r motor_level_l nli complete ais zpp_sensory_r zpp_sensory_l
/// zpp_motor_r zpp_motor_l. Levels and zones are LevelSets, complete and ais GradeSets.
using ResultSets = std::array<std::uint32_t, kResults>;

/// Choices for what the worksheet leaves open.
struct Choices {
  int intact_without_contraction = kS3;  ///< NLI of an exam intact but for contraction: kS3 or kIntact
  NonkeyZone nonkey_zone = NonkeyZone::only_finding;
};

/// A classification: sets, and bit i of `stars` for result i.
struct Classification {
  ResultSets sets{};
  std::uint32_t stars = 0;
};

namespace detail {

inline LevelSet reported_motor_levels(LevelSet levels, Answers contraction) noexcept {
  LevelSet result = 0;
  if (contraction & kYes) result |= levels;
  if (contraction & kNo) result |= report_intact(levels, false, kS3);
  return result;
}

}  // namespace detail

/// Classifies one reading of an exam.
///   result set = { result of world w : w takes one score from each cell's set }
/// @param exam          the reading
/// @param intact_grade  kGradeE, kNoGrade or both: what an intact exam is called
/// @param choices       what to do where the worksheet is open
[[nodiscard]] inline ResultSets classify(const Reading& exam, GradeSet intact_grade, const Choices& choices) {
  const SideWorlds right = side_worlds(exam.side[0]);
  const SideWorlds left = side_worlds(exam.side[1]);
  return {
      sensory_levels(exam.side[0]),
      sensory_levels(exam.side[1]),
      detail::reported_motor_levels(right.motor, exam.contraction),
      detail::reported_motor_levels(left.motor, exam.contraction),
      neurological_levels(right.lowest, left.lowest, exam.contraction, choices.intact_without_contraction),
      completeness(exam),
      ais_grades(right, left, exam, intact_grade),
      sensory_zones(exam.side[0], exam.pressure),
      sensory_zones(exam.side[1], exam.pressure),
      motor_zones(exam, 0, choices.nonkey_zone),
      motor_zones(exam, 1, choices.nonkey_zone)};
}

/// Classifies an exam with the scores assumed for tagged cells, and again with the scores found:
/// a result whose set differs carries a star.
/// @param codes  first of kExamCells codes
[[nodiscard]] inline Classification classify(const CellCode* codes, GradeSet intact_grade,
                                             const Choices& choices) {
  Classification result;
  result.sets = classify(read_exam(codes, Scores::assumed), intact_grade, choices);
  if (!has_tags(codes)) return result;
  const ResultSets found = classify(read_exam(codes, Scores::found), intact_grade, choices);
  for (std::size_t i = 0; i < kResults; ++i) {
    if (found[i] != result.sets[i]) result.stars |= 1u << i;
  }
  return result;
}

}  // namespace isncsci
}  // namespace cordgain
