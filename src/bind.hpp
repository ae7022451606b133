// The boundary with R, written once: converting, and sorting C++ errors by type.
// Each bind_*.cpp converts, calls one function of the core and converts back.
#pragma once

#include <RcppEigen.h>

#include <cordgain/base/error.hpp>
#include <cordgain/base/types.hpp>
#include <exception>
#include <string>

namespace bind {

/// Runs one call of the core and returns list(value = ...) or
/// list(error_kind = , error_message = ), which call_core() in R turns into a
/// classed condition. Rcpp's own exceptions (interrupts) pass through.
template <class Body>
Rcpp::List guard(Body&& body) {
  const auto failed = [](const char* kind, const std::exception& e) {
    return Rcpp::List::create(Rcpp::Named("error_kind") = kind,
                              Rcpp::Named("error_message") = std::string(e.what()));
  };
  try {
    return Rcpp::List::create(Rcpp::Named("value") = body());
  } catch (const cordgain::InvalidInput& e) {
    return failed("invalid_input", e);
  } catch (const cordgain::NumericalError& e) {
    return failed("numerical_error", e);
  }
}

}  // namespace bind
