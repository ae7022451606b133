// The posterior density of a mixed model of any family as a function of working coordinates, random effects
// integrated out, with its exact gradient.
//
// Coordinates, in this order: coefficients in units of their own size (of thresholds the one that is the
// anchor, in the place of the intercept), the free hyperparameters as the Gaussian engine has them,
// logarithms of the distances of the thresholds, or the family's further parameters as they are. A threshold
// moved to another anchor is a shear of unit determinant: the same density, with a marginal for each
// threshold.
#pragma once

#include <cmath>
#include <cordgain/fit/marginal_likelihood.hpp>
#include <cordgain/model/cut_prior.hpp>
#include <cordgain/model/hyper_slope.hpp>
#include <vector>

namespace cordgain {

/// What the last hyperparameter is to the family: nothing, a standard deviation of which the family has the
/// logarithm in its unit, or 1 / sqrt(precision), the family's own parameter.
enum class OwnScale { kNone = 0, kLogSd = 1, kRootPrecision = 2 };

/// What a posterior is made of; rows and family must outlive it. Priors are in the user's units.
struct FamilyModel {
  const SubjectRows* rows = nullptr;
  const Family* family = nullptr;
  Vector origin;                      ///< of the fixed effects, in the engine's coordinates
  std::vector<Prior> coefficients;    ///< of the columns kept, the intercept of thresholds left out
  std::vector<Hyperparameter> hyper;  ///< of the random effects, then the family's own
  HyperLayout layout;                 ///< blocks; `sigma` is not looked at
  OwnScale own = OwnScale::kNone;
  std::vector<Prior> further;  ///< of the family's parameters after `own`, which may be any number
  CutPrior cuts;
};

/// Log posterior density, up to log p(y), in the coordinates above.
class FamilyDensity {
 public:
  explicit FamilyDensity(const FamilyModel& model)
      : model_(model), likelihood_(*model.rows, *model.family), hyper_(model.hyper) {
    const Index p = likelihood_.fixed_count();
    cuts_ = model.family->cut_by_intercept() ? likelihood_.extra_count() + 1 : 0;
    require(static_cast<Index>(model.coefficients.size()) == p - absorbed(),
            "each coefficient needs a prior");
    require(cuts_ > 0 || likelihood_.extra_count() == (model.own == OwnScale::kNone ? 0 : 1) + further(),
            "each of the family's own parameters needs a prior");
    unit_ = model.family->unit() * model.rows->x_factor.diagonal().cwiseAbs().cwiseInverse();
    point_ = Vector::Zero(likelihood_.size());
  }

  [[nodiscard]] Index dimension() const {
    return fixed() + free_count() + std::max<Index>(cuts_ - 1, 0) + further();
  }
  [[nodiscard]] Index fixed() const { return likelihood_.fixed_count(); }
  [[nodiscard]] Index free_count() const { return static_cast<Index>(free().size()); }
  [[nodiscard]] Index cut_count() const { return cuts_; }
  [[nodiscard]] Index further() const { return static_cast<Index>(model_.further.size()); }
  [[nodiscard]] const std::vector<Index>& free() const { return hyper_.free(); }
  [[nodiscard]] const Vector& unit() const { return unit_; }
  /// The parameters of the likelihood at the last point asked.
  [[nodiscard]] const Vector& point() const { return point_; }
  [[nodiscard]] MarginalLikelihood& likelihood() { return likelihood_; }
  void set_anchor(Index anchor) { anchor_ = anchor; }

  /// What is reported at the last point asked: coefficients, the family's parameters, hyperparameters of the
  /// random effects.
  [[nodiscard]] Vector reported() const {
    const Index p = fixed() - absorbed(), effects = effect_hyper();
    const Vector own = cuts_ > 0 ? cut_ : model_.family->reported(point_.tail(likelihood_.extra_count()));
    Vector out(p + own.size() + effects);
    out << beta_.tail(p), own, values().head(effects);
    return out;
  }

  double operator()(const Vector& eta) { return evaluate(eta, nullptr); }
  double operator()(const Vector& eta, Vector& gradient) { return evaluate(eta, &gradient); }

