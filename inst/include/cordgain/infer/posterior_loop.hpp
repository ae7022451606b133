// Trials that have not been held, each with its exact posterior of l'beta. The
// nodes of the hyperparameters are shared by all trials (fit/shared_lattice.hpp):
// a lattice wide enough for the posteriors of some pilot trials. Two interleaved
// lattices state the error of every trial; a trial for which they do not agree is
// integrated on a lattice of its own.
#pragma once

#include <cordgain/base/monitor.hpp>
#include <cordgain/fit/node_table.hpp>
#include <cordgain/fit/shared_lattice.hpp>
#include <cordgain/infer/posterior_report.hpp>
#include <cordgain/infer/trial_sampler.hpp>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace cordgain {

/// What is asked of the posterior of each trial.
struct PosteriorQuestion {
  Vector truth;           ///< true coefficients, user's units
  Vector added;           ///< asked is P(l'beta - l'truth + added + moved > 0), for each element
  Vector moved;           ///< an element for each trial, or none
  double added_se = 0.0;  ///< standard error of what is added, independent of the trials
  double tolerance = 1e-3;
  std::size_t most_nodes = 2000000;

  [[nodiscard]] Vector added_in(Index trial) const {
    return moved.size() == 0 ? added : Vector(added.array() + moved[trial]);
  }
};

enum class PosteriorRoute : int { shared = 0, own = 1, failed = 2 };

/// A row or element per trial, user's units; NaN where the posterior could not be had.
struct TrialPosteriors {
  Matrix above;     ///< trials x added
  Vector error;     ///< of the probabilities: ten times the difference of two lattices
  Vector mean, sd;  ///< of l'beta minus its true value
  std::vector<int> route;
  Index nodes = 0;  ///< of the shared lattices
};

namespace detail {

/// How high nodes stand in the posteriors of the pilots: all pilots at a time.
class PilotHeights {
 public:
  explicit PilotHeights(const std::vector<Blocks>& pilots) {
    const Index count = static_cast<Index>(pilots.size());
    for (Index i = 0; i < count; ++i) {
      const ScoreMoments scores = score_moments(pilots[static_cast<std::size_t>(i)]);
      rows_.resize(static_cast<std::size_t>(scores.rows()), Matrix(count, scores.cols()));
      for (Index j = 0; j < scores.rows(); ++j) rows_[static_cast<std::size_t>(j)].row(i) = scores.row(j);
    }
    top_ = Array::Zero(count);
  }

  /// Log posterior of pilot i at its mode.
  void set_top(Index pilot, const LatticeNodeTerms& mode, const Vector& offset) {
    top_[pilot] = log_weights(mode, offset)[pilot];
  }

  /// Log posterior over its largest value, of the pilot for which it is largest.
  [[nodiscard]] double operator()(const LatticeNodeTerms& node, const Vector& offset) {
    if (!(node.constant > kNegInf)) return kNegInf;
    return (log_weights(node, offset) - top_).maxCoeff();
  }

 private:
  /// Log posterior of a node up to a constant of the model, an element for each pilot.
  const Array& log_weights(const LatticeNodeTerms& node, const Vector& offset) {
    const std::size_t p = rows_.size() - 1;
    sums_.resize(top_.size(), static_cast<Index>(p) + 1);
    for (std::size_t j = 0; j <= p; ++j)
      sums_.col(static_cast<Index>(j)).matrix().noalias() = rows_[j] * node.kernel;
    sums_.leftCols(static_cast<Index>(p)).rowwise() += offset.transpose().array();
    weights_ = node.constant - 0.5 * sums_.col(static_cast<Index>(p));
    for (Index j = 0, at = 0; j < static_cast<Index>(p); ++j) {
      for (Index i = j; i < static_cast<Index>(p); ++i, ++at)
        weights_ += 0.5 * node.inverse[at] * sums_.col(i) * sums_.col(j);
    }
    return weights_;
  }

