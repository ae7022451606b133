// The meta-analytic-predictive distribution of the natural rate in a new population, by quadrature.
//   y_k ~ Bin(n_k, logistic(theta_k)),  theta_k ~ N(mu + offset_k, tau^2),  theta* ~ N(mu + bias, tau^2).
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/math/panels.hpp>
#include <cordgain/natural/effective_size.hpp>
#include <cordgain/natural/meta_slice.hpp>
#include <cordgain/natural/normal_mixture.hpp>
#include <cordgain/natural/predictive_elir.hpp>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace cordgain {

/// Log odds beyond this are a rate of 0 or 1 to e^-60; what lies there is kept as two lumps.
constexpr double kLogOddsRange = 60.0;

struct MetaPriors {
  Prior mu;
  Prior tau;
  double bias_mean = 0.0;  // log odds added to the trial's natural rate
  double bias_sd = 0.0;
};

/// Three marginals of one posterior. A fixed tau or mu has an empty grid and its value in `tau_fixed`, `mu_fixed`.
struct MetaPosterior {
  PanelGrid theta;  // log odds of the natural rate in the trial, bias and scenario shifts folded in
  PanelGrid tau;
  PanelGrid mu;
};

namespace detail {

/// One value of tau: its log weight and the slice of mu in every scenario.
struct TauNode {
  double log_value = 0.0;       // log of prior density x marginal likelihood
  double log_likelihood = 0.0;  // its second part, summed over scenarios
  std::vector<MetaSlice> slices;
};

/// Is the expected information of the predictive rate finite? It asks for tails of theta lighter than e^-|theta|.
/// tau ~ half-normal(s) gives e^(-|theta| / s) where mu is held by a normal prior, and e^(-|theta| / (s sqrt(1 + 1 / K)))
/// where only K two-sided sources hold it; half-t, exponential and gamma priors of tau fall too slowly for any scale.
inline bool elir_exists(const MetaEvidence& evidence, const MetaPriors& priors) {
  double widen = 1.0;
  for (const PriorComponent& p : priors.mu.components()) {
    if (p.kind == PriorKind::kNormal || p.kind == PriorKind::kFixed) continue;
    const double held = ((evidence.events.array() > 0.0) && (evidence.events.array() < evidence.n.array())).count();
    if (held < 2.0) return false;
    widen = std::sqrt(1.0 + 1.0 / held);
  }
  for (const PriorComponent& p : priors.tau.components()) {
    const bool bounded = p.kind == PriorKind::kFixed || p.kind == PriorKind::kUniform;
    if (!bounded && !(p.kind == PriorKind::kHalfNormal && (widen > 1.0 ? p.a * widen < 1.0 : p.a <= 1.0))) return false;
  }
  return true;
}

class MetaIntegrator {
 public:
  MetaIntegrator(const MetaEvidence& evidence, const MetaPriors& priors, const Route& route)
      : evidence_(evidence), priors_(priors), route_(route), profile_(evidence, priors.mu, route) {}

  [[nodiscard]] MetaPosterior run() {
    MetaPosterior posterior;
    integrate(posterior);
    posterior.theta = theta_grid();
    if (!priors_.mu.is(PriorKind::kFixed)) posterior.mu = mu_grid();
    return posterior;
  }

  /// Effective sample sizes of the predictive distribution of the rate, whose mean is `mean`. The ELIR is NaN where
  /// the tails leave the expected information infinite (elir_exists()).
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
    size.elir = PredictiveElir(route_.order, route_.tolerance, law)
                    .run([&](double theta) { return deep_log_density(deep, theta); },
                         outward_edges(centre, spread, -reach, reach), 1.0 + 1.0 / (p * (1.0 - p) * spread * spread));
    return size;
  }

 private:
  void integrate(MetaPosterior& posterior) {
    if (!priors_.tau.is(PriorKind::kFixed)) return integrate_tau(posterior);
    const double tau = priors_.tau.components().front().a;
    add_components(evaluate(tau), tau, 1.0);
  }

