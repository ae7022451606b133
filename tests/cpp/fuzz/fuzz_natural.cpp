// The natural rate: whatever the counts, priors and moves, an answer is a distribution or a declared error.
#include <cmath>
#include <cordgain/math/grid_summary.hpp>
#include <cordgain/natural/meta_predictive.hpp>
#include <cordgain/natural/patient_rates.hpp>
#include <cordgain/natural/prior_predictive.hpp>
#include <cordgain/natural/scenarios.hpp>

#include "fuzz_driver.hpp"

namespace {

using cordgain::Index;
using cordgain::PanelGrid;
using cordgain::Prior;
using cordgain::PriorComponent;
using cordgain::PriorKind;
using cordgain::Vector;

PriorComponent component(fuzz::FuzzedData& data, int from, int to) {
  return {static_cast<PriorKind>(data.whole(from, to)), data.number(0.1, 1.0), data.number(0.05, 3.0),
          data.number(0.05, 3.0), data.number(1.0, 8.0)};
}

// Mass 1 to the coarse route's accuracy, no negative lump, and quantiles that rise.
void must_be_distribution(const PanelGrid& grid) {
  fuzz::must(std::fabs(panel_masses(grid).sum() + grid.mass_below + grid.mass_above - 1.0) < 1e-3);
  fuzz::must(grid.mass_below >= 0.0 && grid.mass_above >= -1e-6);
  Vector p(3);
  p << 0.1, 0.5, 0.9;
  const cordgain::GridSummary rate = summarise_grid(grid, p, true);
  fuzz::must(rate.mean > -1e-6 && rate.mean < 1.0 + 1e-6);
  fuzz::must(rate.quantile(0) <= rate.quantile(1) && rate.quantile(1) <= rate.quantile(2));
}

void sources(fuzz::FuzzedData& data) {
  const double tau = std::fabs(data.number(0.0, 3.0));
  const double mu = data.number(-6.0, 6.0);
  const Vector counts = data.counts(2, 400);
  fuzz::answers([&] {
    cordgain::SourceLikelihood source(counts(0), std::fmin(counts(1), 1e4), cordgain::coarse_route());
    double mode = source.guess();
    if (std::isfinite(mu) && std::fabs(mu) < 50.0 && tau < 20.0) {
      // A probability of one sequence of outcomes.
      fuzz::must(source.log_marginal(mu, tau, mode) < 1e-6);
    }
  });
}

void meta(fuzz::FuzzedData& data) {
  cordgain::MetaEvidence evidence;
  const Index k = data.whole(0, 2);
  evidence.n = data.counts(k, 60);
  evidence.events.resize(k);
  for (Index i = 0; i < k; ++i) {
    evidence.n(i) = std::fmin(evidence.n(i), 1e4);
    evidence.events(i) = std::floor(evidence.n(i) * data.number(0.0, 1.0));
  }
  evidence.offset = data.numbers(k, -1.0, 1.0).transpose();
  evidence.shift = data.numbers(1, -1.0, 1.0);
  evidence.log_weight = Vector::Zero(1);
  fuzz::answers([&] {
    const Prior mu({{PriorKind::kNormal, 1.0, data.number(-2.0, 2.0), data.number(0.5, 3.0), 0.0}});
    const Prior tau = data.whole(0, 3) == 0
                          ? Prior({component(data, 4, 9)})
                          : Prior({{PriorKind::kFixed, 1.0, data.number(0.05, 1.5), 0.0, 0.0}});
    const cordgain::MetaPriors priors{mu, tau, data.number(-1.0, 1.0), data.number(0.0, 1.0)};
    must_be_distribution(meta_predictive(evidence, priors, cordgain::coarse_route()).theta);
  });
}

void from_prior(fuzz::FuzzedData& data) {
  fuzz::answers([&] {
    std::vector<PriorComponent> components;
    const int parts = data.whole(1, 2);
    for (int i = 0; i < parts; ++i) components.push_back(component(data, 0, 9));
    const cordgain::LogOddsMoves moves{data.numbers(1, -1.0, 1.0), Vector::Ones(1), data.number(-1.0, 1.0),
                                       data.number(0.0, 1.0)};
    must_be_distribution(
        cordgain::PriorPredictive(Prior(components), moves, cordgain::coarse_route()).grid());
  });
}

void scenarios(fuzz::FuzzedData& data) {
  fuzz::answers([&] {
    const cordgain::Scenarios s = cordgain::scenarios(component(data, 0, 9), cordgain::coarse_route());
    fuzz::must(std::fabs(s.log_weight.array().exp().sum() - 1.0) < 1e-9);
  });
}

void effective_size(fuzz::FuzzedData& data) {
  fuzz::answers([&] {
    const Prior prior({component(data, 0, 9), component(data, 0, 9)});
    const auto sampling = static_cast<cordgain::Sampling>(data.whole(0, 4));
    cordgain::elir(prior, sampling, data.number(0.1, 10.0), 10, 1e-6);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::FuzzedData data(bytes, size);
  switch (data.whole(0, 4)) {
    case 0:
      sources(data);
      break;
    case 1:
      meta(data);
      break;
    case 2:
      from_prior(data);
      break;
    case 3:
      scenarios(data);
      break;
    default:
      effective_size(data);
  }
  return 0;
}
