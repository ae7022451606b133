#include <testthat/vendor/catch.h>
#include <cordgain/excess/sceptical.hpp>
#include <cordgain/excess/shared_shift.hpp>
#include <cordgain/math/grid_summary.hpp>
#include <cordgain/natural/prior_predictive.hpp>

#include "naive.hpp"

using cordgain::effect_posterior;
using cordgain::effect_table;
using cordgain::EffectPosterior;
using cordgain::EffectTable;
using cordgain::Index;
using cordgain::InvalidInput;
using cordgain::PanelGrid;
using cordgain::PatientRates;
using cordgain::Prior;
using cordgain::PriorKind;
using cordgain::Route;
using cordgain::shift_rates;
using cordgain::Vector;
using cordgain::detail::EffectPrior;
using cordgain::detail::has_common_shift;

namespace {

Prior normal(double mean, double sd) {
  return Prior({{PriorKind::kNormal, 1.0, mean, sd, 0.0}});
}

PatientRates known(double theta, double n) {
  return shift_rates(PanelGrid{}, Vector::Constant(1, theta), Vector::Constant(1, n));
}

PatientRates logit_normal(double mean, double sd, double n, const Route& route) {
  const cordgain::LogOddsMoves still{Vector::Zero(1), Vector::Ones(1), 0.0, 0.0};
  const PanelGrid theta = cordgain::PriorPredictive(normal(mean, sd), still, route).grid();
  return shift_rates(theta, Vector::Zero(1), Vector::Constant(1, n));
}

// log P(y of n | log odds x), by lgamma: for many patients.
double log_binomial(double y, double n, double x) {
  const double log_choose = std::lgamma(n + 1.0) - std::lgamma(y + 1.0) - std::lgamma(n - y + 1.0);
  return log_choose - y * std::log1p(std::exp(-x)) - (n - y) * std::log1p(std::exp(x));
}

}  // namespace

TEST_CASE("groups that stand at fixed distances share one shift, coupled strata do not") {
  Vector offset(2);
  offset << -1.0, 0.5;
  Vector size(2);
  size << 3.0, 2.0;
  const cordgain::LogOddsMoves still{Vector::Zero(1), Vector::Ones(1), 0.0, 0.0};
  const PanelGrid a = cordgain::PriorPredictive(normal(-1.0, 0.5), still, cordgain::fine_route()).grid();
  const PanelGrid b = cordgain::PriorPredictive(normal(-2.0, 1.5), still, cordgain::fine_route()).grid();
  Vector found;
  REQUIRE(has_common_shift(shift_rates(a, offset, size), found));
  REQUIRE((found - offset).cwiseAbs().maxCoeff() < 1e-12);
  REQUIRE(has_common_shift(shift_rates(PanelGrid{}, offset, size), found));
  REQUIRE((found - offset).cwiseAbs().maxCoeff() < 1e-12);
  REQUIRE(!has_common_shift(cordgain::couple_rates({a, b}, Vector::Zero(2), size), found));
}

TEST_CASE("coupled strata of one and the same distribution give what one group does") {
  const cordgain::LogOddsMoves still{Vector::Zero(1), Vector::Ones(1), 0.0, 0.0};
  const PanelGrid a = cordgain::PriorPredictive(normal(-1.5, 0.8), still, cordgain::fine_route()).grid();
  Vector size(2);
  size << 2.0, 3.0;
  const PatientRates coupled = cordgain::couple_rates({a, a}, Vector::Zero(2), size);
  const PatientRates one = shift_rates(a, Vector::Zero(1), Vector::Constant(1, 5.0));
  const Prior effect = normal(0.2, 1.1);
  const EffectTable table = effect_table(one, effect);
  const EffectTable other = effect_table(coupled, effect);
  for (int k = 0; k <= 5; ++k) {
    // The coupled grid ends at 7.5 standard deviations, its quantiles are interpolated: 1e-9.
    REQUIRE(std::fabs(table.alternative(k) - other.alternative(k)) < 1e-9);
    REQUIRE(std::fabs(table.benefit(k) - other.benefit(k)) < 1e-8);
    REQUIRE(std::fabs(table.mean(k) - other.mean(k)) < 1e-7);
    REQUIRE(std::fabs(table.sd(k) - other.sd(k)) < 1e-7);
    const EffectPosterior p = effect_posterior(one, effect, k);
    const EffectPosterior q = effect_posterior(coupled, effect, k);
    REQUIRE((p.natural - q.natural).cwiseAbs().maxCoeff() < 1e-8);
    REQUIRE((p.natural_comonotone - q.natural_comonotone).cwiseAbs().maxCoeff() < 1e-8);
    const Vector probs = Vector::Constant(1, 0.3);
    const double gap = cordgain::summarise_grid(p.delta, probs, false).quantile(0) -
                       cordgain::summarise_grid(q.delta, probs, false).quantile(0);
    REQUIRE(std::fabs(gap) < 1e-7);
  }
}

