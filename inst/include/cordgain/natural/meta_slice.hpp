// The posterior of the mean log odds mu at a fixed heterogeneity tau, on a lattice.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/math/lattice.hpp>
#include <cordgain/natural/source_likelihood.hpp>
#include <limits>
#include <vector>

namespace cordgain {

/// Published counts and what moves them: in scenario r the log odds of source k is mu + offset(r, k) + its
/// own deviation, and the trial's natural log odds is moved by shift(r).
struct MetaEvidence {
  Vector events;      // K
  Vector n;           // K
  Matrix offset;      // R x K, log odds
  Vector shift;       // R, log odds
  Vector log_weight;  // R, log prior weight of each scenario

  [[nodiscard]] Index sources() const noexcept { return events.size(); }
  [[nodiscard]] Index scenarios() const noexcept { return shift.size(); }
};

/// Lattice of the posterior of mu, its values relative to exp(log_scale); log_mass is the log of the
/// integral.
struct MetaSlice {
  Lattice lattice;
  double log_scale = 0.0;
  double log_mass = 0.0;
};

/// Evaluates log [ pi(mu) prod_k L_k(mu + offset_k, tau) ] and lays lattices over it. The function is
/// log-concave in mu for a log-concave prior, so one lattice around the mode holds it.
class MetaProfile {
 public:
  /// @throws InvalidInput for counts that are none, or where a flat prior leaves the posterior improper
  MetaProfile(const MetaEvidence& evidence, const Prior& mu_prior, const Route& route)
      : mu_prior_(mu_prior), route_(route) {
    const double events = evidence.events.sum();
    require(!mu_prior.is(PriorKind::kFlat) || (events > 0.0 && events < evidence.n.sum()),
            "with a flat prior on mu the sources together need at least one event and one non-event");
    for (Index k = 0; k < evidence.sources(); ++k) {
      sources_.emplace_back(evidence.events(k), evidence.n(k), route);
    }
  }

  /// @param offset  K offsets (log odds) of the sources
  /// @param tau     standard deviation between sources, >= 0
  /// @param least   log mass below which a slice is not needed: then it is one node at its mode, with the
  ///                mass of Laplace's approximation
  /// @return        the lattice of the posterior of mu given tau, unnormalised
  /// @throws        NumericalError if the lattice does not end
  [[nodiscard]] MetaSlice slice(const VectorIn& offset, double tau, double least = detail::kNegInf) {
    if (mu_prior_.is(PriorKind::kFixed)) return point_slice(offset, tau);
    start_modes(offset);
    // The last slice is a good start for the next one, whose tau is a neighbour's.
    if (!warm_) spot_ = first_spot(offset, tau);
    warm_ = true;
    Spot spot = spot_;
    centre(offset, tau, spot);
    spot_ = spot;
    const double top = log_value(offset, tau, spot.centre);
    const double rough = top + std::log(spot.scale) + detail::kLogSqrtTwoPi;
    if (rough < least) return {{spot.centre, 0.0, Vector::Ones(1)}, rough, rough};
    double step = route_.lattice_step * spot.scale;
    // Summed, the lattice is right to about the square of the imbalance of its nodes; where a normal narrower
    // than its step asks for values between them, the cardinal series is right to about the imbalance itself.
    const bool summed = tau >= kResolvedSteps * step;
    const double rounding = std::numeric_limits<double>::epsilon() * std::fabs(top);
    const double tolerance = summed ? kSummed : std::max(std::exp(-route_.digits), rounding);
    double& fineness = summed ? summed_fineness_ : fineness_;
    step *= fineness;
    double before = std::numeric_limits<double>::infinity();
    for (int attempt = 0; attempt < 12; ++attempt) {
      const MetaSlice result = lay(offset, tau, spot.centre, step);
      const double left = imbalance(result.lattice);
      // What a finer step does not halve is rounding of the likelihood.
      if (left < tolerance || (left < kSummed && left > 0.5 * before)) return result;
      before = left;
      step *= kFiner;
      fineness *= kFiner;
    }
    throw NumericalError("the posterior of the mean log odds is not resolved by a lattice");
  }

 private:
  struct Spot {
    double centre = 0.0;
    double scale = 1.0;
  };

  [[nodiscard]] double log_value(const VectorIn& offset, double tau, double mu) {
    double sum = mu_prior_.is(PriorKind::kFixed) ? 0.0 : mu_prior_.log_density(mu);
    for (std::size_t k = 0; k < sources_.size(); ++k) {
      sum += sources_[k].log_marginal(mu + offset(static_cast<Index>(k)), tau, mode_[k]);
    }
    return sum;
  }

  void start_modes(const VectorIn& offset) {
    mode_.resize(sources_.size());
    for (std::size_t k = 0; k < sources_.size(); ++k) {
      mode_[k] = sources_[k].guess() + 0.0 * offset(static_cast<Index>(k));
    }
  }

