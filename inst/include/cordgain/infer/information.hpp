// Information about the variance parameters at a fit, and the derivatives of
// the fixed effects' covariance: all that Satterthwaite and Kenward-Roger need.
#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <cordgain/fit/gaussian.hpp>
#include <vector>

namespace cordgain {

/// Directions in which the variance parameters may move at the fit: the
/// elements of a covariance matrix of full rank; the tangent space of the
/// matrices of lower rank; the working parameters of a patterned covariance.
struct FreeDirections {
  Matrix directions;          ///< n_gamma x a
  Covariance terms;           ///< the terms whose curvature counts
  Vector theta;               ///< absolute working parameters
  std::vector<Matrix> roots;  ///< absolute Lambda of each term; may be empty
  std::vector<Index> linear;  ///< per term, 1 when its own elements are the directions
  Matrix combine;  ///< the directions are these combinations of the terms' own; empty: they are those
};

/// Inference at one fit, in the blocks' coordinates.
struct Inference {
  Vector beta;
  Matrix phi;                 ///< (X'V^-1X)^-1
  std::vector<Matrix> slope;  ///< Phi P_a Phi, P_a = -X'V^-1 V_a V^-1 X
  std::vector<Matrix> curve;  ///< Phi (Q_ab - P_a Phi P_b) Phi, packed order, symmetric part
  Matrix expected;            ///< expected information (a x a)
  Matrix observed;            ///< observed information (a x a)
  Matrix directions;
  Vector score;  ///< gradient of the deviance along the directions
};

/// The free directions of a fit. `scale` multiplies the relative covariance;
/// `residual_moves` is false where a single residual variance is at its bound of zero.
[[nodiscard]] inline FreeDirections free_directions(const Covariance& covariance, const VectorIn& theta,
                                                    double scale, bool residual_moves = true) {
  FreeDirections out;
  out.terms = covariance;
  out.theta = theta;
  Index columns = 0;
  for (std::size_t i = 0; i < covariance.size(); ++i) {
    const bool linear = covariance.term(i).moves_by_elements();
    out.linear.push_back(linear ? 1 : 0);
    columns += linear ? covariance.term(i).n_gamma() : covariance.term(i).n_theta();
    if (covariance.factor(i) != nullptr) {
      out.theta.segment(covariance.theta_at(i), covariance.term(i).n_theta()) *= std::sqrt(scale);
    }
  }
  out.roots = covariance.roots(out.theta);
  out.directions = Matrix::Zero(covariance.n_gamma(), columns);
  Index at = 0;
  for (std::size_t i = 0; i < covariance.size(); ++i) {
    const CovarianceTerm& term = covariance.term(i);
    const Index ga = covariance.gamma_at(i), width = out.linear[i] != 0 ? term.n_gamma() : term.n_theta();
    if (out.linear[i] != 0) {
      out.directions.block(ga, at, width, width).setIdentity();
    } else if (width > 0) {  // a block of a matrix without columns would start beside a null pointer
      out.directions.block(ga, at, term.n_gamma(), width) =
          term.jacobian(out.theta.segment(covariance.theta_at(i), width));
    }
    at += width;
  }
  if (!residual_moves) out.directions.conservativeResize(Eigen::NoChange, columns - 1);
  return out;
}

/// The part of the Hessian that comes from curved directions.
[[nodiscard]] inline Matrix direction_curvature(const FreeDirections& free, const VectorIn& gradient) {
  const Index own = free.combine.size() > 0 ? free.combine.rows() : free.directions.cols();
  Matrix out = Matrix::Zero(own, own);
  Index at = 0;
  for (std::size_t i = 0; i < free.terms.size(); ++i) {
    const CovarianceTerm& term = free.terms.term(i);
    const Index width = free.linear[i] != 0 ? term.n_gamma() : term.n_theta();
    if (free.linear[i] == 0) {
      out.block(at, at, width, width) =
          term.curvature(free.theta.segment(free.terms.theta_at(i), width),
                         gradient.segment(free.terms.gamma_at(i), term.n_gamma()));
    }
    at += width;
  }
  return free.combine.size() > 0 ? Matrix(free.combine.transpose() * out * free.combine) : out;
}

/// Keeps only combinations of the directions along which V changes: what the
/// design cannot see has no information, and rounding must not pass for some.
/// @param gram  inner products of dV/dgamma (basis_gram())
inline void keep_seen(const Matrix& gram, FreeDirections& free) {
  Matrix seen = free.directions.transpose() * gram * free.directions;
  const Vector scale = seen.diagonal().cwiseSqrt().unaryExpr([](double s) { return s > 0.0 ? s : 1.0; });
  seen = scale.cwiseInverse().asDiagonal() * seen * scale.cwiseInverse().asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(seen);
  const Index kept = (eigen.eigenvalues().array() > 1e-11).count();
  free.combine = scale.cwiseInverse().asDiagonal() * eigen.eigenvectors().rightCols(kept);
  free.directions = Matrix(free.directions * free.combine);
}

namespace detail {

/// What REML's fixed effects take from the expected information; P_a and Q_ab still bare.
inline void add_spread_information(Inference& out) {
  const Index a = static_cast<Index>(out.slope.size());
  std::vector<Matrix> spread;
  for (const Matrix& slope : out.slope) spread.push_back(out.phi * slope);
  for (Index j = 0; j < a; ++j) {
    for (Index i = j; i < a; ++i) {
      const Matrix& q = out.curve[static_cast<std::size_t>(packed_index(i, j, a))];
      const Matrix &u = spread[static_cast<std::size_t>(i)], &v = spread[static_cast<std::size_t>(j)];
      const double term = -out.phi.cwiseProduct(q).sum() + 0.5 * u.cwiseProduct(v.transpose()).sum();
      out.expected(i, j) += term;
      if (i != j) out.expected(j, i) += term;
    }
  }
}

/// From P_a and Q_ab to Phi P_a Phi and Phi (Q_ab - P_a Phi P_b) Phi, which exist where Phi is singular.
inline void sandwich_by_phi(Inference& out) {
  std::vector<Matrix> curve;
  std::size_t at = 0;
  for (std::size_t b = 0; b < out.slope.size(); ++b) {
    for (std::size_t a = b; a < out.slope.size(); ++a, ++at) {
      const Matrix product = out.slope[a] * out.phi * out.slope[b];
      curve.push_back(out.phi * (out.curve[at] - 0.5 * (product + product.transpose())) * out.phi);
    }
  }
  out.curve = std::move(curve);
  for (Matrix& slope : out.slope) slope = Matrix(out.phi * slope * out.phi);
}

}  // namespace detail

/// All pieces of inference at absolute variance parameters.
///   expected  I_ab = 1/2 { tr(V^-1 V_a V^-1 V_b) - 2 tr(Phi Q_ab) + tr(Phi P_a Phi P_b) }   (REML; ML: first
///   term) observed  1/2 of the Hessian of the deviance
/// @param blocks      reduced data
/// @param gamma       variance parameters (absolute)
/// @param free        directions
/// @param restricted  REML or ML
/// @throws            NumericalError if V is not positive definite there
/// Source: Kenward & Roger (1997), Biometrics 53:983, section 3.
[[nodiscard]] inline Inference information(const Blocks& blocks, const VectorIn& gamma,
                                           const FreeDirections& free, bool restricted) {
  const Moments moments = moments_at(blocks, gamma, free.directions, free.roots);
  const Expansion e = expand(moments, free.directions, blocks.n, blocks.p, LikelihoodKind{restricted, false});
  if (!std::isfinite(e.value)) {
    throw NumericalError(
        "No maximum of the likelihood was found: where the search ended, the covariance matrix of the "
        "scores is singular to rounding. Fewer random effects may have a maximum that can be found");
  }
  Inference out;
  const Index p = blocks.p, a = free.directions.cols();
  out.beta = e.fixed.beta;
  out.phi = p > 0 ? Matrix(e.fixed.precision.solve(Matrix::Identity(p, p))) : Matrix(0, 0);
  out.directions = free.directions;
  out.score = free.directions.transpose() * e.gradient;
  out.observed = 0.5 * (e.hessian + direction_curvature(free, e.gradient));
  const Matrix slopes = moments.slope * free.directions;
  for (Index i = 0; i < a; ++i) out.slope.push_back(unpacked(slopes.col(i), p + 1).topLeftCorner(p, p));
  for (Index i = 0; i < moments.curve.cols(); ++i) {
    out.curve.push_back(unpacked(moments.curve.col(i), p + 1).topLeftCorner(p, p));
  }
  out.expected = 0.5 * moments.trace2;
  if (restricted) detail::add_spread_information(out);
  detail::sandwich_by_phi(out);
  return out;
}

/// The same from few rows, where V itself may be singular to rounding.
///   Phi P_a Phi = -C'V_a C,  Phi (Q_ab - P_a Phi P_b) Phi = C'V_a K W^-1 K'V_b C,  C = V^-1 X Phi
[[nodiscard]] inline Inference small_information(const SmallRows& rows, const VectorIn& gamma,
                                                 const FreeDirections& free, bool restricted) {
  std::vector<Matrix> roots = free.roots;
  roots.push_back(Matrix::Constant(1, 1, std::sqrt(gamma.tail(1)[0])));
  const SmallCriterion criterion(rows, restricted);
  const SmallCriterion::Parts parts = criterion.parts(gamma, roots, free.directions);
  if (!std::isfinite(parts.at.value)) {
    throw NumericalError(
        "No maximum of the likelihood was found: where the search ended, the covariance matrix of the "
        "scores is singular to rounding. Fewer random effects may have a maximum that can be found");
  }
  Inference out;
  out.beta = parts.beta;
  out.phi = parts.phi;
  out.directions = free.directions;
  out.score = free.directions.transpose() * parts.at.gradient;
  out.observed = 0.5 * (parts.at.hessian + direction_curvature(free, parts.at.gradient));
  out.expected = 0.5 * parts.trace2;
  for (const Matrix& slope : parts.slope) out.slope.push_back(-slope);
  out.curve = parts.curve;
  return out;
}

}  // namespace cordgain