  /// Where a search may begin: the family's own start, no effect of any column, standard deviations of the
  /// size of the linear predictor, the hyperparameters at the coordinate given.
  [[nodiscard]] Vector start(double hyper_coordinate) const {
    Vector out = Vector::Constant(dimension(), hyper_coordinate);
    const Matrix& factor = model_.rows->x_factor;
    const Vector beta = model_.family->unit() * factor.triangularView<Eigen::Upper>().solve(model_.origin);
    out.head(fixed()) = beta.cwiseQuotient(unit_);
    if (cuts_ > 0) out.tail(cuts_ - 1) = model_.family->start();
    if (further() > 0) out.tail(further()) = model_.family->start().tail(further());
    return out;
  }

 private:
  [[nodiscard]] Index absorbed() const { return cuts_ > 0 ? 1 : 0; }
  [[nodiscard]] Index hyper_count() const { return static_cast<Index>(model_.hyper.size()); }
  [[nodiscard]] Index effect_hyper() const { return hyper_count() - (model_.own == OwnScale::kNone ? 0 : 1); }
  [[nodiscard]] const Vector& values() const { return hyper_.values(); }

  double evaluate(const Vector& eta, Vector* gradient) {
    if (gradient) gradient->setZero(dimension());
    double prior = move_coefficients(eta, gradient) + move_hyper(eta, gradient);
    if (cuts_ > 0) prior += move_cuts(eta, gradient);
    prior += log_further(eta.tail(further()), gradient);
    if (!std::isfinite(prior)) return detail::kNegInf;
    fill_point(eta);
    Vector by;
    const double log_likelihood =
        gradient ? likelihood_.sloped(point_, by) : -likelihood_.at(point_, false).value;
    if (!std::isfinite(log_likelihood)) return detail::kNegInf;
    if (gradient) add_likelihood(by, *gradient);
    return prior + log_likelihood;
  }

  double move_coefficients(const Vector& eta, Vector* gradient) {
    double out = 0.0;
    beta_ = eta.head(fixed()).cwiseProduct(unit_);
    for (Index j = absorbed(); j < fixed(); ++j) {
      const Prior& prior = model_.coefficients[static_cast<std::size_t>(j - absorbed())];
      out += prior.log_density(beta_[j]) + std::log(unit_[j]);
      if (gradient) (*gradient)[j] = log_density_slope(prior, beta_[j]) * unit_[j];
    }
    return out;
  }

  double move_hyper(const Vector& eta, Vector* gradient) {
    double out = 0.0;
    slope_.resize(free_count());
    hyper_.move_each(eta.segment(fixed(), free_count()), [&](Index k, const Hyperparameter& h, double at) {
      const SlopedHyper here = sloped(h, at);
      slope_[k] = here.value_slope;
      out += here.log_density;
      if (gradient) (*gradient)[fixed() + k] = here.density_slope;
      return here.value;
    });
    return out;
  }

  double log_further(const VectorIn& value, Vector* gradient) const {
    double out = 0.0;
    for (Index k = 0; k < further(); ++k) {
      const Prior& prior = model_.further[static_cast<std::size_t>(k)];
      out += prior.log_density(value[k]);
      if (gradient) (*gradient)[dimension() - further() + k] = log_density_slope(prior, value[k]);
    }
    return out;
  }

  /// Thresholds from the anchor and the distances; their prior with the Jacobian of the distances.
  double move_cuts(const Vector& eta, Vector* gradient) {
    gap_ = eta.tail(cuts_ - 1).array().exp();
    cut_.resize(cuts_);
    cut_[anchor_] = eta[0] * unit_[0];
    for (Index k = anchor_; k > 0; --k) cut_[k - 1] = cut_[k] - gap_[k - 1];
    for (Index k = anchor_; k + 1 < cuts_; ++k) cut_[k + 1] = cut_[k] + gap_[k];
    beta_[0] = -cut_[0];
    Vector slope;
    const double out =
        log_cut_prior(model_.cuts, cut_, slope) + eta.tail(cuts_ - 1).sum() + std::log(unit_[0]);
    if (gradient) {
      gradient->tail(cuts_ - 1).array() += 1.0;
      for (Index k = 0; k < cuts_; ++k) add_cut(k, slope[k], *gradient);
    }
    return out;
  }