  [[nodiscard]] MetaSlice point_slice(const VectorIn& offset, double tau) {
    start_modes(offset);
    MetaSlice result;
    result.lattice.first = mu_prior_.components().front().a;
    result.lattice.value = Vector::Ones(1);
    result.log_scale = log_value(offset, tau, result.lattice.first);
    result.log_mass = result.log_scale;
    return result;
  }

  /// Precision-weighted start from the counts and the normal part of the prior.
  [[nodiscard]] Spot first_spot(const VectorIn& offset, double tau) const {
    double precision = 0.0;
    double sum = 0.0;
    for (std::size_t k = 0; k < sources_.size(); ++k) {
      const double w = 1.0 / (sources_[k].guess_variance() + tau * tau);
      precision += w;
      sum += w * (sources_[k].guess() - offset(static_cast<Index>(k)));
    }
    for (const PriorComponent& p : mu_prior_.components()) {
      if (p.kind != PriorKind::kNormal && p.kind != PriorKind::kT) continue;
      const double w = p.weight / (p.b * p.b);
      precision += w;
      sum += w * p.a;
    }
    return {sum / precision, 1.0 / std::sqrt(precision)};
  }

  /// Newton steps on a parabola through three points, until the centre moves little.
  void centre(const VectorIn& offset, double tau, Spot& spot) {
    for (int i = 0; i < 40; ++i) {
      const double d = 0.5 * spot.scale;
      const double here = log_value(offset, tau, spot.centre);
      const double left = log_value(offset, tau, spot.centre - d);
      const double right = log_value(offset, tau, spot.centre + d);
      const double curvature = -(left - 2.0 * here + right) / (d * d);
      const double slope = (right - left) / (2.0 * d);
      const double scale = curvature > 0.0 ? 1.0 / std::sqrt(curvature) : 2.0 * spot.scale;
      const double limit = 4.0 * spot.scale;
      const double move = std::clamp(slope * scale * scale, -limit, limit);
      const bool settled =
          std::fabs(move) < 0.3 * scale && scale > 0.8 * spot.scale && scale < 1.25 * spot.scale;
      spot.centre += move;
      spot.scale = std::clamp(scale, 0.2 * spot.scale, 5.0 * spot.scale);
      if (settled) return;
    }
  }

  /// Marches out from the centre on both sides until the values are e^-reach of the largest.
  [[nodiscard]] MetaSlice lay(const VectorIn& offset, double tau, double start, double step) {
    std::vector<double> up{log_value(offset, tau, start)};
    std::vector<double> down;
    double top = up.front();
    const std::vector<double> modes = mode_;
    march(offset, tau, start, step, top, up);
    mode_ = modes;
    march(offset, tau, start, -step, top, down);
    MetaSlice result;
    result.log_scale = top;
    result.lattice.step = step;
    result.lattice.first = start - step * static_cast<double>(down.size());
    result.lattice.value.resize(static_cast<Index>(up.size() + down.size()));
    for (std::size_t j = 0; j < down.size(); ++j) {
      result.lattice.value(static_cast<Index>(down.size() - 1 - j)) = std::exp(down[j] - top);
    }
    for (std::size_t j = 0; j < up.size(); ++j) {
      result.lattice.value(static_cast<Index>(down.size() + j)) = std::exp(up[j] - top);
    }
    result.log_mass = top + std::log(step * result.lattice.sum());
    return result;
  }

  void march(const VectorIn& offset, double tau, double start, double step, double& top,
             std::vector<double>& values) {
    const int first = values.empty() ? 1 : static_cast<int>(values.size());
    for (int i = first; i < kMostNodes; ++i) {
      const double value = log_value(offset, tau, start + step * static_cast<double>(i));
      values.push_back(value);
      top = std::max(top, value);
      if (value < top - route_.reach) return;
    }
    throw NumericalError("the posterior of the mean log odds does not end within the lattice");
  }

  /// Difference of the sums over even and odd nodes, two trapezoidal rules of twice the step, as a share of
  /// the whole.
  [[nodiscard]] static double imbalance(const Lattice& lattice) {
    double even = 0.0;
    double odd = 0.0;
    for (Index j = 0; j < lattice.value.size(); ++j) (j % 2 == 0 ? even : odd) += lattice.value(j);
    return std::fabs(even - odd) / (even + odd);
  }

  static constexpr double kSummed = 1e-6;
  static constexpr double kFiner = 0.7;  // a step that did not do, to the next one tried
  static constexpr int kMostNodes = 4000;

  Prior mu_prior_;
  Route route_;
  std::vector<SourceLikelihood> sources_;
  std::vector<double> mode_;
  Spot spot_;
  bool warm_ = false;
  double summed_fineness_ = 1.0;  // of the step where the last slice that was only summed was resolved
  double fineness_ = 1.0;         // of the step where the last slice with a narrow normal was resolved
};

}  // namespace cordgain
