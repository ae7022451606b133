// The sums that a Gaussian model needs from its data at given variances: see
// moments.hpp for what they are, and for their pooled computation.
#pragma once

#include <cordgain/base/types.hpp>
#include <cordgain/math/packed.hpp>

namespace cordgain {

struct Moments {
  bool feasible = true;  ///< V was positive definite
  double log_det = 0.0;  ///< log|V|
  Vector cross;          ///< M, packed
  Vector trace;          ///< t (n_gamma)
  Matrix slope;          ///< P, packed, a column per gamma
  Matrix trace2;         ///< T (directions x directions)
  Matrix curve;          ///< Q, packed, a column per pair of directions (packed order)
};

/// Sums over nothing yet.
[[nodiscard]] inline Moments zero_moments(Index p, Index n_gamma, Index directions) {
  Moments out;
  out.cross = Vector::Zero(packed_size(p + 1));
  out.trace = Vector::Zero(n_gamma);
  out.slope = Matrix::Zero(packed_size(p + 1), n_gamma);
  out.trace2 = Matrix::Zero(directions, directions);
  out.curve = Matrix::Zero(packed_size(p + 1), packed_size(directions));
  return out;
}

}  // namespace cordgain
