#include <testthat/vendor/catch.h>
#include <cordgain/math/grid_summary.hpp>
#include <cordgain/natural/meta_predictive.hpp>

#include "naive.hpp"

using cordgain::coarse_route;
using cordgain::fine_route;
using cordgain::GridSummary;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::Matrix;
using cordgain::meta_predictive;
using cordgain::MetaEvidence;
using cordgain::MetaPosterior;
using cordgain::MetaPriors;
using cordgain::Prior;
using cordgain::PriorKind;
using cordgain::summarise_grid;
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

MetaPriors half_normal(double scale, double bias_mean = 0.0, double bias_sd = 0.0) {
  return {one(PriorKind::kNormal, 0.0, 2.0), one(PriorKind::kHalfNormal, scale), bias_mean, bias_sd};
}

Vector centiles() {
  Vector p(3);
  p << 0.025, 0.5, 0.975;
  return p;
}

// Mean rate at (mu, tau), and the likelihood of one source, by plain integration over the normal.
template <class F>
double average(const F& f, double mu, double sd) {
  if (sd == 0.0) return f(mu);
  return naive::in_pieces([&](double z) { return f(mu + sd * z) * naive::normal(z, 0.0, 1.0); }, -8.5, 8.5,
                          2);
}

double kernel(double y, double n, double theta) {
  const double p = (y + 0.5) / (n + 1.0);
  return std::exp(y * (theta - std::log(p / (1.0 - p))) - n * (std::log1p(std::exp(theta)) + std::log1p(-p)));
}

}  // namespace

TEST_CASE("the four registries have the predictive rates of the checks C01, C03, C10, C11 and J05") {
  // The checks' own two routes differ by up to 2e-10; grids are resolved to 1e-9.
  const MetaPosterior half = meta_predictive(registries(), half_normal(0.5), fine_route());
  const GridSummary rate = summarise_grid(half.theta, centiles(), true);
  REQUIRE(std::fabs(rate.mean - 0.120523803253652) < 2e-9);
  REQUIRE(std::fabs(rate.sd - 0.0644524222922492) < 5e-9);
  REQUIRE(std::fabs(summarise_grid(half.tau, centiles(), false).mean - 0.444089952215464) < 1e-8);
  // C25 to C27: the quantiles of the checks came from an interpolated table, C26 is given to 10 digits.
  REQUIRE(std::fabs(rate.quantile(0) - 0.0362447213167308) < 1e-7);
  REQUIRE(std::fabs(rate.quantile(1) - 0.1086688552) < 1e-8);
  REQUIRE(std::fabs(rate.quantile(2) - 0.284967260527132) < 1e-7);
  // C23: P(p0 < 0.5)
  REQUIRE(std::fabs(panel_cdf(half.theta, 0.0) - 0.997336962763647) < 1e-8);
  const MetaPosterior wide = meta_predictive(registries(), half_normal(1.0), fine_route());
  REQUIRE(std::fabs(summarise_grid(wide.theta, centiles(), true).mean - 0.130359715147394) < 2e-9);
  REQUIRE(std::fabs(summarise_grid(wide.tau, centiles(), false).mean - 0.591443288818876) < 1e-8);
}

TEST_CASE("other sources have the means of the checks C16, C21, N01a and N02e") {
  const auto mean = [](const MetaEvidence& evidence, const MetaPriors& priors) {
    return summarise_grid(meta_predictive(evidence, priors, fine_route()).theta, Vector(0), true).mean;
  };
  REQUIRE(
      std::fabs(mean(evidence_of({74.0, 6.0, 42.0, 52.0}, {482.0, 53.0, 161.0, 187.0}), half_normal(0.5)) -
                0.218064534536043) < 2e-9);
  REQUIRE(std::fabs(mean(evidence_of({32.0}, {187.0}), half_normal(0.5)) - 0.202162391671348) <
          1e-8);  // its routes: 4e-9
  REQUIRE(std::fabs(mean(evidence_of({32.0, 19.0}, {187.0, 161.0}), half_normal(0.5)) - 0.1608577334) < 2e-9);
  REQUIRE(std::fabs(mean(registries(), half_normal(0.5, 0.0, 0.5)) - 0.1293842341) < 2e-9);
}

TEST_CASE("a bias of ln 2 on the odds has the ceiling of the check C24") {
  const MetaPosterior posterior =
      meta_predictive(registries(), half_normal(0.5, std::log(2.0), 0.5), fine_route());
  REQUIRE(std::fabs(panel_cdf(posterior.theta, 0.0) - 0.968164336457108) < 1e-8);
}

