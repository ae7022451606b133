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
#include <cordgain/model/residual_line.hpp>
#include <limits>
#include <memory>
#include <utility>
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

/// One posterior density, as a function of the free coordinates. What it is made of must not change
/// meanwhile. Points that differ only in the residual standard deviation are cheap one after the other.
class PosteriorDensity {
 public:
  explicit PosteriorDensity(const PosteriorModel& model)
      : model_(model), evaluate_(*model.blocks), point_(model.hyper) {
    for (auto& choice : component_choices(model.coefficients))
      solvers_.emplace_back(model.blocks->n, model.frame, std::move(choice));
    log_weight_.resize(static_cast<Index>(solvers_.size()));
    if (has_lines()) line_ = std::make_unique<ResidualLine>(*model.blocks);
  }

  [[nodiscard]] Index dimension() const noexcept { return static_cast<Index>(free().size()); }
  [[nodiscard]] const std::vector<Index>& free() const noexcept { return point_.free(); }
  [[nodiscard]] const Vector& values() const noexcept { return point_.values(); }

  /// The free coordinates, that of the residual standard deviation last: along it points are cheap.
  [[nodiscard]] std::vector<Index> cheapest_last() const {
    std::vector<Index> out;
    Index last = -1;
    for (Index k = 0; k < dimension(); ++k) {
      if (free()[static_cast<std::size_t>(k)] == model_.layout.sigma) {
        last = k;
      } else {
        out.push_back(k);
      }
    }
    if (last >= 0) out.push_back(last);
    return out;
  }

  /// Log of the joint density of y and eta; -Inf where the covariance is not positive definite.
  double operator()(const VectorIn& eta) {
    const double prior = point_.move(eta);
    if (!std::isfinite(prior) || !move_covariance()) return kNegInf;
    for (std::size_t c = 0; c < solvers_.size(); ++c)
      log_weight_[static_cast<Index>(c)] = solvers_[c].weigh(cross_, log_det_, values());
    log_prior_ = prior;
    const double top = log_weight_.maxCoeff();
    if (!std::isfinite(top)) return kNegInf;
    if (log_weight_.size() == 1) return prior + top;
    return prior + top + std::log((log_weight_.array() - top).exp().sum());
  }

  /// The normal mixture of the coefficients at the last point asked: number of parts, the log of the joint
  /// density of each, and its mean and packed covariance.
  [[nodiscard]] std::size_t parts() const noexcept { return solvers_.size(); }
  [[nodiscard]] double log_part(std::size_t part) const {
    return log_prior_ + log_weight_[static_cast<Index>(part)];
  }
  void moments(std::size_t part, double* mean, double* covariance) {
    solvers_[part].moments(mean, covariance);
  }

 private:
  /// Whether the residual variance is a parameter of the blocks for itself, and the blocks have lines.
  [[nodiscard]] bool has_lines() const {
    const Index residual = model_.blocks->residual, last = model_.from_user.rows() - 1;
    return residual == last && ResidualLine::fits(*model_.blocks) &&
           model_.from_user.col(last).head(last).isZero(0.0) &&
           model_.from_user.row(last).head(last).isZero(0.0);
  }

  bool move_covariance() {
    if (!line_) {
      const CrossProducts& at = evaluate_(model_.from_user * model_.layout.gamma(values()));
      cross_ = at.cross;
      log_det_ = at.log_det;
      return at.feasible && std::isfinite(at.log_det);
    }
    const Index sigma = model_.layout.sigma, last = model_.from_user.rows() - 1;
    if (!same_line(sigma)) {
      line_->set(model_.from_user * model_.layout.gamma(values()));
      line_values_ = values();
    }
    const double sd = values()[sigma];
    return line_->at(model_.from_user(last, last) * sd * sd, log_det_, cross_) && std::isfinite(log_det_);
  }

  [[nodiscard]] bool same_line(Index sigma) const {
    if (line_values_.size() == 0) return false;
    for (Index k = 0; k < line_values_.size(); ++k) {
      if (k != sigma && line_values_[k] != values()[k]) return false;
    }
    return true;
  }

  const PosteriorModel& model_;
  CrossProductEvaluator evaluate_;
  std::vector<CoefficientSolver> solvers_;
  HyperPoint point_;
  std::unique_ptr<ResidualLine> line_;
  Vector line_values_, cross_, log_weight_;
  double log_det_ = 0.0, log_prior_ = 0.0;
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
    throw NumericalError(
        "the posterior density is zero or not finite at every start: scores, columns and priors may differ "
        "by "
        "many orders of magnitude, or the effects may fit every score but for rounding");
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(hessian);
  // A direction of little curvature is explored from a spread of 4, no more: the lattice then walks along it.
  const Vector spread = eigen.eigenvalues().cwiseAbs().cwiseMax(1.0 / 16.0).cwiseInverse();
  out.covariance = eigen.eigenvectors() * spread.asDiagonal() * eigen.eigenvectors().transpose();
  return out;
}

inline PosteriorPlace place_posterior(PosteriorDensity& density, const std::vector<Vector>& starts) {
  return best_place(starts, [&](const Vector& start) {
    return newton([&](const Vector& eta) { return differenced(density, eta); }, start, place_control());
  });
}

/// From starts where nothing is known.
inline PosteriorPlace place_posterior(PosteriorDensity& density) {
  std::vector<Vector> starts;
  for (const double start : {0.6, -0.4, 1.6}) starts.push_back(Vector::Constant(density.dimension(), start));
  return place_posterior(density, starts);
}

/// An affine lattice: of all axes only `first_axis` moves coordinate `first`, so that sums over the others
/// are its marginal density.
struct LatticeFrame {
  Vector origin;
  Matrix axes;
  Index first = 0, first_axis = 0;
  double log_volume = 0.0;  ///< of one cell
};

/// Axes along the columns of a Cholesky factor: axis k moves only coordinates order[k], order[k + 1], ...
/// @param step   in standard deviations
/// @param shift  of the origin from the mode, in steps along every axis
inline LatticeFrame lattice_frame(const PosteriorPlace& place, const std::vector<Index>& order, double step,
                                  double shift) {
  const Index d = place.mode.size();
  Matrix turned(d, d);
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j < d; ++j)
      turned(i, j) = place.covariance(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
  }
  const Matrix lower = turned.llt().matrixL();
  LatticeFrame out;
  out.first = order.front();
  out.log_volume = (step * lower.diagonal()).array().log().sum();
  out.axes.resize(d, d);
  for (Index i = 0; i < d; ++i) out.axes.row(order[static_cast<std::size_t>(i)]) = step * lower.row(i);
  out.origin = place.mode + out.axes * Vector::Constant(d, shift);
  return out;
}

/// Coordinate `first` first, the others as they stand.
inline LatticeFrame lattice_frame(const PosteriorPlace& place, Index first, double step, double shift) {
  std::vector<Index> order{first};
  for (Index k = 0; k < place.mode.size(); ++k) {
    if (k != first) order.push_back(k);
  }
  return lattice_frame(place, order, step, shift);
}

/// A density on the nodes of one lattice: log total, and what the marginal of the first coordinate needs.
struct LatticeDensity {
  double log_total = 0.0;
  std::vector<double> log_density;
  std::vector<int> first;
};

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
