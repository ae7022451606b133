// Covariances as functions of free working parameters theta. Each term turns
// its part of theta into its part of gamma, the elements of a covariance
// matrix, in which V is linear; first and second derivatives carry gradient and
// Hessian from gamma to theta by the chain rule.
#pragma once

#include <algorithm>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/math/packed.hpp>
#include <memory>
#include <vector>

namespace cordgain {

class FactorTerm;

/// A covariance matrix of one term, its elements packed in gamma.
class CovarianceTerm {
 public:
  virtual ~CovarianceTerm() = default;
  [[nodiscard]] virtual Index n_theta() const noexcept = 0;
  [[nodiscard]] virtual Index n_gamma() const noexcept = 0;
  /// Elements of the covariance matrix, packed.
  [[nodiscard]] virtual Vector gamma(const VectorIn& theta) const = 0;
  /// d gamma / d theta (n_gamma x n_theta).
  [[nodiscard]] virtual Matrix jacobian(const VectorIn& theta) const = 0;
  /// sum_k weight_k d2 gamma_k / d theta d theta' (n_theta x n_theta).
  [[nodiscard]] virtual Matrix curvature(const VectorIn& theta, const VectorIn& weight) const = 0;
  /// Whether, at a fit, its elements themselves are the free parameters (V is linear in them).
  [[nodiscard]] virtual bool moves_by_elements() const noexcept { return false; }
  /// A value to start from: the identity, or no correlation.
  [[nodiscard]] virtual Vector start() const = 0;
  /// Whether all visits share one variance.
  [[nodiscard]] virtual bool one_variance() const noexcept { return false; }
  /// Further values to start from where rows are few and there may be several optima: visits closely
  /// correlated, and the other way. None for other terms.
  [[nodiscard]] virtual std::vector<Vector> further_starts() const { return {}; }
  /// theta of the same correlations with standard deviations `sd` times as large (over visits: one for each
  /// visit); other terms stay as they are.
  [[nodiscard]] virtual Vector rescaled(const VectorIn& theta, const VectorIn&) const { return theta; }
  /// Itself as the term of random effects that it is; null for a residual's covariance.
  [[nodiscard]] virtual const FactorTerm* as_factor() const noexcept { return nullptr; }
  /// Whether it is a covariance of residuals over visits.
  [[nodiscard]] virtual bool over_visits() const noexcept { return as_factor() == nullptr; }
};

/// D = Lambda Lambda', Lambda of size q x r, its rows taken in the order of
/// `pivot` lower trapezoidal. With r = q any D in the cone; with r < q the
/// matrices of rank r: a zero variance is a value, not a limit.
class FactorTerm final : public CovarianceTerm {
 public:
  explicit FactorTerm(Index q) : FactorTerm(q, q, identity_order(q)) {}
  FactorTerm(Index q, Index rank, std::vector<Index> pivot) : q_(q), rank_(rank), pivot_(std::move(pivot)) {}

  [[nodiscard]] Index n_theta() const noexcept override { return rank_ * q_ - rank_ * (rank_ - 1) / 2; }
  [[nodiscard]] Index n_gamma() const noexcept override { return packed_size(q_); }
  [[nodiscard]] bool moves_by_elements() const noexcept override { return rank_ == q_; }
  [[nodiscard]] const FactorTerm* as_factor() const noexcept override { return this; }
  [[nodiscard]] Index size() const noexcept { return q_; }
  [[nodiscard]] Index rank() const noexcept { return rank_; }

  [[nodiscard]] Matrix factor(const VectorIn& theta) const {
    Matrix lambda = Matrix::Zero(q_, rank_);
    for_entries([&](Index row, Index col, Index at) { lambda(row, col) = theta[at]; });
    return lambda;
  }

  [[nodiscard]] Vector gamma(const VectorIn& theta) const override {
    const Matrix lambda = factor(theta);
    return packed(lambda * lambda.transpose());
  }

  [[nodiscard]] Matrix jacobian(const VectorIn& theta) const override {
    const Matrix lambda = factor(theta);
    Matrix out = Matrix::Zero(n_gamma(), n_theta());
    for_entries([&](Index row, Index col, Index at) {
      for (Index j = 0; j < q_; ++j) {
        const double value = lambda(j, col);
        out(packed_index(std::max(row, j), std::min(row, j), q_), at) += row == j ? 2.0 * value : value;
      }
    });
    return out;
  }

  [[nodiscard]] Matrix curvature(const VectorIn&, const VectorIn& weight) const override {
    Matrix out = Matrix::Zero(n_theta(), n_theta());
    for_entries([&](Index row, Index col, Index at) {
      for_entries([&](Index row2, Index col2, Index at2) {
        if (col != col2) return;
        const double w = weight[packed_index(std::max(row, row2), std::min(row, row2), q_)];
        out(at, at2) = row == row2 ? 2.0 * w : w;
      });
    });
    return out;
  }

  [[nodiscard]] Vector start() const override {
    Vector out = Vector::Zero(n_theta());
    for_entries([&](Index row, Index col, Index at) { out[at] = row == pivot_[col] ? 1.0 : 0.0; });
    return out;
  }

  /// Calls body(row, column, position in theta) for each free element of the factor.
  template <class Body>
  void for_entries(Body&& body) const {
    Index at = 0;
    for (Index col = 0; col < rank_; ++col) {
      for (Index row = col; row < q_; ++row) body(pivot_[static_cast<std::size_t>(row)], col, at++);
    }
  }

