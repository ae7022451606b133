// Few rows kept as they are, and their likelihood by its definition. Here every
// variance is a parameter on its own scale, the residual's too, so a residual
// variance of zero is a point like any other. Pooled moments, which the other
// fits use, hold it at 1 and can only approach that point.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <cmath>
#include <cordgain/fit/criterion.hpp>
#include <cordgain/model/frame.hpp>
#include <limits>
#include <memory>
#include <vector>

namespace cordgain {

/// Rows in the coordinates of the frame: X orthonormal, y the residual of least
/// squares, Z the columns of all levels of all terms and, last, a unit for each residual.
struct SmallRows {
  struct Columns {
    Index term;
    Index first;
    Index width;
  };
  Matrix x;
  Vector y;
  Matrix z;
  std::vector<Columns> columns;
  Index n_terms = 0;   ///< the residual counts as one
  double noise = 0.0;  ///< rounding of y beside its norm
};

/// @param in     rows with independent residuals of one variance
/// @param frame  their frame
[[nodiscard]] inline SmallRows small_rows(const DesignInput& in, const Frame& frame) {
  const Index n = in.y.size(), p = frame.factor.cols();
  SmallRows out;
  Index width = n;
  for (const RandomTerm& term : in.random) width += term.n_levels * term.z.cols();
  Vector root = Vector::Ones(n);
  if (in.weight.size() > 0) root = (in.weight / frame.weight_scale).cwiseSqrt();
  out.x.resize(n, p);
  const Matrix x = in.x.matrix();
  for (Index j = 0; j < p; ++j) out.x.col(j) = x.col(frame.kept[static_cast<std::size_t>(j)]);
  out.y = (in.y - out.x * frame.least_squares) / frame.y_scale;
  out.y = root.cwiseProduct(out.y);
  out.x = root.asDiagonal() * out.x;
  detail::divide_by_factor(out.x, frame.factor);
  out.z = Matrix::Zero(n, width);
  Index at = 0;
  for (std::size_t t = 0; t < in.random.size(); ++t, ++out.n_terms) {
    const RandomTerm& term = in.random[t];
    Matrix z = root.asDiagonal() * term.z.matrix();
    detail::divide_by_factor(z, frame.z_factor[t]);
    for (Index i = 0; i < n; ++i) out.z.block(i, at + term.level[i] * z.cols(), 1, z.cols()) = z.row(i);
    for (Index level = 0; level < term.n_levels; ++level, at += z.cols())
      out.columns.push_back({out.n_terms, at, z.cols()});
  }
  for (Index i = 0; i < n; ++i, ++at) {
    out.z(i, at) = 1.0;
    out.columns.push_back({out.n_terms, at, 1});
  }
  ++out.n_terms;
  const double size = root.cwiseProduct(in.y).norm() / (frame.y_scale * out.y.norm());
  out.noise = 64.0 * std::numeric_limits<double>::epsilon() * std::max(1.0, size);
  return out;
}

/// Whether one row of a small data set holds more than half of the squares that least squares leaves.
[[nodiscard]] inline bool dominated(const DesignInput& in, const Frame& frame, Index few) {
  constexpr double kMost = 0.5;
  const Index n = in.y.size();
  if (n > few) return false;
  double largest = 0.0, all = 0.0;
  for (Index i = 0; i < n; ++i) {
    double left = in.y[i];
    for (std::size_t k = 0; k < frame.kept.size(); ++k)
      left -= in.x(i, frame.kept[k]) * frame.least_squares[static_cast<Index>(k)];
    left /= frame.y_scale;
    const double square = left * left * (in.weight.size() > 0 ? in.weight[i] / frame.weight_scale : 1.0);
    largest = std::max(largest, square);
    all += square;
  }
  return largest > kMost * all;
}

/// The covariance of small rows at full rank: the random effects' terms and the residual's variance.
[[nodiscard]] inline Covariance absolute_covariance(const Covariance& relative) {
  Covariance out;
  for (std::size_t i = 0; i + 1 < relative.size(); ++i) out.add(relative.share(i));
  out.add(std::make_shared<FactorTerm>(1));
  return out;
}

namespace detail {

/// Z in some coordinates, and dV/dgamma there.
struct Space {
  Matrix z;
  std::vector<Matrix> basis;
};

inline Space make_space(const Matrix& z, const SmallRows& rows) {
  Space out;
  out.z = z;
  std::vector<Index> first(static_cast<std::size_t>(rows.n_terms), -1);
  for (const auto& c : rows.columns) {
    Index& at = first[static_cast<std::size_t>(c.term)];
    if (at < 0) {
      at = static_cast<Index>(out.basis.size());
      for (Index k = 0; k < packed_size(c.width); ++k) out.basis.push_back(Matrix::Zero(z.rows(), z.rows()));
    }
    Index k = at;
    for (Index b = 0; b < c.width; ++b) {
      for (Index a = b; a < c.width; ++a, ++k) {
        const Matrix product = z.col(c.first + a) * z.col(c.first + b).transpose();
        out.basis[static_cast<std::size_t>(k)] += a == b ? product : Matrix(product + product.transpose());
      }
    }
  }
  return out;
}

/// Z with the columns of each term multiplied by its Lambda.
inline Matrix spread(const Matrix& z, const SmallRows& rows, const std::vector<Matrix>& roots) {
  Index width = 0;
  for (const auto& c : rows.columns) width += roots[static_cast<std::size_t>(c.term)].cols();
  Matrix out(z.rows(), width);
  Index at = 0;
  for (const auto& c : rows.columns) {
    const Matrix& root = roots[static_cast<std::size_t>(c.term)];
    out.middleCols(at, root.cols()).noalias() = z.middleCols(c.first, c.width) * root;
    at += root.cols();
  }
  return out;
}

}  // namespace detail

/// Minus twice the likelihood of few rows; nothing is profiled but the fixed effects.
///   REML: log|W| + u'W^-1u + (n - p) log 2pi,  W = K'VK, u = K'y, K'X = 0, K'K = I
///   ML:   log|V| + u'W^-1u +  n      log 2pi
/// Source: Patterson & Thompson (1971), Biometrika 58:545: REML is the likelihood of contrasts.
class SmallCriterion final : public Criterion {
 public:
  SmallCriterion(const SmallRows& rows, bool restricted) : rows_(rows), restricted_(restricted) {
    const Index n = rows.y.size(), p = rows.x.cols();
    Matrix k = Matrix::Identity(n, n);
    if (p > 0) k = Eigen::HouseholderQR<Matrix>(rows.x).householderQ() * k;
    k_ = k.rightCols(n - p);
    u_ = k_.transpose() * rows.y;
    contrasts_ = detail::make_space(k_.transpose() * rows.z, rows);
    whole_ = detail::make_space(rows.z, rows);
  }