TEST_CASE("without sources and with a fixed heterogeneity the log odds are one normal") {
  const MetaPriors priors{one(PriorKind::kNormal, -1.2, 0.9), one(PriorKind::kFixed, 0.5), 0.3, 0.4};
  const MetaPosterior posterior = meta_predictive(evidence_of({}, {}), priors, fine_route());
  const double sd = std::sqrt(0.81 + 0.25 + 0.16);
  const GridSummary theta = summarise_grid(posterior.theta, centiles(), false);
  REQUIRE(std::fabs(theta.mean + 0.9) < 1e-8);
  REQUIRE(naive::close_ratio(theta.sd, sd, 1e-8));
  for (double z = -4.0; z < 4.0; z += 0.5) {
    REQUIRE(std::fabs(panel_cdf(posterior.theta, -0.9 + z * sd) - naive::normal_below(z, 0.0, 1.0)) < 2e-9);
  }
  REQUIRE(posterior.tau.panels() == 0);
  const GridSummary mu = summarise_grid(posterior.mu, centiles(), false);
  REQUIRE(std::fabs(mu.mean + 1.2) < 1e-8);
  REQUIRE(naive::close_ratio(mu.sd, 0.9, 1e-8));
}

TEST_CASE("without sources the heterogeneity keeps its prior") {
  const MetaPosterior posterior = meta_predictive(evidence_of({}, {}), half_normal(0.5), fine_route());
  const GridSummary tau = summarise_grid(posterior.tau, centiles(), false);
  REQUIRE(std::fabs(tau.mean - 0.5 * std::sqrt(2.0 / M_PI)) < 1e-8);
  REQUIRE(std::fabs(tau.quantile(1) - 0.5 * 0.674489750196082) < 1e-7);
  // theta has variance 4 + E tau^2 = 4.25
  REQUIRE(std::fabs(summarise_grid(posterior.theta, centiles(), false).sd - std::sqrt(4.25)) < 1e-7);
}

TEST_CASE("two small sources agree with the triple integral over theta, mu and tau") {
  const MetaPriors priors{one(PriorKind::kNormal, -0.5, 1.0), one(PriorKind::kHalfNormal, 0.6), 0.2, 0.3};
  const auto over = [&](const auto& value) {
    return naive::in_pieces(
        [&](double tau) {
          const auto in_mu = [&](double mu) {
            const double one_source = average([](double t) { return kernel(1.0, 8.0, t); }, mu, tau);
            const double other = average([](double t) { return kernel(3.0, 5.0, t); }, mu, tau);
            return naive::normal(mu, -0.5, 1.0) * one_source * other * value(mu, tau);
          };
          return 2.0 * naive::normal(tau, 0.0, 0.6) * naive::in_pieces(in_mu, -7.0, 6.0, 1);
        },
        0.0, 4.5, 1);
  };
  const double mass = over([](double, double) { return 1.0; });
  const double mean =
      over([](double mu, double tau) { return average(naive::rate, mu + 0.2, std::hypot(tau, 0.3)); }) / mass;
  const double mean_tau = over([](double, double tau) { return tau; }) / mass;
  const double mean_mu = over([](double mu, double) { return mu; }) / mass;
  const MetaPosterior posterior = meta_predictive(evidence_of({1.0, 3.0}, {8.0, 5.0}), priors, fine_route());
  REQUIRE(std::fabs(summarise_grid(posterior.theta, Vector(0), true).mean - mean) < 2e-9);
  REQUIRE(std::fabs(summarise_grid(posterior.tau, Vector(0), false).mean - mean_tau) < 1e-8);
  REQUIRE(std::fabs(summarise_grid(posterior.mu, Vector(0), false).mean - mean_mu) < 1e-8);
}

