// Symmetric matrices as vectors: the lower triangle, column by column, in the
// order (0,0) (1,0) ... (d-1,0) (1,1) ... Sums of quadratic forms then become
// one matrix product over packed kernels.
#pragma once

#include <cordgain/base/types.hpp>

namespace cordgain {

/// Number of elements in the lower triangle of a d x d matrix.
inline Index packed_size(Index d) {
  return d * (d + 1) / 2;
}

/// Position of element (i, j), i >= j, in the packed lower triangle.
inline Index packed_index(Index i, Index j, Index d) {
  return j * d - j * (j - 1) / 2 + (i - j);
}

/// Packs a symmetric matrix (only its lower triangle is read).
template <class Packed>
void pack_into(const MatrixIn& symmetric, Packed&& packed) {
  const Index d = symmetric.rows();
  for (Index j = 0, at = 0; j < d; at += d - j, ++j) {
    packed.segment(at, d - j) = symmetric.col(j).tail(d - j);
  }
}

/// Packs the symmetric part (S + S') / 2 of any square matrix.
template <class Packed>
void pack_symmetric_part(const MatrixIn& square, Packed&& packed) {
  const Index d = square.rows();
  Index at = 0;
  for (Index j = 0; j < d; ++j) {
    for (Index i = j; i < d; ++i) packed(at++) = 0.5 * (square(i, j) + square(j, i));
  }
}

/// The packed lower triangle of a symmetric matrix.
[[nodiscard]] inline Vector packed(const MatrixIn& symmetric) {
  Vector out(packed_size(symmetric.rows()));
  pack_into(symmetric, out);
  return out;
}

/// The full symmetric d x d matrix from its packed lower triangle.
[[nodiscard]] inline Matrix unpacked(const VectorIn& values, Index d) {
  Matrix out(d, d);
  for (Index j = 0, at = 0; j < d; at += d - j, ++j) {
    out.col(j).tail(d - j) = values.segment(at, d - j);
    out.row(j).tail(d - j) = values.segment(at, d - j).transpose();
  }
  return out;
}

}  // namespace cordgain
