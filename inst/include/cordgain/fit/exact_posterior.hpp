// The posterior of a Gaussian mixed model without a sampler: coefficients and
// random effects in closed form, hyperparameters by the trapezoidal rule on a
// lattice fitted to the posterior, refined until two interleaved lattices agree.
#pragma once

#include <cmath>
#include <cordgain/fit/posterior_lattice.hpp>
#include <cordgain/math/lattice.hpp>
#include <string>
#include <vector>

namespace cordgain {

struct PosteriorControl {
  double tolerance = 1e-5;  ///< largest num.error of means and SDs, in posterior SDs
  std::size_t most_nodes = 400000;
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
  Vector unit;                    ///< of each hyperparameter: what `marginal` is read with
  std::vector<Lattice> marginal;  ///< per free hyperparameter: density in eta, up to a factor
  Index plain = 0;  ///< the first so many nodes are those of one lattice, the rest those of the other
  std::size_t evaluations = 0;
};

namespace detail {

/// Means and standard deviations by the laws of total expectation and variance.
struct PosteriorMoments {
  Vector mean;
  Vector sd;
};

inline PosteriorMoments coefficient_moments(const Vector& weight, const Matrix& mean,
                                            const Matrix& covariance) {
  PosteriorMoments out;
  out.mean = mean * weight;
  const Index p = mean.rows();
  out.sd.resize(p);
  for (Index j = 0; j < p; ++j) {
    const Vector within = covariance.row(packed_index(j, j, p)).transpose();
    const Vector between = (mean.row(j).transpose().array() - out.mean[j]).square();
    out.sd[j] = std::sqrt(weight.dot(within + between));
  }
  return out;
}

inline PosteriorMoments value_moments(const Vector& weight, const Matrix& values) {
  PosteriorMoments out;
  out.mean = values * weight;
  out.sd = ((values.colwise() - out.mean).array().square().matrix() * weight).cwiseSqrt();
  return out;
}

inline Matrix columns(const std::vector<double>& data, Index rows) {
  const Index count = rows > 0 ? static_cast<Index>(data.size()) / rows : 0;
  return Eigen::Map<const Matrix>(data.data(), rows, count);
}

inline Vector normalised(const std::vector<double>& logs) {
  const double total = log_sum(logs);
  Vector out(static_cast<Index>(logs.size()));
  for (Index i = 0; i < out.size(); ++i) out[i] = std::exp(logs[static_cast<std::size_t>(i)] - total);
  return out;
}

/// Weights of the parts, without those of nodes whose density is below `lowest`.
inline Vector part_weights(const LatticeSums& sums, double lowest) {
  Vector out = normalised(sums.log_part);
  const std::size_t per_node = sums.log_part.size() / std::max<std::size_t>(1, sums.log_density.size());
  for (std::size_t node = 0; node < sums.log_density.size(); ++node) {
    if (sums.log_density[node] >= lowest) continue;
    out.segment(static_cast<Index>(node * per_node), static_cast<Index>(per_node)).setZero();
  }
  return out / out.sum();
}

/// Both sets of moments from the sums of one lattice.
struct LatticeMoments {
  PosteriorMoments coefficients;
  PosteriorMoments hyper;
};

/// @param lowest  log density below which nodes are left out
inline LatticeMoments lattice_moments(const LatticeSums& sums, Index p, Index n_hyper,
                                      double lowest = kNegInf) {
  const Vector weight = part_weights(sums, lowest);
  return {coefficient_moments(weight, columns(sums.mean, p), columns(sums.covariance, packed_size(p))),
          value_moments(weight, columns(sums.values, n_hyper))};
}

/// Ten times the difference of two routes, and never below rounding.
inline Vector route_error(const PosteriorMoments& a, const PosteriorMoments& b) {
  constexpr double kRounding = 64.0 * std::numeric_limits<double>::epsilon();
  const Vector difference = (a.mean - b.mean).cwiseAbs().cwiseMax((a.sd - b.sd).cwiseAbs());
  return 10.0 * difference + kRounding * (a.mean.cwiseAbs() + a.sd);
}

inline void append(const LatticeSums& from, LatticeSums& to) {
  const auto add = [](const std::vector<double>& source, std::vector<double>& target) {
    target.insert(target.end(), source.begin(), source.end());
  };
  add(from.log_part, to.log_part);
  add(from.values, to.values);
  add(from.mean, to.mean);
  add(from.covariance, to.covariance);
}

/// The marginal density of the first coordinate of two lattices shifted by half a step: together one lattice
/// of half the step, on which the cardinal series converges as fast as the trapezoidal rule on each.
inline Lattice marginal_of(const LatticeDensity& plain, const LatticeFrame& frame,
                           const LatticeDensity& shifted) {
  const auto a = std::minmax_element(plain.first.begin(), plain.first.end());
  const auto b = std::minmax_element(shifted.first.begin(), shifted.first.end());
  const int low = std::min(*a.first, *b.first), high = std::max(*a.second, *b.second);
  const double top = *std::max_element(plain.log_density.begin(), plain.log_density.end());
  const double step = frame.axes(frame.first, 0);
  Lattice out{frame.origin[frame.first] + step * static_cast<double>(low), 0.5 * step,
              Vector::Zero(2 * (high - low + 1))};
  for (std::size_t i = 0; i < plain.first.size(); ++i)
    out.value[2 * (plain.first[i] - low)] += std::exp(plain.log_density[i] - top);
  for (std::size_t i = 0; i < shifted.first.size(); ++i)
    out.value[2 * (shifted.first[i] - low) + 1] += std::exp(shifted.log_density[i] - top);
  return out;
}

/// The pair of interleaved lattices at which means and standard deviations agree.
struct LatticePair {
  LatticeSums plain, shifted;
  LatticeMoments plain_moments, shifted_moments;
  LatticeFrame plain_frame, shifted_frame;
  double step = 0.0;    ///< in standard deviations
  double lowest = 0.0;  ///< log density at which the lattices end
};

inline bool agree(const PosteriorMoments& a, const PosteriorMoments& b, double tolerance) {
  return ((route_error(a, b) - tolerance * a.sd).array() <= 0.0 || a.sd.array() <= 0.0).all();
}

inline bool agree(const LatticeMoments& a, const LatticeMoments& b, double tolerance) {
  return agree(a.coefficients, b.coefficients, tolerance) && agree(a.hyper, b.hyper, tolerance);
}

/// The shifted lattice ends where the density is e times that at which the plain one ends. So the two differ
/// by what lies between as well as by their nodes, and ten times the difference covers what lies beyond both:
/// a tail that falls by a factor f for each factor e of the density lost 1 / (f - 1) of the difference.
constexpr double kShell = 1.0;

inline LatticePair agreeing_pair(PosteriorDensity& density, const PosteriorPlace& place, Index p,
                                 Index n_hyper, const PosteriorControl& control) {
  const double top = density(place.mode);
  LatticePair out;
  LatticeReach reach(control.tolerance, density.dimension());
  for (int round = 0; round < 24; ++round) {
    out.step = reach.step;
    out.lowest = top - reach.depth;
    out.plain_frame = lattice_frame(place, 0, out.step, 0.0);
    out.shifted_frame = lattice_frame(place, 0, out.step, 0.5);
    out.plain = sum_lattice(density, out.plain_frame, out.lowest, control.most_nodes, true);
    out.shifted = sum_lattice(density, out.shifted_frame, out.lowest + kShell, control.most_nodes, true);
    out.plain_moments = lattice_moments(out.plain, p, n_hyper);
    out.shifted_moments = lattice_moments(out.shifted, p, n_hyper);
    if (agree(out.plain_moments, out.shifted_moments, control.tolerance)) return out;
    const LatticeMoments core = lattice_moments(out.plain, p, n_hyper, out.lowest + kShell);
    reach.refine(agree(out.plain_moments, core, 0.5 * control.tolerance), [&] {
      return agree(core, lattice_moments(out.shifted, p, n_hyper, out.lowest + kShell), control.tolerance);
    });
  }
  throw NumericalError(
      "the posterior could not be integrated to the tolerance asked; a prior may have a jump "
      "where the posterior has mass");
}

/// Everything but the marginals, from two lattices that agree.
inline ExactPosterior combine(LatticePair& pair, const PosteriorModel& model) {
  ExactPosterior out;
  const Index p = model.frame.shift.size(), n_hyper = static_cast<Index>(model.hyper.size());
  const double a = pair.plain.log_total, b = pair.shifted.log_total;
  out.log_evidence = log_mean(a, b) + model.log_constant;
  out.evidence_error = 10.0 * std::abs(a - b) + 1e-14 * std::abs(out.log_evidence);
  out.coefficient_error = route_error(pair.plain_moments.coefficients, pair.shifted_moments.coefficients);
  out.hyper_error = route_error(pair.plain_moments.hyper, pair.shifted_moments.hyper);
  out.plain = static_cast<Index>(pair.plain.log_part.size());
  append(pair.shifted, pair.plain);
  out.weight = normalised(pair.plain.log_part);
  out.values = columns(pair.plain.values, n_hyper);
  out.mean = columns(pair.plain.mean, p);
  out.covariance = columns(pair.plain.covariance, packed_size(p));
  const PosteriorMoments coefficients = coefficient_moments(out.weight, out.mean, out.covariance);
  const PosteriorMoments hyper = value_moments(out.weight, out.values);
  out.coefficient_mean = coefficients.mean;
  out.coefficient_sd = coefficients.sd;
  out.hyper_mean = hyper.mean;
  out.hyper_sd = hyper.sd;
  return out;
}

/// Density of every free coordinate, each from two lattices of its own.
inline void add_marginals(PosteriorDensity& density, const PosteriorPlace& place, const LatticePair& pair,
                          std::size_t most_nodes, ExactPosterior& out) {
  out.marginal.push_back(marginal_of(pair.plain, pair.plain_frame, pair.shifted));
  for (Index k = 1; k < density.dimension(); ++k) {
    const LatticeFrame frame = lattice_frame(place, k, pair.step, 0.0);
    const LatticeFrame half = lattice_frame(place, k, pair.step, 0.5);
    const LatticeSums plain = sum_lattice(density, frame, pair.lowest, most_nodes, false);
    const LatticeSums shifted = sum_lattice(density, half, pair.lowest, most_nodes, false);
    out.marginal.push_back(marginal_of(plain, frame, shifted));
    out.evaluations += plain.log_density.size() + shifted.log_density.size();
  }
}

/// Units of the standard deviations moved to where the posterior has its mode.
inline void centre_units(PosteriorModel& model, PosteriorDensity& density, const Vector& mode) {
  density(mode);
  for (const Index k : density.free()) {
    Hyperparameter& h = model.hyper[static_cast<std::size_t>(k)];
    if (h.kind == HyperKind::kSd) h.unit = density.values()[k];
  }
}

/// All standard deviations are fixed: one node.
inline ExactPosterior known_variances(PosteriorDensity& density, const PosteriorModel& model) {
  LatticePair pair;
  pair.plain.log_total = density(Vector(0), false);
  if (!std::isfinite(pair.plain.log_total)) throw NumericalError("the fixed variances give no covariance");
  keep_parts(density, 0.0, pair.plain);
  pair.shifted.log_total = pair.plain.log_total;
  const Index p = model.frame.shift.size(), n_hyper = static_cast<Index>(model.hyper.size());
  pair.plain_moments = pair.shifted_moments = lattice_moments(pair.plain, p, n_hyper);
  return combine(pair, model);
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
  detail::PosteriorDensity density(model);
  const Index p = model.frame.shift.size(), n_hyper = static_cast<Index>(model.hyper.size());
  if (density.dimension() > 6)
    throw NumericalError("exact integration reaches six variance parameters; here are " +
                         std::to_string(density.dimension()));
  ExactPosterior out;
  if (density.dimension() == 0) {
    out = detail::known_variances(density, model);
  } else {
    detail::centre_units(model, density, detail::place_posterior(density).mode);
    const detail::PosteriorPlace place = detail::place_posterior(density);
    detail::LatticePair pair = detail::agreeing_pair(density, place, p, n_hyper, control);
    const std::size_t used = pair.plain.log_density.size() + pair.shifted.log_density.size();
    out = detail::combine(pair, model);
    out.evaluations = used;
    detail::add_marginals(density, place, pair, control.most_nodes, out);
  }
  out.unit.resize(n_hyper);
  for (Index k = 0; k < n_hyper; ++k) out.unit[k] = model.hyper[static_cast<std::size_t>(k)].unit;
  return out;
}

}  // namespace cordgain