  std::vector<Matrix> rows_;  ///< row j of the score moments, a row for each pilot
  Array top_, weights_;
  Eigen::ArrayXXd sums_;
};

/// Two interleaved lattices that all trials share.
struct LatticeTables {
  NodeTable plain, shifted;
};

/// The shared lattices of a design: a pair that serves most trials, and one with shorter steps that reaches
/// further, made when a trial needs it.
class SharedLattices {
 public:
  /// @param model   priors and design, which must outlive this; its units are moved to the pilots
  /// @param pilots  trials whose posteriors the lattices must hold
  SharedLattices(PosteriorModel& model, const std::vector<Blocks>& pilots, const Vector& contrast,
                 const PosteriorQuestion& asked)
      : asked_(asked), heights_(pilots) {
    if (HyperPoint(model.hyper).free().empty()) {
      single_node(model, contrast);
      return;
    }
    centre_on(pilots, model);
    factory_ = std::make_unique<NodeFactory>(model, contrast);
    place_ = common_place(pilots, model);
    build(kSteps[0], 0.0);
  }

  [[nodiscard]] Index nodes() const {
    Index out = 0;
    for (const LatticeTables& pair : pairs_) out += pair.plain.size() + pair.shifted.size();
    return out;
  }

  /// Both lattices of a pair together, and ten times their difference.
  /// @return  whether they agree to the tolerance
  bool answer(const ScoreMoments& scores, const Vector& added, LatticeAnswer& out, double& error) {
    if (answer_by(pairs_[0], scores, added, out, error)) return true;
    if (pairs_.size() == 1 && !finer_fails_) build_finer();
    return pairs_.size() > 1 && answer_by(pairs_[1], scores, added, out, error);
  }

 private:
  /// Steps relative to that for one posterior: some trials' are narrower than the mean.
  static constexpr double kSteps[] = {0.7, 0.45};

  bool answer_by(LatticeTables& pair, const ScoreMoments& scores, const Vector& added, LatticeAnswer& out,
                 double& error) const {
    const LatticeAnswer a = pair.plain.answer(scores, added, asked_.added_se);
    const LatticeAnswer b = pair.shifted.answer(scores, added, asked_.added_se);
    const double share = 1.0 / (1.0 + std::exp(b.log_total - a.log_total));
    out.mean = share * a.mean + (1.0 - share) * b.mean;
    out.variance = share * a.variance + (1.0 - share) * b.variance;
    out.above = share * a.above + (1.0 - share) * b.above;
    error = 1e-9 + 10.0 * (a.above - b.above).cwiseAbs().maxCoeff();
    // Posteriors that lie outside both lattices would agree about what little is inside; their totals do not,
    // since the shifted lattice ends sooner.
    return error <= asked_.tolerance && std::abs(a.log_total - b.log_total) <= 3.0 * asked_.tolerance;
  }

  void build_finer() {
    try {
      build(kSteps[1], 3.0);
    } catch (const NumericalError&) {  // too many nodes: such trials have lattices of their own
      finer_fails_ = true;
    }
  }

  void single_node(const PosteriorModel& model, const Vector& contrast) {
    factory_ = std::make_unique<NodeFactory>(model, contrast);
    const LatticeNodeTerms node = factory_->at(Vector(0));
    if (!(node.constant > kNegInf)) throw NumericalError("the fixed variances give no covariance");
    NodeTable table(factory_->offset(), 0.0);
    table.add(node, 0, 0.0);
    table.close();
    pairs_.push_back({table, table});
  }

  static PosteriorPlace place_of(const Blocks& pilot, const PosteriorModel& model, Vector& values) {
    PosteriorModel own = model;
    own.blocks = &pilot;
    PosteriorDensity density(own);
    const PosteriorPlace out = place_posterior(density);
    density(out.mode);
    values = density.values();
    return out;
  }

  /// Units of the standard deviations: geometric means of the pilots' modes.
  static void centre_on(const std::vector<Blocks>& pilots, PosteriorModel& model) {
    Vector logs = Vector::Zero(static_cast<Index>(model.hyper.size())), values;
    for (const Blocks& pilot : pilots) {
      place_of(pilot, model, values);
      logs += values.cwiseMax(1e-300).array().log().matrix();
    }
    for (std::size_t k = 0; k < model.hyper.size(); ++k) {
      Hyperparameter& h = model.hyper[k];
      if (h.kind == HyperKind::kSd && !h.fixed())
        h.unit = std::exp(logs[static_cast<Index>(k)] / static_cast<double>(pilots.size()));
    }
  }

