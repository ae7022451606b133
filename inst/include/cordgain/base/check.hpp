// Preconditions of the core. R checks what a person typed; these guard the
// core when it is called from C++ or fuzzed, and say the name of the argument.
#pragma once

#include <cmath>
#include <cordgain/base/error.hpp>
#include <string>

namespace cordgain {

/// @throws InvalidInput unless `ok`.
inline void require(bool ok, const std::string& message) {
  if (!ok) throw InvalidInput(message);
}

/// @throws InvalidInput unless x is finite.
inline void require_finite(double x, const char* name) {
  require(std::isfinite(x), std::string(name) + " must be finite");
}

/// @throws InvalidInput unless x is finite and > 0.
inline void require_positive(double x, const char* name) {
  require(std::isfinite(x) && x > 0.0, std::string(name) + " must be finite and positive");
}

/// @throws InvalidInput unless 0 <= x <= 1.
inline void require_probability(double x, const char* name) {
  require(x >= 0.0 && x <= 1.0, std::string(name) + " must lie in [0, 1]");
}

/// @throws InvalidInput unless 0 <= events <= n, n >= 1 and both are whole.
inline void require_counts(double events, double n, const char* name) {
  const bool whole = std::floor(events) == events && std::floor(n) == n;
  require(std::isfinite(events) && std::isfinite(n) && whole && n >= 1.0 && events >= 0.0 && events <= n,
          std::string(name) + " must be whole counts with 0 <= events <= n and n >= 1");
}

}  // namespace cordgain
