#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/model/hyperparameters.hpp>

using cordgain::HyperKind;
using cordgain::Hyperparameter;
using cordgain::Prior;
using cordgain::PriorKind;
using cordgain::transform;

namespace {

Hyperparameter of_kind(HyperKind kind, double shape) {
  Hyperparameter out;
  out.kind = kind;
  out.shape = shape;
  out.unit = 3.0;
  out.prior = Prior({{PriorKind::kHalfNormal, 1.0, 2.0, 0.0, 0.0}});
  return out;
}

/// Integral of prior density x slope over eta: 1 if transform, slope and normaliser belong together.
double mass(const Hyperparameter& h, double from, double to, double step) {
  double sum = 0.0;
  for (double eta = from; eta <= to; eta += step) {
    const auto at = transform(h, eta);
    sum += std::exp(cordgain::log_prior(h, at) + at.log_slope) * step;
  }
  return sum;
}

}  // namespace

TEST_CASE("the slope of each transformation is its derivative") {
  for (const HyperKind kind : {HyperKind::kSd, HyperKind::kCorrelation, HyperKind::kMixing}) {
    const Hyperparameter h = of_kind(kind, 2.0);
    for (const double eta : {-1.5, -0.3, 0.0, 0.8, 2.5}) {
      const double step = 1e-5;
      const double slope = (transform(h, eta + step).value - transform(h, eta - step).value) / (2.0 * step);
      // Central differences: step^2 x third derivative, and rounding / step.
      REQUIRE(std::abs(std::exp(transform(h, eta).log_slope) - slope) < 1e-7 * (1.0 + slope));
    }
  }
}

TEST_CASE("every prior has mass one in its coordinate") {
  REQUIRE(std::abs(mass(of_kind(HyperKind::kSd, 0.0), -6.0, 8.0, 0.05) - 1.0) < 1e-10);
  for (const double shape : {1.0, 2.0, 7.5})
    REQUIRE(std::abs(mass(of_kind(HyperKind::kCorrelation, shape), -30.0, 30.0, 0.05) - 1.0) < 1e-10);
  for (const double df : {1.0, 3.0, 30.0})
    REQUIRE(std::abs(mass(of_kind(HyperKind::kMixing, df), -60.0, 10.0, 0.02) - 1.0) < 1e-10);
}

TEST_CASE("a standard deviation finds back its coordinate, near zero and far away") {
  for (const double value : {1e-12, 1e-3, 0.5, 3.0, 1e6}) {
    const double eta = cordgain::sd_coordinate(value, 3.0);
    REQUIRE(std::abs(transform(of_kind(HyperKind::kSd, 0.0), eta).value / value - 1.0) < 1e-12);
  }
}

TEST_CASE("near zero the density in the coordinate falls doubly exponentially") {
  const Hyperparameter h = of_kind(HyperKind::kSd, 0.0);
  REQUIRE(transform(h, -3.0).value < 1e-9);
  REQUIRE(transform(h, -4.0).value < 1e-24);
}

TEST_CASE("standard deviations and a correlation make covariances as by hand") {
  cordgain::HyperLayout layout;
  layout.blocks = {{0, 1, 2}, {3, -1, -1}};
  layout.sigma = 4;
  cordgain::Vector values(5);
  values << 2.0, 3.0, 0.5, 7.0, 10.0;
  cordgain::Vector expected(5);
  expected << 4.0, 3.0, 9.0, 49.0, 100.0;
  REQUIRE((layout.gamma(values) - expected).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("a fixed standard deviation has no coordinate") {
  Hyperparameter h = of_kind(HyperKind::kSd, 0.0);
  REQUIRE_FALSE(h.fixed());
  h.prior = Prior({{PriorKind::kFixed, 1.0, 4.0, 0.0, 0.0}});
  REQUIRE(h.fixed());
}

TEST_CASE(
    "a point keeps what did not move, and the sum is that of all priors and slopes at any order of moves") {
  std::vector<Hyperparameter> all = {of_kind(HyperKind::kSd, 0.0), of_kind(HyperKind::kCorrelation, 2.0),
                                     of_kind(HyperKind::kSd, 0.0)};
  all[2].prior = Prior({{PriorKind::kHalfT, 1.0, 2.0, 3.0, 0.0}});
  cordgain::HyperPoint point(all);
  const double places[][3] = {{0.2, -0.4, 1.0}, {0.2, -0.4, 1.5}, {0.9, -0.4, 1.5}, {0.9, 0.7, -0.6}};
  for (const auto& place : places) {
    double expected = 0.0;
    for (std::size_t k = 0; k < 3; ++k) {
      const auto at = transform(all[k], place[k]);
      expected += cordgain::log_prior(all[k], at) + at.log_slope;
    }
    const double found = point.move(Eigen::Map<const Eigen::Vector3d>(place));
    REQUIRE(std::abs(found - expected) < 1e-13 * (1.0 + std::abs(expected)));
    REQUIRE(point.values()[2] == transform(all[2], place[2]).value);
  }
  all[2].unit = 5.0;  // another unit moves the value
  static_cast<void>(point.move(Eigen::Map<const Eigen::Vector3d>(places[3])));
  REQUIRE(point.values()[2] == transform(all[2], places[3][2]).value);
}
