// Families of counts: events among trials, and events without a bound.
#pragma once

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/double_policy.hpp>
#include <cordgain/model/latent_links.hpp>
#include <utility>
#include <vector>

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

/// The same of each row.
/// @throws  InvalidInput unless all are counts, events no more than trials
inline Vector log_choose(const Vector& trials, const Vector& events) {
  require_events(events, trials);
  return trials.binaryExpr(events, [](double n, double k) { return log_choose(n, k); });
}

}  // namespace detail

/// events ~ binomial(trials, p), log(p / (1 - p)) = eta. Written for whole arrays: exponentials and
/// logarithms are then taken several at a time, and binary scores are what most time is spent on.
class BinomialLogit final : public Family {
 public:
  BinomialLogit(Vector events, Vector trials) : events_(std::move(events)), trials_(std::move(trials)) {
    constant_ = detail::log_choose(trials_, events_);
  }

  [[nodiscard]] Index rows() const override { return events_.size(); }
  bool add_score(Index row, std::vector<double>& out) const override {
    out.insert(out.end(), {events_[row], trials_[row]});
    return true;
  }

  void terms(Index row, const VectorIn& eta, const Vector&, const RowTerms& out) const override {
    const double n = trials_[row], y = events_[row];
    Eigen::Map<Array> value(out.value, eta.size()), slope(out.slope, eta.size()),
        curvature(out.curvature, eta.size());
    const auto x = eta.array();
    slope = (-x.abs()).exp();             // at most 1: nothing overflows
    curvature = (1.0 + slope).inverse();  // the larger of p and 1 - p
    // y eta - n log(1 + e^eta) without the difference of two large numbers; log(1 + small) to its absolute
    // rounding
    value = constant_[row] + (x > 0.0).select((y - n) * x, y * x) - n * (1.0 + slope).log();
    slope *= curvature;  // the smaller
    curvature *= -n * slope;
    slope = (x > 0.0).select(y * slope - (n - y) * (1.0 - slope), y * (1.0 - slope) - (n - y) * slope);
  }

 private:
  Vector events_, trials_, constant_;
};

/// events ~ binomial(trials, F(eta)) for the distribution function F of a link.
template <class Link>
class BinomialLink final : public PointwiseFamily<BinomialLink<Link>> {
 public:
  BinomialLink(Vector events, Vector trials) : events_(std::move(events)), trials_(std::move(trials)) {
    constant_ = detail::log_choose(trials_, events_);
  }

  [[nodiscard]] Index rows() const override { return events_.size(); }
  bool add_score(Index row, std::vector<double>& out) const override {
    out.insert(out.end(), {events_[row], trials_[row]});
    return true;
  }

  [[nodiscard]] PointTerms at(Index row, double eta, const Vector&) const {
    PointTerms out{constant_[row], 0.0, 0.0};
    if (events_[row] > 0.0) add(events_[row], Link::below(eta), out);
    if (trials_[row] > events_[row]) add(trials_[row] - events_[row], Link::above(eta), out);
    return out;
  }

 private:
  static void add(double times, const PointTerms& terms, PointTerms& out) {
    out.value += times * terms.value;
    out.slope += times * terms.slope;
    out.curvature += times * terms.curvature;
  }

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
  bool add_score(Index row, std::vector<double>& out) const override {
    out.push_back(events_[row]);
    return true;
  }

  [[nodiscard]] PointTerms at(Index row, double eta, const Vector&) const {
    const double mean = std::exp(eta);
    return {constant_[row] + events_[row] * eta - mean, events_[row] - mean, -mean};
  }

 private:
  Vector events_, constant_;
};

}  // namespace cordgain
