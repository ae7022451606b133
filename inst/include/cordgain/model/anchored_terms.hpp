// Covariance terms of which a standard deviation or a correlation is itself a
// working parameter, so that a profile holds it by not moving it.
#pragma once

#include <cmath>
#include <cordgain/model/covariance.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace cordgain {

/// Elements of A D A' as a linear map of those of D (A: m x q).
[[nodiscard]] inline Matrix congruence_map(const MatrixIn& a) {
  const Index q = a.cols();
  Matrix out(packed_size(a.rows()), packed_size(q));
  for (Index k = 0; k < out.cols(); ++k) {
    Vector unit = Vector::Zero(out.cols());
    unit[k] = 1.0;
    out.col(k) = packed(a * unpacked(unit, q) * a.transpose());
  }
  return out;
}

/// A term in other coordinates: gamma = map times the inner term's.
class MappedTerm final : public CovarianceTerm {
 public:
  MappedTerm(std::shared_ptr<const CovarianceTerm> inner, Matrix map)
      : inner_(std::move(inner)), map_(std::move(map)) {}
  [[nodiscard]] Index n_theta() const noexcept override { return inner_->n_theta(); }
  [[nodiscard]] Index n_gamma() const noexcept override { return map_.rows(); }
  [[nodiscard]] Vector gamma(const VectorIn& theta) const override { return map_ * inner_->gamma(theta); }
  [[nodiscard]] Matrix jacobian(const VectorIn& theta) const override {
    return map_ * inner_->jacobian(theta);
  }
  [[nodiscard]] Matrix curvature(const VectorIn& theta, const VectorIn& weight) const override {
    return inner_->curvature(theta, map_.transpose() * weight);
  }
  [[nodiscard]] Vector start() const override { return inner_->start(); }

 private:
  std::shared_ptr<const CovarianceTerm> inner_;
  Matrix map_;
};

/// D = L L' with the correlation of effects i and j as sin(theta_0): in the order
/// i, j, others, the first rows of L are
///   (e^theta_1, 0, ...) and (e^theta_2 sin theta_0, e^theta_2 cos theta_0, 0, ...),
/// the others free. Smooth up to correlations of -1 and 1.
class AngleTerm final : public CovarianceTerm {
 public:
  AngleTerm(Index q, Index i, Index j) : q_(q), order_{i, j} {
    require(q >= 2 && i != j && i >= 0 && j >= 0 && i < q && j < q, "A correlation needs two effects");
    for (Index k = 0; k < q; ++k) {
      if (k != i && k != j) order_.push_back(k);
    }
  }
  [[nodiscard]] Index n_theta() const noexcept override { return packed_size(q_); }
  [[nodiscard]] Index n_gamma() const noexcept override { return packed_size(q_); }
  [[nodiscard]] const std::vector<Index>& order() const noexcept { return order_; }

  [[nodiscard]] Vector gamma(const VectorIn& theta) const override {
    const Matrix root = factor(theta);
    return packed(root * root.transpose());
  }

  [[nodiscard]] Matrix jacobian(const VectorIn& theta) const override {
    const Matrix root = factor(theta);
    Matrix out(n_gamma(), n_theta());
    for (Index m = 0; m < n_theta(); ++m) out.col(m) = twice_symmetric(first(theta, m), root);
    return out;
  }

  [[nodiscard]] Matrix curvature(const VectorIn& theta, const VectorIn& weight) const override {
    const Matrix root = factor(theta);
    Matrix out(n_theta(), n_theta());
    for (Index m = 0; m < n_theta(); ++m) {
      for (Index n = 0; n < n_theta(); ++n) {
        out(m, n) = weight.dot(twice_symmetric(first(theta, m), first(theta, n)));
      }
    }
    const auto add = [&](Index m, Index n, const Matrix& second) {
      const double value = weight.dot(twice_symmetric(second, root));
      out(m, n) += value;
      if (m != n) out(n, m) += value;
    };
    add(1, 1, first(theta, 1));
    add(2, 2, first(theta, 2));
    add(0, 0, -first(theta, 2));
    add(0, 2, first(theta, 0));
    return out;
  }

  [[nodiscard]] Vector start() const override {
    Vector out = Vector::Zero(n_theta());
    for (Index row = 2, at = 3; row < q_; at += ++row) out[at + row] = 1.0;
    return out;
  }

 private:
  [[nodiscard]] Matrix factor(const VectorIn& theta) const {
    Matrix root = first(theta, 1) + first(theta, 2);
    Index at = 3;
    for (Index row = 2; row < q_; ++row) {
      for (Index col = 0; col <= row; ++col) root(order_[static_cast<std::size_t>(row)], col) = theta[at++];
    }
    return root;
  }

  /// d L / d theta_m.
  [[nodiscard]] Matrix first(const VectorIn& theta, Index m) const {
    Matrix out = Matrix::Zero(q_, q_);
    const double b = std::exp(theta[2]), sine = std::sin(theta[0]), cosine = std::cos(theta[0]);
    if (m == 0) {
      out(order_[1], 0) = b * cosine;
      out(order_[1], 1) = -b * sine;
    } else if (m == 1) {
      out(order_[0], 0) = std::exp(theta[1]);
    } else if (m == 2) {
      out(order_[1], 0) = b * sine;
      out(order_[1], 1) = b * cosine;
    } else {
      Index row = 2, from = 3;
      for (; m > from + row; from += ++row) {
      }
      out(order_[static_cast<std::size_t>(row)], m - from) = 1.0;
    }
    return out;
  }

  static Vector twice_symmetric(const Matrix& a, const Matrix& b) {
    const Matrix product = a * b.transpose();
    return packed(product + product.transpose());
  }

  Index q_;
  std::vector<Index> order_;
};

/// Lower root of a positive semi-definite matrix, rows taken in `order`; a
/// column without variance is zero.
[[nodiscard]] inline Matrix ordered_root(const MatrixIn& covariance, const std::vector<Index>& order) {
  const Index q = covariance.rows();
  Matrix left(q, q), out = Matrix::Zero(q, q);
  for (Index j = 0; j < q; ++j) {
    for (Index i = 0; i < q; ++i)
      left(i, j) = covariance(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
  }
  const double floor = 1e-15 * left.diagonal().cwiseAbs().maxCoeff();
  for (Index k = 0; k < q; ++k) {
    if (!(left(k, k) > floor)) continue;
    out.col(k).tail(q - k) = left.col(k).tail(q - k) / std::sqrt(left(k, k));
    left -= Matrix(out.col(k) * out.col(k).transpose());
  }
  return out;
}

}  // namespace cordgain
