// Crossed factors with many levels, reduced. The levels of one factor (the
// leaves: the factor with most levels, with all that lies in it) do not depend on
// each other given the rest, and are eliminated one by one; what is left is a
// matrix over the levels of the other factors (kept columns).
#pragma once

#include <Eigen/Householder>
#include <algorithm>
#include <cordgain/math/orthogonal.hpp>
#include <cordgain/math/packed.hpp>
#include <cordgain/model/block_form.hpp>
#include <numeric>
#include <vector>

namespace cordgain {

/// Each leaf's rows are rotated so that its own random effects touch the first r
/// of them only ("inside"); the other rows enter through sums of products.
struct CrossedBlock {
  struct Term {
    Index term;      ///< of the model
    Index gamma_at;  ///< its first variance parameter
    Index width;
    Index first;   ///< kept terms: first kept column
    Index levels;  ///< kept terms: number of levels
  };
  /// A level of an inner term in a leaf.
  struct LeafLevel {
    Index term;   ///< of `inner`
    Index level;  ///< of the block
    Index first;  ///< first column of z
  };
  struct Leaf {
    Matrix z;                      ///< r x q: own random effects
    Matrix kept;                   ///< r x u: kept columns that it touches
    Matrix w;                      ///< r x (p + 1): [X y]
    std::vector<Index> column;     ///< the kept columns, ascending (u)
    std::vector<LeafLevel> level;  ///< of z
  };
  Index n = 0;
  Index residual = 0;  ///< variance parameter of the residual
  std::vector<Term> inner, outer;
  std::vector<Leaf> leaves;
  Matrix kept_products;  ///< outside rows: U'U (lower triangle)
  Matrix kept_w;         ///< U'W
  Matrix w_products;     ///< W'W
  double outside_df = 0.0;

