// For tests alone: the classification of one fully known exam, written straight from the worksheet
// with plain loops, and all worlds of an exam by enumeration. It shares no logic with the core: cells
// are written as text and level numbers are worked out here again.
#pragma once

#include <array>
#include <cstddef>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace oracle {

const std::vector<std::string> kSegments = {"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8",  "T1",  "T2",
                                            "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12",
                                            "L1", "L2", "L3", "L4", "L5", "S1", "S2", "S3",  "S4-5"};
const std::vector<std::string> kKeySegments = {"C5", "C6", "C7", "C8", "T1", "L2", "L3", "L4", "L5", "S1"};

inline int segment(const std::string& name) {
  for (std::size_t i = 0; i < kSegments.size(); ++i) {
    if (kSegments[i] == name) return static_cast<int>(i);
  }
  throw std::logic_error("no segment " + name);
}

constexpr int kInt = 99;  // INT lies beyond every segment

/// One known exam.
struct World {
  int motor[2][10];
  int touch[2][28];  // C2 .. S4-5
  int prick[2][28];
  bool vac, dap;
  int nonkey[2];  // segment or -1
};

struct Choices {
  bool intact_nli_int = false;  // NLI of an exam intact but for VAC: INT rather than S3
  bool reference_zone = false;
};

/// The eleven results of one world, as text.
using Results = std::array<std::string, 11>;

inline std::string level_name(int level) {
  return level == kInt ? "INT" : kSegments.at(static_cast<std::size_t>(level));
}

inline int key_segment(int muscle) {
  return segment(kKeySegments.at(static_cast<std::size_t>(muscle)));
}

inline int sensory_level(const World& w, int s) {
  for (int d = 0; d < 28; ++d) {
    if (w.touch[s][d] != 2 || w.prick[s][d] != 2) return d;  // dermatome d is segment d + 1
  }
  return kInt;
}

inline int motor_level(const World& w, int s) {
  const int sl = sensory_level(w, s);
  if (sl < segment("C4")) return sl;
  for (int m = 0; m < 5; ++m) {
    if (w.motor[s][m] != 5) return w.motor[s][m] >= 3 ? key_segment(m) : key_segment(m) - 1;
  }
  if (sl <= segment("T1")) return segment("T1");
  if (sl <= segment("T12")) return sl;
  for (int m = 5; m < 10; ++m) {
    if (w.motor[s][m] != 5) return w.motor[s][m] >= 3 ? key_segment(m) : key_segment(m) - 1;
  }
  if (sl <= segment("S1")) return segment("S1");
  if (sl != kInt) return sl;
  return w.vac ? kInt : segment("S3");
}

inline bool all_intact(const World& w) {
  for (int s = 0; s < 2; ++s) {
    if (sensory_level(w, s) != kInt) return false;
    for (int m = 0; m < 10; ++m) {
      if (w.motor[s][m] != 5) return false;
    }
  }
  return true;
}

inline int neurological_level(const World& w, const Choices& choices) {
  if (all_intact(w) && !w.vac && choices.intact_nli_int) return kInt;
  int lowest = kInt;
  for (int s = 0; s < 2; ++s) {
    lowest = std::min(lowest, std::min(sensory_level(w, s), motor_level(w, s)));
  }
  return lowest;
}

inline bool sacral(const World& w, int s) {
  return w.touch[s][27] > 0 || w.prick[s][27] > 0;
}

inline bool sparing(const World& w) {
  return w.dap || sacral(w, 0) || sacral(w, 1);
}

inline bool key_function_beyond(const World& w, int s) {
  for (int m = 0; m < 10; ++m) {
    if (w.motor[s][m] > 0 && key_segment(m) - motor_level(w, s) > 3) return true;
  }
  return false;
}

inline bool nonkey_beyond(const World& w, int s) {
  return w.nonkey[s] >= 0 && w.nonkey[s] - motor_level(w, s) > 3;
}

