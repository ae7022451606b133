#include <testthat/vendor/catch.h>
#include "large_equality.hpp"

using namespace cordgain;

using fixture::gamma_of;

TEST_CASE("patients in sites: level by level as dense") {
  const fixture::LargeTrial trial = fixture::sites();
  fixture::require_same_moments(trial, gamma_of({1.5, 0.3, 0.8, 0.9, -0.2, 0.4, 0.7}));
  fixture::require_same_moments(trial, gamma_of({0.0, 0.0, 0.0, 0.9, -0.2, 0.4, 0.7}));
  fixture::require_same_moments(trial, gamma_of({1.5, 0.3, 0.8, 0.0, 0.0, 0.0, 0.7}));
}

TEST_CASE("one patient's slopes in a site's intercept, by roots") {
  Matrix patient(2, 2), site(1, 1);
  patient << 1.2, 0.0, 0.3, 0.8;
  site << 0.9;
  const Matrix d = patient * patient.transpose();
  fixture::require_same_moments(fixture::sites(1, 2), gamma_of({d(0, 0), d(1, 0), d(1, 1), 0.81, 0.7}),
                                {patient, site});
}

TEST_CASE("three levels: visits in patients in wards in sites") {
  fixture::LargeTrial trial = fixture::sites(1, 1);
  std::vector<int> ward;  // two or three patients each
  for (Index i = 0; i < trial.y.size(); ++i)
    ward.push_back(3 * trial.level[1][i] + (trial.level[0][i] % 7) / 3);
  trial.add(ward, 1, 0.8);
  fixture::require_same_moments(trial, gamma_of({1.5, 0.8, 0.4, 0.7}));
  fixture::require_same_moments(trial, gamma_of({1.5, 0.8, 0.0, 0.7}));
}

TEST_CASE("weighted rows") {
  fixture::LargeTrial trial = fixture::sites(1, 2);
  trial.weight = Vector::LinSpaced(trial.y.size(), 0.2, 3.0);
  fixture::require_same_moments(trial, gamma_of({1.5, 0.3, 0.8, 0.9, 0.7}));
}

TEST_CASE("a covariance over visits inside a site") {
  fixture::LargeTrial trial = fixture::sites(1, 1);
  trial.n_visits = 4;
  trial.n_subjects = 18;
  trial.subject = trial.level[0];
  trial.visit = Eigen::VectorXi::Zero(trial.y.size());
  trial.group = Eigen::VectorXi::Zero(trial.y.size());
  for (Index i = 1; i < trial.y.size(); ++i)
    trial.visit[i] = trial.subject[i] == trial.subject[i - 1] ? trial.visit[i - 1] + 1 : 0;
  trial.level.erase(trial.level.begin());
  trial.z.erase(trial.z.begin());
  Matrix a(4, 4);
  a << 2, 0, 0, 0, 0.5, 1.5, 0, 0, 0.2, 0.4, 1.2, 0, 0.1, 0.2, 0.5, 1.0;
  Vector gamma(11);
  gamma << 0.9, packed(a * a.transpose());
  fixture::require_same_moments(trial, gamma);
}

TEST_CASE("a site variance a million times the residual costs no digits") {
  // by roots: the dense V has a condition of 1e8, its factor one of 1e4, which leaves 1e-12 of each sum
  Matrix unit(1, 1), large(1, 1);
  unit << 1.0;
  large << 1000.0;
  fixture::require_same_moments(fixture::sites(1, 1), gamma_of({1.0, 1e6, 1.0}), {unit, large}, 1e-10);
  fixture::require_same_moments(fixture::sites(1, 1), gamma_of({1e6, 1e6, 1.0}), {large, large}, 1e-10);
}
