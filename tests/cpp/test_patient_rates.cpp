#include <testthat/vendor/catch.h>
#include <cordgain/natural/patient_rates.hpp>
#include <cordgain/natural/prior_predictive.hpp>

#include "naive.hpp"

using cordgain::couple_rates;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::mean_failing;
using cordgain::mean_rate;
using cordgain::PanelGrid;
using cordgain::PatientRates;
using cordgain::require_rates;
using cordgain::shift_rates;
using cordgain::Vector;

namespace {

Vector vector(std::initializer_list<double> values) {
  Vector v(static_cast<Index>(values.size()));
  Index i = 0;
  for (const double x : values) v(i++) = x;
  return v;
}

PanelGrid normal_grid(double mean, double sd) {
  return cordgain::adaptive_panels(
      [=](const Vector& x) {
        return Vector(x.unaryExpr([=](double at) { return naive::normal(at, mean, sd); }));
      },
      cordgain::outward_edges(mean, sd, -60.0, 60.0), 1.0, {15, 1e-12, 24});
}

}  // namespace

TEST_CASE("known rates are one row of log odds with all the mass") {
  const PatientRates rates = shift_rates(PanelGrid{}, vector({-1.0, 0.5}), vector({3.0, 1.0}));
  REQUIRE(rates.known());
  REQUIRE(rates.nodes() == 1);
  REQUIRE(rates.patients() == 4);
  REQUIRE(rates.logit(0, 0) == -1.0);
  REQUIRE(rates.logit(0, 1) == 0.5);
  REQUIRE(rates.mass().size() == 1);
  REQUIRE(rates.mass()(0) == 1.0);
  REQUIRE_NOTHROW(require_rates(rates));
}

TEST_CASE("shifted rates stand at the coordinate plus the group's own offset") {
  const PanelGrid grid = normal_grid(-2.0, 0.6);
  const PatientRates rates = shift_rates(grid, vector({0.0, -0.7, 1.3}), vector({2.0, 1.0, 1.0}));
  const Vector theta = panel_nodes(grid);
  REQUIRE_FALSE(rates.known());
  REQUIRE(rates.nodes() == theta.size());
  for (Index i = 0; i < theta.size(); ++i) {
    REQUIRE(rates.logit(i, 0) == theta(i));
    REQUIRE(rates.logit(i, 1) == theta(i) - 0.7);
    REQUIRE(rates.logit(i, 2) == theta(i) + 1.3);
  }
  REQUIRE(std::fabs(rates.mass().sum() - 1.0) < 1e-10);  // the grid's tolerance in some 30 panels
}

TEST_CASE("the mean rate is the patients' average, and with the failing it makes 1") {
  const PatientRates rates = shift_rates(PanelGrid{}, vector({-1.0, 0.5, 2.0}), vector({3.0, 1.0, 0.0}));
  const double expected = (3.0 * naive::rate(-1.0) + naive::rate(0.5)) / 4.0;
  REQUIRE(std::fabs(mean_rate(rates, 0) - expected) < 1e-15);
  REQUIRE(std::fabs(mean_failing(rates, 0) - (1.0 - expected)) < 1e-15);
  const PatientRates sure = shift_rates(PanelGrid{}, vector({50.0}), vector({4.0}));
  REQUIRE(mean_rate(sure, 0) == 1.0);
  REQUIRE(naive::close_ratio(mean_failing(sure, 0), std::exp(-50.0), 1e-14));  // where 1 - rate has no digits
}

TEST_CASE("coupled strata stand at the same centile") {
  const std::vector<PanelGrid> strata{normal_grid(-2.0, 0.5), normal_grid(-0.5, 1.2)};
  const PatientRates rates = couple_rates(strata, vector({0.0, 0.4}), vector({2.0, 2.0}));
  REQUIRE_NOTHROW(require_rates(rates));
  const Vector z = panel_nodes(rates.grid);
  for (Index i = 0; i < z.size(); ++i) {
    if (std::fabs(z(i)) > 5.0) continue;  // beyond, 1e-12 of probability is not small against the tail
    // Quantiles of a normal at Phi(z): mean + sd z; 1e-12 of mass over a density of at least 1e-6.
    REQUIRE(std::fabs(rates.logit(i, 0) - (-2.0 + 0.5 * z(i))) < 2e-6);
    REQUIRE(std::fabs(rates.logit(i, 1) - (-0.1 + 1.2 * z(i))) < 4e-6);
  }
  REQUIRE(std::fabs(rates.mass().sum() - 1.0) < 1e-12);
}

