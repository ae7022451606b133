// The exact posterior of a Gaussian mixed model: priors come down in the user's units, a weighted mixture
// goes up.
#include "bind.h"

#include "bind_gaussian.h"
#include "bind_hyper.h"
#include "monitor.h"

#include <cordgain/infer/posterior_draws.hpp>
#include <cordgain/infer/posterior_loop.hpp>
#include <cordgain/infer/posterior_quantiles.hpp>
#include <cordgain/infer/posterior_report.hpp>
#include <cordgain/math/lattice_quantile.hpp>

namespace {

using cordgain::Index;

std::vector<cordgain::CoefficientComponent> components_from(const Rcpp::NumericMatrix& rows) {
  std::vector<cordgain::CoefficientComponent> out;
  for (int i = 0; i < rows.nrow(); ++i)
    out.push_back({rows(i, 0), rows(i, 1), rows(i, 2), static_cast<Index>(rows(i, 3))});
  return out;
}

cordgain::HyperLayout layout_from(const Rcpp::List& in) {
  cordgain::HyperLayout out;
  out.blocks = bind::hyper_blocks(in["blocks"]);
  out.sigma = Rcpp::as<int>(in["sigma"]);
  return out;
}

cordgain::PosteriorPriors priors_from(const Rcpp::List& in) {
  cordgain::PosteriorPriors out;
  const Rcpp::List coefficients = in["coefficients"];
  for (R_xlen_t j = 0; j < coefficients.size(); ++j)
    out.coefficients.push_back(components_from(coefficients[j]));
  out.hyper = bind::hyperparameters(in["hyper"]);
  out.layout = layout_from(in["layout"]);
  return out;
}

Rcpp::List from_plan(const cordgain::LatticePlan& at) {
  using Rcpp::Named;
  return Rcpp::List::create(Named("unit") = at.unit, Named("mode") = at.place.mode,
                            Named("covariance") = at.place.covariance, Named("step") = at.step,
                            Named("depth") = at.depth);
}

cordgain::LatticePlan plan_from(const Rcpp::List& in) {
  cordgain::LatticePlan out;
  out.unit = bind::vector_map(in["unit"]);
  out.place.mode = bind::vector_map(in["mode"]);
  out.place.covariance = bind::matrix_map(in["covariance"]);
  out.step = Rcpp::as<double>(in["step"]);
  out.depth = Rcpp::as<double>(in["depth"]);
  return out;
}

Rcpp::List from_posterior(const cordgain::PosteriorReport& report) {
  using Rcpp::Named;
  const cordgain::ExactPosterior& at = report.posterior;
  return Rcpp::List::create(
      Named("values") = at.values, Named("weight") = at.weight, Named("mean") = at.mean,
      Named("covariance") = at.covariance,
      Named("coefficients") =
          Rcpp::List::create(Named("mean") = at.coefficient_mean, Named("sd") = at.coefficient_sd,
                             Named("error") = at.coefficient_error),
      Named("hyper") = Rcpp::List::create(Named("mean") = at.hyper_mean, Named("sd") = at.hyper_sd,
                                          Named("error") = at.hyper_error, Named("unit") = at.plan.unit),
      Named("log_evidence") = at.log_evidence, Named("evidence_error") = at.evidence_error,
      Named("plan") = from_plan(at.plan), Named("evaluations") = static_cast<double>(at.evaluations),
      Named("plain") = static_cast<int>(at.plain), Named("edge") = at.edge,
      Named("frame") = bind::from_frame(report.frame));
}

cordgain::PosteriorQuestion to_question(const Rcpp::List& in) {
  cordgain::PosteriorQuestion out;
  out.truth = bind::vector_map(in["truth"]);
  out.added = bind::vector_map(in["added"]);
  out.moved = bind::vector_map(in["moved"]);
  out.added_se = Rcpp::as<double>(in["added_se"]);
  out.tolerance = Rcpp::as<double>(in["tolerance"]);
  return out;
}

}  // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_exact_posterior(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                               Rcpp::IntegerVector n_levels, Rcpp::List residual, Rcpp::List priors,
                               double tolerance) {
  return bind::guard([&] {
    cordgain::PosteriorControl control;
    control.tolerance = tolerance;
    return from_posterior(cordgain::posterior_rows(
        bind::to_design(x, y, weight, z, level, n_levels, residual), priors_from(priors), control));
  });
}

