// The posterior density of a Gaussian mixed model as a function of the
// coordinates of its hyperparameters, where it lies, and sums of it over lattices.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cordgain/math/flood.hpp>
#include <cordgain/math/newton.hpp>
#include <cordgain/model/coefficient_prior.hpp>
#include <cordgain/model/cross_products.hpp>
#include <cordgain/model/hyperparameters.hpp>
#include <limits>
#include <vector>

namespace cordgain {

/// What a posterior is made of; the blocks must outlive it.
struct PosteriorModel {
  const Blocks* blocks = nullptr;
  Matrix from_user;  ///< variance parameters: user's units to the blocks'
  CoefficientFrame frame;
  CoefficientPriors coefficients;
  std::vector<Hyperparameter> hyper;
  HyperLayout layout;
  double log_constant = 0.0;  ///< added to log p(y): the units of y, the weights
};

namespace detail {

/// One posterior density, as a function of the free coordinates.
class PosteriorDensity {
 public:
  explicit PosteriorDensity(const PosteriorModel& model)
      : model_(model),
        evaluate_(*model.blocks),
        choices_(component_choices(model.coefficients)),
        point_(model.hyper) {}

  [[nodiscard]] Index dimension() const noexcept { return static_cast<Index>(free().size()); }
  [[nodiscard]] const std::vector<Index>& free() const noexcept { return point_.free(); }
  [[nodiscard]] const Vector& values() const noexcept { return point_.values(); }
  /// The normal mixture of the coefficients at the last point asked.
  [[nodiscard]] const std::vector<ConditionalNormal>& parts() const noexcept { return parts_; }

  /// Log of the joint density of y and eta; -Inf where the covariance is not positive definite.
  /// @param weight_only  whether the means and covariances of parts() may stay empty
  double operator()(const Vector& eta, bool weight_only = true) {
    const double prior = point_.move(eta);
    if (!std::isfinite(prior)) return kNegInf;
    const CrossProducts& at = evaluate_(model_.from_user * model_.layout.gamma(values()));
    if (!at.feasible || !std::isfinite(at.log_det)) return kNegInf;
    parts_.clear();
    double top = kNegInf, sum = 0.0;
    for (const auto& choice : choices_) {
      parts_.push_back(
          condition(at.cross, at.log_det, model_.blocks->n, model_.frame, choice, values(), weight_only));
      top = std::max(top, parts_.back().log_weight);
    }
    for (const ConditionalNormal& part : parts_) sum += std::exp(part.log_weight - top);
    return prior + top + std::log(sum);
  }

