// The posterior of a Gaussian mixed model without a sampler: coefficients and
// random effects in closed form, hyperparameters by the trapezoidal rule on a
// lattice fitted to the posterior, refined until two interleaved lattices agree and reach far enough.
#pragma once

#include <cmath>
#include <cordgain/fit/shell_moments.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace cordgain {

struct PosteriorControl {
  double tolerance = 1e-5;  ///< largest num.error of means and SDs, in posterior SDs
  std::size_t most_nodes = 600000;
};

/// Where the lattices of a posterior lie: enough for more of them, with the hyperparameters' units.
struct LatticePlan {
  Vector unit;  ///< of each hyperparameter
  detail::PosteriorPlace place;
  double step = 0.0,
         depth = 0.0;  ///< in standard deviations; log of the densities at the mode and at the end
};

/// A posterior as a weighted mixture of normals of the coefficients.
struct ExactPosterior {
  Matrix values;      ///< hyperparameters (n_hyper x nodes)
  Vector weight;      ///< nodes; sums to 1
  Matrix mean;        ///< coefficients given the node (p x nodes)
  Matrix covariance;  ///< packed(p) x nodes
  Vector coefficient_mean, coefficient_sd, coefficient_error;
  Vector hyper_mean, hyper_sd, hyper_error;
  double log_evidence = 0.0, evidence_error = 0.0;
  Index plain = 0;    ///< the first so many nodes are those of one lattice, the rest those of the other
  double edge = 0.0;  ///< nodes of a smaller weight lie at the edge: without them the answer moves little
  std::size_t evaluations = 0;
  LatticePlan plan;
};

namespace detail {

/// The nodes' edge: those whose density is less than e^2 times that at which the lattices end. What lies
/// beyond the lattices is less than twice what the edge adds wherever a moment's tail falls by more than a
/// factor e^0.2 while the density falls by e.
constexpr double kEdge = 2.0;

/// A tail counts as one that falls by at least this factor from shell to shell.
constexpr double kSlowest = 0.9;

/// The stated error: so many times what the two lattices differ by, and what their edge says lies beyond.
/// The difference of one parameter may vanish by chance: each states the largest, in standard deviations.
/// Of the aliasing terms of d hyperparameters the nearest, along one axis each, differ in sign; the next,
/// four for each pair of axes, do not and stay unseen: the difference counts once for each pair, and at least
/// twice. design/014-lattices.md has the study.
constexpr double kStatedEdge = 2.0;
inline double stated_step(Index dimension) {
  return std::max(2.0, 0.5 * static_cast<double>(dimension * (dimension - 1)));
}

/// What lies beyond the lattices, judged by what their edge adds and what the shell of equal depth inside
/// of it adds: a tail that falls by a factor q from shell to shell leaves q / (1 - q) of the last one.
/// Posteriors fall faster and faster, so this is too much rather than too little; never less than the edge
/// itself.
inline double beyond(double edge, double shell) {
  const double q = edge > 0.0 ? std::min(kSlowest, edge / std::max(shell, 1e-300)) : 0.0;
  return edge * std::max(1.0, q / (1.0 - q));
}

inline Vector beyond(Vector edge, const Vector& shell) {
  for (Index j = 0; j < edge.size(); ++j) edge[j] = beyond(edge[j], shell[j]);
  return edge;
}

/// Two interleaved lattices, and what they differ by.
///
/// The error of a lattice is a sum of the density's Fourier transform at the points of the dual lattice; the
/// other's has the signs of every second of these turned, the nearest ones among them. So the mean of both
/// is much nearer to the truth than they are to each other.
struct LatticePair {
  LatticeSums nodes;  ///< of both, those of the plain lattice first
  Vector weight;      ///< of the parts; sums to 1
  std::size_t plain_nodes = 0;
  double log_total = 0.0, step_gap = 0.0;  ///< log evidence; its difference between both
  double edge_weight = 0.0, evidence_edge = 0.0;
  LatticeMoments all;
  Vector coefficient_step, coefficient_edge, hyper_step, hyper_edge;  ///< parts of the error
  double largest_step = 0.0, times = 2.0;  ///< of these, in standard deviations; stated_step()

