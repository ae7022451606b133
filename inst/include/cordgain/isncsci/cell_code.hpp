// One examined cell as one byte: what was found, and what is assumed for the classification.
#pragma once

#include <algorithm>
#include <array>
#include <cordgain/isncsci/level_set.hpp>
#include <cstdint>
#include <string_view>

namespace cordgain {
namespace isncsci {

/// A set of scores: bit v stands for score v (motor 0 to 5, sensory 0 to 2).
using ScoreSet = std::uint8_t;

/// Cell codes. With v = 0 to 5 the score found and v = 6 "not testable":
///   v               untagged
///   7 + v           tagged, considered not normal; 12 is the 5* of before 2019, read as NT**
///   14 + v          tagged, considered normal
///   32 + 21 v + r   tagged, considered in range r of the 21 ranges 0-0, 0-1 .. 5-5
///   254, 255        no entry, no valid entry
using CellCode = std::uint8_t;
constexpr CellCode kNotTestable = 6;
constexpr CellCode kTaggedNotNormal = 7;
constexpr CellCode kLegacyFive = 12;
constexpr CellCode kTaggedNormal = 14;
constexpr CellCode kTaggedRange = 32;
constexpr CellCode kMissing = 254;
constexpr CellCode kInvalid = 255;
constexpr int kRanges = 21;

constexpr int kMotorTop = 5;
constexpr int kSensoryTop = 2;

/// Number of the range lo-hi among 0-0, 0-1 .. 0-5, 1-1 .. 5-5.
[[nodiscard]] constexpr int range_number(int lo, int hi) noexcept {
  return lo * 6 - lo * (lo - 1) / 2 + hi - lo;
}

/// The scores lo .. hi.
[[nodiscard]] constexpr ScoreSet scores(int lo, int hi) noexcept {
  return static_cast<ScoreSet>(((1u << (hi + 1)) - 1u) & ~((1u << lo) - 1u));
}

/// What each code means on a scale 0 to top.
struct CellMeaning {
  std::array<ScoreSet, 256> assumed{};     ///< scores to classify with
  std::array<std::uint8_t, 256> found{};   ///< score found, 6 if none
  std::array<std::uint8_t, 256> points{};  ///< score found, 0 if none
};

namespace detail {

constexpr ScoreSet untagged_scores(int found, int top) {
  return found >= kNotTestable ? scores(0, top) : scores(found, found);
}

/// Not normal: every score below normal from the one found up (a score found is a lower bound).
constexpr ScoreSet not_normal_scores(int found, int top) {
  return found < top ? scores(found, top - 1) : scores(0, top - 1);
}

/// Whether a score found may stand untagged (0 .. top, NT), or tagged (below top, or NT).
constexpr bool can_be_found(int found, int top) {
  return found <= top || found == kNotTestable;
}
constexpr bool can_be_tagged(int found, int top) {
  return found < top || found == kNotTestable;
}

constexpr void set_meaning(CellMeaning& meaning, int code, int found, ScoreSet assumed) {
  const auto score = static_cast<std::uint8_t>(found);
  meaning.found[static_cast<std::size_t>(code)] = score;
  meaning.points[static_cast<std::size_t>(code)] = score < kNotTestable ? score : std::uint8_t{0};
  meaning.assumed[static_cast<std::size_t>(code)] = assumed;
}

constexpr void add_tagged(CellMeaning& meaning, int found, int top) {
  set_meaning(meaning, kTaggedNotNormal + found, found, not_normal_scores(found, top));
  set_meaning(meaning, kTaggedNormal + found, found, scores(top, top));
  for (int lo = 0; lo <= top; ++lo) {
    for (int hi = lo; hi <= top; ++hi) {
      set_meaning(meaning, kTaggedRange + kRanges * found + range_number(lo, hi), found, scores(lo, hi));
    }
  }
}

/// Codes that cannot be on the scale mean "any score", so that no input can empty a set of scores.
constexpr CellMeaning make_meaning(int top) {
  CellMeaning meaning{};
  for (int code = 0; code < 256; ++code) set_meaning(meaning, code, kNotTestable, scores(0, top));
  for (int found = 0; found <= kNotTestable; ++found) {
    if (can_be_found(found, top)) set_meaning(meaning, found, found, untagged_scores(found, top));
    if (can_be_tagged(found, top)) add_tagged(meaning, found, top);
  }
  if (top == kMotorTop) set_meaning(meaning, kLegacyFive, kNotTestable, scores(top, top));
  return meaning;
}

}  // namespace detail

inline constexpr CellMeaning kMotorMeaning = detail::make_meaning(kMotorTop);
inline constexpr CellMeaning kSensoryMeaning = detail::make_meaning(kSensoryTop);

/// Whether the score to classify with may differ from the score found.
[[nodiscard]] constexpr bool is_tagged(CellCode code) noexcept {
  return code >= kTaggedNotNormal && code < kMissing;
}

namespace detail {

/// Takes "NT" (either case) or one digit off the front; returns -1 if neither stands there.
inline int take_score(std::string_view& text) noexcept {
  if (text.size() >= 2 && (text[0] | 32) == 'n' && (text[1] | 32) == 't') {
    text.remove_prefix(2);
    return kNotTestable;
  }
  if (text.empty() || text[0] < '0' || text[0] > '5') return -1;
  const int score = text[0] - '0';
  text.remove_prefix(1);
  return score;
}

/// "*[lo-hi]" as a code; found must already be valid.
inline CellCode range_code(std::string_view text, int found, int top) noexcept {
  if (text.size() != 6 || text[1] != '[' || text[3] != '-' || text[5] != ']') return kInvalid;
  const int lo = text[2] - '0';
  const int hi = text[4] - '0';
  if (lo < 0 || hi < lo || hi > top) return kInvalid;
  return static_cast<CellCode>(kTaggedRange + kRanges * found + range_number(lo, hi));
}

inline bool same_word(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 32) != lower[i]) return false;
  }
  return true;
}

}  // namespace detail

