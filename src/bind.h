// The boundary with R, written once: converting, and sorting C++ errors by type.
// Each bind_*.cpp converts, calls one function of the core and converts back.
#pragma once

#include <RcppEigen.h>

#include <cordgain/base/error.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/math/panels.hpp>
#include <cordgain/natural/patient_rates.hpp>
#include <cordgain/natural/route.hpp>
#include <exception>
#include <string>
#include <vector>

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

inline cordgain::Vector vector(SEXP x) {
  return Rcpp::as<cordgain::Vector>(x);
}
inline cordgain::Matrix matrix(SEXP x) {
  return Rcpp::as<cordgain::Matrix>(x);
}

inline cordgain::Route route(bool fine) {
  return fine ? cordgain::fine_route() : cordgain::coarse_route();
}

/// A prior: one row for each component, columns weight, kind, a, b, c (`prior_components()` in R/prior.R).
inline cordgain::Prior prior(SEXP x) {
  const cordgain::Matrix rows = matrix(x);
  std::vector<cordgain::PriorComponent> components;
  for (cordgain::Index i = 0; i < rows.rows(); ++i) {
    components.push_back({static_cast<cordgain::PriorKind>(static_cast<int>(rows(i, 1))), rows(i, 0),
                          rows(i, 2), rows(i, 3), rows(i, 4)});
  }
  return cordgain::Prior(components);
}

inline Rcpp::List wrap_grid(const cordgain::PanelGrid& grid) {
  return Rcpp::List::create(Rcpp::Named("order") = static_cast<int>(grid.order),
                            Rcpp::Named("edges") = grid.edges, Rcpp::Named("density") = grid.density,
                            Rcpp::Named("mass_below") = grid.mass_below,
                            Rcpp::Named("mass_above") = grid.mass_above);
}

inline cordgain::PanelGrid grid(SEXP x) {
  const Rcpp::List list(x);
  cordgain::PanelGrid grid;
  grid.order = Rcpp::as<int>(list["order"]);
  grid.edges = vector(list["edges"]);
  grid.density = vector(list["density"]);
  grid.mass_below = Rcpp::as<double>(list["mass_below"]);
  grid.mass_above = Rcpp::as<double>(list["mass_above"]);
  return grid;
}

inline Rcpp::List wrap_rates(const cordgain::PatientRates& rates) {
  return Rcpp::List::create(Rcpp::Named("grid") = wrap_grid(rates.grid), Rcpp::Named("logit") = rates.logit,
                            Rcpp::Named("size") = rates.size);
}

inline cordgain::PatientRates rates(const Rcpp::List& x) {
  return {grid(x["grid"]), matrix(x["logit"]), vector(x["size"])};
}

}  // namespace bind