TEST_CASE("a fixed mean leaves the heterogeneity to be learned") {
  const MetaPriors priors{one(PriorKind::kFixed, -1.0), one(PriorKind::kHalfNormal, 0.8), 0.0, 0.0};
  const MetaPosterior posterior = meta_predictive(evidence_of({5.0, 0.0}, {9.0, 12.0}), priors, fine_route());
  const auto density = [](double tau) {
    return naive::normal(tau, 0.0, 0.8) * average([](double t) { return kernel(5.0, 9.0, t); }, -1.0, tau) *
           average([](double t) { return kernel(0.0, 12.0, t); }, -1.0, tau);
  };
  const double mass = naive::in_pieces(density, 0.0, 6.5, 3);
  const double mean_tau =
      naive::in_pieces([&](double tau) { return tau * density(tau); }, 0.0, 6.5, 3) / mass;
  REQUIRE(std::fabs(summarise_grid(posterior.tau, Vector(0), false).mean - mean_tau) < 1e-8);
  REQUIRE(std::fabs(summarise_grid(posterior.theta, Vector(0), false).mean + 1.0) < 1e-8);
  REQUIRE(posterior.mu.panels() == 0);
}

TEST_CASE("the order of sources does not matter and exchanging events mirrors the answer") {
  const auto theta = [](const MetaEvidence& evidence) {
    return summarise_grid(meta_predictive(evidence, half_normal(0.5), fine_route()).theta, centiles(), false);
  };
  const GridSummary here = theta(evidence_of({3.0, 0.0, 5.0}, {10.0, 6.0, 8.0}));
  const GridSummary turned = theta(evidence_of({5.0, 3.0, 0.0}, {8.0, 10.0, 6.0}));
  const GridSummary mirrored = theta(evidence_of({7.0, 6.0, 3.0}, {10.0, 6.0, 8.0}));
  REQUIRE(std::fabs(here.mean - turned.mean) < 2e-9);
  REQUIRE(std::fabs(here.sd - turned.sd) < 5e-9);
  REQUIRE(std::fabs(here.mean + mirrored.mean) < 5e-9);
  REQUIRE(std::fabs(here.quantile(0) + mirrored.quantile(2)) < 1e-7);
}

TEST_CASE("equal scenarios are one, and a scenario's shift moves the trial alone") {
  MetaEvidence twice = registries();
  twice.offset = Matrix::Zero(2, 4);
  twice.shift = Vector::Zero(2);
  twice.log_weight = Vector::Constant(2, std::log(0.5));
  const auto mean = [](const MetaEvidence& evidence, bool as_rate) {
    return summarise_grid(meta_predictive(evidence, half_normal(0.5), coarse_route()).theta, Vector(0),
                          as_rate)
        .mean;
  };
  const double base = mean(registries(), false);
  REQUIRE(std::fabs(mean(twice, false) - base) < 1e-6);  // the coarse route's tolerance
  twice.shift << -0.4, 1.0;
  twice.log_weight << std::log(0.25), std::log(0.75);
  REQUIRE(std::fabs(mean(twice, false) - base - (0.75 - 0.1)) < 1e-6);
}

TEST_CASE("the coarse route agrees to the accuracy it states") {
  const GridSummary fine =
      summarise_grid(meta_predictive(registries(), half_normal(0.5), fine_route()).theta, centiles(), true);
  const GridSummary coarse =
      summarise_grid(meta_predictive(registries(), half_normal(0.5), coarse_route()).theta, centiles(), true);
  REQUIRE(std::fabs(fine.mean - coarse.mean) < 1e-6);
  REQUIRE(std::fabs(fine.sd - coarse.sd) < 1e-6);
}

