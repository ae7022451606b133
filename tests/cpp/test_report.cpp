#include <testthat/vendor/catch.h>
#include <cordgain/infer/report.hpp>
#include <random>
#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

using Real = long double;
using RealMatrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
using RealVector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

/// Gradient and Hessian of the REML deviance in the elements of D and s2, by the dense definition.
void dense_score(const fixture::Trial& trial, Index q, const RealVector& gamma, RealVector& g,
                 RealMatrix& h) {
  const Index n = trial.y.size(), m = q == 2 ? 4 : 2;
  const RealMatrix x = trial.x.cast<Real>();
  const RealVector y = trial.y.cast<Real>();
  std::vector<RealMatrix> basis(static_cast<std::size_t>(m), RealMatrix::Zero(n, n));
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) {
      if (trial.level[i] != trial.level[j]) continue;
      basis[0](i, j) = 1;
      if (q == 1) continue;
      basis[1](i, j) = x(i, 1) + x(j, 1);
      basis[2](i, j) = x(i, 1) * x(j, 1);
    }
  }
  basis.back().setIdentity();
  RealMatrix v = RealMatrix::Zero(n, n);
  for (Index k = 0; k < m; ++k) v += gamma[k] * basis[static_cast<std::size_t>(k)];
  const RealMatrix inverse = v.inverse(), vx = inverse * x;
  const RealMatrix p = inverse - vx * (x.transpose() * vx).inverse() * vx.transpose();
  const RealVector py = p * y;
  g.resize(m);
  h.resize(m, m);
  for (Index k = 0; k < m; ++k) {
    const RealMatrix pk = p * basis[static_cast<std::size_t>(k)];
    g[k] = pk.trace() - py.dot(basis[static_cast<std::size_t>(k)] * py);
    for (Index l = 0; l < m; ++l) {
      const RealMatrix& other = basis[static_cast<std::size_t>(l)];
      h(k, l) =
          -(pk * p * other).trace() + 2 * py.dot(basis[static_cast<std::size_t>(k)] * (p * (other * py)));
    }
  }
}

/// gamma of (l1, l2, s2) with D = l l', its Jacobian; or gamma itself.
RealVector gamma_of(const RealVector& at, bool line, RealMatrix& jacobian) {
  if (!line) {
    jacobian = RealMatrix::Identity(at.size(), at.size());
    return at;
  }
  RealVector out(4);
  out << at[0] * at[0], at[0] * at[1], at[1] * at[1], at[2];
  jacobian = RealMatrix::Zero(4, 3);
  jacobian << 2 * at[0], 0, 0, at[1], at[0], 0, 0, 2 * at[1], 0, 0, 0, 1;
  return out;
}

/// Newton's method in extended precision from a fit in double precision.
RealVector extended_optimum(const fixture::Trial& trial, Index q, const Vector& start, bool line) {
  RealVector at = start.cast<Real>(), g;
  if (line) {
    at.resize(3);
    at << std::sqrt(Real(start[0])), Real(start[1]) / std::sqrt(Real(start[0])), Real(start[3]);
  }
  RealMatrix jacobian, h;
  for (int step = 0; step < 6; ++step) {
    dense_score(trial, q, gamma_of(at, line, jacobian), g, h);
    RealMatrix whole = jacobian.transpose() * h * jacobian;
    if (line) {
      whole(0, 0) += 2 * g[0];
      whole(1, 0) += g[1];
      whole(0, 1) += g[1];
      whole(1, 1) += 2 * g[2];
    }
    at -= whole.fullPivLu().solve(jacobian.transpose() * g);
  }
  return gamma_of(at, line, jacobian);
}

/// The fixture's visits with random effects and residuals of random size.
fixture::Trial random_trial(std::mt19937& random) {
  fixture::Trial trial;
  std::normal_distribution<double> normal;
  const double between = std::abs(normal(random)), slope = 0.3 * std::abs(normal(random));
  std::vector<double> a, b;
  for (int i = 0; i < 6; ++i) {
    a.push_back(between * normal(random));
    b.push_back(slope * normal(random));
  }
  for (Index i = 0; i < trial.y.size(); ++i) {
    const std::size_t id = static_cast<std::size_t>(trial.level[i]);
    trial.y[i] = 5.0 + a[id] + (0.3 + b[id]) * trial.x(i, 1) + normal(random);
  }
  return trial;
}

}  // namespace

TEST_CASE("a report is in the user's units: generalised least squares at its variances") {
  const fixture::Trial trial;
  const RowsReport report = fit_rows(trial.design(), true);
  const fixture::Dense dense = fixture::dense_fit(
      trial.dense(unpacked(report.gamma.head(3), 2), report.gamma[3]), trial.x, trial.y, true);
  REQUIRE((report.coefficients - dense.beta).cwiseAbs().maxCoeff() < 1e-9);
  REQUIRE((report.covariance - dense.phi).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("error bounds are positive and far below the variances") {
  const RowsReport report = fit_rows(fixture::Trial().design(1), true);
  REQUIRE(report.gamma_error.minCoeff() > 0.0);
  REQUIRE(report.gamma_error.cwiseQuotient(report.gamma).maxCoeff() < 1e-9);
}

TEST_CASE(
    "variances lie within their error bounds of an optimum found in extended precision, on 200 data sets") {
  std::mt19937 random(20261127);
  int interior = 0, line = 0;
  for (int i = 0; i < 200; ++i) {
    const fixture::Trial trial = random_trial(random);
    const Index q = 1 + i % 2;
    const RowsReport report = fit_rows(trial.design(q), true);
    const Index rank = report.fit.rank[0];
    if (rank == 0) continue;  // a variance of zero is exact, the rest is least squares
    (rank == q ? interior : line) += 1;
    const Vector exact = extended_optimum(trial, q, report.gamma, rank < q).cast<double>();
    for (Index k = 0; k < exact.size(); ++k) {
      // the bound, and the rounding of writing the number itself
      const double allowed = report.gamma_error[k] + 2e-16 * std::abs(exact[k]);
      REQUIRE(std::abs(report.gamma[k] - exact[k]) <= allowed);
      REQUIRE(report.gamma_error[k] < 1e-6 * report.gamma.cwiseAbs().maxCoeff());
    }
  }
  REQUIRE(interior > 50);
  REQUIRE(line > 10);
}
