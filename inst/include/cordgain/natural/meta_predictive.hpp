// The meta-analytic-predictive distribution of the natural rate in a new population, by quadrature.
//   y_k ~ Bin(n_k, logistic(theta_k)),  theta_k ~ N(mu + offset_k, tau^2),  theta* ~ N(mu + bias, tau^2).
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/math/panels.hpp>
#include <cordgain/natural/merged_lattices.hpp>
#include <cordgain/natural/meta_slice.hpp>
#include <cordgain/natural/normal_mixture.hpp>
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

/// Three marginals of one posterior. A fixed tau or mu has an empty grid.
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

/// Works out one model on one route; what the effective sizes need too is open to a derived class.
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

 protected:
  void integrate(MetaPosterior& posterior) {
    if (!priors_.tau.is(PriorKind::kFixed)) return integrate_tau(posterior);
    const double tau = priors_.tau.components().front().a;
    add_components(evaluate(tau), tau, 1.0);
  }

  /// @param least  log value below which a scenario at this tau brings nothing and need not be resolved
  [[nodiscard]] TauNode evaluate(double tau, double least = kNegInf) {
    const double log_prior = priors_.tau.is(PriorKind::kFixed) ? 0.0 : priors_.tau.log_density(tau);
    TauNode node;
    double top = kNegInf;
    for (Index r = 0; r < evidence_.scenarios(); ++r) {
      const double least_mass = least - log_prior - evidence_.log_weight(r);
      node.slices.push_back(profile_.slice(evidence_.offset.row(r).transpose(), tau, least_mass));
      top = std::max(top, evidence_.log_weight(r) + node.slices.back().log_mass);
    }
    double sum = 0.0;
    for (Index r = 0; r < evidence_.scenarios(); ++r) {
      sum += std::exp(evidence_.log_weight(r) + node.slices[static_cast<std::size_t>(r)].log_mass - top);
    }
    node.log_likelihood = top + std::log(sum);
    node.log_value = log_prior + node.log_likelihood;
    return node;
  }

  /// Where the posterior of tau lies: its end (e^-digits of its top), and the mode and spread of log tau.
  struct TauRange {
    double low = 0.0;
    double high = 0.0;
    double mode = 0.0;
    double log_sd = 1.0;
    double top = kNegInf;    // log of the density at the mode
    double least = kNegInf;  // log of what does not count beside it, whatever its width
  };

  /// Geometric steps from the prior's own scale, then a few Newton steps on parabolas in log tau, in which
  /// the posterior always has a mode inside.
  [[nodiscard]] TauRange find_tau() {
    const auto [low, high] = support(priors_.tau);
    double scale = 0.0;
    for (const PriorComponent& p : priors_.tau.components()) scale = std::max(scale, typical_scale(p));
    TauRange range{low, low, low + 0.3 * scale, 1.0, kNegInf};
    double best = kNegInf;
    for (double x = 0.3 * scale; range.high < high; x *= kGrowth) {
      range.high = std::min(low + x, high);
      const double tau = std::min(low + 0.999 * x, high);
      const double value = evaluate(tau).log_value + std::log(x);
      if (value > best) range.mode = tau;
      best = std::max(best, value);
      if (value < best - route_.reach || x > kWidestTau * scale) break;
    }
    sharpen(range);
    return range;
  }

  void sharpen(TauRange& range) {
    const auto h = [&](double u) { return evaluate(range.low + std::exp(u)).log_value + u; };
    // A prior may end where the posterior is high: no step goes beyond, and where there is no room for one
    // the mode found so far serves.
    const double end = std::log(0.999 * (range.high - range.low));
    double u = std::min(std::log(std::max(range.mode - range.low, 1e-300)), end);
    double d = 0.5;
    for (int i = 0; i < 8; ++i) {
      d = std::min(d, end - u);
      if (!(d > kLeastStep)) break;
      const double left = h(u - d);
      const double here = h(u);
      const double right = h(u + d);
      const double curvature = -(left - 2.0 * here + right) / (d * d);
      if (!(curvature > 0.0) || !std::isfinite(curvature)) break;
      range.log_sd = std::clamp(1.0 / std::sqrt(curvature), 1e-6, 1.0);
      const double move = std::clamp((right - left) / (2.0 * d * curvature), -2.0 * d, 2.0 * d);
      u = std::min(u + move, end);
      if (std::fabs(move) < 0.2 * range.log_sd && d < 1.5 * range.log_sd) break;
      d = std::min(d, 0.7 * range.log_sd);
    }
    range.mode = range.low + std::exp(u);
    range.top = evaluate(range.mode).log_value;
    range.least = range.top - route_.reach - kNothing;
  }

  /// Panels start from the mode outwards, and end where a uniform part of the prior jumps. Towards tau = 0
  /// they are graded: at one place theta the predictive density is an average over tau of normals with
  /// variance spread^2 + tau^2, which turns as fast as the spread is small, however smooth the posterior of
  /// tau itself is (poles at tau = +- i spread; a panel no wider than spread + 2 tau keeps them at a
  /// distance).
  [[nodiscard]] std::vector<double> tau_edges(const TauRange& range, double width) {
    std::vector<double> edges = outward_edges(range.mode, width, range.low, range.high);
    for (const PriorComponent& p : priors_.tau.components()) {
      if (p.kind != PriorKind::kUniform) continue;
      for (const double jump : {p.a, p.b}) {
        if (jump > range.low && jump < range.high) edges.push_back(jump);
      }
    }
    const double spread = std::max(least_spread(range.low), kLeastGrade * (range.mode - range.low));
    const double last = range.mode + width;
    for (double edge = range.low + spread + 2.0 * range.low; edge < last; edge += spread + 2.0 * edge) {
      if (evaluate(edge, range.least).log_value > range.top - route_.digits) edges.push_back(edge);
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    return edges;
  }

  /// The smallest standard deviation of the predictive distribution that is not due to tau: of the mean log
  /// odds at the smallest tau, and of the bias.
  [[nodiscard]] double least_spread(double tau) {
    double least = std::numeric_limits<double>::infinity();
    const TauNode node = evaluate(tau);
    for (const MetaSlice& slice : node.slices) least = std::min(least, lattice_variance(slice.lattice));
    return std::sqrt(0.5 * least + priors_.bias_sd * priors_.bias_sd);
  }

  void integrate_tau(MetaPosterior& posterior) {
    const TauRange range = find_tau();
    const double width = (range.mode - range.low) * range.log_sd;
    std::map<double, TauNode> seen;
    const auto f = [&](const Vector& taus) {
      Vector value(taus.size());
      for (Index i = 0; i < taus.size(); ++i) {
        const TauNode& node = seen[taus(i)] = evaluate(taus(i), range.least);
        value(i) = std::exp(node.log_value - range.top);
      }
      return value;
    };
    PanelGrid grid = adaptive_panels(f, tau_edges(range, width), 2.0 * width,
                                     {route_.order, route_.tau_slack * route_.tolerance, 12});
    const double total = panel_masses(grid).sum();
    const Vector nodes = panel_nodes(grid);
    const Vector mass = panel_masses(grid);
    grid.density /= total;
    for (Index i = 0; i < nodes.size(); ++i) {
      const double share = mass(i) / total;
      if (share > kSmallestShare) add_components(nearest(seen, nodes(i)), nodes(i), share);
    }
    posterior.tau = std::move(grid);
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
      weight.push_back(
          std::exp(evidence_.log_weight(r) + node.slices[static_cast<std::size_t>(r)].log_mass - top));
      total += weight.back();
    }
    for (Index r = 0; r < evidence_.scenarios(); ++r) {
      SpreadComponent c;
      c.weight = share * weight[static_cast<std::size_t>(r)] / total;
      if (c.weight < kSmallestShare) continue;
      c.shift = evidence_.shift(r) + priors_.bias_mean;
      c.sd = std::hypot(tau, priors_.bias_sd);
      c.reach = std::sqrt(2.0 * route_.reach);
      c.lattice = node.slices[static_cast<std::size_t>(r)].lattice;
      normalise(c.lattice);
      if (c.weight > kLeastMuPart) posterior_mu_.push_back({c.weight, c.lattice});
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
    const auto f = [&](const Vector& x) { return Vector(spread_densities(components_, x.array()).matrix()); };
    const std::vector<double> start =
        logistic_edges(outward_edges(centre, spread, -kLogOddsRange, kLogOddsRange));
    PanelGrid grid =
        adaptive_panels(f, start, 1.0, {route_.order, route_.tolerance, 16, detail::kSmallestPart});
    grid.mass_below = spread_below(components_, -kLogOddsRange);
    grid.mass_above = 1.0 - spread_below(components_, kLogOddsRange);
    if (grid.mass_above < 1e-15) grid.mass_above = 0.0;
    // A mean that reaches beyond the range on a lattice coarse against it leaves mass uncounted.
    const double total = panel_masses(grid).sum() + grid.mass_below + grid.mass_above;
    if (!(std::fabs(total - 1.0) < kMassLost)) {
      throw NumericalError("the natural rate is too uncertain: its distribution could not be normalised");
    }
    return grid;
  }

  [[nodiscard]] PanelGrid mu_grid() const {
    double low = 0.0;
    double high = 0.0;
    double centre = 0.0;
    double spread = 0.0;
    std::vector<Lattice> parts;
    for (const auto& [weight, lattice] : posterior_mu_) {
      low = std::min(low, lattice.first);
      high = std::max(high, lattice.node(lattice.value.size() - 1));
      centre += weight * lattice_mean(lattice);
      spread += weight * std::sqrt(lattice_variance(lattice));
      parts.push_back(lattice);
      parts.back().value *= weight / lattice.step;
    }
    const std::vector<Lattice> merged = merge_lattices(std::move(parts));
    const auto f = [&](const Vector& x) {
      return Vector(x.unaryExpr([&](double at) {
        double sum = 0.0;
        for (const Lattice& lattice : merged) sum += cardinal_series(lattice, at);
        return sum;
      }));
    };
    return adaptive_panels(f, outward_edges(centre, spread, low, high), 1.0,
                           {route_.order, route_.tolerance, 12});
  }

  static constexpr double kLeastGrade = 0.02;      // of tau's mode: where the mean log odds is known
  static constexpr double kGrowth = 3.0;           // of the first steps along tau
  static constexpr double kLeastStep = 1e-3;       // of log tau, towards the end of a prior
  static constexpr double kWidestTau = 1e9;        // prior scales; a posterior that reaches beyond has no end
  static constexpr double kNothing = 10.0;         // beyond a route's reach, log: left to a rough estimate
  static constexpr double kMassLost = 1e-5;        // of the predictive distribution, most
  static constexpr double kLeastMuPart = 1e-11;    // of the density of mu, which is shown and not built upon
  static constexpr double kSmallestShare = 1e-14;  // of the posterior mass: smaller parts are rounding

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
              evidence.offset.rows() == evidence.scenarios() &&
              evidence.log_weight.size() == evidence.scenarios() && evidence.scenarios() >= 1,
          "events, n, offsets and scenarios must have sizes that agree");
  require(evidence.offset.allFinite() && evidence.shift.allFinite() && evidence.log_weight.allFinite(),
          "offsets, shifts and weights must be finite");
  require_finite(priors.bias_mean, "the mean of the bias");
  require(std::isfinite(priors.bias_sd) && priors.bias_sd >= 0.0,
          "the standard deviation of the bias must be finite and not negative");
  require(!priors.mu.components().empty() && !priors.tau.components().empty(), "mu and tau need a prior");
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
inline MetaPosterior meta_predictive(const MetaEvidence& evidence, const MetaPriors& priors,
                                     const Route& route) {
  detail::require_meta(evidence, priors);
  return detail::MetaIntegrator(evidence, priors, route).run();
}

}  // namespace cordgain