  [[nodiscard]] Index plain_parts() const { return static_cast<Index>(plain_nodes * nodes.parts); }
  [[nodiscard]] Vector coefficient_error() const { return error(all.coefficients, coefficient_edge); }
  [[nodiscard]] Vector hyper_error() const { return error(all.hyper, hyper_edge); }
  [[nodiscard]] double evidence_error() const {
    return times * std::max(step_gap, largest_step) + kStatedEdge * evidence_edge;
  }

 private:
  /// Never below rounding.
  [[nodiscard]] Vector error(const PosteriorMoments& at, const Vector& edge) const {
    constexpr double kRounding = 64.0 * std::numeric_limits<double>::epsilon();
    return times * largest_step * at.sd + kStatedEdge * edge + kRounding * (at.mean.cwiseAbs() + at.sd);
  }
};

/// Weights of the parts, not yet adding up to 1.
/// @param top  the largest log density of a node
inline Vector part_weights(const LatticeSums& sums, double top) {
  Vector out(static_cast<Index>(sums.log_part.size()));
  for (Index at = 0; at < out.size(); ++at)
    out[at] = std::exp(sums.log_part[static_cast<std::size_t>(at)] - top);
  return out;
}

/// Weighs the nodes of a pair, of which those of the plain lattice are `plain_nodes`.
/// @param lowest  log density at which both lattices end
inline void compare(double lowest, double log_volume, Index p, Index n_hyper, LatticePair& out) {
  const double top = *std::max_element(out.nodes.log_density.begin(), out.nodes.log_density.end());
  out.weight = part_weights(out.nodes, top);
  const double whole = out.weight.sum();
  out.weight /= whole;
  out.all = lattice_moments(out.nodes, out.weight, p, n_hyper);
  const ShellSums sums(out.nodes, out.weight, out.all, out.plain_nodes, lowest + 2.0 * kEdge, lowest + kEdge);
  const DeviationSums all = sums.within(2), core = sums.within(1), inner = sums.within(0);
  const DeviationSums plain = sums.lattice(0), shifted = sums.lattice(1);
  out.log_total = top + std::log(0.5 * whole) + log_volume;
  out.step_gap = std::abs(std::log(plain.weight) - std::log(shifted.weight));
  out.edge_weight = std::exp(lowest + kEdge - top) / whole;
  out.evidence_edge = beyond(-std::log(core.weight), std::log(core.weight) - std::log(inner.weight));
  const Vector step = sums.gap(plain, shifted);
  const Vector edge = beyond(sums.gap(all, core), sums.gap(core, inner));
  out.coefficient_step = step.head(p);
  out.hyper_step = step.tail(n_hyper);
  out.coefficient_edge = edge.head(p);
  out.hyper_edge = edge.tail(n_hyper);
}

/// The largest part of an error, in standard deviations, of coefficients and free hyperparameters; infinite
/// where a lattice has no spread, all its weight at one node.
inline double largest(const LatticePair& pair, const std::vector<Index>& free, const Vector& coefficient,
                      const Vector& hyper) {
  const auto per_sd = [](double error, double sd) {
    const double ratio = error / sd;
    return std::isfinite(ratio) ? ratio : std::numeric_limits<double>::infinity();
  };
  double out = 0.0;
  for (Index j = 0; j < coefficient.size(); ++j)
    out = std::max(out, per_sd(coefficient[j], pair.all.coefficients.sd[j]));
  for (const Index k : free) out = std::max(out, per_sd(hyper[k], pair.all.hyper.sd[k]));
  return out;
}

/// Where the lattices differ the step is too long, and where the edge matters they end too soon: only what is
/// at fault moves. A normal density is summed to relative accuracy 2 exp(-2 pi^2 / step^2) with a step in
/// standard deviations (Trefethen & Weideman 2014); posteriors of few patients need less than that.
class LatticeSearch {
 public:
  LatticeSearch(double tolerance, Index dimension)
      : tolerance_(tolerance),
        times_(stated_step(dimension)),
        step_(0.78 * std::sqrt(19.739208802178716 / std::log(20.0 / tolerance))),
        depth_(std::log(1.0 / tolerance) + 5.0 + 0.5 * static_cast<double>(dimension)) {}

