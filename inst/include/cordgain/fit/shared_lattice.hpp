// The posteriors of many data sets of one design. What a node of the lattice of
// hyperparameters asks of the design (factors, determinants, the precision of
// the coefficients) does not depend on the scores: it is worked out once, and a
// data set then costs one product of a small matrix with the nodes.
//
// For one node let S be V^-1, packed, of every kind of blocks. A data set enters
// by T = [X y]'y, packed by rows of a block, so that X'V^-1y and y'V^-1y are T S:
//   log p(node | y) = constant(node) - 1/2 { y'V^-1y - h'A^-1h },  h = X'V^-1y + V0^-1 m0
// and l'beta given the node is normal with mean l'A^-1h and a variance without y.
#pragma once

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <cordgain/dist/mixture_of_normals.hpp>
#include <cordgain/fit/posterior_lattice.hpp>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace cordgain {

/// [X y]'y of one data set: (p + 1) rows, a column for each element of the kernels.
using ScoreMoments = Matrix;

/// Number of columns of the score moments of blocks of a design.
[[nodiscard]] inline Index score_columns(const Blocks& blocks) {
  Index out = 1;
  for (const BlockKind& kind : blocks.kinds) out += packed_size(kind.rank);
  return out;
}

/// Second moments of a kind, packed(p + 1) x packed(r), whether or not its blocks are pooled.
[[nodiscard]] inline Matrix whole_moments(const BlockKind& kind, Index p) {
  if (kind.pooled()) return kind.moments;
  Matrix out = Matrix::Zero(packed_size(p + 1), packed_size(kind.rank));
  for (Index i = 0; i < kind.count; ++i) add_moments(kind.rows.middleCols(i * (p + 1), p + 1), out);
  return out;
}

/// @throws InvalidInput for blocks of nested units or crossed factors
[[nodiscard]] inline ScoreMoments score_moments(const Blocks& blocks) {
  require(blocks.nested.empty() && blocks.crossed.empty(),
          "simulated posteriors are for random effects of subjects, not for nested or crossed factors");
  const Index p = blocks.p;
  ScoreMoments out(p + 1, score_columns(blocks));
  const auto y_rows = [&](const MatrixIn& from, Index at) {
    for (Index j = 0; j <= p; ++j) out.row(j).segment(at, from.cols()) = from.row(packed_index(p, j, p + 1));
  };
  Index at = 0;
  for (const BlockKind& kind : blocks.kinds) {
    y_rows(whole_moments(kind, p), at);
    at += packed_size(kind.rank);
  }
  y_rows(blocks.within, at);
  return out;
}

/// What a node is without scores.
struct LatticeNodeTerms {
  double constant = detail::kNegInf;  ///< of the log posterior
  double variance = 0.0;              ///< of l'beta
  Vector kernel;                      ///< S, an element for each column of the score moments
  Vector inverse;                     ///< A^-1 packed, elements off the diagonal doubled
  Vector direction;                   ///< A^-1 l
};

/// Works out nodes of one design.
class NodeFactory {
 public:
  /// @param model     priors and design; one normal for each coefficient
  /// @param contrast  l in the blocks' coordinates, with the scale of the scores in it
  NodeFactory(const PosteriorModel& model, Vector contrast)
      : model_(model), point_(model.hyper), contrast_(std::move(contrast)) {
    const Blocks& blocks = *model.blocks;
    for (const BlockKind& kind : blocks.kinds) moments_.push_back(whole_moments(kind, blocks.p));
    set_prior();
  }

  [[nodiscard]] Index dimension() const noexcept { return static_cast<Index>(point_.free().size()); }
  /// V0^-1 m0 in the blocks' coordinates.
  [[nodiscard]] const Vector& offset() const noexcept { return offset_; }

  [[nodiscard]] LatticeNodeTerms at(const Vector& eta) {
    LatticeNodeTerms out;
    const double prior = point_.move(eta);
    if (!std::isfinite(prior)) return out;
    const Blocks& blocks = *model_.blocks;
    const Vector gamma = model_.from_user * model_.layout.gamma(point_.values());
    const double s2 = gamma[blocks.residual];
    double log_det = blocks.within_df * std::log(s2);
    Vector cross = blocks.within / s2;
    out.kernel.resize(score_columns(blocks));
    out.kernel[out.kernel.size() - 1] = 1.0 / s2;
    if (!(s2 > 0.0) || !add_kinds(gamma, log_det, cross, out.kernel)) return out;
    finish(prior - 0.5 * log_det, unpacked(cross, blocks.p + 1).topLeftCorner(blocks.p, blocks.p), out);
    return out;
  }

