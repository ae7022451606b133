// Moments of crossed factors from their solution and their traces. The residual
// variance needs no algebra of its own: V is linear in its parameters, so
// sum_k gamma_k V_k = V, and every sum with V_residual follows from the others.
#pragma once

#include <cordgain/model/crossed_traces.hpp>
#include <cordgain/model/moment_sums.hpp>
#include <vector>

namespace cordgain {
namespace detail {

/// V_k V^-1 W = Z E_k F for each variance parameter, and what V^-1 makes of it.
class CrossedForms {
 public:
  CrossedForms(const CrossedSolution& at, Index n_gamma) : at_(at), block_(at.block) {
    moved_.resize(static_cast<std::size_t>(n_gamma));
    for (std::size_t t = 0; t < block_.inner.size(); ++t) {
      for_elements(block_.inner[t],
                   [&](Index a, Index b, Index k) { inner_field(static_cast<Index>(t), a, b, slot(k)); });
    }
    for (const CrossedBlock::Term& term : block_.outer)
      for_elements(term, [&](Index a, Index b, Index k) { outer_field(term, a, b, slot(k)); });
    for (Field& f : moved_) {
      if (f.active) f.turned = at.inverse * f.unit;
    }
  }

  [[nodiscard]] bool active(Index k) const { return moved_[static_cast<std::size_t>(k)].active; }
  /// W'V^-1 V_k V^-1 W.
  [[nodiscard]] const Matrix& slope(Index k) const { return moved_[static_cast<std::size_t>(k)].slope; }
  /// W'V^-1 V_k V^-1 V_l V^-1 W.
  [[nodiscard]] Matrix curve(Index k, Index l) const {
    const Field &a = moved_[static_cast<std::size_t>(k)], &b = moved_[static_cast<std::size_t>(l)];
    Matrix out = a.inside.transpose() * b.inside - a.unit.transpose() * b.turned;
    if (a.kept.size() > 0 && b.kept.size() > 0) out += a.kept.transpose() * b.outside;
    return out;
  }

 private:
  struct Field {
    bool active = false;
    Matrix inside;   ///< whitened inside rows, the leaves one below the other
    Matrix kept;     ///< coefficients of the kept columns, for the outside rows; or empty
    Matrix outside;  ///< U'U kept / s2
    Matrix unit;     ///< Lambda'U'V0^-1 of the field
    Matrix turned;   ///< H^-1 unit
    Matrix slope;
  };

  Field& slot(Index k) { return moved_[static_cast<std::size_t>(k)]; }
  [[nodiscard]] Index width() const { return at_.cross.rows(); }

  [[nodiscard]] Matrix stacked_zero() const {
    Index rows = 0;
    for (const CrossedBlock::Leaf& leaf : block_.leaves) rows += leaf.z.rows();
    return Matrix::Zero(rows, width());
  }

  void inner_field(Index t, Index a, Index b, Field& out) {
    out.active = true;
    out.inside = stacked_zero();
    out.slope = Matrix::Zero(width(), width());
    Matrix seen = Matrix::Zero(block_.size(), width());
    Index row = 0;
    for (std::size_t i = 0; i < block_.leaves.size(); ++i) {
      const CrossedSolution::WhiteLeaf& white = at_.white[i];
      const Matrix effect = leaf_element(block_.leaves[i], t, a, b, white.force);
      const Matrix field = white.z * effect;
      out.inside.middleRows(row, field.rows()) = field;
      out.slope += white.force.transpose() * effect;
      CrossedSolution::spread(block_.leaves[i], white.kept.transpose() * field, seen);
      row += field.rows();
    }
    out.unit = at_.to_root(std::move(seen));
  }

  void outer_field(const CrossedBlock::Term& term, Index a, Index b, Field& out) {
    out.active = true;
    out.kept = Matrix::Zero(block_.size(), width());
    for (Index l = 0; l < term.levels; ++l) {
      const Index at = term.first + l * term.width;
      add_element(a, b, at_.kept_force.middleRows(at, term.width), out.kept.middleRows(at, term.width));
    }
    out.slope = at_.kept_force.transpose() * out.kept;
    out.outside = at_.outside(out.kept);
    out.inside = stacked_zero();
    Matrix seen = out.outside;
    Index row = 0;
    for (std::size_t i = 0; i < block_.leaves.size(); ++i) {
      const CrossedBlock::Leaf& leaf = block_.leaves[i];
      const Matrix field = at_.white[i].kept * at_.touched(leaf, out.kept);
      out.inside.middleRows(row, field.rows()) = field;
      CrossedSolution::spread(leaf, at_.white[i].kept.transpose() * field, seen);
      row += field.rows();
    }
    out.unit = at_.to_root(std::move(seen));
  }

