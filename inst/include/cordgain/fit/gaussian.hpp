// The fit of a Gaussian model: the constrained optimum of the restricted or the
// full likelihood over the cone of covariance matrices, and its certificate.
#pragma once

#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/fit/likelihood.hpp>
#include <cordgain/fit/starts.hpp>
#include <cordgain/math/newton.hpp>
#include <cordgain/model/covariance.hpp>
#include <memory>
#include <string>
#include <vector>

namespace cordgain {

/// Where a fit ended and how sure it is of it.
struct GaussianFit {
  Covariance covariance;  ///< terms at the rank they ended with
  Vector theta;           ///< working parameters
  Vector gamma;           ///< variance parameters, absolute
  double deviance = 0.0;  ///< minus twice the log likelihood, in the blocks' coordinates
  Vector beta;
  double decrement = 0.0;         ///< predicted fall of the deviance from one more step
  double start_difference = 0.0;  ///< spread of the deviance over the starts that converged
  int steps = 0;
  int starts = 0;
  bool converged = false;
  std::vector<Index> rank;  ///< of each term
  std::vector<double>
      bound_score;         ///< per term: smallest score across its bound (>= 0 at an optimum); 0 if none
  Index unidentified = 0;  ///< variance parameters that the design cannot tell apart
};

namespace detail {

/// Eigenvalues of D below this, beside residual variance 1 and unit Z, are tried as zero.
constexpr double kTryZero = 1e-6;
/// A reduced fit is taken when its deviance is no higher than this.
constexpr double kSameDeviance = 1e-9;
/// Scores across a bound above minus this count as non-negative.
constexpr double kScoreSlack = 1e-7;

/// Residual variance below this part of that of least squares is rounding, and
/// so is a deviance computed with it.
constexpr double kNoResidual = 1e-20;
/// The same where Newton's method had not settled: the residual was still
/// falling. A rule of thumb for giving up, no proof that there is no maximum.
constexpr double kVanishing = 1e-12;

class GaussianObjective {
 public:
  GaussianObjective(const Blocks& blocks, const Covariance& covariance, const LikelihoodKind& kind)
      : blocks_(blocks), covariance_(covariance), kind_(kind) {}

  SecondOrder operator()(const Vector& theta) const {
    const Matrix jacobian = covariance_.jacobian(theta);
    const Expansion e =
        expand(moments_at(blocks_, covariance_.gamma(theta), jacobian, covariance_.roots(theta)), jacobian,
               blocks_.n, blocks_.p, kind_);
    SecondOrder out;
    out.value = e.value;
    if (!std::isfinite(e.value)) return out;
    out.gradient = jacobian.transpose() * e.gradient;
    out.hessian = e.hessian + covariance_.curvature(theta, e.gradient);
    return out;
  }

