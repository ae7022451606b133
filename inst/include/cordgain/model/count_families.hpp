// Families of counts: events among trials, and events without a bound.
#pragma once

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/double_policy.hpp>
#include <cordgain/math/logistic.hpp>
#include <cordgain/model/family.hpp>
#include <utility>

namespace cordgain {

namespace detail {

inline double log_factorial(double n) {
  return boost::math::lgamma(n + 1.0, DoublePolicy());
}

inline double log_choose(double n, double k) {
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

inline void require_events(const Vector& events, const Vector& trials) {
  require(events.size() == trials.size(), "events and trials must be equally many");
  for (Index i = 0; i < events.size(); ++i) require_counts(events[i], trials[i], "events and trials");
}

}  // namespace detail

/// events ~ binomial(trials, p), log(p / (1 - p)) = eta.
class BinomialLogit final : public PointwiseFamily<BinomialLogit> {
 public:
  BinomialLogit(Vector events, Vector trials) : events_(std::move(events)), trials_(std::move(trials)) {
    detail::require_events(events_, trials_);
    constant_.resize(events_.size());
    for (Index i = 0; i < events_.size(); ++i) constant_[i] = detail::log_choose(trials_[i], events_[i]);
  }

  [[nodiscard]] Index rows() const override { return events_.size(); }

  [[nodiscard]] PointTerms at(Index row, double eta, const Vector&) const {
    const double small = std::exp(-std::fabs(eta));  // below 1: nothing overflows
    const double tail = small / (1.0 + small);
    const double p = eta > 0.0 ? 1.0 / (1.0 + small) : tail, q = eta > 0.0 ? tail : 1.0 / (1.0 + small);
    const double failures = trials_[row] - events_[row];
    // y eta - n log(1 + e^eta), and its slope, without the difference of two large numbers
    const double below = eta > 0.0 ? -failures * eta : events_[row] * eta;
    return {constant_[row] + below - trials_[row] * std::log1p(small), events_[row] * q - failures * p,
            -trials_[row] * p * q};
  }

 private:
  Vector events_, trials_, constant_;
};

/// events ~ Poisson(mu), log mu = eta.
class PoissonLog final : public PointwiseFamily<PoissonLog> {
 public:
  explicit PoissonLog(Vector events) : events_(std::move(events)) {
    constant_.resize(events_.size());
    for (Index i = 0; i < events_.size(); ++i) {
      require(std::isfinite(events_[i]) && events_[i] >= 0.0 && std::floor(events_[i]) == events_[i],
              "counts must be whole and not negative");
      constant_[i] = -detail::log_factorial(events_[i]);
    }
  }

  [[nodiscard]] Index rows() const override { return events_.size(); }

  [[nodiscard]] PointTerms at(Index row, double eta, const Vector&) const {
    const double mean = std::exp(eta);
    return {constant_[row] + events_[row] * eta - mean, events_[row] - mean, -mean};
  }

 private:
  Vector events_, constant_;
};

}  // namespace cordgain
