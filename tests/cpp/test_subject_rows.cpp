#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/model/subject_rows.hpp>

using namespace cordgain;

namespace {

SubjectInput input() {
  SubjectInput in;
  in.x.resize(5, 3);
  in.x << 1, 0, 2, 1, 4, 6, 1, 8, 10, 1, 0, 2, 1, 4, 6;  // third = 2 first + second
  in.z.resize(5, 2);
  in.z << 1, 0, 1, 4, 1, 8, 1, 0, 1, 4;
  in.subject = {1, 0, 1, 0, 1};
  in.n_subjects = 2;
  in.block = {2};
  return in;
}

}  // namespace

TEST_CASE("rows come together by subject and remember where they were") {
  const SubjectRows rows = make_subject_rows(input());
  REQUIRE(rows.first == std::vector<Index>({0, 2, 5}));
  REQUIRE(rows.row == std::vector<Index>({1, 3, 0, 2, 4}));
  REQUIRE(rows.subjects() == 2);
  REQUIRE(rows.effects() == 2);
}

TEST_CASE("columns that depend on earlier ones are left out; the others become orthogonal of mean square 1") {
  const SubjectInput in = input();
  const SubjectRows rows = make_subject_rows(in);
  REQUIRE(rows.kept == std::vector<Index>({0, 1}));
  REQUIRE((rows.x.transpose() * rows.x / 5.0 - Matrix::Identity(2, 2)).norm() < 1e-14);
  for (Index i = 0; i < 5; ++i) {  // X is given back
    const Vector back = rows.x_factor.transpose() * rows.x.row(i).transpose();
    REQUIRE((back - in.x.row(rows.row[static_cast<std::size_t>(i)]).head(2).transpose()).norm() < 1e-13);
  }
  REQUIRE(rows.z.col(1).squaredNorm() / 5.0 == Approx(1.0).epsilon(1e-14));
  REQUIRE(rows.z_scale[1] == Approx(std::sqrt(96.0 / 5.0)).epsilon(1e-14));
}

TEST_CASE("blocks say which elements of the factor are free") {
  SubjectInput in = input();
  REQUIRE(make_subject_rows(in).free.size() == 3);
  in.block = {1, 1};
  const SubjectRows rows = make_subject_rows(in);
  REQUIRE(rows.free.size() == 2);
  REQUIRE((rows.free[1].row == 1 && rows.free[1].column == 1));
}

TEST_CASE("an offset is taken in the unit of the linear predictor, and a subject may have no rows") {
  SubjectInput in = input();
  in.offset = Vector::Constant(5, 6.0);
  in.subject = {2, 0, 2, 0, 2};
  in.n_subjects = 3;
  const SubjectRows rows = make_subject_rows(in, 3.0);
  REQUIRE(rows.offset == Vector::Constant(5, 2.0));
  REQUIRE(rows.first == std::vector<Index>({0, 2, 2, 5}));
}

TEST_CASE("what does not fit together is refused") {
  SubjectInput in = input();
  in.subject[0] = 2;
  REQUIRE_THROWS_AS(make_subject_rows(in), InvalidInput);
  in = input();
  in.block = {1};
  REQUIRE_THROWS_AS(make_subject_rows(in), InvalidInput);
  in = input();
  in.z.col(1).setZero();
  REQUIRE_THROWS_AS(make_subject_rows(in), InvalidInput);
  in = input();
  in.x(0, 0) = std::nan("");
  REQUIRE_THROWS_AS(make_subject_rows(in), InvalidInput);
  in = input();
  in.offset = Vector::Zero(2);
  REQUIRE_THROWS_AS(make_subject_rows(in), InvalidInput);
}

TEST_CASE("a design without columns, without rows, or with four effects is refused") {
  SubjectInput in = input();
  in.x.resize(5, 0);
  REQUIRE_THROWS_AS(make_subject_rows(in), InvalidInput);
  in = input();
  in.x.resize(0, 3);
  REQUIRE_THROWS_AS(make_subject_rows(in), InvalidInput);
  in = input();
  in.z = Matrix::Ones(5, 4);
  in.block = {4};
  REQUIRE_THROWS_AS(make_subject_rows(in), InvalidInput);
}
