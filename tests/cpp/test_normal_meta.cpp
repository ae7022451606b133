#include <testthat/vendor/catch.h>
#include <cordgain/natural/normal_meta.hpp>

#include "naive.hpp"

using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::MeanEvidence;
using cordgain::MeanPriors;
using cordgain::mixture_cdf;
using cordgain::mixture_mean;
using cordgain::mixture_sd;
using cordgain::normal_meta;
using cordgain::NormalMetaPosterior;
using cordgain::PanelOptions;
using cordgain::Prior;
using cordgain::PriorComponent;
using cordgain::PriorKind;
using cordgain::Vector;

namespace {

const PanelOptions kFine{15, 1e-12, 30};

Prior one(PriorKind kind, double a = 0.0, double b = 0.0, double c = 0.0) {
  return Prior({PriorComponent{kind, 1.0, a, b, c}});
}

MeanEvidence evidence(std::initializer_list<double> mean, std::initializer_list<double> se) {
  return {Eigen::Map<const Vector>(mean.begin(), static_cast<Index>(mean.size())),
          Eigen::Map<const Vector>(se.begin(), static_cast<Index>(se.size()))};
}

// Rubin (1981), as printed in the bayesmeta package.
MeanEvidence eight_schools() {
  return evidence({28.39, 7.94, -2.75, 6.82, -.64, .63, 18.01, 12.16},
                  {14.9, 10.2, 16.3, 11, 9.4, 11.4, 10.4, 17.6});
}

// The joint posterior of (mu, tau) by brute force: E[f(mu, tau)] on a two-dimensional rule.
template <class F>
double by_brute_force(const MeanEvidence& e, const Prior& mu_prior, const Prior& tau_prior, double reach,
                      double tau_end, const F& f) {
  const auto joint = [&](double mu, double tau) {
    double log_p = mu_prior.log_density(mu) + tau_prior.log_density(tau);
    for (Index k = 0; k < e.mean.size(); ++k) {
      log_p += std::log(naive::normal(e.mean(k), mu, std::hypot(e.se(k), tau)) + 1e-300);
    }
    return std::exp(log_p + 30.0);
  };
  const auto average = [&](const auto& g) {
    return naive::in_pieces(
        [&](double tau) {
          return naive::in_pieces([&](double mu) { return g(mu, tau) * joint(mu, tau); }, -reach, reach, 12);
        },
        0.0, tau_end, 8);
  };
  return average(f) / average([](double, double) { return 1.0; });
}

}  // namespace

TEST_CASE("eight schools: the digits of the exact posterior") {
  const MeanPriors priors{one(PriorKind::kNormal, 0.0, 50.0), one(PriorKind::kHalfT, 25.0, 1.0)};
  const NormalMetaPosterior p = normal_meta(eight_schools(), priors, kFine);
  // Printed to seven digits in the check file.
  CHECK(mixture_mean(p.mu) == Approx(7.9860418).epsilon(1e-7));
  CHECK(mixture_sd(p.mu) == Approx(4.9955977).epsilon(1e-7));
  CHECK(mixture_sd(p.fresh) == Approx(9.1268525).epsilon(1e-7));
  CHECK(1.0 - mixture_cdf(p.mu, 0.0) == Approx(0.94876908).epsilon(1e-7));
  CHECK(p.mu.weight.dot(p.tau_node) == Approx(5.8845112).epsilon(1e-7));
  CHECK(p.mu.weight.dot(p.source_mean.row(0).transpose()) == Approx(11.09805).epsilon(1e-6));
}

TEST_CASE("the posterior agrees with a two-dimensional integral") {
  const MeanEvidence e = evidence({7.8, 10.5, 9.0}, {0.6, 0.9, 1.4});
  const Prior mu = one(PriorKind::kNormal, 5.0, 3.0);
  const Prior tau = one(PriorKind::kHalfNormal, 2.0);
  const NormalMetaPosterior p = normal_meta(e, {mu, tau, 0.0, 0.0}, kFine);
  const double mean = by_brute_force(e, mu, tau, 25.0, 16.0, [](double m, double) { return m; });
  const double tau_mean = by_brute_force(e, mu, tau, 25.0, 16.0, [](double, double t) { return t; });
  // The brute force is good to about 1e-9: 12 x 61 by 8 x 61 nodes of a smooth integrand.
  CHECK(mixture_mean(p.mu) == Approx(mean).epsilon(1e-8));
  CHECK(p.mu.weight.dot(p.tau_node) == Approx(tau_mean).epsilon(1e-8));
}

