// Scores: published mean changes become the distribution of a new population's mean and of one patient's
// change.
#include "bind.h"

#include <cordgain/base/rng.hpp>
#include <cordgain/dist/mixture_of_normals.hpp>
#include <cordgain/excess/score_sums.hpp>
#include <cordgain/natural/change_family.hpp>
#include <cordgain/natural/normal_meta.hpp>
#include <set>

namespace {

using cordgain::ChangeModel;
using cordgain::Matrix;
using cordgain::MixtureOfNormals;
using cordgain::Vector;

cordgain::PanelOptions score_panels(bool fine) {
  return fine ? cordgain::PanelOptions{15, 1e-12, 30} : cordgain::PanelOptions{10, 1e-9, 30};
}

MixtureOfNormals mixture(const Rcpp::List& x) {
  return {bind::vector(x["weight"]), bind::vector(x["mean"]), bind::vector(x["sd"])};
}

Rcpp::List wrap_mixture(const MixtureOfNormals& m) {
  return Rcpp::List::create(Rcpp::Named("weight") = m.weight, Rcpp::Named("mean") = m.mean,
                            Rcpp::Named("sd") = m.sd);
}

// The grid with further edges, those inside of it.
cordgain::PanelGrid broken(cordgain::PanelGrid grid, const MixtureOfNormals& m,
                           const Rcpp::NumericVector& breaks) {
  std::set<double> edges(grid.edges.data(), grid.edges.data() + grid.edges.size());
  const double low = *edges.begin();
  const double high = *edges.rbegin();
  for (const double edge : breaks) {
    if (edge > low && edge < high) edges.insert(edge);
  }
  if (static_cast<cordgain::Index>(edges.size()) == grid.edges.size()) return grid;
  const std::vector<double> all(edges.begin(), edges.end());
  grid.edges = Eigen::Map<const Vector>(all.data(), static_cast<cordgain::Index>(all.size()));
  grid.density =
      cordgain::panel_nodes(grid).unaryExpr([&](double at) { return cordgain::mixture_density(m, at); });
  return grid;
}

ChangeModel change_model_from(const Rcpp::List& x) {
  return {static_cast<cordgain::ChangeKind>(Rcpp::as<int>(x["kind"])),
          Rcpp::as<double>(x["location"]),
          Rcpp::as<double>(x["spread"]),
          Rcpp::as<double>(x["mean"]),
          Rcpp::as<double>(x["low"]),
          Rcpp::as<double>(x["high"]),
          Rcpp::as<double>(x["zero"])};
}

template <class T>
std::vector<T> each(const Rcpp::List& x) {
  std::vector<T> all;
  for (R_xlen_t i = 0; i < x.size(); ++i) all.push_back(Rcpp::as<T>(x[i]));
  return all;
}

}  // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_normal_meta(const Rcpp::NumericVector& mean, const Rcpp::NumericVector& se,
                           const Rcpp::List& priors, bool fine) {
  return bind::guard([&] {
    const cordgain::MeanPriors p{bind::prior(priors["mu"]), bind::prior(priors["tau"]),
                                 Rcpp::as<double>(priors["bias_mean"]), Rcpp::as<double>(priors["bias_sd"])};
    const cordgain::NormalMetaPosterior post =
        cordgain::normal_meta({bind::vector(mean), bind::vector(se)}, p, score_panels(fine));
    return Rcpp::List::create(
        Rcpp::Named("grid") = bind::wrap_grid(post.tau), Rcpp::Named("scale") = post.map.scale,
        Rcpp::Named("power") = post.map.power, Rcpp::Named("tau") = post.tau_node,
        Rcpp::Named("mu") = wrap_mixture(post.mu), Rcpp::Named("fresh") = wrap_mixture(post.fresh),
        Rcpp::Named("source_mean") = post.source_mean, Rcpp::Named("source_sd") = post.source_sd);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_mixture_summary(const Rcpp::List& x, const Rcpp::NumericVector& probs) {
  return bind::guard([&] {
    const MixtureOfNormals m = mixture(x);
    cordgain::require_mixture(m);
    return Rcpp::List::create(
        Rcpp::Named("mean") = cordgain::mixture_mean(m), Rcpp::Named("sd") = cordgain::mixture_sd(m),
        Rcpp::Named("quantile") = Vector(
            bind::vector(probs).unaryExpr([&](double p) { return cordgain::mixture_quantile(m, p); })));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_mixture_cdf(const Rcpp::List& x, const Rcpp::NumericVector& at) {
  return bind::guard([&] {
    const MixtureOfNormals m = mixture(x);
    cordgain::require_mixture(m);
    return Vector(bind::vector(at).unaryExpr([&](double y) { return cordgain::mixture_cdf(m, y); }));
  });
}

// `breaks`: further edges of panels, where what is integrated over the nodes has kinks.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_mixture_nodes(const Rcpp::List& x, bool fine, const Rcpp::NumericVector& breaks) {
  return bind::guard([&] {
    const MixtureOfNormals m = mixture(x);
    const cordgain::PanelGrid grid =
        broken(cordgain::mixture_panels(m, fine ? 1e-13 : 1e-11, score_panels(fine)), m, breaks);
    return Rcpp::List::create(Rcpp::Named("node") = cordgain::panel_nodes(grid),
                              Rcpp::Named("weight") = cordgain::panel_masses(grid));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_change_model(int kind, double mean, double sd, double low, double high, double zero) {
  return bind::guard([&] {
    const ChangeModel m =
        cordgain::change_model(static_cast<cordgain::ChangeKind>(kind), mean, sd, low, high, zero);
    return Rcpp::List::create(Rcpp::Named("kind") = kind, Rcpp::Named("location") = m.location,
                              Rcpp::Named("spread") = m.spread, Rcpp::Named("mean") = m.mean,
                              Rcpp::Named("low") = m.low, Rcpp::Named("high") = m.high,
                              Rcpp::Named("zero") = m.zero);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_change_cdfs(const Rcpp::List& model, const Rcpp::NumericVector& y,
                           const Rcpp::NumericVector& shift, bool whole, double low, double high) {
  return bind::guard([&] {
    return cordgain::change_cdfs(change_model_from(model), bind::vector(y), bind::vector(shift), whole, low,
                                 high);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_shared_sum(const Rcpp::List& masses, const Rcpp::NumericVector& weight) {
  return bind::guard([&] { return cordgain::shared_sum(each<Matrix>(masses), bind::vector(weight)); });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_combination_tail(const Rcpp::List& values, const Rcpp::List& masses,
                                const Rcpp::NumericVector& weight, double threshold) {
  return bind::guard([&] {
    return cordgain::combination_tail(each<Vector>(values), each<Matrix>(masses), bind::vector(weight),
                                      threshold);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_uniforms(double seed, int n) {
  return bind::guard([&] {
    Vector u(n);
    for (int i = 0; i < n; ++i) {
      u(i) =
          cordgain::RandomStream(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(i)).uniform();
    }
    return u;
  });
}
