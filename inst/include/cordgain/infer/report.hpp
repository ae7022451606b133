// From rows to a fit with its inference, carried back to the user's units; and
// tests on the stored inference.
#pragma once

#include <cmath>
#include <cordgain/fit/gaussian.hpp>
#include <cordgain/infer/information.hpp>
#include <cordgain/infer/kenward_roger.hpp>
#include <cordgain/infer/satterthwaite.hpp>
#include <cordgain/model/covariance_patterns.hpp>
#include <cordgain/model/design.hpp>
#include <memory>
#include <string>

namespace cordgain {

/// A fit of rows, in the user's units where nothing else is said.
struct RowsReport {
  GaussianFit fit;
  Frame frame;
  double deviance = 0.0;    ///< minus twice the log likelihood, all constants
  Vector coefficients;      ///< kept columns
  Matrix covariance;        ///< (X'V^-1X)^-1
  Vector gamma;             ///< variance parameters
  Vector gamma_error;       ///< error bound of each
  Matrix to_user;           ///< gamma = to_user times the blocks' gamma
  Inference inference;      ///< blocks' coordinates, free directions
  Inference unconstrained;  ///< all elements free, where a term lacks rank
  bool constrained = false;
  Index kinds = 0;
};

/// A residual covariance by its word, and the times of the visits.
struct ResidualWord {
  std::string word;
  Vector times;
};

/// Random-effects terms at full rank, and the residual: one variance, profiled
/// out, or a covariance over visits for each group.
[[nodiscard]] inline Covariance model_covariance(const DesignInput& in, const ResidualWord& residual) {
  Covariance out;
  for (const RandomTerm& term : in.random) out.add(std::make_shared<FactorTerm>(term.z.cols()));
  if (!in.residual.present()) {
    out.add(std::make_shared<UnitTerm>());
    return out;
  }
  for (Index g = 0; g < in.residual.n_groups; ++g) out.add(residual_term(residual.word, residual.times));
  return out;
}

namespace detail {

/// Elements of A D A' as a linear map of those of D.
inline Matrix congruence(const Matrix& a) {
  const Index q = a.rows();
  Matrix out(packed_size(q), packed_size(q));
  for (Index k = 0; k < out.cols(); ++k) {
    Vector unit = Vector::Zero(out.cols());
    unit[k] = 1.0;
    out.col(k) = packed(a * unpacked(unit, q) * a.transpose());
  }
  return out;
}

inline Matrix user_gamma(const Frame& frame, Index n_gamma) {
  Matrix out = Matrix::Zero(n_gamma, n_gamma);
  Index at = 0;
  for (const Matrix& factor : frame.z_factor) {
    const Index q = factor.rows();
    const Matrix inverse = factor.triangularView<Eigen::Upper>().solve(Matrix::Identity(q, q));
    out.block(at, at, packed_size(q), packed_size(q)) = congruence(inverse);
    at += packed_size(q);
  }
  for (; at < n_gamma; ++at) out(at, at) = frame.weight_scale;
  return out * (frame.y_scale * frame.y_scale);
}

/// gamma in the user's units. A variance that is no more than the rounding of its parts is zero, as are its
/// covariances: the frame's coordinates mix the columns of a term.
inline Vector in_user_units(const Matrix& to_user, const Covariance& covariance, const Vector& gamma) {
  constexpr double kRounding = 64.0 * std::numeric_limits<double>::epsilon();
  Vector out = to_user * gamma;
  const Vector rounding = kRounding * (to_user.cwiseAbs() * gamma.cwiseAbs());
  for (std::size_t i = 0; i < covariance.size(); ++i) {
    if (covariance.factor(i) == nullptr) continue;
    const Index q = covariance.factor(i)->size(), at = covariance.gamma_at(i);
    for (Index k = 0; k < q; ++k) {
      const Index variance = at + packed_index(k, k, q);
      if (out[variance] > rounding[variance]) continue;
      for (Index j = 0; j < q; ++j) out[at + packed_index(std::max(j, k), std::min(j, k), q)] = 0.0;
    }
  }
  return out;
}

/// Distance of gamma from the exact optimum: the Newton step that is left and
/// the step that the gradient's own rounding could cause.
inline Vector gamma_error(const Inference& at, const Blocks& blocks, const Matrix& to_user) {
  const Matrix w = inverse_information(at.observed);
  const double rounding = 8.0 * std::numeric_limits<double>::epsilon() * static_cast<double>(blocks.n);
  const double size =
      to_user(to_user.rows() - 1, to_user.cols() - 1);  // taken out: it may be near the largest number
  const Matrix move = (to_user / size) * at.directions;
  const Vector left = (move * (w * (0.5 * at.score))).cwiseAbs();
  const Vector unit = at.observed.diagonal().cwiseAbs().cwiseSqrt();
  const Vector spread = (move * w).cwiseAbs() * unit * rounding;
  return (left + spread) * size;
}

inline FreeDirections all_directions(Index n_gamma, const std::vector<Matrix>& roots) {
  FreeDirections out;
  out.roots = roots;
  out.directions = Matrix::Identity(n_gamma, n_gamma);
  return out;
}

}  // namespace detail

/// Whether some random-effects term ended at a rank below its size.
[[nodiscard]] inline bool lacks_rank(const GaussianFit& fit) {
  for (std::size_t i = 0; i < fit.covariance.size(); ++i) {
    const FactorTerm* factor = fit.covariance.factor(i);
    if (factor != nullptr && factor->rank() < factor->size()) return true;
  }
  return false;
}

/// Fits y on X with random effects.
/// @param in          rows
/// @param restricted  REML or ML
/// @return            fit, certificate and inference
/// @throws            InvalidInput, NumericalError: see reduce_rows, fit_gaussian
[[nodiscard]] inline RowsReport fit_rows(const DesignInput& in, bool restricted,
                                         const ResidualWord& residual = {}) {
  RowsReport out;
  Reduced reduced = reduce_rows(in);
  const Blocks& blocks = reduced.blocks;
  out.frame = std::move(reduced.frame);
  out.fit =
      fit_gaussian(blocks, model_covariance(in, residual), LikelihoodKind{restricted, !in.residual.present()},
                   {[&] { return small_rows(in, out.frame); }, dominated(in, out.frame, detail::kFewRows)});
  const double scale = blocks.residual >= 0 ? out.fit.gamma[blocks.residual] : 1.0;
  FreeDirections free = free_directions(out.fit.covariance, out.fit.theta, scale, !out.fit.residual_zero);
  FreeDirections all = detail::all_directions(blocks.n_gamma, free.roots);
  if (out.fit.unidentified > 0) {
    const Matrix gram = detail::basis_gram(blocks);
    keep_seen(gram, free);
    keep_seen(gram, all);
  }
  const auto infer = [&](const FreeDirections& directions) {
    return out.fit.settled_on_rows
               ? small_information(small_rows(in, out.frame), out.fit.gamma, directions, restricted)
               : information(blocks, out.fit.gamma, directions, restricted);
  };
  out.inference = infer(free);
  if (out.fit.residual_zero) out.fit.beta = out.inference.beta;
  out.constrained = lacks_rank(out.fit) || out.fit.residual_zero;
  if (out.constrained) out.unconstrained = infer(all);
  const double nu = static_cast<double>(restricted ? blocks.n - blocks.p : blocks.n);
  out.deviance = out.fit.deviance + 2.0 * nu * std::log(out.frame.y_scale) - out.frame.log_weight +
                 (restricted ? out.frame.log_det_x : 0.0);
  const auto upper = out.frame.factor.triangularView<Eigen::Upper>();
  out.coefficients = out.frame.least_squares + out.frame.y_scale * Vector(upper.solve(out.fit.beta));
  const Matrix half = upper.solve(out.inference.phi);
  const Matrix whole = upper.solve(half.transpose());
  out.covariance = out.frame.y_scale * out.frame.y_scale * 0.5 * (whole + whole.transpose());
  out.to_user = detail::user_gamma(out.frame, blocks.n_gamma);
  out.gamma = detail::in_user_units(out.to_user, out.fit.covariance, out.fit.gamma);
  out.gamma_error = detail::gamma_error(out.inference, blocks, out.to_user);
  if (out.fit.residual_zero) out.gamma_error[blocks.residual] = out.gamma[blocks.residual];
  out.kinds = static_cast<Index>(blocks.kinds.size());
  return out;
}

/// Standard errors and degrees of freedom of each row of L beta.
struct RowTests {
  Vector std_error;
  Vector df;
  Matrix covariance;  ///< of the fixed effects, adjusted where Kenward-Roger is asked
};

/// @param contrast       L (l x p), blocks' coordinates
/// @param kenward_roger  else Satterthwaite
/// @param observed       observed information for Kenward-Roger (Satterthwaite: always)
[[nodiscard]] inline RowTests row_tests(const Inference& at, const MatrixIn& contrast, bool kenward_roger,
                                        bool observed) {
  const Matrix w = detail::inverse_information(kenward_roger && !observed ? at.expected : at.observed);
  RowTests out;
  out.covariance = kenward_roger ? kenward_roger_covariance(at, w) : at.phi;
  out.std_error.resize(contrast.rows());
  out.df.resize(contrast.rows());
  for (Index i = 0; i < contrast.rows(); ++i) {
    const Vector l = contrast.row(i).transpose();
    out.std_error[i] = std::sqrt(l.dot(out.covariance * l));
    out.df[i] = satterthwaite_df(at, w, l);
  }
  return out;
}

/// The F test of L beta = 0.
[[nodiscard]] inline WaldTest wald_test(const Inference& at, const MatrixIn& contrast, const VectorIn& beta,
                                        bool kenward_roger, bool observed) {
  const Matrix w = detail::inverse_information(kenward_roger && !observed ? at.expected : at.observed);
  if (!kenward_roger) return satterthwaite_test(at, w, contrast, beta);
  return kenward_roger_test(at, kenward_roger_covariance(at, w), w, contrast, beta);
}

}  // namespace cordgain
