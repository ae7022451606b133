#include <testthat/vendor/catch.h>
#include <cordgain/model/crossed_traces.hpp>
#include "large_fixture.hpp"

using namespace cordgain;

namespace {

/// dV/dgamma_k of scalar terms.
Matrix shared(const Eigen::VectorXi& level) {
  Matrix out(level.size(), level.size());
  for (Index i = 0; i < level.size(); ++i) {
    for (Index j = 0; j < level.size(); ++j) out(i, j) = level[i] == level[j] ? 1.0 : 0.0;
  }
  return out;
}

void require_traces(const Vector& gamma) {
  const fixture::LargeTrial trial = fixture::crossing();
  const SubDesign part = fixture::whole(trial.design());
  const CrossedBlock block = crossed_block(part, block_form(part.view()), {0, 1, 2}, 3);
  const detail::CrossedSolution at(block, gamma, {});
  const detail::CrossedTraces traces(at, 4, true);
  const Matrix inverse = fixture::dense_covariance(trial.design(), gamma).inverse();
  for (Index k = 0; k < 3; ++k) {
    const Matrix a = inverse * shared(trial.level[static_cast<std::size_t>(k)]);
    REQUIRE(traces.first[k] == Approx(a.trace()).epsilon(1e-11));
    for (Index l = 0; l < 3; ++l) {
      const Matrix b = inverse * shared(trial.level[static_cast<std::size_t>(l)]);
      REQUIRE(traces.products(k, l) == Approx((a * b).trace()).epsilon(1e-11));
    }
  }
  REQUIRE(traces.first[3] == 0.0);  // the residual's follows elsewhere
}

}  // namespace

TEST_CASE("traces are those of dense products") {
  require_traces(fixture::gamma_of({1.5, 0.8, 0.4, 0.7}));
  require_traces(fixture::gamma_of({1.5, 0.0, 0.4, 0.7}));
  require_traces(fixture::gamma_of({0.0, 0.8, 1e-8, 0.7}));
}
