// Spinal levels as small integers and sets of levels as bits, so that "all levels this could be"
// is one machine word.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cordgain {
namespace isncsci {

/// Levels are numbered from C1 = 0 down to S3 = 27. S4-5 is never a level of injury, so the number
/// after S3 means "intact" (INT); the one after that means "does not apply" (NA, zones only).
constexpr int kC1 = 0;
constexpr int kC4 = 3;
constexpr int kC5 = 4;
constexpr int kT1 = 8;
constexpr int kT2 = 9;
constexpr int kT12 = 19;
constexpr int kL1 = 20;
constexpr int kS1 = 25;
constexpr int kS3 = 27;
constexpr int kIntact = 28;
constexpr int kNotApplicable = 29;

constexpr int kMuscles = 10;
constexpr int kArmMuscles = 5;
constexpr int kDermatomes = 28;  // C2 to S4-5; dermatome i lies at level i + 1

/// Levels of the ten key muscles, C5 to T1 and L2 to S1.
constexpr std::array<int, kMuscles> kMuscleLevel{{4, 5, 6, 7, 8, 21, 22, 23, 24, 25}};

/// Level names in order; the position is the level's number.
constexpr std::array<std::string_view, 30> kLevelName{
    {"C1", "C2", "C3",  "C4",  "C5",  "C6", "C7", "C8", "T1", "T2", "T3", "T4", "T5", "T6",  "T7",
     "T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1", "S2", "S3", "INT", "NA"}};

/// A set of levels: bit i stands for level i.
using LevelSet = std::uint32_t;

/// The set that holds one level.
[[nodiscard]] constexpr LevelSet only(int level) noexcept {
  return LevelSet{1} << level;
}

/// All levels from C1 down to `level`; empty for -1.
[[nodiscard]] constexpr LevelSet up_to(int level) noexcept {
  return (LevelSet{1} << (level + 1)) - 1u;
}

/// All levels `from` .. `to`.
[[nodiscard]] constexpr LevelSet between(int from, int to) noexcept {
  return up_to(to) & ~up_to(from - 1);
}

/// The most rostral level of a set that is not empty.
[[nodiscard]] inline int most_rostral(LevelSet set) noexcept {
  return __builtin_ctz(set);
}

/// The most caudal level of a set that is not empty.
[[nodiscard]] inline int most_caudal(LevelSet set) noexcept {
  return 31 - __builtin_clz(set);
}

/// All values of min(a, b) with a and b free in their sets (neither empty).
[[nodiscard]] inline LevelSet minima(LevelSet a, LevelSet b) noexcept {
  return (a & up_to(most_caudal(b))) | (b & up_to(most_caudal(a)));
}

/// Number of key muscles (of one side) at or above a level: 0 for C4, 5 for T1 to L1, 10 for S1;
/// 11 for "intact", so that intact is beyond every level with muscles.
[[nodiscard]] constexpr int muscles_to(int level) noexcept {
  if (level >= kIntact) return kMuscles + 1;
  int count = 0;
  for (const int at : kMuscleLevel) count += at <= level ? 1 : 0;
  return count;
}

/// The number of a level name ("C5", in capitals); -1 if there is none between C1 and S3.
[[nodiscard]] inline int level_number(std::string_view name) noexcept {
  for (int level = kC1; level <= kS3; ++level) {
    if (kLevelName[static_cast<std::size_t>(level)] == name) return level;
  }
  return -1;
}

}  // namespace isncsci
}  // namespace cordgain
