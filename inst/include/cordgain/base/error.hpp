// The two errors of the core. Not having converged is a field of a result.
#pragma once

#include <stdexcept>
#include <string>

namespace cordgain {

/// The caller asked for something that has no answer; the message says why.
class InvalidInput : public std::invalid_argument {
 public:
  explicit InvalidInput(const std::string& message) : std::invalid_argument(message) {}
};

/// The question is sound but the number could not be had to the stated error.
class NumericalError : public std::runtime_error {
 public:
  explicit NumericalError(const std::string& message) : std::runtime_error(message) {}
};

}  // namespace cordgain
