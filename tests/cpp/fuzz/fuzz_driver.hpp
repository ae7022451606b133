// What every fuzz target shares: reading numbers out of raw bytes, and the rule
// that an entry either gives a value or throws one of the two declared errors.
// Any other exception, a failed assertion or a sanitizer's report ends the run.
#pragma once

#include <cordgain/base/error.hpp>
#include <cordgain/base/types.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace fuzz {

/// Reads values off the front of the bytes; zeros once they are used up.
class FuzzedData {
 public:
  FuzzedData(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), left_(size) {}

  bool empty() const noexcept { return left_ == 0; }

  /// Any double: the bytes themselves, so NaN, infinities and denormals come too.
  double any_double() { return take<double>(); }

  /// A double in [low, high]; in 1 of 8 calls any double at all.
  double number(double low, double high) {
    if (take<std::uint8_t>() % 8 == 0) return any_double();
    return low + (high - low) * (take<std::uint32_t>() / 4294967295.0);
  }

  /// A whole number in [low, high].
  int whole(int low, int high) {
    const auto span = static_cast<std::uint32_t>(high - low) + 1U;
    return low + static_cast<int>(take<std::uint32_t>() % span);
  }

  /// A vector of `size` values, each from `number(low, high)`.
  cordgain::Vector numbers(cordgain::Index size, double low, double high) {
    cordgain::Vector values(size);
    for (cordgain::Index i = 0; i < size; ++i) values[i] = number(low, high);
    return values;
  }

  /// A vector of `size` counts in [0, high]; in 1 of 8 calls of one count any double at all.
  cordgain::Vector counts(cordgain::Index size, int high) {
    cordgain::Vector values(size);
    for (cordgain::Index i = 0; i < size; ++i) {
      values[i] = take<std::uint8_t>() % 8 == 0 ? any_double() : whole(0, high);
    }
    return values;
  }

 private:
  template <class T>
  T take() {
    T value{};
    const std::size_t size = left_ < sizeof(T) ? left_ : sizeof(T);
    if (size > 0) std::memcpy(&value, bytes_, size);
    bytes_ += size;
    left_ -= size;
    return value;
  }

  const std::uint8_t* bytes_;
  std::size_t left_;
};

/// Runs `entry`; the two declared errors are answers too, and say so by `false`.
template <class Entry>
bool answers(Entry&& entry) {
  try {
    entry();
    return true;
  } catch (const cordgain::InvalidInput&) {
    return false;
  } catch (const cordgain::NumericalError&) {
    return false;
  }
}

/// Stops the run with a report: for what must hold of every answer.
inline void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace fuzz
