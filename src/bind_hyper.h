// Hyperparameters from R, and marginal densities on their way there, for the bindings of posteriors.
#pragma once

#include "bind.h"

#include <cordgain/fit/nuts.hpp>
#include <cordgain/math/lattice.hpp>
#include <cordgain/model/hyperparameters.hpp>
#include <vector>

namespace bind {

inline cordgain::Hyperparameter hyperparameter(const Rcpp::List& in) {
  cordgain::Hyperparameter out;
  out.kind = static_cast<cordgain::HyperKind>(Rcpp::as<int>(in["kind"]));
  if (out.kind == cordgain::HyperKind::kSd) {
    out.prior = prior(in["prior"]);
  } else {
    out.shape = Rcpp::as<double>(in["shape"]);
  }
  return out;
}

inline std::vector<cordgain::Hyperparameter> hyperparameters(const Rcpp::List& in) {
  std::vector<cordgain::Hyperparameter> out;
  for (R_xlen_t k = 0; k < in.size(); ++k) out.push_back(hyperparameter(in[k]));
  return out;
}

/// @param in  blocks x 3: places of two standard deviations and their correlation, -1 for none
inline std::vector<cordgain::HyperLayout::Block> hyper_blocks(const Rcpp::IntegerMatrix& in) {
  std::vector<cordgain::HyperLayout::Block> out;
  for (int i = 0; i < in.nrow(); ++i) out.push_back({in(i, 0), in(i, 1), in(i, 2)});
  return out;
}

inline cordgain::NutsControl nuts_control(const Rcpp::List& plan) {
  cordgain::NutsControl out;
  out.warmup = Rcpp::as<int>(plan["warmup"]);
  out.draws = Rcpp::as<int>(plan["draws"]);
  out.accept = Rcpp::as<double>(plan["accept"]);
  out.seed = static_cast<std::uint64_t>(Rcpp::as<double>(plan["seed"]));
  return out;
}

inline Rcpp::List from_lattices(const std::vector<cordgain::Lattice>& in) {
  Rcpp::List out(static_cast<R_xlen_t>(in.size()));
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[static_cast<R_xlen_t>(i)] =
        Rcpp::List::create(Rcpp::Named("first") = in[i].first, Rcpp::Named("step") = in[i].step,
                           Rcpp::Named("value") = in[i].value);
  }
  return out;
}

}  // namespace bind
