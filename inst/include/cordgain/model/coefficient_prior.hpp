// Priors on fixed effects, and what they make of them at given variances: a
// finite mixture of normals, in closed form.
#pragma once

#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/math/packed.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace cordgain {

/// One normal of a coefficient's prior; an infinite sd is flat. `mixing` names the hyperparameter whose
/// value divides sd^2 (a t prior as a scale mixture), or -1.
struct CoefficientComponent {
  double weight = 1.0;
  double mean = 0.0;
  double sd = 1.0;
  Index mixing = -1;
};

/// Independent priors of the coefficients, in the user's units.
using CoefficientPriors = std::vector<std::vector<CoefficientComponent>>;

/// beta = shift + map * (beta in the blocks' coordinates); log|X'X| of the user's X.
struct CoefficientFrame {
  Vector shift;
  Matrix map;  ///< upper triangular
};

/// The normal posterior of the coefficients under one choice of components.
struct ConditionalNormal {
  double log_weight = 0.0;  ///< log of (weight of the choice) x (density of y), less constants of the frame
  Vector mean;              ///< user's units
  Matrix covariance;
};

namespace detail {

/// All choices of one component for each coefficient.
inline std::vector<std::vector<CoefficientComponent>> component_choices(const CoefficientPriors& priors) {
  constexpr std::size_t kMost = 256;
  std::vector<std::vector<CoefficientComponent>> out(1);
  for (const auto& prior : priors) {
    std::vector<std::vector<CoefficientComponent>> next;
    for (const auto& choice : out) {
      for (const CoefficientComponent& component : prior) {
        next.push_back(choice);
        next.back().push_back(component);
      }
    }
    out = std::move(next);
    if (out.size() > kMost)
      throw NumericalError(
          "the mixture priors of the coefficients have more than 256 combinations of components");
  }
  return out;
}

}  // namespace detail

/// The posterior of beta given V, y ~ N(X beta, V), beta_j ~ N(mean_j, sd_j^2), under one choice of
/// components:
///   A = V0^-1 + X'V^-1X,  A m = V0^-1 m0 + X'V^-1 y,
///   log p(y) = -1/2 { n log 2pi + log|V| + log|V0| + log|A| + y'V^-1y + m0'V0^-1m0 - m'A m }
/// A flat coefficient has no part in V0 and adds log(2pi)/2 (its density is 1). Asked at a hundred thousand
/// V: nothing is allocated after the constructor. Source: Lindley & Smith (1972), J. R. Stat. Soc. B 34:1.
class CoefficientSolver {
 public:
  /// @param n       rows
  /// @param frame   must outlive the solver
  /// @param choice  one component for each coefficient
  CoefficientSolver(Index n, const CoefficientFrame& frame, std::vector<CoefficientComponent> choice)
      : n_(n), p_(frame.shift.size()), frame_(frame), choice_(std::move(choice)) {
    for (const CoefficientComponent& c : choice_) {
      log_choice_ += std::log(c.weight);
      mixing_ = mixing_ || c.mixing >= 0;
    }
    for (Index j = 0; j < p_; ++j) log_map_ += std::log(std::abs(frame.map(j, j)));
    lower_.setZero(p_, p_);
    root_.setZero(p_, p_);
    solved_.setZero(p_);
    if (!mixing_) set_prior(Vector());
  }

  /// @param cross    packed [X y]'V^-1[X y] in the blocks' coordinates
  /// @param log_det  log|V| there
  /// @param values   hyperparameters, for scales of t priors
  /// @return  log of (weight of the choice) x (density of y), less constants of the frame
  ///          -Inf where scores and prior leave a coefficient open, or V is beyond what numbers hold
  double weigh(const VectorIn& cross, double log_det, const VectorIn& values) {
    if (mixing_) set_prior(values);
    const double log_a = 2.0 * (factor(cross) - log_map_);
    if (!std::isfinite(log_a)) return -std::numeric_limits<double>::infinity();
    const double whole = cross[cross.size() - 1] + prior_square_;
    if (!(whole < 1.0 / kLeast)) return -std::numeric_limits<double>::infinity();
    const double quadratic = whole - solved_.squaredNorm();
    return log_choice_ - 0.5 * (nu_ * kLog2Pi + log_det + log_v0_ + log_a + quadratic);
  }