inline std::string grade(const World& w, bool prior_deficit) {
  if (!w.vac && !sparing(w)) return "A";
  if (all_intact(w) && w.vac) return prior_deficit ? "E" : "NA";
  bool motor_incomplete = w.vac;
  for (int s = 0; s < 2; ++s)
    motor_incomplete = motor_incomplete || key_function_beyond(w, s) || nonkey_beyond(w, s);
  if (!motor_incomplete) return "B";
  const int level = neurological_level(w, Choices{});
  int below = 0;
  int useful = 0;
  for (int s = 0; s < 2; ++s) {
    for (int m = 0; m < 10; ++m) {
      if (key_segment(m) <= level) continue;
      ++below;
      useful += w.motor[s][m] >= 3 ? 1 : 0;
    }
  }
  return 2 * useful >= below ? "D" : "C";
}

inline std::string sensory_zone(const World& w, int s) {
  if (w.dap || sacral(w, s)) return "NA";
  for (int d = 26; d >= 0; --d) {
    if (w.touch[s][d] > 0 || w.prick[s][d] > 0) return level_name(d + 1);
  }
  return "C1";
}

inline std::string motor_zone(const World& w, int s, const Choices& choices) {
  if (w.vac) return "NA";
  int zone = motor_level(w, s);
  for (int m = 0; m < 10; ++m) {
    if (w.motor[s][m] > 0) zone = std::max(zone, key_segment(m));
  }
  if (w.nonkey[s] < 0) return level_name(zone);
  const bool by_reference = grade(w, true) == "C" && w.nonkey[s] - zone > 3;
  const bool by_rule = sparing(w) && nonkey_beyond(w, s) && !key_function_beyond(w, s);
  if (choices.reference_zone ? by_reference : by_rule) zone = w.nonkey[s];
  return level_name(zone);
}

inline Results classify(const World& w, bool prior_deficit, const Choices& choices) {
  return {level_name(sensory_level(w, 0)),
          level_name(sensory_level(w, 1)),
          level_name(motor_level(w, 0)),
          level_name(motor_level(w, 1)),
          level_name(neurological_level(w, choices)),
          w.vac || sparing(w) ? "I" : "C",
          grade(w, prior_deficit),
          sensory_zone(w, 0),
          sensory_zone(w, 1),
          motor_zone(w, 0, choices),
          motor_zone(w, 1, choices)};
}

/// An exam as written down: 134 cells and two non-key levels ("" for none), in the order right motor,
/// right light touch, right pin prick, left likewise, vac, dap, right and left non-key level.
using Exam = std::array<std::string, 136>;

inline int top_score(std::size_t cell) {
  return cell % 66 < 10 ? 5 : 2;
}

/// The scores a cell may have, by the definition of NT and of tags.
inline std::vector<int> scores_of(const std::string& cell, int top, bool assumed) {
  const std::size_t star = cell.find('*');
  const std::string found = cell.substr(0, star);
  const bool tagged = assumed && star != std::string::npos;
  if (tagged && cell.substr(star) == "**") return {top};
  int from = 0;
  int to = top;
  if (found != "NT") from = to = std::stoi(found);
  if (tagged) to = top - 1;
  if (tagged && cell.find('[') != std::string::npos) {
    from = cell[cell.find('[') + 1] - '0';
    to = cell[cell.find('-') + 1] - '0';
  }
  std::vector<int> scores;
  for (int v = from; v <= to; ++v) scores.push_back(v);
  return scores;
}

inline std::vector<int> answers_of(const std::string& cell) {
  if (cell == "NT") return {0, 1};
  return {cell == "Yes" ? 1 : 0};
}

inline World build(const std::vector<int>& value, const Exam& exam) {
  World w{};
  for (std::size_t c = 0; c < 132; ++c) {
    const std::size_t s = c / 66;
    const std::size_t i = c % 66;
    if (i < 10) w.motor[s][i] = value[c];
    if (i >= 10 && i < 38) w.touch[s][i - 10] = value[c];
    if (i >= 38) w.prick[s][i - 38] = value[c];
  }
  w.vac = value[132] == 1;
  w.dap = value[133] == 1;
  for (std::size_t s = 0; s < 2; ++s) w.nonkey[s] = exam[134 + s].empty() ? -1 : segment(exam[134 + s]);
  return w;
}