TEST_CASE("of a thousand patients every outcome has its own digits, the improbable ones too") {
  // Known natural rate: one integral over delta, here with the top taken out and laid over the whole prior.
  const double theta = -2.0;
  const EffectTable table = effect_table(known(theta, 1000.0), normal(0.0, 1.0));
  for (const double y : {0.0, 1.0, 120.0, 500.0, 900.0, 999.0, 1000.0}) {
    const auto log_joint = [&](double d) { return log_binomial(y, 1000.0, theta + d) - 0.5 * d * d; };
    double top = cordgain::detail::kEffectFarReach * -1e3;
    for (double d = -12.0; d <= 16.0; d += 0.01) top = std::fmax(top, log_joint(d));
    const auto part = [&](double from, double to, auto weight) {
      return naive::in_pieces([&](double d) { return weight(d) * std::exp(log_joint(d) - top); }, from, to,
                              400);
    };
    const auto unit = [](double) { return 1.0; };
    const auto self = [](double d) { return d; };
    const double above = part(0.0, 20.0, unit);
    const double whole = above + part(-20.0, 0.0, unit);
    const double mean = (part(0.0, 20.0, self) + part(-20.0, 0.0, self)) / whole;
    const double log_alternative = top + std::log(whole) - 0.5 * std::log(2.0 * M_PI);
    const auto k = static_cast<Index>(y);
    // lgamma of a thousand rounds to 1e-12 of itself, 1e-9 leaves room for both.
    REQUIRE(std::fabs(std::log(table.alternative(k)) - log_alternative) < 1e-9);
    REQUIRE(std::fabs(table.benefit(k) - above / whole) < 1e-9);
    REQUIRE(std::fabs(table.mean(k) - mean) < 1e-9);
    const EffectPosterior p = effect_posterior(known(theta, 1000.0), normal(0.0, 1.0), k);
    const auto s = cordgain::summarise_grid(p.delta, Vector::Constant(1, 0.5), false);
    REQUIRE(std::fabs(s.mean - mean) < 1e-8);
    REQUIRE(std::fabs(p.natural.sum() - 1.0) < 1e-12);
    REQUIRE(std::fabs(p.natural_comonotone.sum() - 1.0) < 1e-12);
  }
}

