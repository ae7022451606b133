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

TEST_CASE("crossed factors: eliminated as dense") {
  fixture::require_same_moments(fixture::crossing(), gamma_of({1.5, 0.8, 0.4, 0.7}));
  fixture::require_same_moments(fixture::crossing(2, 2), gamma_of({1.5, 0.2, 0.5, 0.8, -0.1, 0.6, 0.4, 0.7}));
  fixture::require_same_moments(fixture::crossing(2, 1, false), gamma_of({1.5, 0.2, 0.5, 0.8, 0.7}));
}

TEST_CASE("crossed factors of zero and tiny variance") {
  fixture::require_same_moments(fixture::crossing(), gamma_of({0.0, 0.8, 0.4, 0.7}));
  fixture::require_same_moments(fixture::crossing(), gamma_of({1.5, 0.0, 0.4, 0.7}));
  fixture::require_same_moments(fixture::crossing(), gamma_of({1.5, 0.0, 0.0, 0.7}));
  fixture::require_same_moments(fixture::crossing(), gamma_of({1.5, 1e-9, 0.4, 0.7}));
  fixture::require_same_moments(fixture::crossing(2, 2), gamma_of({1.5, 0.2, 0.5, 1.0, 1.0, 1.0, 0.0, 0.7}));
}