  [[nodiscard]] SecondOrder in_theta(const Covariance& covariance, const Vector& theta) const override {
    const Matrix jacobian = covariance.jacobian(theta);
    SecondOrder out = evaluate(covariance.gamma(theta), covariance.roots(theta), jacobian);
    if (!std::isfinite(out.value)) return out;
    out.hessian += covariance.curvature(theta, out.gradient);
    out.gradient = jacobian.transpose() * out.gradient;
    return out;
  }

  [[nodiscard]] SecondOrder in_gamma(const VectorIn& gamma, const std::vector<Matrix>& roots) const override {
    return evaluate(gamma, roots, Matrix(gamma.size(), 0));
  }

  /// theta at the scale that suits these scores best; unchanged where V is singular.
  [[nodiscard]] Vector scaled(const Covariance& covariance, const Vector& theta) const {
    Matrix lower;
    if (!factor(contrasts_, covariance.gamma(theta), covariance.roots(theta), lower)) return theta;
    const double form = lower.triangularView<Eigen::Lower>().solve(u_).squaredNorm();
    return theta * std::sqrt(form / static_cast<double>(degrees()));
  }

  /// All that inference needs, without the inverse of V, which may be singular where W is not.
  struct Parts {
    SecondOrder at;  ///< Hessian along the directions, as if they were straight
    Matrix trace2;   ///< tr(W^-1 W_a W^-1 W_b); ML: of V
    Matrix phi;      ///< covariance of the fixed effects, X'VX - X'VK W^-1 K'VX
    Vector beta;
    std::vector<Matrix> slope;  ///< C'V_a C with C = V^-1 X Phi
    std::vector<Matrix> curve;  ///< C'V_a K W^-1 K'V_b C, packed order, symmetric part
  };

