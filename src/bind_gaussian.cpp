#include "bind.h"

#include "bind_gaussian.h"

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_fit_gaussian(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                            Rcpp::IntegerVector n_levels, Rcpp::List residual, bool restricted) {
  return bind::guard([&] {
    return bind::from_report(cordgain::fit_rows(bind::to_design(x, y, weight, z, level, n_levels, residual),
                                                restricted, bind::to_word(residual)));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_wald_test(Rcpp::List inference, SEXP contrast, SEXP estimate, std::string df,
                         std::string information) {
  return bind::guard([&] {
    return bind::from_test(cordgain::wald_test(bind::to_inference(inference), bind::matrix_map(contrast),
                                               bind::vector_map(estimate), df == "kenward-roger",
                                               information == "observed"));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_row_tests(Rcpp::List inference, SEXP contrast, std::string df, std::string information) {
  return bind::guard([&] {
    return bind::from_table(cordgain::row_tests(bind::to_inference(inference), bind::matrix_map(contrast),
                                                df == "kenward-roger", information == "observed"));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_random_effects(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                              Rcpp::IntegerVector n_levels, Rcpp::List residual, Rcpp::List frame, SEXP gamma,
                              SEXP beta, SEXP phi) {
  return bind::guard([&] {
    return bind::from_effects(cordgain::random_effects(
        bind::to_design(x, y, weight, z, level, n_levels, residual), bind::to_frame(frame),
        bind::vector_map(gamma), bind::vector_map(beta), bind::matrix_map(phi)));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_robust_tests(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                            Rcpp::IntegerVector n_levels, Rcpp::List residual, Rcpp::List frame, SEXP gamma,
                            SEXP beta, SEXP phi, std::string type, SEXP contrast) {
  return bind::guard([&] {
    return bind::from_robust(
        cordgain::robust_tests(bind::to_design(x, y, weight, z, level, n_levels, residual),
                               bind::to_frame(frame), bind::vector_map(gamma), bind::vector_map(beta),
                               bind::matrix_map(phi), type, bind::matrix_map(contrast)));
  });
}
