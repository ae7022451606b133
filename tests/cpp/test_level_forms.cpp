#include <testthat/vendor/catch.h>
#include <cordgain/model/level_forms.hpp>
#include "large_fixture.hpp"

using namespace cordgain;

namespace {

void require_same_forms(const fixture::LargeTrial& trial, const Vector& gamma) {
  const DesignInput in = trial.design();
  const Frame frame = make_frame(in);
  const std::vector<LevelForms> dense = level_forms(in, frame, gamma, in.y.size());
  const std::vector<LevelForms> large = level_forms(in, frame, gamma, 2);
  for (std::size_t t = 0; t < dense.size(); ++t) {
    REQUIRE((dense[t].own - large[t].own).cwiseAbs().maxCoeff() < 1e-10);
    for (std::size_t l = 0; l < dense[t].force.size(); ++l)
      REQUIRE((dense[t].force[l] - large[t].force[l]).cwiseAbs().maxCoeff() < 1e-10);
  }
}

}  // namespace

TEST_CASE("forms of every level: level by level as dense") {
  require_same_forms(fixture::sites(), fixture::gamma_of({1.5, 0.3, 0.8, 0.9, -0.2, 0.4, 0.7}));
  require_same_forms(fixture::sites(1, 1), fixture::gamma_of({1.5, 0.0, 0.7}));
  require_same_forms(fixture::crossing(2, 2), fixture::gamma_of({1.5, 0.2, 0.5, 0.8, -0.1, 0.6, 0.4, 0.7}));
  require_same_forms(fixture::crossing(), fixture::gamma_of({1.5, 0.0, 0.4, 0.7}));
}

TEST_CASE("own forms are Z_l'V^-1 Z_l of the dense V") {
  const fixture::LargeTrial trial = fixture::crossing();
  const DesignInput in = trial.design();
  Frame frame = unit_frame(in);
  const Vector gamma = fixture::gamma_of({1.5, 0.8, 0.4, 0.7});
  const Matrix inverse = fixture::dense_covariance(in, gamma).inverse();
  const std::vector<LevelForms> forms = level_forms(in, frame, gamma, 2);
  for (std::size_t t = 0; t < 3; ++t) {
    for (Index l = 0; l < in.random[t].n_levels; ++l) {
      const Vector unit = (trial.level[t].array() == static_cast<int>(l)).cast<double>();
      REQUIRE(forms[t].own(l, 0) == Approx(unit.dot(inverse * unit)).epsilon(1e-11));
      REQUIRE(forms[t].force[static_cast<std::size_t>(l)](0, 2) ==
              Approx(unit.dot(inverse * trial.y)).epsilon(1e-9).margin(1e-9));
    }
  }
}
