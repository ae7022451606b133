#include <testthat/vendor/catch.h>
#include <boost/math/special_functions/beta.hpp>
#include <cordgain/excess/sceptical.hpp>
#include <cordgain/math/grid_summary.hpp>
#include <cordgain/natural/meta_predictive.hpp>
#include <cordgain/natural/prior_predictive.hpp>

#include "naive.hpp"

using cordgain::effect_grid;
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
using cordgain::shift_rates;
using cordgain::Vector;

namespace {

Prior effect(double mean, double sd) {
  return Prior({{PriorKind::kNormal, 1.0, mean, sd, 0.0}});
}

PatientRates known_rate(double p, double n) {
  return shift_rates(PanelGrid{}, Vector::Constant(1, naive::log_odds(p)), Vector::Constant(1, n));
}

PatientRates two_groups() {
  Vector logit(2);
  logit << -2.0, -0.5;
  Vector size(2);
  size << 2.0, 2.0;
  return shift_rates(PanelGrid{}, logit, size);
}

PatientRates registries(double n) {
  cordgain::MetaEvidence evidence;
  evidence.events.resize(4);
  evidence.events << 39.0, 3.0, 19.0, 32.0;
  evidence.n.resize(4);
  evidence.n << 482.0, 53.0, 161.0, 187.0;
  evidence.offset = cordgain::Matrix::Zero(1, 4);
  evidence.shift = Vector::Zero(1);
  evidence.log_weight = Vector::Zero(1);
  const cordgain::MetaPriors priors{effect(0.0, 2.0), Prior({{PriorKind::kHalfNormal, 1.0, 0.5, 0.0, 0.0}}),
                                    0.0, 0.0};
  const PanelGrid theta = meta_predictive(evidence, priors, cordgain::fine_route()).theta;
  return shift_rates(theta, Vector::Zero(1), Vector::Constant(1, n));
}

// Integral over delta of N(delta; mean, sd) f(delta), cut at 0, where benefit begins.
template <class F>
double over_delta(const F& f, double mean, double sd) {
  const auto g = [&](double d) { return naive::normal(d, mean, sd) * f(d); };
  const double low = std::min(0.0, mean - 9.0 * sd);
  const double high = std::max(0.0, mean + 9.0 * sd);
  return naive::in_pieces(g, low, 0.0, 12) + naive::in_pieces(g, 0.0, high, 12);
}

// P(y treated and k natural responders | logits, delta) over the pairs (Y0, Y1) of every patient, coupled so
// that the one with the larger rate responds whenever the other does: 4^n patterns.
double pairs(const std::vector<double>& logit, double delta, int y, int k) {
  const std::size_t n = logit.size();
  double sum = 0.0;
  for (unsigned code = 0; code < (1U << (2 * n)); ++code) {
    double probability = 1.0;
    int treated = 0;
    int natural = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const bool y0 = ((code >> (2 * i)) & 1U) != 0U;
      const bool y1 = ((code >> (2 * i + 1)) & 1U) != 0U;
      const double p0 = naive::rate(logit[i]);
      const double p1 = naive::rate(logit[i] + delta);
      const double both = std::min(p0, p1);
      probability *= y0 ? (y1 ? both : p0 - both) : (y1 ? p1 - both : 1.0 - std::max(p0, p1));
      treated += y1 ? 1 : 0;
      natural += y0 ? 1 : 0;
    }
    if (treated == y && natural == k) sum += probability;
  }
  return sum;
}

}  // namespace

TEST_CASE("the effect's panels carry its prior, with an edge at no effect") {
  for (const double sd : {1e-3, 0.25, 1.0, 5.0}) {
    const PanelGrid grid = effect_grid(effect(0.7, sd), 15, 4);
    REQUIRE(std::fabs(panel_masses(grid).sum() - 1.0) < 1e-12);  // 8.5 sd leave 2e-17
    REQUIRE(std::fabs(panel_cdf(grid, 0.0) - naive::normal_below(0.0, 0.7, sd)) < 1e-12);
    bool zero = false;
    for (Index i = 0; i < grid.edges.size(); ++i) zero = zero || grid.edges(i) == 0.0;
    REQUIRE(zero);
  }
}

