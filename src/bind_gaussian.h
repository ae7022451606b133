// Conversions of the Gaussian model: designs come down, reports go up as plain lists.
#pragma once

#include "bind.h"

#include <cordgain/infer/random_effects.hpp>
#include <cordgain/infer/report.hpp>
#include <cordgain/infer/robust.hpp>
#include <cordgain/infer/trial_sampler.hpp>
#include <vector>

namespace bind {

using Rcpp::Named;

inline Eigen::Map<const cordgain::Matrix> matrix_map(SEXP x) {
  return Eigen::Map<const cordgain::Matrix>(REAL(x), Rf_nrows(x), Rf_ncols(x));
}

inline Eigen::Map<const cordgain::Vector> vector_map(SEXP x) {
  return Eigen::Map<const cordgain::Vector>(REAL(x), Rf_xlength(x));
}

/// A part of a column: list(values, codes or NULL, how many values come before the part's own).
inline cordgain::ColumnPart to_part(SEXP in) {
  SEXP value = VECTOR_ELT(in, 0), code = VECTOR_ELT(in, 1);
  const R_xlen_t skip = static_cast<R_xlen_t>(Rf_asReal(VECTOR_ELT(in, 2)));
  if (Rf_isNull(code) && TYPEOF(value) == INTSXP) return {nullptr, INTEGER(value) + skip};
  return {REAL(value) + skip, Rf_isNull(code) ? nullptr : INTEGER(code)};
}

/// A matrix, or a list with the parts of each column.
inline cordgain::Columns to_columns(SEXP in, R_xlen_t rows) {
  if (Rf_isMatrix(in)) return cordgain::Columns(matrix_map(in));
  cordgain::Columns out(rows);
  for (R_xlen_t j = 0; j < Rf_xlength(in); ++j) {
    SEXP column = VECTOR_ELT(in, j);
    std::vector<cordgain::ColumnPart> parts;
    for (R_xlen_t k = 0; k < Rf_xlength(column); ++k) parts.push_back(to_part(VECTOR_ELT(column, k)));
    out.add(std::move(parts));
  }
  return out;
}

inline cordgain::ResidualPattern to_pattern(const Rcpp::List& in) {
  cordgain::ResidualPattern out;
  if (in.size() == 0) return out;
  out.subject = INTEGER(in["subject"]);
  out.visit = INTEGER(in["visit"]);
  out.group = INTEGER(in["group"]);
  out.n_subjects = Rcpp::as<int>(in["n_subjects"]);
  out.n_visits = Rf_length(in["times"]);
  out.n_groups = Rcpp::as<int>(in["n_groups"]);
  return out;
}

inline cordgain::ResidualWord to_word(const Rcpp::List& in) {
  if (in.size() == 0) return {};
  return {Rcpp::as<std::string>(in["word"]), vector_map(in["times"])};
}

inline cordgain::DesignInput to_design(SEXP x, SEXP y, SEXP weight, const Rcpp::List& z,
                                       const Rcpp::List& level, const Rcpp::IntegerVector& n_levels,
                                       const Rcpp::List& residual) {
  const R_xlen_t rows = Rf_xlength(y);
  cordgain::DesignInput in{to_columns(x, rows), vector_map(y), vector_map(weight), {}, to_pattern(residual)};
  for (R_xlen_t t = 0; t < z.size(); ++t) {
    SEXP which = level[t];
    in.random.push_back({to_columns(z[t], rows),
                         Eigen::Map<const Eigen::VectorXi>(INTEGER(which), Rf_xlength(which)), n_levels[t]});
  }
  return in;
}

inline Rcpp::List matrices(const std::vector<cordgain::Matrix>& in) {
  Rcpp::List out(static_cast<R_xlen_t>(in.size()));
  for (std::size_t i = 0; i < in.size(); ++i) out[static_cast<R_xlen_t>(i)] = Rcpp::wrap(in[i]);
  return out;
}

inline std::vector<cordgain::Matrix> to_matrices(const Rcpp::List& in) {
  std::vector<cordgain::Matrix> out;
  for (R_xlen_t i = 0; i < in.size(); ++i) out.push_back(matrix_map(in[i]));
  return out;
}

inline Rcpp::List from_inference(const cordgain::Inference& in) {
  return Rcpp::List::create(Named("beta") = in.beta, Named("phi") = in.phi,
                            Named("slope") = matrices(in.slope), Named("curve") = matrices(in.curve),
                            Named("expected") = in.expected, Named("observed") = in.observed,
                            Named("directions") = in.directions, Named("score") = in.score);
}

inline cordgain::Inference to_inference(const Rcpp::List& in) {
  cordgain::Inference out;
  out.beta = vector_map(in["beta"]);
  out.phi = matrix_map(in["phi"]);
  out.slope = to_matrices(in["slope"]);
  out.curve = to_matrices(in["curve"]);
  out.expected = matrix_map(in["expected"]);
  out.observed = matrix_map(in["observed"]);
  out.directions = matrix_map(in["directions"]);
  out.score = vector_map(in["score"]);
  return out;
}

inline Rcpp::List from_frame(const cordgain::Frame& frame) {
  Rcpp::IntegerVector kept(frame.kept.begin(), frame.kept.end());
  return Rcpp::List::create(Named("kept") = kept + 1, Named("factor") = frame.factor,
                            Named("least_squares") = frame.least_squares, Named("y_scale") = frame.y_scale,
                            Named("z_factor") = matrices(frame.z_factor),
                            Named("weight_scale") = frame.weight_scale);
}

inline cordgain::Frame to_frame(const Rcpp::List& in) {
  cordgain::Frame out;
  const Rcpp::IntegerVector kept = in["kept"];
  for (R_xlen_t i = 0; i < kept.size(); ++i) out.kept.push_back(kept[i] - 1);
  out.factor = matrix_map(in["factor"]);
  out.least_squares = vector_map(in["least_squares"]);
  out.y_scale = Rcpp::as<double>(in["y_scale"]);
  out.z_factor = to_matrices(in["z_factor"]);
  out.weight_scale = Rcpp::as<double>(in["weight_scale"]);
  return out;
}

inline Rcpp::List from_effects(const std::vector<cordgain::TermEffects>& in) {
  Rcpp::List out(static_cast<R_xlen_t>(in.size()));
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[static_cast<R_xlen_t>(i)] =
        Rcpp::List::create(Named("effect") = in[i].effect, Named("conditional") = in[i].conditional,
                           Named("prediction") = in[i].prediction);
  }
  return out;
}

