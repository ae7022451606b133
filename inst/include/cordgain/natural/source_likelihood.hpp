// One source of natural evidence: events of n, binomial given its own log odds theta, and theta scattered
// normally about mu with standard deviation tau. No normal approximation of the binomial.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/math/logistic.hpp>
#include <cordgain/natural/route.hpp>
#include <limits>
#include <optional>
#include <vector>

namespace cordgain {

namespace detail {

/// Panels of a predictive distribution keep digits down to this part of the whole: large trials look at its
/// tails.
constexpr double kSmallestPart = 1e-5;

/// Step of the trapezoidal rule for e^(m theta - e^theta), the sharpest shape that m events can give: its
/// Fourier transform is Gamma(m + i omega), so the error is e^-digits where
///   m (r atan r - log(1 + r^2) / 2) = digits,  r = omega / m,  step = 2 pi / omega.
inline double binomial_step(double m, double digits) {
  double r = 1.0 + digits / m;
  for (int i = 0; i < 50; ++i) {
    const double excess = m * (r * std::atan(r) - 0.5 * std::log1p(r * r)) - digits;
    const double next = r - excess / (m * std::atan(r));
    if (std::fabs(next - r) < 1e-10 * r) break;
    r = next;
  }
  return 2.0 * 3.14159265358979323846 / (r * m);
}

}  // namespace detail

/// Marginal likelihood of one source at (mu, tau), theta integrated out:
///   L(mu, tau) = integral of p^y (1 - p)^(n - y) N(theta; mu, tau^2) d theta,  p = logistic(theta).
/// Source: Neuenschwander et al. (2010); vignette("algorithms"), section "natural rate".
class SourceLikelihood {
 public:
  /// @param events, n  counts, 0 <= events <= n, n >= 1
  /// @throws InvalidInput unless the counts are such
  SourceLikelihood(double events, double n, const Route& route) : n_(n), route_(route) {
    require_counts(events, n, "a source");
    // The side with fewer events is kept on the left, where log(1 + e^theta) loses nothing.
    flipped_ = 2.0 * events > n;
    y_ = flipped_ ? n - events : events;
    shape_ = std::max(1.0, y_ * (1.0 - y_ / n));
    step_ = detail::binomial_step(shape_, route.digits);
    gauss_step_ = 2.0 * 3.14159265358979323846 / std::sqrt(2.0 * route.digits);
    smallest_term_ = std::exp(-route.digits);
    lattices_.resize(kLattices);
  }

  /// log L(mu, tau).
  /// @param mu    mean log odds
  /// @param tau   standard deviation between sources, >= 0
  /// @param mode  in: a guess of the mode of theta; out: the mode (to start the next call)
  [[nodiscard]] double log_marginal(double mu, double tau, double& mode) {
    const double m = flipped_ ? -mu : mu;
    if (tau < kPointTau) return log_kernel(m);
    if (y_ == 0.0 && tau > kWideTau) return log_marginal_by_parts(m, tau);
    if (tau != spread_.tau) spread_ = describe(tau);
    double inner = flipped_ ? -mode : mode;
    std::optional<double> value;
    if (spread_.level <= kLattices) value = log_marginal_on_lattice(lattice(spread_.level), m, inner);
    if (!value) value = log_marginal_at_mode(m, tau, inner);
    mode = flipped_ ? -inner : inner;
    return *value;
  }

  /// Rough centre and variance of theta given the counts, for a first guess only.
  [[nodiscard]] double guess() const {
    const double theta = std::log((y_ + 0.5) / (n_ - y_ + 0.5));
    return flipped_ ? -theta : theta;
  }
  [[nodiscard]] double guess_variance() const { return 1.0 / (y_ + 0.5) + 1.0 / (n_ - y_ + 0.5); }

 private:
  static constexpr double kPointTau = 1e-9;  // theta = mu to rounding
  static constexpr double kWideTau = 3.0;    // beyond, a one-sided likelihood is integrated by parts

