// Normal scores on a scale with a floor and a ceiling: a score at an end stands for all that lies beyond it.
#pragma once

#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/model/latent_links.hpp>
#include <utility>
#include <vector>

namespace cordgain {

/// score = min(max(latent, lower), upper), latent ~ N(eta, sigma^2). The unit of the engine is the spread of
/// the scores; the family's own parameter is log sigma in that unit, reported in the user's.
/// Source: Tobin (1958), Econometrica 26, 24.
class Censored final : public Family {
 public:
  /// @param lower,upper  ends of the scale, or infinite
  Censored(Vector score, double lower, double upper) : score_(std::move(score)) {
    require(lower < upper, "the floor of a scale must lie below its ceiling");
    require(score_.size() > 0 && score_.allFinite(), "scores must be finite");
    require(score_.minCoeff() >= lower && score_.maxCoeff() <= upper, "a score lies outside its scale");
    const double mean = score_.mean();
    const double spread = std::sqrt((score_.array() - mean).square().mean());
    unit_ = spread > 0.0 ? spread : 1.0;
    score_ /= unit_;
    lower_ = lower / unit_;
    upper_ = upper / unit_;
  }

  [[nodiscard]] Index rows() const override { return score_.size(); }
  /// Patients at an end of the scale at every visit are alike: often most of a trial.
  bool add_score(Index row, std::vector<double>& out) const override {
    out.push_back(score_[row]);
    return true;
  }
  [[nodiscard]] double unit() const override { return unit_; }
  [[nodiscard]] Vector location() const override { return score_; }
  [[nodiscard]] Vector start() const override { return Vector::Zero(1); }
  [[nodiscard]] Vector reported(const Vector& extra) const override {
    return extra.array() + std::log(unit_);
  }

  void terms(Index row, const VectorIn& eta, const Vector& extra, const RowTerms& out) const override {
    const Scale scale = scale_of(extra);
    for (Index k = 0; k < eta.size(); ++k) {
      const PointTerms terms = standard(row, eta[k], scale).terms;
      out.value[k] = terms.value;
      out.slope[k] = -terms.slope * scale.rate;
      out.curvature[k] = terms.curvature * scale.rate * scale.rate;
    }
  }

  /// z = (score - eta) / sigma moves by -z with log sigma; a density, not a probability, also by -1.
  void extra_terms(Index row, double eta, const Vector& extra, ExtraTerms& out) const override {
    const Scale scale = scale_of(extra);
    const Standard here = standard(row, eta, scale);
    const double moved = here.terms.slope + here.z * here.terms.curvature;
    out.slope[0] = -here.z * here.terms.slope - (here.inside ? 1.0 : 0.0);
    out.cross[0] = scale.rate * moved;
    out.curvature(0, 0) = here.z * moved;
  }

 private:
  /// 1 / sigma in the unit of the engine, and the log density of a score at its eta in the user's.
  struct Scale {
    double rate, peak;
  };

  [[nodiscard]] Scale scale_of(const Vector& extra) const {
    return {std::exp(-extra[0]), -detail::kLogRoot2Pi - extra[0] - std::log(unit_)};
  }

  /// A row in standard units: its log density, or log probability beyond an end, by z.
  struct Standard {
    double z;
    bool inside;
    PointTerms terms;
  };

  [[nodiscard]] Standard standard(Index row, double eta, const Scale& scale) const {
    const double z = (score_[row] - eta) * scale.rate;
    if (score_[row] <= lower_) return {z, false, ProbitLink::below(z)};
    if (score_[row] >= upper_) return {z, false, ProbitLink::above(z)};
    return {z, true, {scale.peak - 0.5 * z * z, -z, -1.0}};
  }

  Vector score_;
  double unit_ = 1.0, lower_ = 0.0, upper_ = 0.0;
};

}  // namespace cordgain
