// The posterior of a family's model from rows and priors in the user's units: by lattices or by a sampler,
// in one form; random effects and log likelihoods by subject at its points.
#pragma once

#include <cordgain/base/monitor.hpp>
#include <cordgain/fit/family_posterior.hpp>
#include <cordgain/fit/nuts.hpp>
#include <cordgain/infer/family_report.hpp>
#include <vector>

namespace cordgain {

/// Priors in the user's units: of every column of X (the intercept of thresholds left out), and of the rest.
struct FamilyPriors {
  std::vector<Prior> coefficients;
  std::vector<Hyperparameter> hyper;
  HyperLayout layout;
  OwnScale own = OwnScale::kNone;
  std::vector<Prior> further;
  CutPrior cuts;
};

/// Draws of several chains: what is reported, parameters x draws, chain after chain.
struct FamilyDraws {
  Matrix values, points;
  std::vector<Index> divergences, longest;
  Vector step;
};

/// Rows, family and priors in the engine's coordinates, for as long as they are asked.
class FamilyProblem {
 public:
  FamilyProblem(const SubjectInput& in, const Family& family, const FamilyPriors& priors)
      : family_(family), rows_(make_subject_rows(in, family.unit())) {
    const Index absorbed = family.cut_by_intercept() ? 1 : 0;
    require(static_cast<Index>(priors.coefficients.size()) + absorbed == in.x.cols(),
            "each column of X needs a prior");
    model_.origin = detail::move_origin(family, rows_);
    model_.rows = &rows_;
    model_.family = &family_;
    for (const Index column : rows_.kept)
      if (column >= absorbed)
        model_.coefficients.push_back(priors.coefficients[static_cast<std::size_t>(column - absorbed)]);
    model_.hyper = priors.hyper;
    model_.layout = priors.layout;
    model_.own = priors.own;
    model_.further = priors.further;
    model_.cuts = priors.cuts;
    set_units();
  }

  [[nodiscard]] const FamilyModel& model() const { return model_; }
  [[nodiscard]] const SubjectRows& rows() const { return rows_; }

  /// Posterior mean and variance of the random effects of each subject over weighted points of the
  /// likelihood.
  struct Effects {
    Matrix mean, sd;  ///< subjects x q
  };

  [[nodiscard]] Effects effects(const Matrix& points, const Vector& weight, const std::vector<Index>& nodes) {
    MarginalLikelihood likelihood(rows_, family_);
    likelihood.set_nodes(nodes);
    const Index q = rows_.effects();
    Effects out{Matrix::Zero(rows_.subjects(), q), Matrix::Zero(rows_.subjects(), q)};
    const Vector unit = family_.unit() * rows_.z_scale.cwiseInverse();
    for (Index i = 0; i < weight.size(); ++i) {
      const Matrix l = unit.asDiagonal() * likelihood.factor(points.col(i));
      for (Index s = 0; s < rows_.subjects(); ++s) {
        const MarginalLikelihood::Effects u = likelihood.effects(s, points.col(i));
        const Vector mean = l * Vector(u.mean);
        const Vector within = (l * u.covariance * l.transpose()).diagonal();
        out.mean.row(s) += weight[i] * mean.transpose();
        out.sd.row(s) += weight[i] * (within + mean.cwiseAbs2()).transpose();
      }
    }
    out.sd = (out.sd - out.mean.cwiseAbs2()).cwiseMax(0.0).cwiseSqrt();
    return out;
  }

  /// Log likelihood of each subject (columns) at each point (rows).
  [[nodiscard]] Matrix by_subject(const Matrix& points, const std::vector<Index>& nodes) {
    MarginalLikelihood likelihood(rows_, family_);
    likelihood.set_nodes(nodes);
    Matrix out(points.cols(), rows_.subjects());
    for (Index i = 0; i < points.cols(); ++i) out.row(i) = likelihood.by_subject(points.col(i)).transpose();
    return out;
  }

  /// Chains from points about the mode, with its curvature as the first metric.
  [[nodiscard]] FamilyDraws sample(const NutsControl& control, Index chains, Monitor& monitor,
                                   std::vector<Index>& nodes) {
    FamilyModel model = model_;
    FamilyDensity density(model);
    const detail::PosteriorPlace place = detail::centred_place(model, density);
    static_cast<void>(detail::settle_nodes(density, place, 1e-6));
    nodes = density.likelihood().nodes();
    const Index n = control.draws;
    FamilyDraws out;
    out.step.resize(chains);
    for (Index c = 0; c < chains; ++c) {
      FamilyDensity own(model);
      own.likelihood().set_nodes(nodes);
      const Vector start = overdispersed(own, place, control.seed, static_cast<std::uint64_t>(c + chains));
      const NutsChain chain =
          nuts_chain(own, start, place.covariance, control, static_cast<std::uint64_t>(c));
      if (c == 0) out.values.resize(own.reported().size(), n * chains);
      if (c == 0) out.points.resize(own.point().size(), n * chains);
      for (Index i = 0; i < n; ++i) {
        static_cast<void>(own(chain.draws.col(i)));
        out.values.col(c * n + i) = own.reported();
        out.points.col(c * n + i) = own.point();
      }
      out.divergences.push_back(chain.divergences);
      out.longest.push_back(chain.longest);
      out.step[c] = chain.step;
      monitor.done(c + 1, chains);
    }
    return out;
  }

 private:
  /// A start twice as far from the mode as the curvature says; nearer where there is no density.
  static Vector overdispersed(FamilyDensity& density, const detail::PosteriorPlace& place, std::uint64_t seed,
                              std::uint64_t stream) {
    RandomStream random(seed, stream);
    const Matrix lower = place.covariance.llt().matrixL();
    Vector z(place.mode.size());
    random.fill_normal(z);
    for (double by = 2.0; by > 1e-3; by *= 0.5) {
      const Vector start = place.mode + by * (lower * z);
      if (std::isfinite(density(start))) return start;
    }
    return place.mode;
  }

  void set_units() {
    Index row = 0;
    const auto unit = [&](Index k) {
      model_.hyper[static_cast<std::size_t>(k)].unit = family_.unit() / rows_.z_scale[row++];
    };
    for (const HyperLayout::Block& block : model_.layout.blocks) {
      unit(block.first_sd);
      if (block.second_sd >= 0) unit(block.second_sd);
    }
    if (model_.own == OwnScale::kLogSd) model_.hyper.back().unit = family_.unit();
  }

  const Family& family_;
  SubjectRows rows_;
  FamilyModel model_;
};

}  // namespace cordgain