  /// A source far from mu is integrated where it would have had n p(theta) events, not y: its kernel is as
  /// sharp there as that many events make it, and the step must follow.
  [[nodiscard]] double sharpest_step(double theta) const {
    const double shape = n_ * logistic(theta) * logistic(-theta);
    return shape > 1.1 * shape_ ? detail::binomial_step(shape, route_.digits) : step_;
  }

  [[nodiscard]] double log_kernel(double theta) const { return y_ * theta - n_ * softplus(theta); }

  /// What depends on tau alone.
  struct Spread {
    double tau = -1.0;
    int level = 0;           // of the fixed lattice that resolves it
    double precision = 0.0;  // 1 / tau^2
    double normal = 0.0;     // 1 / g^2, g the step that resolves the normal factor
    double shrink = 0.0;     // e^(-(step / tau)^2) on that lattice
    double log_scale = 0.0;  // -log(tau sqrt(2 pi))
  };

  /// The fixed lattices have steps step_ / 2^(level / 2). A tau is resolved by the first whose
  /// 1 / step^2 >= 1 / step_^2 + 1 / g^2: 2^level >= 1 + (step_ / g)^2.
  [[nodiscard]] Spread describe(double tau) const {
    Spread spread;
    spread.tau = tau;
    spread.precision = 1.0 / (tau * tau);
    spread.normal = spread.precision / (gauss_step_ * gauss_step_);
    std::frexp(1.0 + step_ * step_ * spread.normal, &spread.level);
    const double step = lattice_step(spread.level);
    spread.shrink = std::exp(-spread.precision * step * step);
    spread.log_scale = -std::log(tau) - kLogSqrtTwoPi;
    return spread;
  }

  [[nodiscard]] double lattice_step(int level) const { return step_ * std::pow(2.0, -0.5 * level); }

  /// The binomial kernel on a lattice.
  struct KernelLattice {
    double first = 0.0;
    double step = 0.0;
    Array log_kernel;  // y theta - n log(1 + e^theta)
    Array kernel;      // relative to its largest value
    Array room;        // of room_for_normal(), -1 where it was not asked for

    [[nodiscard]] double node(Index j) const { return first + step * static_cast<double>(j); }
    [[nodiscard]] Index nearest(double theta) const {
      const double last = static_cast<double>(kernel.size() - 1);
      return static_cast<Index>(std::clamp(std::round((theta - first) / step), 0.0, last));
    }
  };

  /// What 1 / step^2 leaves for the normal factor where the kernel is sharper than the shape that the step
  /// was made for; any amount elsewhere.
  [[nodiscard]] double room_for_normal(KernelLattice& grid, Index j) const {
    double& room = grid.room(j);
    if (room < 0.0) {
      const double sharp = sharpest_step(grid.node(j));
      const double left = 1.0 / (grid.step * grid.step) - 1.0 / (sharp * sharp);
      room = sharp < step_ ? std::max(0.0, left) : std::numeric_limits<double>::infinity();
    }
    return room;
  }

  /// The kernel from where it is negligible to where it is again; with no events it does not die away on the
  /// left, and the lattice ends kMargin digits below 1 / n. Each lattice is laid when it is first asked for.
  KernelLattice& lattice(int level) {
    KernelLattice& grid = lattices_[static_cast<std::size_t>(level - 1)];
    if (grid.step == 0.0) grid = lay_kernel(lattice_step(level));
    return grid;
  }

  [[nodiscard]] KernelLattice lay_kernel(double step) const {
    const double centre = y_ > 0.0 ? std::log(y_ / (n_ - y_)) : -std::log(n_);
    const double cut = log_kernel(centre) - route_.digits - kMargin;
    double low = centre;
    double high = centre;
    while (log_kernel(low) > cut && low > centre - route_.digits - kMargin) low -= step;
    while (log_kernel(high) > cut) high += step;
    const Index size = static_cast<Index>(std::lround((high - low) / step)) + 1;
    KernelLattice grid{low, step, Array(size), Array(size), Array::Constant(size, -1.0)};
    for (Index j = 0; j < size; ++j) grid.log_kernel(j) = log_kernel(grid.node(j));
    grid.kernel = (grid.log_kernel - grid.log_kernel.maxCoeff()).exp();
    return grid;
  }

