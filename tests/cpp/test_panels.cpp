#include <testthat/vendor/catch.h>
#include <boost/math/special_functions/legendre.hpp>
#include <cordgain/math/panels.hpp>

#include "naive.hpp"

using cordgain::adaptive_panels;
using cordgain::Index;
using cordgain::outward_edges;
using cordgain::panel_cdf;
using cordgain::panel_masses;
using cordgain::panel_nodes;
using cordgain::panel_quantile;
using cordgain::panel_rule;
using cordgain::PanelGrid;
using cordgain::PanelOptions;
using cordgain::PanelRule;
using cordgain::Vector;

namespace {

template <class F>
PanelGrid grid_of(const F& f, const std::vector<double>& start, double scale = 1.0,
                  const PanelOptions& options = {}) {
  return adaptive_panels([&](const Vector& x) { return Vector(x.unaryExpr(f)); }, start, scale, options);
}

PanelGrid normal_grid(double mean, double sd, Index order = 15) {
  return grid_of([=](double x) { return naive::normal(x, mean, sd); }, outward_edges(mean, sd, -60.0, 60.0),
                 1.0, {order, order == 15 ? 1e-13 : 1e-10, 24});
}

}  // namespace

TEST_CASE("both rules integrate every polynomial of degree up to 2 n - 1 exactly") {
  for (const Index order : {Index{10}, Index{15}}) {
    const PanelRule& rule = panel_rule(order);
    REQUIRE(rule.node.size() == order);
    for (int degree = 0; degree < 2 * order; ++degree) {
      const double sum = (rule.weight * rule.node.pow(degree)).sum();
      const double expected = degree % 2 == 0 ? 2.0 / (degree + 1.0) : 0.0;
      REQUIRE(std::fabs(sum - expected) < 1e-15 * 16.0);  // 15 terms of at most 1
    }
    const double next = (rule.weight * rule.node.pow(2 * static_cast<int>(order))).sum();
    REQUIRE(std::fabs(next - 2.0 / (2.0 * order + 1.0)) > 1e-10);  // and no further
  }
}

TEST_CASE("nodes ascend inside the panel and are symmetric, as are the weights") {
  for (const Index order : {Index{10}, Index{15}}) {
    const PanelRule& rule = panel_rule(order);
    for (Index i = 0; i < order; ++i) {
      REQUIRE(rule.node(i) == -rule.node(order - 1 - i));
      REQUIRE(rule.weight(i) == rule.weight(order - 1 - i));
      REQUIRE(rule.weight(i) > 0.0);
      REQUIRE(std::fabs(rule.node(i)) < 1.0);
      if (i > 0) REQUIRE(rule.node(i) > rule.node(i - 1));
    }
  }
}

TEST_CASE("the Legendre tail reads off the two highest coefficients") {
  for (const Index order : {Index{10}, Index{15}}) {
    const PanelRule& rule = panel_rule(order);
    for (int degree = 0; degree < order; ++degree) {
      const Vector p = rule.node.unaryExpr([degree](double t) { return boost::math::legendre_p(degree, t); });
      const Vector tail = rule.legendre_tail * p;
      REQUIRE(std::fabs(tail(0) - (degree == order - 2 ? 1.0 : 0.0)) < 1e-13);  // (degree + 1/2) x 15 terms
      REQUIRE(std::fabs(tail(1) - (degree == order - 1 ? 1.0 : 0.0)) < 1e-13);
    }
  }
}

TEST_CASE("the barycentric form gives back a polynomial of degree n - 1") {
  for (const Index order : {Index{10}, Index{15}}) {
    PanelGrid grid;
    grid.order = order;
    grid.edges = Vector::LinSpaced(3, 1.0, 4.0);
    const auto f = [&](double x) { return 1.0 + std::pow(x - 2.0, static_cast<int>(order) - 1); };
    grid.density = panel_nodes(grid).unaryExpr(f);
    for (Index panel = 0; panel < 2; ++panel) {
      for (double share = 0.0; share <= 1.0; share += 0.03125) {
        const double x = grid.edges(panel) + 1.5 * share;
        // Values up to 2^14: relative to the largest in the panel, with a Lebesgue constant below 4.
        const double largest = 1.0 + std::pow(2.0, static_cast<double>(order) - 1.0);
        REQUIRE(std::fabs(interpolate_panel(grid, panel, x) - f(x)) < 4e-15 * largest);
      }
    }
    REQUIRE(interpolate_panel(grid, 1, grid.node(1, 3)) == Approx(grid.density(order + 3)).epsilon(1e-14));
  }
}