TEST_CASE("a mixture of normals for mu weighs its parts by how well they predicted") {
  const MeanEvidence e = evidence({2.0}, {1.0});
  const Prior mu({{PriorKind::kNormal, 0.5, 0.0, 1.0}, {PriorKind::kNormal, 0.5, 10.0, 2.0}});
  const NormalMetaPosterior p = normal_meta(e, {mu, one(PriorKind::kFixed, 3.0), 0.0, 0.0}, kFine);
  const double first = naive::normal(2.0, 0.0, std::sqrt(11.0));
  const double second = naive::normal(2.0, 10.0, std::sqrt(14.0));
  REQUIRE(p.mu.weight.size() == 2);
  CHECK(p.mu.weight(0) == Approx(first / (first + second)).epsilon(1e-12));
  CHECK(p.mu.mean(0) == Approx(2.0 / 11.0).epsilon(1e-12));
  CHECK(p.mu.sd(0) == Approx(std::sqrt(10.0 / 11.0)).epsilon(1e-12));
}

TEST_CASE("one source and a flat mu: the new mean has variance se^2 + 2 tau^2, and the bias adds") {
  const MeanPriors priors{one(PriorKind::kFlat), one(PriorKind::kFixed, 1.5), 0.7, 2.0};
  const NormalMetaPosterior p = normal_meta(evidence({7.8}, {0.6}), priors, kFine);
  CHECK(mixture_mean(p.fresh) == Approx(8.5).epsilon(1e-14));
  CHECK(mixture_sd(p.fresh) == Approx(std::sqrt(0.36 + 2 * 2.25 + 4.0)).epsilon(1e-14));
}

TEST_CASE("every prior of tau on the half-line gives a whole posterior") {
  const std::vector<Prior> priors{one(PriorKind::kHalfNormal, 1e-6),  one(PriorKind::kHalfNormal, 1e6),
                                  one(PriorKind::kHalfT, 5.0, 3.0),   one(PriorKind::kExponential, 0.5),
                                  one(PriorKind::kGamma, 0.5, 0.5),   one(PriorKind::kGamma, 2.0, 0.1),
                                  one(PriorKind::kUniform, 0.0, 4.0), one(PriorKind::kUniform, 1.0, 2.0)};
  for (const Prior& tau : priors) {
    const NormalMetaPosterior p = normal_meta(eight_schools(), {one(PriorKind::kFlat), tau, 0.0, 0.0}, kFine);
    CHECK(p.fresh.weight.sum() == Approx(1.0).epsilon(1e-12));
    CHECK(p.fresh.sd.allFinite());
  }
  // A uniform prior keeps tau inside its ends.
  const NormalMetaPosterior p = normal_meta(
      eight_schools(), {one(PriorKind::kFlat), one(PriorKind::kUniform, 1.0, 2.0), 0.0, 0.0}, kFine);
  CHECK(p.tau_node.minCoeff() > 1.0);
  CHECK(p.tau_node.maxCoeff() < 2.0);
}

TEST_CASE("a gamma prior whose density has a pole at 0 is integrated to the pole") {
  const MeanEvidence e = evidence({1.0, 2.0}, {1.0, 1.0});
  const NormalMetaPosterior p =
      normal_meta(e, {one(PriorKind::kFlat), one(PriorKind::kGamma, 0.5, 1.0), 0.0, 0.0}, kFine);
  // tau = x^2 takes the pole away: 2 x x^{2(0.5 - 1)} = 2.
  const auto weight = [](double x) {
    const double v = 1.0 + std::pow(x, 4);
    return std::exp(-x * x - 0.5 * 0.5 / v) / std::sqrt(v);
  };
  const double total = naive::in_pieces(weight, 0.0, 7.0, 20);
  const double tau = naive::in_pieces([&](double x) { return x * x * weight(x); }, 0.0, 7.0, 20) / total;
  CHECK(p.mu.weight.dot(p.tau_node) == Approx(tau).epsilon(1e-9));
}

TEST_CASE("tau = 0 is the pooled mean, a large tau leaves the sources alone") {
  const MeanEvidence e = evidence({0.0, 10.0}, {1.0, 2.0});
  const NormalMetaPosterior pooled =
      normal_meta(e, {one(PriorKind::kFlat), one(PriorKind::kFixed, 0.0)}, kFine);
  CHECK(mixture_mean(pooled.mu) == Approx((0.0 * 4.0 + 10.0) / 5.0).epsilon(1e-14));
  CHECK(pooled.source_mean(0, 0) == Approx(2.0).epsilon(1e-14));
  const NormalMetaPosterior apart =
      normal_meta(e, {one(PriorKind::kFlat), one(PriorKind::kFixed, 1e7)}, kFine);
  CHECK(apart.source_mean(0, 0) == Approx(0.0).margin(1e-10));
  CHECK(apart.source_mean(1, 0) == Approx(10.0).epsilon(1e-10));
  CHECK(apart.source_sd(1, 0) == Approx(2.0).epsilon(1e-10));
}

