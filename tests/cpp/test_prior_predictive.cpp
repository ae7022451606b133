#include <testthat/vendor/catch.h>
#include <boost/math/special_functions/beta.hpp>
#include <cordgain/math/grid_summary.hpp>
#include <cordgain/natural/prior_predictive.hpp>

#include "naive.hpp"

using cordgain::coarse_route;
using cordgain::fine_route;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::LogOddsMoves;
using cordgain::PanelGrid;
using cordgain::Prior;
using cordgain::PriorComponent;
using cordgain::PriorKind;
using cordgain::PriorPredictive;
using cordgain::summarise_grid;
using cordgain::Vector;

namespace {

PriorComponent beta(double a, double b, double weight = 1.0) {
  return {PriorKind::kBeta, weight, a, b, 0.0};
}

PriorComponent normal(double mean, double sd, double weight = 1.0) {
  return {PriorKind::kNormal, weight, mean, sd, 0.0};
}

LogOddsMoves moves(double bias_mean = 0.0, double bias_sd = 0.0) {
  return {Vector::Zero(1), Vector::Ones(1), bias_mean, bias_sd};
}

LogOddsMoves two_scenarios(double first, double second, double bias_sd) {
  LogOddsMoves m{Vector(2), Vector(2), 0.0, bias_sd};
  m.shift << first, second;
  m.weight << 0.25, 0.75;
  return m;
}

PanelGrid grid_of(const std::vector<PriorComponent>& prior, const LogOddsMoves& m) {
  return PriorPredictive(Prior(prior), m, fine_route()).grid();
}

double mean_rate(const PanelGrid& grid) {
  return summarise_grid(grid, Vector(0), true).mean;
}

}  // namespace

TEST_CASE("an unmoved beta is itself") {
  for (const double a : {0.3, 1.0, 8.0, 93.5}) {
    for (const double b : {0.5, 56.0, 790.5}) {
      const PanelGrid grid = grid_of({beta(a, b)}, moves());
      REQUIRE(std::fabs(mean_rate(grid) - a / (a + b)) < 1e-9);
      for (double p : {0.01, 0.1, 0.3, 0.7}) {
        // Panels are resolved to 1e-9 of the mass.
        REQUIRE(std::fabs(panel_cdf(grid, naive::log_odds(p)) - boost::math::ibeta(a, b, p)) < 1e-8);
      }
    }
  }
}

TEST_CASE("a logit-normal prior with a normal bias is a wider normal") {
  const PanelGrid grid = grid_of({normal(-2.0, 0.6)}, moves(0.7, 0.8));
  for (double z = -4.0; z <= 4.0; z += 0.5) {
    REQUIRE(std::fabs(panel_cdf(grid, -1.3 + z) - naive::normal_below(z, 0.0, 1.0)) < 1e-9);
  }
}

TEST_CASE("a mixture is the weighted sum of its parts") {
  const PanelGrid grid = grid_of({beta(8.0, 56.0, 0.8), beta(1.0, 1.0, 0.2)}, moves());
  REQUIRE(std::fabs(mean_rate(grid) - (0.8 * 0.125 + 0.1)) < 1e-10);
  for (double p : {0.05, 0.125, 0.5, 0.9}) {
    const double expected = 0.8 * boost::math::ibeta(8.0, 56.0, p) + 0.2 * p;
    REQUIRE(std::fabs(panel_cdf(grid, naive::log_odds(p)) - expected) < 1e-8);
  }
}

TEST_CASE("a beta spread by a bias is the double integral") {
  for (const double sd : {0.05, 0.5, 2.0}) {
    const PanelGrid grid = grid_of({beta(8.0, 56.0)}, moves(std::log(2.0), sd));
    const auto given_bias = [&](double z) {
      const double shift = std::log(2.0) + sd * z;
      const auto f = [&](double p) {
        return boost::math::ibeta_derivative(8.0, 56.0, p) * naive::rate(naive::log_odds(p) + shift);
      };
      return naive::in_pieces(f, 1e-12, 0.7, 3) * naive::normal(z, 0.0, 1.0);  // beyond 0.7: 1e-20
    };
    REQUIRE(std::fabs(mean_rate(grid) - naive::in_pieces(given_bias, -8.5, 8.5, 2)) < 1e-9);
  }
}

TEST_CASE("scenarios are mixed by their weights") {
  const PanelGrid grid = grid_of({normal(-1.0, 0.5)}, two_scenarios(-0.4, 1.2, 0.0));
  for (double x = -4.0; x < 3.0; x += 0.37) {
    const double expected =
        0.25 * naive::normal_below(x, -1.4, 0.5) + 0.75 * naive::normal_below(x, 0.2, 0.5);
    REQUIRE(std::fabs(panel_cdf(grid, x) - expected) < 1e-9);
  }
}

TEST_CASE("mass beyond 60 is kept in the lumps") {
  // Beta(0.1, 0.2): P(theta < -60) = e^(-6) / (0.1 B(0.1, 0.2)), to a relative e^-60.
  const PanelGrid grid = grid_of({beta(0.1, 0.2)}, moves());
  REQUIRE(naive::close_ratio(grid.mass_below, std::exp(-6.0) / (0.1 * boost::math::beta(0.1, 0.2)), 1e-12));
  REQUIRE(naive::close_ratio(grid.mass_above, std::exp(-12.0) / (0.2 * boost::math::beta(0.1, 0.2)), 1e-12));
  REQUIRE(std::fabs(mean_rate(grid) - 1.0 / 3.0) < 1e-9);
}

