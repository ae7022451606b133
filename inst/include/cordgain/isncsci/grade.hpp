// Neurological level, completeness and AIS grade over all worlds of an exam.
#pragma once

#include <array>
#include <cordgain/isncsci/exam.hpp>
#include <cordgain/isncsci/level_set.hpp>
#include <cordgain/isncsci/side_worlds.hpp>
#include <cstddef>
#include <cstdint>

namespace cordgain {
namespace isncsci {

/// Sets of grades and of completeness, as bits.
using GradeSet = std::uint32_t;
constexpr GradeSet kGradeA = 1;
constexpr GradeSet kGradeB = 2;
constexpr GradeSet kGradeC = 4;
constexpr GradeSet kGradeD = 8;
constexpr GradeSet kGradeE = 16;
constexpr GradeSet kNoGrade = 32;  ///< all intact in a person who never had a deficit
constexpr GradeSet kComplete = 1;
constexpr GradeSet kIncomplete = 2;

/// A cut is the number of key muscles at or above a level (muscles_to()); 11 is an intact side.
constexpr std::size_t kCuts = 12;

/// The worlds of one side that share two facts: motor function beyond the motor level, and S4-5.
struct WorldClass {
  bool possible = false;
  std::array<CountSet, kCuts> at{};    ///< counts below cut k where the side's own cut is k
  std::array<CountSet, kCuts> past{};  ///< counts below cut k where the side's own cut is larger
};

/// One side: motor levels, levels that enter the neurological level, and the counts for C or D.
struct SideWorlds {
  LevelSet motor = 0;                             ///< motor levels, kIntact for an intact side
  LevelSet lowest = 0;                            ///< min(sensory level, motor level), kIntact likewise
  std::array<std::array<WorldClass, 2>, 2> by{};  ///< [function beyond the level][S4-5 present]
};

namespace detail {

/// Counts of muscles of grade 3 or more below each cut, apart for worlds without and with function
/// beyond the motor level.
struct Counts {
  std::array<std::array<CountSet, kCuts>, 2> below{};
};

inline void count_muscle(StrengthSet strength, bool beyond, CountSet& without, CountSet& with) noexcept {
  const CountSet old_without = without;
  const CountSet old_with = with;
  const auto add = [&](bool possible, bool counts, bool makes) {
    if (!possible) return;
    with |= old_with << counts;
    (makes ? with : without) |= old_without << counts;
  };
  without = with = 0;
  add(strength & kNoStrength, false, false);
  add(strength & 2u, false, beyond);
  add(strength & kAtLeastThree, true, beyond);
}

inline Counts count_below(const Scenario& world, int nonkey) noexcept {
  const int beyond = beyond_level(world.motor_level);
  CountSet without = nonkey >= beyond ? 0 : 1;
  CountSet with = nonkey >= beyond ? 1 : 0;
  Counts counts;
  counts.below[0][kMuscles] = counts.below[0][kMuscles + 1] = without;
  counts.below[1][kMuscles] = counts.below[1][kMuscles + 1] = with;
  for (std::size_t i = kMuscles; i-- > 0;) {
    count_muscle(world.muscle[i], kMuscleLevel[i] >= beyond, without, with);
    counts.below[0][i] = without;
    counts.below[1][i] = with;
  }
  return counts;
}

/// The cuts of a set of levels, as bits.
inline std::uint32_t cuts_of(LevelSet levels) noexcept {
  static constexpr auto kCut = [] {
    std::array<int, kIntact + 1> cut{};
    for (int level = 0; level <= kIntact; ++level) cut[static_cast<std::size_t>(level)] = muscles_to(level);
    return cut;
  }();
  std::uint32_t cuts = 0;
  for (; levels != 0; levels &= levels - 1)
    cuts |= 1u << kCut[static_cast<std::size_t>(most_rostral(levels))];
  return cuts;
}

inline void add_class(WorldClass& worlds, std::uint32_t cuts,
                      const std::array<CountSet, kCuts>& below) noexcept {
  worlds.possible = true;
  const int deepest = most_caudal(cuts);
  for (int k = 0; k <= deepest; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if ((cuts >> k) & 1u) worlds.at[at] |= below[at];
    if (k < deepest) worlds.past[at] |= below[at];
  }
}

}  // namespace detail

/// Adds one scenario to what is known of a side.
inline void add_scenario(SideWorlds& worlds, const Scenario& world, int nonkey) noexcept {
  const LevelSet lowest = minima(world.sensory, only(world.motor_level));
  const std::uint32_t cuts = detail::cuts_of(lowest);
  const detail::Counts counts = detail::count_below(world, nonkey);
  worlds.motor |= only(world.motor_level);
  worlds.lowest |= lowest;
  for (std::size_t beyond = 0; beyond < 2; ++beyond) {
    if (counts.below[beyond][0] == 0) continue;
    detail::add_class(worlds.by[beyond][world.sacral ? 1 : 0], cuts, counts.below[beyond]);
  }
}

/// All worlds of one side.
[[nodiscard]] inline SideWorlds side_worlds(const SideReading& side) {
  SideWorlds worlds;
  each_scenario(side, [&](const Scenario& world) { add_scenario(worlds, world, side.nonkey); });
  return worlds;
}

namespace detail {

/// All sums of one count from each set.
inline CountSet sums(CountSet a, CountSet b) noexcept {
  CountSet result = 0;
  for (; a != 0; a &= a - 1) result |= b << most_rostral(a);
  return result;
}

/// C or D by the muscles below the neurological level, over the worlds of one class from each side.
///   D if at least half of the 2 (10 - k) key muscles below cut k have grade 3 or more
/// Both sides intact (cut 11) is left to the caller.
inline GradeSet motor_grades(const WorldClass& right, const WorldClass& left) noexcept {
  GradeSet grades = 0;
  for (std::size_t k = 0; k <= kMuscles; ++k) {
    const CountSet counts = sums(right.at[k], left.at[k] | left.past[k]) | sums(right.past[k], left.at[k]);
    const int half = kMuscles - static_cast<int>(k);
    if (counts & ((CountSet{1} << half) - 1u)) grades |= kGradeC;
    if (counts >> half) grades |= kGradeD;
  }
  return grades;
}

template <class Visit>
void each_pair(const SideWorlds& right, const SideWorlds& left, Visit&& visit) {
  for (int pair = 0; pair < 16; ++pair) {
    const std::size_t beyond_r = pair & 1, sacral_r = (pair >> 1) & 1, beyond_l = (pair >> 2) & 1,
                      sacral_l = pair >> 3;
    const WorldClass& r = right.by[beyond_r][sacral_r];
    const WorldClass& l = left.by[beyond_l][sacral_l];
    if (r.possible && l.possible) visit(r, l, (beyond_r | beyond_l) != 0, (sacral_r | sacral_l) != 0);
  }
}

}  // namespace detail

/// Grades in the worlds with voluntary anal contraction: C, D, or E where both sides are intact.
/// @param intact_grade  what an intact exam is called: E, no grade, or both where the history is unknown
[[nodiscard]] inline GradeSet grades_with_contraction(const SideWorlds& right, const SideWorlds& left,
                                                      GradeSet intact_grade) noexcept {
  GradeSet grades = 0;
  detail::each_pair(right, left, [&](const WorldClass& r, const WorldClass& l, bool, bool) {
    grades |= detail::motor_grades(r, l);
    if (r.at[kCuts - 1] && l.at[kCuts - 1]) grades |= intact_grade;
  });
  return grades;
}

/// Grades in the worlds without voluntary anal contraction.
///   A without sacral sparing; else B, or C or D with motor function more than three levels below
///   the motor level of a side
/// @param pressure  answers deep anal pressure may have
[[nodiscard]] inline GradeSet grades_without_contraction(const SideWorlds& right, const SideWorlds& left,
                                                         Answers pressure) noexcept {
  GradeSet grades = 0;
  detail::each_pair(right, left, [&](const WorldClass& r, const WorldClass& l, bool beyond, bool sacral) {
    if (!sacral && (pressure & kNo)) grades |= kGradeA;
    if (!sacral && !(pressure & kYes)) return;
    grades |= beyond ? detail::motor_grades(r, l) : kGradeB;
  });
  return grades;
}

/// AIS grades over all worlds.
/// Source: worksheet, "Steps in classification", 5; Kirshblum & others (2021), on complete injuries.
[[nodiscard]] inline GradeSet ais_grades(const SideWorlds& right, const SideWorlds& left, const Reading& exam,
                                         GradeSet intact_grade) noexcept {
  GradeSet grades = 0;
  if (exam.contraction & kYes) grades |= grades_with_contraction(right, left, intact_grade);
  if (exam.contraction & kNo) grades |= grades_without_contraction(right, left, exam.pressure);
  return grades;
}

/// Complete, incomplete or both: complete without voluntary anal contraction, deep anal pressure and
/// any sensation at S4-5.
/// Source: worksheet, "Steps in classification", 4.
[[nodiscard]] inline GradeSet completeness(const Reading& exam) noexcept {
  const std::uint32_t s45 = std::uint32_t{1} << (kDermatomes - 1);
  const bool can_be_absent = exam.side[0].absent & exam.side[1].absent & s45;
  const bool can_be_present = (exam.side[0].present | exam.side[1].present) & s45;
  GradeSet result = 0;
  if ((exam.contraction & kNo) && (exam.pressure & kNo) && can_be_absent) result |= kComplete;
  if ((exam.contraction & kYes) || (exam.pressure & kYes) || can_be_present) result |= kIncomplete;
  return result;
}

/// A side's levels with "intact" reported as INT or S3, over the answers for anal contraction.
/// @param levels       levels of the side, kIntact for an intact one
/// @param contraction  answers it may have
/// @param intact       level of an intact side without contraction (kS3, or kIntact by choice)
[[nodiscard]] inline LevelSet report_intact(LevelSet levels, bool contraction, int intact) noexcept {
  if (contraction || !(levels & only(kIntact))) return levels;
  return (levels & ~only(kIntact)) | only(intact);
}

/// Neurological levels of injury: the most rostral of the four levels.
/// @param intact  level of an exam that is all intact but for anal contraction
/// Source: worksheet, "Steps in classification", 3.
[[nodiscard]] inline LevelSet neurological_levels(LevelSet right, LevelSet left, Answers contraction,
                                                  int intact) noexcept {
  LevelSet levels = 0;
  if (contraction & kYes) levels |= minima(right, left);
  if (contraction & kNo)
    levels |= minima(report_intact(right, false, intact), report_intact(left, false, intact));
  return levels;
}

}  // namespace isncsci
}  // namespace cordgain
