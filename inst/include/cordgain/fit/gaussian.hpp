// The fit of a Gaussian model: the constrained optimum of the restricted or the
// full likelihood over the cone of covariance matrices, and its certificate.
#pragma once

#include <cmath>
#include <cordgain/fit/bounds.hpp>
#include <cordgain/fit/saturated.hpp>
#include <cordgain/fit/singular_limit.hpp>
#include <cordgain/fit/starts.hpp>
#include <functional>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

namespace cordgain {

/// Where a fit ended and how sure it is of it.
struct GaussianFit {
  Covariance covariance;  ///< terms at the rank they ended with
  Vector theta;           ///< working parameters
  Vector gamma;           ///< variance parameters, absolute
  double deviance = 0.0;  ///< minus twice the log likelihood, in the blocks' coordinates
  Vector beta;
  double decrement = 0.0;         ///< predicted fall of the deviance from one more step
  double start_difference = 0.0;  ///< spread of the deviance over the starts that agree
  int steps = 0;
  int starts = 0;
  int agreeing = 0;  ///< starts that ended at the lowest deviance
  bool converged = false;
  std::vector<Index> rank;  ///< of each term
  std::vector<double>
      bound_score;         ///< per term: smallest score across its bound (>= 0 at an optimum); 0 if none
  Index unidentified = 0;  ///< variance parameters that the design cannot tell apart
  bool settled_on_rows = false;  ///< the rows were few and were needed
  bool residual_zero = false;    ///< the residual variance is at its bound; gamma holds a floor for it
};

/// Gives the rows of a fit where they are needed; empty where there are only pooled data.
struct RowSource {
  std::function<SmallRows()> rows;
  bool dominated = false;  ///< dominated(): more than one optimum must be feared
};

namespace detail {

/// Residual variance below this part of that of least squares is rounding, and
/// so is a deviance computed with it.
constexpr double kNoResidual = 1e-20;
/// The same where Newton's method had not settled: the residual was still
/// falling. A rule of thumb for giving up, no proof that there is no maximum.
constexpr double kVanishing = 1e-12;
/// A search that ends short of its tolerance, but nearer than this, is reported as not converged.
constexpr double kNearlyThere = 1e-4;
/// Rows up to which every question is settled on the rows themselves; the cost grows with their cube.
constexpr Index kFewRows = 50;
/// A residual variance of zero is held at this part of the mean variance, so that
/// covariance matrices stay regular; the deviance then rises by less than this times the score.
constexpr double kResidualFloor = 1e-9;

/// A start at given ranks, with effects in step (slant > 0) or against it.
inline Reparametrised lower_rank_start(const Covariance& covariance, const std::vector<Index>& rank,
                                       double slant) {
  const Vector start = covariance.start();
  Reparametrised out = with_ranks(covariance, covariance.gamma(start), start, rank);
  out.theta = slanted(out.theta, slant);
  return out;
}

/// Starts at one rank less in the first term that has a direction which the design cannot see.
inline void add_unseen_starts(const Covariance& covariance, const Matrix& unseen,
                              std::vector<Reparametrised>& starts) {
  std::vector<Index> rank = ranks(covariance, covariance.gamma(covariance.start()), -1.0);
  for (std::size_t i = 0; i < rank.size(); ++i) {
    const Index at = covariance.gamma_at(i), size = covariance.term(i).n_gamma();
    if (rank[i] > 0 && unseen.middleRows(at, size).cwiseAbs().maxCoeff() > 1e-8) {
      --rank[i];
      break;
    }
  }
  for (const double slant : {0.5, -0.5}) starts.push_back(lower_rank_start(covariance, rank, slant));
}

/// Starts with one random effect for each term of several: on that face of the cone there can be two optima.
inline void add_rank_one_starts(const Covariance& covariance, std::vector<Reparametrised>& starts) {
  const std::vector<Index> full = ranks(covariance, covariance.gamma(covariance.start()), -1.0);
  for (const std::size_t i : effect_terms(covariance)) {
    if (full[i] < 2) continue;
    std::vector<Index> rank = full;
    rank[i] = 1;
    for (const double slant : {0.25, -0.25}) starts.push_back(lower_rank_start(covariance, rank, slant));
  }
}

inline std::vector<Reparametrised> full_rank_starts(const Blocks& blocks, const Covariance& covariance) {
  std::vector<Reparametrised> out;
  for (const Vector& start : starting_points(blocks, covariance)) out.push_back({covariance, start});
  return out;
}

/// Where the searches begin. Where the design leaves a direction unseen, every covariance is also one of
/// lower rank, and the fit begins there too.
inline std::vector<Reparametrised> all_starts(const Blocks& blocks, const Covariance& covariance,
                                              const Matrix& unseen) {
  std::vector<Reparametrised> out = full_rank_starts(blocks, covariance);
  if (unseen.cols() > 0) add_unseen_starts(covariance, unseen, out);
  if (few_irregular(blocks, covariance)) add_rank_one_starts(covariance, out);
  return out;
}

/// No higher, not lost at infinity, and converged if the other was.
inline bool as_good(const Stage& stage, const Stage& than) {
  if (!(stage.result.point.size() == 0 ||
        stage.result.point.cwiseAbs().maxCoeff() < NewtonControl().max_size))
    return false;
  return stage.value() <= than.value() + agreement(than.value()) &&
         (stage.result.converged || !than.result.converged);
}

/// Moves along directions that the design cannot see until a term loses rank,
/// giving what can be seen to the residual: the fit with the least random effects.
inline void slide(const Blocks& blocks, const Criterion& criterion, const Matrix& unseen, Stage& stage) {
  for (Index u = 0; u < unseen.cols(); ++u) {
    const Vector gamma = stage.gamma();
    const Vector moved = slide_to_bound(stage.covariance, gamma, unseen.col(u), blocks.residual);
    const std::vector<Index> rank = ranks(stage.covariance, moved, 1e-9);
    const Reparametrised to = with_ranks(stage.covariance, moved, stage.result.point, rank);
    Stage slid = optimise(criterion, to.covariance, to.theta);
    if (as_good(slid, stage)) stage = std::move(slid);
  }
}

inline void record_agreement(const Agreement& agreement, GaussianFit& fit) {
  fit.agreeing = agreement.searches;
  fit.start_difference = agreement.spread;
}

/// The best end of the searches from all starts.
inline Stage best_end(const Criterion& criterion, const std::vector<Reparametrised>& starts,
                      GaussianFit& fit) {
  Stage best;
  std::vector<double> ends;
  for (const Reparametrised& start : starts) {
    Stage stage = optimise(criterion, start.covariance, start.theta);
    fit.steps += stage.result.steps;
    const bool first = fit.starts++ == 0;
    if (std::isfinite(stage.value())) ends.push_back(stage.value());
    if (first || (std::isfinite(stage.value()) && !(stage.value() >= best.value()))) best = std::move(stage);
  }
  record_agreement(agreement_of(ends, best.value()), fit);
  return best;
}

[[noreturn]] inline void refuse_unbounded() {
  throw NumericalError(
      "The likelihood has no maximum: fixed and random effects together fit every score exactly, so "
      "the residual variance tends to zero. Leave out random effects, or the time points that "
      "make each course a perfect line");
}

inline void require_bounded(const Blocks& blocks, const LikelihoodKind& kind) {
  if (kind.profiled && grows_without_bound(blocks)) refuse_unbounded();
}

/// What to do where there is too little to estimate all variances: only what this model has is named.
inline std::string fewer_parameters(const Covariance& covariance) {
  int groups = 0;
  bool many = false;
  for (std::size_t i = 0; i < covariance.size(); ++i) {
    const CovarianceTerm& term = covariance.term(i);
    if (!term.over_visits()) continue;
    ++groups;
    many = many || term.n_theta() > 2;
  }
  std::string out = "fewer fixed effects";
  if (!effect_terms(covariance).empty()) out += ", or fewer random effects (an intercept without a slope)";
  if (many) out += ", or a covariance over visits with fewer parameters";
  if (groups > 1) out += ", or one covariance for all groups";
  return out;
}

/// Beside scores a million times as far from the fixed effects too few digits of the others are left.
inline void require_one_unit(const VisitScales& scale) {
  constexpr double kTooFar = 1e6;
  const double ratio = unit_ratio(scale);
  if (!(ratio > kTooFar)) return;
  std::ostringstream times;
  times << std::setprecision(2) << ratio;
  throw InvalidInput(
      "The scores of one visit or group lie " + times.str() +
      " times as far from the fixed effects as those of another, which are rounding beside "
      "them. Give all scores one unit, or take fewer fixed effects where they fit a visit exactly");
}

/// A parameter of a covariance over visits of which the scores say nothing is refused: standard errors would
/// rest on it. (Of random effects, what is not seen does not change V.)
inline void require_seen(const Blocks& blocks, const Criterion& criterion, const Covariance& covariance) {
  const Index many = without_influence(criterion, covariance, starting_points(blocks, covariance));
  if (many == 0) return;
  throw InvalidInput(
      "The scores say nothing of " + std::to_string(many) + " parameter" + (many > 1 ? "s" : "") +
      " of the covariance over visits: no two visits of one subject are left for a correlation, or the fixed "
      "effects fit all scores of a visit exactly. Take " +
      fewer_parameters(covariance));
}

/// Ends a search that led nowhere, saying no more than is known: here a maximum
/// may exist, for unbounded likelihoods have been refused before the search.
inline void require_found(bool found, const std::string& seen, int starts, const Covariance& covariance) {
  if (found) return;
  throw NumericalError("No maximum of the likelihood was found from " + std::to_string(starts) +
                       " starts: " + seen + ". Whether there is one is not settled. Try " +
                       fewer_parameters(covariance) + ": the likelihood may then have one that can be found");
}

/// Names the reason of a search that was still falling, or had nowhere left to go: a covariance over visits
/// that tends to a singular one.
inline void refuse_singular_visits(const Blocks& blocks, const Criterion& criterion, const Stage& stage) {
  const VisitScales scale = visit_scales(blocks, stage.covariance);
  if (stage.result.converged && !near_singular(stage.covariance, stage.gamma(), scale)) return;
  const SingularLimit limit = singular_limit(criterion, stage.covariance, stage.result.point, scale);
  if (!rises_to_the_end(limit)) return;
  std::ostringstream rise;
  rise << std::setprecision(3) << limit.rise;
  throw NumericalError(
      "The likelihood has no maximum that could be reached: it rises as long as the covariance over visits "
      "comes nearer to a singular one, which fits some combination of visits exactly (by at least " +
      rise.str() +
      " for each tenfold fall of the smallest eigenvalue, followed down to 1e-8 of the largest, visits in "
      "units of their own spread). Too few subjects, or a combination of visits that does not vary (all "
      "subjects gain the same): look at these scores, or take " +
      fewer_parameters(stage.covariance));
}

/// Whether fixed and random effects may together fit every score: as many columns as rows.
inline bool saturable(const Blocks& blocks) {
  Index columns = blocks.p;
  for (const BlockKind& kind : blocks.kinds) columns += kind.count * kind.z.cols();
  return columns >= blocks.n;
}

/// Whether a search on pooled data must be settled on the rows.
inline bool needs_rows(const Blocks& blocks, const LikelihoodKind& kind, const RowSource& source,
                       const Stage& stage) {
  if (!source.rows || !kind.profiled || blocks.residual < 0 || blocks.n > kFewRows) return false;
  if (source.dominated || saturable(blocks) || !stage.result.converged || stage.result.divergent) return true;
  return stage.gamma().cwiseAbs().maxCoeff() > 1e6;
}

/// A fit of few rows as the other fits hold theirs: relative to the residual.
inline Stage relative_stage(const SmallSearch& search, const Covariance& covariance, double residual) {
  std::vector<Index> rank;
  for (std::size_t i = 0; i + 1 < covariance.size(); ++i)
    rank.push_back(search.stage.covariance.factor(i)->rank());
  rank.push_back(-1);
  Vector gamma = search.stage.gamma() / residual;
  gamma.tail(1)[0] = 1.0;
  const Reparametrised to = with_ranks(covariance, gamma, covariance.start(), rank);
  Stage out{to.covariance, search.stage.result};
  out.result.point = to.theta;
  return out;
}

/// Settles a fit on its rows: refuses an unbounded likelihood, finds the lowest of many optima.
/// The restricted likelihood may see less than V shows: `unseen` becomes what it does not see.
inline void settle_on_rows(const SmallRows& rows, const Criterion& pooled, const Covariance& covariance,
                           bool restricted, Stage& stage, Matrix& unseen, GaussianFit& fit) {
  const SmallCriterion criterion(rows, restricted);
  unseen = unseen_directions(criterion.gram());
  fit.unidentified = unseen.cols();
  const Covariance full = absolute_covariance(covariance);
  std::vector<Vector> hints;
  if (std::isfinite(stage.value()) && !stage.result.divergent) {
    Vector gamma = stage.gamma();
    const Reparametrised from =
        with_ranks(full, gamma, full.start(), ranks(full, full.gamma(full.start()), -1.0));
    if (from.theta.allFinite()) hints.push_back(from.theta);
  }
  const SmallSearch search = search_small(criterion, full, hints);
  if (search.unbounded) refuse_unbounded();
  fit.settled_on_rows = true;
  fit.starts += search.starts;
  fit.steps += search.steps;
  if (!search.found) return;
  record_agreement(search.agreement, fit);
  Vector gamma = search.stage.gamma();
  const double floor = kResidualFloor * gamma.cwiseAbs().maxCoeff();
  fit.residual_zero = gamma.tail(1)[0] < floor;
  if (fit.residual_zero) {
    std::vector<BoundScore> scores;
    worst_bound(criterion, search.stage, kTryZero, scores);
    for (const auto& s : scores) fit.bound_score.push_back(s.score);
    gamma.tail(1)[0] = floor;
    fit.gamma = gamma;
  }
  stage = relative_stage(search, covariance, gamma.tail(1)[0]);
  if (fit.residual_zero) return;
  Stage polished = optimise(pooled, stage.covariance, stage.result.point);
  if (as_good(polished, stage)) stage = std::move(polished);
}

/// The scores across the bounds, the scale and the fixed effects of a search on pooled data.
inline void record_pooled(const PooledCriterion& criterion, const Stage& stage, const LikelihoodKind& kind,
                          GaussianFit& fit) {
  const Vector relative = stage.gamma();
  const Expansion e = criterion.at(relative, stage.covariance.roots(stage.result.point));
  std::vector<BoundScore> scores;
  worst_bound_by([&e] { return e.gradient; }, stage, kTryZero, scores);
  for (const auto& s : scores) fit.bound_score.push_back(s.score);
  const double least = stage.result.converged ? kNoResidual : kVanishing;
  require_found(std::isfinite(e.value) && (!kind.profiled || e.scale > least),
                "the residual variance fell below 1e-12 of that of least squares", fit.starts,
                stage.covariance);
  fit.gamma = relative * e.scale;
  fit.deviance = e.value;
  fit.beta = e.fixed.beta;
}

/// Writes what was found into the fit.
inline void record(const PooledCriterion& criterion, const Stage& stage, const LikelihoodKind& kind,
                   GaussianFit& fit) {
  fit.deviance = stage.value();
  if (!fit.residual_zero) record_pooled(criterion, stage, kind, fit);
  for (std::size_t i = 0; i < stage.covariance.size(); ++i) {
    const FactorTerm* factor = stage.covariance.factor(i);
    fit.rank.push_back(factor == nullptr ? -1 : factor->rank());
  }
  fit.theta = stage.result.point;
  fit.decrement = stage.result.decrement;
  fit.converged = stage.result.converged;
  fit.steps += stage.result.steps;
  fit.covariance = stage.covariance;
}

}  // namespace detail

/// Fits a Gaussian model to reduced data.
/// @param blocks      reduced data
/// @param covariance  terms at full rank, in the order of the blocks' parameters
/// @param kind        REML or ML; scale profiled or not
/// @param source      gives the rows where there are few and they must settle it; may be empty
/// @return            the constrained optimum and its certificate
/// @throws            NumericalError if the likelihood has no maximum
///                    (grows_without_bound(), search_small()), or if none was found
[[nodiscard]] inline GaussianFit fit_gaussian(const Blocks& blocks, const Covariance& covariance,
                                              const LikelihoodKind& kind, const RowSource& source = {}) {
  GaussianFit fit;
  detail::require_bounded(blocks, kind);
  const PooledCriterion criterion(blocks, kind);
  if (!kind.profiled) {
    detail::require_one_unit(visit_scales(blocks, covariance));
    detail::require_seen(blocks, criterion, covariance);
  }
  Matrix unseen = kind.profiled ? unseen_directions(blocks) : Matrix(blocks.n_gamma, 0);
  const bool beside_visits = !kind.profiled && !detail::effect_terms(covariance).empty();
  fit.unidentified = beside_visits ? unseen_parameters(blocks, covariance) : unseen.cols();
  detail::Stage stage = detail::best_end(criterion, detail::all_starts(blocks, covariance, unseen), fit);
  fit.steps -= stage.result.steps;
  if (detail::needs_rows(blocks, kind, source, stage))
    detail::settle_on_rows(source.rows(), criterion, covariance, kind.restricted, stage, unseen, fit);
  const bool feasible = std::isfinite(stage.value()) && !stage.result.divergent;
  detail::require_found(feasible || fit.residual_zero,
                        "the random effects grew beyond all bounds beside the residual", fit.starts,
                        covariance);
  if (!fit.residual_zero) {
    detail::slide(blocks, criterion, unseen, stage);
    detail::Stage settled = stage;
    detail::settle(criterion, unseen.cols() == 0, settled);
    if (detail::as_good(settled, stage)) stage = std::move(settled);
  }
  if (!kind.profiled) detail::refuse_singular_visits(blocks, criterion, stage);
  const bool arrived = stage.result.converged || stage.result.decrement < detail::kNearlyThere;
  detail::require_found(arrived, "the deviance was still falling where the search ended", fit.starts,
                        covariance);
  detail::record(criterion, stage, kind, fit);
  return fit;
}

}  // namespace cordgain
