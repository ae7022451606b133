// The edge of the cone of covariance matrices: zero variances and correlations of
// one are values of the working parameters, found, certified and left from here.
#pragma once

#include <cmath>
#include <cordgain/fit/criterion.hpp>
#include <cordgain/math/symmetric_eigen.hpp>
#include <memory>
#include <vector>

namespace cordgain::detail {

/// Eigenvalues of D below this, beside residual variance 1 and unit Z, are tried as zero.
constexpr double kTryZero = 1e-6;
/// A reduced fit is taken when its deviance is no higher than this.
constexpr double kSameDeviance = 1e-9;
/// Scores across a bound above minus this count as non-negative.
constexpr double kScoreSlack = 1e-7;

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

/// Columns: the eigenvectors of D whose eigenvalue is at most the threshold.
inline Matrix lacking_directions(const Matrix& d, double threshold) {
  const SymmetricEigen eigen = symmetric_eigen(d);
  return eigen.vectors.leftCols((eigen.values.array() <= threshold).count());
}

inline BoundScore bound_score(const Matrix& lacking, const Matrix& score) {
  const SymmetricEigen across = symmetric_eigen(lacking.transpose() * score * lacking);
  return {across.values[0], lacking * across.vectors.col(0)};
}

/// Lower factor of D in the order of decreasing remaining variance, with the rank.
struct PivotedFactor {
  Index rank = 0;
  std::vector<Index> pivot;
  Vector theta;
};

inline PivotedFactor pivoted_factor(Matrix d, Index rank) {
  const Index q = d.rows();
  PivotedFactor out;
  out.rank = rank;
  for (Index i = 0; i < q; ++i) out.pivot.push_back(i);
  Matrix lambda = Matrix::Zero(q, rank);
  for (Index k = 0; k < rank; ++k) {
    Index best = k;
    for (Index i = k; i < q; ++i) {
      if (d(out.pivot[i], out.pivot[i]) > d(out.pivot[best], out.pivot[best])) best = i;
    }
    if (rank < q) std::swap(out.pivot[k], out.pivot[best]);
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
    if (covariance.factor(i) == nullptr) {
      out.covariance.add(covariance.share(i));
      parts.push_back(theta.segment(covariance.theta_at(i), term.n_theta()));
      continue;
    }
    const Index q = covariance.factor(i)->size();
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

inline std::vector<Index> ranks(const Covariance& covariance, const VectorIn& gamma, double threshold) {
  std::vector<Index> out;
  for (std::size_t i = 0; i < covariance.size(); ++i) {
    const FactorTerm* factor = covariance.factor(i);
    if (factor == nullptr) {
      out.push_back(-1);
      continue;
    }
    const Index q = factor->size();
    const SymmetricEigen eigen =
        symmetric_eigen(unpacked(gamma.segment(covariance.gamma_at(i), packed_size(q)), q));
    out.push_back((eigen.values.array() > threshold).count());
  }
  return out;
}

/// A point on the way: covariance, theta and what Newton found.
struct Stage {
  Covariance covariance;
  NewtonResult result;

  [[nodiscard]] double value() const noexcept { return result.at.value; }
  [[nodiscard]] Vector gamma() const { return covariance.gamma(result.point); }
};

inline Stage optimise(const Criterion& criterion, const Covariance& covariance, const Vector& start) {
  Stage out{covariance, NewtonResult()};
  out.result = newton([&](const Vector& theta) { return criterion.in_theta(out.covariance, theta); }, start);
  return out;
}

/// Scores across the bounds at a point; returns the index of the worst term, or -1.
/// @param gradient_at  callable: the gradient in gamma there, empty where there is none; asked for only
///                     where a term lacks rank
template <class Gradient>
int worst_bound_by(Gradient&& gradient_at, const Stage& stage, double threshold,
                   std::vector<BoundScore>& scores) {
  const Vector gamma = stage.gamma();
  scores.assign(stage.covariance.size(), BoundScore());
  Vector gradient;
  int worst = -1;
  for (std::size_t i = 0; i < stage.covariance.size(); ++i) {
    const FactorTerm* factor = stage.covariance.factor(i);
    if (factor == nullptr) continue;
    const Index q = factor->size(), from = stage.covariance.gamma_at(i);
    const Matrix lacking = lacking_directions(unpacked(gamma.segment(from, packed_size(q)), q), threshold);
    if (lacking.cols() == 0) continue;
    if (gradient.size() == 0) gradient = gradient_at();
    if (gradient.size() == 0) continue;
    scores[i] = bound_score(lacking, score_matrix(gradient.segment(from, packed_size(q)), q));
    if (scores[i].score < -kScoreSlack &&
        (worst < 0 || scores[i].score < scores[static_cast<std::size_t>(worst)].score)) {
      worst = static_cast<int>(i);
    }
  }
  return worst;
}

inline int worst_bound(const Criterion& criterion, const Stage& stage, double threshold,
                       std::vector<BoundScore>& scores) {
  const auto gradient_at = [&] {
    return criterion.in_gamma(stage.gamma(), stage.covariance.roots(stage.result.point)).gradient;
  };
  return worst_bound_by(gradient_at, stage, threshold, scores);
}

/// Leaves a saddle: adds variance in the direction whose score is negative, as
/// long as the deviance falls, and optimises from there at full rank.
inline bool escape(const Criterion& criterion, const std::vector<BoundScore>& scores, int worst,
                   Stage& stage) {
  const std::size_t i = static_cast<std::size_t>(worst);
  Vector gamma = stage.gamma();
  const Index q = stage.covariance.factor(i)->size(), at = stage.covariance.gamma_at(i);
  const Matrix d = unpacked(gamma.segment(at, packed_size(q)), q);
  std::vector<Index> full = ranks(stage.covariance, gamma, -1.0);
  for (double size = 1.0; size > 1e-14; size *= 0.25) {
    Matrix moved = d + size * scores[i].direction * scores[i].direction.transpose();
    moved.diagonal().array() += size * 1e-6;
    gamma.segment(at, packed_size(q)) = packed(moved);
    if (!(criterion.in_gamma(gamma, {}).value < stage.value())) continue;
    for (std::size_t t = 0; t < full.size(); ++t) {
      if (full[t] >= 0 && t != i) full[t] = ranks(stage.covariance, gamma, kTryZero)[t];
    }
    const Reparametrised from = with_ranks(stage.covariance, gamma, stage.result.point, full);
    Stage lower = optimise(criterion, from.covariance, from.theta);
    if (!(lower.value() < stage.value())) continue;
    lower.result.steps += stage.result.steps;
    stage = std::move(lower);
    return true;
  }
  return false;
}

/// Tries the ranks that small eigenvalues suggest; keeps them when the deviance does not rise.
inline void settle_rank(const Criterion& criterion, Stage& stage) {
  const Vector gamma = stage.gamma();
  const std::vector<Index> rank = ranks(stage.covariance, gamma, kTryZero);
  bool same = true;
  for (std::size_t i = 0; i < rank.size(); ++i) {
    same = same && (rank[i] < 0 || rank[i] == stage.covariance.factor(i)->rank());
  }
  if (same) return;
  const Reparametrised to = with_ranks(stage.covariance, gamma, stage.result.point, rank);
  Stage reduced = optimise(criterion, to.covariance, to.theta);
  const double allowed = stage.value() + kSameDeviance * (1.0 + std::abs(stage.value()));
  if (!(reduced.value() <= allowed)) return;
  reduced.result.steps += stage.result.steps;
  stage = std::move(reduced);
}

/// Settles the rank and leaves saddles until neither changes anything.
inline void settle(const Criterion& criterion, bool leave_saddles, Stage& stage) {
  std::vector<BoundScore> scores;
  for (int round = 0; round < 10; ++round) {
    settle_rank(criterion, stage);
    const int worst = leave_saddles ? worst_bound(criterion, stage, kTryZero, scores) : -1;
    if (worst < 0 || !escape(criterion, scores, worst, stage)) break;
  }
}

}  // namespace cordgain::detail
