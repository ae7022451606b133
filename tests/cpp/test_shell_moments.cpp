#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/shell_moments.hpp>

using cordgain::Index;
using cordgain::Vector;
using cordgain::detail::LatticeSums;
using cordgain::detail::PosteriorMoments;
using cordgain::detail::ShellSums;

namespace {

constexpr double kInner = -4.0, kEdge = -6.0;

/// Six nodes of two parts, two coefficients and one hyperparameter; the first three are of the plain lattice.
LatticeSums six_nodes() {
  LatticeSums out;
  out.parts = 2;
  out.log_density = {-1.0, -5.0, -7.0, -1.5, -4.5, -6.5};
  for (int i = 0; i < 12; ++i) {
    const double x = static_cast<double>(i);
    out.values.push_back(3.0 + std::sin(x));
    out.mean.insert(out.mean.end(), {100.0 + std::cos(2.0 * x), -2.0 + std::sin(3.0 * x)});
    out.covariance.insert(out.covariance.end(), {0.5 + 0.1 * std::cos(x), 0.2, 0.3 + 0.05 * std::sin(x)});
  }
  return out;
}

Vector weights() {
  Vector out(12);
  for (Index i = 0; i < 12; ++i) out[i] = 1.0 + 0.3 * std::sin(5.0 * static_cast<double>(i));
  return out / out.sum();
}

/// The definition: only nodes for which `take` holds have weight.
template <class Take>
PosteriorMoments defined(Take&& take) {
  Vector weight = weights();
  for (Index part = 0; part < 12; ++part) {
    if (!take(part / 2)) weight[part] = 0.0;
  }
  const auto found = cordgain::detail::lattice_moments(six_nodes(), weight, 2, 1);
  PosteriorMoments out{Vector(3), Vector(3)};
  out.mean << found.coefficients.mean, found.hyper.mean;
  out.sd << found.coefficients.sd, found.hyper.sd;
  return out;
}

ShellSums sums() {
  const LatticeSums nodes = six_nodes();
  return ShellSums(nodes, weights(), cordgain::detail::lattice_moments(nodes, weights(), 2, 1), 3, kInner,
                   kEdge);
}

}  // namespace

TEST_CASE("moments of each lattice, and of both without their outer shells, are those of the definition") {
  const ShellSums found = sums();
  const std::vector<double> depth = six_nodes().log_density;
  const auto above = [&](double lowest) {
    return defined([&](Index node) { return depth[static_cast<std::size_t>(node)] >= lowest; });
  };
  const PosteriorMoments all = above(-100.0), core = above(kEdge), inner = above(kInner);
  const PosteriorMoments plain = defined([](Index node) { return node < 3; });
  const PosteriorMoments shifted = defined([](Index node) { return node >= 3; });
  const auto same = [](const Vector& a, const Vector& b) { return (a - b).cwiseAbs().maxCoeff() < 1e-13; };
  REQUIRE(same(found.gap(found.lattice(0), found.lattice(1)), cordgain::detail::route_gap(plain, shifted)));
  REQUIRE(same(found.gap(found.within(2), found.within(1)), cordgain::detail::route_gap(all, core)));
  REQUIRE(same(found.gap(found.within(1), found.within(0)), cordgain::detail::route_gap(core, inner)));
  REQUIRE(std::abs(found.within(2).weight - 1.0) < 1e-15);
  REQUIRE(found.within(0).weight < found.within(1).weight);
}

TEST_CASE("shells without nodes have no moments, rather than a difference of zero") {
  const LatticeSums nodes = six_nodes();
  const ShellSums none(nodes, weights(), cordgain::detail::lattice_moments(nodes, weights(), 2, 1), 6, 0.0,
                       -0.5);
  REQUIRE(std::isnan(none.gap(none.lattice(0), none.lattice(1))[0]));
  REQUIRE(std::isnan(none.gap(none.within(2), none.within(0))[2]));
}
