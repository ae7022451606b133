// One subject's integral over its random effects: the mode of what is integrated, and the integral by
// Gauss-Hermite nodes placed at the mode and spread by the curvature there.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/math/gauss_hermite.hpp>
#include <cordgain/model/family.hpp>
#include <cordgain/model/subject_rows.hpp>
#include <limits>

namespace cordgain {

/// Vectors and matrices as wide as the random effects of a subject: they live on the stack.
using EffectVector = Eigen::Matrix<double, Eigen::Dynamic, 1, Eigen::ColMajor, kMostEffects, 1>;
using EffectMatrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor, kMostEffects, kMostEffects>;

/// The rows of one subject at given parameters: eta = fixed + loading u with u ~ N(0, I).
struct SubjectAt {
  const Family& family;
  const SubjectRows& rows;
  Index subject;
  const Vector& extra;
  Vector fixed;    ///< x'beta + offset
  Matrix loading;  ///< z times the factor of the effects' covariance

  [[nodiscard]] Index first() const { return rows.start(subject); }
  [[nodiscard]] Index size() const { return fixed.size(); }
  [[nodiscard]] Index row(Index i) const { return rows.source(first() + i); }

  /// Row i of the loading. Where there are no random effects there is no memory to point into.
  [[nodiscard]] EffectVector load(Index i) const {
    if (loading.cols() == 0) return EffectVector(0);
    return loading.row(i).transpose();
  }
};

/// log of the integrand (the density of u included but for its constant) with its derivatives in u.
struct Integrand {
  double value = -std::numeric_limits<double>::infinity();
  EffectVector slope;
  EffectMatrix curvature;  ///< minus the second derivative
};

[[nodiscard]] inline Integrand integrand(const SubjectAt& at, const EffectVector& u) {
  const Index q = u.size();
  Integrand out{-0.5 * u.squaredNorm(), -u, EffectMatrix::Identity(q, q)};
  Eigen::Matrix<double, 1, 1> eta;  // on the stack
  for (Index i = 0; i < at.size(); ++i) {
    const EffectVector load = at.load(i);
    eta[0] = at.fixed[i] + load.dot(u);
    PointTerms point;
    at.family.terms(at.row(i), eta, at.extra, {&point.value, &point.slope, &point.curvature});
    out.value += point.value;
    out.slope += point.slope * load;
    out.curvature -= point.curvature * load * load.transpose();
  }
  return out;
}

/// Where the nodes go.
struct Placement {
  EffectVector mode;
  EffectMatrix root;  ///< inverse curvature = root root'
  double log_det = 0.0;
  bool found = false;
};

namespace detail {

/// The eigenvalues of a curvature, none below 1: the density of u alone gives that, and what the scores add
/// is negative only away from a mode, or where a family's density is not log-concave.
inline EffectMatrix placed_root(const EffectMatrix& curvature) {
  const Eigen::LLT<EffectMatrix> llt(curvature);
  const Index q = curvature.rows();
  if (llt.info() == Eigen::Success) {
    EffectMatrix root = llt.matrixU().solve(EffectMatrix::Identity(q, q));
    return root;
  }
  const Eigen::SelfAdjointEigenSolver<EffectMatrix> eigen(curvature);
  return eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(1.0).cwiseSqrt().cwiseInverse().asDiagonal();
}

constexpr int kModeSteps = 100;
/// A step shorter than this, in units of the integrand's own width, moves the mode no more: the Laplace value
/// then has its last digits too.
constexpr double kModeStep = 1e-11;

}  // namespace detail

/// The mode by Newton's method, steps halved until the integrand rises.
/// @param start  where to begin: the mode at parameters nearby
[[nodiscard]] inline Placement place_nodes(const SubjectAt& at, const EffectVector& start) {
  Placement out;
  out.mode = start;
  Integrand here = integrand(at, out.mode);
  if (!std::isfinite(here.value)) {
    out.mode.setZero();
    here = integrand(at, out.mode);
  }
  for (int steps = 0; steps < detail::kModeSteps && std::isfinite(here.value); ++steps) {
    out.root = detail::placed_root(here.curvature);
    const EffectVector scaled = out.root.transpose() * here.slope;
    out.found = scaled.norm() < detail::kModeStep;
    EffectVector step = out.root * scaled;
    bool moved = false;
    for (int halving = 0; halving < 40 && !moved && !out.found; ++halving, step *= 0.5) {
      const Integrand next = integrand(at, out.mode + step);
      moved = next.value > here.value || (scaled.norm() < 1e-6 && std::isfinite(next.value));
      if (!moved) continue;
      out.mode += step;
      here = next;
    }
    if (moved) continue;
    out.found = out.found || scaled.norm() < 1e-4;  // no rise left to be seen
    break;
  }
  if (out.found) out.log_det = std::log(std::fabs(out.root.determinant()));
  return out;
}

/// Everything at the nodes of one subject. Columns are rows of the subject, rows are nodes.
struct NodeValues {
  Matrix u;  ///< q x K
  Matrix eta, value, slope, curvature;
  Vector weight;  ///< posterior probabilities of the nodes
  double log_likelihood = -std::numeric_limits<double>::infinity();
};

/// log int prod f(y_i | eta_i) phi(u) du, with what derivatives need.
[[nodiscard]] inline NodeValues at_nodes(const SubjectAt& at, const Placement& place,
                                         const HermiteRule& rule) {
  NodeValues out;
  const Index nodes = rule.log_weight.size(), n = at.size(), q = place.mode.size();
  out.u = (place.root * rule.node).colwise() + place.mode;
  out.eta = out.u.transpose() * at.loading.transpose();
  out.eta.rowwise() += at.fixed.transpose();
  out.value.resize(nodes, n);
  out.slope.resize(nodes, n);
  out.curvature.resize(nodes, n);
  for (Index i = 0; i < n; ++i) {
    at.family.terms(at.row(i), out.eta.col(i), at.extra,
                    {out.value.col(i).data(), out.slope.col(i).data(), out.curvature.col(i).data()});
  }
  const Vector height =
      rule.log_weight + out.value.rowwise().sum() - 0.5 * out.u.colwise().squaredNorm().transpose();
  const double top = height.maxCoeff();
  if (!std::isfinite(top)) return out;
  out.weight = (height.array() - top).exp();
  const double sum = out.weight.sum();
  out.weight /= sum;
  out.log_likelihood = top + std::log(sum) + place.log_det - static_cast<double>(q) * detail::kLogRoot2Pi;
  return out;
}

}  // namespace cordgain