TEST_CASE("panels of any other number of nodes are refused") {
  REQUIRE_THROWS_AS(panel_rule(7), cordgain::InvalidInput);
  REQUIRE_THROWS_AS(panel_rule(0), cordgain::InvalidInput);
}

TEST_CASE("a normal has mass 1 however narrow it is and wherever it stands") {
  for (const Index order : {Index{10}, Index{15}}) {
    for (const double mean : {-31.7, 0.0, 12.34}) {
      for (const double sd : {1e-3, 0.05, 1.0, 4.0}) {
        const PanelGrid grid = normal_grid(mean, sd, order);
        // The mass of the last Legendre terms bounds each panel's error, some 50 panels.
        REQUIRE(std::fabs(panel_masses(grid).sum() - 1.0) < (order == 15 ? 1e-12 : 1e-9));
      }
    }
  }
}

TEST_CASE("nodes of a grid ascend, inside their panels, over the whole range") {
  const PanelGrid grid = normal_grid(2.0, 0.3);
  const Vector x = panel_nodes(grid);
  REQUIRE(x.size() == grid.density.size());
  REQUIRE(grid.edges(0) == -60.0);
  REQUIRE(grid.edges(grid.panels()) == 60.0);
  for (Index i = 1; i < x.size(); ++i) REQUIRE(x(i) > x(i - 1));
  for (Index p = 0; p < grid.panels(); ++p) {
    REQUIRE(x(p * grid.order) > grid.edges(p));
    REQUIRE(x((p + 1) * grid.order - 1) < grid.edges(p + 1));
  }
}

TEST_CASE("the distribution function of a normal is Phi") {
  const PanelGrid grid = normal_grid(-1.0, 0.6);
  for (double z = -8.0; z <= 8.0; z += 0.0931) {
    const double x = -1.0 + 0.6 * z;
    // Interpolation to the panel tolerance of 1e-13 in mass, in a few panels.
    REQUIRE(std::fabs(panel_cdf(grid, x) - naive::normal_below(x, -1.0, 0.6)) < 1e-12);
  }
  REQUIRE(panel_cdf(grid, -100.0) == 0.0);
  REQUIRE(std::fabs(panel_cdf(grid, 100.0) - 1.0) < 1e-12);
}

TEST_CASE("quantiles undo the distribution function") {
  const PanelGrid grid = normal_grid(5.0, 2.0);
  for (double p : {1e-9, 1e-4, 0.025, 0.1, 0.5, 0.77, 0.975, 0.9999}) {
    const double x = panel_quantile(grid, p);
    REQUIRE(std::fabs(panel_cdf(grid, x) - p) < 1e-14);
    // An error of 1e-13 in probability moves the quantile by that over the density, 1e-9 at the outermost.
    REQUIRE(std::fabs(naive::normal_below(x, 5.0, 2.0) - p) < 1e-12);
  }
  REQUIRE(std::fabs(panel_quantile(grid, 0.975) - (5.0 + 2.0 * 1.959963984540054)) < 1e-11);
}

TEST_CASE("lumps answer for the probabilities they hold") {
  PanelGrid grid = normal_grid(0.0, 1.0);
  grid.density *= 0.7;
  grid.mass_below = 0.2;
  grid.mass_above = 0.1;
  REQUIRE(panel_quantile(grid, 0.1) == -naive::kInfinity);
  REQUIRE(panel_quantile(grid, 0.2) == -naive::kInfinity);
  REQUIRE(panel_quantile(grid, 0.95) == naive::kInfinity);
  REQUIRE(std::fabs(panel_quantile(grid, 0.55)) < 1e-12);  // the middle of the 0.7 inside
  REQUIRE(panel_cdf(grid, -61.0) == 0.2);
  REQUIRE(std::fabs(panel_cdf(grid, 0.0) - 0.55) < 1e-12);
  REQUIRE(std::fabs(panel_cdf(grid, 61.0) - 0.9) < 1e-12);
}

