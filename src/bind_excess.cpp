// The comparison: natural responders, the sceptical posterior and the difference of rates.
#include "bind.h"

#include <cordgain/excess/grades.hpp>
#include <cordgain/excess/rate_difference.hpp>
#include <cordgain/excess/responders.hpp>
#include <cordgain/excess/sceptical.hpp>

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_shift_rates(const Rcpp::List& grid, const Rcpp::NumericVector& offset,
                           const Rcpp::NumericVector& size) {
  return bind::guard([&] {
    return bind::wrap_rates(
        cordgain::shift_rates(bind::grid(grid), bind::vector(offset), bind::vector(size)));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_couple_rates(const Rcpp::List& grids, const Rcpp::NumericVector& offset,
                            const Rcpp::NumericVector& size) {
  return bind::guard([&] {
    std::vector<cordgain::PanelGrid> strata;
    for (R_xlen_t i = 0; i < grids.size(); ++i) strata.push_back(bind::grid(grids[i]));
    return bind::wrap_rates(cordgain::couple_rates(strata, bind::vector(offset), bind::vector(size)));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_natural_responders(const Rcpp::List& rates) {
  return bind::guard([&] {
    const cordgain::PatientRates r = bind::rates(rates);
    return Rcpp::List::create(Rcpp::Named("pmf") = cordgain::natural_responders(r),
                              Rcpp::Named("one_sided") = cordgain::one_sided_uniform(r));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_effect_table(const Rcpp::List& rates, const Rcpp::NumericMatrix& effect) {
  return bind::guard([&] {
    const cordgain::EffectTable t = cordgain::effect_table(bind::rates(rates), bind::prior(effect));
    return Rcpp::List::create(Rcpp::Named("null") = t.null, Rcpp::Named("alternative") = t.alternative,
                              Rcpp::Named("benefit") = t.benefit, Rcpp::Named("mean") = t.mean,
                              Rcpp::Named("sd") = t.sd);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_effect_posterior(const Rcpp::List& rates, const Rcpp::NumericMatrix& effect, int responders) {
  return bind::guard([&] {
    const cordgain::EffectPosterior p = cordgain::effect_posterior(bind::rates(rates), bind::prior(effect),
                                                                   static_cast<cordgain::Index>(responders));
    return Rcpp::List::create(Rcpp::Named("delta") = bind::wrap_grid(p.delta),
                              Rcpp::Named("natural") = p.natural,
                              Rcpp::Named("natural_comonotone") = p.natural_comonotone);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_rate_difference(const Rcpp::List& rates, double a, double b, const Rcpp::NumericVector& probs,
                               double margin) {
  return bind::guard([&] {
    const cordgain::RateDifference difference(bind::rates(rates), a, b);
    Rcpp::NumericVector quantile(probs.size());
    for (R_xlen_t i = 0; i < probs.size(); ++i) quantile[i] = difference.quantile(probs[i]);
    return Rcpp::List::create(Rcpp::Named("mean") = difference.mean(), Rcpp::Named("sd") = difference.sd(),
                              Rcpp::Named("quantile") = quantile,
                              Rcpp::Named("above_zero") = 1.0 - difference.cdf(0.0),
                              Rcpp::Named("above_margin") = 1.0 - difference.cdf(margin));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_sum_of_steps(const Rcpp::NumericVector& steps, int n, bool uncertain) {
  return bind::guard([&] {
    const cordgain::Vector s = bind::vector(steps);
    return uncertain ? cordgain::sum_of_steps_dirichlet(s, n) : cordgain::sum_of_steps(s, n);
  });
}
