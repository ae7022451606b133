// Draws from a smooth density known up to a factor: the no-U-turn sampler with multinomial weights, a dense
// metric, and step size and metric learnt in a warm-up whose draws are thrown away.
// Source: Hoffman & Gelman (2014), JMLR 15, 1593, for the tree, the criterion and dual averaging; Betancourt
// (2017), arXiv:1701.02434, appendix A, for multinomial weights, the criterion by the sum of momenta and
// biased progressive sampling.
#pragma once

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/base/rng.hpp>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

namespace cordgain {

struct NutsControl {
  Index warmup = 1000, draws = 1000;
  double accept = 0.9;  ///< mean acceptance that the step size is tuned to
  int max_depth = 10;   ///< most doublings of a trajectory
  std::uint64_t seed = 1;
};

struct NutsChain {
  Matrix draws;  ///< dimension x draws
  Vector log_density, energy;
  Index divergences = 0;  ///< after the warm-up: trajectories that left the density by numerical error
  Index longest = 0;      ///< after the warm-up: trajectories cut off at max_depth
  double step = 0.0;
};

namespace detail {

/// Step sizes that bring the mean acceptance to a target.
class DualAveraging {
 public:
  DualAveraging(double step, double target) : target_(target) { restart(step); }
  void restart(double step) {
    centre_ = std::log(10.0 * step);
    count_ = gap_ = average_ = 0.0;
    log_step_ = std::log(step);
  }
  void learn(double accept) {
    count_ += 1.0;
    const double share = 1.0 / (count_ + 10.0);
    gap_ = (1.0 - share) * gap_ + share * (target_ - accept);
    log_step_ = centre_ - gap_ * std::sqrt(count_) / 0.05;
    const double part = std::pow(count_, -0.75);
    average_ = part * log_step_ + (1.0 - part) * average_;
  }
  [[nodiscard]] double step() const { return std::exp(log_step_); }
  [[nodiscard]] double averaged() const { return std::exp(average_); }

 private:
  double target_, centre_ = 0.0, count_ = 0.0, gap_ = 0.0, average_ = 0.0, log_step_ = 0.0;
};

/// The metric of the kinetic energy: about the covariance of the density.
class DenseMetric {
 public:
  explicit DenseMetric(const Matrix& covariance) : covariance_(covariance), llt_(covariance) {
    if (llt_.info() != Eigen::Success) throw NumericalError("the sampler's metric is not positive definite");
  }
  [[nodiscard]] Vector velocity(const Vector& momentum) const { return covariance_ * momentum; }
  [[nodiscard]] Vector momentum(RandomStream& random) const {
    Vector z(covariance_.rows());
    random.fill_normal(z);
    return llt_.matrixU().solve(z);
  }
  [[nodiscard]] double energy(const Vector& momentum) const { return 0.5 * momentum.dot(velocity(momentum)); }

 private:
  Matrix covariance_;
  Eigen::LLT<Matrix> llt_;
};

struct PhasePoint {
  Vector at, momentum, gradient;
  double log_density = -std::numeric_limits<double>::infinity();
};

/// Part of a trajectory, from `begin` to `end` in the direction in which it grew.
struct Trajectory {
  PhasePoint begin, end, chosen;
  Vector sum;  ///< of momenta
  double log_weight = 0.0;
  bool ok = true;
};

inline double log_add(double a, double b) {
  const double top = std::max(a, b);
  return std::isfinite(top) ? top + std::log(std::exp(a - top) + std::exp(b - top)) : top;
}

/// One chain. `Target`: double operator()(const Vector&, Vector& gradient), -Inf where there is no density.
template <class Target>
class NutsSampler {
 public:
  NutsSampler(Target& target, const Matrix& covariance, const NutsControl& control, RandomStream random)
      : target_(target), metric_(covariance), control_(control), random_(random) {}

