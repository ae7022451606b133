#include <testthat/vendor/catch.h>
#include "large_fixture.hpp"

using namespace cordgain;

TEST_CASE("a part holds the named rows and terms, its levels counted anew") {
  fixture::LargeTrial trial = fixture::sites();
  trial.weight = Vector::LinSpaced(trial.y.size(), 0.5, 1.5);
  const DesignInput in = trial.design();
  const Frame frame = make_frame(in);
  LevelMarks marks = level_marks(in);
  const std::vector<Index> rows = {30, 31, 20};
  const SubDesign part = sub_design(in, frame, rows.data(), 3, {0}, marks);
  REQUIRE(part.term == std::vector<Index>{0});
  REQUIRE(part.level[0][0] == 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Index r = rows[i], at = static_cast<Index>(i);
    const double root = std::sqrt(trial.weight[r] / trial.weight.mean());
    REQUIRE(part.origin[0][static_cast<std::size_t>(part.level[0][at])] == trial.level[0][r]);
    // the part times the factor is the user's row
    const Vector x = (part.x.row(at) * frame.factor).transpose() / root;
    REQUIRE((x - trial.x.row(r).transpose()).norm() < 1e-12);
    const double y = part.y[at] * frame.y_scale / root + trial.x.row(r).dot(frame.least_squares);
    REQUIRE(y == Approx(trial.y[r]).epsilon(1e-13));
    const Vector z = (part.z[0].row(at) * frame.z_factor[0]).transpose() / root;
    REQUIRE((z - trial.z[0].row(r).transpose()).norm() < 1e-12);
  }
  for (const auto& mark : marks) {
    for (const Index m : mark) REQUIRE(m == -1);  // restored
  }
}

TEST_CASE("in its own coordinates a part is what it was made from") {
  const fixture::LargeTrial trial = fixture::crossing();
  const SubDesign part = fixture::whole(trial.design());
  REQUIRE(part.x == trial.x);
  REQUIRE(part.y == trial.y);
  const DesignInput view = part.view();
  REQUIRE(view.random.size() == 3);
  REQUIRE(view.random[1].n_levels == 5);
  REQUIRE_FALSE(view.residual.present());
}