/// Reads a score: digit, digit*, digit**, NT, NT*, NT**, or with the scores to assume: 3*[0-2].
/// @param text  the cell
/// @param top   5 (motor) or 2 (sensory)
/// @return      its code; kInvalid if it is outside the scale or carries a star that cannot be
///              (a normal score has nothing to be assumed; only motor 5* is read, as it was once legal)
[[nodiscard]] inline CellCode read_score(std::string_view text, int top) noexcept {
  const int found = detail::take_score(text);
  if (found < 0 || (found != kNotTestable && found > top)) return kInvalid;
  if (text.empty()) return static_cast<CellCode>(found);
  if (text[0] != '*') return kInvalid;
  if (found == top) return top == kMotorTop && text == "*" ? kLegacyFive : kInvalid;
  if (text == "*") return static_cast<CellCode>(kTaggedNotNormal + found);
  if (text == "**") return static_cast<CellCode>(kTaggedNormal + found);
  return detail::range_code(text, found, top);
}

/// Reads a sacral finding: "No" 0, "Yes" 1, "NT" 6, in either case.
[[nodiscard]] inline CellCode read_finding(std::string_view text) noexcept {
  if (detail::same_word(text, "no")) return 0;
  if (detail::same_word(text, "yes")) return 1;
  return detail::same_word(text, "nt") ? kNotTestable : kInvalid;
}

/// Reads the level of the lowest non-key muscle with function, C5 to S1, in either case.
[[nodiscard]] inline CellCode read_nonkey(std::string_view text) noexcept {
  std::array<char, 3> upper{};
  if (text.empty() || text.size() > upper.size()) return kInvalid;
  std::copy(text.begin(), text.end(), upper.begin());
  if (upper[0] >= 'a' && upper[0] <= 'z') upper[0] = static_cast<char>(upper[0] - 'a' + 'A');
  const int level = level_number(std::string_view(upper.data(), text.size()));
  return level < kC5 || level > kS1 ? kInvalid : static_cast<CellCode>(level);
}

}  // namespace isncsci
}  // namespace cordgain