TEST_CASE("a grid without panels has only its lumps") {
  PanelGrid grid;
  grid.mass_below = 0.25;
  REQUIRE(grid.panels() == 0);
  REQUIRE(panel_nodes(grid).size() == 0);
  REQUIRE(panel_cdf(grid, 3.0) == 0.25);
  REQUIRE(panel_quantile(grid, 0.5) == naive::kInfinity);
}

TEST_CASE("the panel of a point holds it, an edge belonging to the panel it opens") {
  PanelGrid grid;
  grid.edges.resize(4);
  grid.edges << -1.0, 0.5, 2.0, 7.0;
  REQUIRE(find_panel(grid, -0.3) == 0);
  REQUIRE(find_panel(grid, 0.5) == 1);
  REQUIRE(find_panel(grid, 6.99) == 2);
  REQUIRE(find_panel(grid, 7.0) == 2);
  REQUIRE(find_panel(grid, -9.0) == 0);
  REQUIRE(grid.half_width(2) == 2.5);
}

TEST_CASE("a part of a panel is the integral up to there") {
  const PanelGrid grid = grid_of([](double x) { return x * x; }, {0.0, 1.0, 3.0});
  for (double x = 1.0; x <= 3.0; x += 0.125) {
    REQUIRE(std::fabs(partial_panel(grid, 1, x) - (x * x * x - 1.0) / 3.0) < 1e-14 * 9.0);
  }
}

TEST_CASE("Runge's function, which no single polynomial follows, is resolved by halving") {
  const PanelGrid grid = grid_of([](double x) { return 1.0 / (1.0 + 25.0 * x * x); }, {-1.0, 1.0});
  REQUIRE(grid.panels() > 4);
  REQUIRE(std::fabs(panel_masses(grid).sum() - 0.4 * std::atan(5.0)) < 1e-12);
  for (double x = -0.99; x < 1.0; x += 0.0457) {
    // The last coefficients of a panel are below 1e-12 / its width, and those left out decay from there.
    REQUIRE(std::fabs(interpolate_panel(grid, find_panel(grid, x), x) - 1.0 / (1.0 + 25.0 * x * x)) < 1e-10);
  }
}

TEST_CASE("a polynomial of low degree is left in one panel") {
  REQUIRE(grid_of([](double x) { return 3.0 * x - x * x; }, {0.0, 3.0}).panels() == 1);
}

TEST_CASE("halving stops at the depth allowed") {
  const auto step = [](double x) { return x < 1.0 / 3.0 ? 0.0 : 1.0; };
  const PanelGrid grid = grid_of(step, {0.0, 1.0}, 1.0, {15, 1e-12, 10});
  REQUIRE(grid.panels() <= 11);  // one path of halvings
  REQUIRE(std::fabs(panel_masses(grid).sum() - 2.0 / 3.0) < std::pow(0.5, 10));
}

TEST_CASE("a function that is not finite is a numerical error, not an endless halving") {
  REQUIRE_THROWS_AS(grid_of([](double) -> double { return NAN; }, {0.0, 1.0}), cordgain::NumericalError);
  REQUIRE_THROWS_AS(grid_of([](double x) { return x > 0.4 ? naive::kInfinity : 1.0; }, {0.0, 1.0}),
                    cordgain::NumericalError);
}

TEST_CASE("starting edges hold both ends and the centre, and widen outwards") {
  const std::vector<double> edges = outward_edges(1.0, 0.1, -60.0, 60.0);
  REQUIRE(edges.front() == -60.0);
  REQUIRE(edges.back() == 60.0);
  bool centre = false;
  for (std::size_t i = 1; i < edges.size(); ++i) {
    REQUIRE(edges[i] > edges[i - 1]);
    centre = centre || edges[i] == 1.0;
    // No panel is wider than 1.5 times the distance of its near end from the centre, or than 2.5 widths.
    const double near = std::min(std::fabs(edges[i] - 1.0), std::fabs(edges[i - 1] - 1.0));
    REQUIRE(edges[i] - edges[i - 1] <= std::max(1.5 * near, 0.25) + 1e-12);
  }
  REQUIRE(centre);
}

