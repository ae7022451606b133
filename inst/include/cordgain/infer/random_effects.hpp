// Predicted random effects (BLUPs) with their covariance.
#pragma once

#include <Eigen/Cholesky>
#include <cordgain/base/error.hpp>
#include <cordgain/model/design.hpp>
#include <vector>

namespace cordgain {

/// Random effects of one term, in the user's units.
struct TermEffects {
  Matrix effect;       ///< levels x q
  Matrix conditional;  ///< levels x packed(q): Var(b | y) at known fixed effects
  Matrix prediction;   ///< levels x packed(q): Var(b-hat - b), fixed effects estimated
};

namespace detail {

/// Covariance of all random effects of a block, and of the term's D.
inline Matrix block_covariance(const std::vector<BlockLevel>& levels, const std::vector<Matrix>& d, Index q) {
  Matrix out = Matrix::Zero(q, q);
  for (const BlockLevel& level : levels) {
    out.block(level.first, level.first, level.width, level.width) = d[static_cast<std::size_t>(level.term)];
  }
  return out;
}

}  // namespace detail

/// b-hat = Delta Z'V^-1 (y - X beta), per block and level.
/// @param in      rows
/// @param frame   coordinates of the fit
/// @param gamma   variance parameters, blocks' coordinates
/// @param beta    fixed effects, blocks' coordinates
/// @param phi     their covariance
/// @return        per term: effects and covariances
/// Source: Henderson (1975), Biometrics 31:423; Robinson (1991), Stat. Sci. 6:15.
[[nodiscard]] inline std::vector<TermEffects> random_effects(const DesignInput& in, const Frame& frame,
                                                             const VectorIn& gamma, const VectorIn& beta,
                                                             const MatrixIn& phi) {
  const Index p = beta.size();
  std::vector<Matrix> d, back;
  std::vector<TermEffects> out;
  Index at = 0;
  for (std::size_t t = 0; t < in.random.size(); ++t) {
    const Index q = in.random[t].z.cols(), size = packed_size(q);
    d.push_back(unpacked(gamma.segment(at, size), q));
    back.push_back(frame.y_scale *
                   Matrix(frame.z_factor[t].triangularView<Eigen::Upper>().solve(Matrix::Identity(q, q))));
    out.push_back({Matrix(in.random[t].n_levels, q), Matrix(in.random[t].n_levels, size),
                   Matrix(in.random[t].n_levels, size)});
    at += size;
  }
  const Vector residual = gamma.tail(gamma.size() - at);
  for_each_block(in, frame, [&](const BlockReader& reader) {
    const Matrix z = reader.z(), w = reader.inside();
    const Matrix delta = detail::block_covariance(reader.levels(), d, z.cols());
    const Matrix zd = z * delta;
    Matrix v = zd * z.transpose();
    if (in.residual.present()) {
      v += residual_covariance(in.residual, reader.rows(), residual);
    } else {
      v.diagonal().array() += residual[0];
    }
    const Eigen::LLT<Matrix> llt(v);
    const Matrix solved = llt.solve(zd);  // V^-1 Z Delta
    const Vector effect = solved.transpose() * (w.col(p) - w.leftCols(p) * beta);
    const Matrix conditional = delta - zd.transpose() * solved;
    const Matrix spread = solved.transpose() * w.leftCols(p);
    const Matrix prediction = conditional + spread * phi * spread.transpose();
    for (const BlockLevel& level : reader.levels()) {
      const std::size_t t = static_cast<std::size_t>(level.term);
      TermEffects& to = out[t];
      to.effect.row(level.level) = (back[t] * effect.segment(level.first, level.width)).transpose();
      const auto part = [&](const Matrix& m) {
        return packed(back[t] * m.block(level.first, level.first, level.width, level.width) *
                      back[t].transpose());
      };
      to.conditional.row(level.level) = part(conditional).transpose();
      to.prediction.row(level.level) = part(prediction).transpose();
    }
  });
  return out;
}

}  // namespace cordgain
