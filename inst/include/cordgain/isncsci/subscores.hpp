// The fifteen sums of an exam. Sums are of the scores found: neither tags nor assumptions change them.
#pragma once

#include <array>
#include <cordgain/isncsci/cell_code.hpp>
#include <cordgain/isncsci/exam.hpp>
#include <cstddef>

namespace cordgain {
namespace isncsci {

/// A sum over cells of which some could not be tested.
struct Sum {
  int min = 0;         ///< with 0 for each untested cell
  int max = 0;         ///< with the top score for each untested cell
  int not_tested = 0;  ///< number of untested cells
};

[[nodiscard]] inline Sum operator+(const Sum& a, const Sum& b) noexcept {
  return {a.min + b.min, a.max + b.max, a.not_tested + b.not_tested};
}

constexpr std::size_t kSums = 15;

/// Order: uems_r uems_l uems lems_r lems_l lems motor_r motor_l motor_total lt_r lt_l lt pp_r pp_l pp.
using Subscores = std::array<Sum, kSums>;

namespace detail {

inline Sum add_up(const CellCode* cell, std::size_t count, const CellMeaning& meaning, int top) noexcept {
  Sum sum;
  for (std::size_t i = 0; i < count; ++i) {
    sum.min += meaning.points[cell[i]];
    sum.not_tested += meaning.found[cell[i]] == kNotTestable ? 1 : 0;
  }
  sum.max = sum.min + top * sum.not_tested;
  return sum;
}

}  // namespace detail

/// Sums of one exam.
///   min = sum of scores found, max = min + top x number of cells not tested
/// @param codes  first of kExamCells codes
/// Source: worksheet of the 2019 revision; the total motor score (0 to 100) is UEMS + LEMS.
[[nodiscard]] inline Subscores subscores(const CellCode* codes) noexcept {
  const CellCode* right = codes;
  const CellCode* left = codes + kSideCells;
  const auto arm = [](const CellCode* s) { return detail::add_up(s, kArmMuscles, kMotorMeaning, kMotorTop); };
  const auto leg = [&](const CellCode* s) { return arm(s + kArmMuscles); };
  const auto skin = [](const CellCode* s) {
    return detail::add_up(s, kDermatomes, kSensoryMeaning, kSensoryTop);
  };
  const Sum ar = arm(right), al = arm(left), gr = leg(right), gl = leg(left);
  const Sum tr = skin(right + kLightTouch), tl = skin(left + kLightTouch);
  const Sum pr = skin(right + kPinPrick), pl = skin(left + kPinPrick);
  return {ar, al, ar + al, gr, gl, gr + gl, ar + gr, al + gl, ar + al + (gr + gl),
          tr, tl, tr + tl, pr, pl, pr + pl};
}

}  // namespace isncsci
}  // namespace cordgain