// `plan`: list of warmup, draws, chains, accept, seed.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_posterior_draws(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                               Rcpp::IntegerVector n_levels, Rcpp::List residual, Rcpp::List priors,
                               Rcpp::List plan) {
  return bind::guard([&] {
    bind::InterruptMonitor monitor;
    const cordgain::PosteriorDraws at = cordgain::posterior_draws(
        bind::to_design(x, y, weight, z, level, n_levels, residual), priors_from(priors),
        bind::nuts_control(plan), Rcpp::as<int>(plan["chains"]), monitor);
    using Rcpp::Named;
    return Rcpp::List::create(
        Named("values") = at.values, Named("mean") = at.mean, Named("covariance") = at.covariance,
        Named("divergences") = Rcpp::IntegerVector(at.divergences.begin(), at.divergences.end()),
        Named("longest") = Rcpp::IntegerVector(at.longest.begin(), at.longest.end()), Named("step") = at.step,
        Named("frame") = bind::from_frame(at.frame));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_posterior_marginals(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                                   Rcpp::IntegerVector n_levels, Rcpp::List residual, Rcpp::List priors,
                                   Rcpp::List plan) {
  return bind::guard([&] {
    return bind::from_lattices(cordgain::marginal_rows(
        bind::to_design(x, y, weight, z, level, n_levels, residual), priors_from(priors), plan_from(plan)));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_posterior_quantiles(Rcpp::List posterior, SEXP probabilities) {
  return bind::guard([&] {
    const auto weight = bind::vector_map(posterior["weight"]);
    const auto mean = bind::matrix_map(posterior["mean"]),
               covariance = bind::matrix_map(posterior["covariance"]);
    const cordgain::Vector at = bind::vector_map(probabilities);
    const Index p = mean.rows();
    cordgain::Matrix value(p, at.size()), error(p, at.size());
    for (Index j = 0; j < p; ++j) {
      const cordgain::NodeMixture nodes(
          weight, mean.row(j).transpose(),
          covariance.row(cordgain::packed_index(j, j, p)).transpose().cwiseSqrt(),
          Rcpp::as<int>(posterior["plain"]), Rcpp::as<double>(posterior["edge"]));
      for (Index i = 0; i < at.size(); ++i) {
        const cordgain::StatedQuantile found = nodes.quantile(at[i]);
        value(j, i) = found.value;
        error(j, i) = found.error;
      }
    }
    return Rcpp::List::create(Rcpp::Named("value") = value, Rcpp::Named("error") = error);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_posterior_effects(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                                 Rcpp::IntegerVector n_levels, Rcpp::List residual, Rcpp::List frame,
                                 Rcpp::List posterior, Rcpp::List layout) {
  return bind::guard([&] {
    cordgain::ExactPosterior from;
    from.values = bind::matrix_map(posterior["values"]);
    from.weight = bind::vector_map(posterior["weight"]);
    from.mean = bind::matrix_map(posterior["mean"]);
    from.covariance = bind::matrix_map(posterior["covariance"]);
    const auto effects =
        cordgain::posterior_effects(bind::to_design(x, y, weight, z, level, n_levels, residual),
                                    bind::to_frame(frame), from, layout_from(layout));
    Rcpp::List out(static_cast<R_xlen_t>(effects.size()));
    for (std::size_t t = 0; t < effects.size(); ++t) {
      out[static_cast<R_xlen_t>(t)] =
          Rcpp::List::create(Rcpp::Named("mean") = effects[t].mean, Rcpp::Named("sd") = effects[t].sd);
    }
    return out;
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_lattice_quantiles(double first, double step, SEXP value, SEXP probabilities) {
  return bind::guard([&] {
    const cordgain::Lattice lattice{first, step, bind::vector_map(value)};
    const cordgain::LatticeDistribution series(lattice), spline(lattice, true);
    const cordgain::Vector at = bind::vector_map(probabilities);
    return Rcpp::List::create(
        Rcpp::Named("quantile") = at.unaryExpr([&](double p) { return series.quantile(p); }).eval(),
        Rcpp::Named("check") = at.unaryExpr([&](double p) { return spline.quantile(p); }).eval());
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_simulate_posteriors(SEXP x, SEXP y, SEXP weight, Rcpp::List z, Rcpp::List level,
                                   Rcpp::IntegerVector n_levels, Rcpp::List residual, SEXP gamma,
                                   Rcpp::List priors, Rcpp::List plan, Rcpp::List question) {
  return bind::guard([&] {
    bind::InterruptMonitor monitor;
    const cordgain::TrialPosteriors found = cordgain::simulate_posteriors(
        bind::to_design(x, y, weight, z, level, n_levels, residual), bind::vector_map(gamma),
        priors_from(priors), bind::to_trials(plan), to_question(question), monitor);
    return Rcpp::List::create(Rcpp::Named("above") = found.above, Rcpp::Named("error") = found.error,
                              Rcpp::Named("mean") = found.mean, Rcpp::Named("sd") = found.sd,
                              Rcpp::Named("route") = found.route,
                              Rcpp::Named("nodes") = static_cast<double>(found.nodes));
  });
}