TEST_CASE("what is no evidence or no prior is refused") {
  const MeanPriors good{one(PriorKind::kFlat), one(PriorKind::kHalfNormal, 1.0)};
  CHECK_THROWS_AS(normal_meta(evidence({}, {}), good, kFine), InvalidInput);
  CHECK_THROWS_AS(normal_meta(evidence({1.0}, {0.0}), good, kFine), InvalidInput);
  CHECK_THROWS_AS(normal_meta(evidence({1.0}, {1.0, 2.0}), good, kFine), InvalidInput);
  CHECK_THROWS_AS(normal_meta(evidence({naive::kNaN}, {1.0}), good, kFine), InvalidInput);
  const MeanPriors fixed{one(PriorKind::kFlat), one(PriorKind::kFixed, 1.0)};
  CHECK_THROWS_AS(normal_meta(evidence({1e200, -1e200}, {1.0, 1.0}), fixed, kFine), cordgain::NumericalError);
  const MeanPriors negative{one(PriorKind::kFlat), one(PriorKind::kUniform, -1.0, 1.0)};
  CHECK_THROWS_AS(normal_meta(evidence({1.0}, {1.0}), negative, kFine), InvalidInput);
  const MeanPriors heavy{one(PriorKind::kT, 0.0, 1.0, 3.0), one(PriorKind::kHalfNormal, 1.0)};
  CHECK_THROWS_AS(normal_meta(evidence({1.0}, {1.0}), heavy, kFine), InvalidInput);
}

TEST_CASE("mu given tau is the mean weighted by precision, and its marginal the product of normals") {
  const MeanEvidence e = evidence({1.0, 4.0, 2.5}, {0.5, 1.0, 2.0});
  const double tau = 0.8, m0 = 3.0, s0 = 1.5;
  const PriorComponent prior{PriorKind::kNormal, 1.0, m0, s0, 0.0};
  const auto got = cordgain::detail::mu_given_tau(e, prior, tau);
  double precision = 1.0 / (s0 * s0), sum = m0 / (s0 * s0);
  for (Index k = 0; k < 3; ++k) {
    const double w = 1.0 / (e.se(k) * e.se(k) + tau * tau);
    precision += w;
    sum += w * e.mean(k);
  }
  CHECK(got.mean == Approx(sum / precision).epsilon(1e-14));
  CHECK(got.variance == Approx(1.0 / precision).epsilon(1e-14));
  // The integral of the joint density over mu; the constants (2 pi)^(3/2) are left out of the log weight.
  const double integral = naive::in_pieces(
      [&](double mu) {
        double product = naive::normal(mu, m0, s0);
        for (Index k = 0; k < 3; ++k) product *= naive::normal(e.mean(k), mu, std::hypot(e.se(k), tau));
        return product;
      },
      -20.0, 25.0, 60);
  CHECK(got.log_weight - 1.5 * std::log(2.0 * M_PI) == Approx(std::log(integral)).epsilon(1e-12));
}

TEST_CASE("a fixed mu is the limit of narrow normals, a flat one the shape of wide normals") {
  const MeanEvidence e = evidence({1.0, 4.0}, {0.5, 1.0});
  const auto at = [&](PriorKind kind, double a, double b, double tau) {
    return cordgain::detail::mu_given_tau(e, PriorComponent{kind, 1.0, a, b, 0.0}, tau);
  };
  const auto fixed = at(PriorKind::kFixed, 2.0, 0.0, 0.5), narrow = at(PriorKind::kNormal, 2.0, 1e-6, 0.5);
  CHECK(fixed.mean == 2.0);
  CHECK(fixed.variance == 0.0);
  CHECK(narrow.log_weight == Approx(fixed.log_weight).epsilon(1e-9));  // its own variance, 1e-12, beside 0.25
  // Flat and wide differ by a constant that does not depend on tau: log of the wide SD, to 1 / wide^2.
  const double wide = 1e6;
  for (const double tau : {0.0, 0.5, 3.0}) {
    const auto flat = at(PriorKind::kFlat, 0.0, 0.0, tau), broad = at(PriorKind::kNormal, 0.0, wide, tau);
    CHECK(broad.log_weight + std::log(wide) == Approx(flat.log_weight).epsilon(1e-10));
    CHECK(broad.mean == Approx(flat.mean).epsilon(1e-10));
  }
}

