#include "bind.h"

#include <cordgain/infer/bootstrap.hpp>
#include <cordgain/infer/calibration.hpp>
#include <cordgain/infer/profile.hpp>

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

cordgain::BootstrapPlan to_plan(const Rcpp::List& in) {
  cordgain::BootstrapPlan out;
  out.seed = static_cast<std::uint64_t>(Rcpp::as<double>(in["seed"]));
  out.first = static_cast<std::uint64_t>(Rcpp::as<double>(in["first"]));
  out.count = static_cast<cordgain::Index>(Rcpp::as<double>(in["count"]));
  out.restricted = Rcpp::as<bool>(in["restricted"]);
  const std::string spread = Rcpp::as<std::string>(in["spread"]);
  out.spread = spread == "kenward-roger" ? cordgain::Spread::kenward_roger
               : spread == "model"       ? cordgain::Spread::model
                                         : cordgain::Spread::none;
  out.contrast = bind::matrix_map(in["contrast"]);
  return out;
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
Rcpp::List cpp_calibrate(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                         Rcpp::IntegerVector n_levels, SEXP gamma, Rcpp::List plan) {
  return bind::guard([&] {
    cordgain::CalibrationPlan todo;
    todo.seed = static_cast<std::uint64_t>(Rcpp::as<double>(plan["seed"]));
    todo.data_sets = static_cast<cordgain::Index>(Rcpp::as<double>(plan["data_sets"]));
    todo.refits = static_cast<cordgain::Index>(Rcpp::as<double>(plan["refits"]));
    todo.level = Rcpp::as<double>(plan["level"]);
    todo.contrast = bind::vector_map(plan["contrast"]);
    bind::InterruptMonitor monitor(1);
    const cordgain::Calibration found =
        cordgain::calibrate(bind::to_design(x, y, weight, z, level, n_levels, Rcpp::List()),
                            bind::vector_map(gamma), todo, monitor);
    return Rcpp::List::create(Rcpp::Named("covered") = found.covered, Rcpp::Named("length") = found.length,
                              Rcpp::Named("df") = found.df, Rcpp::Named("singular") = found.singular,
                              Rcpp::Named("failed_refits") = static_cast<double>(found.failed_refits),
                              Rcpp::Named("unsettled_refits") = static_cast<double>(found.unsettled_refits));
  });
}