  [[nodiscard]] double step() const noexcept { return step_; }
  [[nodiscard]] double depth() const noexcept { return depth_; }

  /// @param step_error,edge_error  the largest ones, in standard deviations
  /// @return                       whether they do; if not, step and depth have moved
  bool settles(double step_error, double edge_error) {
    if (!std::isfinite(step_error + edge_error)) step_error = edge_error = 1.0;
    if (times_ * step_error + kStatedEdge * edge_error <= tolerance_) return true;
    const double step_share = 0.6 * tolerance_ / times_, edge_share = 0.3 * tolerance_ / kStatedEdge;
    // Errors fall about as exp(-c / step); what lies beyond falls by e where the lattices end 1.6 lower.
    // Aimed a little inside the tolerance: a round that just misses it costs as much as all before.
    if (step_error > step_share) {
      const double logs = std::log(std::min(step_error, 0.3)) / std::log(step_share);
      step_ *= std::min(0.93, std::max(0.7, logs));
    }
    if (edge_error > edge_share)
      depth_ += std::min(4.5, std::max(0.7, 1.6 * std::log(edge_error / edge_share)));
    return false;
  }

 private:
  double tolerance_, times_, step_, depth_;
};

inline LatticePair settled_pair(PosteriorDensity& density, Index p, Index n_hyper,
                                const PosteriorControl& control, LatticePlan& plan) {
  const double top = density(plan.place.mode);
  const std::vector<Index> order = density.cheapest_last();
  LatticeSearch search(control.tolerance, density.dimension());
  LatticePair out;
  for (int round = 0; round < 24; ++round) {
    plan.step = search.step();
    plan.depth = search.depth();
    const LatticeFrame frame = lattice_frame(plan.place, order, plan.step, 0.0);
    const LatticeFrame half = lattice_frame(plan.place, order, plan.step, 0.5);
    out.nodes = LatticeSums();
    sum_lines(density, frame, top - plan.depth, control.most_nodes, p, out.nodes);
    out.plain_nodes = out.nodes.nodes();
    sum_lines(density, half, top - plan.depth, control.most_nodes, p, out.nodes);
    compare(top - plan.depth, frame.log_volume, p, n_hyper, out);
    out.times = stated_step(density.dimension());
    out.largest_step = largest(out, density.free(), out.coefficient_step, out.hyper_step);
    if (search.settles(out.largest_step, largest(out, density.free(), out.coefficient_edge, out.hyper_edge)))
      return out;
  }
  throw NumericalError(
      "the posterior could not be integrated to the tolerance asked; a prior may have a jump "
      "where the posterior has mass");
}

/// Everything but the marginals.
inline ExactPosterior report(LatticePair pair, const PosteriorModel& model) {
  ExactPosterior out;
  const Index p = model.frame.shift.size(), n_hyper = static_cast<Index>(model.hyper.size());
  out.log_evidence = pair.log_total + model.log_constant;
  out.evidence_error = pair.evidence_error() + 1e-14 * std::abs(out.log_evidence);
  out.coefficient_error = pair.coefficient_error();
  out.hyper_error = pair.hyper_error();
  out.coefficient_mean = std::move(pair.all.coefficients.mean);
  out.coefficient_sd = std::move(pair.all.coefficients.sd);
  out.hyper_mean = std::move(pair.all.hyper.mean);
  out.hyper_sd = std::move(pair.all.hyper.sd);
  out.plain = pair.plain_parts();
  out.edge = pair.edge_weight;
  out.evaluations = pair.nodes.evaluations;
  out.values = columns(pair.nodes.values, n_hyper);
  out.mean = columns(pair.nodes.mean, p);
  out.covariance = columns(pair.nodes.covariance, packed_size(p));
  out.weight = std::move(pair.weight);
  return out;
}

/// The mode, after units of the standard deviations are moved there.
inline PosteriorPlace centred_place(PosteriorModel& model) {
  PosteriorDensity density(model);
  Vector mode = place_posterior(density).mode;
  density(mode);
  for (Index k = 0; k < density.dimension(); ++k) {
    const Index at = density.free()[static_cast<std::size_t>(k)];
    Hyperparameter& h = model.hyper[static_cast<std::size_t>(at)];
    if (h.kind != HyperKind::kSd) continue;
    h.unit = density.values()[at];
    mode[k] = sd_coordinate(1.0, 1.0);
  }
  PosteriorDensity centred(model);
  return place_posterior(centred, {mode});
}

/// All standard deviations are fixed: one node.
inline ExactPosterior known_variances(PosteriorDensity& density, const PosteriorModel& model) {
  const Index p = model.frame.shift.size(), n_hyper = static_cast<Index>(model.hyper.size());
  LatticePair pair;
  pair.nodes.parts = density.parts();
  const Index parts = static_cast<Index>(density.parts());
  const double value = density(Vector(0));
  if (!std::isfinite(value)) throw NumericalError("the fixed variances give no covariance");
  pair.plain_nodes = 1;
  for (int lattice = 0; lattice < 2; ++lattice) {  // both are this node
    density(Vector(0));
    keep_node(density, value, p, pair.nodes);
  }
  compare(value - 1.0 - kEdge, 0.0, p, n_hyper, pair);
  ExactPosterior out = report(std::move(pair), model);
  out.values.conservativeResize(Eigen::NoChange, parts);
  out.mean.conservativeResize(Eigen::NoChange, parts);
  out.covariance.conservativeResize(Eigen::NoChange, parts);
  out.weight = Vector(2.0 * out.weight.head(parts));
  out.edge = 0.0;
  return out;
}

}  // namespace detail