TEST_CASE("two normals on the log odds are one: theta and delta fall together") {
  // Where theta ~ N(m, s^2) and delta ~ N(0, b^2), x ~ N(m, s^2 + b^2), and delta given x is normal.
  const double m = -1.0;
  const double s = 0.7;
  const double b = 0.9;
  const EffectTable table = effect_table(logit_normal(m, s, 300.0, cordgain::fine_route()), normal(0.0, b));
  const double spread = std::sqrt(s * s + b * b);
  const double share = b * b / (spread * spread);
  const double rest = b * s / spread;
  for (const double y : {0.0, 30.0, 150.0, 290.0, 300.0}) {
    const auto log_joint = [&](double x) {
      return log_binomial(y, 300.0, x) - 0.5 * (x - m) * (x - m) / (spread * spread);
    };
    double top = -1e9;
    for (double x = -20.0; x <= 20.0; x += 0.01) top = std::fmax(top, log_joint(x));
    const auto part = [&](auto weight) {
      return naive::in_pieces([&](double x) { return weight(x) * std::exp(log_joint(x) - top); }, -20.0, 20.0,
                              600);
    };
    const double whole = part([](double) { return 1.0; });
    const double mean = part([&](double x) { return share * (x - m); }) / whole;
    const double above =
        part([&](double x) { return naive::normal_below(share * (x - m), 0.0, rest); }) / whole;
    const auto k = static_cast<Index>(y);
    // The natural density is known to 1e-9 of its top; an outcome of probability 1e-4 then to 1e-6 of itself.
    REQUIRE(std::fabs(table.mean(k) - mean) < 1e-7);
    REQUIRE(std::fabs(table.benefit(k) - above) < 1e-7);
  }
}

TEST_CASE("read comonotone for one group, each responder is natural with probability p0 / p1") {
  // A known effect: delta > 0 leaves Bin(y, p0 / p1), delta < 0 y + Bin(n - y, (p0 - p1) / (1 - p1)).
  for (const double delta : {-1.3, 1.3}) {
    const double p0 = naive::rate(-0.4);
    const double p1 = naive::rate(-0.4 + delta);
    const EffectPosterior p = effect_posterior(known(-0.4, 6.0), normal(delta, 1e-6), 2);
    for (int k = 0; k <= 6; ++k) {
      const double expected = delta > 0.0
                                  ? (k <= 2 ? naive::binomial(k, 2, p0 / p1) : 0.0)
                                  : (k >= 2 ? naive::binomial(k - 2, 4, (p0 - p1) / (1.0 - p1)) : 0.0);
      REQUIRE(std::fabs(p.natural_comonotone(k) - expected) < 1e-6);  // the effect's own spread
    }
  }
}

TEST_CASE("an outcome without information leaves the prior of the effect, also of a mixture") {
  const Prior mixture({{PriorKind::kNormal, 0.3, -0.5, 0.4, 0.0}, {PriorKind::kNormal, 0.7, 1.0, 1.5, 0.0}});
  const EffectPrior prior(mixture, 12.0);
  const auto moments = prior.moments();
  const double above =
      0.3 * naive::normal_below(-0.5 / 0.4, 0.0, 1.0) + 0.7 * naive::normal_below(1.0 / 1.5, 0.0, 1.0);
  REQUIRE(naive::close(moments(1), above, 1e-14));
  REQUIRE(naive::close(moments(2), 0.3 * -0.5 + 0.7, 1e-14));
  REQUIRE(naive::close(moments(3), 0.3 * (0.25 + 0.16) + 0.7 * (1.0 + 2.25), 1e-14));
  REQUIRE(naive::close(prior.density(0.2),
                       0.3 * naive::normal(0.2, -0.5, 0.4) + 0.7 * naive::normal(0.2, 1.0, 1.5), 1e-14));
  // Averaged over the outcomes the prior comes back.
  const EffectTable table = effect_table(logit_normal(-1.0, 0.5, 40.0, cordgain::fine_route()), mixture);
  REQUIRE(std::fabs(table.alternative.sum() - 1.0) < 1e-9);
  REQUIRE(std::fabs(table.alternative.dot(table.benefit) - above) < 1e-8);
  REQUIRE(std::fabs(table.alternative.dot(table.mean) - 0.55) < 1e-8);
}

TEST_CASE("effects that are no normals, or of too many scales, are refused") {
  const Prior t({{PriorKind::kT, 1.0, 0.0, 1.0, 3.0}});
  REQUIRE_THROWS_AS(EffectPrior(t, 12.0), InvalidInput);
  const Prior wide({{PriorKind::kNormal, 0.5, 0.0, 1e-6, 0.0}, {PriorKind::kNormal, 0.5, 0.0, 1e3, 0.0}});
  REQUIRE_THROWS_AS(EffectPrior(wide, 12.0), InvalidInput);
}
