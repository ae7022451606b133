#include <testthat/vendor/catch.h>
#include <cordgain/model/columns.hpp>
#include <vector>

using namespace cordgain;

namespace {

// Six rows: a number, a whole number, and a factor of three levels with treatment contrasts.
struct Data {
  std::vector<double> number{0.5, -1.0, 2.0, 0.25, 3.0, -0.125};
  std::vector<int> whole{1, 2, 3, 4, 5, 6};
  std::vector<int> code{1, 2, 3, 3, 2, 1};
  std::vector<double> second{0.0, 1.0, 0.0}, third{0.0, 0.0, 1.0};

  // 1, number, whole, second level, third level, number x second level x whole
  Columns columns() const {
    const ColumnPart x{number.data(), nullptr}, k{nullptr, whole.data()}, b{second.data(), code.data()},
        c{third.data(), code.data()};
    Columns out(6);
    out.add({});
    out.add({x});
    out.add({k});
    out.add({b});
    out.add({c});
    out.add({x, b, k});
    return out;
  }

  // The same, written out.
  Matrix matrix() const {
    Matrix out(6, 6);
    for (Index i = 0; i < 6; ++i) {
      const std::size_t at = static_cast<std::size_t>(i);
      const double b = code[at] == 2 ? 1.0 : 0.0, c = code[at] == 3 ? 1.0 : 0.0;
      out.row(i) << 1.0, number[at], whole[at], b, c, number[at] * b * whole[at];
    }
    return out;
  }
};

}  // namespace

TEST_CASE("columns are the products of their parts, element by element and in blocks") {
  const Data data;
  const Columns columns = data.columns();
  const Matrix expected = data.matrix();
  REQUIRE(columns.rows() == 6);
  REQUIRE(columns.cols() == 6);
  REQUIRE(columns.matrix() ==
          expected);  // products of the same numbers in the same order: no rounding differs
  for (Index j = 0; j < 6; ++j) {
    for (Index i = 0; i < 6; ++i) REQUIRE(columns(i, j) == expected(i, j));
  }
  for (const Index size : {1, 2, 4, 6}) {
    for (Index first = 0; first < 6; first += size) {
      const Index count = std::min<Index>(size, 6 - first);
      REQUIRE(columns.block(first, count) == expected.middleRows(first, count));
    }
  }
  REQUIRE(Matrix(columns.row(4)) == Matrix(expected.row(4)));
}

TEST_CASE("rows are read in any order and as often as asked") {
  const Data data;
  const Columns columns = data.columns();
  const std::vector<Index> rows{5, 0, 3, 3};
  std::vector<double> out(4);
  for (Index j = 0; j < 6; ++j) {
    columns.read(rows.data(), 4, j, out.data());
    for (std::size_t i = 0; i < 4; ++i) REQUIRE(out[i] == data.matrix()(rows[i], j));
  }
}

TEST_CASE("a whole matrix is read as it is") {
  const Matrix whole = Data().matrix();
  const Columns columns(Eigen::Map<const Matrix>(whole.data(), 6, 6));
  REQUIRE(columns.matrix() == whole);
}

TEST_CASE("columns are equal when they read the same data in the same way") {
  const Data data, other;
  REQUIRE(data.columns() == data.columns());
  REQUIRE(!(data.columns() == other.columns()));
  Columns more = data.columns();
  more.add({});
  REQUIRE(!(data.columns() == more));
}
