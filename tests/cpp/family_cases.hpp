// A small simulated trial of binary scores, and its likelihood by the trapezoidal rule: a slow second route.
#pragma once

#include <cmath>
#include <cordgain/model/count_families.hpp>
#include <cordgain/model/subject_rows.hpp>
#include <vector>

namespace family_cases {

using cordgain::Index;
using cordgain::Matrix;
using cordgain::SubjectInput;
using cordgain::Vector;

/// Six subjects at five visits; simulated.
struct Trial {
  SubjectInput in;
  Vector y;
};

inline Trial binary_trial(Index effects = 1) {
  const std::vector<int> score = {0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1,
                                  0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0};
  Trial out;
  out.y.resize(30);
  out.in.x.resize(30, 2);
  for (Index i = 0; i < 30; ++i) {
    out.y[i] = score[static_cast<std::size_t>(i)];
    out.in.x(i, 0) = 1.0;
    out.in.x(i, 1) = static_cast<double>(i % 5) / 2.0 - 1.0;
    out.in.subject.push_back(i / 5);
  }
  out.in.z = out.in.x.leftCols(effects);
  out.in.n_subjects = 6;
  out.in.block = {effects};
  return out;
}

/// log likelihood with a random intercept of standard deviation sd, by 4001 points on +-12 standard
/// deviations: the trapezoidal rule of a smooth function that vanishes at both ends errs by less than
/// rounding.
/// @param density  of row i at a linear predictor
template <class Density>
double trapezoid(const Trial& trial, const Vector& beta, double sd, Density&& density) {
  double sum = 0.0;
  for (Index s = 0; s < 6; ++s) {
    double integral = 0.0;
    for (int k = -2000; k <= 2000; ++k) {
      const double u = 0.006 * k;
      double product = std::exp(-0.5 * u * u) / 2.5066282746310002;
      for (Index i = 5 * s; i < 5 * s + 5; ++i) product *= density(i, trial.in.x.row(i).dot(beta) + sd * u);
      integral += 0.006 * product;
    }
    sum += std::log(integral);
  }
  return sum;
}

/// The same of the binary scores.
inline double trapezoid(const Trial& trial, const Vector& beta, double sd) {
  return trapezoid(trial, beta, sd, [&](Index i, double eta) {
    const double p = 1.0 / (1.0 + std::exp(-eta));
    return trial.y[i] > 0.5 ? p : 1.0 - p;
  });
}

}  // namespace family_cases
