// The posterior of a mixed model of any family without a sampler: coefficients, hyperparameters and the
// family's own parameters by the trapezoidal rule on a lattice fitted to the posterior, random effects by
// adaptive Gauss-Hermite quadrature at each of its nodes. The second of two interleaved lattices takes more
// quadrature nodes too, so that their difference holds both errors.
#pragma once

#include <algorithm>
#include <cordgain/fit/family_target.hpp>
#include <cordgain/fit/lattice_moments.hpp>
#include <string>
#include <vector>

namespace cordgain {

struct FamilyPosteriorControl {
  double tolerance = 1e-4;         ///< largest num.error of means and SDs, in posterior SDs
  std::size_t most_nodes = 20000;  ///< of a lattice; twice that up to four dimensions
};

/// Reported parameters in the order of FamilyDensity::reported().
struct FamilyPosterior {
  Matrix values, points;  ///< reported, and of the likelihood; a column for each node
  Vector weight, mean, sd, error;
  double log_evidence = 0.0, evidence_error = 0.0;
  Vector unit;                    ///< of each reported parameter
  std::vector<Lattice> marginal;  ///< of each, in its coordinate; empty where it is known
  std::vector<Index> nodes;       ///< of the quadrature, by subject
  std::size_t evaluations = 0;
};

namespace detail {

/// Minus the log density with its gradient and a Hessian of differences of the gradient.
inline SecondOrder sloped_order(FamilyDensity& density, const Vector& eta) {
  constexpr double kStep = 1e-4;
  const Index d = eta.size();
  SecondOrder out;
  Vector up(d), down(d), gradient(d);
  out.value = -density(eta, gradient);
  out.gradient = -gradient;
  out.hessian.resize(d, d);
  for (Index j = 0; j < d && std::isfinite(out.value); ++j) {
    Vector moved = eta;
    moved[j] += kStep;
    const double above = density(moved, up);
    moved[j] -= 2.0 * kStep;
    const double below = density(moved, down);
    if (!std::isfinite(above) || !std::isfinite(below)) return SecondOrder();
    out.hessian.col(j) = (down - up) / (2.0 * kStep);
  }
  out.hessian = (0.5 * (out.hessian + out.hessian.transpose())).eval();
  return out;
}

/// Where a posterior lies, from the best of several starts.
inline PosteriorPlace place_family(FamilyDensity& density, const std::vector<Vector>& starts) {
  return best_place(starts, [&](const Vector& start) {
    static_cast<void>(density(start));
    static_cast<void>(density.likelihood().choose_nodes(density.point(), 1e-4));
    return newton([&](const Vector& eta) { return sloped_order(density, eta); }, start, place_control());
  });
}

/// Place of the posterior, units of standard deviations moved to it.
inline PosteriorPlace centred_place(FamilyModel& model, FamilyDensity& density) {
  Vector start = place_family(density, {density.start(0.6), density.start(-0.4), density.start(1.6)}).mode;
  for (Index k = 0; k < density.free_count(); ++k) {
    Hyperparameter& h = model.hyper[static_cast<std::size_t>(density.free()[static_cast<std::size_t>(k)])];
    double& eta = start[density.fixed() + k];
    if (h.kind != HyperKind::kSd) continue;
    h.unit = transform(h, eta).value;
    eta = sd_coordinate(1.0, 1.0);
  }
  return place_family(density, {start});
}

/// As many quadrature nodes as are needed at the mode and 2.5 standard deviations from it.
/// @return  largest error left in the log likelihood, weighed by the density there
inline double settle_nodes(FamilyDensity& density, const PosteriorPlace& place, double tolerance) {
  const Matrix lower = place.covariance.llt().matrixL();
  const double top = density(place.mode);
  double left = density.likelihood().choose_nodes(density.point(), tolerance);
  for (Index k = 0; k < place.mode.size(); ++k) {
    for (const double by : {-2.5, 2.5}) {
      const double here = density(place.mode + by * lower.col(k));
      if (!std::isfinite(here)) continue;
      left = std::max(left, std::exp(std::min(here - top, 0.0)) *
                                density.likelihood().choose_nodes(density.point(), tolerance));
    }
  }
  return left;
}

/// Nodes of one lattice of a family's posterior.
struct FamilyNodes : LatticeDensity {
  std::vector<double> values, points;
};

inline FamilyNodes family_lattice(FamilyDensity& density, const LatticeFrame& frame, double lowest,
                                  std::size_t limit, bool keep) {
  FamilyNodes out;
  const auto keep_node = [&](double) {
    if (!keep) return;
    const Vector reported = density.reported(), &point = density.point();
    out.values.insert(out.values.end(), reported.data(), reported.data() + reported.size());
    out.points.insert(out.points.end(), point.data(), point.data() + point.size());
  };
  walk_lattice(density, frame, lowest, limit, keep_node, out);
  return out;
}

/// Moments; what is known has no spread, where a weighted sum would leave rounding.
inline PosteriorMoments moving_moments(const Vector& weight, const Matrix& values) {
  PosteriorMoments out = value_moments(weight, values);
  for (Index k = 0; k < values.rows(); ++k) {
    if (values.row(k).minCoeff() < values.row(k).maxCoeff()) continue;
    out.mean[k] = values(k, 0);
    out.sd[k] = 0.0;
  }
  return out;
}

/// Moments of what is reported, of nodes of a log density of at least `lowest`.
inline PosteriorMoments family_moments(const FamilyNodes& nodes, Index reported, double lowest = kNegInf) {
  Vector weight = normalised(nodes.log_density);
  for (Index i = 0; i < weight.size(); ++i)
    if (nodes.log_density[static_cast<std::size_t>(i)] < lowest) weight[i] = 0.0;
  return moving_moments(weight / weight.sum(), columns(nodes.values, reported));
}

struct FamilyPair {
  FamilyNodes plain, shifted;
  PosteriorMoments plain_moments, shifted_moments;
  double step = 0.0, lowest = 0.0;
  std::size_t evaluations = 0;
};

/// Runs `work` with each subject's quadrature one rung finer.
template <class Work>
void with_finer_rule(FamilyDensity& density, Work&& work) {
  const std::vector<Index> before = density.likelihood().nodes();
  density.likelihood().refine_nodes();
  work();
  density.likelihood().set_nodes(before);
}

/// Two lattices that agree, or none within the nodes allowed.
inline FamilyPair agreeing_family(FamilyDensity& density, const PosteriorPlace& place, Index reported,
                                  const FamilyPosteriorControl& control, std::size_t limit) {
  const double top = density(place.mode), tolerance = control.tolerance;
  FamilyPair out;
  LatticeReach reach(tolerance, density.dimension());
  while (out.evaluations < 3 * limit) {
    out.step = reach.step;
    out.lowest = top - reach.depth;
    const double end = out.lowest + kShell;
    out.plain = family_lattice(density, lattice_frame(place, 0, out.step, 0.0), out.lowest, limit, true);
    with_finer_rule(density, [&] {
      out.shifted = family_lattice(density, lattice_frame(place, 0, out.step, 0.5), end, limit, true);
    });
    out.evaluations += out.plain.log_density.size() + out.shifted.log_density.size();
    out.plain_moments = family_moments(out.plain, reported);
    out.shifted_moments = family_moments(out.shifted, reported);
    if (agree(out.plain_moments, out.shifted_moments, tolerance)) return out;
    const PosteriorMoments core = family_moments(out.plain, reported, end);
    reach.refine(agree(out.plain_moments, core, 0.5 * tolerance),
                 [&] { return agree(core, family_moments(out.shifted, reported, end), tolerance); });
  }
  throw NumericalError("two interleaved lattices do not agree to the tolerance asked");
}

/// Where a reported parameter is a coordinate: which, and with which threshold as anchor. -1: it is known.
struct ReportedCoordinate {
  Index coordinate = -1, anchor = 0;
  double unit = 1.0;
};

inline std::vector<ReportedCoordinate> reported_coordinates(const FamilyModel& model,
                                                            const FamilyDensity& density) {
  std::vector<ReportedCoordinate> out;
  const Index cuts = density.cut_count(), p = density.fixed();
  const bool own = model.own != OwnScale::kNone;
  for (Index j = cuts > 0 ? 1 : 0; j < p; ++j) out.push_back({j, 0, density.unit()[j]});
  for (Index k = 0; k < cuts; ++k) out.push_back({0, k, density.unit()[0]});
  const Index count = static_cast<Index>(model.hyper.size());
  const auto of_hyper = [&](Index k) {
    const auto at = std::find(density.free().begin(), density.free().end(), k);
    const double unit = model.hyper[static_cast<std::size_t>(k)].unit;
    if (at == density.free().end()) return ReportedCoordinate{-1, 0, unit};
    return ReportedCoordinate{p + static_cast<Index>(at - density.free().begin()), 0, unit};
  };
  if (own) out.push_back(of_hyper(count - 1));
  for (Index k = density.further(); k > 0; --k) out.push_back({density.dimension() - k, 0, 1.0});
  for (Index k = 0; k < count - (own ? 1 : 0); ++k) out.push_back(of_hyper(k));
  return out;
}

inline void add_family_marginals(FamilyDensity& density, const FamilyModel& model,
                                 const PosteriorPlace& place, const FamilyPair& pair, std::size_t limit,
                                 FamilyPosterior& out) {
  const std::vector<ReportedCoordinate> all = reported_coordinates(model, density);
  out.unit.resize(static_cast<Index>(all.size()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    out.unit[static_cast<Index>(i)] = all[i].unit;
    out.marginal.emplace_back();
    if (all[i].coordinate < 0) continue;
    density.set_anchor(0);
    static_cast<void>(density(place.mode));
    Vector mode = place.mode;
    if (density.cut_count() > 0) {
      mode[0] = density.reported()[density.fixed() - 1 + all[i].anchor] / density.unit()[0];
      density.set_anchor(all[i].anchor);
    }
    const PosteriorPlace here = all[i].anchor > 0 ? place_family(density, {mode}) : place;
    const LatticeFrame frame = lattice_frame(here, all[i].coordinate, pair.step, 0.0);
    const LatticeFrame half = lattice_frame(here, all[i].coordinate, pair.step, 0.5);
    const FamilyNodes plain = family_lattice(density, frame, pair.lowest, limit, false);
    const FamilyNodes shifted = family_lattice(density, half, pair.lowest, limit, false);
    out.marginal.back() = marginal_of(plain, frame, shifted);
    out.evaluations += plain.log_density.size() + shifted.log_density.size();
  }
  density.set_anchor(0);
}

/// Both lattices together; nodes that weigh next to nothing are left out.
inline void keep_nodes(const FamilyPair& pair, Index reported, Index size, FamilyPosterior& out) {
  std::vector<double> logs = pair.plain.log_density, values = pair.plain.values, points = pair.plain.points;
  logs.insert(logs.end(), pair.shifted.log_density.begin(), pair.shifted.log_density.end());
  values.insert(values.end(), pair.shifted.values.begin(), pair.shifted.values.end());
  points.insert(points.end(), pair.shifted.points.begin(), pair.shifted.points.end());
  const Vector weight = normalised(logs);
  const PosteriorMoments both = moving_moments(weight, columns(values, reported));
  out.mean = both.mean;
  out.sd = both.sd;
  std::vector<Index> kept;
  for (Index i = 0; i < weight.size(); ++i)
    if (weight[i] * static_cast<double>(weight.size()) > 1e-10) kept.push_back(i);
  const Index count = static_cast<Index>(kept.size());
  out.weight.resize(count);
  out.values.resize(reported, count);
  out.points.resize(size, count);
  for (Index i = 0; i < count; ++i) {
    const Index from = kept[static_cast<std::size_t>(i)];
    out.weight[i] = weight[from];
    out.values.col(i) = columns(values, reported).col(from);
    out.points.col(i) = columns(points, size).col(from);
  }
  out.weight /= out.weight.sum();
}

}  // namespace detail

/// @param model    by value: its units are moved to the posterior
/// @param control  tolerance and the most nodes of a lattice
/// @throws         NumericalError with more than six dimensions, beyond the most nodes, and where two
///                 lattices do not agree
[[nodiscard]] inline FamilyPosterior family_posterior(FamilyModel model,
                                                      const FamilyPosteriorControl& control) {
  FamilyDensity density(model);
  const Index d = density.dimension();
  if (d > 6) throw NumericalError("lattices reach six parameters; here are " + std::to_string(d));
  const detail::PosteriorPlace place = detail::centred_place(model, density);
  const std::size_t limit = d <= 4 ? 2 * control.most_nodes : control.most_nodes;
  const double left = detail::settle_nodes(density, place, std::max(1e-11, 1e-2 * control.tolerance));
  const Index reported = density.reported().size();
  const detail::FamilyPair pair = detail::agreeing_family(density, place, reported, control, limit);
  FamilyPosterior out;
  out.nodes = density.likelihood().nodes();
  out.evaluations = pair.evaluations;
  detail::keep_nodes(pair, reported, density.point().size(), out);
  const double a = pair.plain.log_total, b = pair.shifted.log_total;
  out.log_evidence = detail::log_mean(a, b);
  out.evidence_error = 10.0 * (std::abs(a - b) + left) + 1e-14 * std::abs(out.log_evidence);
  out.error = detail::route_error(pair.plain_moments, pair.shifted_moments) + 10.0 * left * out.sd;
  detail::add_family_marginals(density, model, place, pair, 4 * limit, out);
  return out;
}

}  // namespace cordgain
