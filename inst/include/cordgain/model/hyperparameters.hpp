// The few parameters of a Bayesian Gaussian model that are integrated by
// quadrature: standard deviations, correlations, scales of t priors. Each is a
// function of a working coordinate eta in which its posterior dies away fast on
// both sides, so that the trapezoidal rule converges geometrically.
#pragma once

#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/math/packed.hpp>
#include <vector>

namespace cordgain {

enum class HyperKind {
  kSd = 0,           // value = unit exp(eta - exp(-eta)) > 0
  kCorrelation = 1,  // value = tanh(eta), LKJ prior
  kMixing = 2        // value = exp(eta), gamma(df / 2, df / 2): the precision factor of a t prior
};

/// One hyperparameter. A fixed standard deviation has the prior kFixed and no coordinate.
struct Hyperparameter {
  HyperKind kind = HyperKind::kSd;
  Prior prior;         ///< kSd
  double shape = 1.0;  ///< kCorrelation: eta of LKJ; kMixing: degrees of freedom
  double unit = 1.0;   ///< kSd: the value near which eta is of order one

  [[nodiscard]] bool fixed() const noexcept { return kind == HyperKind::kSd && prior.is(PriorKind::kFixed); }
};

/// A value with the logarithm of its derivative in eta.
struct Transformed {
  double value = 0.0;
  double log_slope = 0.0;
};

/// Value of a free hyperparameter at eta.
/// A standard deviation may be near zero, where its posterior density need not vanish: in log(value) that
/// is a tail falling like exp(eta) only. unit exp(eta - exp(-eta)) makes it fall doubly exponentially
/// (Takahasi & Mori 1974, doi:10.2977/prims/1195192451), and is unit exp(eta) on the other side.
[[nodiscard]] inline Transformed transform(const Hyperparameter& h, double eta) {
  if (h.kind == HyperKind::kCorrelation) {
    const double size = std::abs(eta);
    // log(1 - tanh^2) without the cancellation of 1 - tanh^2
    return {std::tanh(eta), 2.0 * (std::log(2.0) - size - std::log1p(std::exp(-2.0 * size)))};
  }
  if (h.kind == HyperKind::kMixing) return {std::exp(eta), eta};
  const double log_value = eta - std::exp(-eta);
  return {h.unit * std::exp(log_value), std::log(h.unit) + log_value + std::log1p(std::exp(-eta))};
}

/// The eta of a value of a standard deviation: the root of eta - exp(-eta) = log(value / unit), by Newton.
[[nodiscard]] inline double sd_coordinate(double value, double unit) {
  const double target = std::log(value / unit);
  double eta = target > 0.0 ? target : -std::log1p(-target);
  for (int step = 0; step < 60; ++step) {
    const double tail = std::exp(-eta);
    eta -= (eta - tail - target) / (1.0 + tail);
  }
  return eta;
}

/// Log prior density of the value.
///   LKJ, two dimensions: (1 - r^2)^(shape - 1) / B(1/2, shape)
/// Source: Lewandowski, Kurowicka & Joe (2009), doi:10.1016/j.jmva.2009.04.008.
[[nodiscard]] inline double log_prior(const Hyperparameter& h, const Transformed& at) {
  if (h.kind == HyperKind::kCorrelation) {
    const double log_beta = std::lgamma(0.5) + std::lgamma(h.shape) - std::lgamma(h.shape + 0.5);
    return (h.shape - 1.0) * at.log_slope - log_beta;
  }
  if (h.kind == HyperKind::kMixing) {
    return detail::log_gamma_density(at.value, 0.5 * h.shape, 0.5 * h.shape);
  }
  return h.prior.log_density(at.value);
}

namespace detail {

/// What the logarithms of gamma functions leave of a half-t or LKJ density: its value at zero. They do not
/// depend on the point, and take longer than the rest.
inline double log_top(const Hyperparameter& h) {
  if (h.kind == HyperKind::kCorrelation) return log_prior(h, Transformed{0.0, 0.0});
  return h.kind == HyperKind::kSd && h.prior.is(PriorKind::kHalfT) ? h.prior.log_density(0.0) : 0.0;
}

/// log_prior() with that known.
inline double log_prior_from(double top, const Hyperparameter& h, const Transformed& at) {
  if (h.kind == HyperKind::kCorrelation) return top + (h.shape - 1.0) * at.log_slope;
  if (h.kind != HyperKind::kSd || !h.prior.is(PriorKind::kHalfT)) return log_prior(h, at);
  const PriorComponent& t = h.prior.components().front();
  const double z = at.value / t.a;
  return top - 0.5 * (t.b + 1.0) * std::log1p(z * z / t.b);
}

}  // namespace detail

/// The free ones among some hyperparameters, and the values of all at a point of their coordinates. A
/// coordinate that did not move since costs nothing; priors must not change meanwhile.
class HyperPoint {
 public:
  explicit HyperPoint(const std::vector<Hyperparameter>& all) : all_(all) {
    values_.resize(static_cast<Index>(all.size()));
    for (std::size_t k = 0; k < all.size(); ++k) {
      if (all[k].fixed()) {
        values_[static_cast<Index>(k)] = all[k].prior.components().front().a;
      } else {
        free_.push_back(static_cast<Index>(k));
        places_.push_back({std::nan(""), 0.0, 0.0, detail::log_top(all[k])});
      }
    }
  }

