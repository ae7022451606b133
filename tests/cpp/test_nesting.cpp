#include <testthat/vendor/catch.h>
#include <cordgain/model/nesting.hpp>
#include "large_fixture.hpp"

using namespace cordgain;

TEST_CASE("the outer unit's columns are an orthonormal basis times z, and leave the inside") {
  const fixture::LargeTrial trial = fixture::sites();
  SubDesign part = fixture::whole(trial.design());
  part.level[1].setZero();  // one site
  part.origin[1].resize(1);
  const BlockForm form = block_form(part.view());
  REQUIRE(form.kind == BlockForm::Kind::nested);
  const OuterSplit split = split_outer(part, form);
  const Matrix basis = split.inside.x.leftCols(2), x = split.inside.x.rightCols(2);
  REQUIRE((basis.transpose() * basis - Matrix::Identity(2, 2)).cwiseAbs().maxCoeff() < 1e-14);
  REQUIRE((basis * split.z - trial.z[1]).cwiseAbs().maxCoeff() < 1e-13);
  REQUIRE((basis * split.mean.leftCols(2) + x - trial.x).cwiseAbs().maxCoeff() < 1e-13);
  REQUIRE((basis.transpose() * split.inside.y).cwiseAbs().maxCoeff() < 1e-13 * trial.y.norm());
  REQUIRE(split.inside.z.size() == 1);
}
