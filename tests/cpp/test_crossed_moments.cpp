#include <testthat/vendor/catch.h>
#include "large_equality.hpp"

using namespace cordgain;

using fixture::gamma_of;

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

TEST_CASE("crossed factors inside each site, and sessions inside patients") {
  fixture::LargeTrial trial = fixture::crossing();
  const Index n = trial.y.size();
  fixture::LargeTrial two(std::vector<double>(static_cast<std::size_t>(2 * n), 0.0));
  two.x << trial.x, trial.x;
  two.y << trial.y, 1.3 * trial.y.reverse();
  std::vector<int> patient, rater, site, session;
  for (Index i = 0; i < 2 * n; ++i) {
    const int s = i < n ? 0 : 1;
    site.push_back(s);
    patient.push_back(12 * s + trial.level[0][i % n]);
    rater.push_back(5 * s + trial.level[1][i % n]);
    session.push_back(2 * patient.back() + static_cast<int>(i % 2));
  }
  two.add(patient, 1, 1.0);
  two.add(rater, 1, 0.8);
  two.add(site, 1, 0.6);
  two.add(session, 1, 0.5);
  fixture::require_same_moments(two, gamma_of({1.5, 0.8, 0.4, 0.3, 0.7}));
}

TEST_CASE("crossed factors by roots of lower rank") {
  Matrix patient(1, 1), rater(2, 1), room(1, 1);
  patient << 1.1;
  rater << 0.9, 0.4;
  room << 0.6;
  fixture::require_same_moments(fixture::crossing(1, 2), gamma_of({1.21, 0.81, 0.36, 0.16, 0.36, 0.7}),
                                {patient, rater, room});
}