  /// Nothing where the integrand reaches past the lattice, or is sharper than it: then the lattice around the
  /// mode serves.
  [[nodiscard]] std::optional<double> log_marginal_on_lattice(KernelLattice& grid, double mu,
                                                              double& mode) const {
    const double precision = spread_.precision;
    const auto exponent = [&](Index j) {
      const double gap = grid.node(j) - mu;
      return grid.log_kernel(j) - 0.5 * precision * gap * gap;
    };
    const Index peak = climb(exponent, grid.nearest(mode), grid.kernel.size() - 1);
    mode = grid.node(peak);
    if (spread_.normal > room_for_normal(grid, peak)) return std::nullopt;
    const double up = std::exp(-precision * grid.step * (mode - mu + 0.5 * grid.step));
    const double sides = sides_of_peak(grid, peak, up);
    if (sides < 0.0) return std::nullopt;
    return exponent(peak) + std::log((1.0 + sides) * grid.step) + spread_.log_scale;
  }

  /// Where a concave sequence of indices 0..last is largest: step by step uphill from a guess, which is
  /// nearly always next to it.
  template <class F>
  [[nodiscard]] static Index climb(const F& f, Index at, Index last) {
    double here = f(at);
    for (const Index step : {Index(1), Index(-1)}) {
      while (at + step >= 0 && at + step <= last) {
        const double there = f(at + step);
        if (!(there > here)) break;
        at += step;
        here = there;
      }
    }
    return at;
  }

  /// One side of the peak, walked outwards: terms relative to the peak, whose normal factor advances by
  /// products, exp(-z^2 / 2) at z + d being that at z times e^(-z d - d^2 / 2). Its rounding over a few dozen
  /// nodes stays below 1e-13.
  struct Walk {
    double normal;  // the normal factor over the kernel at the peak
    double ratio;   // from here to the next node

    double next(double kernel, double shrink) {
      normal *= ratio;
      ratio *= shrink;
      return normal * kernel;
    }
  };

  /// Terms on both sides of the peak, relative to it, or -1 where they do not end on the lattice. The two
  /// sides go side by side, for neither waits for the other's products.
  /// @param up  the normal factor of the next node up relative to the peak's; that of the next one down is
  ///            shrink / up
  [[nodiscard]] double sides_of_peak(const KernelLattice& grid, Index peak, double up) const {
    const double shrink = spread_.shrink;
    const double* kernel = grid.kernel.data();
    const Index last = grid.kernel.size() - 1;
    const Index both = std::min(peak, last - peak);
    Walk right{1.0 / kernel[peak], up};
    Walk left{right.normal, shrink / up};
    double above = 1.0;
    double below = 1.0;
    double sum = 0.0;
    for (Index j = 1; j <= both; ++j) {
      above = right.next(kernel[peak + j], shrink);
      below = left.next(kernel[peak - j], shrink);
      sum += above + below;
      if (above < smallest_term_ && below < smallest_term_) return sum;
    }
    // The lattice is at an end on one side: what is left there does not count, or the lattice does not serve.
    for (Index j = peak + both + 1; j <= last && above >= smallest_term_; ++j) {
      sum += above = right.next(kernel[j], shrink);
    }
    for (Index j = peak - both - 1; j >= 0 && below >= smallest_term_; --j) {
      sum += below = left.next(kernel[j], shrink);
    }
    return above < smallest_term_ && below < smallest_term_ ? sum : -1.0;
  }

