// Ordered levels: a latent variable falls between two thresholds.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/model/latent_links.hpp>
#include <numeric>
#include <vector>

namespace cordgain {

/// P(level <= k) = F(threshold_k - x'beta - z'b). The first threshold is minus the intercept of X, so the
/// first cut on the scale of eta is 0; logarithms of the distances to the next ones are the family's own
/// parameters: no order can be violated. Every level must have been seen (the threshold beside one that was
/// not is the caller's to place: it coincides with its neighbour, or is infinite).
template <class Link>
class Cumulative final : public Family {
 public:
  /// @param level   of each row, from 0
  /// @param levels  how many there are
  /// @param added   scores added to each level where a search begins: more than 0 where a prior holds levels
  ///                that nobody has
  Cumulative(const Vector& level, Index levels, double added = 0.0)
      : seen_(static_cast<std::size_t>(std::max(levels, Index{0})), added) {
    require(levels >= 2, "ordered scores have at least two levels");
    for (Index i = 0; i < level.size(); ++i) {
      require(level[i] >= 0.0 && level[i] < static_cast<double>(levels) && std::floor(level[i]) == level[i],
              "a level is out of range");
      level_.push_back(static_cast<Index>(level[i]));
      seen_[static_cast<std::size_t>(level_.back())] += 1.0;
    }
    require(*std::min_element(seen_.begin(), seen_.end()) > 0.0, "every level must have a score");
  }

  [[nodiscard]] Index rows() const override { return static_cast<Index>(level_.size()); }
  bool add_score(Index row, std::vector<double>& out) const override {
    out.push_back(static_cast<double>(level_[static_cast<std::size_t>(row)]));
    return true;
  }
  [[nodiscard]] bool cut_by_intercept() const override { return true; }

  /// Distances of the logits of what was seen, all rows alike.
  [[nodiscard]] Vector start() const override {
    Vector out(levels() - 2);
    double below = seen_[0];
    for (Index i = 0; i < out.size(); ++i) {
      const double next = below + seen_[static_cast<std::size_t>(i) + 1];
      out[i] = std::log(log_odds(next) - log_odds(below));
      below = next;
    }
    return out;
  }

  void terms(Index row, const VectorIn& eta, const Vector& extra, const RowTerms& out) const override {
    const Cuts cut = cuts(row, extra);
    for (Index k = 0; k < eta.size(); ++k) {
      const IntervalTerms at = interval(row, cut, eta[k]);
      out.value[k] = at.value;
      out.slope[k] = -(at.lower + at.upper);
      out.curvature[k] = at.lower2 + 2.0 * at.cross + at.upper2;
    }
  }

  /// A cut moves with every distance before it, so the two of a level move together but for the last one.
  void extra_terms(Index row, double eta, const Vector& extra, ExtraTerms& out) const override {
    const IntervalTerms at = interval(row, cuts(row, extra), eta);
    const Index level = level_[static_cast<std::size_t>(row)];
    const bool inner = level > 0 && level < levels() - 1;
    const Index last = inner ? level - 1 : extra.size();
    const double both = at.lower2 + 2.0 * at.cross + at.upper2;
    for (Index i = 0; i < std::min(level, extra.size()); ++i) {
      const double by = std::exp(extra[i]);
      out.slope[i] = by * (i == last ? at.upper : at.lower + at.upper);
      out.cross[i] = -by * (i == last ? at.upper2 + at.cross : both);
      for (Index j = 0; j <= i; ++j) {
        const double bend = i != last ? both : j == last ? at.upper2 : at.upper2 + at.cross;
        out.curvature(i, j) = out.curvature(j, i) = by * std::exp(extra[j]) * bend;
      }
      out.curvature(i, i) += out.slope[i];
    }
  }

  /// The cuts, of which the first is 0.
  [[nodiscard]] Vector reported(const Vector& extra) const override {
    Vector out = Vector::Zero(extra.size() + 1);
    for (Index i = 0; i < extra.size(); ++i) out[i + 1] = out[i] + std::exp(extra[i]);
    return out;
  }

  [[nodiscard]] Matrix reported_slope(const Vector& extra) const override {
    Matrix out = Matrix::Zero(extra.size() + 1, extra.size());
    for (Index i = 0; i < extra.size(); ++i)
      out.col(i).tail(extra.size() - i).setConstant(std::exp(extra[i]));
    return out;
  }

 private:
  struct Cuts {
    double lower, upper;
  };

  [[nodiscard]] Index levels() const noexcept { return static_cast<Index>(seen_.size()); }

  [[nodiscard]] double log_odds(double below) const {
    return logit(below / std::accumulate(seen_.begin(), seen_.end(), 0.0));
  }

  /// The cuts about the level of a row; what lies beyond the ends is not looked at.
  [[nodiscard]] Cuts cuts(Index row, const Vector& extra) const {
    const Index level = level_[static_cast<std::size_t>(row)];
    Cuts out{0.0, 0.0};
    for (Index i = 0; i + 1 < level; ++i) out.lower += std::exp(extra[i]);
    out.upper = level > 0 && level <= extra.size() ? out.lower + std::exp(extra[level - 1]) : out.lower;
    return out;
  }

  [[nodiscard]] IntervalTerms interval(Index row, const Cuts& cut, double eta) const {
    const Index level = level_[static_cast<std::size_t>(row)];
    if (level > 0 && level < levels() - 1) return Link::between(cut.lower - eta, cut.upper - eta);
    IntervalTerms out;
    if (level == 0) {
      const PointTerms end = Link::below(cut.upper - eta);
      out.value = end.value, out.upper = end.slope, out.upper2 = end.curvature;
    } else {
      const PointTerms end = Link::above(cut.lower - eta);
      out.value = end.value, out.lower = end.slope, out.lower2 = end.curvature;
    }
    return out;
  }

  std::vector<Index> level_;
  std::vector<double> seen_;  ///< scores at each level
};

}  // namespace cordgain
