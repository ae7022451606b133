// Limits for counts and rates, e-values and exact tests of two proportions.
#include "bind.h"

#include <cordgain/dist/beta_posterior.hpp>
#include <cordgain/dist/binomial_limits.hpp>
#include <cordgain/dist/e_value.hpp>
#include <cordgain/dist/poisson_limits.hpp>
#include <cordgain/excess/exact_tests.hpp>

namespace {

Rcpp::List to_list(const cordgain::Limits& limits) {
  return Rcpp::List::create(Rcpp::Named("lower") = limits.lower, Rcpp::Named("upper") = limits.upper,
                            Rcpp::Named("error") = limits.error);
}

Rcpp::List to_list(const cordgain::Measured& number) {
  return Rcpp::List::create(Rcpp::Named("value") = number.value, Rcpp::Named("error") = number.error);
}

Rcpp::List to_list(const cordgain::ExactTest& test) {
  return Rcpp::List::create(Rcpp::Named("p_value") = test.p_value, Rcpp::Named("statistic") = test.statistic,
                            Rcpp::Named("nuisance") = test.nuisance, Rcpp::Named("error") = test.error);
}

// 1: greater, -1: less, 0: two-sided
cordgain::Alternative to_alternative(int side) {
  if (side == 0) return cordgain::Alternative::kTwoSided;
  return side > 0 ? cordgain::Alternative::kGreater : cordgain::Alternative::kLess;
}

}  // namespace

// [[Rcpp::export]]
Rcpp::List cpp_clopper_pearson(double y, double n, double below, double above) {
  return bind::guard([&] { return to_list(cordgain::clopper_pearson(y, n, {below, above})); });
}

// [[Rcpp::export]]
Rcpp::List cpp_blaker(double y, double n, double alpha) {
  return bind::guard([&] { return to_list(cordgain::blaker(y, n, alpha)); });
}

// [[Rcpp::export]]
Rcpp::List cpp_wilson(double y, double n, double alpha) {
  return bind::guard([&] { return to_list(cordgain::wilson(y, n, alpha)); });
}

// [[Rcpp::export]]
Rcpp::List cpp_beta_limits(double a, double b, double below, double above) {
  return bind::guard([&] { return to_list(cordgain::beta_limits({a, b}, {below, above})); });
}

// [[Rcpp::export]]
Rcpp::List cpp_beta_above(double a, double b, double threshold) {
  return bind::guard([&] { return to_list(cordgain::beta_above({a, b}, threshold)); });
}

// [[Rcpp::export]]
Rcpp::List cpp_beta_predictive_none(double a, double b, double m) {
  return bind::guard([&] { return cordgain::beta_predictive_none({a, b}, m); });
}

// [[Rcpp::export]]
Rcpp::List cpp_poisson_limits(double y, double exposure, double below, double above) {
  return bind::guard([&] { return to_list(cordgain::poisson_limits(y, exposure, {below, above})); });
}

// [[Rcpp::export]]
Rcpp::List cpp_gamma_limits(double shape, double rate, double below, double above) {
  return bind::guard([&] { return to_list(cordgain::gamma_limits({shape, rate}, {below, above})); });
}

// [[Rcpp::export]]
Rcpp::List cpp_gamma_above(double shape, double rate, double threshold) {
  return bind::guard([&] { return to_list(cordgain::gamma_above({shape, rate}, threshold)); });
}

// [[Rcpp::export]]
Rcpp::List cpp_gamma_predictive_none(double shape, double rate, double exposure) {
  return bind::guard([&] { return cordgain::gamma_predictive_none({shape, rate}, exposure); });
}

// [[Rcpp::export]]
Rcpp::List cpp_e_value(double y, double n, double rate, double a, double b, bool one_sided) {
  return bind::guard([&] { return cordgain::e_value(y, n, rate, {a, b}, one_sided); });
}

// [[Rcpp::export]]
Rcpp::List cpp_e_value_path(const Eigen::Map<Eigen::VectorXd>& outcomes, double rate, double a, double b,
                            bool one_sided) {
  return bind::guard([&] { return Rcpp::wrap(cordgain::e_value_path(outcomes, rate, {a, b}, one_sided)); });
}

// [[Rcpp::export]]
Rcpp::List cpp_fisher(double y1, double n1, double y0, double n0, int side) {
  return bind::guard([&] { return cordgain::fisher_p_value({y1, n1, y0, n0}, to_alternative(side)); });
}

// [[Rcpp::export]]
Rcpp::List cpp_barnard(double y1, double n1, double y0, double n0, int side) {
  return bind::guard([&] { return to_list(cordgain::barnard_test({y1, n1, y0, n0}, to_alternative(side))); });
}

// [[Rcpp::export]]
Rcpp::List cpp_boschloo(double y1, double n1, double y0, double n0, int side) {
  return bind::guard([&] {
    return to_list(cordgain::boschloo_test({y1, n1, y0, n0}, to_alternative(side)));
  });
}