TEST_CASE("a centre outside the range leaves no edge outside") {
  for (double centre : {-100.0, 0.0, 1.0, 100.0}) {
    for (const double edge : outward_edges(centre, 1.0, 0.0, 1.0)) {
      REQUIRE(edge >= 0.0);
      REQUIRE(edge <= 1.0);
    }
  }
}

TEST_CASE("refined panels hold the same density, mass and lumps on more nodes") {
  cordgain::PanelGrid grid;
  grid.order = 15;
  grid.edges = cordgain::Vector::LinSpaced(9, -8.0, 8.0);
  grid.density = cordgain::panel_nodes(grid).unaryExpr([](double x) { return naive::normal(x, 0.3, 1.0); });
  grid.mass_below = 0.25;
  const cordgain::PanelGrid fine = cordgain::refine_grid(grid, 0.5);
  REQUIRE(fine.panels() > grid.panels());
  REQUIRE(fine.mass_below == 0.25);
  for (cordgain::Index p = 0; p < fine.panels(); ++p) {
    const bool outer = cordgain::panel_masses(fine).segment(p * 15, 15).sum() < 1e-12;
    REQUIRE((outer || 2.0 * fine.half_width(p) <= 0.5 + 1e-12));
  }
  // Interpolation through 15 nodes on two standard deviations: |f^(15)| / 15! <= 0.4 sqrt(15!) / 15! = 3.5e-7
  // times the node polynomial 1 / 4733 gives 7.4e-11.
  const cordgain::Vector x = cordgain::panel_nodes(fine);
  for (cordgain::Index i = 0; i < x.size(); ++i) {
    REQUIRE(std::fabs(fine.density(i) - naive::normal(x(i), 0.3, 1.0)) < 7.5e-11);
  }
  REQUIRE(std::fabs(cordgain::panel_masses(fine).sum() - cordgain::panel_masses(grid).sum()) < 1e-12);
}

TEST_CASE("panels narrow enough are left as they are") {
  cordgain::PanelGrid grid;
  grid.order = 10;
  grid.edges = cordgain::Vector::LinSpaced(5, -2.0, 2.0);
  grid.density = cordgain::panel_nodes(grid).unaryExpr([](double x) { return naive::normal(x, 0.0, 1.0); });
  const cordgain::PanelGrid same = cordgain::refine_grid(grid, 1.0);
  REQUIRE(same.edges == grid.edges);
  REQUIRE(same.density == grid.density);
}

TEST_CASE("a grid without panels stays one") {
  REQUIRE(cordgain::refine_grid(PanelGrid{}, 0.3).panels() == 0);
}

TEST_CASE("panels of log odds near 0 are at most 4 wide, those far out stay as they are") {
  const std::vector<double> edges = cordgain::logistic_edges({-60.0, -2.0, 1.0, 60.0});
  REQUIRE(edges.front() == -60.0);
  REQUIRE(edges.back() == 60.0);
  for (std::size_t i = 1; i < edges.size(); ++i) {
    REQUIRE(edges[i] > edges[i - 1]);
    const bool near = edges[i - 1] < 12.0 && edges[i] > -12.0;
    REQUIRE((!near || edges[i] - edges[i - 1] <= 4.0 + 1e-12));
  }
  REQUIRE(edges[1] == -12.0);
}

TEST_CASE("edges from what is no number are refused, not sorted") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(outward_edges(nan, 1.0, 0.0, 1.0), cordgain::NumericalError);
  CHECK_THROWS_AS(outward_edges(0.5, nan, 0.0, 1.0), cordgain::NumericalError);
  CHECK_THROWS_AS(outward_edges(0.5, 0.0, 0.0, 1.0), cordgain::NumericalError);
  CHECK_THROWS_AS(outward_edges(0.5, 1.0, 0.0, infinity), cordgain::NumericalError);
  CHECK_THROWS_AS(outward_edges(0.5, 1.0, nan, 1.0), cordgain::NumericalError);
  CHECK(outward_edges(0.5, 1.0, 0.0, 1.0).size() == 3);
}