  /// Mean of the modes, and the mean curvature there.
  PosteriorPlace common_place(const std::vector<Blocks>& pilots, const PosteriorModel& model) {
    const Index d = factory_->dimension();
    PosteriorPlace out{Vector::Zero(d), Matrix::Zero(d, d)};
    Vector values;
    for (std::size_t i = 0; i < pilots.size(); ++i) {
      const PosteriorPlace place = place_of(pilots[i], model, values);
      heights_.set_top(static_cast<Index>(i), factory_->at(place.mode), factory_->offset());
      out.mode += place.mode / static_cast<double>(pilots.size());
      out.covariance += place.covariance.inverse() / static_cast<double>(pilots.size());
    }
    out.covariance = out.covariance.inverse().eval();
    return out;
  }

  /// Step and depth as for one posterior (exact_posterior.hpp), but for what is asked here.
  void build(double narrower, double deeper) {
    constexpr double kTwoPiSquared = 19.739208802178716;
    const double step = narrower * std::sqrt(kTwoPiSquared / std::log(20.0 / asked_.tolerance));
    const double depth =
        std::log(1.0 / asked_.tolerance) + 4.0 + deeper + 0.5 * static_cast<double>(factory_->dimension());
    NodeTable plain = table_of(lattice_frame(place_, 0, step, 0.0), depth);
    NodeTable shifted = table_of(lattice_frame(place_, 0, step, 0.5), depth - kShell);
    pairs_.push_back({std::move(plain), std::move(shifted)});
  }

  [[nodiscard]] NodeTable table_of(const LatticeFrame& frame, double depth) {
    NodeTable out(factory_->offset(), depth);
    const Index d = factory_->dimension();
    Vector z(d);
    const double reach = std::max(1.0, heights_(factory_->at(frame.origin), factory_->offset()) + depth);
    flood(d, reach, asked_.most_nodes, [&](const LatticeNode& node) {
      LatticeNode half{};
      for (Index k = 0; k < d; ++k) {
        const int at = node[static_cast<std::size_t>(k)];
        z[k] = static_cast<double>(at);
        half[static_cast<std::size_t>(k)] = at >> 1;
      }
      const LatticeNodeTerms terms = factory_->at(frame.origin + frame.axes * z);
      const double height = heights_(terms, factory_->offset());
      if (height > kNegInf) out.add(terms, node_key(half, d), height);
      return height;
    });
    out.close();
    return out;
  }

