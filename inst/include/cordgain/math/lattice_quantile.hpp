// Probabilities and quantiles of a density known on a lattice: its cardinal
// series, integrated panel by panel.
#pragma once

#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/roots.hpp>
#include <cordgain/base/check.hpp>
#include <cordgain/base/error.hpp>
#include <cordgain/math/lattice.hpp>
#include <cstdint>

namespace cordgain {

/// The distribution function of the normalised lattice function.
class LatticeDistribution {
 public:
  /// @throws InvalidInput without nodes, or with a negative or zero total
  explicit LatticeDistribution(Lattice lattice) : lattice_(std::move(lattice)) {
    require(lattice_.value.size() > 0 && lattice_.sum() > 0.0, "a lattice without mass has no quantiles");
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
    return boost::math::quadrature::gauss<double, 10>::integrate(
        [&](double x) { return cardinal_series(lattice_, x); }, from, to);
  }

  Lattice lattice_;
  Vector below_;
};

}  // namespace cordgain
