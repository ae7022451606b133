// Rows of one block, read into coordinates of the frame and rotated so that the
// random effects touch only the first r of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/model/block_form.hpp>
#include <cordgain/model/components.hpp>
#include <cordgain/model/frame.hpp>
#include <numeric>
#include <vector>

namespace cordgain {

/// Where the columns of each level start inside a block.
struct BlockLevel {
  Index term;
  Index level;  ///< of the term
  Index first;  ///< first column
  Index width;
};

/// Reads blocks one at a time; what it shows holds until the next read().
class BlockReader {
 public:
  BlockReader(const DesignInput& in, const Frame& frame) : in_(in), frame_(frame) {
    for (const RandomTerm& term : in.random)
      seen_.emplace_back(static_cast<std::size_t>(term.n_levels), Index(-1));
    buffer_.resize(64, 8);
  }

  /// Reads the n rows of one component.
  void read(const Index* first, Index n) {
    rows_.assign(first, first + n);
    if (in_.residual.present()) in_.residual.sort(rows_);
    const Index* rows = rows_.data();
    lay_out(rows, n);
    n_ = n;
    const Index width = q_ + frame_.factor.cols() + 1;
    if (buffer_.rows() < n || buffer_.cols() < width) {
      buffer_.resize(std::max(n, buffer_.rows()), std::max(width, buffer_.cols()));
    }
    if (work_.size() < width) work_.resize(width);
    auto block = buffer_.topLeftCorner(n, width);
    fill(rows, block);
    rank_ = in_.residual.present() ? n : std::min(n, q_);
    if (n > rank_) triangularise(block, q_, work_);
  }

  [[nodiscard]] const std::vector<BlockLevel>& levels() const noexcept { return levels_; }
  [[nodiscard]] Index rank() const noexcept { return rank_; }
  [[nodiscard]] const std::vector<Index>& rows() const noexcept { return rows_; }
  /// The random effects' columns after rotation (r x q).
  [[nodiscard]] Eigen::Block<const Matrix> z() const { return at(0, 0, rank_, q_); }
  /// [X y] where the random effects are (r x (p + 1)) and where they are not.
  [[nodiscard]] Eigen::Block<const Matrix> inside() const {
    return at(0, q_, rank_, frame_.factor.cols() + 1);
  }
  [[nodiscard]] Eigen::Block<const Matrix> outside() const {
    return at(rank_, q_, n_ - rank_, frame_.factor.cols() + 1);
  }

 private:
  [[nodiscard]] Eigen::Block<const Matrix> at(Index row, Index col, Index rows, Index cols) const {
    return Eigen::Block<const Matrix>(buffer_, row, col, rows, cols);
  }

  void lay_out(const Index* rows, Index n) {
    levels_.clear();
    q_ = 0;
    for (std::size_t t = 0; t < in_.random.size(); ++t) {
      const RandomTerm& term = in_.random[t];
      for (Index i = 0; i < n; ++i) {
        Index& at = seen_[t][static_cast<std::size_t>(term.level[rows[i]])];
        if (at >= 0) continue;  // a level lies in one component, so it was met here
        at = static_cast<Index>(levels_.size());
        levels_.push_back({static_cast<Index>(t), term.level[rows[i]], q_, term.z.cols()});
        q_ += term.z.cols();
      }
    }
  }

  template <class Block>
  void fill(const Index* rows, Block&& block) {
    const Index p = frame_.factor.cols(), q = q_, n = block.rows();
    block.leftCols(q).setZero();
    for (std::size_t t = 0; t < in_.random.size(); ++t) fill_term(in_.random[t], seen_[t], rows, block);
    auto y = block.col(q + p);
    for (Index i = 0; i < n; ++i) y[i] = in_.y[rows[i]];
    for (Index k = 0; k < p; ++k) {
      auto x = block.col(q + k);
      in_.x.read(rows, n, frame_.kept[static_cast<std::size_t>(k)], x.data());
      y -= frame_.least_squares[k] * x;
    }
    y /= frame_.y_scale;
    weigh(rows, block);
    for (const auto& level : levels_) {
      detail::divide_by_factor(block.middleCols(level.first, level.width),
                               frame_.z_factor[static_cast<std::size_t>(level.term)]);
    }
    detail::divide_by_factor(block.middleCols(q, p), frame_.factor);
  }

  template <class Block>
  void weigh(const Index* rows, Block& block) const {
    if (in_.weight.size() == 0) return;
    for (Index i = 0; i < block.rows(); ++i)
      block.row(i) *= std::sqrt(in_.weight[rows[i]] / frame_.weight_scale);
  }

  /// Each row of a term's columns goes where its level stands.
  template <class Block>
  void fill_term(const RandomTerm& term, const std::vector<Index>& seen, const Index* rows, Block& block) {
    const Index n = block.rows();
    column_.resize(static_cast<std::size_t>(n));
    for (Index k = 0; k < term.z.cols(); ++k) {
      term.z.read(rows, n, k, column_.data());
      for (Index i = 0; i < n; ++i) {
        const Index at = seen[static_cast<std::size_t>(term.level[rows[i]])];
        block(i, levels_[static_cast<std::size_t>(at)].first + k) = column_[static_cast<std::size_t>(i)];
      }
    }
  }

  const DesignInput& in_;
  const Frame& frame_;
  std::vector<std::vector<Index>> seen_;
  std::vector<BlockLevel> levels_;
  std::vector<Index> rows_;
  std::vector<double> column_;
  Index n_ = 0, q_ = 0, rank_ = 0;
  Matrix buffer_;
  Vector work_;
};

namespace detail {

inline Components components_of(const DesignInput& in) {
  std::vector<LevelsIn> levels;
  for (const RandomTerm& term : in.random) levels.push_back({term.level.data(), term.n_levels});
  if (in.residual.present()) levels.push_back({in.residual.subject, in.residual.n_subjects});
  return connected_components(levels, in.y.size());
}

}  // namespace detail

/// Reads every component of a design in turn: dense blocks through a BlockReader,
/// larger ones as designs of their own (all terms, in the frame's coordinates).
/// @param dense_rank  components of rank up to this are dense
/// @param dense       called with a BlockReader
/// @param large       called with a SubDesign and its BlockForm
template <class Dense, class Large>
void for_each_component(const DesignInput& in, const Frame& frame, Index dense_rank, Dense&& dense,
                        Large&& large) {
  const Components components = detail::components_of(in);
  BlockReader reader(in, frame);
  LevelMarks marks = level_marks(in);
  std::vector<Index> terms(in.random.size());
  std::iota(terms.begin(), terms.end(), Index(0));
  for (std::size_t c = 0; c + 1 < components.start.size(); ++c) {
    const Index* rows = components.rows.data() + components.start[c];
    const Index n = components.start[c + 1] - components.start[c];
    if (n > dense_rank && block_rank(in, rows, n, marks) > dense_rank) {
      const SubDesign part = sub_design(in, frame, rows, n, terms, marks);
      const BlockForm form = block_form(part.view());
      if (form.kind != BlockForm::Kind::dense) {
        large(part, form);
        continue;
      }
    }
    reader.read(rows, n);
    dense(reader);
  }
}

/// Reads every component as a dense block.
template <class Body>
void for_each_block(const DesignInput& in, const Frame& frame, Body&& body) {
  for_each_component(in, frame, in.y.size(), body, [](const SubDesign&, const BlockForm&) {});
}

}  // namespace cordgain
