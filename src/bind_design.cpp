// Questioning an answer and designing the next trial: biased grids, regions of claims, operating
// characteristics.
#include "bind.h"

#include <cordgain/base/rng.hpp>
#include <cordgain/excess/operating.hpp>
#include <cordgain/natural/biased_grid.hpp>

namespace {

using cordgain::CriticalRegion;
using cordgain::Index;
using cordgain::Vector;

// A region as a logical matrix: treated events down, control events across.
CriticalRegion region_from(const Rcpp::LogicalMatrix& claims) {
  return cordgain::detail::gather_region(claims.nrow() - 1, claims.ncol() - 1, [&](Index i, Index j) {
    return claims(static_cast<int>(i), static_cast<int>(j)) == TRUE;
  });
}

Rcpp::LogicalMatrix wrap_region(const CriticalRegion& region) {
  Rcpp::LogicalMatrix claims(static_cast<int>(region.n1 + 1), static_cast<int>(region.n0 + 1));
  for (Index i = 0; i <= region.n1; ++i) {
    for (const cordgain::Run& run : region.rows[static_cast<std::size_t>(i)]) {
      for (Index j = run.from; j <= run.to; ++j) claims(static_cast<int>(i), static_cast<int>(j)) = TRUE;
    }
  }
  return claims;
}

Rcpp::List wrap_supremum(const cordgain::Supremum& s) {
  return Rcpp::List::create(Rcpp::Named("value") = s.value, Rcpp::Named("at") = s.at,
                            Rcpp::Named("bound") = s.bound);
}

cordgain::Truths truths_from(const Rcpp::List& in) {
  return {bind::rates(in["natural"]), bind::vector(in["excess"]), bind::vector(in["bias"]),
          Rcpp::as<bool>(in["on_log_odds"])};
}

}  // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_grid_nodes(const Rcpp::List& grid) {
  return bind::guard([&] {
    const cordgain::PanelGrid g = bind::grid(grid);
    return Rcpp::List::create(Rcpp::Named("node") = cordgain::panel_nodes(g),
                              Rcpp::Named("mass") = cordgain::panel_masses(g));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_add_normal_bias(const Rcpp::List& grid, double mean, double sd, bool fine) {
  return bind::guard([&] {
    return bind::wrap_grid(cordgain::add_normal_bias(bind::grid(grid), mean, sd, bind::route(fine)));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_boschloo_rejection(int n1, int n0, double alpha) {
  return bind::guard([&] {
    const cordgain::Rejection r = cordgain::boschloo_rejection(n1, n0, alpha);
    return Rcpp::List::create(Rcpp::Named("claims") = wrap_region(r.region), Rcpp::Named("cut") = r.cut,
                              Rcpp::Named("size") = wrap_supremum(r.size));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_region_size(const Rcpp::LogicalMatrix& claims) {
  return bind::guard([&] { return wrap_supremum(cordgain::region_size(region_from(claims))); });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_region_probability(const Rcpp::LogicalMatrix& claims, const Rcpp::NumericVector& p1,
                                  const Rcpp::NumericVector& p0) {
  return bind::guard([&] {
    const CriticalRegion region = region_from(claims);
    Rcpp::NumericVector probability(p1.size());
    for (R_xlen_t i = 0; i < p1.size(); ++i) {
      probability[i] = cordgain::region_probability(region, {p1[i], 1.0 - p1[i]}, {p0[i], 1.0 - p0[i]});
    }
    return probability;
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_operating_surface(const Rcpp::LogicalMatrix& claims, const Rcpp::List& truth) {
  return bind::guard([&] { return cordgain::operating_surface(region_from(claims), truths_from(truth)); });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_stream_uniforms(double seed, double stream, double count) {
  return bind::guard([&] {
    cordgain::RandomStream random(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(stream));
    Rcpp::NumericVector u(static_cast<R_xlen_t>(count));
    for (double& value : u) value = random.uniform();
    return u;
  });
}