 private:
  const Blocks& blocks_;
  const Covariance& covariance_;
  LikelihoodKind kind_;
};

/// Symmetric matrix G with sum_k g_k d gamma_k = tr(G dD).
inline Matrix score_matrix(const VectorIn& gradient, Index q) {
  Matrix g = unpacked(gradient, q) / 2.0;
  g.diagonal() *= 2.0;
  return g;
}

/// Smallest score in the directions that D lacks, and that direction.
struct BoundScore {
  double score = 0.0;
  Vector direction;
};

inline BoundScore bound_score(const Matrix& d, const Matrix& score, double threshold) {
  BoundScore out;
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(d);
  const Index lacking = (eigen.eigenvalues().array() <= threshold).count();
  if (lacking == 0) return out;
  const Matrix null = eigen.eigenvectors().leftCols(lacking);
  const Eigen::SelfAdjointEigenSolver<Matrix> across(null.transpose() * score * null);
  out.score = across.eigenvalues()[0];
  out.direction = null * across.eigenvectors().col(0);
  return out;
}

inline const FactorTerm* as_factor(const Covariance& covariance, std::size_t i) {
  return dynamic_cast<const FactorTerm*>(&covariance.term(i));
}

/// Lower factor of D in the order of decreasing remaining variance, with the rank.
struct PivotedFactor {
  Index rank = 0;
  std::vector<Index> pivot;
  Vector theta;
};

/// Position from k on of the largest variance that remains.
inline Index largest_left(const Matrix& d, const std::vector<Index>& pivot, Index k) {
  Index best = k;
  for (Index i = k; i < d.rows(); ++i) {
    if (d(pivot[i], pivot[i]) > d(pivot[best], pivot[best])) best = i;
  }
  return best;
}

inline PivotedFactor pivoted_factor(Matrix d, Index rank) {
  const Index q = d.rows();
  PivotedFactor out;
  out.rank = rank;
  for (Index i = 0; i < q; ++i) out.pivot.push_back(i);
  Matrix lambda = Matrix::Zero(q, rank);
  for (Index k = 0; k < rank; ++k) {
    if (rank < q) std::swap(out.pivot[k], out.pivot[largest_left(d, out.pivot, k)]);
    const Index lead = out.pivot[k];
    const double size = std::sqrt(std::max(d(lead, lead), 1e-300));
    lambda.col(k) = d.col(lead) / size;
    for (Index i = 0; i < k; ++i) lambda(out.pivot[i], k) = 0.0;
    d -= lambda.col(k) * lambda.col(k).transpose();
  }
  out.theta = FactorTerm(q, rank, out.pivot).start();
  Index at = 0;
  for (Index k = 0; k < rank; ++k) {
    for (Index i = k; i < q; ++i) out.theta[at++] = lambda(out.pivot[i], k);
  }
  return out;
}

/// The same covariance with one term's matrix replaced by a factor of given rank.
struct Reparametrised {
  Covariance covariance;
  Vector theta;
};

inline Reparametrised with_ranks(const Covariance& covariance, const VectorIn& gamma, const VectorIn& theta,
                                 const std::vector<Index>& rank) {
  Reparametrised out;
  std::vector<Vector> parts;
  for (std::size_t i = 0; i < covariance.size(); ++i) {
    const CovarianceTerm& term = covariance.term(i);
    if (as_factor(covariance, i) == nullptr) {
      out.covariance.add(covariance.share(i));
      parts.push_back(theta.segment(covariance.theta_at(i), term.n_theta()));
      continue;
    }
    const Index q = as_factor(covariance, i)->size();
    const PivotedFactor f =
        pivoted_factor(unpacked(gamma.segment(covariance.gamma_at(i), packed_size(q)), q), rank[i]);
    out.covariance.add(std::make_shared<FactorTerm>(q, f.rank, f.pivot));
    parts.push_back(f.theta);
  }
  out.theta.resize(out.covariance.n_theta());
  Index at = 0;
  for (const Vector& part : parts) {
    out.theta.segment(at, part.size()) = part;
    at += part.size();
  }
  return out;
}

/// Number of eigenvalues of a packed q x q matrix above a threshold.
inline Index rank_above(const VectorIn& elements, Index q, double threshold) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(unpacked(elements, q));
  return (eigen.eigenvalues().array() > threshold).count();
}

inline std::vector<Index> ranks(const Covariance& covariance, const VectorIn& gamma, double threshold) {
  std::vector<Index> out;
  for (std::size_t i = 0; i < covariance.size(); ++i) {
    const FactorTerm* factor = as_factor(covariance, i);
    if (factor == nullptr) {
      out.push_back(-1);
      continue;
    }
    const Index q = factor->size();
    out.push_back(rank_above(gamma.segment(covariance.gamma_at(i), packed_size(q)), q, threshold));
  }
  return out;
}

/// A point on the way: covariance, theta and what Newton found.
struct Stage {
  Covariance covariance;
  NewtonResult result;
};

inline Stage optimise(const Blocks& blocks, const Covariance& covariance, const LikelihoodKind& kind,
                      const Vector& start) {
  Stage out{covariance, NewtonResult()};
  const GaussianObjective objective(blocks, out.covariance, kind);
  out.result = newton(objective, start);
  return out;
}

/// Scores across the bounds at a point; returns the index of the worst term, or -1.
inline int worst_bound(const Blocks& blocks, const Stage& stage, const LikelihoodKind& kind, double threshold,
                       std::vector<BoundScore>& scores) {
  const Vector gamma = stage.covariance.gamma(stage.result.point);
  const Matrix none(blocks.n_gamma, 0);
  const Expansion e = expand(moments_at(blocks, gamma, none, stage.covariance.roots(stage.result.point)),
                             none, blocks.n, blocks.p, kind);
  scores.assign(stage.covariance.size(), BoundScore());
  int worst = -1;
  for (std::size_t i = 0; i < stage.covariance.size(); ++i) {
    const FactorTerm* factor = as_factor(stage.covariance, i);
    if (factor == nullptr || e.gradient.size() == 0) continue;
    const Index q = factor->size(), at = stage.covariance.gamma_at(i);
    scores[i] = bound_score(unpacked(gamma.segment(at, packed_size(q)), q),
                            score_matrix(e.gradient.segment(at, packed_size(q)), q), threshold);
    if (scores[i].score < -kScoreSlack &&
        (worst < 0 || scores[i].score < scores[static_cast<std::size_t>(worst)].score)) {
      worst = static_cast<int>(i);
    }
  }
  return worst;
}

/// Leaves a saddle: adds variance in the direction whose score is negative, as
/// long as the deviance falls, and optimises from there at full rank.
inline bool escape(const Blocks& blocks, const LikelihoodKind& kind, const std::vector<BoundScore>& scores,
                   int worst, Stage& stage) {
  const std::size_t i = static_cast<std::size_t>(worst);
  Vector gamma = stage.covariance.gamma(stage.result.point);
  const Index q = as_factor(stage.covariance, i)->size(), at = stage.covariance.gamma_at(i);
  const Matrix d = unpacked(gamma.segment(at, packed_size(q)), q);
  std::vector<Index> full = ranks(stage.covariance, gamma, -1.0);
  for (double size = 1.0; size > 1e-14; size *= 0.25) {
    Matrix moved = d + size * scores[i].direction * scores[i].direction.transpose();
    moved.diagonal().array() += size * 1e-6;
    gamma.segment(at, packed_size(q)) = packed(moved);
    const Matrix none(blocks.n_gamma, 0);
    const Expansion e = expand(moments_at(blocks, gamma, none), none, blocks.n, blocks.p, kind);
    if (!(e.value < stage.result.at.value)) continue;
    for (std::size_t t = 0; t < full.size(); ++t) {
      if (full[t] >= 0 && t != i) full[t] = ranks(stage.covariance, gamma, kTryZero)[t];
    }
    const Reparametrised from = with_ranks(stage.covariance, gamma, stage.result.point, full);
    stage = optimise(blocks, from.covariance, kind, from.theta);
    return true;
  }
  return false;
}

/// Tries the ranks that small eigenvalues suggest; keeps them when the deviance does not rise.
inline void settle_rank(const Blocks& blocks, const LikelihoodKind& kind, Stage& stage) {
  const Vector gamma = stage.covariance.gamma(stage.result.point);
  const std::vector<Index> rank = ranks(stage.covariance, gamma, kTryZero);
  bool same = true;
  for (std::size_t i = 0; i < rank.size(); ++i) {
    same = same && (rank[i] < 0 || rank[i] == as_factor(stage.covariance, i)->rank());
  }
  if (same) return;
  const Reparametrised to = with_ranks(stage.covariance, gamma, stage.result.point, rank);
  Stage reduced = optimise(blocks, to.covariance, kind, to.theta);
  const double allowed = stage.result.at.value + kSameDeviance * (1.0 + std::abs(stage.result.at.value));
  if (!(reduced.result.at.value <= allowed)) return;
  reduced.result.steps += stage.result.steps;
  stage = std::move(reduced);
}

/// Starts at one rank less, with effects in step and against it.
inline void add_lower_rank_starts(const Covariance& covariance, const Matrix& unseen,
                                  std::vector<Reparametrised>& starts) {
  std::vector<Index> rank = ranks(covariance, covariance.gamma(covariance.start()), -1.0);
  for (std::size_t i = 0; i < rank.size(); ++i) {
    const Index at = covariance.gamma_at(i), size = covariance.term(i).n_gamma();
    if (rank[i] > 0 && unseen.middleRows(at, size).cwiseAbs().maxCoeff() > 1e-8) {
      --rank[i];
      break;
    }
  }
  for (const double slant : {0.5, -0.5}) {
    Reparametrised start =
        with_ranks(covariance, covariance.gamma(covariance.start()), covariance.start(), rank);
    start.theta = start.theta.unaryExpr([slant](double v) { return v == 0.0 ? slant : v; });
    starts.push_back(start);
  }
}

/// Moves along directions that the design cannot see until a term loses rank,
/// giving what can be seen to the residual: the fit with the least random effects.
inline void slide(const Blocks& blocks, const LikelihoodKind& kind, const Matrix& unseen, Stage& stage) {
  for (Index u = 0; u < unseen.cols(); ++u) {
    const Vector gamma = stage.covariance.gamma(stage.result.point);
    const Vector moved = slide_to_bound(stage.covariance, gamma, unseen.col(u), blocks.residual);
    const std::vector<Index> rank = ranks(stage.covariance, moved, 1e-9);
    const Reparametrised to = with_ranks(stage.covariance, moved, stage.result.point, rank);
    Stage slid = optimise(blocks, to.covariance, kind, to.theta);
    const double before = stage.result.at.value;
    if (slid.result.at.value <= before + 1e-6 * (1.0 + std::abs(before))) stage = std::move(slid);
  }
}

/// The best of all starts. Where the design leaves a direction unseen, every
/// covariance is also one of lower rank, and the fit begins there too.
inline Stage best_start(const Blocks& blocks, const Covariance& covariance, const LikelihoodKind& kind,
                        const Matrix& unseen, GaussianFit& fit) {
  Stage best{covariance, NewtonResult()};
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  std::vector<Reparametrised> starts;
  for (const Vector& start : starting_points(blocks, covariance)) starts.push_back({covariance, start});
  if (unseen.cols() > 0) add_lower_rank_starts(covariance, unseen, starts);
  for (const Reparametrised& start : starts) {
    Stage stage = optimise(blocks, start.covariance, kind, start.theta);
    fit.steps += stage.result.steps;
    ++fit.starts;
    if (!std::isfinite(stage.result.at.value)) continue;
    lowest = std::min(lowest, stage.result.at.value);
    highest = std::max(highest, stage.result.at.value);
    if (fit.starts == 1 || stage.result.at.value < best.result.at.value) best = std::move(stage);
  }
  fit.start_difference = highest - lowest;
  return best;
}

inline void require_bounded(const Blocks& blocks, const LikelihoodKind& kind) {
  if (!kind.profiled || !grows_without_bound(blocks)) return;
  throw NumericalError(
      "The likelihood has no maximum: fixed and random effects together fit every score exactly, so "
      "the residual variance tends to zero. Leave out random effects, or the time points that "
      "make each course a perfect line");
}

/// Ends a search that led nowhere, saying no more than is known: here a maximum
/// may exist, for unbounded likelihoods have been refused before the search.
inline void require_found(bool found, const std::string& seen, int starts) {
  if (found) return;
  throw NumericalError(
      "No maximum of the likelihood was found from " + std::to_string(starts) + " starts: " + seen +
      ". Whether there is one is not settled. Fewer random effects (an intercept without a slope, "
      "or independent effects) may have one that can be found");
}

}  // namespace detail

