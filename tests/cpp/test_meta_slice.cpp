#include <testthat/vendor/catch.h>
#include <cordgain/natural/meta_slice.hpp>
#include <random>

#include "naive.hpp"

using cordgain::coarse_route;
using cordgain::fine_route;
using cordgain::Index;
using cordgain::lattice_mean;
using cordgain::lattice_variance;
using cordgain::Matrix;
using cordgain::MetaEvidence;
using cordgain::MetaProfile;
using cordgain::MetaSlice;
using cordgain::Prior;
using cordgain::PriorKind;
using cordgain::Route;
using cordgain::Vector;

namespace {

Prior normal_prior(double mean, double sd) {
  return Prior({{PriorKind::kNormal, 1.0, mean, sd, 0.0}});
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

// Likelihood of one source at (mu, tau), relative to that at its own peak, by plain quadrature.
double source(double y, double n, double mu, double tau) {
  const double p = std::min(std::max(y / n, 1e-12), 1.0 - 1e-12);
  const double top = y * std::log(p) + (n - y) * std::log1p(-p);
  const auto kernel = [&](double theta) {
    return std::exp(y * theta - n * std::log1p(std::exp(theta)) - top);
  };
  if (tau == 0.0) return kernel(mu);
  return naive::in_pieces([&](double z) { return kernel(mu + tau * z) * naive::normal(z, 0.0, 1.0); }, -8.5,
                          8.5, 6);
}

struct Moments {
  double mass, mean, variance;
};

// Moments of prior(mu) x product of sources over mu, by the same.
template <class F>
Moments moments(const F& density, double low, double high, int pieces) {
  const double mass = naive::in_pieces(density, low, high, pieces);
  const double mean = naive::in_pieces([&](double m) { return m * density(m); }, low, high, pieces) / mass;
  const double second =
      naive::in_pieces([&](double m) { return (m - mean) * (m - mean) * density(m); }, low, high, pieces) /
      mass;
  return {mass, mean, second};
}

double log_peaks(const MetaEvidence& evidence) {
  double sum = 0.0;
  for (Index k = 0; k < evidence.sources(); ++k) {
    const double y = evidence.events(k);
    const double n = evidence.n(k);
    const double p = std::min(std::max(y / n, 1e-12), 1.0 - 1e-12);
    sum += y * std::log(p) + (n - y) * std::log1p(-p);
  }
  return sum;
}

}  // namespace

TEST_CASE("the slice of the four registries has the mass and moments of the double integral") {
  const MetaEvidence evidence = registries();
  for (double tau : {0.1, 0.444, 1.2}) {
    const auto density = [&](double mu) {
      double product = naive::normal(mu, 0.0, 2.0);
      for (Index k = 0; k < 4; ++k) product *= source(evidence.events(k), evidence.n(k), mu, tau);
      return product;
    };
    const Moments expected = moments(density, -8.0, 4.0, 16);
    for (const Route& route : {fine_route(), coarse_route()}) {
      MetaProfile profile(evidence, normal_prior(0.0, 2.0), route);
      const MetaSlice slice = profile.slice(Vector::Zero(4), tau);
      const double tolerance =
          route.order == 15 ? 1e-9 : 1e-7;  // e^-25 and e^-20 of four sources and the tails
      REQUIRE(std::fabs(slice.log_mass - log_peaks(evidence) - std::log(expected.mass)) < tolerance);
      REQUIRE(std::fabs(lattice_mean(slice.lattice) - expected.mean) < tolerance);
      REQUIRE(naive::close_ratio(lattice_variance(slice.lattice), expected.variance, 100.0 * tolerance));
    }
  }
}

TEST_CASE("offsets move the sources one by one") {
  const MetaEvidence evidence = evidence_of({4.0, 0.0, 11.0}, {20.0, 9.0, 13.0});
  Vector offset(3);
  offset << 0.7, -1.1, 0.2;
  for (double tau : {0.0, 0.5, 2.0}) {
    const auto density = [&](double mu) {
      double product = naive::normal(mu, -1.0, 1.5);
      for (Index k = 0; k < 3; ++k) product *= source(evidence.events(k), evidence.n(k), mu + offset(k), tau);
      return product;
    };
    const Moments expected = moments(density, -12.0, 10.0, 24);
    MetaProfile profile(evidence, normal_prior(-1.0, 1.5), fine_route());
    const MetaSlice slice = profile.slice(offset, tau);
    REQUIRE(std::fabs(slice.log_mass - log_peaks(evidence) - std::log(expected.mass)) < 1e-9);
    REQUIRE(std::fabs(lattice_mean(slice.lattice) - expected.mean) < 1e-9);
    REQUIRE(naive::close_ratio(lattice_variance(slice.lattice), expected.variance, 1e-7));
  }
}

TEST_CASE("one offset for all sources only moves the mean under a flat prior") {
  const MetaEvidence evidence = registries();
  const Prior flat({{PriorKind::kFlat, 1.0, 0.0, 0.0, 0.0}});
  MetaProfile one(evidence, flat, fine_route());
  MetaProfile two(evidence, flat, fine_route());
  const MetaSlice here = one.slice(Vector::Zero(4), 0.6);
  const MetaSlice there = two.slice(Vector::Constant(4, 0.9), 0.6);
  REQUIRE(std::fabs(here.log_mass - there.log_mass) < 1e-9);
  REQUIRE(std::fabs(lattice_mean(here.lattice) - lattice_mean(there.lattice) - 0.9) < 1e-9);
}

TEST_CASE("without sources the slice is the prior") {
  MetaProfile profile(evidence_of({}, {}), normal_prior(-1.7, 0.8), fine_route());
  for (double tau : {0.0, 1.0, 50.0}) {
    const MetaSlice slice = profile.slice(Vector(0), tau);
    REQUIRE(std::fabs(slice.log_mass) < 1e-10);  // e^-25 left out at either end
    REQUIRE(std::fabs(lattice_mean(slice.lattice) + 1.7) < 1e-9);
    REQUIRE(naive::close_ratio(lattice_variance(slice.lattice), 0.64, 1e-8));
  }
}

TEST_CASE("the lattice holds the posterior density itself") {
  const MetaEvidence evidence = evidence_of({3.0, 1.0}, {10.0, 6.0});
  MetaProfile profile(evidence, normal_prior(0.0, 2.0), fine_route());
  const MetaSlice slice = profile.slice(Vector::Zero(2), 0.7);
  for (Index j = 0; j < slice.lattice.value.size(); ++j) {
    const double mu = slice.lattice.node(j);
    const double expected =
        naive::normal(mu, 0.0, 2.0) * source(3.0, 10.0, mu, 0.7) * source(1.0, 6.0, mu, 0.7);
    const double value = slice.lattice.value(j) * std::exp(slice.log_scale - log_peaks(evidence));
    REQUIRE(naive::close_ratio(value, expected, 1e-8));
  }
  REQUIRE(slice.lattice.value.maxCoeff() == 1.0);  // relative to the top
  const Index last = slice.lattice.value.size() - 1;
  REQUIRE(slice.lattice.value(0) < std::exp(-25.0));
  REQUIRE(slice.lattice.value(last) < std::exp(-25.0));
}

TEST_CASE("a fixed mean gives a point with the likelihood there") {
  const MetaEvidence evidence = evidence_of({3.0, 1.0}, {10.0, 6.0});
  MetaProfile profile(evidence, Prior({{PriorKind::kFixed, 1.0, -0.4, 0.0, 0.0}}), fine_route());
  const MetaSlice slice = profile.slice(Vector::Zero(2), 0.7);
  REQUIRE(slice.lattice.first == -0.4);
  REQUIRE(slice.lattice.step == 0.0);
  REQUIRE(slice.lattice.value.size() == 1);
  const double expected =
      std::log(source(3.0, 10.0, -0.4, 0.7) * source(1.0, 6.0, -0.4, 0.7)) + log_peaks(evidence);
  REQUIRE(std::fabs(slice.log_mass - expected) < 1e-9);
}

TEST_CASE(
    "a slice that is not needed is one node at its mode with Laplace's mass, one that is needed is whole") {
  for (double tau : {0.0, 0.3, 2.0}) {
    MetaProfile profile(registries(), normal_prior(0.0, 2.0), fine_route());
    const MetaSlice whole = profile.slice(Vector::Zero(4), tau);
    const MetaSlice rough = profile.slice(Vector::Zero(4), tau, whole.log_mass + 1.0);
    REQUIRE(rough.lattice.value.size() == 1);
    REQUIRE(std::fabs(rough.log_mass - whole.log_mass) < 0.2);
    REQUIRE(std::fabs(rough.lattice.first - lattice_mean(whole.lattice)) <
            std::sqrt(lattice_variance(whole.lattice)));
    const MetaSlice needed = profile.slice(Vector::Zero(4), tau, whole.log_mass - 1.0);
    REQUIRE(needed.lattice.value.size() > 20);
    REQUIRE(std::fabs(needed.log_mass - whole.log_mass) < 1e-9);
  }
}

TEST_CASE("two hundred equal sources end in a lattice: rounding of a large sum is no lack of resolution") {
  const std::vector<double> events(200, 12.0);
  const std::vector<double> n(200, 100.0);
  for (double tau : {0.0005, 0.002, 0.01}) {
    MetaProfile profile(evidence_of(events, n), normal_prior(0.0, 2.0), fine_route());
    REQUIRE(profile.slice(Vector::Zero(200), tau).lattice.value.size() < 150);
  }
}

TEST_CASE("the order of the sources does not matter") {
  MetaProfile one(registries(), normal_prior(0.0, 2.0), fine_route());
  MetaProfile two(evidence_of({32.0, 19.0, 39.0, 3.0}, {187.0, 161.0, 482.0, 53.0}), normal_prior(0.0, 2.0),
                  fine_route());
  for (double tau : {0.0, 0.3, 3.0}) {
    const MetaSlice a = one.slice(Vector::Zero(4), tau);
    const MetaSlice b = two.slice(Vector::Zero(4), tau);
    REQUIRE(std::fabs(a.log_mass - b.log_mass) < 1e-9);
    REQUIRE(std::fabs(lattice_mean(a.lattice) - lattice_mean(b.lattice)) < 1e-9);
  }
}

TEST_CASE("what was asked before does not change a slice") {
  // The last slice's place starts the next search: any path to a tau must end at the same integral.
  MetaProfile walked(registries(), normal_prior(0.0, 2.0), fine_route());
  for (double tau : {5.0, 0.001, 20.0, 0.3, 2.0, 0.0, 0.8}) {
    const MetaSlice warm = walked.slice(Vector::Zero(4), tau);
    MetaProfile fresh(registries(), normal_prior(0.0, 2.0), fine_route());
    const MetaSlice cold = fresh.slice(Vector::Zero(4), tau);
    REQUIRE(std::fabs(warm.log_mass - cold.log_mass) < 1e-9);
    REQUIRE(std::fabs(lattice_mean(warm.lattice) - lattice_mean(cold.lattice)) < 1e-9);
  }
}

TEST_CASE("exchanging events and non-events mirrors the slice") {
  MetaProfile one(evidence_of({3.0, 0.0, 5.0}, {10.0, 6.0, 8.0}), normal_prior(-0.5, 1.0), fine_route());
  MetaProfile two(evidence_of({7.0, 6.0, 3.0}, {10.0, 6.0, 8.0}), normal_prior(0.5, 1.0), fine_route());
  for (double tau : {0.0, 0.5, 4.0}) {
    const MetaSlice a = one.slice(Vector::Zero(3), tau);
    const MetaSlice b = two.slice(Vector::Zero(3), tau);
    REQUIRE(std::fabs(a.log_mass - b.log_mass) < 1e-9);
    REQUIRE(std::fabs(lattice_mean(a.lattice) + lattice_mean(b.lattice)) < 1e-9);
  }
}

TEST_CASE("a mixture prior on the mean is integrated component by component") {
  const MetaEvidence evidence = evidence_of({2.0}, {11.0});
  const Prior mixture({{PriorKind::kNormal, 0.7, -1.0, 0.5, 0.0}, {PriorKind::kNormal, 0.3, 0.0, 2.0, 0.0}});
  MetaProfile both(evidence, mixture, fine_route());
  MetaProfile narrow(evidence, normal_prior(-1.0, 0.5), fine_route());
  MetaProfile wide(evidence, normal_prior(0.0, 2.0), fine_route());
  const Vector none = Vector::Zero(1);
  const double sum =
      0.7 * std::exp(narrow.slice(none, 0.4).log_mass) + 0.3 * std::exp(wide.slice(none, 0.4).log_mass);
  // Even and odd nodes agree to 1e-6 at the worst, and the rule of both to about the square of that.
  REQUIRE(std::fabs(both.slice(none, 0.4).log_mass - std::log(sum)) < 1e-9);
}

TEST_CASE("a flat prior is refused where the sources have no event or no non-event") {
  const Prior flat({{PriorKind::kFlat, 1.0, 0.0, 0.0, 0.0}});
  REQUIRE_THROWS_AS(MetaProfile(evidence_of({0.0, 0.0}, {10.0, 6.0}), flat, fine_route()),
                    cordgain::InvalidInput);
  REQUIRE_THROWS_AS(MetaProfile(evidence_of({10.0, 6.0}, {10.0, 6.0}), flat, fine_route()),
                    cordgain::InvalidInput);
}

TEST_CASE("random evidence agrees with the double integral") {
  std::mt19937 random(99);
  for (int run = 0; run < 10; ++run) {
    const std::size_t k = 1 + random() % 4;
    std::vector<double> n;
    std::vector<double> y;
    for (std::size_t i = 0; i < k; ++i) {
      n.push_back(1.0 + static_cast<double>(random() % 40));
      y.push_back(static_cast<double>(random() % (static_cast<unsigned>(n.back()) + 1U)));
    }
    const double tau = 0.05 + 0.01 * static_cast<double>(random() % 200);
    const MetaEvidence evidence = evidence_of(y, n);
    const auto density = [&](double mu) {
      double product = naive::normal(mu, 0.0, 1.0);
      for (std::size_t i = 0; i < k; ++i) product *= source(y[i], n[i], mu, tau);
      return product;
    };
    const Moments expected = moments(density, -8.5, 8.5, 12);
    MetaProfile profile(evidence, normal_prior(0.0, 1.0), fine_route());
    const MetaSlice slice = profile.slice(Vector::Zero(static_cast<Index>(k)), tau);
    REQUIRE(std::fabs(slice.log_mass - log_peaks(evidence) - std::log(expected.mass)) < 1e-9);
    REQUIRE(std::fabs(lattice_mean(slice.lattice) - expected.mean) < 1e-9);
  }
}