inline Rcpp::List from_report(const cordgain::RowsReport& report) {
  const cordgain::GaussianFit& fit = report.fit;
  const Rcpp::List certificate = Rcpp::List::create(
      Named("converged") = fit.converged, Named("decrement") = fit.decrement, Named("steps") = fit.steps,
      Named("starts") = fit.starts, Named("start_difference") = fit.start_difference,
      Named("agreeing") = fit.agreeing, Named("residual_zero") = fit.residual_zero,
      Named("bound_score") = fit.bound_score, Named("unidentified") = static_cast<int>(fit.unidentified),
      Named("gamma_error") = report.gamma_error, Named("kinds") = static_cast<int>(report.kinds));
  return Rcpp::List::create(
      Named("deviance") = report.deviance, Named("coefficients") = report.coefficients,
      Named("vcov") = report.covariance, Named("gamma") = report.gamma, Named("block_gamma") = fit.gamma,
      Named("to_user") = report.to_user,
      Named("rank") = Rcpp::IntegerVector(fit.rank.begin(), fit.rank.end()),
      Named("frame") = from_frame(report.frame), Named("inference") = from_inference(report.inference),
      Named("unconstrained") = report.constrained ? SEXP(from_inference(report.unconstrained)) : R_NilValue,
      Named("certificate") = certificate);
}

inline Rcpp::List from_test(const cordgain::WaldTest& t) {
  return Rcpp::List::create(Named("statistic") = t.statistic, Named("unscaled") = t.unscaled,
                            Named("scale") = t.scale, Named("numerator") = t.numerator, Named("df") = t.df,
                            Named("reason") = t.reason);
}

inline Rcpp::List from_table(const cordgain::RowTests& t) {
  return Rcpp::List::create(Named("std_error") = t.std_error, Named("df") = t.df,
                            Named("covariance") = t.covariance);
}

inline Rcpp::List from_robust(const cordgain::RobustTests& t) {
  return Rcpp::List::create(Named("covariance") = t.covariance, Named("df") = t.df,
                            Named("clusters") = static_cast<int>(t.clusters));
}

inline cordgain::TrialPlan to_trials(const Rcpp::List& in) {
  cordgain::TrialPlan out;
  out.seed = static_cast<std::uint64_t>(Rcpp::as<double>(in["seed"]));
  out.first = static_cast<std::uint64_t>(Rcpp::as<double>(in["first"]));
  out.count = static_cast<cordgain::Index>(Rcpp::as<double>(in["count"]));
  out.contrast = vector_map(in["contrast"]);
  return out;
}

}  // namespace bind
