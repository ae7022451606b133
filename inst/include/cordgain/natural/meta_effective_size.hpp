// Effective sample sizes of the meta-analytic-predictive rate: its model worked out again, deep into the
// tails.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/math/panels.hpp>
#include <cordgain/natural/effective_size.hpp>
#include <cordgain/natural/meta_predictive.hpp>
#include <cordgain/natural/meta_slice.hpp>
#include <cordgain/natural/normal_mixture.hpp>
#include <cordgain/natural/predictive_elir.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace cordgain {

namespace detail {

/// Is the expected information of the predictive rate finite? It asks for tails of theta lighter than
/// e^-|theta|. tau ~ half-normal(s) gives e^(-|theta| / s) where mu is held by a normal prior, and
/// e^(-|theta| / (s sqrt(1 + 1 / K))) where only K two-sided sources hold it; half-t, exponential and gamma
/// priors of tau fall too slowly for any scale.
inline bool elir_exists(const MetaEvidence& evidence, const MetaPriors& priors) {
  double widen = 1.0;
  for (const PriorComponent& p : priors.mu.components()) {
    if (p.kind == PriorKind::kNormal || p.kind == PriorKind::kFixed) continue;
    const double held =
        ((evidence.events.array() > 0.0) && (evidence.events.array() < evidence.n.array())).count();
    if (held < 2.0) return false;
    widen = std::sqrt(1.0 + 1.0 / held);
  }
  for (const PriorComponent& p : priors.tau.components()) {
    const bool bounded = p.kind == PriorKind::kFixed || p.kind == PriorKind::kUniform;
    if (!bounded && !(p.kind == PriorKind::kHalfNormal && (widen > 1.0 ? p.a * widen < 1.0 : p.a <= 1.0)))
      return false;
  }
  return true;
}

class MetaSizer : private MetaIntegrator {
 public:
  using MetaIntegrator::MetaIntegrator;

  /// Effective sample sizes of the predictive distribution of the rate, whose mean is `mean`. The ELIR is NaN
  /// where the tails leave the expected information infinite (elir_exists()).
  [[nodiscard]] EffectiveSize effective_size(double mean) {
    MetaPosterior posterior;
    integrate(posterior);
    const auto [centre, spread] = theta_centre();
    const auto log_q = [&](double theta) { return std::log(spread_density(components_, theta)); };
    EffectiveSize size;
    size.morita = morita_of_log_odds(log_q, centre, spread, mean);
    size.elir = std::numeric_limits<double>::quiet_NaN();
    if (!elir_exists(evidence_, priors_)) return size;
    const TailLaw law = tail_law();
    const std::vector<DeepComponent> deep = deep_components(posterior.tau, law);
    const double reach = std::max(25.0, std::fabs(centre) + 12.0 * spread);
    const double p = logistic(centre);
    size.elir =
        PredictiveElir(route_.order, route_.tolerance, law)
            .run([&](double theta) { return deep_log_density(deep, theta); },
                 outward_edges(centre, spread, -reach, reach), 1.0 + 1.0 / (p * (1.0 - p) * spread * spread));
    return size;
  }

 private:
  /// With tau ~ half-normal(s): decay 1 / s - 1. The fine route follows the tail farther, so that the two
  /// differ by what the extrapolation leaves out; many scenarios make each node dear and the way shorter.
  [[nodiscard]] TailLaw tail_law() const {
    TailLaw law;
    double scale = 0.0;
    for (const PriorComponent& p : priors_.tau.components()) {
      if (p.kind == PriorKind::kHalfNormal) scale = std::max(scale, p.a);
    }
    const double way =
        (route_.order > 10 ? 1600.0 : 700.0) / std::sqrt(static_cast<double>(evidence_.scenarios()));
    law.farthest = std::max(60.0, way);
    if (scale > 0.0) law.decay = 1.0 / scale - 1.0;
    if (law.decay > 0.0) law.farthest = std::clamp(40.0 / law.decay, 60.0, law.farthest);
    return law;
  }

