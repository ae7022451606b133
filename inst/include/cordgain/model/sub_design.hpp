// A part of a design as a design of its own: some rows in the coordinates of the
// frame, some random-effects terms, levels counted anew. What reduces a whole
// design can so reduce the inside of a site.
#pragma once

#include <cmath>
#include <cordgain/model/frame.hpp>
#include <utility>
#include <vector>

namespace cordgain {

/// Rows with their own storage, in block coordinates: weights applied, X and Z
/// divided by the frame's factors, y the scaled residual of least squares.
struct SubDesign {
  Matrix x;
  Vector y;
  Vector weight;  ///< empty: applied
  std::vector<Matrix> z;
  std::vector<Eigen::VectorXi> level;
  std::vector<std::vector<Index>> origin;  ///< per term: the level of the whole design behind each level
  std::vector<Index> term;                 ///< the term of the whole design behind each term
  Eigen::VectorXi subject, visit, group;
  Index n_subjects = 0, n_visits = 0, n_groups = 0;

  [[nodiscard]] Index n_levels(std::size_t t) const { return static_cast<Index>(origin[t].size()); }

  /// The same rows to be read; holds as long as this does.
  [[nodiscard]] DesignInput view() const {
    DesignInput out{Eigen::Map<const Matrix>(x.data(), x.rows(), x.cols()),
                    Eigen::Map<const Vector>(y.data(), y.size()),
                    Eigen::Map<const Vector>(weight.data(), 0),
                    {},
                    {}};
    for (std::size_t t = 0; t < z.size(); ++t) {
      out.random.push_back({Eigen::Map<const Matrix>(z[t].data(), z[t].rows(), z[t].cols()),
                            Eigen::Map<const Eigen::VectorXi>(level[t].data(), level[t].size()),
                            n_levels(t)});
    }
    if (n_visits > 0)
      out.residual = {subject.data(), visit.data(), group.data(), n_subjects, n_visits, n_groups};
    return out;
  }
};

/// The frame of rows that are in block coordinates already.
[[nodiscard]] inline Frame unit_frame(const DesignInput& in) {
  Frame out;
  const Index p = in.x.cols();
  for (Index j = 0; j < p; ++j) out.kept.push_back(j);
  out.factor = Matrix::Identity(p, p);
  out.least_squares = Vector::Zero(p);
  for (const RandomTerm& term : in.random)
    out.z_factor.push_back(Matrix::Identity(term.z.cols(), term.z.cols()));
  return out;
}

namespace detail {

/// Counts levels anew in order of appearance; `seen` holds -1 for every level and is left so.
inline Eigen::VectorXi recount(const int* level, const Index* rows, Index n, std::vector<Index>& seen,
                               std::vector<Index>& origin) {
  Eigen::VectorXi out(n);
  for (Index i = 0; i < n; ++i) {
    Index& at = seen[static_cast<std::size_t>(level[rows[i]])];
    if (at < 0) {
      at = static_cast<Index>(origin.size());
      origin.push_back(level[rows[i]]);
    }
    out[i] = static_cast<int>(at);
  }
  for (const Index l : origin) seen[static_cast<std::size_t>(l)] = -1;
  return out;
}

inline void take_fixed(const DesignInput& in, const Frame& frame, const Index* rows, SubDesign& out) {
  const Index n = out.y.size(), p = frame.factor.cols();
  out.x.resize(n, p);
  for (Index i = 0; i < n; ++i) out.y[i] = in.y[rows[i]];
  for (Index k = 0; k < p; ++k) {
    in.x.read(rows, n, frame.kept[static_cast<std::size_t>(k)], out.x.col(k).data());
    out.y -= frame.least_squares[k] * out.x.col(k);
  }
  out.y /= frame.y_scale;
}

inline void take_residual(const ResidualPattern& residual, const Index* rows, SubDesign& out) {
  if (!residual.present()) return;
  const Index n = out.y.size();
  std::vector<Index> seen(static_cast<std::size_t>(residual.n_subjects), Index(-1)), origin;
  out.subject = recount(residual.subject, rows, n, seen, origin);
  out.visit.resize(n);
  out.group.resize(n);
  for (Index i = 0; i < n; ++i) {
    out.visit[i] = residual.visit[rows[i]];
    out.group[i] = residual.group[rows[i]];
  }
  out.n_subjects = static_cast<Index>(origin.size());
  out.n_visits = residual.n_visits;
  out.n_groups = residual.n_groups;
}

}  // namespace detail

/// Marks of met levels, one vector per term, all -1 between uses.
using LevelMarks = std::vector<std::vector<Index>>;

[[nodiscard]] inline LevelMarks level_marks(const DesignInput& in) {
  LevelMarks out;
  for (const RandomTerm& term : in.random)
    out.emplace_back(static_cast<std::size_t>(term.n_levels), Index(-1));
  return out;
}

/// Copies n rows, with the terms named.
/// @param in, frame  the whole design
/// @param rows, n    which rows, in the order they are to have
/// @param terms      which random-effects terms
/// @param marks      level_marks(in), used and restored
[[nodiscard]] inline SubDesign sub_design(const DesignInput& in, const Frame& frame, const Index* rows,
                                          Index n, const std::vector<Index>& terms, LevelMarks& marks) {
  SubDesign out;
  out.y.resize(n);
  detail::take_fixed(in, frame, rows, out);
  out.term = terms;
  for (const Index t : terms) {
    const std::size_t at = static_cast<std::size_t>(t);
    Matrix z(n, in.random[at].z.cols());
    for (Index k = 0; k < z.cols(); ++k) in.random[at].z.read(rows, n, k, z.col(k).data());
    out.origin.emplace_back();
    out.level.push_back(detail::recount(in.random[at].level.data(), rows, n, marks[at], out.origin.back()));
    out.z.push_back(std::move(z));
  }
  if (in.weight.size() > 0) {
    Vector root(n);
    for (Index i = 0; i < n; ++i) root[i] = std::sqrt(in.weight[rows[i]] / frame.weight_scale);
    out.x = root.asDiagonal() * out.x;
    out.y = root.asDiagonal() * out.y;
    for (Matrix& z : out.z) z = root.asDiagonal() * z;
  }
  detail::divide_by_factor(out.x, frame.factor);
  for (std::size_t k = 0; k < terms.size(); ++k)
    detail::divide_by_factor(out.z[k], frame.z_factor[static_cast<std::size_t>(terms[k])]);
  detail::take_residual(in.residual, rows, out);
  return out;
}

}  // namespace cordgain
