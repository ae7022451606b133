// A small unbalanced data set made by arithmetic, and the dense textbook
// formulas that the reduced ones must equal.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <cordgain/model/design.hpp>
#include <vector>

namespace fixture {

using cordgain::Index;
using cordgain::Matrix;
using cordgain::Vector;

/// Six subjects, three to five visits, intercept and week, scores by arithmetic.
struct Trial {
  Matrix x;
  Vector y;
  Vector weight;
  Eigen::VectorXi level;

  Trial() {
    std::vector<double> week, score;
    std::vector<int> id;
    for (int i = 0; i < 6; ++i) {
      for (int v = 0; v < 3 + i % 3; ++v) {
        const double w = v < 3 ? 4.0 * v : 10.0 * v;
        week.push_back(w);
        id.push_back(i);
        score.push_back(5.0 + 0.3 * w + 2.0 * std::sin(3.0 * i) + 0.1 * w * std::cos(5.0 * i) +
                        std::sin(17.0 * i + 7.0 * v));
      }
    }
    const Index n = static_cast<Index>(week.size());
    x.resize(n, 2);
    x.col(0).setOnes();
    x.col(1) = Eigen::Map<Vector>(week.data(), n);
    y = Eigen::Map<Vector>(score.data(), n);
    level = Eigen::Map<Eigen::VectorXi>(id.data(), n);
  }

  /// Intercept and slope by subject, or the intercept alone.
  cordgain::DesignInput design(Index q = 2) const {
    cordgain::DesignInput in{Eigen::Map<const Matrix>(x.data(), x.rows(), 2),
                             Eigen::Map<const Vector>(y.data(), y.size()),
                             Eigen::Map<const Vector>(weight.data(), weight.size()),
                             {},
                             {}};
    in.random.push_back({Eigen::Map<const Matrix>(x.data(), x.rows(), q),
                         Eigen::Map<const Eigen::VectorXi>(level.data(), level.size()), 6});
    return in;
  }

  /// V = Z D Z' + s2 I by its definition.
  Matrix dense(const Matrix& d, double s2) const {
    const Index n = y.size(), q = d.rows();
    Matrix v = Matrix::Identity(n, n) * s2;
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j) {
        if (level[i] == level[j]) v(i, j) += x.row(i).head(q).dot(d * x.row(j).head(q).transpose());
      }
    }
    return v;
  }
};

/// Minus twice the (restricted) log likelihood by its definition, and GLS.
struct Dense {
  double deviance;
  Vector beta;
  Matrix phi;
};

inline Dense dense_fit(const Matrix& v, const Matrix& x, const Vector& y, bool restricted) {
  const Eigen::LDLT<Matrix> solver(v);
  const Matrix precision = x.transpose() * solver.solve(x);
  Dense out;
  out.phi = precision.inverse();
  out.beta = out.phi * (x.transpose() * solver.solve(y));
  const Vector r = y - x * out.beta;
  const double nu = static_cast<double>(restricted ? y.size() - x.cols() : y.size());
  out.deviance = nu * std::log(2.0 * std::acos(-1.0)) + std::log(v.determinant()) + r.dot(solver.solve(r));
  if (restricted) out.deviance += std::log(precision.determinant());
  return out;
}

}  // namespace fixture