  [[nodiscard]] TauNode evaluate(double tau) {
    TauNode node;
    double top = kNegInf;
    for (Index r = 0; r < evidence_.scenarios(); ++r) {
      node.slices.push_back(profile_.slice(evidence_.offset.row(r).transpose(), tau));
      top = std::max(top, evidence_.log_weight(r) + node.slices.back().log_mass);
    }
    double sum = 0.0;
    for (Index r = 0; r < evidence_.scenarios(); ++r) {
      sum += std::exp(evidence_.log_weight(r) + node.slices[static_cast<std::size_t>(r)].log_mass - top);
    }
    const double log_prior = priors_.tau.is(PriorKind::kFixed) ? 0.0 : priors_.tau.log_density(tau);
    node.log_likelihood = top + std::log(sum);
    node.log_value = log_prior + node.log_likelihood;
    return node;
  }

  /// Starting panels: geometric from the prior's own scale, up to where the posterior is e^-digits of its top.
  struct Scan {
    std::vector<double> edges;
    double top = kNegInf;
    double integral = 0.0;  // relative to exp(top), rough
  };

  [[nodiscard]] Scan scan_tau() {
    const auto [low, high] = support(priors_.tau);
    double scale = 0.0;
    for (const PriorComponent& p : priors_.tau.components()) scale = std::max(scale, typical_scale(p));
    Scan scan;
    scan.edges.push_back(low);
    std::vector<std::pair<double, double>> seen;
    for (double x = 0.3 * scale; scan.edges.size() < 400; x *= kGrowth) {
      const double tau = std::min(low + x, high);
      const double value = evaluate(std::min(low + 0.999 * x, high)).log_value;
      scan.top = std::max(scan.top, value);
      scan.edges.push_back(tau);
      seen.emplace_back(tau, value);
      // A geometric panel holds mass in proportion to its width, hence the log.
      if (tau >= high || value + std::log(tau / scale) < scan.top - route_.digits) break;
    }
    double before = low;
    for (const auto& [tau, value] : seen) {
      scan.integral += (tau - before) * std::exp(value - scan.top);
      before = tau;
    }
    return scan;
  }

  void integrate_tau(MetaPosterior& posterior) {
    Scan scan = scan_tau();
    std::map<double, TauNode> seen;
    const auto f = [&](const Vector& taus) {
      Vector value(taus.size());
      for (Index i = 0; i < taus.size(); ++i) {
        if (seen.find(taus(i)) == seen.end()) seen[taus(i)] = evaluate(taus(i));
        value(i) = std::exp(seen[taus(i)].log_value - scan.top);
      }
      return value;
    };
    const PanelOptions options{route_.order, kTauSlack * route_.tolerance, 12};
    PanelGrid grid = adaptive_panels(f, scan.edges, scan.integral, options);
    double total = panel_masses(grid).sum();
    // The scan may have guessed the integral too large, and the panels are then too wide; what is known is kept.
    for (int i = 0; i < 3 && total < 0.5 * scan.integral; ++i) {
      scan.integral = total;
      grid = adaptive_panels(f, scan.edges, scan.integral, options);
      total = panel_masses(grid).sum();
    }
    const Vector nodes = panel_nodes(grid);
    const Vector mass = panel_masses(grid);
    grid.density /= total;
    for (Index i = 0; i < nodes.size(); ++i) {
      const double share = mass(i) / total;
      if (share > kSmallestShare) add_components(nearest(seen, nodes(i)), nodes(i), share);
    }
    posterior.tau = std::move(grid);
  }

  /// With tau ~ half-normal(s): decay 1 / s - 1. The fine route follows the tail farther, so that the two differ by
  /// what the extrapolation leaves out; many scenarios make each node dear and the way shorter.
  [[nodiscard]] TailLaw tail_law() const {
    TailLaw law;
    double scale = 0.0;
    for (const PriorComponent& p : priors_.tau.components()) {
      if (p.kind == PriorKind::kHalfNormal) scale = std::max(scale, p.a);
    }
    const double way = (route_.order > 10 ? 1600.0 : 700.0) / std::sqrt(static_cast<double>(evidence_.scenarios()));
    law.farthest = std::max(60.0, way);
    if (scale > 0.0) law.decay = 1.0 / scale - 1.0;
    if (law.decay > 0.0) law.farthest = std::clamp(40.0 / law.decay, 60.0, law.farthest);
    return law;
  }

