// Rows of a design put together by subject, in coordinates in which coefficients are of the size of the
// linear predictor.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/math/orthogonal.hpp>
#include <numeric>
#include <vector>

namespace cordgain {

/// Most random effects of one subject: the product rule grows with their power.
constexpr Index kMostEffects = 3;

/// Where the free elements of the lower triangular factor of the effects' covariance stand.
struct FactorPosition {
  Index row, column;
};

/// Rows sorted by subject. x has orthogonal columns of mean square 1, z columns of mean square 1.
struct SubjectRows {
  Matrix x, z;
  Vector offset;                     ///< in units of the linear predictor
  std::vector<Index> row;            ///< row of the data at each place
  std::vector<Index> first;          ///< place of each subject's first row; one more at the end
  std::vector<FactorPosition> free;  ///< of the effects' factor
  std::vector<Index> kept;           ///< columns of X that are independent
  Matrix x_factor;                   ///< X = x x_factor
  Vector z_scale;                    ///< Z = z diag(z_scale)

  [[nodiscard]] Index subjects() const noexcept { return static_cast<Index>(first.size()) - 1; }
  [[nodiscard]] Index effects() const noexcept { return z.cols(); }
  /// Rows of z; also where it has no columns, and so no memory to point into.
  [[nodiscard]] Matrix z_rows(Index from, Index n) const {
    if (z.cols() == 0) return Matrix(n, 0);
    return z.middleRows(from, n);
  }
  [[nodiscard]] Index start(Index subject) const { return first[static_cast<std::size_t>(subject)]; }
  [[nodiscard]] Index count(Index subject) const { return start(subject + 1) - start(subject); }
  [[nodiscard]] Index source(Index place) const { return row[static_cast<std::size_t>(place)]; }
  [[nodiscard]] FactorPosition position(Index j) const { return free[static_cast<std::size_t>(j)]; }
};

/// What is given: rows in any order.
struct SubjectInput {
  Matrix x, z;
  Vector offset;               ///< n, or length 0
  std::vector<Index> subject;  ///< n, from 0
  Index n_subjects = 0;
  std::vector<Index> block;  ///< sizes of groups of correlated effects, in the order of z
};

namespace detail {

/// Lower triangles of the blocks, column by column.
inline std::vector<FactorPosition> free_positions(const std::vector<Index>& block) {
  std::vector<FactorPosition> out;
  Index start = 0;
  for (const Index size : block) {
    for (Index j = 0; j < size; ++j)
      for (Index i = j; i < size; ++i) out.push_back({start + i, start + j});
    start += size;
  }
  return out;
}

inline void check_input(const SubjectInput& in) {
  const Index n = in.x.rows();
  require(n > 0 && in.z.rows() == n && static_cast<Index>(in.subject.size()) == n,
          "x, z and subject must have the same rows, at least one");
  require(in.x.cols() > 0, "a model of this family has at least one fixed effect");
  require(in.offset.size() == 0 || in.offset.size() == n, "offset must have a number for each row");
  require(in.z.cols() <= kMostEffects, "a subject has at most three random effects");
  require(std::accumulate(in.block.begin(), in.block.end(), Index{0}) == in.z.cols(),
          "blocks must add up to the columns of z");
  require(in.x.allFinite() && in.z.allFinite() && in.offset.allFinite(), "the design must be finite");
  for (const Index s : in.subject) require(s >= 0 && s < in.n_subjects, "a subject is out of range");
}

/// Independent columns of X and the factor that orthogonalises them.
inline void orthogonalise(const Matrix& x, SubjectRows& out) {
  RowStackedQr qr(x.cols());
  qr.add(x);
  out.kept = independent_columns(qr.factor());
  Matrix kept(x.rows(), static_cast<Index>(out.kept.size()));
  for (Index j = 0; j < kept.cols(); ++j) kept.col(j) = x.col(out.kept[static_cast<std::size_t>(j)]);
  RowStackedQr again(kept.cols());
  again.add(kept);
  out.x_factor = again.factor() / std::sqrt(static_cast<double>(x.rows()));
  out.x = kept;
  if (kept.cols() > 0) out.x_factor.triangularView<Eigen::Upper>().solveInPlace<Eigen::OnTheRight>(out.x);
}

}  // namespace detail

/// @param in    rows of the data
/// @param unit  of the linear predictor: coefficients come out in it
/// @throws      InvalidInput for sizes that do not fit
[[nodiscard]] inline SubjectRows make_subject_rows(const SubjectInput& in, double unit = 1.0) {
  detail::check_input(in);
  SubjectRows out;
  const Index n = in.x.rows();
  out.row.resize(static_cast<std::size_t>(n));
  std::iota(out.row.begin(), out.row.end(), Index{0});
  const auto subject = [&](Index i) { return in.subject[static_cast<std::size_t>(i)]; };
  std::stable_sort(out.row.begin(), out.row.end(), [&](Index a, Index b) { return subject(a) < subject(b); });
  Matrix x(n, in.x.cols());
  out.z.resize(n, in.z.cols());
  out.offset = Vector::Zero(n);
  out.first.assign(static_cast<std::size_t>(in.n_subjects) + 1, n);
  for (Index i = n - 1; i >= 0; --i) {
    const Index from = out.row[static_cast<std::size_t>(i)];
    x.row(i) = in.x.row(from);
    if (in.z.cols() > 0) out.z.row(i) = in.z.row(from);
    if (in.offset.size() > 0) out.offset[i] = in.offset[from] / unit;
    out.first[static_cast<std::size_t>(subject(from))] = i;
  }
  for (Index s = in.n_subjects - 1; s >= 0; --s) {  // a subject without rows
    auto& at = out.first[static_cast<std::size_t>(s)];
    at = std::min(at, out.first[static_cast<std::size_t>(s) + 1]);
  }
  detail::orthogonalise(x, out);
  out.z_scale = (out.z.colwise().squaredNorm() / static_cast<double>(n)).cwiseSqrt().transpose();
  require((out.z_scale.array() > 0.0).all(), "a random effect has a column of zeros");
  for (Index j = 0; j < out.z.cols(); ++j) out.z.col(j) /= out.z_scale[j];
  out.free = detail::free_positions(in.block);
  return out;
}

}  // namespace cordgain