/// The posterior of a Gaussian mixed model.
/// @param model    blocks, priors, layout; by value, since its units are moved to the posterior
/// @param control  tolerance and the most nodes of a lattice
/// @throws         NumericalError with more than 6 free hyperparameters, and where the two lattices do not
///                 agree to the tolerance
/// Source: Naylor & Smith (1982), doi:10.2307/2347995, for the idea; the trapezoidal rule in place of
/// Gauss-Hermite: Trefethen & Weideman (2014).
[[nodiscard]] inline ExactPosterior exact_posterior(PosteriorModel model, const PosteriorControl& control) {
  const Index p = model.frame.shift.size(), n_hyper = static_cast<Index>(model.hyper.size());
  const std::size_t free = HyperPoint(model.hyper).free().size();
  if (free > 6)
    throw NumericalError("exact integration reaches six variance parameters; here are " +
                         std::to_string(free));
  ExactPosterior out;
  if (free == 0) {
    detail::PosteriorDensity density(model);
    out = detail::known_variances(density, model);
  } else {
    LatticePlan plan;
    plan.place = detail::centred_place(model);
    detail::PosteriorDensity density(model);
    out = detail::report(detail::settled_pair(density, p, n_hyper, control, plan), model);
    out.plan = std::move(plan);
  }
  out.plan.unit.resize(n_hyper);
  for (Index k = 0; k < n_hyper; ++k) out.plan.unit[k] = model.hyper[static_cast<std::size_t>(k)].unit;
  return out;
}

/// Density of every free hyperparameter in its coordinate, up to a factor, each from two lattices of its own.
/// @param model  that of the posterior; by value, since it gets the posterior's units
/// @param plan   of the posterior
[[nodiscard]] inline std::vector<Lattice> posterior_marginals(PosteriorModel model, const LatticePlan& plan,
                                                              std::size_t most_nodes) {
  for (std::size_t k = 0; k < model.hyper.size(); ++k) model.hyper[k].unit = plan.unit[static_cast<Index>(k)];
  detail::PosteriorDensity density(model);
  const std::vector<Index> order = density.cheapest_last();
  const double lowest = density.dimension() > 0 ? density(plan.place.mode) - plan.depth : 0.0;
  std::vector<Lattice> out;
  for (Index k = 0; k < density.dimension(); ++k) {
    const auto frame = detail::marginal_frame(plan.place, order, k, plan.step, 0.0);
    const auto half = detail::marginal_frame(plan.place, order, k, plan.step, 0.5);
    const auto plain = detail::marginal_lines(density, frame, lowest, most_nodes);
    out.push_back(
        detail::marginal_of(plain, frame, detail::marginal_lines(density, half, lowest, most_nodes)));
  }
  return out;
}

}  // namespace cordgain
