// From rows to blocks: one pass over the data, equal blocks pooled.
#pragma once

#include <cmath>
#include <cordgain/model/block_form.hpp>
#include <cordgain/model/blocks.hpp>
#include <cordgain/model/nesting.hpp>
#include <cordgain/model/rows.hpp>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cordgain {

struct Reduced {
  Blocks blocks;
  Frame frame;
};

[[nodiscard]] inline Blocks reduce_in_frame(const DesignInput& in, const Frame& frame, Index dense_rank);

namespace detail {

/// Kinds whose R agree to this are pooled; far below any certified digit.
constexpr double kPoolGrid = 1.0 / 1099511627776.0;  // 2^-40

struct KeyHash {
  std::size_t operator()(const std::vector<std::int64_t>& key) const noexcept {
    std::uint64_t hash = 1469598103934665603ULL;
    for (const std::int64_t part : key) {
      hash ^= static_cast<std::uint64_t>(part);
      hash *= 1099511628211ULL;
      hash ^= hash >> 29;
    }
    return static_cast<std::size_t>(hash);
  }
};

/// d (z D z') / d D_ab.
inline Matrix element_basis(const Matrix& z, Index a, Index b) {
  Matrix out = z.col(a) * z.col(b).transpose();
  if (a != b) out += out.transpose().eval();
  return out;
}

/// Pools blocks as they are read.
class BlockPool {
 public:
  BlockPool(const DesignInput& in, const Frame& frame) : residual_(in.residual) {
    Index at = 0;
    for (const RandomTerm& term : in.random) {
      gamma_at_.push_back(at);
      at += packed_size(term.z.cols());
    }
    out_.n = in.y.size();
    out_.p = frame.factor.cols();
    n_effects_ = at;
    out_.n_gamma = residual_.present() ? at + residual_.n_gamma() : at + 1;
    out_.residual = residual_.present() ? -1 : at;
    out_.within = Vector::Zero(packed_size(out_.p + 1));
  }

  void add(const BlockReader& reader) {
    if (reader.rank() > 0) pool(reader);
    add_within(reader.outside());
  }

  [[nodiscard]] Blocks finish() {
    for (BlockKind& kind : out_.kinds) gather(kind);
    return std::move(out_);
  }

 private:
  void pool(const BlockReader& reader) {
    const auto w = reader.inside();
    key_.clear();
    for (const BlockLevel& level : reader.levels()) key_.push_back(level.term);
    add_grid_key(reader.z());
    if (residual_.present()) add_pattern_key(reader.rows());
    BlockKind& kind = kind_of_key(reader);
    kind.count += 1;
    if (kind.pooled()) {
      add_moments(w, kind.moments);
      return;
    }
    const Index used = kind.rows.cols();
    kind.rows.conservativeResize(kind.rank, used + w.cols());
    kind.rows.rightCols(w.cols()) = w;
  }

  /// The kind of the present key, made if new; the kind of the block before is tried first.
  BlockKind& kind_of_key(const BlockReader& reader) {
    if (out_.kinds.empty() || key_ != last_key_) {
      auto found = index_.find(key_);
      if (found == index_.end()) {
        found = index_.emplace(key_, out_.kinds.size()).first;
        out_.kinds.push_back(new_kind(reader));
      }
      last_key_ = key_;
      last_ = found->second;
    }
    return out_.kinds[last_];
  }

  BlockKind new_kind(const BlockReader& reader) const {
    BlockKind kind;
    kind.rank = reader.rank();
    kind.z = reader.z();
    for (const BlockLevel& level : reader.levels())
      kind.columns.push_back({level.term, level.first, level.width});
    for (Index k = 0; k < n_effects_; ++k) kind.basis.push_back(Matrix::Zero(kind.rank, kind.rank));
    for (const BlockLevel& level : reader.levels()) {
      const Matrix part = reader.z().middleCols(level.first, level.width);
      Index k = gamma_at_[static_cast<std::size_t>(level.term)];
      for (Index b = 0; b < level.width; ++b) {
        for (Index a = b; a < level.width; ++a, ++k)
          kind.basis[static_cast<std::size_t>(k)] += element_basis(part, a, b);
      }
    }
    for (Index k = 0; k < n_effects_; ++k) kind.parameter.push_back(k);
    add_residual(reader.rows(), kind);
    kind.rows.resize(kind.rank, 0);
    if (kind.rank <= kPoolAtOnce) kind.moments = Matrix::Zero(out_.within.size(), packed_size(kind.rank));
    return kind;
  }