// One source, mu ~ N(0, 2): at one tau mu is integrated by hand, for (theta_1, theta*) are normal with
// variances v = 4 + tau^2 and covariance 4; what is left is a normal average of the likelihood, and an
// integral over tau.
TEST_CASE("the predictive density is right at each place, also far from the centre and for every tau") {
  const double y = 35.0;
  const double n = 203.0;
  const auto likelihood = [&](double theta) {
    return std::exp(y * (theta - std::log(y / (n - y))) -
                    n * (std::log1p(std::exp(theta)) - std::log1p(y / (n - y))));
  };
  const std::vector<double> cuts{0.0, 0.03, 0.1, 0.3, 0.6, 1.0, 2.0, 3.0, 5.0, 9.0};
  const auto over_tau = [&](const auto& f) {
    double sum = 0.0;
    for (std::size_t i = 1; i < cuts.size(); ++i) {
      sum += naive::in_pieces(
          [&](double tau) { return 2.0 * naive::normal(tau, 0.0, 1.0) * f(tau, 4.0 + tau * tau); },
          cuts[i - 1], cuts[i], 1);
    }
    return sum;
  };
  const double whole = over_tau([&](double, double v) {
    return naive::in_pieces([&](double t) { return likelihood(t) * naive::normal(t, 0.0, std::sqrt(v)); },
                            -4.0, 1.0, 4);
  });
  // The narrower of the two factors is the one to integrate over.
  const auto averaged = [&](double mean, double sd) {
    if (sd < 0.3) return average(likelihood, mean, sd);
    return naive::in_pieces([&](double t) { return likelihood(t) * naive::normal(t, mean, sd); }, -4.0, 1.0,
                            4);
  };
  const auto density = [&](double theta) {
    return over_tau([&](double, double v) {
             return naive::normal(theta, 0.0, std::sqrt(v)) *
                    averaged(4.0 / v * theta, std::sqrt(v - 16.0 / v));
           }) /
           whole;
  };
  const MetaEvidence source = evidence_of({y}, {n});
  for (const auto& [route, tolerance] : {std::pair{fine_route(), 1e-9}, std::pair{coarse_route(), 1e-8}}) {
    const cordgain::PanelGrid grid = meta_predictive(source, half_normal(1.0), route).theta;
    for (double theta : {-4.5, -2.1, -1.6, -0.96, -0.76, -0.58, 0.4, 3.0}) {
      const double here = cordgain::interpolate_panel(grid, cordgain::find_panel(grid, theta), theta);
      REQUIRE(std::fabs(here - density(theta)) < tolerance);
    }
  }
}

TEST_CASE("more heterogeneity allowed widens the prediction, and a bias widens it further") {
  double before = 0.0;
  for (double scale : {0.05, 0.25, 0.5, 1.0}) {
    const double sd = summarise_grid(meta_predictive(registries(), half_normal(scale), coarse_route()).theta,
                                     Vector(0), false)
                          .sd;
    REQUIRE(sd > before);
    before = sd;
  }
  REQUIRE(summarise_grid(meta_predictive(registries(), half_normal(1.0, 0.0, 0.5), coarse_route()).theta,
                         Vector(0), false)
              .sd > before);
}

TEST_CASE("a mean that could be anything is a numerical error, not a distribution with mass missing") {
  const MetaPriors anything{one(PriorKind::kNormal, 0.0, 1e16), one(PriorKind::kFixed, 0.05), 0.0, 0.0};
  REQUIRE_THROWS_AS(meta_predictive(evidence_of({}, {}), anything, fine_route()), cordgain::NumericalError);
}

TEST_CASE("evidence and priors without an answer are refused") {
  const MetaPriors flat{one(PriorKind::kFlat, 0.0), one(PriorKind::kHalfNormal, 0.5), 0.0, 0.0};
  REQUIRE_THROWS_AS(meta_predictive(evidence_of({0.0}, {10.0}), flat, fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(meta_predictive(evidence_of({10.0}, {10.0}), flat, fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(meta_predictive(evidence_of({}, {}), flat, fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(meta_predictive(evidence_of({11.0}, {10.0}), half_normal(0.5), fine_route()),
                    InvalidInput);
  const MetaPriors fixed{one(PriorKind::kFixed, 0.0), one(PriorKind::kFixed, 0.5), 0.0, 0.0};
  REQUIRE_THROWS_AS(meta_predictive(registries(), fixed, fine_route()), InvalidInput);
  const MetaPriors negative{one(PriorKind::kNormal, 0.0, 2.0), one(PriorKind::kNormal, 0.5, 0.1), 0.0, 0.0};
  REQUIRE_THROWS_AS(meta_predictive(registries(), negative, fine_route()), InvalidInput);
  const MetaPriors below{one(PriorKind::kNormal, 0.0, 2.0), one(PriorKind::kFixed, -0.5), 0.0, 0.0};
  REQUIRE_THROWS_AS(meta_predictive(registries(), below, fine_route()), InvalidInput);
  MetaEvidence sizes = registries();
  sizes.n.conservativeResize(3);
  REQUIRE_THROWS_AS(meta_predictive(sizes, half_normal(0.5), fine_route()), InvalidInput);
  MetaEvidence offsets = registries();
  offsets.offset(0, 2) = naive::kNaN;
  REQUIRE_THROWS_AS(meta_predictive(offsets, half_normal(0.5), fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(meta_predictive(registries(), half_normal(0.5, naive::kNaN), fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(meta_predictive(registries(), half_normal(0.5, 0.0, -1.0), fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(meta_predictive(registries(), MetaPriors{}, fine_route()), InvalidInput);
}