  /// What a derivative in threshold k is in the coordinates.
  void add_cut(Index k, double slope, Vector& gradient) const {
    gradient[0] += slope * unit_[0];
    const Index first = dimension() - (cuts_ - 1);
    for (Index i = anchor_; i < k; ++i) gradient[first + i] += slope * gap_[i];
    for (Index i = k; i < anchor_; ++i) gradient[first + i] -= slope * gap_[i];
  }

  void fill_point(const Vector& eta) {
    const Index p = fixed(), e = likelihood_.extra_count();
    point_.head(p) = model_.rows->x_factor.triangularView<Eigen::Upper>() * beta_ / model_.family->unit();
    point_.head(p) -= model_.origin;
    fill_factor();
    if (cuts_ > 0) point_.tail(e) = eta.tail(e);
    if (model_.own == OwnScale::kLogSd) point_[own_place()] = std::log(own() / model_.family->unit());
    if (model_.own == OwnScale::kRootPrecision) point_[own_place()] = own();
    point_.tail(further()) = eta.tail(further());
  }

  [[nodiscard]] double own() const { return values()[hyper_count() - 1]; }
  /// Where the likelihood has it.
  [[nodiscard]] Index own_place() const { return fixed() + likelihood_.free_count(); }

  /// Row of z to the engine's unit.
  [[nodiscard]] double scale(Index row) const { return model_.rows->z_scale[row] / model_.family->unit(); }

  void fill_factor() {
    Index at = fixed(), row = 0;
    for (const HyperLayout::Block& b : model_.layout.blocks) {
      point_[at++] = values()[b.first_sd] * scale(row++);
      if (b.second_sd < 0) continue;
      const double r = values()[b.correlation], second = values()[b.second_sd] * scale(row++);
      point_[at++] = r * second;
      point_[at++] = std::sqrt((1.0 - r) * (1.0 + r)) * second;
    }
  }

  /// @param by  gradient of the log likelihood in its own parameters
  void add_likelihood(const Vector& by, Vector& gradient) const {
    const Index p = fixed(), e = likelihood_.extra_count();
    Vector beta = model_.rows->x_factor.transpose() * by.head(p) / model_.family->unit();
    if (cuts_ > 0) {
      add_cut(0, -beta[0], gradient);
      beta[0] = 0.0;
      gradient.tail(e) += by.tail(e);
    }
    gradient.head(p) += beta.cwiseProduct(unit_);
    Vector value = factor_slopes(by);
    if (model_.own == OwnScale::kLogSd) value[hyper_count() - 1] = by[own_place()] / own();
    if (model_.own == OwnScale::kRootPrecision) value[hyper_count() - 1] = by[own_place()];
    gradient.tail(further()) += by.tail(further());
    for (Index k = 0; k < free_count(); ++k)
      gradient[p + k] += value[free()[static_cast<std::size_t>(k)]] * slope_[k];
  }

  /// Derivatives in the values of standard deviations and correlations.
  [[nodiscard]] Vector factor_slopes(const Vector& by) const {
    Vector out = Vector::Zero(hyper_count());
    Index at = fixed(), row = 0;
    for (const HyperLayout::Block& b : model_.layout.blocks) {
      out[b.first_sd] = by[at++] * scale(row++);
      if (b.second_sd < 0) continue;
      const double r = values()[b.correlation], unit = scale(row++), second = values()[b.second_sd] * unit;
      const double root = std::sqrt(std::max((1.0 - r) * (1.0 + r), 1e-300));
      out[b.second_sd] = (r * by[at] + root * by[at + 1]) * unit;
      out[b.correlation] = second * (by[at] - r / root * by[at + 1]);
      at += 2;
    }
    return out;
  }

  const FamilyModel& model_;
  MarginalLikelihood likelihood_;
  HyperPoint hyper_;
  Vector unit_, slope_, beta_, cut_, gap_, point_;
  Index cuts_ = 0, anchor_ = 0;
};

}  // namespace cordgain
