// The sums of model/moments.hpp by their definitions: V, its inverse and its derivatives as matrices of all
// rows.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <cordgain/model/design.hpp>
#include <cordgain/model/moments.hpp>
#include <vector>

namespace fixture {

using cordgain::Index;
using cordgain::Matrix;
using cordgain::Vector;

/// W = [X y] and the columns of Z in the coordinates of a frame, every row on its own.
struct DenseRows {
  Matrix w;
  std::vector<Matrix> derivative;  ///< dV/dgamma_k

  DenseRows(const cordgain::DesignInput& in, const cordgain::Frame& frame) {
    const Index n = in.y.size(), p = in.x.cols();
    Vector root = Vector::Ones(n);
    if (in.weight.size() > 0) root = (in.weight / frame.weight_scale).cwiseSqrt();
    const Matrix x = in.x.block(0, n);
    w.resize(n, p + 1);
    w.leftCols(p) = root.asDiagonal() * x * frame.factor.inverse();
    w.col(p) = root.asDiagonal() * (in.y - x * frame.least_squares) / frame.y_scale;
    for (std::size_t t = 0; t < in.random.size(); ++t) {
      const Matrix z = root.asDiagonal() * in.random[t].z.block(0, n) * frame.z_factor[t].inverse();
      for (Index b = 0; b < z.cols(); ++b) {
        for (Index a = b; a < z.cols(); ++a) derivative.push_back(by_element(in.random[t], z, a, b));
      }
    }
    derivative.push_back(Matrix::Identity(n, n));
  }

  Matrix covariance(const Vector& gamma) const {
    Matrix v = Matrix::Zero(w.rows(), w.rows());
    for (std::size_t k = 0; k < derivative.size(); ++k) v += gamma[static_cast<Index>(k)] * derivative[k];
    return v;
  }

 private:
  static Matrix by_element(const cordgain::RandomTerm& term, const Matrix& z, Index a, Index b) {
    Matrix out = Matrix::Zero(z.rows(), z.rows());
    for (Index i = 0; i < z.rows(); ++i) {
      for (Index j = 0; j < z.rows(); ++j) {
        if (term.level[i] != term.level[j]) continue;
        out(i, j) = a == b ? z(i, a) * z(j, a) : z(i, a) * z(j, b) + z(i, b) * z(j, a);
      }
    }
    return out;
  }
};

inline cordgain::Moments dense_moments(const DenseRows& rows, const Vector& gamma, const Matrix& directions) {
  const Matrix v = rows.covariance(gamma), inverse = v.inverse();
  const Index a = directions.cols(), m = gamma.size();
  cordgain::Moments out = cordgain::zero_moments(rows.w.cols() - 1, m, a);
  out.log_det = Eigen::SelfAdjointEigenSolver<Matrix>(v).eigenvalues().array().log().sum();
  out.cross = cordgain::packed(Matrix(rows.w.transpose() * inverse * rows.w));
  const Matrix solved = inverse * rows.w;
  for (Index k = 0; k < m; ++k) {
    const Matrix& d = rows.derivative[static_cast<std::size_t>(k)];
    out.trace[k] = (inverse * d).trace();
    out.slope.col(k) = -cordgain::packed(Matrix(solved.transpose() * d * solved));
  }
  std::vector<Matrix> along;
  for (Index k = 0; k < a; ++k) along.push_back(rows.covariance(directions.col(k)));
  for (Index j = 0, at = 0; j < a; ++j) {
    for (Index i = j; i < a; ++i, ++at) {
      const Matrix &u = along[static_cast<std::size_t>(i)], &s = along[static_cast<std::size_t>(j)];
      out.trace2(i, j) = out.trace2(j, i) = (inverse * u * inverse * s).trace();
      const Matrix q = solved.transpose() * u * inverse * s * solved;
      out.curve.col(at) = cordgain::packed(Matrix(0.5 * (q + q.transpose())));
    }
  }
  return out;
}

/// Largest difference of any of the sums, relative to the largest of its kind.
inline double difference(const cordgain::Moments& ours, const cordgain::Moments& dense) {
  double out = std::abs(ours.log_det - dense.log_det) / (1.0 + std::abs(dense.log_det));
  const auto compare = [&out](const Matrix& a, const Matrix& b) {
    if (b.size() > 0) out = std::max(out, (a - b).cwiseAbs().maxCoeff() / (1.0 + b.cwiseAbs().maxCoeff()));
  };
  compare(ours.cross, dense.cross);
  compare(ours.trace, dense.trace);
  compare(ours.slope, dense.slope);
  compare(ours.trace2, dense.trace2);
  compare(ours.curve, dense.curve);
  return out;
}

}  // namespace fixture