  /// dV/dgamma of the residual parameters that this kind of block shows.
  void add_residual(const std::vector<Index>& rows, BlockKind& kind) const {
    if (!residual_.present()) {
      kind.parameter.push_back(n_effects_);
      kind.basis.push_back(Matrix::Identity(kind.rank, kind.rank));
      return;
    }
    std::vector<Index> slot(static_cast<std::size_t>(residual_.n_gamma()), -1);
    for (Index j = 0; j < kind.rank; ++j) {
      for (Index i = 0; i < kind.rank; ++i) {
        const Index k =
            residual_.element(rows[static_cast<std::size_t>(i)], rows[static_cast<std::size_t>(j)]);
        if (k < 0) continue;
        Index& at = slot[static_cast<std::size_t>(k)];
        if (at < 0) {
          at = static_cast<Index>(kind.basis.size());
          kind.parameter.push_back(n_effects_ + k);
          kind.basis.push_back(Matrix::Zero(kind.rank, kind.rank));
        }
        kind.basis[static_cast<std::size_t>(at)](i, j) = 1.0;
      }
    }
  }

  /// The elements of z on the grid.
  void add_grid_key(const MatrixIn& z) {
    key_.push_back(z.rows());
    for (Index j = 0; j < z.cols(); ++j) {
      for (Index i = 0; i < z.rows(); ++i)
        key_.push_back(static_cast<std::int64_t>(std::llround(z(i, j) / kPoolGrid)));
    }
  }

  /// Subject, visit and group of each row, subjects counted from the first.
  void add_pattern_key(const std::vector<Index>& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Index row = rows[i];
      const bool same = i > 0 && residual_.subject[row] == residual_.subject[rows[i - 1]];
      key_.push_back((same ? 0 : 1) +
                     2 * (residual_.visit[row] + residual_.n_visits * Index(residual_.group[row])));
    }
  }

  template <class W>
  void add_within(const W& w) {
    out_.within_df += static_cast<double>(w.rows());
    for (Index j = 0, at = 0; j < w.cols(); ++j) {
      for (Index i = j; i < w.cols(); ++i, ++at) out_.within[at] += w.col(i).dot(w.col(j));
    }
  }

  /// Rows kept apart are pooled after all where that makes an evaluation cheaper.
  void gather(BlockKind& kind) const {
    if (kind.pooled() || kind.count <= kind.rank) return;
    const Index w = out_.p + 1;
    kind.moments = Matrix::Zero(out_.within.size(), packed_size(kind.rank));
    for (Index i = 0; i < kind.count; ++i) add_moments(kind.rows.middleCols(i * w, w), kind.moments);
    kind.rows.resize(kind.rank, 0);
  }

  static constexpr Index kPoolAtOnce = 4;

  ResidualPattern residual_;
  Index n_effects_ = 0;
  Blocks out_;
  std::vector<Index> gamma_at_;
  std::unordered_map<std::vector<std::int64_t>, std::size_t, KeyHash> index_;
  std::vector<std::int64_t> key_, last_key_;
  std::size_t last_ = 0;
};

/// Variance parameters and terms of a part of a design, named by those of the whole.
struct Names {
  std::vector<Index> gamma, term;
  Index n_gamma = 0, residual = -1;
};

inline Names names_in(const DesignInput& whole, const SubDesign& part) {
  Names out;
  std::vector<Index> first;
  Index at = 0;
  for (const RandomTerm& term : whole.random) {
    first.push_back(at);
    at += packed_size(term.z.cols());
  }
  out.term = part.term;
  for (const Index t : part.term) {
    const Index size = packed_size(whole.random[static_cast<std::size_t>(t)].z.cols());
    for (Index k = 0; k < size; ++k) out.gamma.push_back(first[static_cast<std::size_t>(t)] + k);
  }
  out.n_gamma = at + (whole.residual.present() ? whole.residual.n_gamma() : 1);
  out.residual = whole.residual.present() ? -1 : at;
  for (; at < out.n_gamma; ++at) out.gamma.push_back(at);
  return out;
}

