// Posteriors of families: rows, scores and priors come down; nodes or draws in the user's units go up.
#include "bind.h"

#include "bind_families.h"
#include "bind_hyper.h"
#include "monitor.h"

#include <cordgain/infer/family_posterior_report.hpp>

namespace {

using cordgain::Index;

cordgain::FamilyPriors priors_from(const Rcpp::List& in) {
  cordgain::FamilyPriors out;
  const Rcpp::List coefficients = in["coefficients"], further = in["further"];
  for (R_xlen_t j = 0; j < coefficients.size(); ++j) out.coefficients.push_back(bind::prior(coefficients[j]));
  for (R_xlen_t j = 0; j < further.size(); ++j) out.further.push_back(bind::prior(further[j]));
  out.hyper = bind::hyperparameters(in["hyper"]);
  out.layout.blocks = bind::hyper_blocks(in["blocks"]);
  out.own = static_cast<cordgain::OwnScale>(Rcpp::as<int>(in["own"]));
  out.cuts.law = static_cast<cordgain::LatentLaw>(Rcpp::as<int>(in["law"]));
  out.cuts.induced = Rf_isNull(in["cuts"]);
  if (!out.cuts.induced) out.cuts.each = bind::prior(in["cuts"]);
  return out;
}

/// What every call is given: rows, family and priors.
struct Problem {
  bind::FamilyPointer family;
  cordgain::FamilyProblem problem;
  explicit Problem(const Rcpp::List& in)
      : family(bind::to_family(in["family"])),
        problem(bind::to_input(in["x"], in["z"], in["offset"], in["subject"], Rcpp::as<int>(in["n_subjects"]),
                               in["block"]),
                *family, priors_from(in["priors"])) {}
};

Rcpp::IntegerVector kept_columns(const Problem& from) {
  Rcpp::IntegerVector out = bind::integers(from.problem.rows().kept);
  return out + 1;
}

}  // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_family_posterior(Rcpp::List problem, double tolerance, int most_nodes) {
  return bind::guard([&] {
    const Problem from(problem);
    cordgain::FamilyPosteriorControl control;
    control.tolerance = tolerance;
    control.most_nodes = static_cast<std::size_t>(most_nodes);
    const cordgain::FamilyPosterior at = cordgain::family_posterior(from.problem.model(), control);
    using Rcpp::Named;
    return Rcpp::List::create(
        Named("kept") = kept_columns(from), Named("values") = at.values, Named("points") = at.points,
        Named("weight") = at.weight, Named("mean") = at.mean, Named("sd") = at.sd, Named("error") = at.error,
        Named("log_evidence") = at.log_evidence, Named("evidence_error") = at.evidence_error,
        Named("unit") = at.unit, Named("marginal") = bind::from_lattices(at.marginal),
        Named("nodes") = bind::integers(at.nodes),
        Named("evaluations") = static_cast<double>(at.evaluations));
  });
}

// `plan`: list of warmup, draws, chains, accept, seed.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_family_draws(Rcpp::List problem, Rcpp::List plan) {
  return bind::guard([&] {
    Problem from(problem);
    bind::InterruptMonitor monitor;
    cordgain::NutsControl control;
    control.warmup = Rcpp::as<int>(plan["warmup"]);
    control.draws = Rcpp::as<int>(plan["draws"]);
    control.accept = Rcpp::as<double>(plan["accept"]);
    control.seed = static_cast<std::uint64_t>(Rcpp::as<double>(plan["seed"]));
    std::vector<Index> nodes;
    const cordgain::FamilyDraws at =
        from.problem.sample(control, Rcpp::as<int>(plan["chains"]), monitor, nodes);
    using Rcpp::Named;
    return Rcpp::List::create(
        Named("kept") = kept_columns(from), Named("values") = at.values, Named("points") = at.points,
        Named("divergences") = bind::integers(at.divergences), Named("longest") = bind::integers(at.longest),
        Named("step") = at.step, Named("nodes") = bind::integers(nodes));
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_family_effects(Rcpp::List problem, SEXP points, SEXP weight, Rcpp::IntegerVector nodes) {
  return bind::guard([&] {
    Problem from(problem);
    const auto at = from.problem.effects(bind::matrix(points), bind::vector(weight), bind::indices(nodes));
    return Rcpp::List::create(Rcpp::Named("mean") = at.mean, Rcpp::Named("sd") = at.sd);
  });
}

// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_family_log_likelihood(Rcpp::List problem, SEXP points, Rcpp::IntegerVector nodes) {
  return bind::guard([&] {
    Problem from(problem);
    return from.problem.by_subject(bind::matrix(points), bind::indices(nodes));
  });
}
