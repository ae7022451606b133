// The accuracy of the quadrature of the natural rate. Each number is worked out on two routes; their
// difference is its numerical error.
#pragma once

#include <cordgain/base/types.hpp>

namespace cordgain {

/// How far sums go and how fine they are: two routes differ in every one of these.
struct Route {
  Index order = 15;            // nodes of a panel
  double digits = 28.0;        // -log of the relative size of what is left out (e^-28 = 7e-13)
  double lattice_step = 0.47;  // of a lattice, in standard deviations
  double tolerance = 1e-9;     // of adaptive panels
  double reach = 35.0;      // -log of the relative size at which a tail ends: what nature hardly ever gives
                            // (all of 20 patients at a rate of 0.2) is decided far from the centre
  double tau_slack = 50.0;  // last Legendre terms of a panel of tau, over `tolerance`: the integral over tau
                            // is far more accurate than they tell (its error is of twice their degree)
};

inline Route fine_route() {
  return Route{};
}
inline Route coarse_route() {
  return Route{10, 25.0, 0.51, 1e-7, 32.0, 20.0};
}

}  // namespace cordgain
