// Scores: whatever the means, priors, families and masses, an answer is a distribution or a declared error.
#include <cmath>
#include <cordgain/excess/score_sums.hpp>
#include <cordgain/natural/change_family.hpp>
#include <cordgain/natural/normal_meta.hpp>

#include "fuzz_driver.hpp"

namespace {

using cordgain::ChangeKind;
using cordgain::ChangeModel;
using cordgain::Index;
using cordgain::Matrix;
using cordgain::MeanEvidence;
using cordgain::MeanPriors;
using cordgain::PanelOptions;
using cordgain::Prior;
using cordgain::PriorComponent;
using cordgain::PriorKind;
using cordgain::Vector;

const PanelOptions kCoarse{10, 1e-8, 20};

PriorComponent component(fuzz::FuzzedData& data, int from, int to) {
  return {static_cast<PriorKind>(data.whole(from, to)), data.number(0.1, 1.0), data.number(0.05, 3.0),
          data.number(0.05, 3.0), data.number(1.0, 8.0)};
}

void meta(fuzz::FuzzedData& data) {
  const Index k = data.whole(0, 4);
  MeanEvidence evidence;
  evidence.mean = data.numbers(k, -20.0, 20.0);
  evidence.se = data.numbers(k, 0.0, 10.0);
  fuzz::answers([&] {
    const Prior mu({component(data, 0, 3)});
    const Prior tau({component(data, 1, 9)});
    const MeanPriors priors{mu, tau, data.number(-2.0, 2.0), std::fabs(data.number(0.0, 2.0))};
    const cordgain::NormalMetaPosterior p = normal_meta(evidence, priors, kCoarse);
    fuzz::must(std::fabs(p.fresh.weight.sum() - 1.0) < 1e-6);
    fuzz::must(p.fresh.weight.minCoeff() >= 0.0 && p.fresh.sd.minCoeff() >= 0.0);
    const double low = mixture_quantile(p.fresh, 0.1);
    const double high = mixture_quantile(p.fresh, 0.9);
    fuzz::must(low <= high);
  });
}

void family(fuzz::FuzzedData& data) {
  const auto kind = static_cast<ChangeKind>(data.whole(0, 3));
  const double low = std::floor(data.number(-10.0, 0.0));
  const double high = std::floor(data.number(0.0, 60.0));
  const double mean = data.number(-5.0, 55.0);
  const double sd = data.number(0.0, 30.0);
  const double zero = data.number(0.0, 1.0);
  const double shift = data.number(-20.0, 20.0);
  const double y = data.number(-60.0, 60.0);
  fuzz::answers([&] {
    const ChangeModel model = change_model(kind, mean, sd, low, high, zero);
    const double p = patient_cdf(model, y, shift, true, -12.0, 38.0);
    if (std::isfinite(shift) && std::isfinite(y)) {
      fuzz::must(p >= 0.0 && p <= 1.0);
      fuzz::must(patient_cdf(model, y + 1.0, shift, true, -12.0, 38.0) >= p - 1e-12);
    }
  });
}

void sums(fuzz::FuzzedData& data) {
  const auto patients = static_cast<std::size_t>(data.whole(0, 3));
  cordgain::PatientMasses masses;
  std::vector<Vector> values;
  for (std::size_t i = 0; i < patients; ++i) {
    Matrix m(4, 2);
    for (Index j = 0; j < 2; ++j) {
      for (Index v = 0; v < 4; ++v) m(v, j) = std::fabs(data.number(0.0, 1.0));
      m.col(j) /= m.col(j).sum();
    }
    masses.push_back(m);
    values.push_back(data.numbers(4, 0.0, 1.0));
  }
  const Vector weight = Vector::Constant(2, 0.5);
  const double threshold = data.number(-1.0, 4.0);
  fuzz::answers([&] {
    const double tail = cordgain::combination_tail(values, masses, weight, threshold);
    if (std::isfinite(threshold)) fuzz::must(tail > -1e-12 && tail < 1.0 + 1e-9);
    fuzz::must(std::fabs(cordgain::shared_sum(masses, weight).sum() - 1.0) < 1e-9);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::FuzzedData data(bytes, size);
  switch (data.whole(0, 2)) {
    case 0:
      meta(data);
      break;
    case 1:
      family(data);
      break;
    default:
      sums(data);
  }
  return 0;
}