/// Fits a Gaussian model to reduced data.
/// @param blocks      reduced data
/// @param covariance  terms at full rank, in the order of the blocks' parameters
/// @param kind        REML or ML; scale profiled or not
/// @return            the constrained optimum and its certificate
/// @throws            NumericalError if the likelihood has no maximum
///                    (grows_without_bound()), or if none was found
[[nodiscard]] inline GaussianFit fit_gaussian(const Blocks& blocks, const Covariance& covariance,
                                              const LikelihoodKind& kind) {
  GaussianFit fit;
  detail::require_bounded(blocks, kind);
  const Matrix unseen = kind.profiled ? unseen_directions(blocks) : Matrix(blocks.n_gamma, 0);
  fit.unidentified = unseen.cols();
  detail::Stage stage = detail::best_start(blocks, covariance, kind, unseen, fit);
  fit.steps -= stage.result.steps;
  const bool feasible = std::isfinite(stage.result.at.value) && !stage.result.divergent;
  detail::require_found(feasible, "the random effects grew beyond all bounds beside the residual",
                        fit.starts);
  const bool falling = !kind.profiled && !stage.result.converged && stage.result.at.value < -1e3 * blocks.n;
  detail::require_found(!falling, "the deviance was still falling, far below zero", fit.starts);
  detail::slide(blocks, kind, unseen, stage);
  std::vector<detail::BoundScore> scores;
  for (int round = 0; round < 10; ++round) {
    detail::settle_rank(blocks, kind, stage);
    const int worst =
        unseen.cols() > 0 ? -1 : detail::worst_bound(blocks, stage, kind, detail::kTryZero, scores);
    if (worst < 0 || !detail::escape(blocks, kind, scores, worst, stage)) break;
  }
  detail::worst_bound(blocks, stage, kind, detail::kTryZero, scores);
  for (const auto& s : scores) fit.bound_score.push_back(s.score);
  const Matrix none(blocks.n_gamma, 0);
  const Vector relative = stage.covariance.gamma(stage.result.point);
  const Expansion e = expand(moments_at(blocks, relative, none, stage.covariance.roots(stage.result.point)),
                             none, blocks.n, blocks.p, kind);
  const double least = stage.result.converged ? detail::kNoResidual : detail::kVanishing;
  detail::require_found(!kind.profiled || e.scale > least,
                        "the residual variance fell below 1e-12 of that of least squares", fit.starts);
  fit.rank = detail::ranks(stage.covariance, relative, detail::kTryZero);
  fit.theta = stage.result.point;
  fit.gamma = relative * e.scale;
  fit.deviance = e.value;
  fit.beta = e.fixed.beta;
  fit.decrement = stage.result.decrement;
  fit.converged = stage.result.converged;
  fit.steps += stage.result.steps;
  fit.covariance = stage.covariance;
  return fit;
}

}  // namespace cordgain
