// The nodes of a lattice that many data sets of one design share, and the sums of
// one data set over them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/dist/normal_table.hpp>
#include <cordgain/fit/shared_lattice.hpp>
#include <cstdint>
#include <numeric>
#include <vector>

namespace cordgain {

/// l'beta given the scores: sums over the nodes of one lattice.
struct LatticeAnswer {
  double log_total = detail::kNegInf;
  double mean = 0.0, variance = 0.0;
  Vector above;  ///< probabilities that l'beta and what is added to it lie above 0
};

namespace detail {

/// Blocks of sixteen nodes, the terms of one kind side by side: a data set is multiplied with sixteen nodes
/// at a time, which lie together in memory.
class NodeBlocks {
 public:
  static constexpr Index kLanes = 16;
  using Lanes = Eigen::Array<double, kLanes, 1>;

  /// @param width  terms of a node
  explicit NodeBlocks(Index width = 0) : width_(width) {}

  [[nodiscard]] Index count() const noexcept {
    return width_ == 0 ? 0 : static_cast<Index>(data_.size()) / (width_ * kLanes);
  }
  /// Term k of the nodes of a block.
  [[nodiscard]] Eigen::Map<const Lanes> lanes(Index block, Index k) const {
    return Eigen::Map<const Lanes>(data_.data() + (block * width_ + k) * kLanes);
  }
  /// A block without nodes: -Inf is the constant of a lane that holds none.
  void open() {
    data_.resize(data_.size() + static_cast<std::size_t>(width_ * kLanes), 0.0);
    std::fill_n(data_.end() - static_cast<std::ptrdiff_t>(width_ * kLanes), kLanes, kNegInf);
  }
  /// @param terms  the node's, one after the other
  void set(Index block, Index lane, const double* terms) {
    for (Index k = 0; k < width_; ++k)
      data_[static_cast<std::size_t>((block * width_ + k) * kLanes + lane)] = terms[k];
  }

 private:
  Index width_;
  std::vector<double> data_;
};

}  // namespace detail

/// Nodes that are near to each other form groups, in blocks of their own; of a group whose highest node
/// weighs next to nothing none is looked at, since the posterior of one data set fills but a part of a
/// lattice that holds those of all.
class NodeTable {
 public:
  /// @param depth  log of the ratio to the highest node of a data set at which nodes no longer matter
  NodeTable(Vector offset, double depth) : offset_(std::move(offset)), depth_(depth) {}

  /// @param group   nodes of a group are neighbours
  /// @param height  about the log posterior of data sets to come: the highest node stands for its group
  void add(const LatticeNodeTerms& node, std::uint64_t group, double height) {
    columns_ = node.kernel.size();
    group_.push_back(group);
    height_.push_back(height);
    data_.push_back(node.constant);
    data_.push_back(node.variance);
    for (const Vector* part : {&node.kernel, &node.inverse, &node.direction})
      data_.insert(data_.end(), part->data(), part->data() + part->size());
  }

