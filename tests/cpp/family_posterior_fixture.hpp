// Small models of families with priors, for the tests of their posteriors.
#pragma once

#include <cordgain/fit/family_target.hpp>
#include <cordgain/infer/family_report.hpp>
#include <cordgain/model/beta_binomial_family.hpp>
#include <cordgain/model/censored_family.hpp>
#include <cordgain/model/cumulative_family.hpp>
#include <cordgain/model/hurdle_family.hpp>
#include <memory>
#include <string>

#include "family_cases.hpp"

namespace fixture {

/// Owns what a FamilyModel looks at. Kinds: binomial, slopes (two correlated effects), beta_binomial,
/// censored, cumulative (four levels), hurdle, shared_hurdle.
struct FamilyCase {
  cordgain::SubjectRows rows;
  std::unique_ptr<cordgain::Family> family;
  cordgain::FamilyModel model;

  explicit FamilyCase(const std::string& kind) {
    using namespace cordgain;
    family_cases::Trial trial = family_cases::binary_trial(kind == "slopes" ? 2 : 1);
    Vector score(30);
    for (Index i = 0; i < 30; ++i) score[i] = static_cast<double>((7 * i + i * i) % 4) + trial.y[i];
    const Vector ones = Vector::Ones(30);
    if (kind == "binomial" || kind == "slopes") {
      family = std::make_unique<BinomialLogit>(trial.y, ones);
    } else if (kind == "beta_binomial") {
      family = std::make_unique<BetaBinomial>(score, 5.0 * ones);
    } else if (kind == "hurdle" || kind == "shared_hurdle") {
      family = std::make_unique<Hurdle>(score, 5.0 * ones, kind == "shared_hurdle");
    } else if (kind == "censored") {
      family = std::make_unique<Censored>(10.0 * score, 0.0, 40.0);
    } else {
      family = std::make_unique<Cumulative<LogitLink>>(score.cwiseMin(3.0), 4);
    }
    rows = make_subject_rows(trial.in, family->unit());
    model.origin = cordgain::detail::move_origin(*family, rows);
    model.rows = &rows;
    model.family = family.get();
    const double size = 2.5 * family->unit();
    const auto prior = [](PriorKind k, double a, double b) { return Prior({{k, 1.0, a, b, 0.0}}); };
    Hyperparameter sd, cor, own;
    sd.prior = prior(PriorKind::kHalfNormal, size, 0.0);
    sd.unit = family->unit();
    cor.kind = HyperKind::kCorrelation;
    cor.shape = 2.0;
    own.prior = prior(PriorKind::kHalfNormal, kind == "censored" ? 30.0 : 1.0, 0.0);
    own.unit = kind == "censored" ? family->unit() : 1.0;
    model.coefficients = {prior(PriorKind::kNormal, 0.0, 2.0 * size)};
    model.coefficients.push_back(Prior({{PriorKind::kT, 1.0, 0.0, size, 7.0}}));
    model.hyper = {sd};
    model.layout.blocks = {{0, -1, -1}};
    if (kind == "slopes") {
      model.hyper = {sd, sd, cor};
      model.layout.blocks = {{0, 1, 2}};
    }
    const bool hurdle = kind == "hurdle" || kind == "shared_hurdle";
    if (kind == "beta_binomial" || hurdle) model.own = OwnScale::kRootPrecision;
    if (hurdle) model.further = {Prior({{PriorKind::kT, 1.0, 0.0, 1.55, 7.0}})};
    if (kind == "shared_hurdle") model.further.push_back(prior(PriorKind::kNormal, 0.0, 1.0));
    if (kind == "censored") model.own = OwnScale::kLogSd;
    if (model.own != OwnScale::kNone) model.hyper.push_back(own);
    if (kind == "cumulative") model.coefficients.erase(model.coefficients.begin());
  }
};

}  // namespace fixture