  /// The components again, none dropped, their weights as logarithms. At |theta| the saddle over tau lies at
  /// sqrt(s |theta|) and is s / 2 wide, so panels of tau are no wider than s and reach 5 s past the last
  /// saddle.
  [[nodiscard]] std::vector<DeepComponent> deep_components(const PanelGrid& tau, const TailLaw& law) {
    std::vector<DeepComponent> deep;
    Route far = route_;
    far.reach = kDeepDigits;
    profile_ = MetaProfile(evidence_, priors_.mu, far);
    if (tau.panels() == 0) {
      const double fixed = priors_.tau.components().front().a;
      add_deep(evaluate(fixed), fixed, 0.0, deep);
      return deep;
    }
    const std::vector<double> edges = deep_edges(tau, law);
    const PanelRule& rule = panel_rule(route_.order);
    double top = kNegInf;
    for (std::size_t i = 1; i < edges.size(); ++i) {
      const double half = 0.5 * (edges[i] - edges[i - 1]);
      double best = kNegInf;
      for (Index j = 0; j < rule.node.size(); ++j) {
        const double at = edges[i - 1] + half * (1.0 + rule.node(j));
        const TauNode node = evaluate(at);
        const double log_weight = node.log_value + std::log(half * rule.weight(j));
        best = std::max(best, log_weight + 0.5 * at * at);
        add_deep(node, at, log_weight, deep);
      }
      // e^(tau^2 / 2) is what a component of that tau brings to the tails, against e^|theta|.
      top = std::max(top, best);
      if (best < top - route_.digits && at_end(edges[i], tau)) break;
    }
    double most = kNegInf;
    for (const DeepComponent& c : deep) most = std::max(most, c.log_weight);
    double sum = 0.0;
    for (const DeepComponent& c : deep) sum += std::exp(c.log_weight - most);
    for (DeepComponent& c : deep) c.log_weight -= most + std::log(sum);
    return deep;
  }

  [[nodiscard]] static bool at_end(double edge, const PanelGrid& tau) {
    return edge >= tau.edges(tau.panels());
  }

  /// The panels of the posterior, cut where they are wide, then on to where the farthest tail needs them.
  [[nodiscard]] std::vector<double> deep_edges(const PanelGrid& tau, const TailLaw& law) const {
    const double bound = support(priors_.tau).second;
    double scale = 0.0;
    double widest = std::isfinite(bound) ? std::min(0.25 * bound, 2.0 / bound) : 1.0;
    for (const PriorComponent& p : priors_.tau.components()) {
      if (p.kind != PriorKind::kHalfNormal) continue;
      // The widest part alone makes the tails; the narrow ones are resolved by the panels of the posterior.
      scale = std::max(scale, p.a);
    }
    if (scale > 0.0) widest = std::min(1.0, scale);
    const double last = scale > 0.0
                            ? std::max(tau.edges(tau.panels()), std::sqrt(scale * law.farthest) + 5.0 * scale)
                            : tau.edges(tau.panels());
    std::vector<double> edges{tau.edges(0)};
    const auto extend = [&](double to) {
      const double from = edges.back();
      const int pieces = std::max(1, static_cast<int>(std::ceil((to - from) / widest)));
      for (int i = 1; i <= pieces; ++i) edges.push_back(from + (to - from) * i / pieces);
    };
    for (Index i = 1; i <= tau.panels(); ++i) extend(tau.edges(i));
    if (last > edges.back()) extend(last);
    return edges;
  }

  void add_deep(const TauNode& node, double tau, double log_weight, std::vector<DeepComponent>& deep) const {
    for (Index r = 0; r < evidence_.scenarios(); ++r) {
      const MetaSlice& slice = node.slices[static_cast<std::size_t>(r)];
      DeepComponent c;
      // The node's own weight holds the sum over scenarios; here each stands alone.
      c.log_weight = log_weight - node.log_likelihood + evidence_.log_weight(r) + slice.log_mass;
      c.part.shift = evidence_.shift(r) + priors_.bias_mean;
      c.part.sd = std::hypot(tau, priors_.bias_sd);
      c.part.lattice = slice.lattice;
      normalise(c.part.lattice);
      // Not thinned as in the bulk: the tails tilt the lattice function by e^mu.
      if (c.part.sd < kResolvedSteps * c.part.lattice.step) c.part = resolve_component(std::move(c.part));
      deep.push_back(std::move(c));
    }
  }

  static constexpr double kDeepDigits = 40.0;  // of mu, whose tail e^theta tilts
};

}  // namespace detail

/// Effective sample sizes of the same predictive distribution; the ELIR is NaN where its tails leave it
/// without one.
/// @param mean  mean of the predictive rate
inline EffectiveSize meta_effective_size(const MetaEvidence& evidence, const MetaPriors& priors, double mean,
                                         const Route& route) {
  detail::require_meta(evidence, priors);
  return detail::MetaSizer(evidence, priors, route).effective_size(mean);
}

}  // namespace cordgain
