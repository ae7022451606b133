// Residual covariance over visits: which rows belong to one subject, at which
// visit each was taken, and which group's covariance matrix holds.
#pragma once

#include <algorithm>
#include <cordgain/base/types.hpp>
#include <cordgain/math/packed.hpp>
#include <vector>

namespace cordgain {

/// Rows i, j of one subject have residual covariance Sigma_group(visit_i, visit_j).
struct ResidualPattern {
  const int* subject = nullptr;  ///< from 0; rows of different subjects are independent
  const int* visit = nullptr;    ///< from 0
  const int* group = nullptr;    ///< from 0; the same for all rows of a subject, unless alone
  Index n_subjects = 0, n_visits = 0, n_groups = 0;

  [[nodiscard]] bool present() const noexcept { return n_visits > 0; }
  /// Number of variance parameters: the elements of each group's matrix.
  [[nodiscard]] Index n_gamma() const { return n_groups * packed_size(n_visits); }

  /// Which element of the matrices holds the covariance of two rows; -1 for none.
  [[nodiscard]] Index element(Index row, Index other) const {
    if (subject[row] != subject[other] || group[row] != group[other]) return -1;
    const Index i = std::max(visit[row], visit[other]), j = std::min(visit[row], visit[other]);
    return group[row] * packed_size(n_visits) + packed_index(i, j, n_visits);
  }

  /// Rows by subject, then visit: equal patterns look equal.
  void sort(std::vector<Index>& rows) const {
    std::stable_sort(rows.begin(), rows.end(), [this](Index a, Index b) {
      return subject[a] != subject[b] ? subject[a] < subject[b] : visit[a] < visit[b];
    });
  }
};

/// Residual covariance of some rows at given elements.
[[nodiscard]] inline Matrix residual_covariance(const ResidualPattern& pattern,
                                                const std::vector<Index>& rows, const VectorIn& gamma) {
  const Index n = static_cast<Index>(rows.size());
  Matrix out = Matrix::Zero(n, n);
  for (Index j = 0; j < n; ++j) {
    for (Index i = 0; i < n; ++i) {
      const Index k = pattern.element(rows[static_cast<std::size_t>(i)], rows[static_cast<std::size_t>(j)]);
      if (k >= 0) out(i, j) = gamma[k];
    }
  }
  return out;
}

}  // namespace cordgain
