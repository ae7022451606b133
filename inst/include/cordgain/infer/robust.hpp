// Cluster-robust covariance of the fixed effects; the clusters are the
// independent blocks, the working covariance is the fitted one.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/infer/invariant_rows.hpp>
#include <cordgain/model/level_forms.hpp>
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

/// Clusters of more rows than this are reduced first.
constexpr Index kDenseRows = 64;

/// One cluster's part: its score, m'Vm and X'm for m = A'V^-1 X Phi.
struct ClusterPart {
  Vector score;
  Matrix inner, outer;
};

/// From the cluster's rows [X y] and their covariance.
inline ClusterPart dense_part(const std::string& type, const Matrix& v, const Matrix& w, const VectorIn& beta,
                              const Matrix& phi) {
  const Index p = beta.size();
  const Matrix x = w.leftCols(p), a = adjustment(type, v, x, phi);
  const Matrix m = a.transpose() * Eigen::LLT<Matrix>(v).solve(x) * phi;
  return {m.transpose() * (w.col(p) - x * beta), m.transpose() * v * m, x.transpose() * m};
}

/// CR0, CR1 and CR3 from W'V^-1 W alone: with M = X'V^-1 X, A'V^-1 X = V^-1 X (I - Phi M)^-1 for CR3.
inline ClusterPart part_from_forms(const std::string& type, const Matrix& forms, const VectorIn& beta,
                                   const Matrix& phi) {
  const Index p = beta.size();
  const Matrix m = forms.topLeftCorner(p, p), unit = Matrix::Identity(p, p);
  const Matrix turn = type == "CR3" ? Matrix((unit - phi * m).fullPivLu().solve(phi)) : phi;
  return {turn.transpose() * (forms.col(p).head(p) - m * beta), turn.transpose() * m * turn, m * turn};
}

/// A cluster of many rows, never as a matrix of their number.
inline ClusterPart large_part(const std::string& type, const SubDesign& part, const VectorIn& gamma,
                              const VectorIn& beta, const Matrix& phi) {
  if (type == "CR2") {
    const InvariantRows rows = invariant_rows(part, gamma);
    return dense_part(type, rows.v, rows.w, beta, phi);
  }
  const DesignInput view = part.view();
  const Matrix none(gamma.size(), 0);
  const Moments moments = moments_at(reduce_in_frame(view, unit_frame(view), kDenseRank), gamma, none);
  if (!moments.feasible) throw NumericalError("The covariance matrix of the scores is singular to rounding");
  return part_from_forms(type, unpacked(moments.cross, beta.size() + 1), beta, phi);
}

/// Each cluster's part, whatever its size.
template <class Body>
void for_each_cluster(const std::string& type, const DesignInput& in, const Frame& frame,
                      const VectorIn& gamma, const VectorIn& beta, const Matrix& phi, Index dense_rows,
                      Body&& body) {
  const SplitGamma split = split_gamma(in, gamma);
  const Components components = components_of(in);
  BlockReader reader(in, frame);
  LevelMarks marks = level_marks(in);
  std::vector<Index> terms(in.random.size());
  std::iota(terms.begin(), terms.end(), Index(0));
  for (std::size_t c = 0; c + 1 < components.start.size(); ++c) {
    const Index* first = components.rows.data() + components.start[c];
    const Index n = components.start[c + 1] - components.start[c];
    if (n > dense_rows) {
      body(large_part(type, sub_design(in, frame, first, n, terms, marks), gamma, beta, phi));
      continue;
    }
    reader.read(first, n);
    const Index r = reader.rank();
    Matrix w(n, beta.size() + 1);
    w.topRows(r) = reader.inside();
    w.bottomRows(n - r) = reader.outside();
    body(dense_part(type, block_rows_covariance(in, reader, split.d, split.residual), w, beta, phi));
  }
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
/// @param dense_rows  clusters of more rows are never taken as a matrix of their number
/// Source: Bell & McCaffrey (2002), Survey Methodology 28:169; Pustejovsky &
/// Tipton (2018), J. Bus. Econ. Stat. 36:672.
[[nodiscard]] inline RobustTests robust_tests(const DesignInput& in, const Frame& frame,
                                              const VectorIn& gamma, const VectorIn& beta,
                                              const MatrixIn& phi, const std::string& type,
                                              const MatrixIn& contrast,
                                              Index dense_rows = detail::kDenseRows) {
  const Index p = beta.size();
  RobustTests out;
  out.covariance = Matrix::Zero(p, p);
  std::vector<Matrix> inner, outer;
  detail::for_each_cluster(type, in, frame, gamma, beta, phi, dense_rows, [&](detail::ClusterPart&& part) {
    out.covariance += part.score * part.score.transpose();
    inner.push_back(std::move(part.inner));
    outer.push_back(std::move(part.outer));
  });
  out.clusters = static_cast<Index>(inner.size());
  const double m = static_cast<double>(out.clusters);
  if (type == "CR1") out.covariance *= m / (m - 1.0);
  out.df.resize(contrast.rows());
  for (Index i = 0; i < contrast.rows(); ++i) {
    out.df[i] = detail::robust_df(inner, outer, phi, contrast.row(i).transpose());
  }
  return out;
}

}  // namespace cordgain
