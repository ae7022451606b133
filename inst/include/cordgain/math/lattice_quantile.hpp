// Probabilities and quantiles of a density known on a lattice, by two routes: its
// cardinal series, and a cubic spline of its logarithm, integrated panel by panel.
#pragma once

#include <boost/math/interpolators/cardinal_cubic_b_spline.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/roots.hpp>
#include <cordgain/base/check.hpp>
#include <cordgain/base/error.hpp>
#include <cordgain/math/lattice.hpp>
#include <cstdint>

namespace cordgain {

/// A function between the nodes of a lattice.
class LatticeCurve {
 public:
  /// @param logarithmic  spline of the logarithm; else the cardinal series
  LatticeCurve(Lattice lattice, bool logarithmic) : lattice_(std::move(lattice)) {
    if (!logarithmic || lattice_.value.size() < 5) return;
    // A node that the density did not reach counts as the smallest there is.
    const double least = lattice_.value.maxCoeff() * 1e-30;
    const Vector logs = lattice_.value.cwiseMax(least).array().log();
    spline_ = boost::math::interpolators::cardinal_cubic_b_spline<double>(
        logs.data(), static_cast<std::size_t>(logs.size()), lattice_.first, lattice_.step);
    logarithmic_ = true;
  }
  [[nodiscard]] double operator()(double x) const {
    return logarithmic_ ? std::exp(spline_(x)) : cardinal_series(lattice_, x);
  }

 private:
  Lattice lattice_;
  bool logarithmic_ = false;
  boost::math::interpolators::cardinal_cubic_b_spline<double> spline_;
};

/// The distribution function of the normalised lattice function.
class LatticeDistribution {
 public:
  /// @throws InvalidInput without nodes, or with a negative or zero total
  explicit LatticeDistribution(const Lattice& lattice, bool logarithmic = false)
      : lattice_(checked(lattice)), curve_(lattice, logarithmic) {
    below_.resize(lattice_.value.size());
    below_[0] = 0.0;
    for (Index j = 1; j < below_.size(); ++j)
      below_[j] = below_[j - 1] + integral(lattice_.node(j - 1), lattice_.node(j));
  }

  /// P(X <= x), in [0, 1].
  [[nodiscard]] double below(double x) const {
    const Index last = below_.size() - 1;
    if (x <= lattice_.first) return 0.0;
    if (x >= lattice_.node(last)) return 1.0;
    const Index j = std::min(last - 1, static_cast<Index>((x - lattice_.first) / lattice_.step));
    return (below_[j] + integral(lattice_.node(j), x)) / below_[last];
  }

  /// The x with P(X <= x) = probability, 0 < probability < 1.
  [[nodiscard]] double quantile(double probability) const {
    require(probability > 0.0 && probability < 1.0, "a probability must lie in (0, 1)");
    const auto gap = [&](double x) { return below(x) - probability; };
    std::uintmax_t steps = 200;
    const boost::math::tools::eps_tolerance<double> close(50);
    const auto root = boost::math::tools::toms748_solve(gap, lattice_.first, lattice_.node(below_.size() - 1),
                                                        -probability, 1.0 - probability, close, steps);
    return 0.5 * (root.first + root.second);
  }

 private:
  /// Within one panel the series is a band-limited function of at most half a wave: ten Gauss nodes are exact
  /// to rounding.
  [[nodiscard]] double integral(double from, double to) const {
    if (!(to > from)) return 0.0;
    return boost::math::quadrature::gauss<double, 10>::integrate([&](double x) { return curve_(x); }, from,
                                                                 to);
  }

  static const Lattice& checked(const Lattice& lattice) {
    require(lattice.value.size() > 0 && lattice.sum() > 0.0, "a lattice without mass has no quantiles");
    return lattice;
  }

  Lattice lattice_;
  LatticeCurve curve_;
  Vector below_;
};

}  // namespace cordgain
