// Families and rows of subjects from R, for the bindings that fit them.
#pragma once

#include "bind.h"

#include <cordgain/model/beta_binomial_family.hpp>
#include <cordgain/model/censored_family.hpp>
#include <cordgain/model/count_families.hpp>
#include <cordgain/model/cumulative_family.hpp>
#include <cordgain/model/hurdle_family.hpp>
#include <cordgain/model/subject_rows.hpp>
#include <memory>
#include <string>
#include <vector>

namespace bind {

using cordgain::Index;

inline std::vector<Index> indices(SEXP in) {
  const Rcpp::IntegerVector values(in);
  return std::vector<Index>(values.begin(), values.end());
}

inline Rcpp::IntegerVector integers(const std::vector<Index>& in) {
  return Rcpp::IntegerVector(in.begin(), in.end());
}

using FamilyPointer = std::unique_ptr<cordgain::Family>;

/// A family of a latent distribution.
template <class Link>
FamilyPointer linked(const std::string& name, const cordgain::Matrix& score, const Rcpp::List& in) {
  if (name == "cumulative")
    return std::make_unique<cordgain::Cumulative<Link>>(score.col(0), Rcpp::as<int>(in["levels"]),
                                                        Rcpp::as<double>(in["added"]));
  return std::make_unique<cordgain::BinomialLink<Link>>(score.col(0), score.col(1));
}

/// A family by its name and link, with its scores (a row each).
inline FamilyPointer to_family(const Rcpp::List& in) {
  const std::string name = Rcpp::as<std::string>(in["name"]), link = Rcpp::as<std::string>(in["link"]);
  const cordgain::Matrix score = matrix(in["score"]);
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

inline cordgain::SubjectInput to_input(SEXP x, SEXP z, SEXP offset, SEXP subject, int n_subjects,
                                       SEXP block) {
  cordgain::SubjectInput out;
  out.x = matrix(x);
  out.z = matrix(z);
  out.offset = vector(offset);
  out.subject = indices(subject);
  out.n_subjects = n_subjects;
  out.block = indices(block);
  return out;
}

}  // namespace bind