  NutsChain run(const Vector& start) {
    NutsChain out;
    here_.at = start;
    evaluate(here_);
    if (!std::isfinite(here_.log_density)) throw NumericalError("a chain starts where there is no density");
    warm_up();
    out.step = step_;
    out.draws.resize(start.size(), control_.draws);
    out.log_density.resize(control_.draws);
    out.energy.resize(control_.draws);
    for (Index i = 0; i < control_.draws; ++i) {
      transition();
      out.draws.col(i) = here_.at;
      out.log_density[i] = here_.log_density;
      out.energy[i] = energy_;
      out.divergences += divergent_ ? 1 : 0;
      out.longest += cut_off_ ? 1 : 0;
    }
    return out;
  }

 private:
  void evaluate(PhasePoint& point) { point.log_density = target_(point.at, point.gradient); }

  [[nodiscard]] double hamiltonian(const PhasePoint& point) const {
    const double out = metric_.energy(point.momentum) - point.log_density;
    return std::isnan(out) ? std::numeric_limits<double>::infinity() : out;
  }

  /// Leapfrog: reversible and volume preserving whatever deterministic force is put in; the exactness of the
  /// draws rests on the density, not on the gradient.
  void leap(PhasePoint& point, double step) {
    point.momentum += 0.5 * step * point.gradient;
    point.at += step * metric_.velocity(point.momentum);
    evaluate(point);
    if (!std::isfinite(point.log_density)) return;
    point.momentum += 0.5 * step * point.gradient;
  }

  [[nodiscard]] bool turned(const PhasePoint& a, const PhasePoint& b, const Vector& sum) const {
    const Vector v = metric_.velocity(sum);
    return !(a.momentum.dot(v) > 0.0 && b.momentum.dot(v) > 0.0);
  }

  /// Whether two parts that follow each other make a U-turn, as a whole or across their seam.
  [[nodiscard]] bool turned(const Trajectory& first, const Trajectory& second) const {
    return turned(first.begin, second.end, first.sum + second.sum) ||
           turned(first.begin, second.begin, first.sum + second.begin.momentum) ||
           turned(first.end, second.end, first.end.momentum + second.sum);
  }

  Trajectory grow(int depth, const PhasePoint& from, double step) {
    if (depth == 0) return single(from, step);
    Trajectory first = grow(depth - 1, from, step);
    if (!first.ok) return first;
    Trajectory second = grow(depth - 1, first.end, step);
    if (!second.ok) return second;
    const double total = log_add(first.log_weight, second.log_weight);
    const bool take = std::log(random_.uniform()) < second.log_weight - total;
    second.ok = !turned(first, second);
    if (!take) second.chosen = first.chosen;
    second.begin = first.begin;
    second.sum += first.sum;
    second.log_weight = total;
    return second;
  }

  Trajectory single(const PhasePoint& from, double step) {
    constexpr double kDivergent = 1000.0;
    Trajectory out;
    out.end = from;
    leap(out.end, step);
    out.log_weight = start_energy_ - hamiltonian(out.end);
    accept_ += std::min(1.0, std::exp(out.log_weight));
    ++leaps_;
    if (out.log_weight < -kDivergent) {
      divergent_ = true;
      out.ok = false;
    }
    out.begin = out.chosen = out.end;
    out.sum = out.end.momentum;
    return out;
  }

  void transition() {
    here_.momentum = metric_.momentum(random_);
    start_energy_ = energy_ = hamiltonian(here_);
    divergent_ = false;
    accept_ = 0.0;
    leaps_ = 0;
    Trajectory whole;
    whole.begin = whole.end = whole.chosen = here_;
    whole.sum = here_.momentum;
    int depth = 0;
    for (; depth < control_.max_depth && whole.ok; ++depth) extend(depth, whole);
    cut_off_ = whole.ok && depth == control_.max_depth;
    here_ = whole.chosen;
  }

