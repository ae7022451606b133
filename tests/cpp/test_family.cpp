#include <testthat/vendor/catch.h>
#include <cordgain/model/family.hpp>

using namespace cordgain;

namespace {

// A normal score of variance 1: all that a new family has to say.
struct UnitNormal final : PointwiseFamily<UnitNormal> {
  Vector y = Vector::LinSpaced(3, 1.0, 3.0);
  [[nodiscard]] Index rows() const override { return y.size(); }
  [[nodiscard]] PointTerms at(Index row, double eta, const Vector&) const {
    const double off = y[row] - eta;
    return {-0.5 * off * off, off, -1.0};
  }
};

}  // namespace

TEST_CASE("a family that knows one point knows a row of them") {
  const UnitNormal family;
  Vector eta(2), value(2), slope(2), curvature(2);
  eta << 0.0, 5.0;
  family.terms(1, eta, Vector(), {value.data(), slope.data(), curvature.data()});
  REQUIRE(value[0] == -2.0);
  REQUIRE(value[1] == -4.5);
  REQUIRE(slope[0] == 2.0);
  REQUIRE(slope[1] == -3.0);
  REQUIRE(curvature[1] == -1.0);
}

TEST_CASE("what a family does not say: no parameters of its own, the unit of a link") {
  const UnitNormal family;
  REQUIRE(family.start().size() == 0);
  REQUIRE(family.feasible(Vector()));
  REQUIRE(family.unit() == 1.0);
  REQUIRE(family.reported(Vector::Constant(1, 2.0))[0] == 2.0);
}
