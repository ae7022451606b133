// What the tests of families share: derivatives of a family held against differences of its value.
#pragma once

#include <testthat/vendor/catch.h>
#include <algorithm>
#include <cmath>
#include <cordgain/math/differences.hpp>
#include <cordgain/model/family.hpp>
#include <initializer_list>

namespace family_checks {

using cordgain::Family;
using cordgain::Index;
using cordgain::PointTerms;
using cordgain::Vector;

inline Vector numbers(std::initializer_list<double> values) {
  return Eigen::Map<const Vector>(values.begin(), static_cast<Index>(values.size()));
}

inline PointTerms point(const Family& family, Index row, double eta, const Vector& extra) {
  PointTerms out;
  family.terms(row, Vector::Constant(1, eta), extra, {&out.value, &out.slope, &out.curvature});
  return out;
}

/// Slopes and curvatures of a row, in eta and in the family's own parameters, against differences of the
/// value: `tolerance` is their truncation (steps of 1e-3 and 1e-2, fourth order), relative to 1 and the
/// derivative.
inline void require_derivatives(const Family& family, Index row, double eta, const Vector& extra,
                                double tolerance = 1e-7) {
  const Index e = extra.size();
  Vector at(1 + e);
  at << eta, extra;
  const auto value = [&](const Vector& p) { return point(family, row, p[0], p.tail(e)).value; };
  const PointTerms terms = point(family, row, eta, extra);
  const Vector gradient = cordgain::difference_gradient(value, at);
  const cordgain::Matrix hessian = cordgain::difference_hessian(value, at);
  const auto near = [&](double exact, double difference) {
    REQUIRE(std::fabs(exact - difference) <= tolerance * std::max(1.0, std::fabs(exact)));
  };
  near(terms.slope, gradient[0]);
  near(terms.curvature, hessian(0, 0));
  cordgain::ExtraTerms more{Vector::Zero(e), Vector::Zero(e), cordgain::Matrix::Zero(e, e)};
  family.extra_terms(row, eta, extra, more);
  for (Index i = 0; i < e; ++i) {
    near(more.slope[i], gradient[1 + i]);
    near(more.cross[i], hessian(0, 1 + i));
    for (Index j = 0; j < e; ++j) near(more.curvature(i, j), hessian(1 + i, 1 + j));
  }
}

}  // namespace family_checks
