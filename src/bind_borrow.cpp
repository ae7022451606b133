// Borrowing beside concurrent controls whose outcome is a mean.
#include "bind.h"

#include <cordgain/natural/borrowed_mean.hpp>

// `df` infinite: the controls' standard deviation is known.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_borrowed_mean(const Rcpp::List& history, double mean, double scale, double df,
                             const Rcpp::NumericVector& probs, bool fine) {
  return bind::guard([&] {
    const cordgain::MixtureOfNormals parts{bind::vector(history["weight"]), bind::vector(history["mean"]),
                                           bind::vector(history["sd"])};
    const cordgain::PanelOptions options =
        fine ? cordgain::PanelOptions{15, 1e-13, 40, 1e-6} : cordgain::PanelOptions{10, 1e-10, 40, 1e-6};
    const cordgain::BorrowedMean post = cordgain::borrowed_mean(parts, {mean, scale, df}, options);
    return Rcpp::List::create(Rcpp::Named("mean") = post.mean, Rcpp::Named("sd") = post.sd,
                              Rcpp::Named("log_evidence") = post.log_evidence,
                              Rcpp::Named("quantile") = cordgain::Vector(bind::vector(probs).unaryExpr(
                                  [&](double p) { return cordgain::panel_quantile(post.grid, p); })));
  });
}
