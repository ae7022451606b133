// The largest probability of a critical region over the unknown common rate,
// with a proved bound on what is left above the value found.
#pragma once

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <cordgain/base/types.hpp>
#include <cordgain/excess/critical_region.hpp>
#include <limits>
#include <queue>
#include <vector>

namespace cordgain {

/// A maximum, where it is attained, and a bound on how far the true one may lie above.
struct Supremum {
  double value = 0.0;
  double at = 0.0;
  double bound = 0.0;
  Index evaluations = 0;
};

namespace detail {

/// A rate with its complement, each to full relative precision.
struct Rate {
  double p = 0.5;
  double q = 0.5;
};

/// Masses of the binomial distribution, outwards from the mode by the ratio of neighbours:
/// relative error of a mass below 4 rounding errors per step.
inline Vector binomial_masses(Index n, const Rate& rate) {
  Vector mass(n + 1);
  const double odds = rate.p / rate.q;
  const double size = static_cast<double>(n);
  const double m = std::min(size, std::floor((size + 1.0) * rate.p));
  const Index mode = static_cast<Index>(m);
  const double density = rate.p < 0.5 ? boost::math::ibeta_derivative(m + 1.0, size - m + 1.0, rate.p)
                                      : boost::math::ibeta_derivative(size - m + 1.0, m + 1.0, rate.q);
  mass[mode] = density / (size + 1.0);
  for (Index k = mode; k < n; ++k) {
    mass[k + 1] = mass[k] * odds * static_cast<double>(n - k) / static_cast<double>(k + 1);
  }
  for (Index k = mode; k > 0; --k) {
    mass[k - 1] = mass[k] / odds * static_cast<double>(k) / static_cast<double>(n - k + 1);
  }
  return mass;
}

/// Probability of the region and its slope, at the angle phi with p = sin^2 phi.
struct SizeAt {
  double value = 0.0;
  double slope = 0.0;
};

/// The size function of a region. With x events of N in all,
///   S(phi) = sum over the region of f,   S'(phi) = sum of f 2 (x - N p) / sqrt(p (1 - p)).
class SizeFunction {
 public:
  explicit SizeFunction(const CriticalRegion& region) : region_(region) {}

  [[nodiscard]] SizeAt operator()(double phi) const {
    const Rate rate{std::sin(phi) * std::sin(phi), std::cos(phi) * std::cos(phi)};
    const Vector treated = binomial_masses(region_.n1, rate);
    const Matrix sums = running_sums(binomial_masses(region_.n0, rate), rate.p);
    const double centre = static_cast<double>(region_.n1) * rate.p;
    SizeAt out;
    for (Index i = 0; i <= region_.n1; ++i) {
      for (const Run& run : region_.rows[static_cast<std::size_t>(i)]) {
        const double mass = sums(run.to + 1, 0) - sums(run.from, 0);
        const double moment = sums(run.to + 1, 1) - sums(run.from, 1);
        out.value += treated[i] * mass;
        out.slope += treated[i] * (moment + (static_cast<double>(i) - centre) * mass);
      }
    }
    out.slope *= 4.0 / std::sin(2.0 * phi);  // 2 / sqrt(p (1 - p)) = 4 / sin(2 phi)
    return out;
  }

  /// A bound on the curvature of a size function that nowhere exceeds `ceiling`: the smaller of two.
  /// |S''| <= 6 N: the sum of f'' over all tables is 0, so |S''| <= E|f''/f| / 2, and
  ///   f''/f = (4 D^2 - 2 (1 - 2p) D) / (p q) - 4N,  D = x - N p,
  /// whose parts are at most 4N (E D^2 = N p q), 4N (E|D| <= 2 N min(p, q) and
  /// |1 - 2p| <= max(p, q)) and 4N.
  /// |S''| <= 4 e N ceiling: at u + it, |sin|^2 and |cos|^2 are those of u plus sinh(t)^2, which is
  /// cosh(2t) times those of another real angle, so |S(u + it)| <= cosh(2t)^N ceiling <=
  /// exp(2 N t^2) ceiling; Cauchy's estimate on the circle of radius 1 / sqrt(2 N).
  [[nodiscard]] double curvature_bound(double ceiling) const {
    return std::min(6.0, 4.0 * std::exp(1.0) * ceiling) * static_cast<double>(region_.n1 + region_.n0);
  }