TEST_CASE("two of four against the registries has the posterior of the checks C28 to C29e") {
  const PatientRates rates = registries(4.0);
  const EffectTable sceptical = effect_table(rates, effect(0.0, 1.0));
  // The checks' own routes differ by up to 5e-9 (C29b) and 2e-10.
  REQUIRE(std::fabs(sceptical.benefit(2) - 0.852083476837687) < 2e-9);
  REQUIRE(std::fabs(sceptical.mean(2) - 0.83422660268316) < 2e-9);
  REQUIRE(std::fabs(sceptical.alternative(2) / sceptical.null(2) - 1.42942932896045) < 2e-8);
  REQUIRE(std::fabs(effect_table(rates, effect(std::log(4.0), 1.0)).benefit(2) - 0.98433519256418) < 2e-9);
  // N03: other prior SDs, printed to 10 digits.
  REQUIRE(std::fabs(effect_table(rates, effect(0.0, 0.25)).benefit(2) - 0.6265704087) < 2e-9);
  REQUIRE(std::fabs(effect_table(rates, effect(0.0, 2.0)).benefit(2) - 0.9216365218) < 2e-9);
}

TEST_CASE("two of four against the registries leaves the natural responders of the checks N04") {
  const EffectPosterior posterior = effect_posterior(registries(4.0), effect(0.0, 1.0), 2);
  const double independent[] = {0.5495442678, 0.3310370592, 0.0979370997, 0.0190221835, 0.0024593898};
  const double comonotone[] = {0.2551794391, 0.3508709649, 0.3768507487, 0.0158673234, 0.0012315239};
  for (Index k = 0; k <= 4; ++k) {
    REQUIRE(std::fabs(posterior.natural(k) - independent[k]) < 2e-9);
    REQUIRE(std::fabs(posterior.natural_comonotone(k) - comonotone[k]) < 2e-9);
  }
  REQUIRE(std::fabs(1.0 - panel_cdf(posterior.delta, 0.0) - 0.852083476837687) < 2e-9);
}

TEST_CASE("against a known rate the table is a row of single integrals over the effect") {
  for (const double p0 : {0.05, 0.193, 0.7}) {
    for (const double sd : {0.3, 1.0, 2.5}) {
      const EffectTable table = effect_table(known_rate(p0, 5.0), effect(0.2, sd));
      for (int k = 0; k <= 5; ++k) {
        const auto likelihood = [&](double d) {
          return naive::binomial(k, 5, naive::rate(naive::log_odds(p0) + d));
        };
        const double mass = over_delta(likelihood, 0.2, sd);
        const double up = over_delta([&](double d) { return d > 0.0 ? likelihood(d) : 0.0; }, 0.2, sd);
        const double mean = over_delta([&](double d) { return d * likelihood(d); }, 0.2, sd) / mass;
        const double second = over_delta([&](double d) { return d * d * likelihood(d); }, 0.2, sd) / mass;
        // Panels of one SD (or less) with 15 nodes: a logistic with poles at pi leaves 1e-10.
        REQUIRE(naive::close_ratio(table.null(k), naive::binomial(k, 5, p0), 1e-12));
        REQUIRE(std::fabs(table.alternative(k) - mass) < 1e-10);
        REQUIRE(std::fabs(table.benefit(k) - up / mass) < 1e-9);
        REQUIRE(std::fabs(table.mean(k) - mean) < 1e-9);
        REQUIRE(std::fabs(table.sd(k) - std::sqrt(second - mean * mean)) < 1e-8);
      }
    }
  }
}

TEST_CASE("with a beta natural rate the posterior is a double integral") {
  const cordgain::LogOddsMoves still{Vector::Zero(1), Vector::Ones(1), 0.0, 0.0};
  const Prior beta({{PriorKind::kBeta, 1.0, 8.0, 56.0, 0.0}});
  const PanelGrid theta = cordgain::PriorPredictive(beta, still, cordgain::fine_route()).grid();
  const EffectTable table =
      effect_table(shift_rates(theta, Vector::Zero(1), Vector::Constant(1, 4.0)), effect(0.0, 1.0));
  for (int k = 0; k <= 4; ++k) {
    const auto likelihood = [&](double d) {
      const auto f = [&](double p) {
        return boost::math::ibeta_derivative(8.0, 56.0, p) *
               naive::binomial(k, 4, naive::rate(naive::log_odds(p) + d));
      };
      return naive::in_pieces(f, 1e-12, 0.7, 3);
    };
    const double mass = over_delta(likelihood, 0.0, 1.0);
    const double up = over_delta([&](double d) { return d > 0.0 ? likelihood(d) : 0.0; }, 0.0, 1.0);
    REQUIRE(std::fabs(table.alternative(k) - mass) < 1e-9);
    REQUIRE(std::fabs(table.benefit(k) - up / mass) < 1e-8);
  }
}

