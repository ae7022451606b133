// Designs with nested and crossed factors made by arithmetic, to be reduced both
// level by level and as dense blocks.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <cordgain/model/design.hpp>
#include <vector>

namespace fixture {

using cordgain::Index;
using cordgain::Matrix;
using cordgain::Vector;

inline Vector gamma_of(std::initializer_list<double> values) {
  Vector out(static_cast<Index>(values.size()));
  Index at = 0;
  for (const double v : values) out[at++] = v;
  return out;
}

/// Rows of a design with any number of terms; scores by arithmetic.
struct LargeTrial {
  Matrix x;
  Vector y, weight;
  std::vector<Matrix> z;
  std::vector<Eigen::VectorXi> level;
  Eigen::VectorXi subject, visit, group;
  Index n_subjects = 0, n_visits = 0;

  explicit LargeTrial(const std::vector<double>& week) {
    const Index n = static_cast<Index>(week.size());
    x.resize(n, 2);
    x.col(0).setOnes();
    x.col(1) = Eigen::Map<const Vector>(week.data(), n);
    y.resize(n);
    for (Index i = 0; i < n; ++i)
      y[i] = 3.0 + 0.4 * week[static_cast<std::size_t>(i)] + std::sin(7.0 * i * i);
  }

  /// A term (1 | level) or (week | level), whose effects are in the scores.
  void add(const std::vector<int>& of_row, Index q, double size) {
    level.push_back(Eigen::Map<const Eigen::VectorXi>(of_row.data(), static_cast<Index>(of_row.size())));
    z.push_back(x.leftCols(q));
    for (Index i = 0; i < y.size(); ++i) {
      const double l = of_row[static_cast<std::size_t>(i)];
      y[i] += size * (std::sin(11.0 * l + 1.0) + (q > 1 ? 0.3 * x(i, 1) * std::cos(5.0 * l) : 0.0));
    }
  }

  cordgain::DesignInput design() const {
    cordgain::DesignInput in{Eigen::Map<const Matrix>(x.data(), x.rows(), x.cols()),
                             Eigen::Map<const Vector>(y.data(), y.size()),
                             Eigen::Map<const Vector>(weight.data(), weight.size()),
                             {},
                             {}};
    for (std::size_t t = 0; t < z.size(); ++t)
      in.random.push_back({Eigen::Map<const Matrix>(z[t].data(), z[t].rows(), z[t].cols()),
                           Eigen::Map<const Eigen::VectorXi>(level[t].data(), level[t].size()),
                           level[t].maxCoeff() + 1});
    if (n_visits > 0)
      in.residual = {subject.data(), visit.data(), group.data(), n_subjects, n_visits, Index(1)};
    return in;
  }
};

/// Three sites of 5, 6, 7 patients with two to four visits; slopes by patient and by site.
inline LargeTrial sites(Index q_site = 2, Index q_patient = 2) {
  std::vector<double> week;
  std::vector<int> site, patient;
  int id = 0;
  for (int s = 0; s < 3; ++s) {
    for (int i = 0; i < 5 + s; ++i, ++id) {
      for (int v = 0; v < 2 + (i + s) % 3; ++v) {
        week.push_back(4.0 * v + (i == 0 ? 0.5 : 0.0));
        site.push_back(s);
        patient.push_back(id);
      }
    }
  }
  LargeTrial out(week);
  out.add(patient, q_patient, 1.5);
  out.add(site, q_site, 1.0);
  return out;
}

/// Two raters' sets crossed: twelve patients, five raters, and three rooms.
inline LargeTrial crossing(Index q_patient = 1, Index q_rater = 1, bool rooms = true) {
  std::vector<double> week;
  std::vector<int> patient, rater, room;
  for (int i = 0; i < 12; ++i) {
    for (int v = 0; v < 4 + i % 2; ++v) {
      week.push_back(2.0 * v + i % 3);
      patient.push_back(i);
      rater.push_back((i + v * v) % 5);
      room.push_back((2 * i + v) % 3);
    }
  }
  LargeTrial out(week);
  out.add(patient, q_patient, 1.5);
  out.add(rater, q_rater, 1.0);
  if (rooms) out.add(room, 1, 0.7);
  return out;
}

/// V of a design by its definition, independent residuals, rows weighted and in the user's units.
inline Matrix dense_covariance(const cordgain::DesignInput& in, const Vector& gamma) {
  const Index n = in.y.size();
  Matrix v = Matrix::Identity(n, n) * gamma[gamma.size() - 1];
  Index at = 0;
  for (const cordgain::RandomTerm& term : in.random) {
    const Index q = term.z.cols();
    const Matrix d = cordgain::unpacked(gamma.segment(at, cordgain::packed_size(q)), q);
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j)
        if (term.level[i] == term.level[j]) v(i, j) += term.z.row(i).dot(d * term.z.row(j).transpose());
    }
    at += cordgain::packed_size(q);
  }
  return v;
}

/// The whole design as one part, in coordinates of its own.
inline cordgain::SubDesign whole(const cordgain::DesignInput& in) {
  std::vector<Index> rows, terms;
  for (Index i = 0; i < in.y.size(); ++i) rows.push_back(i);
  for (std::size_t t = 0; t < in.random.size(); ++t) terms.push_back(static_cast<Index>(t));
  cordgain::LevelMarks marks = cordgain::level_marks(in);
  return cordgain::sub_design(in, cordgain::unit_frame(in), rows.data(), in.y.size(), terms, marks);
}

}  // namespace fixture
