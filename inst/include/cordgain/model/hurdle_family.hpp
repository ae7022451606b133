// No change, or a positive change: scores of which many are zero because nothing happened.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/math/logistic.hpp>
#include <cordgain/model/beta_binomial_family.hpp>
#include <utility>

namespace cordgain {

/// With probability 1 - p a score is 0, else 1 + beta-binomial(highest - 1, mu, phi), log(mu / (1 - mu)) =
/// eta and log(p / (1 - p)) = a + k eta. The family's own parameters are w of the beta-binomial, a, and,
/// where change goes with its size (`shared`), k; else k = 0 and p is one for all rows. Source: Mullahy
/// (1986), Journal of Econometrics 33, 341, for the hurdle.
class Hurdle final : public Family {
 public:
  Hurdle(Vector points, const Vector& highest, bool shared)
      : points_(std::move(points)),
        positive_((points_.array() - 1.0).cwiseMax(0.0), highest.array() - 1.0),
        shared_(shared) {}

  [[nodiscard]] Index rows() const override { return points_.size(); }
  [[nodiscard]] Vector start() const override {
    Vector out = Vector::Zero(shared_ ? 3 : 2);
    out[0] = positive_.start()[0];
    return out;
  }
  [[nodiscard]] Vector canonical(const Vector& extra) const override {
    Vector out = extra;
    out[0] = positive_.canonical(extra.head(1))[0];
    return out;
  }
  [[nodiscard]] Vector reported(const Vector& extra) const override {
    Vector out = extra;
    out[0] = positive_.reported(extra.head(1))[0];
    return out;
  }
  [[nodiscard]] Matrix reported_slope(const Vector& extra) const override {
    Matrix out = Matrix::Identity(extra.size(), extra.size());
    out(0, 0) = positive_.reported_slope(extra.head(1))(0, 0);
    return out;
  }

  void terms(Index row, const VectorIn& eta, const Vector& extra, const RowTerms& out) const override {
    const bool changed = points_[row] > 0.0;
    if (changed) {
      positive_.terms(row, eta, extra.head(1), out);
    } else {
      for (double* const part : {out.value, out.slope, out.curvature}) std::fill_n(part, eta.size(), 0.0);
    }
    const double k = slope(extra);
    Change change(changed, extra[1]);
    for (Index i = 0; i < eta.size(); ++i) {
      if (shared_) change = Change(changed, extra[1] + k * eta[i]);
      out.value[i] += change.value;
      out.slope[i] += k * change.slope;
      out.curvature[i] += k * k * change.curvature;
    }
  }

  void extra_terms(Index row, double eta, const Vector& extra, ExtraTerms& out) const override {
    if (points_[row] > 0.0) {
      ExtraTerms size{Vector::Zero(1), Vector::Zero(1), Matrix::Zero(1, 1)};
      positive_.extra_terms(row, eta, extra.head(1), size);
      out.slope[0] = size.slope[0];
      out.cross[0] = size.cross[0];
      out.curvature(0, 0) = size.curvature(0, 0);
    }
    const double k = slope(extra);
    const Change change(points_[row] > 0.0, extra[1] + k * eta);
    const Index e = extra.size() - 1;  // a, and k where it is estimated: they move a + k eta by 1 and eta
    Vector by(e);
    by[0] = 1.0;
    if (shared_) by[1] = eta;
    out.slope.tail(e) = change.slope * by;
    out.cross.tail(e) = change.curvature * k * by;
    if (shared_) out.cross[2] += change.slope;
    out.curvature.bottomRightCorner(e, e) = change.curvature * by * by.transpose();
  }

 private:
  /// The logarithm of the probability of change, or of none, by its logit.
  struct Change {
    double value, slope, curvature;

    Change(bool changed, double logit)
        : value(-softplus(changed ? -logit : logit)),
          slope(changed ? logistic(-logit) : -logistic(logit)),
          curvature(-logistic(logit) * logistic(-logit)) {}
  };

  [[nodiscard]] double slope(const Vector& extra) const { return shared_ ? extra[2] : 0.0; }

  Vector points_;
  BetaBinomial positive_;
  bool shared_;
};

}  // namespace cordgain