inline void rename(const Names& names, Blocks& blocks);

template <class Block>
void rename_columns(const Names& names, Block& block) {
  for (BlockKind::Columns& c : block.columns) c.term = names.term[static_cast<std::size_t>(c.term)];
  for (Index& k : block.parameter) k = names.gamma[static_cast<std::size_t>(k)];
}

inline void rename(const Names& names, CrossedBlock& block) {
  block.residual = names.residual;
  for (std::vector<CrossedBlock::Term>* terms : {&block.inner, &block.outer}) {
    for (CrossedBlock::Term& term : *terms) {
      term.term = names.term[static_cast<std::size_t>(term.term)];
      term.gamma_at = names.gamma[static_cast<std::size_t>(term.gamma_at)];
    }
  }
}

inline void rename(const Names& names, Blocks& blocks) {
  blocks.n_gamma = names.n_gamma;
  blocks.residual = names.residual;
  for (BlockKind& kind : blocks.kinds) rename_columns(names, kind);
  for (CrossedBlock& block : blocks.crossed) rename(names, block);
  for (NestedBlock& block : blocks.nested) {
    rename_columns(names, block);
    rename(names, block.inside);
  }
}

inline std::vector<Index> first_parameters(const DesignInput& in) {
  std::vector<Index> out;
  Index at = 0;
  for (const RandomTerm& term : in.random) {
    out.push_back(at);
    at += packed_size(term.z.cols());
  }
  return out;
}

/// An outer unit with its inside reduced, in the names of its own component.
inline NestedBlock nested_block(const SubDesign& in, const BlockForm& form, Index dense_rank) {
  OuterSplit split = split_outer(in, form);
  NestedBlock out;
  out.z = std::move(split.z);
  out.mean = std::move(split.mean);
  const DesignInput view = in.view();
  const std::vector<Index> gamma_at = first_parameters(view);
  Index column = 0;
  for (const Index t : form.outer) {
    const Index width = in.z[static_cast<std::size_t>(t)].cols();
    out.columns.push_back({t, column, width});
    const Matrix z = out.z.middleCols(column, width);
    Index k = gamma_at[static_cast<std::size_t>(t)];
    for (Index b = 0; b < width; ++b) {
      for (Index a = b; a < width; ++a, ++k) {
        out.basis.push_back(element_basis(z, a, b));
        out.parameter.push_back(k);
      }
    }
    column += width;
  }
  const DesignInput inside = split.inside.view();
  out.inside = reduce_in_frame(inside, unit_frame(inside), dense_rank);
  rename(names_in(view, split.inside), out.inside);
  return out;
}

}  // namespace detail

/// Reduces rows whose frame is known.
/// @param in, frame   the design
/// @param dense_rank  blocks of rank up to this are dense
[[nodiscard]] inline Blocks reduce_in_frame(const DesignInput& in, const Frame& frame, Index dense_rank) {
  detail::BlockPool pool(in, frame);
  std::vector<NestedBlock> nested;
  std::vector<CrossedBlock> crossed;
  for_each_component(
      in, frame, dense_rank, [&pool](const BlockReader& reader) { pool.add(reader); },
      [&](const SubDesign& part, const BlockForm& form) {
        if (form.kind == BlockForm::Kind::nested) {
          nested.push_back(detail::nested_block(part, form, dense_rank));
        } else {
          const Index residual = detail::names_in(in, part).residual;
          crossed.push_back(crossed_block(part, form, detail::first_parameters(in), residual));
        }
      });
  Blocks out = pool.finish();
  out.nested = std::move(nested);
  out.crossed = std::move(crossed);
  return out;
}

/// Reduces rows to blocks.
/// @param in          X (n x p), y (n), weights, random-effects terms
/// @param dense_rank  components of rank up to this are dense blocks; others are eliminated
///                    level by level (nested, crossed factors)
/// @return            the blocks and the frame that carries results back
/// @throws            InvalidInput if no variance can be estimated, NumericalError if the
///                    blocks are beyond memory
[[nodiscard]] inline Reduced reduce_rows(const DesignInput& in, Index dense_rank = kDenseRank) {
  Reduced out;
  out.frame = make_frame(in);
  out.blocks = reduce_in_frame(in, out.frame, dense_rank);
  return out;
}

}  // namespace cordgain
