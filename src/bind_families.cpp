// Mixed models of any family: rows and scores come down, a report in the user's units goes up.
#include "bind.h"

#include <cordgain/infer/family_report.hpp>
#include <cordgain/model/beta_binomial_family.hpp>
#include <cordgain/model/censored_family.hpp>
#include <cordgain/model/count_families.hpp>
#include <cordgain/model/cumulative_family.hpp>
#include <cordgain/model/hurdle_family.hpp>
#include <memory>

namespace {

using cordgain::Index;

std::vector<Index> indices(SEXP in) {
  const Rcpp::IntegerVector values(in);
  return std::vector<Index>(values.begin(), values.end());
}

Rcpp::IntegerVector integers(const std::vector<Index>& in) {
  return Rcpp::IntegerVector(in.begin(), in.end());
}

using FamilyPointer = std::unique_ptr<cordgain::Family>;

/// A family of a latent distribution.
template <class Link>
FamilyPointer linked(const std::string& name, const cordgain::Matrix& score, const Rcpp::List& in) {
  if (name == "cumulative")
    return std::make_unique<cordgain::Cumulative<Link>>(score.col(0), Rcpp::as<int>(in["levels"]));
  return std::make_unique<cordgain::BinomialLink<Link>>(score.col(0), score.col(1));
}

/// A family by its name and link, with its scores (a row each).
FamilyPointer to_family(const Rcpp::List& in) {
  const std::string name = Rcpp::as<std::string>(in["name"]), link = Rcpp::as<std::string>(in["link"]);
  const cordgain::Matrix score = bind::matrix(in["score"]);
  if (name == "poisson") return std::make_unique<cordgain::PoissonLog>(score.col(0));
  if (name == "beta_binomial") return std::make_unique<cordgain::BetaBinomial>(score.col(0), score.col(1));
  if (name == "hurdle")
    return std::make_unique<cordgain::Hurdle>(score.col(0), score.col(1), Rcpp::as<bool>(in["shared"]));
  if (name == "censored")
    return std::make_unique<cordgain::Censored>(score.col(0), Rcpp::as<double>(in["lower"]),
                                                Rcpp::as<double>(in["upper"]));
  if (name == "binomial" && link == "logit")
    return std::make_unique<cordgain::BinomialLogit>(score.col(0), score.col(1));
  if (link == "logit") return linked<cordgain::LogitLink>(name, score, in);
  if (link == "probit") return linked<cordgain::ProbitLink>(name, score, in);
  if (link == "cloglog") return linked<cordgain::CloglogLink>(name, score, in);
  throw cordgain::InvalidInput("there is no family " + name + " with link " + link);
}

cordgain::SubjectInput to_input(SEXP x, SEXP z, SEXP offset, SEXP subject, int n_subjects, SEXP block) {
  cordgain::SubjectInput out;
  out.x = bind::matrix(x);
  out.z = bind::matrix(z);
  out.offset = bind::vector(offset);
  out.subject = indices(subject);
  out.n_subjects = n_subjects;
  out.block = indices(block);
  return out;
}

Rcpp::List from_runaway(const cordgain::FamilyReport& in) {
  using Rcpp::Named;
  return Rcpp::List::create(Named("beta") = in.runaway_beta, Named("extra") = in.runaway_extra,
                            Named("sd") = in.runaway_sd);
}

Rcpp::List from_report(const cordgain::FamilyReport& in) {
  using Rcpp::Named;
  Rcpp::IntegerVector kept = integers(in.kept);
  kept = kept + 1;
  return Rcpp::List::create(
      Named("kept") = kept, Named("beta") = in.beta, Named("extra") = in.extra, Named("vcov") = in.vcov,
      Named("error") = in.error, Named("std_error_error") = in.std_error_error,
      Named("covariance") = in.covariance, Named("covariance_error") = in.covariance_error,
      Named("rank") = integers(in.rank), Named("mode") = in.mode, Named("mean") = in.mean,
      Named("spread") = in.spread, Named("runaway") = from_runaway(in),
      Named("log_likelihood") = in.log_likelihood, Named("log_likelihood_error") = in.log_likelihood_error,
      Named("decrement") = in.decrement, Named("gradient") = in.gradient, Named("nodes") = integers(in.nodes),
      Named("converged") = in.converged);
}

}  // namespace

// `nodes`: along each axis, 0 as many as each subject needs.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_fit_family(SEXP x, SEXP z, SEXP offset, SEXP subject, int n_subjects, SEXP block,
                          Rcpp::List family, int nodes) {
  return bind::guard([&] {
    const cordgain::SubjectInput in = to_input(x, z, offset, subject, n_subjects, block);
    cordgain::FamilyFitControl control;
    control.nodes = nodes;
    return from_report(cordgain::report_family(in, *to_family(family), control));
  });
}