TEST_CASE("coupled strata keep each stratum's own mean rate") {
  const std::vector<PanelGrid> strata{normal_grid(-2.0, 0.5), normal_grid(-0.5, 1.2)};
  const PatientRates rates = couple_rates(strata, vector({0.0, 0.0}), vector({1.0, 1.0}));
  const double mean[] = {-2.0, -0.5};
  const double sd[] = {0.5, 1.2};
  for (Index j = 0; j < 2; ++j) {
    double coupled = 0.0;
    const Vector mass = rates.mass();
    for (Index i = 0; i < rates.nodes(); ++i) coupled += mass(i) * cordgain::logistic(rates.logit(i, j));
    const double expected =
        naive::in_pieces([&](double x) { return naive::rate(x) * naive::normal(x, mean[j], sd[j]); },
                         mean[j] - 9.0 * sd[j], mean[j] + 9.0 * sd[j], 8);
    // The outer centiles come with less accuracy, times their mass.
    REQUIRE(std::fabs(coupled - expected) < 1e-10);
  }
}

TEST_CASE("a stratum without panels stands at its offset in every node") {
  const PatientRates rates =
      couple_rates({normal_grid(0.0, 1.0), PanelGrid{}}, vector({0.0, -1.4}), vector({1.0, 3.0}));
  for (Index i = 0; i < rates.nodes(); ++i) REQUIRE(rates.logit(i, 1) == -1.4);
}

TEST_CASE("where a stratum has a lump its log odds are held at 60") {
  PanelGrid grid = normal_grid(0.0, 1.0);
  grid.density *= 0.5;
  grid.mass_below = 0.25;
  grid.mass_above = 0.25;
  const PatientRates rates = couple_rates({grid}, vector({0.0}), vector({4.0}));
  REQUIRE(rates.logit(0, 0) == -60.0);
  REQUIRE(rates.logit(rates.nodes() - 1, 0) == 60.0);
  for (Index i = 1; i < rates.nodes(); ++i) REQUIRE(rates.logit(i, 0) >= rates.logit(i - 1, 0));
}

TEST_CASE("rates that do not fit together are refused") {
  PatientRates rates = shift_rates(PanelGrid{}, vector({-1.0, 0.5}), vector({3.0, 1.0}));
  rates.size = vector({3.0});
  REQUIRE_THROWS_AS(require_rates(rates), InvalidInput);
  rates.size = vector({3.0, 0.5});
  REQUIRE_THROWS_AS(require_rates(rates), InvalidInput);
  rates.size = vector({3.0, -1.0});
  REQUIRE_THROWS_AS(require_rates(rates), InvalidInput);
  rates.size = vector({3.0, naive::kNaN});
  REQUIRE_THROWS_AS(require_rates(rates), InvalidInput);
  rates.size = vector({3.0, naive::kInfinity});
  REQUIRE_THROWS_AS(require_rates(rates), InvalidInput);
  rates = shift_rates(normal_grid(0.0, 1.0), vector({-1.0}), vector({3.0}));
  rates.logit.conservativeResize(3, 1);
  REQUIRE_THROWS_AS(require_rates(rates), InvalidInput);
  REQUIRE_THROWS_AS(require_rates(PatientRates{}), InvalidInput);
  REQUIRE_THROWS_AS(couple_rates({}, Vector(0), Vector(0)), InvalidInput);
  REQUIRE_THROWS_AS(couple_rates({PanelGrid{}}, vector({0.0, 1.0}), vector({1.0, 1.0})), InvalidInput);
  REQUIRE_THROWS_AS(couple_rates({PanelGrid{}}, vector({0.0, 1.0}), vector({1.0})), InvalidInput);
  rates = shift_rates(PanelGrid{}, vector({naive::kNaN}), vector({3.0}));
  REQUIRE_THROWS_AS(require_rates(rates), InvalidInput);
}
