// Random numbers as a function of (seed, stream, position). A stream is known by
// its index and nothing is shared, so the numbers of replicate 17 are the same
// whichever worker draws them, in whatever order, with whatever compiler or
// standard library: integers are exact, and reals are made of them here.
#pragma once

#include <array>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/double_policy.hpp>
#include <cordgain/base/types.hpp>
#include <cstdint>
#include <limits>

namespace cordgain {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// Philox4x32-10: a bijection of the counter for each key, ten rounds.
/// Source: Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy
/// as 1, 2, 3, SC'11, section 3.3 and figure 3.
[[nodiscard]] inline PhiloxCounter philox(PhiloxCounter counter, PhiloxKey key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t(0xD2511F53U) * counter[0];
    const std::uint64_t second = std::uint64_t(0xCD9E8D57U) * counter[2];
    counter = {
        static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(second),
        static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(first)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

/// One of 2^64 independent streams of a seed, each of 2^64 words of 64 bits. Its
/// whole state is seed, stream and position: to save it is to note three numbers.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t stream, std::uint64_t position = 0) noexcept
      : key_{low(seed), high(seed)}, stream_(stream), position_(position) {
    if ((position_ & 1U) != 0) fill();
  }

  /// Number of 64-bit words drawn so far.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

  /// 64 random bits.
  std::uint64_t bits() noexcept {
    if ((position_ & 1U) == 0) fill();
    const std::size_t at = 2 * static_cast<std::size_t>(position_++ & 1U);
    return std::uint64_t(block_[at]) | (std::uint64_t(block_[at + 1]) << 32);
  }

  /// Uniform on the 2^52 midpoints (k + 1/2) / 2^52: never 0, never 1, symmetric about 1/2.
  double uniform() noexcept { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52; }

  /// Standard normal by inversion, one word each: sqrt(2) erf^-1(2u - 1), from
  /// the nearer tail, so that the two are mirror images.
  double normal() {
    constexpr double kRoot2 = 1.4142135623730950488;
    const std::uint64_t word = bits();
    const double tail = (static_cast<double>(word >> 13) + 0.5) * 0x1p-51;  // twice the tail's probability
    const double size = kRoot2 * boost::math::erfc_inv(tail, DoublePolicy());
    return (word & 1U) != 0 ? size : -size;
  }

  /// Gamma with the given shape (> 0) and scale 1.
  /// Source: Marsaglia & Tsang (2000), ACM Trans. Math. Softw. 26:363, sections
  /// 4 and 6 (shapes below 1: a draw of shape + 1 times u^(1/shape)).
  double gamma(double shape) {
    require_positive(shape, "shape");
    if (shape < 1.0) {
      const double boost = std::log(uniform()) / shape;
      return gamma(shape + 1.0) * std::exp(boost);
    }
    const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
      const double x = normal(), root = 1.0 + c * x;
      if (root <= 0.0) continue;
      const double v = root * root * root;
      if (std::log(uniform()) < 0.5 * x * x + d * (1.0 - v + std::log(v))) return d * v;
    }
  }

  /// Chi-squared with df > 0 degrees of freedom.
  double chi_squared(double df) { return 2.0 * gamma(0.5 * df); }

  /// Fills a matrix with standard normals, column by column.
  template <class Derived>
  void fill_normal(Eigen::MatrixBase<Derived>& out) {
    for (Index j = 0; j < out.cols(); ++j) {
      for (Index i = 0; i < out.rows(); ++i) out(i, j) = normal();
    }
  }

 private:
  static constexpr std::uint32_t low(std::uint64_t x) noexcept { return static_cast<std::uint32_t>(x); }
  static constexpr std::uint32_t high(std::uint64_t x) noexcept {
    return static_cast<std::uint32_t>(x >> 32);
  }

  void fill() noexcept {
    const std::uint64_t block = position_ >> 1;
    block_ = philox({low(block), high(block), low(stream_), high(stream_)}, key_);
  }

  PhiloxKey key_;
  std::uint64_t stream_;
  std::uint64_t position_;
  PhiloxCounter block_{};
};

}  // namespace cordgain