  [[nodiscard]] Parts parts(const VectorIn& gamma, const std::vector<Matrix>& roots,
                            const MatrixIn& directions) const {
    Parts out;
    out.at = evaluate(gamma, roots, directions, &out.trace2);
    Matrix lower;
    if (!std::isfinite(out.at.value) || !factor(contrasts_, gamma, roots, lower)) return out;
    Matrix v = Matrix::Zero(rows_.y.size(), rows_.y.size());
    for (std::size_t k = 0; k < whole_.basis.size(); ++k) v += gamma[static_cast<Index>(k)] * whole_.basis[k];
    const auto triangle = lower.triangularView<Eigen::Lower>();
    const Matrix half = triangle.solve(k_.transpose());
    const Matrix across = half * v * rows_.x;
    const Matrix c = rows_.x - half.transpose() * across;
    out.phi = rows_.x.transpose() * v * rows_.x - across.transpose() * across;
    out.beta = c.transpose() * rows_.y;
    const std::vector<Matrix> moved = along(whole_.basis, directions);
    std::vector<Matrix> shown;
    for (const Matrix& m : moved) {
      out.slope.push_back(c.transpose() * m * c);
      shown.push_back(half * (m * c));
    }
    for (std::size_t b = 0; b < moved.size(); ++b) {
      for (std::size_t a = b; a < moved.size(); ++a) {
        const Matrix q = shown[a].transpose() * shown[b];
        out.curve.push_back(0.5 * (q + q.transpose()));
      }
    }
    return out;
  }

  /// Inner products of the changes that the likelihood sees: of W (REML) or of V (ML).
  [[nodiscard]] Matrix gram() const {
    const std::vector<Matrix>& basis = (restricted_ ? contrasts_ : whole_).basis;
    Matrix out(static_cast<Index>(basis.size()), static_cast<Index>(basis.size()));
    for (std::size_t a = 0; a < basis.size(); ++a) {
      for (std::size_t b = 0; b < basis.size(); ++b)
        out(static_cast<Index>(a), static_cast<Index>(b)) = basis[a].cwiseProduct(basis[b]).sum();
    }
    return out;
  }

  [[nodiscard]] const SmallRows& rows() const noexcept { return rows_; }
  [[nodiscard]] const Vector& contrasts() const noexcept { return u_; }
  [[nodiscard]] Matrix contrast_columns(const std::vector<Matrix>& roots) const {
    return detail::spread(contrasts_.z, rows_, roots);
  }
  /// The columns whose span V has (ML) or its contrasts have (REML).
  [[nodiscard]] Matrix spanning_columns(const std::vector<Matrix>& roots) const {
    return detail::spread(restricted_ ? contrasts_.z : whole_.z, rows_, roots);
  }

 private:
  [[nodiscard]] Index degrees() const { return restricted_ ? u_.size() : rows_.y.size(); }

