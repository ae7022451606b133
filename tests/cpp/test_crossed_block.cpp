#include <testthat/vendor/catch.h>
#include <cordgain/model/crossed_block.hpp>
#include "large_fixture.hpp"

using namespace cordgain;

TEST_CASE("rotated leaves and the rest keep every sum of products") {
  const fixture::LargeTrial trial = fixture::crossing(2, 1);
  const SubDesign part = fixture::whole(trial.design());
  const CrossedBlock block = crossed_block(part, block_form(part.view()), {0, 3, 4}, 5);
  REQUIRE(block.leaves.size() == 12);
  REQUIRE(block.size() == 8);
  REQUIRE(block.outer[0].gamma_at == 3);
  Matrix u = Matrix::Zero(trial.y.size(), 8), w(trial.y.size(), 3);
  std::vector<Index> rater_at, room_at;
  for (Index i = 0; i < u.rows(); ++i) {
    u(i, part.level[1][i]) = 1.0;
    u(i, 5 + part.level[2][i]) = 1.0;
  }
  w << trial.x, trial.y;
  Matrix uu = block.kept_products.selfadjointView<Eigen::Lower>(), uw = block.kept_w, ww = block.w_products;
  double rows = block.outside_df;
  for (const CrossedBlock::Leaf& leaf : block.leaves) {
    rows += static_cast<double>(leaf.z.rows());
    for (std::size_t j = 0; j < leaf.column.size(); ++j) {
      for (std::size_t i = 0; i < leaf.column.size(); ++i)
        uu(leaf.column[i], leaf.column[j]) +=
            leaf.kept.col(static_cast<Index>(i)).dot(leaf.kept.col(static_cast<Index>(j)));
      uw.row(leaf.column[j]) += leaf.kept.col(static_cast<Index>(j)).transpose() * leaf.w;
    }
    ww += leaf.w.transpose() * leaf.w;
  }
  REQUIRE(rows == 54.0);
  REQUIRE((uu - u.transpose() * u).cwiseAbs().maxCoeff() < 1e-12);
  REQUIRE((uw - u.transpose() * w).cwiseAbs().maxCoeff() < 1e-11);
  REQUIRE((ww - w.transpose() * w).cwiseAbs().maxCoeff() < 1e-10);
}
