#include <testthat/vendor/catch.h>
#include <cordgain/fit/small_rows.hpp>
#include <cordgain/infer/report.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

/// A point of the covariance cone in the frame's coordinates: lower factor of D, root of the residual
/// variance.
Vector some_theta() {
  Vector theta(4);
  theta << 1.1, -0.4, 0.7, 0.9;
  return theta;
}

Covariance cone() {
  Covariance out;
  out.add(std::make_shared<FactorTerm>(2));
  out.add(std::make_shared<FactorTerm>(1));
  return out;
}

}  // namespace

TEST_CASE("the likelihood of few rows is the dense definition's, weights or none, REML or ML") {
  fixture::Trial trial;
  const DesignInput in = trial.design();
  const Frame frame = make_frame(in);
  const SmallRows rows = small_rows(in, frame);
  const Vector gamma = cone().gamma(some_theta());
  const Vector user = detail::user_gamma(frame, 4) * gamma;
  const Matrix v = trial.dense(unpacked(user.head(3), 2), user[3]);
  for (const bool restricted : {true, false}) {
    const SmallCriterion criterion(rows, restricted);
    const double nu = static_cast<double>(restricted ? trial.y.size() - 2 : trial.y.size());
    const double carried = criterion.in_gamma(gamma, {}).value + 2.0 * nu * std::log(frame.y_scale) +
                           (restricted ? frame.log_det_x : 0.0);
    REQUIRE(carried == Approx(fixture::dense_fit(v, trial.x, trial.y, restricted).deviance).epsilon(1e-11));
  }
}

TEST_CASE("from roots and from elements the likelihood is the same") {
  const fixture::Trial trial;
  const DesignInput in = trial.design();
  const SmallRows rows = small_rows(in, make_frame(in));
  const SmallCriterion criterion(rows, true);
  const Vector gamma = cone().gamma(some_theta());
  const SecondOrder a = criterion.in_gamma(gamma, {}),
                    b = criterion.in_gamma(gamma, cone().roots(some_theta()));
  REQUIRE(a.value == Approx(b.value).epsilon(1e-12));
  REQUIRE((a.gradient - b.gradient).norm() < 1e-10 * a.gradient.norm());
}

TEST_CASE("gradient and Hessian of few rows are the central differences of the value") {
  const fixture::Trial trial;
  const DesignInput in = trial.design();
  const SmallRows rows = small_rows(in, make_frame(in));
  for (const bool restricted : {true, false}) {
    const SmallCriterion criterion(rows, restricted);
    const SecondOrder at = criterion.in_theta(cone(), some_theta());
    const double h = 1e-5;  // truncation h^2 and rounding eps/h meet near 1e-10
    for (Index k = 0; k < 4; ++k) {
      const SecondOrder up = criterion.in_theta(cone(), some_theta() + h * Vector::Unit(4, k));
      const SecondOrder down = criterion.in_theta(cone(), some_theta() - h * Vector::Unit(4, k));
      REQUIRE(at.gradient[k] == Approx((up.value - down.value) / (2.0 * h)).epsilon(1e-6));
      const Vector slope = (up.gradient - down.gradient) / (2.0 * h);
      REQUIRE((at.hessian.col(k) - slope).norm() < 1e-6 * (1.0 + slope.norm()));
    }
  }
}

TEST_CASE("the scale that suits the scores best is where the deviance is flat in it") {
  const fixture::Trial trial;
  const DesignInput in = trial.design();
  const SmallRows rows = small_rows(in, make_frame(in));
  for (const bool restricted : {true, false}) {
    const SmallCriterion criterion(rows, restricted);
    const Vector theta = criterion.scaled(cone(), some_theta());
    REQUIRE(std::abs(criterion.in_theta(cone(), theta).gradient.dot(theta)) < 1e-9);
  }
}

TEST_CASE("fixed effects and their covariance come out without the inverse of V") {
  const fixture::Trial trial;
  const DesignInput in = trial.design();
  const Frame frame = make_frame(in);
  const SmallRows rows = small_rows(in, frame);
  const Vector gamma = cone().gamma(some_theta());
  const auto parts =
      SmallCriterion(rows, true).parts(gamma, cone().roots(some_theta()), Matrix::Identity(4, 4));
  const Vector user = detail::user_gamma(frame, 4) * gamma;
  const fixture::Dense dense =
      fixture::dense_fit(trial.dense(unpacked(user.head(3), 2), user[3]), trial.x, trial.y, true);
  const auto upper = frame.factor.triangularView<Eigen::Upper>();
  const Vector beta = frame.least_squares + frame.y_scale * Vector(upper.solve(parts.beta));
  REQUIRE((beta - dense.beta).norm() < 1e-11 * dense.beta.norm());
  const Matrix half = upper.solve(parts.phi), whole = upper.solve(half.transpose());
  REQUIRE((frame.y_scale * frame.y_scale * whole - dense.phi).norm() < 1e-10 * dense.phi.norm());
}

TEST_CASE("a row that holds most of what least squares leaves is noticed, where rows are few") {
  fixture::Trial trial;
  const auto noticed = [&](Index few) {
    const DesignInput in = trial.design();
    return dominated(in, make_frame(in), few);
  };
  REQUIRE_FALSE(noticed(50));
  trial.y[3] += 1e4;
  REQUIRE(noticed(50));
  REQUIRE_FALSE(noticed(5));
}
