// How one patient's change is distributed in a population whose mean is known: a normal, a normal censored at
// the ends of the scale, a beta-binomial count of points, or a hurdle (no change, else a positive count).
// Published moments are those observed; the parameters are solved from them.
#pragma once

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/error.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/mixture_of_normals.hpp>
#include <cordgain/math/logistic.hpp>
#include <cstdint>
#include <limits>

namespace cordgain {

/// The codes are the contract with R (`change_families` in R/change-family.R).
enum class ChangeKind { kNormal = 0, kCensored = 1, kBetaBinomial = 2, kHurdle = 3 };

/// A population's mean moves by `shift`; the location moves to where the observed mean is `mean + shift`, the
/// spread (and the share without change) stays. See location_at().
struct ChangeModel {
  ChangeKind kind = ChangeKind::kNormal;
  double location = 0.0;  // mean; latent mean; log odds of one point
  double spread = 1.0;    // SD; latent SD; a + b of the beta
  double mean = 0.0;      // observed mean of the published population, that of `location`
  double low = 0.0;       // range of the published population's change
  double high = 0.0;
  double zero = 0.0;  // hurdle: probability of no change
};

struct TwoMoments {
  double mean;
  double sd;
};

namespace detail {

/// Moments of N(location, spread^2) censored to [low, high], and their derivatives.
struct CensoredMoments {
  double mean, square, mean_by_location, mean_by_spread, square_by_location, square_by_spread;
};

inline CensoredMoments censored_moments(double location, double spread, double low, double high) {
  const double a = (low - location) / spread;
  const double b = (high - location) / spread;
  const double below = standard_normal_cdf(a);
  const double above = standard_normal_cdf(-b);
  const double inside = 1.0 - below - above;
  const double drop = standard_normal_density(b) - standard_normal_density(a);
  const double turn = b * standard_normal_density(b) - a * standard_normal_density(a);
  CensoredMoments m{};
  m.mean = low * below + high * above + location * inside - spread * drop;
  m.square = low * low * below + high * high * above + (location * location + spread * spread) * inside -
             2.0 * location * spread * drop - spread * spread * turn;
  m.mean_by_location = inside;
  m.mean_by_spread = -drop;
  m.square_by_location = 2.0 * (location * inside - spread * drop);
  m.square_by_spread = 2.0 * (-location * drop + spread * (inside - turn));
  return m;
}

/// Feasible moments of a variable on [low, high].
inline void require_moments(double mean, double sd, double low, double high) {
  require(std::isfinite(low) && std::isfinite(high) && low < high, "the range of change needs two ends");
  require(std::isfinite(sd) && sd > 0.0, "the SD of change must be positive");
  require(mean > low && mean < high, "the mean change must lie inside its range");
  require(sd * sd < (mean - low) * (high - mean),
          "no distribution on this range has so large an SD with this mean");
}

/// Latent mean and SD by Newton's method, steps halved while the misfit grows.
inline ChangeModel censored_model(double mean, double sd, double low, double high) {
  require_moments(mean, sd, low, high);
  const double wanted = mean * mean + sd * sd;
  const auto misfit = [&](const CensoredMoments& m) {
    const double spread = std::sqrt(std::max(m.square - m.mean * m.mean, 0.0));
    return std::fabs(m.mean - mean) + std::fabs(spread - sd);
  };
  double location = mean;
  double log_spread = std::log(sd);
  CensoredMoments m = censored_moments(location, sd, low, high);
  for (int step = 0; step < 200 && misfit(m) > 1e-13 * (high - low); ++step) {
    const double spread = std::exp(log_spread);
    const double det = m.mean_by_location * m.square_by_spread - m.mean_by_spread * m.square_by_location;
    const double d_mean = mean - m.mean;
    const double d_square = wanted - m.square;
    double d_location = (m.square_by_spread * d_mean - m.mean_by_spread * d_square) / det;
    double d_log = (m.mean_by_location * d_square - m.square_by_location * d_mean) / det / spread;
    const double length = std::max(std::fabs(d_location) / spread, std::fabs(d_log));
    if (!std::isfinite(length)) break;
    if (length > 1.0) {
      d_location /= length;
      d_log /= length;
    }
    CensoredMoments next{};
    double part = 1.0;
    for (int halving = 0; halving < 50; ++halving, part *= 0.5) {
      next = censored_moments(location + part * d_location, std::exp(log_spread + part * d_log), low, high);
      if (misfit(next) < misfit(m)) break;
    }
    if (!(misfit(next) < misfit(m))) break;
    location += part * d_location;
    log_spread += part * d_log;
    m = next;
  }
  if (!(misfit(m) < 1e-9 * (high - low))) {
    throw NumericalError("no latent normal was found whose censored mean and SD are those published");
  }
  ChangeModel model;
  model.kind = ChangeKind::kCensored;
  model.location = location;
  model.spread = std::exp(log_spread);
  model.mean = mean;
  model.low = low;
  model.high = high;
  return model;
}

/// a + b of a beta-binomial of `size` points with this mean and SD:
/// rho = (sd^2 / (size p (1 - p)) - 1) / (size - 1), a + b = 1 / rho - 1.
inline double beta_binomial_total(double mean, double sd, double size) {
  const double p = mean / size;
  const double rho = (sd * sd / (size * p * (1.0 - p)) - 1.0) / (size - 1.0);
  require(rho > 0.0 && rho < 1.0,
          "no beta-binomial has this mean and SD: the SD must exceed that of a binomial count of points");
  return 1.0 / rho - 1.0;
}

/// Mass functions are summed point by point, so the range of points has an end.
constexpr double kMostPoints = 10000.0;

inline void require_points(double low, double high) {
  require(
      std::floor(low) == low && std::floor(high) == high && high - low >= 2.0 && high - low <= kMostPoints,
      "a count of points needs a range of whole numbers, 2 to 10000 long");
}

inline ChangeModel beta_binomial_model(double mean, double sd, double low, double high) {
  require_points(low, high);
  require_moments(mean, sd, low, high);
  const double size = high - low;
  const double p = (mean - low) / size;
  ChangeModel model;
  model.kind = ChangeKind::kBetaBinomial;
  model.location = std::log(p / (1.0 - p));
  model.spread = beta_binomial_total(mean - low, sd, size);
  model.mean = mean;
  model.low = low;
  model.high = high;
  return model;
}

/// No change with probability `zero`, else 1 + beta-binomial(high - 1): the moments of the positive part
/// follow from those of all, mean / (1 - zero) and (sd^2 + mean^2) / (1 - zero).
inline ChangeModel hurdle_model(double mean, double sd, double low, double high, double zero) {
  require(low == 0.0, "a hurdle is for changes of 0 or more");
  require_points(low, high);
  require(zero > 0.0 && zero < 1.0, "the share without change must lie between 0 and 1");
  require_moments(mean, sd, low, high);
  const double positive = mean / (1.0 - zero);
  const double variance = (sd * sd + mean * mean) / (1.0 - zero) - positive * positive;
  require(positive > 1.0 && positive < high && variance > 0.0,
          "mean, SD and share without change do not belong together: those who change would gain less than 1 "
          "point, or have no variance");
  const double size = high - 1.0;
  const double p = (positive - 1.0) / size;
  ChangeModel model;
  model.kind = ChangeKind::kHurdle;
  model.location = std::log(p / (1.0 - p));
  model.spread = beta_binomial_total(positive - 1.0, std::sqrt(variance), size);
  model.mean = mean;
  model.high = high;
  model.zero = zero;
  return model;
}

/// P(K <= k) of a beta-binomial(size, a, b): the sum of its mass function.
inline double beta_binomial_cdf(double k, double size, double a, double b) {
  if (k < 0.0) return 0.0;
  if (k >= size) return 1.0;
  // p(0) = B(a, b + size) / B(a, b), then ratios of neighbours.
  double log_p = std::lgamma(b + size) - std::lgamma(b) + std::lgamma(a + b) - std::lgamma(a + b + size);
  double sum = 0.0;
  for (double j = 0.0; j <= k; j += 1.0) {
    sum += std::exp(log_p);
    log_p += std::log((size - j) * (a + j) / ((j + 1.0) * (b + size - j - 1.0)));
  }
  return std::min(sum, 1.0);
}

inline double count_cdf(const ChangeModel& model, double k, double size, double location) {
  const double tiny = 1e-300;
  return beta_binomial_cdf(k, size, std::max(model.spread * logistic(location), tiny),
                           std::max(model.spread * logistic(-location), tiny));
}

/// E max(Z + z, 0) of a standard normal.
inline double mean_above_zero(double z) {
  return standard_normal_density(z) + z * standard_normal_cdf(z);
}

/// Beyond so many SDs a latent mean leaves less than 1e-300 of its distribution inside.
constexpr double kFarthest = 37.0;

/// Location, in SDs above the lower end, at which the mean of a normal censored to [0, width] is `mean`, at
/// most the middle: low + sd (G(z) - G(z - width)), G(z) = E max(Z + z, 0), rises in z.
inline double censored_location(double mean, double width) {
  const auto gap = [&](double z) { return mean_above_zero(z) - mean_above_zero(z - width) - mean; };
  const double middle = 0.5 * width;
  if (!(gap(-kFarthest) < 0.0)) return -kFarthest;
  if (!(gap(middle) > 0.0)) return middle;
  std::uintmax_t steps = 200;
  const auto root = boost::math::tools::toms748_solve(gap, -kFarthest, middle,
                                                      boost::math::tools::eps_tolerance<double>(50), steps);
  return 0.5 * (root.first + root.second);
}

/// Log odds, -inf and inf at the ends and beyond.
inline double clipped_log_odds(double p) {
  const double infinity = std::numeric_limits<double>::infinity();
  if (p <= 0.0) return -infinity;
  return p < 1.0 ? std::log(p / (1.0 - p)) : infinity;
}

}  // namespace detail

/// Where the location lies when the population's mean is `shift` away from the published one: exactly where
/// the observed mean is that, at the ends of what is possible where it lies beyond them.
inline double location_at(const ChangeModel& model, double shift) {
  if (shift == 0.0) return model.location;
  const double mean = model.mean + shift;
  switch (model.kind) {
    case ChangeKind::kBetaBinomial:
      return detail::clipped_log_odds((mean - model.low) / (model.high - model.low));
    case ChangeKind::kHurdle:
      return detail::clipped_log_odds((mean / (1.0 - model.zero) - 1.0) / (model.high - 1.0));
    case ChangeKind::kCensored: {
      const double width = (model.high - model.low) / model.spread;
      const double up = (mean - model.low) / model.spread;
      if (up <= 0.5 * width) return model.low + model.spread * detail::censored_location(up, width);
      return model.high - model.spread * detail::censored_location(width - up, width);
    }
    default:
      return model.location + shift;
  }
}

/// The model whose observed mean and SD are those published.
/// @throws InvalidInput where no such model exists; the message says why
inline ChangeModel change_model(ChangeKind kind, double mean, double sd, double low, double high,
                                double zero) {
  require_finite(mean, "the mean change");
  require(std::isfinite(sd) && sd > 0.0, "the SD of change must be positive");
  switch (kind) {
    case ChangeKind::kNormal: {
      ChangeModel model;
      model.location = mean;
      model.spread = sd;
      model.mean = mean;
      return model;
    }
    case ChangeKind::kCensored:
      return detail::censored_model(mean, sd, low, high);
    case ChangeKind::kBetaBinomial:
      return detail::beta_binomial_model(mean, sd, low, high);
    case ChangeKind::kHurdle:
      return detail::hurdle_model(mean, sd, low, high, zero);
  }
  throw InvalidInput("unknown family of changes");
}

namespace detail {

/// P(change <= y) at a location, before the patient's own ends.
inline double cdf_at(const ChangeModel& model, double y, double location, bool whole) {
  switch (model.kind) {
    case ChangeKind::kBetaBinomial:
      return count_cdf(model, std::floor(y - model.low), model.high - model.low, location);
    case ChangeKind::kHurdle:
      if (y < 0.0) return 0.0;
      return model.zero +
             (1.0 - model.zero) * count_cdf(model, std::floor(y) - 1.0, model.high - 1.0, location);
    default:
      return standard_normal_cdf((y + (whole ? 0.5 : 0.0) - location) / model.spread);
  }
}

/// The same of a patient whose change lies on [low, high].
inline double patient_cdf_at(const ChangeModel& model, double y, double location, bool whole, double low,
                             double high) {
  if (model.kind != ChangeKind::kNormal) {
    if (y < low) return 0.0;
    if (y >= high) return 1.0;
  }
  return cdf_at(model, y, location, whole);
}

}  // namespace detail

/// P(change <= y) before the patient's own ends. `whole`: scores are whole points, the latent value rounded.
inline double change_cdf(const ChangeModel& model, double y, double shift, bool whole) {
  return detail::cdf_at(model, y, location_at(model, shift), whole);
}

/// P(change <= y) of a patient whose change lies on [low, high]: what lies beyond stands at the ends. A
/// normal has no ends.
inline double patient_cdf(const ChangeModel& model, double y, double shift, bool whole, double low,
                          double high) {
  return detail::patient_cdf_at(model, y, location_at(model, shift), whole, low, high);
}

/// P(change <= y) for each y (rows) and each shift of the population mean (columns).
inline Matrix change_cdfs(const ChangeModel& model, const VectorIn& y, const VectorIn& shift, bool whole,
                          double low, double high) {
  Matrix cdf(y.size(), shift.size());
  for (Index j = 0; j < shift.size(); ++j) {
    const double location = location_at(model, shift(j));
    for (Index i = 0; i < y.size(); ++i) {
      cdf(i, j) = detail::patient_cdf_at(model, y(i), location, whole, low, high);
    }
  }
  return cdf;
}

}  // namespace cordgain