/// All values of each result over all worlds, by going through every world.
inline std::array<std::set<std::string>, 11> enumerate(const Exam& exam, bool assumed, bool prior_deficit,
                                                       const Choices& choices) {
  std::vector<std::vector<int>> may(134);
  for (std::size_t c = 0; c < 132; ++c) may[c] = scores_of(exam[c], top_score(c), assumed);
  may[132] = answers_of(exam[132]);
  may[133] = answers_of(exam[133]);
  std::vector<std::size_t> open;
  std::vector<int> value(134);
  for (std::size_t c = 0; c < 134; ++c) {
    value[c] = may[c].front();
    if (may[c].size() > 1) open.push_back(c);
  }
  std::array<std::set<std::string>, 11> found;
  std::vector<std::size_t> at(open.size(), 0);
  for (;;) {
    const Results results = classify(build(value, exam), prior_deficit, choices);
    for (std::size_t r = 0; r < 11; ++r) found[r].insert(results[r]);
    std::size_t i = 0;
    while (i < open.size() && ++at[i] == may[open[i]].size()) {
      at[i] = 0;
      value[open[i]] = may[open[i]][0];
      ++i;
    }
    if (i == open.size()) return found;
    value[open[i]] = may[open[i]][at[i]];
  }
}

/// A random exam with an injury somewhere: intact above, mixed around, mostly absent below; `open` of its
/// cells are untestable or tagged.
inline Exam random_exam(std::mt19937& rng, int open) {
  const auto draw = [&](int below) { return static_cast<int>(rng() % static_cast<unsigned>(below)); };
  const int spared = draw(3);
  Exam exam;
  for (std::size_t s = 0; s < 2; ++s) {
    const int level = draw(4) == 0 ? 28 : draw(29);
    const int width = draw(8);
    for (std::size_t i = 0; i < 66; ++i) {
      const int at = i < 10 ? key_segment(static_cast<int>(i)) : static_cast<int>((i - 10) % 28) + 1;
      const int top = i < 10 ? 5 : 2;
      int score = top;
      if (at > level) score = at <= level + width || draw(4) < spared ? draw(top + 1) : 0;
      exam[s * 66 + i] = std::to_string(score);
    }
    exam[134 + s] = draw(5) == 0 ? kSegments[static_cast<std::size_t>(4 + draw(22))] : "";
  }
  exam[132] = draw(3) == 0 ? "Yes" : "No";
  exam[133] = draw(2) == 0 ? "Yes" : "No";
  const std::vector<std::string> motor_tags = {"NT", "NT", "NT",  "NT*",     "NT**",
                                               "2*", "0*", "4**", "3*[0-2]", "NT*[1-5]"};
  const std::vector<std::string> sensory_tags = {"NT", "NT", "NT",  "NT*",    "NT**",
                                                 "0*", "1*", "0**", "1*[0-2]"};
  for (int k = 0; k < open; ++k) {
    // Sacral cells and cells near the ends matter most, so half of the draws go to a few places.
    const std::vector<std::size_t> telling = {132, 133, 37, 65, 103, 131, 0, 4, 5, 9, 66, 70, 71, 75, 12, 40};
    const std::size_t cell =
        draw(2) ? telling[static_cast<std::size_t>(draw(16))] : static_cast<std::size_t>(draw(134));
    if (cell >= 132)
      exam[cell] = "NT";
    else if (cell % 66 < 10)
      exam[cell] = motor_tags[static_cast<std::size_t>(draw(10))];
    else
      exam[cell] = sensory_tags[static_cast<std::size_t>(draw(9))];
  }
  return exam;
}

}  // namespace oracle