  /// The factor of V, from its roots by QR where they are given: small variances beside large are kept.
  [[nodiscard]] bool factor(const detail::Space& space, const VectorIn& gamma,
                            const std::vector<Matrix>& roots, Matrix& lower) const {
    constexpr double kSingular = 1e-14;
    const Index m = space.z.rows();
    if (roots.empty()) {
      Matrix v = Matrix::Zero(m, m);
      for (std::size_t k = 0; k < space.basis.size(); ++k) v += gamma[static_cast<Index>(k)] * space.basis[k];
      const Eigen::LLT<Matrix> llt(v);
      lower = llt.matrixL();
      return llt.info() == Eigen::Success && lower.diagonal().minCoeff() > 0.0;
    }
    const Matrix columns = detail::spread(space.z, rows_, roots).transpose();
    if (columns.rows() < m) return false;
    const Eigen::HouseholderQR<Matrix> qr(columns);
    lower = Matrix(qr.matrixQR().topRows(m).triangularView<Eigen::Upper>()).transpose();
    for (Index j = 0; j < m; ++j) {
      if (lower(j, j) < 0.0) lower.col(j) *= -1.0;
    }
    return lower.diagonal().minCoeff() > kSingular * lower.diagonal().maxCoeff();
  }

  static std::vector<Matrix> whitened(const detail::Space& space, const Matrix& lower) {
    std::vector<Matrix> out;
    for (const Matrix& basis : space.basis) {
      const Matrix half = lower.triangularView<Eigen::Lower>().solve(basis);
      out.push_back(lower.triangularView<Eigen::Lower>().solve(half.transpose()));
    }
    return out;
  }

  static std::vector<Matrix> along(const std::vector<Matrix>& basis, const MatrixIn& directions) {
    std::vector<Matrix> out;
    for (Index a = 0; a < directions.cols(); ++a) {
      out.push_back(Matrix::Zero(basis[0].rows(), basis[0].rows()));
      for (std::size_t k = 0; k < basis.size(); ++k)
        out.back() += directions(static_cast<Index>(k), a) * basis[k];
    }
    return out;
  }

  /// Value, gradient in gamma, Hessian along directions (V linear along them).
  [[nodiscard]] SecondOrder evaluate(const VectorIn& gamma, const std::vector<Matrix>& roots,
                                     const MatrixIn& directions, Matrix* trace2 = nullptr) const {
    SecondOrder out;
    Matrix lower, whole;
    if (!factor(contrasts_, gamma, roots, lower)) return out;
    if (!restricted_ && !factor(whole_, gamma, roots, whole)) return out;
    const Vector u = lower.triangularView<Eigen::Lower>().solve(u_);
    out.value = 2.0 * (restricted_ ? lower : whole).diagonal().array().log().sum() + u.squaredNorm() +
                static_cast<double>(degrees()) * detail::kLog2Pi;
    const std::vector<Matrix> form = whitened(contrasts_, lower);
    const std::vector<Matrix> size = restricted_ ? form : whitened(whole_, whole);
    out.gradient.resize(static_cast<Index>(form.size()));
    for (std::size_t k = 0; k < form.size(); ++k)
      out.gradient[static_cast<Index>(k)] = size[k].trace() - u.dot(form[k] * u);
    const std::vector<Matrix> moved = along(form, directions), grown = along(size, directions);
    out.hessian.resize(directions.cols(), directions.cols());
    for (Index b = 0; b < directions.cols(); ++b) {
      const std::size_t j = static_cast<std::size_t>(b);
      for (Index a = b; a < directions.cols(); ++a) {
        const std::size_t i = static_cast<std::size_t>(a);
        out.hessian(a, b) = 2.0 * (moved[i] * u).dot(moved[j] * u) - grown[i].cwiseProduct(grown[j]).sum();
        out.hessian(b, a) = out.hessian(a, b);
      }
    }
    if (trace2 == nullptr) return out;
    trace2->resize(directions.cols(), directions.cols());
    for (Index b = 0; b < directions.cols(); ++b) {
      for (Index a = 0; a < directions.cols(); ++a)
        (*trace2)(a, b) =
            grown[static_cast<std::size_t>(a)].cwiseProduct(grown[static_cast<std::size_t>(b)]).sum();
    }
    return out;
  }

  const SmallRows& rows_;
  bool restricted_;
  Matrix k_;  ///< orthonormal, its columns are the contrasts
  Vector u_;
  detail::Space contrasts_, whole_;
};

}  // namespace cordgain