 private:
  void set_prior() {
    const Index p = model_.frame.shift.size();
    Vector precision = Vector::Zero(p), mean = Vector::Zero(p);
    for (Index j = 0; j < p; ++j) {
      const auto& parts = model_.coefficients[static_cast<std::size_t>(j)];
      require(parts.size() == 1 && parts[0].mixing < 0,
              "simulated posteriors take one normal or a flat prior for each coefficient");
      if (std::isinf(parts[0].sd)) continue;
      precision[j] = 1.0 / (parts[0].sd * parts[0].sd);
      mean[j] = parts[0].mean - model_.frame.shift[j];
    }
    const Matrix& map = model_.frame.map;
    prior_precision_ = map.transpose() * precision.asDiagonal() * map;
    offset_ = map.transpose() * precision.cwiseProduct(mean);
  }

  bool add_kinds(const Vector& gamma, double& log_det, Vector& cross, Vector& kernel) {
    Index at = 0;
    for (std::size_t k = 0; k < moments_.size(); ++k) {
      const BlockKind& kind = model_.blocks->kinds[k];
      Matrix lower;
      if (!detail::factor(kind, gamma, lower)) return false;
      log_det += 2.0 * static_cast<double>(kind.count) * lower.diagonal().array().log().sum();
      const Matrix half = lower.triangularView<Eigen::Lower>().solve(Matrix::Identity(kind.rank, kind.rank));
      const Vector packed_inverse = packed(half.transpose() * half);
      kernel.segment(at, packed_inverse.size()) = packed_inverse;
      cross.noalias() += moments_[k] * packed_inverse;
      at += packed_inverse.size();
    }
    return true;
  }

  void finish(double log_weight, const Matrix& precision, LatticeNodeTerms& out) const {
    const Index p = precision.rows();
    const Eigen::LLT<Matrix> llt(precision + prior_precision_);
    if (llt.info() != Eigen::Success) return;
    const Matrix inverse = llt.solve(Matrix::Identity(p, p));
    out.constant = log_weight - llt.matrixLLT().diagonal().array().log().sum();
    out.inverse = packed(2.0 * inverse - Matrix(inverse.diagonal().asDiagonal()));
    out.direction = inverse * contrast_;
    out.variance = contrast_.dot(out.direction);
  }

  const PosteriorModel& model_;
  HyperPoint point_;
  Vector contrast_, offset_;
  Matrix prior_precision_;
  std::vector<Matrix> moments_;
};

/// Log posterior of one node for one data set, up to a constant of the model.
/// @param offset  NodeFactory::offset()
[[nodiscard]] inline double node_log_weight(const LatticeNodeTerms& node, const Vector& offset,
                                            const ScoreMoments& scores) {
  if (!(node.constant > detail::kNegInf)) return detail::kNegInf;
  const Index p = scores.rows() - 1;
  const Vector sums = scores * node.kernel;
  const Vector h = sums.head(p) + offset;
  double quadratic = sums[p];
  for (Index j = 0, at = 0; j < p; ++j) {
    for (Index i = j; i < p; ++i, ++at) quadratic -= node.inverse[at] * h[i] * h[j];
  }
  return node.constant - 0.5 * quadratic;
}

/// l'beta given the scores: sums over the nodes of one lattice.
struct LatticeAnswer {
  double log_total = detail::kNegInf;
  double mean = 0.0, variance = 0.0;
  Vector above;  ///< probabilities that l'beta and what is added to it lie above 0
};