TEST_CASE("the lumps of a heavy prior are moved scenario by scenario, and spread") {
  const double scale = std::exp(-6.0) / (0.1 * boost::math::beta(0.1, 0.2));
  const PanelGrid moved = grid_of({beta(0.1, 0.2)}, two_scenarios(-1.0, 2.0, 0.0));
  REQUIRE(
      naive::close_ratio(moved.mass_below, scale * (0.25 * std::exp(0.1) + 0.75 * std::exp(-0.2)), 1e-12));
  const PanelGrid spread = grid_of({beta(0.1, 0.2)}, two_scenarios(-1.0, 2.0, 1.5));
  const double widened = std::exp(0.5 * 0.15 * 0.15);
  REQUIRE(naive::close_ratio(spread.mass_below, moved.mass_below * widened, 1e-12));
}

TEST_CASE("a normal too wide for the range keeps its tails too") {
  const PanelGrid grid = grid_of({normal(5.0, 30.0)}, moves(-1.0, 40.0));
  REQUIRE(naive::close_ratio(grid.mass_below, naive::normal_below(-60.0, 4.0, 50.0), 1e-12));
  REQUIRE(naive::close_ratio(grid.mass_above, 1.0 - naive::normal_below(60.0, 4.0, 50.0), 1e-12));
  REQUIRE(std::fabs(panel_masses(grid).sum() + grid.mass_below + grid.mass_above - 1.0) < 1e-8);
}

TEST_CASE("a sharp rate with a wide bias is resolved or refused, never wrong") {
  const PanelGrid grid = grid_of({beta(4e4, 6e4)}, moves(0.0, 1.0));
  // The beta's own SD of 0.0065 adds 2e-5 to the variance.
  const double sd = std::sqrt(1.0 + 1.0 / 4e4 + 1.0 / 6e4);
  const double centre = std::log(4.0 / 6.0);
  for (double z = -3.0; z < 3.0; z += 0.7) {
    REQUIRE(std::fabs(panel_cdf(grid, centre + z * sd) - naive::normal_below(z, 0.0, 1.0)) < 1e-5);
  }
  REQUIRE_THROWS_AS(grid_of({beta(4e10, 6e10)}, moves(0.0, 5.0)), InvalidInput);
}

TEST_CASE("the two routes agree to the coarse one's accuracy") {
  const PriorPredictive fine(Prior({beta(8.0, 56.0)}), moves(0.0, 0.5), fine_route());
  const PriorPredictive coarse(Prior({beta(8.0, 56.0)}), moves(0.0, 0.5), coarse_route());
  REQUIRE(std::fabs(mean_rate(fine.grid()) - mean_rate(coarse.grid())) < 1e-6);
}

TEST_CASE("an unmoved beta is worth its a + b patients") {
  for (const double a : {2.0, 8.0, 93.5}) {
    for (const double b : {3.0, 56.0}) {
      const cordgain::EffectiveSize size =
          PriorPredictive(Prior({beta(a, b)}), moves(), fine_route()).effective_size(a / (a + b));
      // By parts with differences of fourth order in 2e-3: h^4 times a fifth derivative of size (a + b).
      REQUIRE(naive::close_ratio(size.elir, a + b, 1e-5));
    }
  }
}

TEST_CASE("a bias takes patients away") {
  double before = 65.0;
  for (double sd : {0.1, 0.3, 0.6}) {
    const cordgain::EffectiveSize size =
        PriorPredictive(Prior({beta(8.0, 56.0)}), moves(0.0, sd), fine_route()).effective_size(0.125);
    REQUIRE(size.elir < before);
    REQUIRE(size.elir > 0.0);
    before = size.elir;
  }
}

TEST_CASE("other priors, weights and moves that make no sense are refused") {
  REQUIRE_THROWS_AS(grid_of({{PriorKind::kGamma, 1.0, 1.0, 1.0, 0.0}}, moves()), InvalidInput);
  REQUIRE_THROWS_AS(grid_of({{PriorKind::kFixed, 1.0, 0.5, 0.0, 0.0}}, moves()), InvalidInput);
  REQUIRE_THROWS_AS(PriorPredictive(Prior(), moves(), fine_route()), InvalidInput);
  LogOddsMoves none = moves();
  none.shift.resize(0);
  none.weight.resize(0);
  REQUIRE_THROWS_AS(grid_of({beta(1.0, 1.0)}, none), InvalidInput);
  LogOddsMoves uneven = moves();
  uneven.weight = Vector::Constant(2, 0.5);
  REQUIRE_THROWS_AS(grid_of({beta(1.0, 1.0)}, uneven), InvalidInput);
  LogOddsMoves shifted = moves();
  shifted.shift(0) = naive::kNaN;
  REQUIRE_THROWS_AS(grid_of({beta(1.0, 1.0)}, shifted), InvalidInput);
  for (const double bad : {-0.5, naive::kNaN, naive::kInfinity}) {
    REQUIRE_THROWS_AS(grid_of({beta(1.0, 1.0)}, moves(0.0, bad)), InvalidInput);
  }
  REQUIRE_THROWS_AS(grid_of({beta(1.0, 1.0)}, moves(naive::kNaN, 0.0)), InvalidInput);
}