 private:
  static std::vector<Index> identity_order(Index q) {
    std::vector<Index> out(static_cast<std::size_t>(q));
    for (Index i = 0; i < q; ++i) out[static_cast<std::size_t>(i)] = i;
    return out;
  }

  Index q_;
  Index rank_;
  std::vector<Index> pivot_;
};

/// The residual variance held at 1 while the common scale is profiled out.
class UnitTerm final : public CovarianceTerm {
 public:
  [[nodiscard]] Index n_theta() const noexcept override { return 0; }
  [[nodiscard]] Index n_gamma() const noexcept override { return 1; }
  [[nodiscard]] bool moves_by_elements() const noexcept override { return true; }
  [[nodiscard]] bool over_visits() const noexcept override { return false; }
  [[nodiscard]] Vector gamma(const VectorIn&) const override { return Vector::Ones(1); }
  [[nodiscard]] Matrix jacobian(const VectorIn&) const override { return Matrix::Zero(1, 0); }
  [[nodiscard]] Matrix curvature(const VectorIn&, const VectorIn&) const override {
    return Matrix::Zero(0, 0);
  }
  [[nodiscard]] Vector start() const override { return Vector(0); }
};

/// The terms of a model, side by side in theta and in gamma.
class Covariance {
 public:
  void add(std::shared_ptr<const CovarianceTerm> term) {
    theta_at_.push_back(n_theta_);
    gamma_at_.push_back(n_gamma_);
    n_theta_ += term->n_theta();
    n_gamma_ += term->n_gamma();
    terms_.push_back(std::move(term));
  }

  [[nodiscard]] Index n_theta() const noexcept { return n_theta_; }
  [[nodiscard]] Index n_gamma() const noexcept { return n_gamma_; }
  [[nodiscard]] std::size_t size() const noexcept { return terms_.size(); }
  [[nodiscard]] const CovarianceTerm& term(std::size_t i) const { return *terms_[i]; }
  [[nodiscard]] std::shared_ptr<const CovarianceTerm> share(std::size_t i) const { return terms_[i]; }
  /// Term i as one of random effects; null where it is not.
  [[nodiscard]] const FactorTerm* factor(std::size_t i) const { return terms_[i]->as_factor(); }
  [[nodiscard]] Index gamma_at(std::size_t i) const { return gamma_at_[i]; }
  [[nodiscard]] Index theta_at(std::size_t i) const { return theta_at_[i]; }

  [[nodiscard]] Vector gamma(const VectorIn& theta) const {
    Vector out(n_gamma_);
    each([&](const CovarianceTerm& t, Index th, Index ga) {
      out.segment(ga, t.n_gamma()) = t.gamma(theta.segment(th, t.n_theta()));
    });
    return out;
  }

  /// Whether the residuals have a covariance over visits; else they are independent.
  [[nodiscard]] bool over_visits() const {
    return std::any_of(terms_.begin(), terms_.end(), [](const auto& term) { return term->over_visits(); });
  }

  /// theta with each covariance over visits rescaled.
  /// @param sd  of each term; empty for one that stays
  [[nodiscard]] Vector rescaled(const VectorIn& theta, const std::vector<Vector>& sd) const {
    Vector out = theta;
    for (std::size_t i = 0; i < size(); ++i) {
      if (sd[i].size() == 0) continue;
      const auto part = theta.segment(theta_at_[i], terms_[i]->n_theta());
      out.segment(theta_at_[i], part.size()) = terms_[i]->rescaled(part, sd[i]);
    }
    return out;
  }

  /// Lambda of each random-effects term; empty beside a covariance over visits, which has no such factor.
  [[nodiscard]] std::vector<Matrix> roots(const VectorIn& theta) const {
    std::vector<Matrix> out;
    if (over_visits()) return out;
    each([&](const CovarianceTerm& t, Index th, Index) {
      if (t.as_factor() != nullptr) out.push_back(t.as_factor()->factor(theta.segment(th, t.n_theta())));
    });
    return out;
  }

  [[nodiscard]] Matrix jacobian(const VectorIn& theta) const {
    Matrix out = Matrix::Zero(n_gamma_, n_theta_);
    each([&](const CovarianceTerm& t, Index th, Index ga) {
      // A block of a matrix without columns would start beside a null pointer.
      if (t.n_theta() == 0) return;
      out.block(ga, th, t.n_gamma(), t.n_theta()) = t.jacobian(theta.segment(th, t.n_theta()));
    });
    return out;
  }

  [[nodiscard]] Matrix curvature(const VectorIn& theta, const VectorIn& weight) const {
    Matrix out = Matrix::Zero(n_theta_, n_theta_);
    each([&](const CovarianceTerm& t, Index th, Index ga) {
      out.block(th, th, t.n_theta(), t.n_theta()) =
          t.curvature(theta.segment(th, t.n_theta()), weight.segment(ga, t.n_gamma()));
    });
    return out;
  }

  [[nodiscard]] Vector start() const {
    Vector out(n_theta_);
    each([&](const CovarianceTerm& t, Index th, Index) { out.segment(th, t.n_theta()) = t.start(); });
    return out;
  }

 private:
  template <class Body>
  void each(Body&& body) const {
    for (std::size_t i = 0; i < terms_.size(); ++i) body(*terms_[i], theta_at_[i], gamma_at_[i]);
  }

  std::vector<std::shared_ptr<const CovarianceTerm>> terms_;
  std::vector<Index> theta_at_, gamma_at_;
  Index n_theta_ = 0, n_gamma_ = 0;
};

}  // namespace cordgain
