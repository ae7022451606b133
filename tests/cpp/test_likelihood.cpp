#include <testthat/vendor/catch.h>
#include <cordgain/fit/likelihood.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

Vector some_gamma() {
  Vector gamma(4);
  gamma << 1.5, 0.3, 0.8, 0.7;
  return gamma;
}

Expansion expansion(const Blocks& blocks, const Vector& gamma, LikelihoodKind kind) {
  const Matrix all = Matrix::Identity(4, 4);
  return expand(moments_at(blocks, gamma, all), all, blocks.n, blocks.p, kind);
}

}  // namespace

TEST_CASE("gradient and Hessian are those of the value, profiled or not, restricted or not") {
  const Blocks blocks = reduce_rows(fixture::Trial().design()).blocks;
  const double h = 1e-5;  // central differences: error h^2
  for (const bool restricted : {true, false}) {
    for (const bool profiled : {true, false}) {
      const LikelihoodKind kind{restricted, profiled};
      const Expansion at = expansion(blocks, some_gamma(), kind);
      for (Index k = 0; k < 4; ++k) {
        Vector up = some_gamma(), down = up;
        up[k] += h;
        down[k] -= h;
        const Expansion a = expansion(blocks, up, kind), b = expansion(blocks, down, kind);
        REQUIRE((a.value - b.value) / (2 * h) == Approx(at.gradient[k]).epsilon(1e-6).margin(1e-6));
        REQUIRE(((a.gradient - b.gradient) / (2 * h) - at.hessian.col(k)).cwiseAbs().maxCoeff() < 1e-4);
      }
    }
  }
}

TEST_CASE("the deviance is that of the dense definition") {
  const fixture::Trial trial;
  const Reduced reduced = reduce_rows(trial.design(1));
  const double d = 1.3, s2 = 0.6, f = reduced.frame.y_scale * reduced.frame.y_scale;
  Vector gamma(2);
  gamma << d / f * reduced.frame.z_factor[0](0, 0) * reduced.frame.z_factor[0](0, 0), s2 / f;
  const Matrix none(2, 0);
  for (const bool restricted : {true, false}) {
    const fixture::Dense dense =
        fixture::dense_fit(trial.dense(Matrix::Constant(1, 1, d), s2), trial.x, trial.y, restricted);
    const Expansion e =
        expand(moments_at(reduced.blocks, gamma, none), none, reduced.blocks.n, 2, {restricted, false});
    const double nu = static_cast<double>(restricted ? reduced.blocks.n - 2 : reduced.blocks.n);
    const double deviance =
        e.value + 2.0 * nu * std::log(reduced.frame.y_scale) + (restricted ? reduced.frame.log_det_x : 0.0);
    REQUIRE(deviance == Approx(dense.deviance).epsilon(1e-12));
  }
}
