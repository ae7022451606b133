// From rows and priors in the user's units to a posterior in the user's units.
#pragma once

#include <cordgain/fit/exact_posterior.hpp>
#include <cordgain/infer/random_effects.hpp>
#include <cordgain/infer/report.hpp>
#include <vector>

namespace cordgain {

/// Priors in the user's units, one entry for every column of X and every hyperparameter.
struct PosteriorPriors {
  CoefficientPriors coefficients;
  std::vector<Hyperparameter> hyper;
  HyperLayout layout;
};

struct PosteriorReport {
  ExactPosterior posterior;
  Frame frame;
};

namespace detail {

/// Starting units of the standard deviations: what a unit covariance of the blocks is to the user.
inline void set_units(const Matrix& to_user, const std::vector<RandomTerm>& random, PosteriorPriors& priors) {
  Vector unit = Vector::Zero(to_user.rows());
  Index at = 0;
  for (const RandomTerm& term : random) {
    const Index q = term.z.cols();
    unit.segment(at, packed_size(q)) = packed(Matrix::Identity(q, q));
    at += packed_size(q);
  }
  unit[at] = 1.0;
  const Vector user = to_user * unit;
  at = 0;
  for (const HyperLayout::Block& block : priors.layout.blocks) {
    priors.hyper[static_cast<std::size_t>(block.first_sd)].unit = std::sqrt(user[at]);
    if (block.second_sd >= 0) {
      priors.hyper[static_cast<std::size_t>(block.second_sd)].unit = std::sqrt(user[at + 2]);
      at += 2;
    }
    ++at;
  }
  priors.hyper[static_cast<std::size_t>(priors.layout.sigma)].unit = std::sqrt(user[at]);
}

inline PosteriorModel posterior_model(const DesignInput& in, const Frame& frame, const Blocks& blocks,
                                      PosteriorPriors priors) {
  PosteriorModel model;
  model.blocks = &blocks;
  const Matrix to_user = user_gamma(frame, blocks.n_gamma);
  set_units(to_user, in.random, priors);
  model.from_user = to_user.partialPivLu().solve(Matrix::Identity(blocks.n_gamma, blocks.n_gamma));
  model.frame.shift = frame.least_squares;
  const Index p = blocks.p;
  model.frame.map = frame.y_scale * frame.factor.triangularView<Eigen::Upper>().solve(Matrix::Identity(p, p));
  for (const Index column : frame.kept)
    model.coefficients.push_back(priors.coefficients[static_cast<std::size_t>(column)]);
  model.hyper = std::move(priors.hyper);
  model.layout = std::move(priors.layout);
  model.log_constant = 0.5 * frame.log_weight - static_cast<double>(blocks.n) * std::log(frame.y_scale);
  return model;
}

}  // namespace detail

/// The posterior of y on X with random effects and independent residuals.
/// @param in       rows; no residual covariance over visits
/// @param priors   user's units; coefficients: one entry for every column of X
/// @param control  tolerance
/// @throws         InvalidInput, NumericalError: see reduce_rows, exact_posterior
[[nodiscard]] inline PosteriorReport posterior_rows(const DesignInput& in, const PosteriorPriors& priors,
                                                    const PosteriorControl& control) {
  require(!in.residual.present(), "exact integration is for independent residuals of one variance");
  require(static_cast<Index>(priors.coefficients.size()) == in.x.cols(), "each column of X needs a prior");
  const Reduced reduced = reduce_rows(in);
  PosteriorReport out;
  out.posterior =
      exact_posterior(detail::posterior_model(in, reduced.frame, reduced.blocks, priors), control);
  out.frame = reduced.frame;
  return out;
}

/// Densities of the free hyperparameters in their coordinates: see posterior_marginals().
/// @param plan  of the posterior of the same rows and priors
[[nodiscard]] inline std::vector<Lattice> marginal_rows(const DesignInput& in, const PosteriorPriors& priors,
                                                        const LatticePlan& plan) {
  const Reduced reduced = reduce_rows(in);
  return posterior_marginals(detail::posterior_model(in, reduced.frame, reduced.blocks, priors), plan,
                             PosteriorControl().most_nodes);
}

/// Posterior means and standard deviations of the random effects of one term, in the user's units.
struct EffectMoments {
  Matrix mean;  ///< levels x q
  Matrix sd;    ///< levels x q
};

/// Random effects by total expectation and variance over the nodes of a posterior.
/// @param in     rows
/// @param frame  coordinates of the fit
/// @param from   its posterior; nodes that together weigh less than 1e-10 are passed over
/// @param layout of its hyperparameters
[[nodiscard]] inline std::vector<EffectMoments> posterior_effects(const DesignInput& in, const Frame& frame,
                                                                  const ExactPosterior& from,
                                                                  const HyperLayout& layout) {
  const Index n_gamma = layout.gamma(from.values.col(0)).size(), p = from.mean.rows();
  const Matrix to_user = detail::user_gamma(frame, n_gamma);
  const auto solver = to_user.partialPivLu();
  const Matrix turn = frame.factor / frame.y_scale;
  std::vector<EffectMoments> out;
  for (const RandomTerm& term : in.random) {
    const Matrix none = Matrix::Zero(term.n_levels, term.z.cols());
    out.push_back({none, none});
  }
  const double least = 1e-10 / static_cast<double>(from.weight.size());
  double total = 0.0;
  for (Index i = 0; i < from.weight.size(); ++i) {
    const double weight = from.weight[i];
    if (weight < least) continue;
    total += weight;
    const Vector beta = turn * (from.mean.col(i) - frame.least_squares);
    const Matrix phi = turn * unpacked(from.covariance.col(i), p) * turn.transpose();
    const auto effects = random_effects(in, frame, solver.solve(layout.gamma(from.values.col(i))), beta, phi);
    for (std::size_t t = 0; t < effects.size(); ++t) {
      const Index q = effects[t].effect.cols();
      out[t].mean += weight * effects[t].effect;
      out[t].sd += weight * effects[t].effect.cwiseAbs2();
      for (Index k = 0; k < q; ++k)
        out[t].sd.col(k) += weight * effects[t].prediction.col(packed_index(k, k, q));
    }
  }
  for (EffectMoments& term : out) {
    term.mean /= total;
    term.sd = (term.sd / total - term.mean.cwiseAbs2()).cwiseMax(0.0).cwiseSqrt();
  }
  return out;
}

}  // namespace cordgain