  /// Rounding of a value: the masses carry 4 errors a step, the sums one a term.
  [[nodiscard]] double rounding() const {
    return 8.0 * static_cast<double>(region_.n1 + region_.n0 + 4) * std::numeric_limits<double>::epsilon();
  }

  /// Rounding of a slope, whose terms add to at most 2 E|D| / sqrt(p q) <= 2 sqrt(N) in size.
  [[nodiscard]] double slope_rounding() const {
    return 2.0 * std::sqrt(static_cast<double>(region_.n1 + region_.n0)) * rounding();
  }

 private:
  /// Running sums of the masses and of (x0 - n0 p) times them.
  static Matrix running_sums(const Vector& mass, double p) {
    const double centre = static_cast<double>(mass.size() - 1) * p;
    Matrix sums = Matrix::Zero(mass.size() + 1, 2);
    for (Index j = 0; j < mass.size(); ++j) {
      sums(j + 1, 0) = sums(j, 0) + mass[j];
      sums(j + 1, 1) = sums(j, 1) + mass[j] * (static_cast<double>(j) - centre);
    }
    return sums;
  }

  CriticalRegion region_;
};

/// A piece of (0, pi/2), what is known at its middle and the most the size can be on it.
struct Piece {
  double middle = 0.0;
  double half = 0.0;
  double value = 0.0;
  double steepest = 0.0;
  double most = 1.0;
  bool operator<(const Piece& other) const noexcept { return most < other.most; }
};

/// The pieces, the best value found and the ceiling proved so far; one step at a time.
class SupremumSearch {
 public:
  explicit SupremumSearch(const CriticalRegion& region) : size_(region) {
    const int start = 64;
    const double width = std::acos(0.0) / start;
    for (int i = 0; i < start; ++i) look(width * (i + 0.5), 0.5 * width);
  }

  [[nodiscard]] double gap() const { return pieces_.top().most - best_.value; }
  [[nodiscard]] Index evaluations() const noexcept { return best_.evaluations; }

  /// Bounds the highest piece anew where the ceiling has come down since, else halves it.
  void step() {
    ceiling_ = std::min(ceiling_, pieces_.top().most);
    Piece piece = pieces_.top();
    pieces_.pop();
    const double before = piece.most;
    piece.most = most_on(piece);
    if (piece.most < 0.9 * before) {
      pieces_.push(piece);
    } else {
      look(piece.middle - 0.5 * piece.half, 0.5 * piece.half);
      look(piece.middle + 0.5 * piece.half, 0.5 * piece.half);
    }
  }

  [[nodiscard]] Supremum result() const {
    Supremum out = best_;
    out.bound = std::max(0.0, gap()) + size_.rounding();
    return out;
  }

 private:
  [[nodiscard]] double most_on(const Piece& piece) const {
    const double curve = 0.5 * size_.curvature_bound(ceiling_);
    const double most = piece.value + piece.steepest * piece.half + curve * piece.half * piece.half;
    return std::min(ceiling_, most);
  }

  void look(double middle, double half) {
    const SizeAt here = size_(middle);
    ++best_.evaluations;
    if (here.value > best_.value) {
      best_.value = std::min(1.0, here.value);
      best_.at = std::sin(middle) * std::sin(middle);
    }
    Piece piece{middle, half, here.value, std::abs(here.slope) + size_.slope_rounding(), 1.0};
    piece.most = most_on(piece);
    pieces_.push(piece);
  }

  SizeFunction size_;
  std::priority_queue<Piece> pieces_;
  Supremum best_;
  double ceiling_ = 1.0;
};

}  // namespace detail

/// Largest size of a critical region over the common rate p in [0, 1], by branch and bound.
/// On a piece of half-width h about phi, S <= S(phi) + |S'(phi)| h + M h^2 / 2 with a proved bound
/// M on the curvature; the piece with the highest such bound is halved until none exceeds the best
/// value found by more than the tolerance.
/// @param region     tables at least as extreme as the observed
/// @param tolerance  wanted distance of the bound (probability)
/// @param most       largest number of evaluations; then the bound reached is returned as it is
/// @return           value attained, rate at which, proved bound on the distance of the supremum
///                   (rounding included), evaluations. One evaluation costs O(n1 + n0 + runs).
inline Supremum nuisance_supremum(const CriticalRegion& region, double tolerance = 1e-11,
                                  Index most = 400000) {
  detail::SupremumSearch search(region);
  while (search.gap() > tolerance && search.evaluations() < most) search.step();
  return search.result();
}

}  // namespace cordgain