  /// The components again, none dropped, their weights as logarithms. At |theta| the saddle over tau lies at
  /// sqrt(s |theta|) and is s / 2 wide, so panels of tau are no wider than s and reach 5 s past the last saddle.
  [[nodiscard]] std::vector<DeepComponent> deep_components(const PanelGrid& tau, const TailLaw& law) {
    std::vector<DeepComponent> deep;
    Route far = route_;
    far.digits = kDeepDigits;
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

  [[nodiscard]] static bool at_end(double edge, const PanelGrid& tau) { return edge >= tau.edges(tau.panels()); }

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
    const double last = scale > 0.0 ? std::max(tau.edges(tau.panels()), std::sqrt(scale * law.farthest) + 5.0 * scale)
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
      // Not thinned as in the bulk: the tails tilt the lattice function by e^mu.
      if (c.part.sd < detail::kResolvedSteps * c.part.lattice.step) c.part = resolve_component(std::move(c.part));
      deep.push_back(std::move(c));
    }
  }

  [[nodiscard]] static const TauNode& nearest(const std::map<double, TauNode>& seen, double tau) {
    auto after = seen.lower_bound(tau);
    if (after == seen.end()) return std::prev(after)->second;
    if (after == seen.begin()) return after->second;
    const auto before = std::prev(after);
    return tau - before->first < after->first - tau ? before->second : after->second;
  }

  void add_components(const TauNode& node, double tau, double share) {
    double top = kNegInf;
    for (Index r = 0; r < evidence_.scenarios(); ++r) {
      top = std::max(top, evidence_.log_weight(r) + node.slices[static_cast<std::size_t>(r)].log_mass);
    }
    double total = 0.0;
    std::vector<double> weight;
    for (Index r = 0; r < evidence_.scenarios(); ++r) {
      weight.push_back(std::exp(evidence_.log_weight(r) + node.slices[static_cast<std::size_t>(r)].log_mass - top));
      total += weight.back();
    }
    for (Index r = 0; r < evidence_.scenarios(); ++r) {
      SpreadComponent c;
      c.weight = share * weight[static_cast<std::size_t>(r)] / total;
      if (c.weight < kSmallestShare) continue;
      c.shift = evidence_.shift(r) + priors_.bias_mean;
      c.sd = std::hypot(tau, priors_.bias_sd);
      c.lattice = node.slices[static_cast<std::size_t>(r)].lattice;
      posterior_mu_.push_back({c.weight, c.lattice});
      components_.push_back(resolve_component(std::move(c)));
    }
  }

  /// Rough centre and width of the predictive log odds: where panels begin to look.
  [[nodiscard]] std::pair<double, double> theta_centre() const {
    double centre = 0.0;
    double spread = 0.0;
    for (const SpreadComponent& c : components_) {
      centre += c.weight * (lattice_mean(c.lattice) + c.shift);
      spread += c.weight * std::min(2.0, std::sqrt(c.sd * c.sd + lattice_variance(c.lattice)));
    }
    return {std::clamp(centre, -0.5 * kLogOddsRange, 0.5 * kLogOddsRange), spread};
  }

  [[nodiscard]] PanelGrid theta_grid() const {
    const auto [centre, spread] = theta_centre();
    const auto f = [&](const Vector& x) {
      return Vector(x.unaryExpr([&](double at) { return spread_density(components_, at); }));
    };
    const std::vector<double> start = logistic_edges(outward_edges(centre, spread, -kLogOddsRange, kLogOddsRange));
    PanelGrid grid = adaptive_panels(f, start, 1.0, {route_.order, route_.tolerance, 16});
    grid.mass_below = spread_below(components_, -kLogOddsRange);
    grid.mass_above = 1.0 - spread_below(components_, kLogOddsRange);
    if (grid.mass_above < 1e-15) grid.mass_above = 0.0;
    return grid;
  }

  [[nodiscard]] PanelGrid mu_grid() const {
    double low = 0.0;
    double high = 0.0;
    double centre = 0.0;
    double spread = 0.0;
    for (const auto& [weight, lattice] : posterior_mu_) {
      low = std::min(low, lattice.first);
      high = std::max(high, lattice.node(lattice.value.size() - 1));
      centre += weight * lattice_mean(lattice);
      spread += weight * std::sqrt(lattice_variance(lattice));
    }
    const auto f = [&](const Vector& x) {
      return Vector(x.unaryExpr([&](double at) {
        double sum = 0.0;
        for (const auto& [weight, lattice] : posterior_mu_) {
          sum += weight * cardinal_series(lattice, at) / (lattice.step * lattice.sum());
        }
        return sum;
      }));
    };
    return adaptive_panels(f, outward_edges(centre, spread, low, high), 1.0, {route_.order, route_.tolerance, 12});
  }

  static constexpr double kGrowth = 3.0;           // of the starting panels of tau
  static constexpr double kDeepDigits = 40.0;      // of mu, whose tail e^theta tilts
  static constexpr double kSmallestShare = 1e-14;  // of the posterior mass: smaller parts are rounding

  // The integral over tau is far more accurate than the last Legendre terms of a panel tell (its error is of
  // twice their degree), so they may be larger here than where a grid is interpolated.
  static constexpr double kTauSlack = 5.0;

  struct MuPart {
    double weight;
    Lattice lattice;
  };

  const MetaEvidence& evidence_;
  const MetaPriors& priors_;
  Route route_;
  MetaProfile profile_;
  std::vector<SpreadComponent> components_;
  std::vector<MuPart> posterior_mu_;
};