  [[nodiscard]] Index size() const noexcept { return kept_products.rows(); }
};

namespace detail {

/// Rows in the order of a factor's levels, with the first position of each.
struct RowsByLevel {
  std::vector<Index> row, start;
};

inline RowsByLevel rows_by_level(const Eigen::VectorXi& level, Index n_levels) {
  RowsByLevel out;
  out.start.assign(static_cast<std::size_t>(n_levels) + 1, 0);
  for (Index i = 0; i < level.size(); ++i) ++out.start[static_cast<std::size_t>(level[i]) + 1];
  std::partial_sum(out.start.begin(), out.start.end(), out.start.begin());
  std::vector<Index> next(out.start.begin(), out.start.end() - 1);
  out.row.resize(static_cast<std::size_t>(level.size()));
  for (Index i = 0; i < level.size(); ++i)
    out.row[static_cast<std::size_t>(next[static_cast<std::size_t>(level[i])]++)] = i;
  return out;
}

/// Lays out the columns of a leaf: its own levels, then the kept columns it touches.
inline void lay_out_leaf(const SubDesign& in, const BlockForm& form, const CrossedBlock& block,
                         const Index* rows, Index n, CrossedBlock::Leaf& leaf, Index& q) {
  q = 0;
  for (std::size_t k = 0; k < form.inner.size(); ++k) {
    const std::size_t t = static_cast<std::size_t>(form.inner[k]);
    for (Index i = 0; i < n; ++i) {
      const Index level = in.level[t][rows[i]];
      const bool met = std::any_of(leaf.level.begin(), leaf.level.end(), [&](const auto& at) {
        return at.term == static_cast<Index>(k) && at.level == level;
      });
      if (met) continue;
      leaf.level.push_back({static_cast<Index>(k), level, q});
      q += in.z[t].cols();
    }
  }
  for (std::size_t k = 0; k < form.outer.size(); ++k) {
    const CrossedBlock::Term& term = block.outer[k];
    const Eigen::VectorXi& level = in.level[static_cast<std::size_t>(form.outer[k])];
    for (Index i = 0; i < n; ++i) {
      for (Index c = 0; c < term.width; ++c)
        leaf.column.push_back(term.first + level[rows[i]] * term.width + c);
    }
  }
  std::sort(leaf.column.begin(), leaf.column.end());
  leaf.column.erase(std::unique(leaf.column.begin(), leaf.column.end()), leaf.column.end());
}

/// The leaf's rows as [Z, kept columns, X, y].
inline Matrix leaf_rows(const SubDesign& in, const BlockForm& form, const CrossedBlock& block,
                        const Index* rows, Index n, const CrossedBlock::Leaf& leaf, Index q) {
  const Index u = static_cast<Index>(leaf.column.size()), p = in.x.cols();
  Matrix out = Matrix::Zero(n, q + u + p + 1);
  for (Index i = 0; i < n; ++i) {
    for (const CrossedBlock::LeafLevel& at : leaf.level) {
      const std::size_t t = static_cast<std::size_t>(form.inner[static_cast<std::size_t>(at.term)]);
      if (in.level[t][rows[i]] == at.level)
        out.row(i).segment(at.first, in.z[t].cols()) = in.z[t].row(rows[i]);
    }
    for (std::size_t k = 0; k < form.outer.size(); ++k) {
      const CrossedBlock::Term& term = block.outer[k];
      const std::size_t t = static_cast<std::size_t>(form.outer[k]);
      const Index column = term.first + in.level[t][rows[i]] * term.width;
      const Index at = std::lower_bound(leaf.column.begin(), leaf.column.end(), column) - leaf.column.begin();
      out.row(i).segment(q + at, term.width) = in.z[t].row(rows[i]);
    }
    out.row(i).segment(q + u, p) = in.x.row(rows[i]);
    out(i, q + u + p) = in.y[rows[i]];
  }
  return out;
}

/// Splits a rotated leaf into what is kept by row and what only by products.
inline void add_leaf(const Matrix& rows, Index q, CrossedBlock::Leaf&& leaf, CrossedBlock& block) {
  const Index n = rows.rows(), r = std::min(n, q), u = static_cast<Index>(leaf.column.size());
  const Index w = rows.cols() - q - u;
  leaf.z = rows.topLeftCorner(r, q);
  leaf.kept = rows.block(0, q, r, u);
  leaf.w = rows.block(0, q + u, r, w);
  const auto kept = rows.block(r, q, n - r, u);
  const auto own = rows.block(r, q + u, n - r, w);
  const Matrix products = kept.transpose() * kept, cross = kept.transpose() * own;
  for (Index j = 0; j < u; ++j) {
    const Index to = leaf.column[static_cast<std::size_t>(j)];
    for (Index i = j; i < u; ++i)
      block.kept_products(leaf.column[static_cast<std::size_t>(i)], to) += products(i, j);
    block.kept_w.row(to) += cross.row(j);
  }
  block.w_products += own.transpose() * own;
  block.outside_df += static_cast<double>(n - r);
  block.leaves.push_back(std::move(leaf));
}

}  // namespace detail

/// Reduces one component of crossed factors.
/// @param in        the component
/// @param form      block_form() of it
/// @param gamma_at  first variance parameter of each term of `in`
/// @param residual  variance parameter of the residual
[[nodiscard]] inline CrossedBlock crossed_block(const SubDesign& in, const BlockForm& form,
                                                const std::vector<Index>& gamma_at, Index residual) {
  CrossedBlock out;
  out.n = in.y.size();
  out.residual = residual;
  Index size = 0;
  for (const Index t : form.inner) {
    const std::size_t at = static_cast<std::size_t>(t);
    out.inner.push_back({in.term[at], gamma_at[at], in.z[at].cols(), 0, in.n_levels(at)});
  }
  for (const Index t : form.outer) {
    const std::size_t at = static_cast<std::size_t>(t);
    out.outer.push_back({in.term[at], gamma_at[at], in.z[at].cols(), size, in.n_levels(at)});
    size += in.z[at].cols() * in.n_levels(at);
  }
  const Index w = in.x.cols() + 1;
  out.kept_products = Matrix::Zero(size, size);
  out.kept_w = Matrix::Zero(size, w);
  out.w_products = Matrix::Zero(w, w);
  const std::size_t f = static_cast<std::size_t>(form.leaf);
  const detail::RowsByLevel order = detail::rows_by_level(in.level[f], in.n_levels(f));
  Vector work;
  for (std::size_t l = 0; l + 1 < order.start.size(); ++l) {
    const Index* rows = order.row.data() + order.start[l];
    const Index n = order.start[l + 1] - order.start[l];
    CrossedBlock::Leaf leaf;
    Index q = 0;
    detail::lay_out_leaf(in, form, out, rows, n, leaf, q);
    Matrix block = detail::leaf_rows(in, form, out, rows, n, leaf, q);
    work.resize(block.cols());
    if (n > q) triangularise(block, q, work);
    detail::add_leaf(block, q, std::move(leaf), out);
  }
  return out;
}

}  // namespace cordgain
