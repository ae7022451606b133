// The cells of one exam, and one reading of it: for each cell the set of scores it may have.
#pragma once

#include <array>
#include <cordgain/isncsci/cell_code.hpp>
#include <cordgain/isncsci/level_set.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cordgain {
namespace isncsci {

/// Order of an exam's 136 codes: right side (10 motor, 28 light touch, 28 pin prick), left side
/// likewise, voluntary anal contraction, deep anal pressure, lowest non-key muscle right, left.
constexpr std::size_t kSideCells = 66;
constexpr std::size_t kLightTouch = 10;
constexpr std::size_t kPinPrick = 38;
constexpr std::size_t kVac = 132;
constexpr std::size_t kDap = 133;
constexpr std::size_t kNonkey = 134;
constexpr std::size_t kExamCells = 136;
using ExamCodes = std::array<CellCode, kExamCells>;

/// What a cell holds.
enum class CellKind : std::uint8_t { motor, sensory, finding, nonkey };

/// The kind of the cell at a position 0 .. 135.
[[nodiscard]] constexpr CellKind cell_kind(std::size_t cell) noexcept {
  if (cell >= kNonkey) return CellKind::nonkey;
  if (cell >= kVac) return CellKind::finding;
  return cell % kSideCells < kLightTouch ? CellKind::motor : CellKind::sensory;
}

/// Strength classes, all that the classification asks of a muscle: bits 0 {0}, 1 {1,2}, 2 {3,4}, 3 {5}.
using StrengthSet = std::uint8_t;
constexpr StrengthSet kNoStrength = 1;
constexpr StrengthSet kBelowThree = 3;
constexpr StrengthSet kThreeOrFour = 4;
constexpr StrengthSet kNormal = 8;
constexpr StrengthSet kSomeStrength = 14;
constexpr StrengthSet kAtLeastThree = 12;

/// Answers a yes/no finding may have.
using Answers = std::uint8_t;
constexpr Answers kNo = 1;
constexpr Answers kYes = 2;

/// One side: what each cell may be. Bit i of the sensory words is dermatome i (C2 = 0, S4-5 = 27).
struct SideReading {
  std::array<StrengthSet, kMuscles> muscle{};
  std::uint32_t normal = 0;      ///< light touch and pin prick can both be 2
  std::uint32_t abnormal = 0;    ///< one of them can be below 2
  std::uint32_t present = 0;     ///< one of them can be above 0
  std::uint32_t absent = 0;      ///< both can be 0
  bool sacral_impaired = false;  ///< S4-5 can be present without being normal
  int nonkey = -1;               ///< level of the lowest non-key muscle with function, -1 if none
};

/// One reading of an exam: right and left side, and the two anal findings.
struct Reading {
  std::array<SideReading, 2> side{};
  Answers contraction = kNo;
  Answers pressure = kNo;
};

/// Which scores a reading takes for tagged cells.
enum class Scores : std::uint8_t { assumed, found };

namespace detail {

constexpr std::array<StrengthSet, 64> strength_table() {
  std::array<StrengthSet, 64> table{};
  for (unsigned set = 0; set < 64; ++set) {
    unsigned strength = set & 1u;
    if (set & 6u) strength |= 2u;
    if (set & 24u) strength |= 4u;
    if (set & 32u) strength |= 8u;
    table[set] = static_cast<StrengthSet>(strength);
  }
  return table;
}

inline constexpr std::array<StrengthSet, 64> kStrength = strength_table();

inline ScoreSet score_set(const CellMeaning& meaning, CellCode code, int top, Scores which) noexcept {
  return which == Scores::assumed ? meaning.assumed[code] : untagged_scores(meaning.found[code], top);
}

/// Adds dermatome i. Written without branches: this is the innermost loop of the package.
inline void add_dermatome(SideReading& side, int i, unsigned touch, unsigned prick) noexcept {
  const unsigned both = touch & prick, either = touch | prick;
  side.normal |= ((both >> 2) & 1u) << i;
  side.abnormal |= ((either | (either >> 1)) & 1u) << i;
  side.present |= (((either >> 1) | (either >> 2)) & 1u) << i;
  side.absent |= (both & 1u) << i;
}

/// A pair other than (0, 0) and (2, 2) exists.
inline bool can_be_impaired(unsigned touch, unsigned prick) noexcept {
  return ((touch | prick) & 2u) || ((touch & 1u) && (prick & 4u)) || ((touch & 4u) && (prick & 1u));
}

inline Answers answers(CellCode code) noexcept {
  if (code == 0) return kNo;
  return code == 1 ? kYes : static_cast<Answers>(kNo | kYes);
}

inline SideReading read_side(const CellCode* cell, CellCode nonkey, Scores which) noexcept {
  SideReading side;
  for (std::size_t i = 0; i < kMuscles; ++i) {
    side.muscle[i] = kStrength[score_set(kMotorMeaning, cell[i], kMotorTop, which)];
  }
  unsigned touch = 0;
  unsigned prick = 0;
  for (int i = 0; i < kDermatomes; ++i) {
    const auto at = static_cast<std::size_t>(i);
    touch = score_set(kSensoryMeaning, cell[kLightTouch + at], kSensoryTop, which);
    prick = score_set(kSensoryMeaning, cell[kPinPrick + at], kSensoryTop, which);
    add_dermatome(side, i, touch, prick);
  }
  side.sacral_impaired = can_be_impaired(touch, prick);
  side.nonkey = nonkey <= kS3 ? int{nonkey} : -1;
  return side;
}

}  // namespace detail

/// Reads an exam: a cell that is not testable (or holds no valid entry) may have every score.
/// @param codes  first of kExamCells codes
/// @param which  scores assumed for tagged cells, or those found
[[nodiscard]] inline Reading read_exam(const CellCode* codes, Scores which) noexcept {
  Reading reading;
  reading.side[0] = detail::read_side(codes, codes[kNonkey], which);
  reading.side[1] = detail::read_side(codes + kSideCells, codes[kNonkey + 1], which);
  reading.contraction = detail::answers(codes[kVac]);
  reading.pressure = detail::answers(codes[kDap]);
  return reading;
}

/// Whether every score and finding is a plain value or NT: no tag, nothing missing, nothing invalid.
/// Eight bytes at a time: a byte above 6 (the code of NT) shows in its highest bit once 121 is added.
[[nodiscard]] inline bool is_plain(const CellCode* codes) noexcept {
  constexpr std::uint64_t kHigh = 0x8080808080808080u;
  constexpr std::uint64_t kAdd = 0x7979797979797979u;
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  std::uint64_t above = 0;
  for (std::size_t i = 0; i < kNonkey; i += kWord) {
    const std::size_t at = i + kWord <= kNonkey ? i : kNonkey - kWord;
    std::uint64_t word = 0;
    std::memcpy(&word, codes + at, kWord);
    above |= word | ((word & ~kHigh) + kAdd);
  }
  return (above & kHigh) == 0;
}

/// Whether any cell of an exam is tagged.
[[nodiscard]] inline bool has_tags(const CellCode* codes) noexcept {
  if (is_plain(codes)) return false;
  unsigned tagged = 0;
  for (std::size_t i = 0; i < kVac; ++i) tagged |= is_tagged(codes[i]) ? 1u : 0u;
  return tagged != 0;
}

}  // namespace isncsci
}  // namespace cordgain
