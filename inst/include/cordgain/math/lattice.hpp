// A smooth function that dies away on both sides, known on an equidistant lattice. The trapezoidal rule and
// the cardinal (sinc) series both converge geometrically there (Trefethen & Weideman 2014; Stenger 1993).
#pragma once

#include <cmath>
#include <cordgain/base/types.hpp>

namespace cordgain {

/// Values f(first + j step), j = 0 .. size - 1; zero beyond to the accuracy asked.
struct Lattice {
  double first = 0.0;
  double step = 0.0;  // 0 marks a point mass: one value, at `first`
  Vector value;

  [[nodiscard]] double node(Index j) const { return first + step * static_cast<double>(j); }
  [[nodiscard]] double sum() const { return value.sum(); }
};

/// A normal at least this many steps wide is resolved by the lattice: summed over it to an error of
/// e^{-2 pi^2 (sd/step)^2}.
constexpr double kResolvedSteps = 1.6;

/// Values that add up to 1.
inline void normalise(Lattice& lattice) {
  lattice.value /= lattice.sum();
}

/// Mean of the normalised lattice function.
inline double lattice_mean(const Lattice& lattice) {
  const Vector index =
      Vector::LinSpaced(lattice.value.size(), 0.0, static_cast<double>(lattice.value.size() - 1));
  return lattice.first + lattice.step * lattice.value.dot(index) / lattice.sum();
}

/// Variance of the normalised lattice function.
inline double lattice_variance(const Lattice& lattice) {
  const double mean = lattice_mean(lattice);
  double sum = 0.0;
  for (Index j = 0; j < lattice.value.size(); ++j) {
    const double gap = lattice.node(j) - mean;
    sum += lattice.value(j) * gap * gap;
  }
  return sum / lattice.sum();
}

/// f(x) by the cardinal series: sum_j f_j sinc((x - x_j) / step). One sine serves all terms, since
/// sin(pi (u - j)) = (-1)^j sin(pi u).
inline double cardinal_series(const Lattice& lattice, double x) {
  const double u = (x - lattice.first) / lattice.step;
  const double last = static_cast<double>(lattice.value.size() - 1);
  // Outside the lattice the function is below the accuracy asked, and the series only adds ripples.
  if (u < 0.0 || u > last) return 0.0;
  const double nearest = std::round(u);
  if (std::fabs(u - nearest) < 1e-12) return lattice.value(static_cast<Index>(nearest));
  // Two neighbours at a time, of opposite sign: one division for both.
  const Index size = lattice.value.size();
  const double* value = lattice.value.data();
  double sum = 0.0;
  for (Index j = 0; j + 1 < size; j += 2) {
    const double left = u - static_cast<double>(j);
    const double right = left - 1.0;
    sum += (value[j] * right - value[j + 1] * left) / (left * right);
  }
  if (size % 2 == 1) sum += value[size - 1] / (u - last);
  const double pi = 3.14159265358979323846;
  const double parity = static_cast<Index>(nearest) % 2 == 0 ? 1.0 : -1.0;
  return sum * parity * std::sin(pi * (u - nearest)) / pi;
}

}  // namespace cordgain