TEST_CASE("outcomes of the table add up to 1, and averaged over them the prior comes back") {
  const EffectTable table = effect_table(two_groups(), effect(0.4, 0.8));
  REQUIRE(std::fabs(table.null.sum() - 1.0) < 1e-13);
  REQUIRE(std::fabs(table.alternative.sum() - 1.0) < 1e-12);
  REQUIRE(std::fabs(table.alternative.dot(table.benefit) - naive::normal_below(0.4, 0.0, 0.8)) < 1e-12);
  REQUIRE(std::fabs(table.alternative.dot(table.mean) - 0.4) < 1e-12);
  const Vector second = (table.sd.array().square() + table.mean.array().square()).matrix();
  REQUIRE(std::fabs(table.alternative.dot(second) - (0.64 + 0.16)) < 1e-11);
}

TEST_CASE("each further responder raises the effect") {
  const EffectTable table = effect_table(two_groups(), effect(0.0, 1.0));
  for (Index k = 1; k <= 4; ++k) {
    REQUIRE(table.benefit(k) > table.benefit(k - 1));
    REQUIRE(table.mean(k) > table.mean(k - 1));
  }
}

TEST_CASE("counting failures instead turns the effect round") {
  const EffectTable up = effect_table(known_rate(0.2, 4.0), effect(0.3, 1.0));
  const EffectTable down = effect_table(known_rate(0.8, 4.0), effect(-0.3, 1.0));
  for (Index k = 0; k <= 4; ++k) {
    REQUIRE(std::fabs(up.benefit(k) + down.benefit(4 - k) - 1.0) < 1e-10);
    REQUIRE(std::fabs(up.mean(k) + down.mean(4 - k)) < 1e-10);
  }
}

TEST_CASE("table and posterior tell the same") {
  const EffectTable table = effect_table(two_groups(), effect(0.1, 0.9));
  for (Index y = 0; y <= 4; ++y) {
    const EffectPosterior posterior = effect_posterior(two_groups(), effect(0.1, 0.9), y);
    const cordgain::GridSummary delta = summarise_grid(posterior.delta, Vector(0), false);
    REQUIRE(std::fabs(panel_masses(posterior.delta).sum() - 1.0) < 1e-12);
    REQUIRE(std::fabs(1.0 - panel_cdf(posterior.delta, 0.0) - table.benefit(y)) < 1e-12);
    REQUIRE(std::fabs(delta.mean - table.mean(y)) < 1e-12);
    REQUIRE(std::fabs(delta.sd - table.sd(y)) < 1e-11);
    REQUIRE(std::fabs(posterior.natural.sum() - 1.0) < 1e-13);
    REQUIRE(std::fabs(posterior.natural_comonotone.sum() - 1.0) < 1e-13);
  }
}

TEST_CASE("the comonotone row is the sum over all pairs of every patient's outcomes") {
  Vector logit(2);
  logit << -1.5, 0.4;
  Vector size(2);
  size << 2.0, 2.0;
  for (const double delta : {-2.0, -0.3, 0.2, 1.7}) {
    for (int y = 0; y <= 4; ++y) {
      const Vector row = cordgain::detail::comonotone_row(logit, size, delta, y);
      for (int k = 0; k <= 4; ++k) {
        REQUIRE(std::fabs(row(k) - pairs({-1.5, -1.5, 0.4, 0.4}, delta, y, k)) < 1e-15);
      }
    }
  }
}

