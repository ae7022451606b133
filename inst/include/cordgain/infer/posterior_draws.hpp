// The posterior of a Gaussian mixed model by a sampler, where lattices do not reach: the hyperparameters are
// drawn with the coefficients and random effects integrated out, and every draw keeps the normal distribution
// of the coefficients given it. The draws are thus nodes of equal weight, as those of a lattice are nodes of
// unequal weight.
#pragma once

#include <cordgain/base/monitor.hpp>
#include <cordgain/base/rng.hpp>
#include <cordgain/fit/nuts.hpp>
#include <cordgain/infer/posterior_report.hpp>
#include <cordgain/math/differences.hpp>
#include <cstdint>
#include <vector>

namespace cordgain {

/// A log posterior density with its gradient by central differences of fourth order. A leapfrog step with any
/// function of the place alone in the place of the gradient still keeps volume and is its own reverse, so
/// that the draws have the density itself whatever the differences leave; that only lengthens the search.
class DifferencedPosterior {
 public:
  explicit DifferencedPosterior(const PosteriorModel& model) : density_(model) {}

  [[nodiscard]] detail::PosteriorDensity& density() { return density_; }
  double operator()(const Vector& eta) { return density_(eta); }
  double operator()(const Vector& eta, Vector& gradient) {
    gradient = difference_gradient([&](const Vector& at) { return density_(at); }, eta);
    return density_(eta);
  }

 private:
  detail::PosteriorDensity density_;
};

/// Chain after chain: values of all hyperparameters, mean and packed covariance of the coefficients given
/// them.
struct PosteriorDraws {
  Matrix values, mean, covariance;
  std::vector<Index> divergences, longest;
  Vector step;
  Frame frame;
};

namespace detail {

/// One of the normal parts at the last point, by its weight.
template <class Density>
std::size_t drawn_part(const Density& density, RandomStream& random) {
  Vector logs(static_cast<Index>(density.parts()));
  for (Index c = 0; c < logs.size(); ++c) logs[c] = density.log_part(static_cast<std::size_t>(c));
  const Vector weight = (logs.array() - logs.maxCoeff()).exp();
  double left = random.uniform() * weight.sum();
  Index at = 0;
  while (at + 1 < weight.size() && left > weight[at]) left -= weight[at++];
  return static_cast<std::size_t>(at);
}

inline void keep_draws(const NutsChain& chain, PosteriorDensity& density, RandomStream random, Index first,
                       PosteriorDraws& out) {
  for (Index i = 0; i < chain.draws.cols(); ++i) {
    density(chain.draws.col(i));
    out.values.col(first + i) = density.values();
    density.moments(drawn_part(density, random), out.mean.col(first + i).data(),
                    out.covariance.col(first + i).data());
  }
  out.divergences.push_back(chain.divergences);
  out.longest.push_back(chain.longest);
}

/// Twice as far from the mode as the curvature says; nearer where there is no density.
template <class Target>
Vector overdispersed(Target& target, const PosteriorPlace& place, RandomStream random) {
  const Matrix lower = place.covariance.llt().matrixL();
  Vector z(place.mode.size());
  random.fill_normal(z);
  for (double by = 2.0; by > 1e-3; by *= 0.5) {
    const Vector start = place.mode + by * (lower * z);
    if (std::isfinite(target(start))) return start;
  }
  return place.mode;
}

inline PosteriorDraws sample_posterior(PosteriorModel model, const NutsControl& control, Index chains,
                                       Monitor& monitor) {
  require(!HyperPoint(model.hyper).free().empty(),
          "all standard deviations are known: nothing is left to sample");
  const PosteriorPlace place = centred_place(model);
  DifferencedPosterior target(model);
  const Index p = model.frame.shift.size(), n = control.draws, all = n * chains;
  PosteriorDraws out;
  out.values.resize(static_cast<Index>(model.hyper.size()), all);
  out.mean.resize(p, all);
  out.covariance.resize(packed_size(p), all);
  out.step.resize(chains);
  for (Index c = 0; c < chains; ++c) {
    const auto stream = [&](Index k) { return static_cast<std::uint64_t>(c + k * chains); };
    const Vector start = overdispersed(target, place, RandomStream(control.seed, stream(1)));
    const NutsChain chain = nuts_chain(target, start, place.covariance, control, stream(0));
    keep_draws(chain, target.density(), RandomStream(control.seed, stream(2)), c * n, out);
    out.step[c] = chain.step;
    monitor.done(c + 1, chains);
  }
  return out;
}

}  // namespace detail

/// @param in      rows; no residual covariance over visits
/// @param priors  user's units; coefficients: one entry for every column of X
/// @throws        InvalidInput, NumericalError: see posterior_rows
[[nodiscard]] inline PosteriorDraws posterior_draws(const DesignInput& in, const PosteriorPriors& priors,
                                                    const NutsControl& control, Index chains,
                                                    Monitor& monitor) {
  require(!in.residual.present(), "the sampler is for independent residuals of one variance");
  require(static_cast<Index>(priors.coefficients.size()) == in.x.cols(), "each column of X needs a prior");
  const Reduced reduced = reduce_rows(in);
  const PosteriorModel model = detail::posterior_model(in, reduced.frame, reduced.blocks, priors);
  PosteriorDraws out = detail::sample_posterior(model, control, chains, monitor);
  out.frame = reduced.frame;
  return out;
}

}  // namespace cordgain