/// @throws InvalidInput where the model has no answer
inline void require_meta(const MetaEvidence& evidence, const MetaPriors& priors) {
  require(evidence.n.size() == evidence.sources() && evidence.offset.cols() == evidence.sources() &&
              evidence.offset.rows() == evidence.scenarios() && evidence.log_weight.size() == evidence.scenarios() &&
              evidence.scenarios() >= 1,
          "events, n, offsets and scenarios must have sizes that agree");
  const double events = evidence.events.sum();
  require(!priors.mu.is(PriorKind::kFlat) || (events > 0.0 && events < evidence.n.sum()),
          "with a flat prior on mu the sources together need at least one event and one non-event");
  require(!(priors.mu.is(PriorKind::kFixed) && priors.tau.is(PriorKind::kFixed)),
          "mu and tau are both fixed: nothing is left to learn, give the rate as a number");
  require(support(priors.tau).first >= 0.0, "the prior of tau must live on tau >= 0");
}

}  // namespace detail

/// The posterior of (mu, tau) and the predictive distribution of the trial's natural log odds.
/// @param evidence  counts of K >= 0 sources, offsets and scenarios
/// @param priors    of mu (any of Prior's), tau (on tau >= 0), and a normal bias
/// @param route     accuracy; call with fine_route() and coarse_route() and compare
/// @throws InvalidInput for counts that are none or a prior that leaves the posterior improper;
///         NumericalError where the route's accuracy cannot be had
/// Source: Neuenschwander et al. (2010); Schmidli et al. (2014); vignette("algorithms"), "natural rate".
inline MetaPosterior meta_predictive(const MetaEvidence& evidence, const MetaPriors& priors, const Route& route) {
  detail::require_meta(evidence, priors);
  return detail::MetaIntegrator(evidence, priors, route).run();
}

/// Effective sample sizes of the same predictive distribution; the ELIR is NaN where its tails leave it without one.
/// @param mean  mean of the predictive rate
inline EffectiveSize meta_effective_size(const MetaEvidence& evidence, const MetaPriors& priors, double mean,
                                         const Route& route) {
  detail::require_meta(evidence, priors);
  return detail::MetaIntegrator(evidence, priors, route).effective_size(mean);
}

}  // namespace cordgain
