// The normal-normal hierarchical model, exact: y_k ~ N(theta_k, se_k^2), theta_k ~ N(mu, tau^2). Given tau
// all is normal and in closed form; tau is integrated on adaptive panels. The posterior of mu, of each
// theta_k and of the mean of a new population is then a finite mixture of normals, one component for each
// node.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/dist/mixture_of_normals.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/math/panels.hpp>
#include <vector>

namespace cordgain {

/// Published means and their standard errors.
struct MeanEvidence {
  Vector mean;
  Vector se;
};

struct MeanPriors {
  Prior mu;   // flat, fixed, normal or a mixture of normals
  Prior tau;  // any prior on [0, inf)
  double bias_mean = 0.0;
  double bias_sd = 0.0;
};

/// tau = scale * (u / (1 - u))^power maps (0, 1) to (0, inf): half-t tails become powers of 1 - u, and the
/// pole of a gamma density of shape below 1 goes with power = 1 / shape.
struct TauMap {
  double scale = 1.0;
  double power = 1.0;
  [[nodiscard]] double tau(double u) const { return scale * std::pow(u / (1.0 - u), power); }
  [[nodiscard]] double u(double tau) const {
    if (std::isinf(tau)) return 1.0;
    const double x = std::pow(tau / scale, 1.0 / power);
    return x / (1.0 + x);
  }
  [[nodiscard]] double log_slope(double u) const {
    return std::log(scale * power) + (power - 1.0) * std::log(u / (1.0 - u)) - 2.0 * std::log1p(-u);
  }
};

struct NormalMetaPosterior {
  TauMap map;
  PanelGrid tau;           // normalised density of u; without panels where tau is fixed
  Vector tau_node;         // of each component of the mixtures
  MixtureOfNormals mu;     // mean of all populations
  MixtureOfNormals fresh;  // mean of a new population, bias included
  Matrix source_mean;      // sources x components: theta_k given the node
  Matrix source_sd;
};

namespace detail {

struct MuGivenTau {
  double log_weight;
  double mean;
  double variance;
};

/// mu given tau under one component of its prior, and the log of its share in the marginal likelihood.
inline MuGivenTau mu_given_tau(const MeanEvidence& e, const PriorComponent& prior, double tau) {
  const Array w = (e.se.array().square() + tau * tau).inverse();
  const bool fixed = prior.kind == PriorKind::kFixed;
  const double precision = prior.kind == PriorKind::kNormal ? 1.0 / (prior.b * prior.b) : 0.0;
  const double total = w.sum() + precision;
  const double mean = fixed ? prior.a : ((w * e.mean.array()).sum() + precision * prior.a) / total;
  double log_weight = std::log(prior.weight) + 0.5 * w.log().sum();
  log_weight -= 0.5 * (w * (e.mean.array() - mean).square()).sum();
  if (precision > 0.0)
    log_weight += 0.5 * std::log(precision) - 0.5 * precision * std::pow(mean - prior.a, 2);
  if (!fixed) log_weight -= 0.5 * std::log(total);
  return {log_weight, mean, fixed ? 0.0 : 1.0 / total};
}

/// Log marginal likelihood at tau, up to a constant: log-sum-exp over the components of mu.
inline double log_marginal(const MeanEvidence& e, const Prior& mu, double tau) {
  double top = kNegInf;
  std::vector<double> terms;
  for (const PriorComponent& p : mu.components()) {
    terms.push_back(mu_given_tau(e, p, tau).log_weight);
    top = std::max(top, terms.back());
  }
  double sum = 0.0;
  for (const double t : terms) sum += std::exp(t - top);
  return top + std::log(sum);
}

inline void require_meta(const MeanEvidence& e, const MeanPriors& priors) {
  require(e.mean.size() > 0 && e.mean.size() == e.se.size(), "each mean needs a standard error");
  require(e.mean.allFinite() && e.se.allFinite() && e.se.minCoeff() > 0.0,
          "means must be finite and standard errors positive");
  for (const PriorComponent& p : priors.mu.components()) {
    require(p.kind == PriorKind::kFlat || p.kind == PriorKind::kFixed || p.kind == PriorKind::kNormal,
            "mu has a flat, fixed or normal prior here");
  }
  require(support(priors.tau).first >= 0.0, "tau is a standard deviation and cannot be negative");
  require_finite(priors.bias_mean, "the mean of the bias");
  require(std::isfinite(priors.bias_sd) && priors.bias_sd >= 0.0, "the bias needs a standard deviation");
}

/// A length on which the posterior of tau changes: the narrowest prior, or the spread of the sources.
inline TauMap tau_map(const MeanEvidence& e, const Prior& tau) {
  const double centre = e.mean.mean();
  double scale = std::sqrt((e.mean.array() - centre).square().mean()) + e.se.mean();
  double power = 1.0;
  for (const PriorComponent& p : tau.components()) {
    scale = std::min(scale, typical_scale(p));
    if (p.kind == PriorKind::kGamma && p.a < 1.0) power = std::max(power, 1.0 / p.a);
  }
  return {scale, power};
}

/// Starting edges in u: graded towards both ends, and where a uniform prior begins or ends.
inline std::vector<double> tau_edges(const TauMap& map, const Prior& prior) {
  const auto range = support(prior);
  const double low = map.u(range.first);
  const double high = map.u(range.second);
  std::vector<double> inner;
  for (const double u : {1.0 / 256, 1.0 / 64, 1.0 / 16, 0.25, 0.5, 0.75, 15.0 / 16, 63.0 / 64, 255.0 / 256}) {
    inner.push_back(u);
  }
  for (const PriorComponent& p : prior.components()) {
    if (p.kind == PriorKind::kUniform) {
      inner.push_back(map.u(p.a));
      inner.push_back(map.u(p.b));
    }
  }
  std::vector<double> edges{low, high};
  for (const double u : inner) {
    if (u > low && u < high) edges.push_back(u);
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

/// The posterior density of u on panels, normalised. A first look on a graded grid finds its height and mass.
inline PanelGrid tau_panels(const MeanEvidence& e, const MeanPriors& priors, const TauMap& map,
                            const PanelOptions& options) {
  const auto log_density = [&](double u) {
    const double tau = map.tau(u);
    return priors.tau.log_density(tau) + map.log_slope(u) + log_marginal(e, priors.mu, tau);
  };
  const std::vector<double> edges = tau_edges(map, priors.tau);
  constexpr int kLooks = 400;
  double top = kNegInf;
  std::vector<double> looks;
  for (int i = 0; i < kLooks; ++i) {
    const double z = -14.0 + 28.0 * (i + 0.5) / kLooks;
    const double u = edges.front() + (edges.back() - edges.front()) / (1.0 + std::exp(-z));
    looks.push_back(log_density(u));
    top = std::max(top, looks.back());
  }
  if (!std::isfinite(top)) throw NumericalError("the posterior of tau is zero wherever it was looked for");
  double mass = 0.0;
  for (int i = 0; i < kLooks; ++i) {
    const double z = -14.0 + 28.0 * (i + 0.5) / kLooks;
    const double share = 1.0 / (1.0 + std::exp(-z));
    mass += std::exp(looks[static_cast<std::size_t>(i)] - top) * share * (1.0 - share) * 28.0 / kLooks;
  }
  // A few hundred nodes are enough; what needs so many more is no posterior that doubles can resolve.
  constexpr Index kMostNodes = 200000;
  Index nodes = 0;
  const auto density = [&](const Vector& u) {
    if ((nodes += u.size()) > kMostNodes)
      throw NumericalError("the posterior of tau is not resolved by panels");
    return Vector(u.unaryExpr([&](double at) { return std::exp(log_density(at) - top); }));
  };
  PanelGrid grid = adaptive_panels(density, edges, mass * (edges.back() - edges.front()), options);
  grid.density /= panel_masses(grid).sum();
  return grid;
}

/// Nodes of tau with their posterior probabilities: the panels', or the fixed values.
inline void tau_nodes(const MeanEvidence& e, const MeanPriors& priors, const PanelOptions& options,
                      NormalMetaPosterior& out, Vector& node, Vector& mass) {
  const auto& components = priors.tau.components();
  if (components.front().kind == PriorKind::kFixed) {
    node.resize(static_cast<Index>(components.size()));
    mass.resize(node.size());
    for (Index j = 0; j < node.size(); ++j) {
      const PriorComponent& p = components[static_cast<std::size_t>(j)];
      node(j) = p.a;
      mass(j) = std::log(p.weight) + log_marginal(e, priors.mu, p.a);
    }
    mass = (mass.array() - mass.maxCoeff()).exp().matrix();
    mass /= mass.sum();
    return;
  }
  out.map = tau_map(e, priors.tau);
  out.tau = tau_panels(e, priors, out.map, options);
  mass = panel_masses(out.tau);
  node = panel_nodes(out.tau).unaryExpr([&](double u) { return out.map.tau(u); });
}

inline void reserve_components(NormalMetaPosterior& out, Index size, Index sources) {
  out.tau_node.resize(size);
  for (MixtureOfNormals* m : {&out.mu, &out.fresh}) {
    m->weight.resize(size);
    m->mean.resize(size);
    m->sd.resize(size);
  }
  out.source_mean.resize(sources, size);
  out.source_sd.resize(sources, size);
}

/// Fills one component: mu, the new mean and the sources' means given tau.
inline void fill_component(const MeanEvidence& e, const MeanPriors& priors, double tau, double weight,
                           const MuGivenTau& mu, Index c, NormalMetaPosterior& out) {
  const double bias = priors.bias_sd * priors.bias_sd;
  out.tau_node(c) = tau;
  out.mu.weight(c) = out.fresh.weight(c) = weight;
  out.mu.mean(c) = mu.mean;
  out.mu.sd(c) = std::sqrt(mu.variance);
  out.fresh.mean(c) = mu.mean + priors.bias_mean;
  out.fresh.sd(c) = std::sqrt(mu.variance + tau * tau + bias);
  const Array kept = tau * tau / (tau * tau + e.se.array().square());
  out.source_mean.col(c) = (mu.mean + kept * (e.mean.array() - mu.mean)).matrix();
  out.source_sd.col(c) = (e.se.array().square() * kept + (1.0 - kept).square() * mu.variance).sqrt().matrix();
}

}  // namespace detail

/// The posterior of the normal-normal hierarchical model.
/// @throws InvalidInput for means, standard errors or priors out of range; NumericalError where doubles end
inline NormalMetaPosterior normal_meta(const MeanEvidence& e, const MeanPriors& priors,
                                       const PanelOptions& options) {
  detail::require_meta(e, priors);
  NormalMetaPosterior out;
  Vector node;
  Vector mass;
  detail::tau_nodes(e, priors, options, out, node, mass);
  const auto& mu_prior = priors.mu.components();
  const auto parts = static_cast<Index>(mu_prior.size());
  detail::reserve_components(out, node.size() * parts, e.mean.size());
  for (Index j = 0; j < node.size(); ++j) {
    const double marginal = detail::log_marginal(e, priors.mu, node(j));
    for (Index part = 0; part < parts; ++part) {
      const auto mu = detail::mu_given_tau(e, mu_prior[static_cast<std::size_t>(part)], node(j));
      detail::fill_component(e, priors, node(j), mass(j) * std::exp(mu.log_weight - marginal), mu,
                             j * parts + part, out);
    }
  }
  const bool finite = out.fresh.weight.allFinite() && out.fresh.mean.allFinite() && out.fresh.sd.allFinite();
  if (!finite || std::fabs(out.fresh.weight.sum() - 1.0) > 1e-6) {
    throw NumericalError(
        "the posterior of the mean is not finite: means, errors or priors are too far apart");
  }
  return out;
}

}  // namespace cordgain
