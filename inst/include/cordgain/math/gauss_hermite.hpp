// Gauss-Hermite rules for integrands that look like a normal density, and their products.
#pragma once

#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <map>
#include <utility>

namespace cordgain {

/// Nodes t_k and logarithms of weights v_k of  int f(t) dt ~ sum_k v_k f(t_k), exact for f(t) = exp(-t^2/2)
/// times a polynomial of degree 2n - 1. The weight holds the factor exp(t_k^2/2), so f is taken as it is.
struct HermiteRule {
  Matrix node;  ///< q x K
  Vector log_weight;
};

/// Above this number of nodes exp(-t^2/4) underflows at the outermost.
constexpr Index kMostHermiteNodes = 500;

namespace detail {

/// The orthonormal Hermite functions psi_{n-1}, psi_n at t, and the sum of squares of psi_0 ... psi_{n-1}.
struct HermiteFunctions {
  double before = 0.0, last = 0.0, squares = 0.0;
};

inline HermiteFunctions hermite_functions(Index n, double t) {
  constexpr double kPi = 3.14159265358979323846;
  HermiteFunctions out;
  out.last = std::pow(2.0 * kPi, -0.25) * std::exp(-0.25 * t * t);
  for (Index j = 0; j < n; ++j) {
    out.squares += out.last * out.last;
    const double root = std::sqrt(static_cast<double>(j));
    const double next = (t * out.last - root * out.before) / std::sqrt(static_cast<double>(j + 1));
    out.before = out.last;
    out.last = next;
  }
  return out;
}

}  // namespace detail

/// The rule of n nodes on the line. Nodes are eigenvalues of the Jacobi matrix, after one step of Newton;
/// weights come from the Christoffel function 1 / sum psi_j(t)^2, whose terms are all positive: the tiny
/// weights of the outer nodes keep their digits, which eigenvectors would not.
/// Source: Golub & Welsch (1969), Mathematics of Computation 23, 221; Gautschi (2004), section 1.3.
[[nodiscard]] inline HermiteRule gauss_hermite(Index n) {
  require(n >= 1 && n <= kMostHermiteNodes, "a Gauss-Hermite rule has 1 to 500 nodes");
  HermiteRule out{Matrix::Zero(1, n), Vector(n)};
  if (n > 1) {
    Eigen::SelfAdjointEigenSolver<Matrix> eigen;
    eigen.computeFromTridiagonal(Vector::Zero(n),
                                 Vector::LinSpaced(n - 1, 1.0, static_cast<double>(n - 1)).cwiseSqrt(),
                                 Eigen::EigenvaluesOnly);
    const Vector found = eigen.eigenvalues();
    for (Index k = 0; k < n / 2; ++k) {  // the rule is symmetric
      double t = 0.5 * (found[n - 1 - k] - found[k]);
      const detail::HermiteFunctions at = detail::hermite_functions(n, t);
      t -= at.last / (std::sqrt(static_cast<double>(n)) * at.before);
      out.node(0, k) = -t;
      out.node(0, n - 1 - k) = t;
    }
  }
  for (Index k = 0; k < n; ++k)
    out.log_weight[k] = -std::log(detail::hermite_functions(n, out.node(0, k)).squares);
  return out;
}

/// The product rule with n nodes along each of q axes, n^q in all; one node of weight 1 for q = 0.
[[nodiscard]] inline HermiteRule gauss_hermite(Index n, Index q) {
  HermiteRule out{Matrix(0, 1), Vector::Zero(1)};
  if (q == 0) return out;
  const HermiteRule line = gauss_hermite(n);
  for (Index axis = 0; axis < q; ++axis) {
    const Index before = out.log_weight.size();
    HermiteRule next{Matrix(axis + 1, before * n), Vector(before * n)};
    for (Index k = 0; k < n; ++k) {
      next.node.block(0, k * before, axis, before) = out.node;
      next.node.row(axis).segment(k * before, before).setConstant(line.node(0, k));
      next.log_weight.segment(k * before, before) = out.log_weight.array() + line.log_weight[k];
    }
    out = std::move(next);
  }
  return out;
}

/// Rules in q dimensions, each made when it is first asked for.
class HermiteRules {
 public:
  explicit HermiteRules(Index q) : q_(q) {}

  const HermiteRule& at(Index n) {
    auto found = rules_.find(n);
    if (found == rules_.end()) found = rules_.emplace(n, gauss_hermite(n, q_)).first;
    return found->second;
  }

 private:
  Index q_;
  std::map<Index, HermiteRule> rules_;
};

}  // namespace cordgain
