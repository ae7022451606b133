#include <testthat/vendor/catch.h>
#include <cordgain/natural/meta_effective_size.hpp>

#include "naive.hpp"

using cordgain::coarse_route;
using cordgain::EffectiveSize;
using cordgain::fine_route;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::Matrix;
using cordgain::meta_effective_size;
using cordgain::MetaEvidence;
using cordgain::MetaPriors;
using cordgain::Prior;
using cordgain::PriorKind;
using cordgain::Vector;

namespace {

Prior one(PriorKind kind, double a, double b = 0.0) {
  return Prior({{kind, 1.0, a, b, 0.0}});
}

MetaEvidence evidence_of(const std::vector<double>& events, const std::vector<double>& n) {
  MetaEvidence evidence;
  const auto k = static_cast<Index>(events.size());
  evidence.events = Eigen::Map<const Vector>(events.data(), k);
  evidence.n = Eigen::Map<const Vector>(n.data(), k);
  evidence.offset = Matrix::Zero(1, k);
  evidence.shift = Vector::Zero(1);
  evidence.log_weight = Vector::Zero(1);
  return evidence;
}

MetaEvidence registries() {
  return evidence_of({39.0, 3.0, 19.0, 32.0}, {482.0, 53.0, 161.0, 187.0});
}

MetaPriors half_normal(double scale) {
  return {one(PriorKind::kNormal, 0.0, 2.0), one(PriorKind::kHalfNormal, scale), 0.0, 0.0};
}

// ELIR of a logit-normal rate from its definition, E[i(p) p (1 - p)] with i = -d^2 log density / dp^2 written
// out in theta: (-l'' - 2 v + (l' - w) w) / v, v = p (1 - p), w = 1 - 2 p, l' = -(theta - m) / s^2.
double logit_normal_elir(double mean, double sd) {
  return naive::integral(
      [&](double theta) {
        const double p = naive::rate(theta);
        const double v = p * (1.0 - p);
        const double w = 1.0 - 2.0 * p;
        const double slope = -(theta - mean) / (sd * sd);
        return naive::normal(theta, mean, sd) * (1.0 / (sd * sd) - 2.0 * v + (slope - w) * w) / v;
      },
      mean - 11.0 * sd, mean + 11.0 * sd);
}

}  // namespace

TEST_CASE("without sources the ELIR is that of the logit-normal prior predictive") {
  // theta* = mu + tau z: N(-2, 0.3^2 + 0.4^2), known in closed form.
  const MetaPriors priors{one(PriorKind::kNormal, -2.0, 0.3), one(PriorKind::kFixed, 0.4), 0.0, 0.0};
  const double expected = logit_normal_elir(-2.0, 0.5);
  for (const auto& route : {fine_route(), coarse_route()}) {
    const EffectiveSize size = meta_effective_size(evidence_of({}, {}), priors, 0.13, route);
    // The integrand is e^|theta| times the density: what the route's digits cut off grows by that factor.
    REQUIRE(naive::close_ratio(size.elir, expected, 1e-6));
  }
}

TEST_CASE("a normal bias widens the prior predictive and lowers the ELIR as its closed form says") {
  const MetaPriors priors{one(PriorKind::kNormal, -2.0, 0.3), one(PriorKind::kFixed, 0.4), 0.5, 0.6};
  const double sd = std::sqrt(0.09 + 0.16 + 0.36);
  const EffectiveSize size = meta_effective_size(evidence_of({}, {}), priors, 0.2, fine_route());
  REQUIRE(naive::close_ratio(size.elir, logit_normal_elir(-1.5, sd), 1e-6));
}

TEST_CASE("two routes agree on the effective sizes of the registries") {
  for (const double scale : {0.25, 0.5, 1.0}) {
    const EffectiveSize fine = meta_effective_size(registries(), half_normal(scale), 0.12, fine_route());
    const EffectiveSize coarse = meta_effective_size(registries(), half_normal(scale), 0.12, coarse_route());
    REQUIRE(naive::close_ratio(coarse.elir, fine.elir, 1e-5));
    REQUIRE(naive::close_ratio(coarse.morita, fine.morita, 1e-4));
    REQUIRE(fine.elir > 1.0);
    REQUIRE(fine.elir < 883.0);  // no more than the patients themselves
    REQUIRE(fine.morita < 883.0);
  }
}

TEST_CASE("a wider prior of the heterogeneity leaves fewer effective patients") {
  double before = 1e9;
  for (const double scale : {0.1, 0.25, 0.5, 0.75, 1.0}) {
    const double size = meta_effective_size(registries(), half_normal(scale), 0.12, coarse_route()).elir;
    REQUIRE(size < before);
    before = size;
  }
}

TEST_CASE("tails as heavy as e^-|theta| leave no expected information") {
  REQUIRE(std::isnan(meta_effective_size(registries(), half_normal(1.5), 0.13, coarse_route()).elir));
  const MetaPriors half_t{one(PriorKind::kNormal, 0.0, 2.0), one(PriorKind::kHalfT, 0.5, 3.0), 0.0, 0.0};
  REQUIRE(std::isnan(meta_effective_size(registries(), half_t, 0.13, coarse_route()).elir));
  // Morita's size looks at the mode alone and needs no tails.
  REQUIRE(meta_effective_size(registries(), half_t, 0.13, coarse_route()).morita > 1.0);
}

TEST_CASE("models without an answer are refused") {
  const MetaPriors flat{one(PriorKind::kFlat, 0.0), one(PriorKind::kHalfNormal, 0.5), 0.0, 0.0};
  REQUIRE_THROWS_AS(meta_effective_size(evidence_of({0.0}, {10.0}), flat, 0.1, fine_route()), InvalidInput);
  const MetaPriors fixed{one(PriorKind::kFixed, 0.0), one(PriorKind::kFixed, 0.5), 0.0, 0.0};
  REQUIRE_THROWS_AS(meta_effective_size(registries(), fixed, 0.1, fine_route()), InvalidInput);
}