 private:
  const PosteriorModel& model_;
  CrossProductEvaluator evaluate_;
  std::vector<std::vector<CoefficientComponent>> choices_;
  HyperPoint point_;
  std::vector<ConditionalNormal> parts_;
};

/// Minus the log density with central differences: good enough to place a lattice.
inline SecondOrder differenced(PosteriorDensity& density, const Vector& eta) {
  constexpr double kStep = 1e-3;
  const Index d = eta.size();
  SecondOrder out;
  out.value = -density(eta);
  out.gradient.resize(d);
  out.hessian.resize(d, d);
  const auto at = [&](Index i, double by_i, Index j, double by_j) {
    Vector moved = eta;
    moved[i] += by_i;
    moved[j] += by_j;
    return -density(moved);
  };
  for (Index i = 0; i < d; ++i) {
    const double up = at(i, kStep, i, 0.0), down = at(i, -kStep, i, 0.0);
    out.gradient[i] = (up - down) / (2.0 * kStep);
    out.hessian(i, i) = (up - 2.0 * out.value + down) / (kStep * kStep);
    for (Index j = 0; j < i; ++j) {
      out.hessian(i, j) = (at(i, kStep, j, kStep) - at(i, kStep, j, -kStep) - at(i, -kStep, j, kStep) +
                           at(i, -kStep, j, -kStep)) /
                          (4.0 * kStep * kStep);
      out.hessian(j, i) = out.hessian(i, j);
    }
  }
  return out;
}

/// Where the posterior lies: mode and covariance of the normal of equal curvature there.
struct PosteriorPlace {
  Vector mode;
  Matrix covariance;
};

/// Searches that place a lattice need no more digits than this.
inline NewtonControl place_control() {
  NewtonControl out;
  out.decrement = 1e-9;
  out.max_steps = 60;
  return out;
}

/// The lowest end of the searches from several starts.
/// @param search  NewtonResult search(const Vector& start), of minus the log density
template <class Search>
PosteriorPlace best_place(const std::vector<Vector>& starts, Search&& search) {
  PosteriorPlace out;
  double best = std::numeric_limits<double>::infinity();
  Matrix hessian;
  for (const Vector& start : starts) {
    const NewtonResult found = search(start);
    if (!std::isfinite(found.at.value) || !(found.at.value < best)) continue;
    best = found.at.value;
    out.mode = found.point;
    hessian = found.at.hessian;
  }
  if (!std::isfinite(best))
    throw NumericalError("the posterior density is zero or not finite at every start");
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(hessian);
  // A direction of little curvature is explored from a spread of 4, no more: the lattice then walks along it.
  const Vector spread = eigen.eigenvalues().cwiseAbs().cwiseMax(1.0 / 16.0).cwiseInverse();
  out.covariance = eigen.eigenvectors() * spread.asDiagonal() * eigen.eigenvectors().transpose();
  return out;
}

inline PosteriorPlace place_posterior(PosteriorDensity& density) {
  std::vector<Vector> starts;
  for (const double start : {0.6, -0.4, 1.6}) starts.push_back(Vector::Constant(density.dimension(), start));
  return best_place(starts, [&](const Vector& start) {
    return newton([&](const Vector& eta) { return differenced(density, eta); }, start, place_control());
  });
}

/// An affine lattice: of all axes only the first moves coordinate `first`, so that sums over the others
/// are its marginal density.
struct LatticeFrame {
  Vector origin;
  Matrix axes;
  Index first = 0;
  double log_volume = 0.0;  ///< of one cell
};

inline LatticeFrame lattice_frame(const PosteriorPlace& place, Index first, double step, double shift) {
  const Index d = place.mode.size();
  std::vector<Index> order{first};
  for (Index k = 0; k < d; ++k) {
    if (k != first) order.push_back(k);
  }
  Matrix turned(d, d);
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j < d; ++j)
      turned(i, j) = place.covariance(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
  }
  const Matrix lower = turned.llt().matrixL();
  LatticeFrame out;
  out.first = first;
  out.log_volume = (step * lower.diagonal()).array().log().sum();
  out.axes.resize(d, d);
  for (Index i = 0; i < d; ++i) out.axes.row(order[static_cast<std::size_t>(i)]) = step * lower.row(i);
  out.origin = place.mode + out.axes * Vector::Constant(d, shift);
  return out;
}

/// A density on the nodes of one lattice: log total, and what the marginal of the first coordinate needs.
struct LatticeDensity {
  double log_total = 0.0;
  std::vector<double> log_density;
  std::vector<int> first;
};

/// The same with the normal parts of each node, where kept.
struct LatticeSums : LatticeDensity {
  std::vector<double> values, mean, covariance;  ///< side by side, a column for each node and part
  std::vector<double> log_part;
};

inline void keep_parts(const PosteriorDensity& density, double log_prior, LatticeSums& out) {
  for (const ConditionalNormal& part : density.parts()) {
    out.log_part.push_back(log_prior + part.log_weight);
    const Vector& v = density.values();
    out.values.insert(out.values.end(), v.data(), v.data() + v.size());
    out.mean.insert(out.mean.end(), part.mean.data(), part.mean.data() + part.mean.size());
    const Vector cov = packed(part.covariance);
    out.covariance.insert(out.covariance.end(), cov.data(), cov.data() + cov.size());
  }
}

inline double log_sum(const std::vector<double>& logs) {
  const double top = *std::max_element(logs.begin(), logs.end());
  double sum = 0.0;
  for (const double v : logs) sum += std::exp(v - top);
  return top + std::log(sum);
}

/// Walks over the nodes of a lattice.
/// @param density  double density(const Vector& eta)
/// @param lowest   log density at which the lattice ends
/// @param keep     called with the density after each node that has one
template <class Density, class Keep>
void walk_lattice(Density&& density, const LatticeFrame& frame, double lowest, std::size_t limit, Keep&& keep,
                  LatticeDensity& out) {
  const Index d = frame.origin.size();
  Vector z(d);
  // An origin below the end (a step far too long) still has its neighbours looked at.
  const double depth = std::max(1.0, density(frame.origin) - lowest);
  flood(d, depth, limit, [&](const LatticeNode& node) {
    for (Index k = 0; k < d; ++k) z[k] = static_cast<double>(node[static_cast<std::size_t>(k)]);
    const double value = density(frame.origin + frame.axes * z);
    if (!(value > kNegInf)) return kNegInf;
    out.log_density.push_back(value);
    out.first.push_back(node[0]);
    keep(value);
    return value;
  });
  out.log_total = log_sum(out.log_density) + frame.log_volume;
}

/// @param lowest  log density at which the lattice ends
/// @param keep    whether the normal parts of each node are kept, or only the marginal
inline LatticeSums sum_lattice(PosteriorDensity& density, const LatticeFrame& frame, double lowest,
                               std::size_t limit, bool keep) {
  LatticeSums out;
  const auto keep_node = [&](double value) {
    if (!keep) return;
    std::vector<double> parts;
    for (const ConditionalNormal& part : density.parts()) parts.push_back(part.log_weight);
    keep_parts(density, value - log_sum(parts), out);
  };
  walk_lattice([&](const Vector& eta) { return density(eta, !keep); }, frame, lowest, limit, keep_node, out);
  return out;
}

/// Log of the mean of two totals given as logarithms.
inline double log_mean(double a, double b) {
  return std::max(a, b) + std::log(0.5 + 0.5 * std::exp(-std::abs(a - b)));
}

/// Step and depth of two interleaved lattices, refined until they agree.
/// A normal density is summed to relative accuracy 2 exp(-2 pi^2 / step^2) with a step in standard
/// deviations (Trefethen & Weideman 2014, doi:10.1137/130932132): the first step is a little below that.
struct LatticeReach {
  double step, depth;

  LatticeReach(double tolerance, Index dimension) {
    constexpr double kTwoPiSquared = 19.739208802178716;
    step = 0.9 * std::sqrt(kTwoPiSquared / std::log(20.0 / tolerance));
    depth = std::log(1.0 / tolerance) + 4.0 + 0.5 * static_cast<double>(dimension);
  }

  /// Where the lattices differ, either the step is too long or they end too soon: only what is at fault
  /// moves.
  /// @param deep          whether the outermost nodes add nothing
  /// @param inner_agrees  bool inner_agrees(): whether the two agree without these
  template <class Agree>
  void refine(bool deep, Agree&& inner_agrees) {
    if (!deep) depth += 1.5;
    if (deep || !inner_agrees()) step *= 0.85;
  }
};

}  // namespace detail
}  // namespace cordgain