TEST_CASE("the map of tau is undone by its inverse, and its slope is that by differences") {
  for (const double power : {1.0, 2.0, 3.5}) {
    const cordgain::TauMap map{2.5, power};
    for (const double u : {0.05, 0.3, 0.5, 0.9}) {
      CHECK(map.u(map.tau(u)) == Approx(u).epsilon(1e-13));
      const double h = 1e-6 * u;  // central differences: a relative error near 1e-10
      const double slope = (map.tau(u + h) - map.tau(u - h)) / (2.0 * h);
      CHECK(map.log_slope(u) == Approx(std::log(slope)).margin(1e-7));
    }
    CHECK(map.tau(0.5) == 2.5);
    CHECK(map.tau(0.0) == 0.0);
    CHECK(map.u(naive::kInfinity) == 1.0);
  }
}

TEST_CASE("the unit and the origin of the means do not matter, nor the order of the sources") {
  const MeanEvidence e = evidence({7.8, 10.5, 9.0}, {0.6, 0.9, 1.4});
  const MeanPriors priors{one(PriorKind::kFlat), one(PriorKind::kHalfNormal, 2.0), 0.5, 1.0};
  const NormalMetaPosterior p = normal_meta(e, priors, kFine);
  const MeanEvidence same = evidence({9.0, 10.5, 7.8}, {1.4, 0.9, 0.6});
  const NormalMetaPosterior q = normal_meta(same, priors, kFine);
  // Panels are refined to 1e-12 of the mass.
  CHECK(mixture_mean(q.mu) == Approx(mixture_mean(p.mu)).epsilon(1e-11));
  CHECK(mixture_sd(q.fresh) == Approx(mixture_sd(p.fresh)).epsilon(1e-11));
  const MeanEvidence tenfold{10.0 * e.mean + Vector::Constant(3, 5.0), 10.0 * e.se};
  const MeanPriors wide{one(PriorKind::kFlat), one(PriorKind::kHalfNormal, 20.0), 5.0, 10.0};
  const NormalMetaPosterior r = normal_meta(tenfold, wide, kFine);
  CHECK(mixture_mean(r.mu) == Approx(10.0 * mixture_mean(p.mu) + 5.0).epsilon(1e-10));
  CHECK(mixture_sd(r.fresh) == Approx(10.0 * mixture_sd(p.fresh)).epsilon(1e-10));
}

TEST_CASE("every source's mean lies between its own and the common one, with less spread than alone") {
  const MeanEvidence e = eight_schools();
  const NormalMetaPosterior p =
      normal_meta(e, {one(PriorKind::kFlat), one(PriorKind::kHalfNormal, 10.0), 0.0, 0.0}, kFine);
  for (Index c = 0; c < p.mu.weight.size(); ++c) {
    for (Index k = 0; k < 8; ++k) {
      const double low = std::fmin(e.mean(k), p.mu.mean(c)), high = std::fmax(e.mean(k), p.mu.mean(c));
      REQUIRE(p.source_mean(k, c) >= low - 1e-12);  // a rounding of numbers below 30
      REQUIRE(p.source_mean(k, c) <= high + 1e-12);
      REQUIRE(p.source_sd(k, c) <= e.se(k) * (1.0 + 1e-14));
      REQUIRE(p.fresh.sd(c) >= p.mu.sd(c));
    }
  }
}

TEST_CASE("fixed values of tau are weighed by how well they predicted") {
  const MeanEvidence e = evidence({0.0, 6.0}, {1.0, 1.0});
  const Prior tau({{PriorKind::kFixed, 0.25, 0.5, 0.0, 0.0}, {PriorKind::kFixed, 0.75, 4.0, 0.0, 0.0}});
  const NormalMetaPosterior p = normal_meta(e, {one(PriorKind::kFlat), tau, 0.0, 0.0}, kFine);
  // Under a flat mu two means have the density of their difference, N(0, 2 (1 + tau^2)).
  const double low = 0.25 * naive::normal(6.0, 0.0, std::sqrt(2.0 * 1.25));
  const double high = 0.75 * naive::normal(6.0, 0.0, std::sqrt(2.0 * 17.0));
  REQUIRE(p.tau_node.size() == 2);
  CHECK(p.mu.weight(0) == Approx(low / (low + high)).epsilon(1e-12));
  CHECK(p.mu.weight(1) == Approx(high / (low + high)).epsilon(1e-12));
}
