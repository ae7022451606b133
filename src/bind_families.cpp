// Mixed models of any family: rows and scores come down, a report in the user's units goes up.
#include "bind.h"

#include "bind_families.h"

#include <cordgain/infer/family_report.hpp>

namespace {

Rcpp::List from_runaway(const cordgain::FamilyReport& in) {
  using Rcpp::Named;
  return Rcpp::List::create(Named("beta") = in.runaway_beta, Named("extra") = in.runaway_extra,
                            Named("sd") = in.runaway_sd);
}

Rcpp::List from_report(const cordgain::FamilyReport& in) {
  using Rcpp::Named;
  Rcpp::IntegerVector kept = bind::integers(in.kept);
  kept = kept + 1;
  return Rcpp::List::create(
      Named("kept") = kept, Named("beta") = in.beta, Named("extra") = in.extra, Named("vcov") = in.vcov,
      Named("error") = in.error, Named("std_error_error") = in.std_error_error,
      Named("covariance") = in.covariance, Named("covariance_error") = in.covariance_error,
      Named("rank") = bind::integers(in.rank), Named("mode") = in.mode, Named("mean") = in.mean,
      Named("spread") = in.spread, Named("runaway") = from_runaway(in),
      Named("log_likelihood") = in.log_likelihood, Named("log_likelihood_error") = in.log_likelihood_error,
      Named("decrement") = in.decrement, Named("gradient") = in.gradient,
      Named("nodes") = bind::integers(in.nodes), Named("converged") = in.converged);
}

}  // namespace

// `nodes`: along each axis, 0 as many as each subject needs.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_fit_family(SEXP x, SEXP z, SEXP offset, SEXP subject, int n_subjects, SEXP block,
                          Rcpp::List family, int nodes) {
  return bind::guard([&] {
    const cordgain::SubjectInput in = bind::to_input(x, z, offset, subject, n_subjects, block);
    cordgain::FamilyFitControl control;
    control.nodes = nodes;
    return from_report(cordgain::report_family(in, *bind::to_family(family), control));
  });
}
