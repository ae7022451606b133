// Natural recovery: published counts or a prior become the distribution of the trial's natural log odds.
#include "bind.h"

#include <cordgain/math/grid_summary.hpp>
#include <cordgain/natural/effective_size.hpp>
#include <cordgain/natural/meta_effective_size.hpp>
#include <cordgain/natural/meta_predictive.hpp>
#include <cordgain/natural/prior_predictive.hpp>
#include <cordgain/natural/scenarios.hpp>

namespace {

using cordgain::MetaEvidence;
using cordgain::MetaPriors;
using cordgain::Vector;

MetaEvidence evidence_from(const Rcpp::List& x) {
  return {bind::vector(x["events"]), bind::vector(x["n"]), bind::matrix(x["offset"]),
          bind::vector(x["shift"]), bind::vector(x["log_weight"])};
}

MetaPriors meta_priors_from(const Rcpp::List& x) {
  return {bind::prior(x["mu"]), bind::prior(x["tau"]), Rcpp::as<double>(x["bias_mean"]),
          Rcpp::as<double>(x["bias_sd"])};
}

cordgain::LogOddsMoves moves_from(const Rcpp::List& x) {
  return {bind::vector(x["shift"]), bind::vector(x["weight"]), Rcpp::as<double>(x["bias_mean"]),
          Rcpp::as<double>(x["bias_sd"])};
}

Rcpp::List wrap_size(const cordgain::EffectiveSize& size) {
  return Rcpp::List::create(Rcpp::Named("elir") = size.elir, Rcpp::Named("morita") = size.morita);
}

}  // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_meta_predictive(const Rcpp::List& evidence, const Rcpp::List& priors, bool fine) {
  return bind::guard([&] {
    const cordgain::MetaPosterior posterior =
        cordgain::meta_predictive(evidence_from(evidence), meta_priors_from(priors), bind::route(fine));
    return Rcpp::List::create(Rcpp::Named("theta") = bind::wrap_grid(posterior.theta),
                              Rcpp::Named("tau") = bind::wrap_grid(posterior.tau),
                              Rcpp::Named("mu") = bind::wrap_grid(posterior.mu));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_meta_effective_size(const Rcpp::List& evidence, const Rcpp::List& priors, double mean,
                                   bool fine) {
  return bind::guard([&] {
    return wrap_size(cordgain::meta_effective_size(evidence_from(evidence), meta_priors_from(priors), mean,
                                                   bind::route(fine)));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_prior_effective_size(const Rcpp::NumericMatrix& prior, const Rcpp::List& moves, double mean,
                                    bool fine) {
  return bind::guard([&] {
    return wrap_size(cordgain::PriorPredictive(bind::prior(prior), moves_from(moves), bind::route(fine))
                         .effective_size(mean));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_scenarios(const Rcpp::NumericMatrix& prior, bool fine) {
  return bind::guard([&] {
    const cordgain::Scenarios s =
        cordgain::scenarios(bind::prior(prior).components().front(), bind::route(fine));
    return Rcpp::List::create(Rcpp::Named("value") = s.value, Rcpp::Named("log_weight") = s.log_weight);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_prior_predictive(const Rcpp::NumericMatrix& prior, const Rcpp::List& moves, bool fine) {
  return bind::guard([&] {
    return bind::wrap_grid(
        cordgain::PriorPredictive(bind::prior(prior), moves_from(moves), bind::route(fine)).grid());
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_grid_summary(const Rcpp::List& grid, const Rcpp::NumericVector& probs, bool as_rate) {
  return bind::guard([&] {
    const cordgain::GridSummary s = cordgain::summarise_grid(bind::grid(grid), bind::vector(probs), as_rate);
    return Rcpp::List::create(Rcpp::Named("mean") = s.mean, Rcpp::Named("sd") = s.sd,
                              Rcpp::Named("quantile") = s.quantile);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_grid_cdf(const Rcpp::List& grid, const Rcpp::NumericVector& x) {
  return bind::guard([&] {
    const cordgain::PanelGrid g = bind::grid(grid);
    return Vector(bind::vector(x).unaryExpr([&](double at) { return cordgain::panel_cdf(g, at); }));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_prior_ess(const Rcpp::NumericMatrix& prior, int sampling, double sigma, double mean,
                         bool fine) {
  return bind::guard([&] {
    const cordgain::Prior p = bind::prior(prior);
    const auto model = static_cast<cordgain::Sampling>(sampling);
    const cordgain::Route route = bind::route(fine);
    const double mode = cordgain::mixture_mode(p);
    return Rcpp::List::create(
        Rcpp::Named("elir") = cordgain::elir(p, model, sigma, route.order, route.tolerance),
        Rcpp::Named("morita") = cordgain::morita(p, model, sigma, mode, mean), Rcpp::Named("mode") = mode);
  });
}
