// Excess over natural recovery: probabilities stay probabilities, whatever the rates, priors and counts.
#include <cmath>
#include <cordgain/excess/grades.hpp>
#include <cordgain/excess/rate_difference.hpp>
#include <cordgain/excess/responders.hpp>
#include <cordgain/excess/sceptical.hpp>
#include <cordgain/natural/prior_predictive.hpp>

#include "fuzz_driver.hpp"

namespace {

using cordgain::Index;
using cordgain::PanelGrid;
using cordgain::PatientRates;
using cordgain::Prior;
using cordgain::PriorKind;
using cordgain::Vector;

void must_be_probabilities(const Vector& pmf, double tolerance) {
  fuzz::must(pmf.minCoeff() >= -tolerance && std::fabs(pmf.sum() - 1.0) < tolerance);
}

// Known rates, a shared normal log odds, or two strata at one centile; one or two groups of 0 to 4 patients.
PatientRates rates_of(fuzz::FuzzedData& data) {
  const Index groups = data.whole(1, 2);
  const Vector offset = data.numbers(groups, -3.0, 3.0);
  const Vector size = data.counts(groups, 4).cwiseMin(6.0);
  const int kind = data.whole(0, 2);
  if (kind == 0) return cordgain::shift_rates(PanelGrid{}, offset, size);
  const cordgain::LogOddsMoves still{Vector::Zero(1), Vector::Ones(1), 0.0, 0.0};
  std::vector<PanelGrid> grids;
  for (Index j = 0; j < groups; ++j) {
    const Prior prior({{PriorKind::kNormal, 1.0, data.number(-3.0, 1.0), data.number(0.2, 2.0), 0.0}});
    grids.push_back(cordgain::PriorPredictive(prior, still, cordgain::coarse_route()).grid());
  }
  return kind == 1 ? cordgain::shift_rates(grids.front(), offset, size)
                   : cordgain::couple_rates(grids, offset, size);
}

void responders(fuzz::FuzzedData& data) {
  fuzz::answers([&] {
    const PatientRates rates = rates_of(data);
    must_be_probabilities(natural_responders(rates), 1e-4);
    fuzz::must(one_sided_uniform(rates).minCoeff() >= 0.0);
  });
}

void sceptical(fuzz::FuzzedData& data) {
  fuzz::answers([&] {
    const PatientRates rates = rates_of(data);
    // Few nodes of the effect, so that a run stays short.
    const Prior effect({{PriorKind::kNormal, 1.0, data.number(-1.0, 1.0), data.number(0.3, 1.5), 0.0}});
    if (effect.components().front().b < 0.01 || rates.nodes() > 400) return;
    if (std::fabs(effect.components().front().a) > 50.0 * effect.components().front().b) return;
    const cordgain::EffectTable table = effect_table(rates, effect);
    must_be_probabilities(table.alternative, 1e-4);
    const cordgain::EffectPosterior posterior = effect_posterior(rates, effect, data.whole(-1, 9));
    must_be_probabilities(posterior.natural, 1e-9);
    must_be_probabilities(posterior.natural_comonotone, 1e-9);
  });
}

void difference(fuzz::FuzzedData& data) {
  fuzz::answers([&] {
    const cordgain::RateDifference d(rates_of(data), data.number(0.1, 20.0), data.number(0.1, 20.0));
    const double at = data.number(-1.0, 1.0);
    const double probability = data.number(0.0, 1.0);
    const double below = d.cdf(at);
    fuzz::must(!std::isfinite(at) || (below > -1e-4 && below < 1.0 + 1e-4));
    fuzz::must(std::fabs(d.quantile(probability)) <= 1.0);
    fuzz::must(std::fabs(d.mean()) <= 1.0 + 1e-4 && d.sd() >= 0.0);
  });
}

void grades(fuzz::FuzzedData& data) {
  const Vector alpha = data.numbers(data.whole(0, 6), 0.01, 20.0);
  const int n = data.whole(-1, 45);
  fuzz::answers([&] { must_be_probabilities(cordgain::sum_of_steps_dirichlet(alpha, n), 1e-6); });
  fuzz::answers([&] { must_be_probabilities(cordgain::sum_of_steps(alpha / alpha.sum(), n), 1e-6); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::FuzzedData data(bytes, size);
  switch (data.whole(0, 3)) {
    case 0:
      responders(data);
      break;
    case 1:
      sceptical(data);
      break;
    case 2:
      difference(data);
      break;
    default:
      grades(data);
  }
  return 0;
}
