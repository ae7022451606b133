// Scores of trials that have not been held, drawn from known variances. Trial i
// is a function of (seed, i) alone, so any worker may do any part.
#pragma once

#include <cordgain/infer/report.hpp>
#include <cordgain/model/sampler.hpp>
#include <utility>
#include <vector>

namespace cordgain {

struct TrialPlan {
  std::uint64_t seed = 0;
  std::uint64_t first = 0;  ///< index of the first trial
  Index count = 0;
  Vector contrast;  ///< l, an element for each column of X, user's units: what is asked is l'beta
};

/// The design of such trials, reduced once, and scores for it.
class TrialSampler {
 public:
  /// @param in        rows; their scores only set the scale
  /// @param gamma     true variance parameters, user's units
  /// @param contrast  l, user's units
  /// @throws          InvalidInput where a column of X is not identified by the design
  TrialSampler(const DesignInput& in, const VectorIn& gamma, const Vector& contrast)
      : TrialSampler(in, reduce_rows(in), gamma, contrast) {}

  /// Draws the scores of one trial.
  const Blocks& draw(const TrialPlan& plan, std::uint64_t trial) {
    RandomStream random(plan.seed, trial);
    sampler_.draw(random);
    return sampler_.blocks();
  }

  [[nodiscard]] const Blocks& blocks() const noexcept { return sampler_.blocks(); }
  [[nodiscard]] const Frame& frame() const noexcept { return frame_; }
  /// l in the blocks' coordinates, with the scale of the scores in it.
  [[nodiscard]] const Vector& contrast() const noexcept { return contrast_; }

 private:
  TrialSampler(const DesignInput& in, Reduced reduced, const VectorIn& gamma, const Vector& contrast)
      : frame_(reduced.frame), sampler_(sampler_of(in, std::move(reduced), gamma)) {
    require(static_cast<Index>(frame_.kept.size()) == in.x.cols(),
            "the design does not identify every coefficient of the model");
    require(contrast.size() == in.x.cols(), "contrast must have an element per fixed effect");
    contrast_ = frame_.y_scale * frame_.factor.transpose().triangularView<Eigen::Lower>().solve(contrast);
  }

  static ResponseSampler sampler_of(const DesignInput& in, Reduced reduced, const VectorIn& gamma) {
    require(gamma.size() == reduced.blocks.n_gamma, "gamma must have an element per variance parameter");
    const Matrix to_user = detail::user_gamma(reduced.frame, reduced.blocks.n_gamma);
    const Vector inside = to_user.partialPivLu().solve(Vector(gamma));
    std::vector<KindLoadings> loadings = kind_loadings(in, reduced);
    return ResponseSampler(std::move(reduced.blocks), std::move(loadings), inside);
  }

  Frame frame_;
  ResponseSampler sampler_;
  Vector contrast_;
};

}  // namespace cordgain
