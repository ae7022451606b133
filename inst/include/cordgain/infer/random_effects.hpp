// Predicted random effects (BLUPs) with their covariance.
#pragma once

#include <cordgain/model/level_forms.hpp>
#include <vector>

namespace cordgain {

namespace detail {

/// A D A', packed. A variance of zero may come out as rounding below it.
inline Eigen::RowVectorXd packed_congruence(const Matrix& a, const Matrix& d) {
  Matrix out = a * d * a.transpose();
  out.diagonal() = out.diagonal().cwiseMax(0.0);
  return packed(out).transpose();
}

}  // namespace detail

/// Random effects of one term, in the user's units.
struct TermEffects {
  Matrix effect;       ///< levels x q
  Matrix conditional;  ///< levels x packed(q): Var(b | y) at known fixed effects
  Matrix prediction;   ///< levels x packed(q): Var(b-hat - b), fixed effects estimated
};

/// b-hat = D Z'V^-1 (y - X beta), level by level.
/// @param in          rows
/// @param frame       coordinates of the fit
/// @param gamma       variance parameters, blocks' coordinates
/// @param beta        fixed effects, blocks' coordinates
/// @param phi         their covariance
/// @param dense_rank  blocks of rank up to this are dense
/// @return            per term: effects and covariances; a level without rows has effect 0 and variance D
/// Source: Henderson (1975), Biometrics 31:423; Robinson (1991), Stat. Sci. 6:15.
[[nodiscard]] inline std::vector<TermEffects> random_effects(const DesignInput& in, const Frame& frame,
                                                             const VectorIn& gamma, const VectorIn& beta,
                                                             const MatrixIn& phi,
                                                             Index dense_rank = kDenseRank) {
  const Index p = beta.size();
  const std::vector<Matrix> d = detail::split_gamma(in, gamma).d;
  const std::vector<LevelForms> forms = level_forms(in, frame, gamma, dense_rank);
  std::vector<TermEffects> out;
  for (std::size_t t = 0; t < forms.size(); ++t) {
    const Index levels = in.random[t].n_levels, q = d[t].rows();
    const Matrix back =
        frame.y_scale *
        Matrix(frame.z_factor[t].triangularView<Eigen::Upper>().solve(Matrix::Identity(q, q)));
    TermEffects to{Matrix::Zero(levels, q), Matrix(levels, packed_size(q)), Matrix(levels, packed_size(q))};
    for (Index l = 0; l < levels; ++l) {
      const Matrix& force = forms[t].force[static_cast<std::size_t>(l)];
      const Matrix conditional = d[t] - d[t] * unpacked(forms[t].own.row(l).transpose(), q) * d[t];
      Matrix prediction = conditional;
      if (force.size() > 0) {
        const Matrix spread = d[t] * force.leftCols(p);
        to.effect.row(l) = (back * (d[t] * force.col(p) - spread * beta)).transpose();
        prediction += spread * phi * spread.transpose();
      }
      to.conditional.row(l) = detail::packed_congruence(back, conditional);
      to.prediction.row(l) = detail::packed_congruence(back, prediction);
    }
    out.push_back(std::move(to));
  }
  return out;
}

}  // namespace cordgain
