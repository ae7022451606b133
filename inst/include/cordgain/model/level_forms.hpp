// What predictions need of each level of each random-effects term at given
// variances: F = Z_l'V^-1 W for W = [X y], and K = Z_l'V^-1 Z_l.
#pragma once

#include <Eigen/Cholesky>
#include <cordgain/model/design.hpp>
#include <cordgain/model/moments.hpp>
#include <vector>

namespace cordgain {

/// Of one term, a row per level.
struct LevelForms {
  std::vector<Matrix> force;  ///< per level F (q x (p + 1))
  Matrix own;                 ///< levels x packed(q): K
};

namespace detail {

/// One component: forms of its terms, or of those inside an outer unit.
inline std::vector<LevelForms> empty_forms(const DesignInput& in) {
  std::vector<LevelForms> out;
  for (const RandomTerm& term : in.random) {
    const std::size_t n = static_cast<std::size_t>(term.n_levels);
    out.push_back({std::vector<Matrix>(n), Matrix::Zero(term.n_levels, packed_size(term.z.cols()))});
  }
  return out;
}

/// gamma by term, and what belongs to the residual.
struct SplitGamma {
  std::vector<Matrix> d;
  Vector residual;
};

inline SplitGamma split_gamma(const DesignInput& in, const VectorIn& gamma) {
  SplitGamma out;
  Index at = 0;
  for (const RandomTerm& term : in.random) {
    const Index size = packed_size(term.z.cols());
    out.d.push_back(unpacked(gamma.segment(at, size), term.z.cols()));
    at += size;
  }
  out.residual = gamma.tail(gamma.size() - at);
  return out;
}

inline void dense_forms(const DesignInput& in, const BlockReader& reader, const SplitGamma& gamma,
                        std::vector<LevelForms>& out) {
  const Matrix z = reader.z(), w = reader.inside();
  Matrix v = Matrix::Zero(z.rows(), z.rows());
  for (const BlockLevel& level : reader.levels()) {
    const auto part = z.middleCols(level.first, level.width);
    v += part * gamma.d[static_cast<std::size_t>(level.term)] * part.transpose();
  }
  if (in.residual.present()) {
    v += residual_covariance(in.residual, reader.rows(), gamma.residual);
  } else {
    v.diagonal().array() += gamma.residual[0];
  }
  const Eigen::LLT<Matrix> llt(v);
  const Matrix white = llt.matrixL().solve(z), force = white.transpose() * llt.matrixL().solve(w);
  for (const BlockLevel& level : reader.levels()) {
    LevelForms& to = out[static_cast<std::size_t>(level.term)];
    const auto part = white.middleCols(level.first, level.width);
    to.force[static_cast<std::size_t>(level.level)] = force.middleRows(level.first, level.width);
    to.own.row(level.level) = packed(part.transpose() * part).transpose();
  }
}

inline void crossed_forms(const SubDesign& part, const BlockForm& form, const VectorIn& gamma,
                          std::vector<LevelForms>& out) {
  const DesignInput view = part.view();
  const std::vector<Index> first = first_parameters(view);
  const CrossedBlock block = crossed_block(part, form, first, gamma.size() - 1);
  const CrossedSolution at(block, gamma, {});
  if (!at.feasible) throw NumericalError("The covariance matrix of the scores is singular to rounding");
  const CrossedTraces traces(at, gamma.size(), false);
  const auto origin = [&](const CrossedBlock::Term& term, Index level) {
    return part.origin[static_cast<std::size_t>(term.term)][static_cast<std::size_t>(level)];
  };
  for (std::size_t i = 0; i < block.leaves.size(); ++i) {
    for (const CrossedBlock::LeafLevel& at_level : block.leaves[i].level) {
      const CrossedBlock::Term& term = block.inner[static_cast<std::size_t>(at_level.term)];
      out[static_cast<std::size_t>(term.term)].force[static_cast<std::size_t>(origin(term, at_level.level))] =
          at.white[i].force.middleRows(at_level.first, term.width);
    }
  }
  for (std::size_t t = 0; t < block.inner.size(); ++t) {
    const CrossedBlock::Term& term = block.inner[t];
    for (Index l = 0; l < term.levels; ++l)
      out[static_cast<std::size_t>(term.term)].own.row(origin(term, l)) = traces.inner_diagonal[t].row(l);
  }
  for (std::size_t t = 0; t < block.outer.size(); ++t) {
    const CrossedBlock::Term& term = block.outer[t];
    LevelForms& to = out[static_cast<std::size_t>(term.term)];
    for (Index l = 0; l < term.levels; ++l) {
      to.force[static_cast<std::size_t>(origin(term, l))] =
          at.kept_force.middleRows(term.first + l * term.width, term.width);
      to.own.row(origin(term, l)) = traces.outer_diagonal[t].row(l);
    }
  }
}

}  // namespace detail

[[nodiscard]] inline std::vector<LevelForms> level_forms(const DesignInput& in, const Frame& frame,
                                                         const VectorIn& gamma, Index dense_rank);

namespace detail {

/// Variance parameters of a part, in its own order.
inline Vector gamma_of_part(const Names& names, const VectorIn& gamma) {
  Vector out(static_cast<Index>(names.gamma.size()));
  for (Index k = 0; k < out.size(); ++k) out[k] = gamma[names.gamma[static_cast<std::size_t>(k)]];
  return out;
}

/// Through an outer unit: V^-1 = V0^-1 - V0^-1 Q N Q'V0^-1 for the inside's V0.
inline void nested_forms(const SubDesign& part, const BlockForm& form, const VectorIn& gamma,
                         Index dense_rank, std::vector<LevelForms>& out) {
  const DesignInput view = part.view();
  const OuterSplit split = split_outer(part, form);
  const NestedBlock block = nested_block(part, form, dense_rank);
  const Matrix none(gamma.size(), 0);
  const Moments inside = moments_at(block.inside, gamma, none);
  if (!inside.feasible) throw NumericalError("The covariance matrix of the scores is singular to rounding");
  const OuterElimination outer(block, inside, gamma, none);
  const DesignInput in = split.inside.view();
  const Index r = block.z.rows(), w = block.mean.cols();
  const std::vector<LevelForms> alone =
      level_forms(in, unit_frame(in), gamma_of_part(names_in(view, split.inside), gamma), dense_rank);
  const Matrix inward = outer.inward(), removed = outer.removed();
  for (std::size_t t = 0; t < alone.size(); ++t) {
    const std::size_t term = static_cast<std::size_t>(split.inside.term[t]);
    LevelForms& to = out[term];
    for (std::size_t l = 0; l < alone[t].force.size(); ++l) {
      const Index local = split.inside.origin[t][l];
      const Index level = part.origin[term][static_cast<std::size_t>(local)];
      const Matrix& force = alone[t].force[l];
      const Matrix cross = force.leftCols(r);  // Z_l'V0^-1 Q
      to.force[static_cast<std::size_t>(level)] = force.rightCols(w) + cross * inward;
      to.own.row(level) =
          alone[t].own.row(static_cast<Index>(l)) - packed(cross * removed * cross.transpose()).transpose();
    }
  }
  for (const BlockKind::Columns& c : block.columns) {
    const std::size_t term = static_cast<std::size_t>(c.term);
    const Matrix z = block.z.middleCols(c.first, c.width);
    const Index level = part.origin[term][0];
    out[term].force[static_cast<std::size_t>(level)] = z.transpose() * outer.solved();
    out[term].own.row(level) = packed(z.transpose() * outer.precision() * z).transpose();
  }
}

}  // namespace detail

/// Forms of every level.
/// @param in, frame   the design
/// @param gamma       variance parameters, blocks' coordinates
/// @param dense_rank  blocks of rank up to this are dense
/// @throws            NumericalError if V is singular to rounding
[[nodiscard]] inline std::vector<LevelForms> level_forms(const DesignInput& in, const Frame& frame,
                                                         const VectorIn& gamma, Index dense_rank) {
  std::vector<LevelForms> out = detail::empty_forms(in);
  const detail::SplitGamma split = detail::split_gamma(in, gamma);
  for_each_component(
      in, frame, dense_rank, [&](const BlockReader& reader) { detail::dense_forms(in, reader, split, out); },
      [&](const SubDesign& part, const BlockForm& form) {
        if (form.kind == BlockForm::Kind::nested) {
          detail::nested_forms(part, form, gamma, dense_rank, out);
        } else {
          detail::crossed_forms(part, form, gamma, out);
        }
      });
  return out;
}

}  // namespace cordgain
