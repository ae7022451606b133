// For tests alone: an exam written as text, given to the core, and the core's sets written as text.
#pragma once

#include <array>
#include <cordgain/isncsci/classification.hpp>
#include <cordgain/isncsci/exam.hpp>
#include <cordgain/isncsci/level_set.hpp>
#include <cstddef>
#include <set>
#include <string>

#include "isncsci_oracle.hpp"

namespace bridge {

namespace core = cordgain::isncsci;

inline core::ExamCodes codes(const oracle::Exam& exam) {
  core::ExamCodes result{};
  for (std::size_t c = 0; c < exam.size(); ++c) {
    switch (core::cell_kind(c)) {
      case core::CellKind::motor:
        result[c] = core::read_score(exam[c], 5);
        break;
      case core::CellKind::sensory:
        result[c] = core::read_score(exam[c], 2);
        break;
      case core::CellKind::finding:
        result[c] = core::read_finding(exam[c]);
        break;
      case core::CellKind::nonkey:
        result[c] = exam[c].empty() ? core::kMissing : core::read_nonkey(exam[c]);
        break;
    }
  }
  return result;
}

inline std::set<std::string> words(std::uint32_t set, std::size_t result) {
  const std::array<std::string, 2> complete{{"C", "I"}};
  const std::array<std::string, 6> grades{{"A", "B", "C", "D", "E", "NA"}};
  std::set<std::string> names;
  for (std::size_t bit = 0; bit < 32; ++bit) {
    if (!((set >> bit) & 1u)) continue;
    if (result == 5)
      names.insert(complete.at(bit));
    else if (result == 6)
      names.insert(grades.at(bit));
    else
      names.insert(std::string(core::kLevelName.at(bit)));
  }
  return names;
}

inline core::Choices choices(const oracle::Choices& c) {
  core::Choices result;
  if (c.intact_nli_int) result.intact_without_contraction = core::kIntact;
  if (c.reference_zone) result.nonkey_zone = core::NonkeyZone::reference;
  return result;
}

/// The exam of a person with a complete injury at a level: 5 and 2 down to it, 0 below, no sacral findings.
inline oracle::Exam complete_at(const std::string& level) {
  oracle::Exam exam;
  const int at = oracle::segment(level);
  for (std::size_t c = 0; c < 132; ++c) {
    const std::size_t i = c % 66;
    const bool motor = i < 10;
    const int here = motor ? oracle::key_segment(static_cast<int>(i)) : static_cast<int>((i - 10) % 28) + 1;
    exam[c] = here <= at ? (motor ? "5" : "2") : "0";
  }
  exam[132] = exam[133] = "No";
  return exam;
}

/// Position of a cell: side 0 or 1, kind 'm', 't' or 'p', segment name.
inline std::size_t cell(std::size_t side, char kind, const std::string& level) {
  if (kind == 'm') {
    for (std::size_t i = 0; i < 10; ++i) {
      if (oracle::kKeySegments[i] == level) return side * 66 + i;
    }
  }
  return side * 66 + (kind == 't' ? 10u : 38u) + static_cast<std::size_t>(oracle::segment(level)) - 1u;
}

}  // namespace bridge