  /// The mode of theta given mu and tau: Newton, kept inside a shrinking bracket (the slope is monotone). It
  /// lies between mu and the peak of the kernel, or with no events below mu by at most tau^2 n p(mu).
  [[nodiscard]] double find_mode(double mu, double tau, double start) const {
    const double precision = 1.0 / (tau * tau);
    const double other = y_ > 0.0 ? std::log(y_ / (n_ - y_)) : mu - tau * tau * n_ * logistic(mu);
    double low = std::min(mu, other);
    double high = std::max(mu, other);
    double theta = std::clamp(start, low, high);
    double before = high - low;
    for (int i = 0; i < 60; ++i) {
      const double p = logistic(theta);
      const double slope = y_ - n_ * p - (theta - mu) * precision;
      const double curvature = n_ * p * (1.0 - p) + precision;
      (slope > 0.0 ? low : high) = theta;
      double next = theta + slope / curvature;
      // A step that is not half of the last one may go to and fro between the two flanks: bisect instead.
      if (!(next > low && next < high) || std::fabs(next - theta) > 0.5 * before) next = 0.5 * (low + high);
      before = std::fabs(next - theta);
      // A tenth of a standard deviation serves: the mode only centres the lattice.
      const bool close = std::fabs(next - theta) * std::sqrt(curvature) < 0.1;
      theta = next;
      if (close) break;
    }
    return theta;
  }

  [[nodiscard]] double log_marginal_at_mode(double mu, double tau, double& mode) const {
    mode = find_mode(mu, tau, mode);
    const double g = gauss_step_ * tau;
    const double sharp = sharpest_step(mode);
    const double step = 1.0 / std::sqrt(1.0 / (sharp * sharp) + 1.0 / (g * g));
    const double top = log_kernel(mode) - 0.5 * (mode - mu) * (mode - mu) / (tau * tau);
    const double sum = 1.0 + one_side(mu, tau, mode, step, top) + one_side(mu, tau, mode, -step, top);
    return top + std::log(std::fabs(step) * sum / tau) - kLogSqrtTwoPi;
  }

  /// Trapezoidal terms on one side of the mode, relative to the value there. e^theta advances by a product,
  /// whose rounding after a few hundred steps is still below 1e-13.
  [[nodiscard]] double one_side(double mu, double tau, double mode, double step, double top) const {
    const double growth = std::exp(step);
    const double precision = 0.5 / (tau * tau);
    double odds = std::exp(mode);
    double sum = 0.0;
    for (int i = 1; i < kMostTerms; ++i) {
      const double theta = mode + static_cast<double>(i) * step;
      odds *= growth;
      const double gap = theta - mu;
      const double exponent = y_ * theta - n_ * std::log1p(odds) - precision * gap * gap - top;
      if (exponent < -route_.digits) return sum;
      sum += std::exp(exponent);
    }
    throw NumericalError("the integral over a source's own log odds did not end");
  }

  /// For y = 0: L = integral of n p (1 - p)^n Phi((theta - mu) / tau) d theta, all terms positive and on a
  /// bounded range, where the direct form would need a lattice as wide as tau.
  [[nodiscard]] double log_marginal_by_parts(double mu, double tau) const {
    const double centre = -std::log(n_);
    double sum = 0.0;
    for (const double direction : {1.0, -1.0}) {
      for (int i = direction > 0.0 ? 0 : 1; i < kMostTerms; ++i) {
        const double theta = centre + direction * static_cast<double>(i) * step_;
        const double tail = 0.5 * std::erfc(-(theta - mu) / (tau * 1.41421356237309504880));
        const double term = std::exp(std::log(n_) + theta - (n_ + 1.0) * softplus(theta)) * tail;
        sum += term;
        if (i > 4 && term < std::exp(-route_.digits) * sum) break;
      }
    }
    return std::log(step_ * sum);
  }

  static constexpr int kLattices = 10;  // the finest has 2^(10 / 2) = 32 times the nodes of the step itself
  static constexpr int kMostTerms = 20000;
  static constexpr double kMargin = 20.0;  // digits (natural log) beyond the route's, for sources far from mu
  static constexpr double kLogSqrtTwoPi = 0.918938533204672741780329736406;

  double n_;
  Route route_;
  bool flipped_ = false;
  double y_ = 0.0;
  double shape_ = 1.0;
  double step_ = 0.0;
  double gauss_step_ = 0.0;
  double smallest_term_ = 0.0;
  Spread spread_;                        // of the last tau
  std::vector<KernelLattice> lattices_;  // of the fixed lattices those that were asked for
};

}  // namespace cordgain
