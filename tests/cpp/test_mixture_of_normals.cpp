#include <testthat/vendor/catch.h>
#include <cordgain/dist/mixture_of_normals.hpp>

#include "naive.hpp"

using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::mixture_cdf;
using cordgain::mixture_density;
using cordgain::mixture_mean;
using cordgain::mixture_panels;
using cordgain::mixture_quantile;
using cordgain::mixture_sd;
using cordgain::MixtureOfNormals;
using cordgain::panel_masses;
using cordgain::panel_nodes;
using cordgain::PanelGrid;
using cordgain::PanelOptions;
using cordgain::Vector;

namespace {

MixtureOfNormals mixture(std::initializer_list<double> weight, std::initializer_list<double> mean,
                         std::initializer_list<double> sd) {
  const auto as_vector = [](std::initializer_list<double> x) {
    return Vector(Eigen::Map<const Vector>(x.begin(), static_cast<Index>(x.size())));
  };
  return {as_vector(weight), as_vector(mean), as_vector(sd)};
}

}  // namespace

TEST_CASE("moments of a mixture are those of the integrals") {
  const MixtureOfNormals m = mixture({0.3, 0.7}, {-2.0, 5.0}, {0.5, 3.0});
  const auto density = [](double x) {
    return 0.3 * naive::normal(x, -2.0, 0.5) + 0.7 * naive::normal(x, 5.0, 3.0);
  };
  const double mean = naive::in_pieces([&](double x) { return x * density(x); }, -40.0, 50.0, 60);
  const double square = naive::in_pieces([&](double x) { return x * x * density(x); }, -40.0, 50.0, 60);
  // Rounding of a sum over 60 pieces.
  CHECK(mixture_mean(m) == Approx(mean).epsilon(1e-12));
  CHECK(mixture_sd(m) == Approx(std::sqrt(square - mean * mean)).epsilon(1e-12));
  CHECK(mixture_density(m, 1.3) == Approx(density(1.3)).epsilon(1e-14));
  CHECK(mixture_cdf(m, 1.3) == Approx(naive::in_pieces(density, -40.0, 1.3, 60)).epsilon(1e-12));
}

TEST_CASE("a quantile is the inverse of the distribution function") {
  const MixtureOfNormals m = mixture({0.1, 0.2, 0.7}, {-200.0, 0.0, 1.0}, {1e-3, 40.0, 2.0});
  for (const double p : {1e-12, 0.025, 0.0999, 0.5, 0.975, 1.0 - 1e-12}) {
    // One part in 1e12 of the probability: the bisection ends at the last bit of x.
    CHECK(mixture_cdf(m, mixture_quantile(m, p)) == Approx(p).epsilon(1e-9));
  }
}

TEST_CASE("a point has its own quantile, and jumps are found") {
  const MixtureOfNormals point = mixture({1.0}, {7.8}, {0.0});
  CHECK(mixture_quantile(point, 0.025) == Approx(7.8).epsilon(1e-14));
  CHECK(mixture_quantile(point, 0.975) == Approx(7.8).epsilon(1e-14));
  const MixtureOfNormals two = mixture({0.4, 0.6}, {0.0, 10.0}, {0.0, 0.0});
  CHECK(mixture_quantile(two, 0.3) == Approx(0.0).margin(1e-12));
  CHECK(mixture_quantile(two, 0.5) == Approx(10.0).epsilon(1e-12));
  CHECK(mixture_cdf(two, 5.0) == Approx(0.4).epsilon(1e-15));
}

TEST_CASE("a part of no weight does not move a quantile, however wide") {
  const MixtureOfNormals wide = mixture({0.4, 0.6, 1e-90}, {2.0, 2.0, -3.0}, {3.0, 5.0, 1e72});
  const MixtureOfNormals narrow = mixture({0.4, 0.6}, {2.0, 2.0}, {3.0, 5.0});
  for (const double p : {0.01, 0.1, 0.5, 0.9, 0.99}) {
    REQUIRE(std::fabs(mixture_quantile(wide, p) - mixture_quantile(narrow, p)) < 1e-13);
    REQUIRE(std::fabs(mixture_cdf(wide, mixture_quantile(wide, p)) - p) < 1e-14);
  }
}

TEST_CASE("quantiles rise with their probability, whatever the weights and scales of the parts") {
  for (int k = 0; k < 40; ++k) {
    const double wide = std::pow(10.0, 6.0 * std::sin(3.0 * k));
    const double weight = 0.5 + 0.5 * std::sin(5.0 * k);
    const MixtureOfNormals m =
        mixture({weight, 1.0 - weight}, {100.0 * std::cos(7.0 * k), -3.0}, {wide, k % 4 == 0 ? 0.0 : 1.0});
    double before = -std::numeric_limits<double>::infinity();
    for (const double p : {1e-6, 0.01, 0.3, 0.5, 0.8, 0.999999}) {
      const double at = mixture_quantile(m, p);
      REQUIRE(at >= before);
      REQUIRE(mixture_cdf(m, at) >= p - 1e-13);
      before = at;
    }
  }
}

TEST_CASE("points alone have quantiles") {
  const MixtureOfNormals points = mixture({0.3, 0.7}, {-1.0, 4.0}, {0.0, 0.0});
  REQUIRE(mixture_quantile(points, 0.2) == -1.0);
  REQUIRE(mixture_quantile(points, 0.4) == 4.0);
  REQUIRE(mixture_quantile(mixture({1.0}, {7.0}, {0.0}), 0.4) == 7.0);
}

TEST_CASE("panels hold the whole mass, whatever the scales of the components") {
  const MixtureOfNormals m = mixture({0.5, 0.4, 0.1}, {0.0, 3.0, -50.0}, {1e-2, 1.0, 300.0});
  const PanelGrid grid = mixture_panels(m, 1e-13, PanelOptions{15, 1e-12, 30});
  const Vector mass = panel_masses(grid);
  // What is left out is 2e-13, the panels' tolerance 1e-12 each.
  CHECK(mass.sum() == Approx(1.0).epsilon(1e-10));
  CHECK(mass.dot(panel_nodes(grid)) == Approx(0.4 * 3.0 - 0.1 * 50.0).epsilon(1e-8));
}

TEST_CASE("what is no mixture is refused") {
  CHECK_THROWS_AS(mixture_panels(mixture({1.0}, {0.0}, {0.0}), 1e-13, PanelOptions{}), InvalidInput);
  CHECK_THROWS_AS(mixture_panels(mixture({-1.0}, {0.0}, {1.0}), 1e-13, PanelOptions{}), InvalidInput);
  CHECK_THROWS_AS(mixture_panels(mixture({1.0}, {naive::kNaN}, {1.0}), 1e-13, PanelOptions{}), InvalidInput);
  CHECK_THROWS_AS(mixture_quantile(mixture({1.0}, {0.0}, {1.0}), 0.0), InvalidInput);
  CHECK_THROWS_AS(mixture_quantile(mixture({1.0}, {0.0}, {1.0}), 1.0), InvalidInput);
}
