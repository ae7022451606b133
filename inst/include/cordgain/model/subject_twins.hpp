// Subjects with the same rows and the same scores: what is integrated for one holds for all of them. In a
// trial of a few binary visits most subjects have such twins.
#pragma once

#include <cordgain/base/check.hpp>
#include <cordgain/model/family.hpp>
#include <cordgain/model/subject_rows.hpp>
#include <map>
#include <vector>

namespace cordgain {

struct SubjectTwins {
  std::vector<Index> first;  ///< of each subject: the first of its twins
  std::vector<Index> count;  ///< of each subject: how many it stands for; 0 where another stands for it

  [[nodiscard]] Index first_of(Index subject) const { return first[static_cast<std::size_t>(subject)]; }
  [[nodiscard]] Index count_of(Index subject) const { return count[static_cast<std::size_t>(subject)]; }
};

namespace detail {

/// All that a subject's likelihood depends on; empty where the family does not say what a score is.
inline std::vector<double> subject_key(const SubjectRows& rows, const Family& family, Index subject) {
  std::vector<double> out;
  for (Index i = rows.start(subject); i < rows.start(subject + 1); ++i) {
    for (Index j = 0; j < rows.x.cols(); ++j) out.push_back(rows.x(i, j));
    for (Index j = 0; j < rows.z.cols(); ++j) out.push_back(rows.z(i, j));
    out.push_back(rows.offset[i]);
    if (!family.add_score(rows.source(i), out)) return {};
  }
  return out;
}

}  // namespace detail

/// Twins are the same in every bit: a subject that differs by rounding stands for itself.
/// @throws  InvalidInput where scores are not as many as rows
[[nodiscard]] inline SubjectTwins subject_twins(const SubjectRows& rows, const Family& family) {
  require(family.rows() == rows.x.rows(), "the family must have a score for each row");
  SubjectTwins out;
  std::map<std::vector<double>, Index> seen;
  out.count.assign(static_cast<std::size_t>(rows.subjects()), 0);
  for (Index s = 0; s < rows.subjects(); ++s) {
    std::vector<double> key = detail::subject_key(rows, family, s);
    const bool known = !key.empty();
    const Index first = known ? seen.emplace(std::move(key), s).first->second : s;
    out.first.push_back(first);
    ++out.count[static_cast<std::size_t>(first)];
  }
  return out;
}

}  // namespace cordgain