  const PosteriorQuestion& asked_;
  PilotHeights heights_;
  std::unique_ptr<NodeFactory> factory_;
  PosteriorPlace place_;
  std::vector<LatticeTables> pairs_;
  bool finer_fails_ = false;
};

/// Moments and probabilities from some nodes of a posterior's mixture.
inline LatticeAnswer mixture_answer(const ExactPosterior& from, Index first, Index count,
                                    const Vector& contrast, const Vector& added,
                                    const PosteriorQuestion& asked) {
  LatticeAnswer out;
  const Index p = contrast.size();
  const double at_truth = contrast.dot(asked.truth);
  const Vector weight = from.weight.segment(first, count) / from.weight.segment(first, count).sum();
  Vector mean(count), variance(count);
  out.above = Vector::Zero(added.size());
  for (Index k = 0; k < count; ++k) {
    mean[k] = contrast.dot(from.mean.col(first + k)) - at_truth;
    variance[k] = contrast.dot(unpacked(from.covariance.col(first + k), p) * contrast);
    const double sd = std::sqrt(variance[k] + asked.added_se * asked.added_se);
    for (Index e = 0; e < added.size(); ++e) out.above[e] += weight[k] * part_cdf(mean[k] + added[e], sd);
  }
  out.mean = weight.dot(mean);
  out.variance = weight.dot(variance + (mean.array() - out.mean).square().matrix());
  return out;
}

/// One trial on a lattice of its own.
inline LatticeAnswer own_answer(PosteriorModel model, const Blocks& blocks, const Vector& contrast,
                                const Vector& added, const PosteriorQuestion& asked, double& error) {
  model.blocks = &blocks;
  PosteriorControl control;
  control.tolerance = asked.tolerance;
  control.most_nodes = asked.most_nodes;
  const ExactPosterior found = exact_posterior(std::move(model), control);
  const Index all = found.weight.size();
  const LatticeAnswer a = mixture_answer(found, 0, found.plain, contrast, added, asked);
  const LatticeAnswer b = mixture_answer(found, found.plain, all - found.plain, contrast, added, asked);
  const double beyond = (found.weight.array() < found.edge).select(found.weight, 0.0).sum();
  error = 1e-9 + 10.0 * (a.above - b.above).cwiseAbs().maxCoeff() + 2.0 * beyond;
  return mixture_answer(found, 0, all, contrast, added, asked);
}

inline TrialPosteriors empty_posteriors(Index count, Index added) {
  TrialPosteriors out;
  out.above = Matrix::Constant(count, added, std::numeric_limits<double>::quiet_NaN());
  out.error = Vector::Constant(count, std::numeric_limits<double>::quiet_NaN());
  out.mean = out.sd = out.error;
  out.route.assign(static_cast<std::size_t>(count), static_cast<int>(PosteriorRoute::failed));
  return out;
}

inline void note_posterior(const LatticeAnswer& found, double error, PosteriorRoute route, Index row,
                           TrialPosteriors& out) {
  out.above.row(row) = found.above.transpose();
  out.error[row] = error;
  out.mean[row] = found.mean;
  out.sd[row] = std::sqrt(found.variance);
  out.route[static_cast<std::size_t>(row)] = static_cast<int>(route);
}

/// Streams of the pilots lie beyond those of any trial.
constexpr std::uint64_t kPilotStream = std::uint64_t{1} << 62U;
constexpr std::uint64_t kPilots = 48;

}  // namespace detail

/// Trials, each with the exact posterior of l'beta under `priors`.
/// @param in       rows; their scores only set the scale; independent residuals
/// @param gamma    true variance parameters, user's units
/// @param priors   user's units; one normal (or flat) for each coefficient
/// @param monitor  told after each trial
/// @throws         InvalidInput for designs and priors that the shared lattice does not take; NumericalError
///                 where its nodes are more than allowed
[[nodiscard]] inline TrialPosteriors simulate_posteriors(const DesignInput& in, const VectorIn& gamma,
                                                         const PosteriorPriors& priors, const TrialPlan& plan,
                                                         const PosteriorQuestion& asked, Monitor& monitor) {
  require(!in.residual.present(), "exact integration is for independent residuals of one variance");
  TrialSampler trials(in, gamma, plan.contrast);
  PosteriorModel model = detail::posterior_model(in, trials.frame(), trials.blocks(), priors);
  require(asked.truth.size() == model.frame.shift.size(), "truth must have an element per fixed effect");
  require(asked.moved.size() == 0 || asked.moved.size() == plan.count,
          "moved must have an element per trial");
  model.frame.shift = asked.truth;
  std::vector<Blocks> pilots;
  for (std::uint64_t i = 0; i < detail::kPilots; ++i)
    pilots.push_back(trials.draw(plan, detail::kPilotStream + i));
  detail::SharedLattices shared(model, pilots, trials.contrast(), asked);
  TrialPosteriors out = detail::empty_posteriors(plan.count, asked.added.size());
  for (Index i = 0; i < plan.count; ++i) {
    const Blocks& blocks = trials.draw(plan, plan.first + static_cast<std::uint64_t>(i));
    const Vector added = asked.added_in(i);
    LatticeAnswer found;
    double error = 0.0;
    try {
      const bool agreed = shared.answer(score_moments(blocks), added, found, error);
      if (!agreed) found = detail::own_answer(model, blocks, plan.contrast, added, asked, error);
      detail::note_posterior(found, error, agreed ? PosteriorRoute::shared : PosteriorRoute::own, i, out);
    } catch (const NumericalError&) {  // stays NaN, and so is counted
    }
    monitor.done(i + 1, plan.count);
  }
  out.nodes = shared.nodes();
  return out;
}

}  // namespace cordgain
