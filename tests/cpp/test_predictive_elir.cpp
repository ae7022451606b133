#include <testthat/vendor/catch.h>
#include <cordgain/natural/predictive_elir.hpp>

#include "naive.hpp"

using cordgain::deep_log_density;
using cordgain::DeepComponent;
using cordgain::Lattice;
using cordgain::LogSlope;
using cordgain::outward_edges;
using cordgain::PredictiveElir;
using cordgain::TailLaw;
using cordgain::Vector;

namespace {

// log density of theta = logit p for p ~ beta(a, b): a theta - (a + b) log(1 + e^theta) - log B(a, b).
LogSlope beta_log_odds(double theta, double a, double b) {
  const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  return {a * theta - (a + b) * cordgain::softplus(theta) - log_beta, a - (a + b) * naive::rate(theta)};
}

double elir_of_beta(double a, double b) {
  TailLaw law;
  law.decay = std::min(a, b) - 1.0;
  law.farthest = 60.0;
  return PredictiveElir(15, 1e-10, law)
      .run([&](double theta) { return beta_log_odds(theta, a, b); },
           outward_edges(std::log(a / b), 0.5, -20.0, 20.0), a + b);
}

DeepComponent normal_component(double log_weight, double mean, double width, double sd) {
  DeepComponent c;
  c.log_weight = log_weight;
  c.part.sd = sd;
  c.part.lattice.step = 0.4 * width;
  c.part.lattice.first = mean - 20.0 * c.part.lattice.step;
  c.part.lattice.value.resize(41);
  for (int j = 0; j <= 40; ++j) c.part.lattice.value(j) = naive::normal(c.part.lattice.node(j), mean, width);
  normalise(c.part.lattice);
  return c;
}

}  // namespace

TEST_CASE("the ELIR of a beta is a + b, its number of patients") {
  // Exact, from the definition; 1e-8 is the tolerance asked of the panels.
  REQUIRE(naive::close_ratio(elir_of_beta(5.0, 15.0), 20.0, 1e-8));
  REQUIRE(naive::close_ratio(elir_of_beta(2.5, 3.5), 6.0, 1e-8));
  REQUIRE(naive::close_ratio(elir_of_beta(93.5, 790.5), 884.0, 1e-8));
}

TEST_CASE("the ELIR is the same when events and others are exchanged") {
  REQUIRE(naive::close_ratio(elir_of_beta(4.0, 9.0), elir_of_beta(9.0, 4.0), 1e-9));
}

TEST_CASE("a normal on a lattice has the density and slope of the wider normal it makes") {
  // N(m, w^2) on the lattice, spread by N(0, s^2): N(m, w^2 + s^2), also twelve standard deviations out.
  const double mean = -2.0;
  const double width = 0.3;
  const double sd = 0.8;
  const std::vector<DeepComponent> parts{normal_component(std::log(1.0), mean, width, sd)};
  const double total = std::sqrt(width * width + sd * sd);
  for (double z : {-6.0, -3.0, -1.0, 0.0, 0.5, 2.0, 6.0}) {
    const double theta = mean + z * total;
    const LogSlope found = deep_log_density(parts, theta);
    const double expected = -0.5 * z * z - std::log(total * std::sqrt(2.0 * M_PI));
    // The lattice ends eight of its own widths out, which tilts the farthest values by less than 1e-6.
    REQUIRE(naive::close(found.value, expected, 1e-6));
    REQUIRE(naive::close(found.slope, -z / total, 1e-5));
  }
}

TEST_CASE("a part of weight e^-500 still makes the far tail where the others have nothing") {
  const std::vector<DeepComponent> parts{normal_component(0.0, 0.0, 0.3, 0.5),
                                         normal_component(-500.0, 0.0, 0.3, 30.0)};
  const LogSlope far = deep_log_density(parts, 100.0);
  const double sd = std::sqrt(0.09 + 900.0);
  const double expected = -500.0 - 0.5 * (100.0 / sd) * (100.0 / sd) - std::log(sd * std::sqrt(2.0 * M_PI));
  REQUIRE(naive::close_ratio(far.value, expected, 1e-9));
  REQUIRE(naive::close_ratio(far.slope, -100.0 / (sd * sd), 1e-6));
}

TEST_CASE("where no component reaches the log density is minus infinity and the slope 0") {
  const LogSlope none = deep_log_density({}, 1.0);
  REQUIRE(none.value == -naive::kInfinity);
  REQUIRE(none.slope == 0.0);
}

TEST_CASE("a tail that ends as a power too slow to integrate gives no number") {
  TailLaw law;
  law.decay = 0.0;
  law.farthest = 60.0;
  // q e^|theta| falls as 1 / |theta|, and its slope term stays: the integral diverges.
  const auto density = [](double theta) {
    const double t = std::fabs(theta) + 1.0;
    const double side = theta < 0.0 ? 1.0 : -1.0;
    return LogSlope{-t + 0.2 * std::log(t), side * (0.5 - 0.2 / t)};
  };
  const double elir = PredictiveElir(15, 1e-8, law).run(density, outward_edges(0.0, 1.0, -25.0, 25.0), 1.0);
  REQUIRE(std::isnan(elir));
}