TEST_CASE("read comonotone, a beneficial effect leaves no more natural responders than were seen") {
  const EffectPosterior posterior =
      effect_posterior(known_rate(0.2, 4.0), effect(5.0, 0.1), 2);  // delta > 0 for sure
  REQUIRE(posterior.natural_comonotone(3) + posterior.natural_comonotone(4) < 1e-15);
  REQUIRE(posterior.natural(3) > 1e-3);  // independent outcomes allow it
}

TEST_CASE("a lump at a rate of 0 explains no responders and nothing else") {
  const cordgain::LogOddsMoves still{Vector::Zero(1), Vector::Ones(1), 0.0, 0.0};
  PanelGrid theta = cordgain::PriorPredictive(effect(-1.0, 0.5), still, cordgain::fine_route()).grid();
  const PatientRates whole = shift_rates(theta, Vector::Zero(1), Vector::Constant(1, 4.0));
  theta.density *= 0.6;
  theta.mass_below = 0.4;
  const PatientRates rates = shift_rates(theta, Vector::Zero(1), Vector::Constant(1, 4.0));
  const EffectTable with = effect_table(rates, effect(0.0, 1.0));
  const EffectTable without = effect_table(whole, effect(0.0, 1.0));
  REQUIRE(std::fabs(with.alternative(0) - (0.4 + 0.6 * without.alternative(0))) < 1e-12);
  REQUIRE(std::fabs(with.alternative(3) - 0.6 * without.alternative(3)) < 1e-12);
  REQUIRE(std::fabs(with.benefit(3) - without.benefit(3)) < 1e-12);
  const double lump = 0.4 / with.alternative(0);
  REQUIRE(std::fabs(with.benefit(0) - (lump * 0.5 + (1.0 - lump) * without.benefit(0))) < 1e-12);
  const EffectPosterior none = effect_posterior(rates, effect(0.0, 1.0), 0);
  const EffectPosterior base = effect_posterior(whole, effect(0.0, 1.0), 0);
  REQUIRE(std::fabs(none.natural(0) - (lump + (1.0 - lump) * base.natural(0))) < 1e-12);
}

TEST_CASE("a sharp prior at no effect leaves the natural distribution") {
  const EffectTable table = effect_table(two_groups(), effect(0.0, 1e-6));
  REQUIRE((table.null - table.alternative).cwiseAbs().maxCoeff() < 1e-10);           // of order sd^2
  for (Index k = 0; k <= 4; ++k) REQUIRE(std::fabs(table.benefit(k) - 0.5) < 1e-5);  // of order sd
}

TEST_CASE("other priors and counts out of range are refused") {
  const Prior t({{PriorKind::kT, 1.0, 0.0, 1.0, 3.0}});
  REQUIRE_THROWS_AS(effect_table(two_groups(), t), InvalidInput);
  REQUIRE_THROWS_AS(effect_posterior(two_groups(), t, 2), InvalidInput);
  REQUIRE_THROWS_AS(effect_posterior(two_groups(), effect(0.0, 1.0), -1), InvalidInput);
  REQUIRE_THROWS_AS(effect_posterior(two_groups(), effect(0.0, 1.0), 5), InvalidInput);
  REQUIRE_THROWS_AS(effect_table(PatientRates{}, effect(0.0, 1.0)), InvalidInput);
  REQUIRE_THROWS_AS(effect_table(two_groups(), effect(0.0, 1e5)), InvalidInput);
  REQUIRE_THROWS_AS(effect_posterior(known_rate(0.2, 0.0), effect(0.0, 1.0), 0), InvalidInput);
  REQUIRE_THROWS_AS(effect_table(two_groups(), Prior()), InvalidInput);
}

TEST_CASE("a count without any probability at rates of 0 is a numerical error, not a quotient of zeros") {
  const cordgain::PatientRates rates = cordgain::shift_rates(
      cordgain::PanelGrid{}, cordgain::Vector::Constant(1, -1e5), cordgain::Vector::Constant(1, 4.0));
  const cordgain::Prior effect({{cordgain::PriorKind::kNormal, 1.0, 0.0, 1.0, 0.0}});
  REQUIRE_THROWS_AS(cordgain::effect_posterior(rates, effect, 2), cordgain::NumericalError);
  REQUIRE(std::fabs(cordgain::effect_posterior(rates, effect, 0).natural(0) - 1.0) < 1e-12);
}
