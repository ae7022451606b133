// Cluster-robust covariance of the fixed effects; the clusters are the
// independent blocks, the working covariance is the fitted one.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/model/rows.hpp>
#include <string>
#include <vector>

namespace cordgain {

/// A robust covariance and the degrees of freedom of contrasts.
struct RobustTests {
  Matrix covariance;  ///< p x p, blocks' coordinates
  Vector df;          ///< one per contrast
  Index clusters = 0;
};

namespace detail {

/// Covariance of one block's rows, rotated as the reader shows them.
inline Matrix block_rows_covariance(const DesignInput& in, const BlockReader& reader,
                                    const std::vector<Matrix>& d, const VectorIn& residual) {
  const Index n = static_cast<Index>(reader.rows().size()), r = reader.rank();
  Matrix v = Matrix::Zero(n, n);
  for (const BlockLevel& level : reader.levels()) {
    const Matrix z = reader.z().middleCols(level.first, level.width);
    v.topLeftCorner(r, r) += z * d[static_cast<std::size_t>(level.term)] * z.transpose();
  }
  if (in.residual.present()) {
    v += residual_covariance(in.residual, reader.rows(), residual);
  } else {
    v.diagonal().array() += residual[0];
  }
  return v;
}

/// Adjustment matrix A of one cluster.
///   CR0: I;  CR2: D'(D (V - X Phi X') D')^{-1/2} D with V = D'D;  CR3: (I - X Phi X'V^-1)^-1
inline Matrix adjustment(const std::string& type, const Matrix& v, const Matrix& x, const Matrix& phi) {
  const Index n = v.rows();
  if (type == "CR0" || type == "CR1") return Matrix::Identity(n, n);
  const Eigen::LLT<Matrix> llt(v);
  const Matrix spread = x * phi * x.transpose();
  if (type == "CR3") {
    const Matrix kept = Matrix::Identity(n, n) - llt.solve(spread).transpose();
    return kept.fullPivLu().solve(Matrix::Identity(n, n));
  }
  const Matrix lower = llt.matrixL();  // V = L L', so D = L'
  const Matrix inner = lower.transpose() * (v - spread) * lower;
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(0.5 * (inner + inner.transpose()));
  const double floor = 1e-10 * eigen.eigenvalues().maxCoeff();
  const Vector root =
      eigen.eigenvalues().unaryExpr([floor](double e) { return e > floor ? 1.0 / std::sqrt(e) : 0.0; });
  return lower * eigen.eigenvectors() * root.asDiagonal() * eigen.eigenvectors().transpose() *
         lower.transpose();
}

/// Degrees of freedom of l'beta by Satterthwaite: under the working model the
/// variance estimate is a quadratic form with G_ij = C_i'(V_i [i = j] - X_i Phi X_j')C_j.
inline double robust_df(const std::vector<Matrix>& inner, const std::vector<Matrix>& outer, const Matrix& phi,
                        const Vector& l) {
  double trace = 0.0, squares = 0.0;
  Matrix sum = Matrix::Zero(phi.rows(), phi.cols());
  for (std::size_t i = 0; i < inner.size(); ++i) {
    const double a = l.dot(inner[i] * l);
    const Vector u = outer[i] * l;
    const double h = u.dot(phi * u);
    trace += a - h;
    squares += a * a - 2.0 * a * h;
    sum += u * u.transpose();
  }
  const Matrix spread = phi * sum;
  return trace * trace / (squares + spread.cwiseProduct(spread.transpose()).sum());
}

}  // namespace detail

/// Cluster-robust covariance CR0, CR1, CR2 or CR3 with Satterthwaite's degrees of freedom.
/// @param in        rows
/// @param frame     coordinates of the fit
/// @param gamma     variance parameters, beta and phi: the fit, blocks' coordinates
/// @param type      "CR0", "CR1" (CR0 times m / (m - 1)), "CR2", "CR3"
/// @param contrast  L (l x p), blocks' coordinates
/// Source: Bell & McCaffrey (2002), Survey Methodology 28:169; Pustejovsky &
/// Tipton (2018), J. Bus. Econ. Stat. 36:672.
[[nodiscard]] inline RobustTests robust_tests(const DesignInput& in, const Frame& frame,
                                              const VectorIn& gamma, const VectorIn& beta,
                                              const MatrixIn& phi, const std::string& type,
                                              const MatrixIn& contrast) {
  std::vector<Matrix> d;
  Index at = 0;
  for (const RandomTerm& term : in.random) {
    const Index q = term.z.cols();
    d.push_back(unpacked(gamma.segment(at, packed_size(q)), q));
    at += packed_size(q);
  }
  const Vector residual = gamma.tail(gamma.size() - at);
  const Index p = beta.size();
  const Matrix bread = phi;
  RobustTests out;
  out.covariance = Matrix::Zero(p, p);
  std::vector<Matrix> inner, outer;
  for_each_block(in, frame, [&](const BlockReader& reader) {
    const Index n = static_cast<Index>(reader.rows().size()), r = reader.rank();
    Matrix w(n, p + 1);
    w.topRows(r) = reader.inside();
    w.bottomRows(n - r) = reader.outside();
    const Matrix x = w.leftCols(p), v = detail::block_rows_covariance(in, reader, d, residual);
    const Matrix a = detail::adjustment(type, v, x, bread);
    const Matrix m = a.transpose() * Eigen::LLT<Matrix>(v).solve(x) * bread;  // C_i = m l
    const Vector score = m.transpose() * (w.col(p) - x * beta);
    out.covariance += score * score.transpose();
    inner.push_back(m.transpose() * v * m);
    outer.push_back(x.transpose() * m);
  });
  out.clusters = static_cast<Index>(inner.size());
  const double m = static_cast<double>(out.clusters);
  if (type == "CR1") out.covariance *= m / (m - 1.0);
  out.df.resize(contrast.rows());
  for (Index i = 0; i < contrast.rows(); ++i) {
    out.df[i] = detail::robust_df(inner, outer, bread, contrast.row(i).transpose());
  }
  return out;
}

}  // namespace cordgain