  const CrossedSolution& at_;
  const CrossedBlock& block_;
  std::vector<Field> moved_;
};

/// All moments of one crossed block in the variance parameters themselves.
struct CrossedSums {
  Vector trace;
  Matrix trace2;
  Matrix slope;               ///< packed, a column per parameter
  std::vector<Matrix> curve;  ///< per pair of parameters (packed order), packed
};

/// The residual's sums by sum_k gamma_k V_k = V.
inline void complete_residual(const CrossedBlock& block, const VectorIn& gamma, const Vector& cross,
                              CrossedSums& sums) {
  const Index s = block.residual, n = gamma.size();
  const double s2 = gamma[s];
  Vector others = gamma;
  others[s] = 0.0;
  sums.trace[s] = (static_cast<double>(block.n) - others.dot(sums.trace)) / s2;
  sums.slope.col(s) = -(cross + sums.slope * others) / s2;
  if (sums.curve.empty()) return;
  const auto pair = [n](Index i, Index j) {
    return static_cast<std::size_t>(packed_index(std::max(i, j), std::min(i, j), n));
  };
  for (Index step = 0; step < n; ++step) {
    const Index k = step == n - 1 ? s : (step < s ? step : step + 1);  // the residual itself comes last
    sums.trace2(s, k) = (sums.trace[k] - others.dot(sums.trace2.col(k))) / s2;
    sums.trace2(k, s) = sums.trace2(s, k);
    Vector left = -sums.slope.col(k);
    for (Index l = 0; l < n; ++l) {
      if (others[l] != 0.0) left -= others[l] * sums.curve[pair(k, l)];
    }
    sums.curve[pair(s, k)] = left / s2;
  }
}

inline CrossedSums crossed_sums(const CrossedSolution& at, const VectorIn& gamma, bool second) {
  const Index n = gamma.size(), w = packed_size(at.cross.rows());
  const CrossedTraces traces(at, n, second);
  const CrossedForms forms(at, n);
  CrossedSums out{traces.first, traces.products, Matrix::Zero(w, n), {}};
  for (Index k = 0; k < n; ++k) {
    if (forms.active(k)) pack_symmetric_part(-forms.slope(k), out.slope.col(k));
  }
  if (second) {
    out.curve.assign(static_cast<std::size_t>(packed_size(n)), Vector::Zero(w));
    for (Index l = 0; l < n; ++l) {
      for (Index k = l; k < n; ++k) {
        if (!forms.active(k) || !forms.active(l)) continue;
        pack_symmetric_part(forms.curve(k, l), out.curve[static_cast<std::size_t>(packed_index(k, l, n))]);
      }
    }
  }
  complete_residual(at.block, gamma, packed(at.cross), out);
  return out;
}

/// Adds a crossed block's moments; second-order ones along directions.
inline void add_crossed(const CrossedBlock& block, const VectorIn& gamma, const MatrixIn& directions,
                        const std::vector<Matrix>& roots, Moments& out) {
  const CrossedSolution at(block, gamma, roots);
  out.feasible = out.feasible && at.feasible;
  if (!out.feasible) return;
  const CrossedSums sums = crossed_sums(at, gamma, directions.cols() > 0);
  out.log_det += at.log_det;
  out.cross += packed(at.cross);
  out.trace += sums.trace;
  out.slope += sums.slope;
  if (directions.cols() == 0) return;
  out.trace2 += directions.transpose() * sums.trace2 * directions;
  const Index n = gamma.size();
  Index to = 0;
  for (Index b = 0; b < directions.cols(); ++b) {
    for (Index a = b; a < directions.cols(); ++a, ++to) {
      for (Index l = 0; l < n; ++l) {
        for (Index k = 0; k < n; ++k) {
          const double weight = directions(k, a) * directions(l, b);
          if (weight == 0.0) continue;
          const Index pair = packed_index(std::max(k, l), std::min(k, l), n);
          out.curve.col(to) += weight * sums.curve[static_cast<std::size_t>(pair)];
        }
      }
    }
  }
}

}  // namespace detail
}  // namespace cordgain