/// Nodes side by side, and the sums of one data set over them. Nodes that are near to each other form groups;
/// of a group whose highest node weighs next to nothing none is looked at, since the posterior of one data
/// set fills but a part of a lattice that holds those of all.
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
    const std::size_t count = group_.size();
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
      return group_[i] != group_[j] ? group_[i] < group_[j] : height_[i] > height_[j];
    });
    const Index width = static_cast<Index>(data_.size() / count);
    const Eigen::Map<const Matrix> all(data_.data(), width, static_cast<Index>(count));
    nodes_.resize(static_cast<Index>(count), width);
    for (std::size_t i = 0; i < count; ++i) {
      nodes_.row(static_cast<Index>(i)) = all.col(static_cast<Index>(order[i])).transpose();
      if (i == 0 || group_[order[i]] != group_[order[i - 1]]) first_.push_back(static_cast<Index>(i));
    }
    first_.push_back(static_cast<Index>(count));
    highest_.resize(groups(), width);
    for (Index g = 0; g < groups(); ++g) highest_.row(g) = nodes_.row(first(g));
    data_ = std::vector<double>();
    group_ = std::vector<std::uint64_t>();
    height_ = std::vector<double>();
    weight_.resize(nodes_.rows());
    mean_.resize(nodes_.rows());
  }

  [[nodiscard]] Index size() const noexcept { return nodes_.rows(); }

  /// @param added     what is added to l'beta, an element for each probability asked
  /// @param added_se  its standard error, independent of the scores
  [[nodiscard]] LatticeAnswer answer(const ScoreMoments& scores, const Vector& added, double added_se) {
    Eigen::ArrayXd weight(groups()), mean(groups());
    weigh(highest_, scores, weight, mean);
    const double least = weight.maxCoeff() - depth_ - kGroupDrop;
    runs_.clear();
    for (Index g = 0; g < groups(); ++g) {
      if (weight[g] >= least) add_run(first(g), first(g + 1));
    }
    for (const auto& [from, to] : runs_) {
      weigh(nodes_.middleRows(from, to - from), scores, weight_.segment(from, to - from),
            mean_.segment(from, to - from));
    }
    return summed(added, added_se);
  }

 private:
  /// How much higher than the highest node of a group, as the pilots saw it, another may be for one data set.
  static constexpr double kGroupDrop = 5.0;

  [[nodiscard]] Index groups() const noexcept { return static_cast<Index>(first_.size()) - 1; }
  [[nodiscard]] Index first(Index group) const { return first_[static_cast<std::size_t>(group)]; }

  /// Nodes to be looked at; those that join the last ones are one run with them.
  void add_run(Index from, Index to) {
    if (runs_.empty() || runs_.back().second != from) runs_.emplace_back(from, from);
    runs_.back().second = to;
  }

  [[nodiscard]] double largest_weight() const {
    double out = detail::kNegInf;
    for (const auto& [from, to] : runs_) out = std::max(out, weight_.segment(from, to - from).maxCoeff());
    return out;
  }

  /// Log posterior of some nodes, and the mean of l'beta there.
  template <class Out>
  void weigh(const MatrixIn& nodes, const ScoreMoments& scores, Out&& weight, Out&& mean) {
    const Index p = scores.rows() - 1;
    sums_.resize(nodes.rows(), p + 1);
    sums_.noalias() = nodes.middleCols(2, columns_).lazyProduct(scores.transpose());
    weight = nodes.col(0).array() - 0.5 * sums_.col(p).array();
    mean.setZero();
    for (Index j = 0; j < p; ++j) {
      sums_.col(j).array() += offset_[j];
      mean += nodes.col(2 + columns_ + packed_size(p) + j).cwiseProduct(sums_.col(j)).array();
    }
    for (Index j = 0, at = 2 + columns_; j < p; ++j) {
      for (Index i = j; i < p; ++i, ++at)
        weight += 0.5 * nodes.col(at).array() * sums_.col(i).array() * sums_.col(j).array();
    }
  }

  [[nodiscard]] LatticeAnswer summed(const Vector& added, double added_se) {
    LatticeAnswer out;
    const double top = largest_weight();
    double total = 0.0, first = 0.0, second = 0.0;
    for (const auto& [from, to] : runs_) {
      auto weight = weight_.segment(from, to - from);
      const auto mean = mean_.segment(from, to - from);
      weight = (weight - top).exp();
      total += weight.sum();
      first += (weight * mean).sum();
      second += (weight * (mean.square() + nodes_.col(1).segment(from, to - from).array())).sum();
    }
    out.log_total = top + std::log(total);
    out.mean = first / total;
    out.variance = second / total - out.mean * out.mean;
    out.above = Vector::Zero(added.size());
    for (const auto& [from, to] : runs_) add_above(from, to, 1.0 / total, added, added_se, out.above);
    return out;
  }

  /// Nodes that all together weigh less than 1e-9 are passed over.
  void add_above(Index from, Index to, double factor, const Vector& added, double added_se,
                 Vector& above) const {
    const double least = 1e-9 / (factor * static_cast<double>(size()));
    for (Index k = from; k < to; ++k) {
      if (weight_[k] < least) continue;
      const double sd = std::sqrt(nodes_(k, 1) + added_se * added_se);
      for (Index e = 0; e < added.size(); ++e)
        above[e] += factor * weight_[k] * detail::part_cdf(mean_[k] + added[e], sd);
    }
  }

  Vector offset_;
  double depth_;
  std::vector<double> data_;
  std::vector<std::uint64_t> group_;
  std::vector<double> height_;
  Index columns_ = 0;
  std::vector<Index> first_;  ///< node of each group, and the end
  Matrix nodes_, highest_, sums_;
  Eigen::ArrayXd mean_, weight_;
  std::vector<std::pair<Index, Index>> runs_;
};

}  // namespace cordgain
