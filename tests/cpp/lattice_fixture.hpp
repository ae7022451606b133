// Functions laid on lattices.
#pragma once

#include <cordgain/math/lattice.hpp>

#include "naive.hpp"

namespace fixture {

template <class F>
cordgain::Lattice lay(const F& f, double first, double step, cordgain::Index size) {
  cordgain::Lattice lattice;
  lattice.first = first;
  lattice.step = step;
  lattice.value.resize(size);
  for (cordgain::Index j = 0; j < size; ++j) lattice.value(j) = f(lattice.node(j));
  return lattice;
}

/// A normal with the given step in standard deviations, out to 9 of them (e^-40 beyond).
inline cordgain::Lattice normal_lattice(double mean, double sd, double step, double phase = 0.0) {
  const auto size = static_cast<cordgain::Index>(18.0 / step) + 2;
  return lay([&](double x) { return naive::normal(x, mean, sd); }, mean - (9.0 + phase * step) * sd,
             step * sd, size);
}

}  // namespace fixture