  /// Mean and packed covariance where the last weight was asked, in the user's units.
  void moments(double* mean, double* covariance) {
    for (Index j = p_ - 1; j >= 0; --j) {
      for (Index i = j + 1; i < p_; ++i) solved_[j] -= lower_(i, j) * solved_[i];
      solved_[j] /= lower_(j, j);
    }
    // root = L^-1 map', lower triangular.
    for (Index a = 0; a < p_; ++a) {
      mean[a] = frame_.shift[a];
      for (Index j = a; j < p_; ++j) {
        mean[a] += frame_.map(a, j) * solved_[j];
        double sum = frame_.map(a, j);
        for (Index m = a; m < j; ++m) sum -= lower_(j, m) * root_(m, a);
        root_(j, a) = sum / lower_(j, j);
      }
    }
    for (Index b = 0; b < p_; ++b) {
      for (Index a = b; a < p_; ++a) {
        double sum = 0.0;
        for (Index j = a; j < p_; ++j) sum += root_(j, a) * root_(j, b);
        *covariance++ = sum;
      }
    }
  }

 private:
  static constexpr double kLog2Pi = 1.8378770664093454836;

  void set_prior(const VectorIn& values) {
    Vector precision = Vector::Zero(p_), offset = Vector::Zero(p_);
    double proper = 0.0;
    log_v0_ = 0.0;
    for (Index j = 0; j < p_; ++j) {
      const CoefficientComponent& c = choice_[static_cast<std::size_t>(j)];
      precision[j] = std::isinf(c.sd) ? 0.0 : (c.mixing < 0 ? 1.0 : values[c.mixing]) / (c.sd * c.sd);
      if (precision[j] <= 0.0) continue;
      offset[j] = c.mean - frame_.shift[j];
      log_v0_ -= std::log(precision[j]);
      proper += 1.0;
    }
    prior_ = frame_.map.transpose() * precision.asDiagonal() * frame_.map;
    prior_mean_ = frame_.map.transpose() * precision.cwiseProduct(offset);
    prior_square_ = offset.cwiseAbs2().dot(precision);
    nu_ = static_cast<double>(n_) - (static_cast<double>(p_) - proper);
  }

  /// Beside effects that fit every score, a residual variance that goes to zero turns A into the small
  /// difference of large numbers. A pivot of which less than this is left has four digits or none, and the
  /// density is taken as none: the prior leaves such variances next to no probability.
  static constexpr double kLeast = 1e-12;

  /// A = LL', and L^-1 (A m).
  /// @return  log|L|; NaN where A is not positive definite, or not to be told from that
  double factor(const VectorIn& cross) {
    double log_det = 0.0, product = 1.0;
    for (Index j = 0, from = 0; j < p_; ++j) {
      for (Index i = j; i < p_; ++i, ++from) {
        double sum = cross[from] + prior_(i, j);
        for (Index m = 0; m < j; ++m) sum -= lower_(i, m) * lower_(j, m);
        if (i > j) {
          lower_(i, j) = sum / lower_(j, j);
          continue;
        }
        if (!(sum > kLeast * (cross[from] + prior_(j, j)))) return std::nan("");
        lower_(j, j) = std::sqrt(sum);
      }
      double sum = cross[from++] + prior_mean_[j];
      for (Index m = 0; m < j; ++m) sum -= lower_(j, m) * solved_[m];
      solved_[j] = sum / lower_(j, j);
      product *= lower_(j, j);
      if (product > 1e-100 && product < 1e100 && j + 1 < p_) continue;  // one logarithm for several factors
      log_det += std::log(product);
      product = 1.0;
    }
    return log_det;
  }

  Index n_, p_;
  const CoefficientFrame& frame_;
  std::vector<CoefficientComponent> choice_;
  bool mixing_ = false;
  double log_choice_ = 0.0, log_map_ = 0.0;
  double log_v0_ = 0.0, prior_square_ = 0.0, nu_ = 0.0;
  Matrix prior_, lower_, root_;
  Vector prior_mean_, solved_;
};

/// The same for one V.
/// @throws  NumericalError where the scores and the prior leave a coefficient open
[[nodiscard]] inline ConditionalNormal condition(const VectorIn& cross, double log_det, Index n,
                                                 const CoefficientFrame& frame,
                                                 const std::vector<CoefficientComponent>& choice,
                                                 const VectorIn& values) {
  const Index p = frame.shift.size();
  CoefficientSolver solver(n, frame, choice);
  ConditionalNormal out;
  out.log_weight = solver.weigh(cross, log_det, values);
  if (!std::isfinite(out.log_weight)) throw NumericalError("the coefficients are not identified");
  out.mean.resize(p);
  Vector covariance(packed_size(p));
  solver.moments(out.mean.data(), covariance.data());
  out.covariance = unpacked(covariance, p);
  return out;
}

}  // namespace cordgain
