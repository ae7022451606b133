#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/fit/subject_integral.hpp>
#include "family_cases.hpp"

using namespace cordgain;

namespace {

struct Normal final : PointwiseFamily<Normal> {
  Vector y;
  explicit Normal(Vector scores) : y(std::move(scores)) {}
  [[nodiscard]] Index rows() const override { return y.size(); }
  [[nodiscard]] PointTerms at(Index row, double eta, const Vector&) const {
    const double off = y[row] - eta;
    return {-0.5 * off * off - 0.91893853320467274178, off, -1.0};
  }
};

}  // namespace

TEST_CASE(
    "normal scores are integrated exactly by one node: the Laplace approximation is then no approximation") {
  family_cases::Trial trial = family_cases::binary_trial(2);
  const SubjectRows rows = make_subject_rows(trial.in);
  const Normal family(trial.y);
  const Vector none;
  Matrix factor(2, 2);
  factor << 0.8, 0.0, -0.3, 0.5;
  const SubjectAt at{family, rows, 1, none, Vector::Constant(5, 0.2), rows.z.middleRows(5, 5) * factor};
  const Placement place = place_nodes(at, EffectVector::Zero(2));
  REQUIRE(place.found);
  const Matrix v = at.loading * at.loading.transpose() + Matrix::Identity(5, 5);
  const Vector off = trial.y.segment(5, 5) - at.fixed;
  const double exact = -0.5 * (5.0 * std::log(2.0 * 3.14159265358979323846) + std::log(v.determinant()) +
                               off.dot(v.inverse() * off));
  for (const Index nodes : {1, 5, 9})
    REQUIRE(at_nodes(at, place, gauss_hermite(nodes, 2)).log_likelihood == Approx(exact).epsilon(1e-13));
  const Vector blup = at.loading.transpose() * v.inverse() * off;
  REQUIRE((Vector(place.mode) - blup).norm() < 1e-12);
}

TEST_CASE("the mode has no slope, from a bad start too") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const BinomialLogit family(trial.y, Vector::Ones(30));
  const Vector none;
  for (const double start : {0.0, 40.0, -1e6}) {
    const SubjectAt at{family, rows, 3, none, Vector::Zero(5), 6.0 * rows.z.middleRows(15, 5)};
    const Placement place = place_nodes(at, EffectVector::Constant(1, start));
    REQUIRE(place.found);
    REQUIRE(integrand(at, place.mode).slope.norm() < 1e-9);
  }
}

TEST_CASE("weights of the nodes are a distribution") {
  const family_cases::Trial trial = family_cases::binary_trial();
  const SubjectRows rows = make_subject_rows(trial.in);
  const BinomialLogit family(trial.y, Vector::Ones(30));
  const Vector none;
  const SubjectAt at{family, rows, 0, none, Vector::Zero(5), rows.z.middleRows(0, 5)};
  const NodeValues values = at_nodes(at, place_nodes(at, EffectVector::Zero(1)), gauss_hermite(19, 1));
  REQUIRE(values.weight.sum() == Approx(1.0).epsilon(1e-14));
  REQUIRE(values.weight.minCoeff() >= 0.0);
}