  /// To be called once, after the last node.
  void close() {
    const std::size_t count = group_.size(), width = data_.size() / count;
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
      return group_[i] != group_[j] ? group_[i] < group_[j] : height_[i] > height_[j];
    });
    nodes_ = highest_ = Blocks16(static_cast<Index>(width));
    Index lane = Blocks16::kLanes;
    for (std::size_t i = 0; i < count; ++i, ++lane) {
      const double* terms = data_.data() + order[i] * width;
      if (lane == Blocks16::kLanes || group_[order[i]] != group_[order[i - 1]]) {
        lane = 0;
        set(highest_, nodes_.count(), terms);
        nodes_.open();
      }
      nodes_.set(nodes_.count() - 1, lane, terms);
    }
    size_ = static_cast<Index>(count);
    data_ = height_ = std::vector<double>();
    group_ = std::vector<std::uint64_t>();
  }

  [[nodiscard]] Index size() const noexcept { return size_; }

  /// @param added     what is added to l'beta, an element for each probability asked
  /// @param added_se  its standard error, independent of the scores
  [[nodiscard]] LatticeAnswer answer(const ScoreMoments& scores, const Vector& added, double added_se) {
    const double least = weigh_highest(scores) - depth_;
    weight_.clear();
    mean_.clear();
    variance_.clear();
    for (Index b = 0; b < nodes_.count(); ++b) {
      if (head_weight_[static_cast<std::size_t>(b)] >= least - kBlockDrop) keep(b, scores, least);
    }
    return summed(added, added_se);
  }

 private:
  using Blocks16 = detail::NodeBlocks;
  using Lanes = Blocks16::Lanes;

  /// How much higher than the highest node of a block, as the pilots saw it, another may be for one data set.
  static constexpr double kBlockDrop = 5.0;

  /// Node `at` of blocks that are filled one node after the other.
  static void set(Blocks16& blocks, Index at, const double* terms) {
    if (at % Blocks16::kLanes == 0) blocks.open();
    blocks.set(at / Blocks16::kLanes, at % Blocks16::kLanes, terms);
  }

  /// Log posterior of the node that stands for each block.
  /// @return  the largest
  double weigh_highest(const ScoreMoments& scores) {
    head_weight_.resize(static_cast<std::size_t>(highest_.count() * Blocks16::kLanes));
    double top = detail::kNegInf;
    for (Index b = 0; b < highest_.count(); ++b) {
      Lanes weight, mean;
      weigh(highest_, b, scores, weight, mean);
      Eigen::Map<Lanes>(head_weight_.data() + b * Blocks16::kLanes) = weight;
      top = std::max(top, weight.maxCoeff());
    }
    return top;
  }

  /// Nodes of a block that matter.
  void keep(Index block, const ScoreMoments& scores, double least) {
    Lanes weight, mean;
    weigh(nodes_, block, scores, weight, mean);
    const auto variance = nodes_.lanes(block, 1);
    for (Index k = 0; k < Blocks16::kLanes; ++k) {
      if (!(weight[k] >= least)) continue;
      weight_.push_back(weight[k]);
      mean_.push_back(mean[k]);
      variance_.push_back(variance[k]);
    }
  }

  /// Log posterior of the nodes of a block, and the mean of l'beta there.
  void weigh(const Blocks16& nodes, Index block, const ScoreMoments& scores, Lanes& weight, Lanes& mean) {
    const Index p = scores.rows() - 1;
    sums_.resize(Blocks16::kLanes, p);
    Lanes square = nodes.lanes(block, 2) * scores(p, 0);
    for (Index c = 1; c < columns_; ++c) square += nodes.lanes(block, 2 + c) * scores(p, c);
    const Index inverse = 2 + columns_, direction = inverse + packed_size(p);
    mean.setZero();
    for (Index j = 0; j < p; ++j) {
      Lanes sum = Lanes::Constant(offset_[j]);
      for (Index c = 0; c < columns_; ++c) sum += nodes.lanes(block, 2 + c) * scores(j, c);
      mean += nodes.lanes(block, direction + j) * sum;
      sums_.col(j) = sum;
    }
    for (Index j = 0, at = inverse; j < p; ++j) {
      Lanes row = Lanes::Zero();
      for (Index i = j; i < p; ++i, ++at) row += nodes.lanes(block, at) * sums_.col(i);
      square -= row * sums_.col(j);
    }
    weight = nodes.lanes(block, 0) - 0.5 * square;
  }

  [[nodiscard]] LatticeAnswer summed(const Vector& added, double added_se) {
    const Index kept = static_cast<Index>(weight_.size());
    Eigen::Map<Array> weight(weight_.data(), kept);
    const Eigen::Map<const Array> mean(mean_.data(), kept), variance(variance_.data(), kept);
    const double top = weight.maxCoeff();
    weight = (weight - top).exp();
    const double total = weight.sum();
    weight /= total;
    LatticeAnswer out;
    out.log_total = top + std::log(total);
    out.mean = (weight * mean).sum();
    out.variance = (weight * (mean.square() + variance)).sum() - out.mean * out.mean;
    per_sd_ = (variance + added_se * added_se).sqrt().inverse();
    out.above = Vector::Zero(added.size());
    const NormalTable& below = normal_table();
    for (Index e = 0; e < added.size(); ++e) {
      for (Index k = 0; k < kept; ++k) out.above[e] += weight[k] * below((mean[k] + added[e]) * per_sd_[k]);
    }
    return out;
  }

  Vector offset_;
  double depth_;
  std::vector<double> data_, height_;
  std::vector<std::uint64_t> group_;
  Index columns_ = 0, size_ = 0;
  Blocks16 nodes_, highest_;
  Eigen::Array<double, Blocks16::kLanes, Eigen::Dynamic> sums_;
  std::vector<double> head_weight_, weight_, mean_, variance_;  ///< of the nodes kept for one data set
  Array per_sd_;
};

}  // namespace cordgain
