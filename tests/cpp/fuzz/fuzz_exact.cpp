// Limits, e-values and exact tests: an answer is in its range, whatever the numbers.
#include <cmath>
#include <cordgain/dist/beta_posterior.hpp>
#include <cordgain/dist/binomial_limits.hpp>
#include <cordgain/dist/e_value.hpp>
#include <cordgain/dist/poisson_limits.hpp>
#include <cordgain/excess/exact_tests.hpp>

#include "fuzz_driver.hpp"

namespace {

void must_hold_rate(const cordgain::Limits& limits, double rate) {
  fuzz::must(limits.lower >= 0.0 && limits.upper <= 1.0 && limits.lower <= limits.upper);
  fuzz::must(limits.lower <= rate + limits.error && limits.upper >= rate - limits.error);
  fuzz::must(limits.error >= 0.0);
}

void limits_of_counts(fuzz::FuzzedData& data) {
  const cordgain::Vector counts = data.counts(2, 2000);
  const double y = counts[0];
  const double n = counts[1];
  const double alpha = data.number(1e-6, 0.5);
  fuzz::answers([&] { must_hold_rate(cordgain::clopper_pearson(y, n, {alpha / 2.0, alpha / 2.0}), y / n); });
  fuzz::answers([&] { must_hold_rate(cordgain::blaker(y, n, alpha), y / n); });
  fuzz::answers([&] { must_hold_rate(cordgain::wilson(y, n, alpha), y / n); });
  fuzz::answers([&] {
    const cordgain::Limits limits = cordgain::jeffreys_limits(y, n, {alpha / 2.0, alpha / 2.0});
    fuzz::must(limits.lower >= 0.0 && limits.upper <= 1.0 && limits.lower < limits.upper);
  });
}

void rates(fuzz::FuzzedData& data) {
  const double y = data.counts(1, 500)[0];
  const double exposure = data.number(1e-3, 1e4);
  fuzz::answers([&] {
    const cordgain::Limits limits = cordgain::poisson_limits(y, exposure, {0.025, 0.025});
    fuzz::must(limits.lower >= 0.0 && limits.lower * exposure <= y + 1e-9 && limits.upper * exposure >= y);
  });
}

void tests_of_two(fuzz::FuzzedData& data) {
  const cordgain::Vector counts = data.counts(4, 12);
  const cordgain::TwoByTwo table{counts[0], counts[1], counts[2], counts[3]};
  const auto side = static_cast<cordgain::Alternative>(data.whole(0, 2));
  fuzz::answers([&] {
    const double fisher = cordgain::fisher_p_value(table, side);
    const cordgain::ExactTest barnard = cordgain::barnard_test(table, side);
    const cordgain::ExactTest boschloo = cordgain::boschloo_test(table, side);
    fuzz::must(barnard.p_value > 0.0 && barnard.p_value <= 1.0 && barnard.error < 1e-6);
    fuzz::must(boschloo.p_value > 0.0 && boschloo.p_value <= fisher + 1e-9 && boschloo.error < 1e-6);
  });
}

void e_values(fuzz::FuzzedData& data) {
  const cordgain::Vector counts = data.counts(2, 300);
  const double rate = data.number(0.0, 1.0);
  const cordgain::BetaShape prior{data.number(0.01, 50.0), data.number(0.01, 50.0)};
  fuzz::answers([&] { fuzz::must(cordgain::e_value(counts[0], counts[1], rate, prior, false) >= 0.0); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::FuzzedData data(bytes, size);
  switch (data.whole(0, 3)) {
    case 0:
      limits_of_counts(data);
      break;
    case 1:
      rates(data);
      break;
    case 2:
      tests_of_two(data);
      break;
    default:
      e_values(data);
  }
  return 0;
}
