#include "bind.h"

#include <cordgain/infer/bootstrap.hpp>
#include <cordgain/infer/calibration.hpp>
#include <cordgain/infer/profile.hpp>
#include <cordgain/infer/trial_loop.hpp>

#include "bind_gaussian.h"
#include "monitor.h"

namespace {

std::vector<cordgain::ProfileTarget> to_targets(const Rcpp::IntegerMatrix& in) {
  std::vector<cordgain::ProfileTarget> out;
  for (int r = 0; r < in.nrow(); ++r) {
    out.push_back({static_cast<cordgain::ProfileTarget::Kind>(in(r, 0)), in(r, 1), in(r, 2), in(r, 3)});
  }
  return out;
}

Rcpp::List from_intervals(const std::vector<cordgain::ProfileInterval>& in) {
  cordgain::Matrix limits(static_cast<cordgain::Index>(in.size()), 3);
  Rcpp::LogicalMatrix bound(static_cast<int>(in.size()), 2);
  for (std::size_t i = 0; i < in.size(); ++i) {
    limits.row(static_cast<cordgain::Index>(i)) << in[i].estimate, in[i].lower.at, in[i].upper.at;
    bound(static_cast<int>(i), 0) = in[i].lower.bound;
    bound(static_cast<int>(i), 1) = in[i].upper.bound;
  }
  return Rcpp::List::create(Rcpp::Named("limits") = limits, Rcpp::Named("bound") = bound);
}

cordgain::Spread to_spread(const std::string& word) {
  if (word == "kenward-roger") return cordgain::Spread::kenward_roger;
  return word == "model" ? cordgain::Spread::model : cordgain::Spread::none;
}

std::uint64_t to_seed(SEXP in) {
  return static_cast<std::uint64_t>(Rcpp::as<double>(in));
}

cordgain::Index to_count(SEXP in) {
  return static_cast<cordgain::Index>(Rcpp::as<double>(in));
}

cordgain::BootstrapPlan to_plan(const Rcpp::List& in) {
  cordgain::BootstrapPlan out;
  out.seed = to_seed(in["seed"]);
  out.first = to_seed(in["first"]);
  out.count = to_count(in["count"]);
  out.restricted = Rcpp::as<bool>(in["restricted"]);
  out.spread = to_spread(Rcpp::as<std::string>(in["spread"]));
  out.contrast = bind::matrix_map(in["contrast"]);
  return out;
}

cordgain::CalibrationPlan to_calibration_plan(const Rcpp::List& in) {
  return {to_seed(in["seed"]),           to_count(in["data_sets"]),        to_count(in["refits"]),
          Rcpp::as<double>(in["level"]), bind::vector_map(in["contrast"]), to_count(in["plain_every"])};
}

Rcpp::List from_calibration(const cordgain::Calibration& in) {
  return Rcpp::List::create(Rcpp::Named("covered") = in.covered, Rcpp::Named("length") = in.length,
                            Rcpp::Named("df") = in.df, Rcpp::Named("singular") = in.singular,
                            Rcpp::Named("failed_refits") = static_cast<double>(in.failed_refits),
                            Rcpp::Named("unsettled_refits") = static_cast<double>(in.unsettled_refits));
}

Rcpp::List from_replicates(const cordgain::Replicates& in) {
  return Rcpp::List::create(Rcpp::Named("shift") = in.shift, Rcpp::Named("gamma") = in.gamma,
                            Rcpp::Named("std_error") = in.std_error, Rcpp::Named("deviance") = in.deviance,
                            Rcpp::Named("outcome") = in.outcome, Rcpp::Named("singular") = in.singular);
}

}  // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_profile_intervals(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                                 Rcpp::IntegerVector n_levels, Rcpp::List residual, bool restricted,
                                 Rcpp::IntegerMatrix targets, double quantile) {
  return bind::guard([&] {
    return from_intervals(
        cordgain::profile_intervals(bind::to_design(x, y, weight, z, level, n_levels, residual),
                                    bind::to_word(residual), restricted, to_targets(targets), quantile));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_bootstrap(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                         Rcpp::IntegerVector n_levels, Rcpp::List residual, SEXP gamma, Rcpp::List plan) {
  return bind::guard([&] {
    bind::InterruptMonitor monitor;
    return from_replicates(
        cordgain::bootstrap_rows(bind::to_design(x, y, weight, z, level, n_levels, residual),
                                 bind::to_word(residual), bind::vector_map(gamma), to_plan(plan), monitor));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_interior_gamma(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                              Rcpp::IntegerVector n_levels, Rcpp::List residual, bool restricted) {
  return bind::guard([&] {
    return cordgain::interior_gamma_rows(bind::to_design(x, y, weight, z, level, n_levels, residual),
                                         bind::to_word(residual), restricted);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_calibrate(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                         Rcpp::IntegerVector n_levels, SEXP gamma, Rcpp::List plan) {
  return bind::guard([&] {
    bind::InterruptMonitor monitor(1);
    return from_calibration(
        cordgain::calibrate(bind::to_design(x, y, weight, z, level, n_levels, Rcpp::List()),
                            bind::vector_map(gamma), to_calibration_plan(plan), monitor));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_simulate_fits(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                             Rcpp::IntegerVector n_levels, Rcpp::List residual, SEXP gamma, Rcpp::List plan) {
  return bind::guard([&] {
    bind::InterruptMonitor monitor;
    const cordgain::TrialFits found = cordgain::simulate_fits(
        bind::to_design(x, y, weight, z, level, n_levels, residual), bind::to_word(residual),
        bind::vector_map(gamma), bind::to_trials(plan), monitor);
    return Rcpp::List::create(Rcpp::Named("shift") = found.shift, Rcpp::Named("std_error") = found.std_error,
                              Rcpp::Named("df") = found.df, Rcpp::Named("outcome") = found.outcome,
                              Rcpp::Named("singular") = found.singular);
  });
}
