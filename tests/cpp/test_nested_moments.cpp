#include <testthat/vendor/catch.h>
#include "large_equality.hpp"

using namespace cordgain;

namespace {

Vector gamma_of(std::initializer_list<double> values) {
  Vector out(static_cast<Index>(values.size()));
  Index at = 0;
  for (const double v : values) out[at++] = v;
  return out;
}

}  // namespace

TEST_CASE("patients in sites: level by level as dense") {
  const fixture::LargeTrial trial = fixture::sites();
  fixture::require_same_moments(trial, gamma_of({1.5, 0.3, 0.8, 0.9, -0.2, 0.4, 0.7}));
  fixture::require_same_moments(trial, gamma_of({0.0, 0.0, 0.0, 0.9, -0.2, 0.4, 0.7}));
  fixture::require_same_moments(trial, gamma_of({1.5, 0.3, 0.8, 0.0, 0.0, 0.0, 0.7}));
}