  [[nodiscard]] const std::vector<Index>& free() const noexcept { return free_; }
  [[nodiscard]] const Vector& values() const noexcept { return values_; }

  /// Moves to eta (an element for each free one).
  /// @return  log prior density of eta
  double move(const VectorIn& eta) {
    double out = 0.0;
    for (std::size_t k = 0; k < free_.size(); ++k) {
      Place& place = places_[k];
      const Hyperparameter& h = all_[static_cast<std::size_t>(free_[k])];
      const double to = eta[static_cast<Index>(k)];
      if (to != place.eta || h.unit != place.unit) refresh(free_[k], h, to, place);
      out += place.log_density;
    }
    return out;
  }

  /// The same with the values by `value_at(k, h, eta)`, k counting the free ones.
  template <class ValueAt>
  void move_each(const VectorIn& eta, ValueAt&& value_at) {
    for (std::size_t k = 0; k < free_.size(); ++k) {
      const Index i = static_cast<Index>(k);
      values_[free_[k]] = value_at(i, all_[static_cast<std::size_t>(free_[k])], eta[i]);
      places_[k].eta = std::nan("");
    }
  }

 private:
  struct Place {
    double eta, unit, log_density, log_top;
  };

  void refresh(Index k, const Hyperparameter& h, double eta, Place& place) {
    const Transformed at = transform(h, eta);
    values_[k] = at.value;
    place.eta = eta;
    place.unit = h.unit;
    place.log_density = detail::log_prior_from(place.log_top, h, at) + at.log_slope;
  }

  const std::vector<Hyperparameter>& all_;
  std::vector<Index> free_;
  std::vector<Place> places_;
  Vector values_;
};

/// How the hyperparameters make the variance parameters of a model with independent residuals.
/// Each block of random effects has one or two columns; of two, the third index is the correlation.
struct HyperLayout {
  struct Block {
    Index first_sd = 0;
    Index second_sd = -1;    ///< -1: one column
    Index correlation = -1;  ///< -1: none
  };
  std::vector<Block> blocks;
  Index sigma = 0;  ///< index of the residual standard deviation

  /// Packed covariances of the blocks, then the residual variance, in the user's units.
  [[nodiscard]] Vector gamma(const VectorIn& values) const {
    Index size = 1;
    for (const Block& b : blocks) size += b.second_sd < 0 ? 1 : 3;
    Vector out(size);
    Index at = 0;
    for (const Block& b : blocks) {
      const double first = values[b.first_sd];
      out[at++] = first * first;
      if (b.second_sd < 0) continue;
      const double second = values[b.second_sd];
      out[at++] = values[b.correlation] * first * second;
      out[at++] = second * second;
    }
    out[at] = values[sigma] * values[sigma];
    return out;
  }
};

}  // namespace cordgain
