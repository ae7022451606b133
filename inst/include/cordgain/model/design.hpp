// From rows to blocks: one pass over the data, equal blocks pooled.
#pragma once

#include <cmath>
#include <cordgain/model/blocks.hpp>
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
    const auto z = reader.z();
    const auto w = reader.inside();
    key_.clear();
    for (const BlockLevel& level : reader.levels()) key_.push_back(level.term);
    key_.push_back(z.rows());
    for (Index j = 0; j < z.cols(); ++j) {
      for (Index i = 0; i < z.rows(); ++i)
        key_.push_back(static_cast<std::int64_t>(std::llround(z(i, j) / kPoolGrid)));
    }
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
        for (Index a = b; a < level.width; ++a, ++k) {
          Matrix& basis = kind.basis[static_cast<std::size_t>(k)];
          basis += part.col(a) * part.col(b).transpose();
          if (a != b) basis += part.col(b) * part.col(a).transpose();
        }
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

}  // namespace detail

/// Reduces rows to blocks.
/// @param in  X (n x p), y (n), weights, random-effects terms
/// @return    the blocks and the frame that carries results back
/// @throws    InvalidInput if no variance can be estimated
[[nodiscard]] inline Reduced reduce_rows(const DesignInput& in) {
  Reduced out;
  out.frame = make_frame(in);
  detail::BlockPool pool(in, out.frame);
  for_each_block(in, out.frame, [&pool](const BlockReader& reader) { pool.add(reader); });
  out.blocks = pool.finish();
  return out;
}

}  // namespace cordgain
