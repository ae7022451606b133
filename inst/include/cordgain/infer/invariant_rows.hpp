// A large cluster in few dimensions. What a robust covariance needs of a cluster
// lies in the smallest space that holds the columns of X and is mapped into
// itself by V; outside it the adjustment matrix is the identity.
#pragma once

#include <Eigen/Dense>
#include <cordgain/base/error.hpp>
#include <cordgain/model/sub_design.hpp>
#include <string>
#include <vector>

namespace cordgain {

/// [X y] and V in an orthonormal basis of that space.
struct InvariantRows {
  Matrix w;
  Matrix v;
};

namespace detail {

/// V m by its structure: random effects by level, residuals by subject.
class StructuredCovariance {
 public:
  StructuredCovariance(const SubDesign& part, const VectorIn& gamma) : part_(part) {
    Index at = 0;
    for (const Matrix& z : part.z) {
      d_.push_back(unpacked(gamma.segment(at, packed_size(z.cols())), z.cols()));
      at += packed_size(z.cols());
    }
    residual_ = gamma.tail(gamma.size() - at);
    if (part.n_visits == 0) return;
    subjects_.resize(static_cast<std::size_t>(part.n_subjects));
    for (Index i = 0; i < part.y.size(); ++i)
      subjects_[static_cast<std::size_t>(part.subject[i])].push_back(i);
  }

  [[nodiscard]] Matrix times(const Matrix& m) const {
    Matrix out = residual_times(m);
    for (std::size_t t = 0; t < d_.size(); ++t) {
      const Matrix& z = part_.z[t];
      const Eigen::VectorXi& level = part_.level[t];
      const Index q = z.cols();
      Matrix sum = Matrix::Zero(q * part_.n_levels(t), m.cols());
      for (Index i = 0; i < m.rows(); ++i) sum.middleRows(level[i] * q, q) += z.row(i).transpose() * m.row(i);
      for (Index l = 0; l < part_.n_levels(t); ++l)
        sum.middleRows(l * q, q) = (d_[t] * sum.middleRows(l * q, q)).eval();
      for (Index i = 0; i < m.rows(); ++i) out.row(i) += z.row(i) * sum.middleRows(level[i] * q, q);
    }
    return out;
  }

 private:
  [[nodiscard]] Matrix residual_times(const Matrix& m) const {
    if (part_.n_visits == 0) return residual_[0] * m;
    const ResidualPattern pattern = part_.view().residual;
    Matrix out(m.rows(), m.cols());
    for (const std::vector<Index>& rows : subjects_) {
      const Matrix v = residual_covariance(pattern, rows, residual_);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        out.row(rows[i]).setZero();
        for (std::size_t j = 0; j < rows.size(); ++j)
          out.row(rows[i]) += v(static_cast<Index>(i), static_cast<Index>(j)) * m.row(rows[j]);
      }
    }
    return out;
  }

  const SubDesign& part_;
  std::vector<Matrix> d_;
  Vector residual_;
  std::vector<std::vector<Index>> subjects_;
};

/// Adds the columns of m that are new, orthonormalised; returns how many.
/// What is left of a column below `tolerance` of its norm is rounding.
inline Index add_new_columns(const Matrix& m, double tolerance, Matrix& basis, Index used) {
  Index added = 0;
  for (Index j = 0; j < m.cols(); ++j) {
    const double norm = m.col(j).norm();
    Vector left = m.col(j);
    for (int pass = 0; pass < 2; ++pass) {
      const auto old = basis.leftCols(used + added);
      left -= old * (old.transpose() * left);
    }
    if (!(left.norm() > tolerance * norm) || used + added == m.rows()) continue;
    if (used + added == basis.cols()) basis.conservativeResize(Eigen::NoChange, 2 * basis.cols());
    basis.col(used + added) = left.normalized();
    ++added;
  }
  return added;
}

}  // namespace detail

/// Reduces one cluster.
/// @param part   the cluster's rows, all terms
/// @param gamma  variance parameters
/// @throws       NumericalError if more than 1,500 dimensions are needed
/// Source: Saad (2003), Iterative Methods for Sparse Linear Systems, section 6.1 (invariant Krylov spaces).
[[nodiscard]] inline InvariantRows invariant_rows(const SubDesign& part, const VectorIn& gamma) {
  constexpr Index kMostDimensions = 1500;
  constexpr double kNew = 1e-11;
  const Index n = part.y.size(), p = part.x.cols();
  const detail::StructuredCovariance v(part, gamma);
  Matrix basis(n, std::max<Index>(2 * p, 1));
  Index used = detail::add_new_columns(part.x, kNew, basis, 0), front = 0;
  while (front < used) {
    const Matrix next = v.times(basis.middleCols(front, used - front));
    front = used;
    used += detail::add_new_columns(next, kNew, basis, used);
    if (used > kMostDimensions) {
      throw NumericalError(
          "A cluster of " + std::to_string(n) +
          " rows has too many different patterns of visits for CR2 (more than 1500 dimensions). "
          "CR0, CR1 and CR3 do not need them");
    }
  }
  const Matrix q = basis.leftCols(used);
  InvariantRows out;
  out.w.resize(used, p + 1);
  out.w.leftCols(p) = q.transpose() * part.x;
  out.w.col(p) = q.transpose() * part.y;
  out.v = q.transpose() * v.times(q);
  out.v = (0.5 * (out.v + out.v.transpose())).eval();
  return out;
}

}  // namespace cordgain
