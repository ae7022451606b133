// What the tests of links share: values held against a distribution function in long double, derivatives
// against differences.
#pragma once

#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/math/differences.hpp>
#include <cordgain/model/latent_links.hpp>

namespace link_checks {

using cordgain::Vector;

/// Values of a link to 1e-13 of a long double distribution function, where that has them.
template <class Link, class Cdf>
void require_distribution(Cdf&& cdf) {
  for (const double t : {-4.0, -1.3, -0.2, 0.0, 0.7, 2.0}) {
    const long double at = cdf(static_cast<long double>(t));
    REQUIRE(Link::below(t).value == Approx(static_cast<double>(std::log(at))).epsilon(1e-13));
    REQUIRE(Link::above(t).value == Approx(static_cast<double>(std::log1p(-at))).epsilon(1e-13));
    for (const double width : {0.01, 0.5, 3.0}) {
      const long double next = cdf(static_cast<long double>(t + width));
      REQUIRE(Link::between(t, t + width).value ==
              Approx(static_cast<double>(std::log(next - at))).epsilon(1e-12));
    }
  }
}

/// A one-sided probability: its value at `t` has the slope and curvature that go with it.
template <class F>
void require_point(F&& terms, double t) {
  const auto value = [&](const Vector& p) { return terms(p[0]).value; };
  const Vector at = Vector::Constant(1, t);
  // truncation of fourth-order differences with steps of 1e-3 and 1e-2
  REQUIRE(std::fabs(terms(t).slope - cordgain::difference_gradient(value, at)[0]) < 1e-8);
  REQUIRE(std::fabs(terms(t).curvature - cordgain::difference_hessian(value, at)(0, 0)) < 1e-6);
}

template <class Link>
void require_link_derivatives() {
  for (const double t : {-3.0, -1.0, 0.1, 1.4}) {
    require_point([](double x) { return Link::below(x); }, t);
    require_point([](double x) { return Link::above(x); }, t);
    for (const double width : {0.4, 1.5}) {
      Vector at(2);
      at << t, t + width;
      const auto value = [](const Vector& p) { return Link::between(p[0], p[1]).value; };
      const cordgain::IntervalTerms terms = Link::between(at[0], at[1]);
      const Vector gradient = cordgain::difference_gradient(value, at);
      const cordgain::Matrix hessian = cordgain::difference_hessian(value, at);
      REQUIRE(std::fabs(terms.lower - gradient[0]) < 1e-7);
      REQUIRE(std::fabs(terms.upper - gradient[1]) < 1e-7);
      REQUIRE(std::fabs(terms.lower2 - hessian(0, 0)) < 1e-4);
      REQUIRE(std::fabs(terms.cross - hessian(0, 1)) < 1e-4);
      REQUIRE(std::fabs(terms.upper2 - hessian(1, 1)) < 1e-4);
    }
  }
}

}  // namespace link_checks