  /// Doubles the trajectory at one of its ends.
  void extend(int depth, Trajectory& whole) {
    const bool forward = random_.uniform() < 0.5;
    if (forward != forward_) std::swap(whole.begin, whole.end);
    forward_ = forward;
    Trajectory next = grow(depth, whole.end, forward ? step_ : -step_);
    whole.ok = next.ok;
    if (!next.ok) return;
    if (std::log(random_.uniform()) < next.log_weight - whole.log_weight) whole.chosen = next.chosen;
    whole.ok = !turned(whole, next);
    whole.end = next.end;
    whole.sum += next.sum;
    whole.log_weight = log_add(whole.log_weight, next.log_weight);
  }

  /// A step at which a first leap is accepted about half of the time.
  void find_step() {
    step_ = 1.0;
    int direction = 0;
    for (int i = 0; i < 60; ++i) {
      PhasePoint point = here_;
      point.momentum = metric_.momentum(random_);
      const double before = hamiltonian(point);
      leap(point, step_);
      const int to = before - hamiltonian(point) > std::log(0.8) ? 1 : -1;
      if (direction != 0 && to != direction) return;
      direction = to;
      step_ *= to > 0 ? 2.0 : 0.5;
    }
  }

  /// Windows of 25, 50, 100, ... draws, between a first stretch for the step and a last one for it: after
  /// each the metric is the covariance of the window, shrunk a little.
  void warm_up() {
    find_step();
    DualAveraging steps(step_, control_.accept);
    const Index n = control_.warmup, lead = std::min<Index>(75, n / 7), tail = std::min<Index>(50, n / 10);
    Index window = 25, end = lead + window;
    begin_window();
    for (Index i = 0; i < n; ++i) {
      step_ = steps.step();
      transition();
      steps.learn(leaps_ > 0 ? accept_ / static_cast<double>(leaps_) : 0.0);
      if (i < lead || i >= n - tail) continue;
      note();
      if (i + 1 != end && i + 1 != n - tail) continue;
      metric_ = DenseMetric(window_covariance());
      begin_window();
      find_step();
      steps.restart(step_);
      window *= 2;
      end = i + 1 + window;
      if (end + 2 * window > n - tail) end = n - tail;
    }
    if (n > 0) step_ = steps.averaged();
  }

  void begin_window() {
    noted_ = 0.0;
    mean_ = Vector::Zero(here_.at.size());
    squares_ = Matrix::Zero(mean_.size(), mean_.size());
  }
  void note() {
    noted_ += 1.0;
    const Vector off = here_.at - mean_;
    mean_ += off / noted_;
    squares_ += off * (here_.at - mean_).transpose();
  }
  [[nodiscard]] Matrix window_covariance() const {
    const double shrink = 5.0 / (noted_ + 5.0);
    const Matrix sample = squares_ / std::max(1.0, noted_ - 1.0);
    Matrix out = (1.0 - shrink) * 0.5 * (sample + sample.transpose());
    out.diagonal() += shrink * (sample.diagonal().array() * 1e-1 + 1e-6).matrix();
    return out;
  }

  Target& target_;
  DenseMetric metric_;
  NutsControl control_;
  RandomStream random_;
  PhasePoint here_;
  double step_ = 1.0, start_energy_ = 0.0, energy_ = 0.0, accept_ = 0.0, noted_ = 0.0;
  Index leaps_ = 0;
  bool divergent_ = false, cut_off_ = false, forward_ = true;
  Vector mean_;
  Matrix squares_;
};

}  // namespace detail

/// One chain of draws. Chains of one seed differ by their stream, so that each is the same whoever runs it.
/// @param target      log density up to a constant, and its gradient
/// @param start       a point with a density
/// @param covariance  about that of the density: where the metric begins
/// @param stream      of the chain
template <class Target>
[[nodiscard]] NutsChain nuts_chain(Target&& target, const Vector& start, const Matrix& covariance,
                                   const NutsControl& control, std::uint64_t stream) {
  require(control.draws > 0 && control.warmup >= 0, "a chain has at least one draw");
  detail::NutsSampler<std::remove_reference_t<Target>> sampler(target, covariance, control,
                                                               RandomStream(control.seed, stream));
  return sampler.run(start);
}

}  // namespace cordgain
