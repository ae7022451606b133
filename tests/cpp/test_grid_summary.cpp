#include <testthat/vendor/catch.h>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cordgain/math/grid_summary.hpp>

#include "naive.hpp"

using cordgain::adaptive_panels;
using cordgain::GridSummary;
using cordgain::Index;
using cordgain::outward_edges;
using cordgain::PanelGrid;
using cordgain::summarise_grid;
using cordgain::Vector;

namespace {

const double kProbabilities[] = {0.001, 0.025, 0.25, 0.5, 0.9, 0.975};

Vector probabilities() {
  return Eigen::Map<const Vector>(kProbabilities, 6);
}

template <class F>
PanelGrid grid_of(const F& f, double centre, double width, double low, double high) {
  return adaptive_panels([&](const Vector& x) { return Vector(x.unaryExpr(f)); },
                         outward_edges(centre, width, low, high), 1.0, {15, 1e-13, 24});
}

// Log odds of a Beta(a, b).
PanelGrid log_odds_grid(double a, double b) {
  const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  const auto density = [=](double x) { return std::exp(a * x - (a + b) * cordgain::softplus(x) - log_beta); };
  return grid_of(density, std::log(a / b), std::sqrt(1.0 / a + 1.0 / b), -60.0, 60.0);
}

}  // namespace

TEST_CASE("a normal has its mean, its deviation and its quantiles") {
  for (const double sd : {0.01, 1.0, 3.0}) {
    const PanelGrid grid =
        grid_of([=](double x) { return naive::normal(x, -2.0, sd); }, -2.0, sd, -60.0, 60.0);
    const GridSummary summary = summarise_grid(grid, probabilities(), false);
    // Mass is right to some 1e-12 of panels; times a distance of at most 60.
    REQUIRE(std::fabs(summary.mean + 2.0) < 1e-10);
    REQUIRE(naive::close_ratio(summary.sd, sd, 1e-9));
    for (Index i = 0; i < 6; ++i) {
      const double expected = -2.0 + sd * boost::math::quantile(boost::math::normal(), kProbabilities[i]);
      // 1e-12 of probability over a density of at least 0.003 / sd.
      REQUIRE(std::fabs(summary.quantile(i) - expected) < 1e-9 * sd);
    }
  }
}

TEST_CASE("the log odds of a beta have digamma mean and trigamma variance") {
  for (const double a : {0.8, 2.5, 93.5}) {
    const double b = 3.0 * a + 1.0;
    const GridSummary summary = summarise_grid(log_odds_grid(a, b), probabilities(), false);
    // Cut at 60: e^(-0.8 * 60) of the mass lies beyond.
    REQUIRE(std::fabs(summary.mean - (boost::math::digamma(a) - boost::math::digamma(b))) < 1e-10);
    REQUIRE(
        naive::close_ratio(summary.sd, std::sqrt(boost::math::trigamma(a) + boost::math::trigamma(b)), 1e-9));
  }
}

TEST_CASE("as rates, the log odds of a beta are the beta again") {
  for (const double a : {0.8, 2.5, 8.0, 93.5}) {
    for (const double b : {0.9, 56.0, 790.5}) {
      const GridSummary summary = summarise_grid(log_odds_grid(a, b), probabilities(), true);
      const boost::math::beta_distribution<double> beta(a, b);
      REQUIRE(std::fabs(summary.mean - boost::math::mean(beta)) < 1e-11);
      REQUIRE(naive::close_ratio(summary.sd, boost::math::standard_deviation(beta), 1e-9));
      for (Index i = 0; i < 6; ++i) {
        // By the probability at the quantile, which keeps one tolerance for all shapes.
        REQUIRE(std::fabs(boost::math::cdf(beta, summary.quantile(i)) - kProbabilities[i]) < 1e-11);
      }
    }
  }
}

TEST_CASE("lumps stand at rates of 0 and 1") {
  PanelGrid grid = log_odds_grid(2.0, 3.0);
  grid.density *= 0.6;
  grid.mass_below = 0.3;
  grid.mass_above = 0.1;
  const GridSummary summary = summarise_grid(grid, probabilities(), true);
  // E = 0.6 * 0.4 + 0.1; E p^2 = 0.6 * (0.4^2 + 0.04) + 0.1 = 0.22, with Var = 6 / (25 * 6) = 0.04.
  REQUIRE(std::fabs(summary.mean - 0.34) < 1e-12);
  REQUIRE(std::fabs(summary.sd - std::sqrt(0.22 - 0.34 * 0.34)) < 1e-11);
  REQUIRE(summary.quantile(0) == 0.0);
  REQUIRE(summary.quantile(2) == 0.0);
  REQUIRE(summary.quantile(5) == 1.0);
  const boost::math::beta_distribution<double> beta(2.0, 3.0);
  REQUIRE(std::fabs(boost::math::cdf(beta, summary.quantile(3)) - 1.0 / 3.0) < 1e-11);
}

TEST_CASE("a density on the positive line is summarised where it lives") {
  const boost::math::gamma_distribution<double> gamma(3.0, 0.5);
  const PanelGrid grid = grid_of([&](double x) { return boost::math::pdf(gamma, x); }, 1.0, 0.8, 0.0, 40.0);
  const GridSummary summary = summarise_grid(grid, probabilities(), false);
  REQUIRE(std::fabs(summary.mean - 1.5) < 1e-11);
  REQUIRE(std::fabs(summary.sd - std::sqrt(0.75)) < 1e-11);
  for (Index i = 0; i < 6; ++i) {
    REQUIRE(std::fabs(summary.quantile(i) - boost::math::quantile(gamma, kProbabilities[i])) < 1e-9);
  }
}

TEST_CASE("the mirror image of a distribution has the mirrored summary") {
  const GridSummary here = summarise_grid(log_odds_grid(2.0, 7.0), probabilities(), true);
  Vector others = 1.0 - probabilities().array();
  const GridSummary there = summarise_grid(log_odds_grid(7.0, 2.0), others, true);
  REQUIRE(std::fabs(here.mean + there.mean - 1.0) < 1e-12);
  REQUIRE(std::fabs(here.sd - there.sd) < 1e-12);
  for (Index i = 0; i < 6; ++i) REQUIRE(std::fabs(here.quantile(i) + there.quantile(i) - 1.0) < 1e-10);
}

TEST_CASE("no probabilities give no quantiles") {
  REQUIRE(summarise_grid(log_odds_grid(2.0, 7.0), Vector(0), true).quantile.size() == 0);
}
