#include <testthat/vendor/catch.h>
#include "gaussian_fixture.hpp"

using namespace cordgain;

TEST_CASE("least squares and the determinant are those of the normal equations") {
  const fixture::Trial trial;
  const Frame frame = make_frame(trial.design());
  const Matrix gram = trial.x.transpose() * trial.x;
  const Vector beta = gram.inverse() * trial.x.transpose() * trial.y;
  REQUIRE((frame.least_squares - beta).cwiseAbs().maxCoeff() < 1e-11);
  REQUIRE(frame.log_det_x == Approx(std::log(gram.determinant())).epsilon(1e-12));
  const double rms = (trial.y - trial.x * beta).norm() / std::sqrt(trial.y.size() - 2.0);
  REQUIRE(frame.y_scale == Approx(rms).epsilon(1e-12));
}

TEST_CASE("scores on a line leave nothing to fit") {
  fixture::Trial trial;
  trial.y = trial.x.col(1) * 2.0;
  REQUIRE_THROWS_AS(make_frame(trial.design()), InvalidInput);
}

TEST_CASE("weights are taken relative to their mean") {
  fixture::Trial trial;
  trial.weight = Vector::Constant(trial.y.size(), 1e9);
  REQUIRE(make_frame(trial.design()).weight_scale == 1e9);
  REQUIRE(make_frame(trial.design()).log_weight == 0.0);
}
