// The sceptical analysis where all patients share one natural coordinate theta: patient j stands at theta +
// offset(j) untreated and at theta + offset(j) + delta treated. Outcomes then depend on x = theta + delta
// alone, and every integral over (theta, delta) is one over x of the likelihood times a convolution of two
// densities,
//   P(k) = integral of P(k | x) h(x) dx,  h(x) = integral of p(theta) e(x - theta) dtheta.
// Panels of x resolve the likelihood, those of theta the natural distribution.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/poisson_binomial.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/natural/patient_rates.hpp>
#include <utility>
#include <vector>

namespace cordgain {

/// One row for each number of responders 0..n.
struct EffectTable {
  Vector null;         // P(k | delta = 0)
  Vector alternative;  // P(k | delta ~ prior)
  Vector benefit;      // P(delta > 0 | k)
  Vector mean;         // E(delta | k), log odds
  Vector sd;           // SD(delta | k), log odds
};

/// The posterior for one observed count, three ways of asking how many responders were natural.
struct EffectPosterior {
  PanelGrid delta;            // posterior density of delta, log odds
  Vector natural;             // P(sum Y0 = k | y), Y0 independent of Y1 given the rates
  Vector natural_comonotone;  // the same with each responder natural as far as the rates allow
};

namespace detail {

/// How far the prior of the effect is followed, in its standard deviations: to e^-72 of its top, which is
/// enough for outcomes of some probability, and for others to where it underflows.
constexpr double kEffectReach = 12.0;
constexpr double kEffectFarReach = 37.0;
constexpr double kImprobable = 1e-15;  // an outcome that needs the far reach
constexpr double kSharpEffect = 0.02;  // log odds: a standard deviation too small for panels of its width

/// The prior of the effect as a sum of normals.
class EffectPrior {
 public:
  /// @throws InvalidInput unless every component is normal, and none is far narrower than the whole
  EffectPrior(const Prior& effect, double reach) : parts_(effect.components()), reach_(reach) {
    require(!parts_.empty(), "the treatment effect needs a prior");
    for (const PriorComponent& p : parts_) {
      require(p.kind == PriorKind::kNormal,
              "the prior of the treatment effect must be normal or a mixture of normals");
      low_ = std::min(low_, p.a - reach * p.b);
      high_ = std::max(high_, p.a + reach * p.b);
      narrowest_ = std::min(narrowest_, p.b);
    }
    require((high_ - low_) / narrowest_ <= 20000.0,
            "the prior of the treatment effect is too wide for its narrowest part");
  }

  [[nodiscard]] double low() const noexcept { return low_; }
  [[nodiscard]] double high() const noexcept { return high_; }
  [[nodiscard]] double narrowest() const noexcept { return narrowest_; }

  [[nodiscard]] double density(double delta) const {
    double sum = 0.0;
    for (const PriorComponent& p : parts_) {
      const double z = (delta - p.a) / p.b;
      if (std::fabs(z) < reach_ + 1.0) sum += p.weight / (p.b * kRootTwoPi) * std::exp(-0.5 * z * z);
    }
    return sum;
  }

  /// The density at many places; what lies far beyond the reach underflows by itself.
  [[nodiscard]] Array density(const Array& delta) const {
    Array sum = Array::Zero(delta.size());
    for (const PriorComponent& p : parts_) {
      sum += p.weight / (p.b * kRootTwoPi) * (-0.5 * ((delta - p.a) / p.b).square()).exp();
    }
    return sum;
  }

  /// 1, P(delta > 0), E delta, E delta^2: what an outcome that says nothing of delta leaves.
  [[nodiscard]] Eigen::RowVector4d moments() const {
    Eigen::RowVector4d sum = Eigen::RowVector4d::Zero();
    for (const PriorComponent& p : parts_) {
      const double above = 0.5 * std::erfc(-p.a / (p.b * 1.41421356237309504880));
      sum += p.weight * Eigen::RowVector4d(1.0, above, p.a, p.a * p.a + p.b * p.b);
    }
    return sum;
  }

 private:
  static constexpr double kRootTwoPi = 2.50662827463100050241576528481;
  std::vector<PriorComponent> parts_;
  double reach_;
  double low_ = 1e300;
  double high_ = -1e300;
  double narrowest_ = 1e300;
};

/// True where all groups move with the shared coordinate; their distances from it in `offset`.
inline bool has_common_shift(const PatientRates& rates, Vector& offset) {
  const Vector node = rates.known() ? Vector::Zero(1) : panel_nodes(rates.grid);
  offset = rates.logit.row(0).transpose().array() - node(0);
  if (!offset.allFinite()) return false;
  const Matrix expected = node.replicate(1, offset.size()).rowwise() + offset.transpose();
  return (rates.logit - expected).cwiseAbs().maxCoeff() < 1e-11;  // log odds reach 60: sums round to 1e-14
}

/// The two integrals over theta and x = theta + delta.
class SharedShift {
 public:
  SharedShift(PatientRates rates, Vector offset, const Prior& effect, double reach)
      : rates_(std::move(rates)), offset_(std::move(offset)), effect_(effect, reach), grid_(rates_.grid) {
    const bool sharp = effect_.narrowest() < kSharpEffect;  // then only the posterior is asked for
    if (!rates_.known() && !sharp) grid_ = refine_grid(grid_, kResolved * effect_.narrowest());
    theta_ = rates_.known() ? Vector::Zero(1) : panel_nodes(grid_);
    mass_ = rates_.known() ? Vector::Ones(1) : panel_masses(grid_);
    mass_ = (mass_.array() > kNoMass).select(mass_, 0.0);
    while (first_ < mass_.size() && mass_(first_) == 0.0) ++first_;
    last_ = mass_.size() - 1;
    while (last_ > first_ && mass_(last_) == 0.0) --last_;
  }

  [[nodiscard]] EffectTable table(const Vector& null) const {
    const Index n = rates_.patients();
    const PanelGrid line = sum_panels();
    const Vector x = panel_nodes(line);
    const Vector weight = panel_masses(line);
    Matrix sums = Matrix::Zero(n + 1, 4);
    for (Index i = 0; i < x.size(); ++i) {
      const Eigen::RowVector4d h = weight(i) * moments_at(x(i));
      if (h(0) > 0.0) sums += poisson_binomial_pmf(offset_, rates_.size, x(i)) * h;
    }
    sums.row(0) += rates_.grid.mass_below * effect_.moments();
    sums.row(n) += rates_.grid.mass_above * effect_.moments();
    const Array total = sums.col(0).array();
    const Array mean = sums.col(2).array() / total;
    const Array sd = (sums.col(3).array() / total - mean.square()).max(0.0).sqrt();
    return {null, sums.col(0), (sums.col(1).array() / total).matrix(), mean.matrix(), sd.matrix()};
  }

  /// For one group of patients. `probability` becomes that of y.
  /// @throws NumericalError where y has no probability at all
  [[nodiscard]] EffectPosterior posterior(Index y, double& probability) const {
    const Index n = rates_.patients();
    const BinomialLikelihood likelihood(n, y);
    const PanelGrid line = effect_panels();
    const Vector delta = panel_nodes(line);
    Vector prior = panel_masses(line);
    for (Index i = 0; i < delta.size(); ++i) prior(i) *= effect_.density(delta(i));
    const double lump = y == 0 ? rates_.grid.mass_below : (y == n ? rates_.grid.mass_above : 0.0);
    EffectPosterior answer;
    answer.natural = Vector::Zero(n + 1);
    answer.natural_comonotone = Vector::Zero(n + 1);
    const Eigen::RowVector3d joint = add_pairs(delta, prior, likelihood, y, answer);
    Eigen::RowVector4d whole = lump * effect_.moments();
    whole(0) += joint(0);
    whole(2) += joint(1);
    whole(3) += joint(2);
    probability = whole(0);
    // A count that cannot happen at these rates, to the last bit.
    if (!(probability > 0.0))
      throw NumericalError("the observed responders have no probability under these natural rates");
    answer.natural(y) += lump;
    answer.natural_comonotone(y) += lump;
    answer.natural /= answer.natural.sum();
    answer.natural_comonotone /= answer.natural_comonotone.sum();
    const double mean = whole(2) / probability;
    const double sd = std::sqrt(std::max(0.0, whole(3) / probability - mean * mean));
    answer.delta = delta_grid(likelihood, lump, mean, std::max(sd, 1e-3 * effect_.narrowest()));
    return answer;
  }

 private:
  static constexpr double kResolved =
      3.0;  // standard deviations of a normal that 10 nodes integrate to 1e-10
  static constexpr double kNoMass = 1e-25;  // of a node: far below what the natural distribution knows

  /// Panels between these stops, none wider than what the likelihood and the prior of delta allow, with unit
  /// density.
  [[nodiscard]] PanelGrid panels_between(const std::vector<double>& stops) const {
    const double width = std::min(widest_panel(rates_.size.sum()), kResolved * effect_.narrowest());
    require((stops.back() - stops.front()) / width <= 20000.0,
            "the prior of the treatment effect is too wide for so many patients or for its narrowest part");
    std::vector<double> edges{stops.front()};
    for (std::size_t i = 1; i < stops.size(); ++i) {
      const double gap = stops[i] - stops[i - 1];
      const int pieces = std::max(1, static_cast<int>(std::ceil(gap / width)));
      for (int piece = 1; piece <= pieces; ++piece) edges.push_back(stops[i - 1] + gap * piece / pieces);
    }
    PanelGrid line;
    line.order = rates_.grid.order;
    line.edges = Eigen::Map<const Vector>(edges.data(), static_cast<Index>(edges.size()));
    line.density = Vector::Ones(line.panels() * line.order);
    return line;
  }

  /// Panels of delta; at 0 benefit begins and the coupling turns.
  [[nodiscard]] PanelGrid effect_panels() const {
    std::vector<double> stops{effect_.low(), effect_.high()};
    if (stops.front() < 0.0 && stops.back() > 0.0) stops.insert(stops.end() - 1, 0.0);
    return panels_between(stops);
  }

  /// Panels of x from one end of theta's mass, moved by the least effect, to the other, cut where theta's own
  /// are: there delta changes its sign.
  [[nodiscard]] PanelGrid sum_panels() const {
    std::vector<double> stops{theta_(first_) + effect_.low(), theta_(last_) + effect_.high()};
    const Vector cuts = rates_.known() ? Vector::Zero(1) : grid_.edges;
    for (Index p = 0; p < cuts.size(); ++p) {
      if (cuts(p) > stops.front() && cuts(p) < stops.back()) stops.insert(stops.end() - 1, cuts(p));
    }
    return panels_between(stops);
  }

  /// Densities of x with any delta and with delta > 0, and the first weighted by delta and delta^2. delta > 0
  /// are the whole panels of theta below x, and a part of the one that holds x.
  [[nodiscard]] Eigen::RowVector4d moments_at(double x) const {
    const Index panels = grid_.panels();
    const bool inside = panels > 0 && x > grid_.edges(0) && x < grid_.edges(panels);
    Index cut = inside ? find_panel(grid_, x) * grid_.order : 0;
    if (!inside && x > theta_(theta_.size() - 1)) cut = theta_.size();
    // Nodes from which an effect within reach leads to x.
    const double* const nodes = theta_.data();
    const double* const end = nodes + last_ + 1;
    const Index from = std::lower_bound(nodes + first_, end, x - effect_.high()) - nodes;
    const Index size = std::upper_bound(nodes + from, end, x - effect_.low()) - nodes - from;
    const Array delta = x - theta_.segment(from, size).array();
    const Array here = mass_.segment(from, size).array() * effect_.density(delta);
    const Array moment = here * delta;
    Eigen::RowVector4d h(here.sum(), here.head(std::clamp<Index>(cut - from, 0, size)).sum(), moment.sum(),
                         (moment * delta).sum());
    if (!inside) return h;
    const Index panel = cut / grid_.order;
    const PanelRule& rule = panel_rule(grid_.order);
    const double half = 0.5 * (x - grid_.edges(panel));
    for (Index k = 0; k < grid_.order; ++k) {
      const double theta = grid_.edges(panel) + half * (1.0 + rule.node(k));
      h(1) += half * rule.weight(k) * interpolate_panel(grid_, panel, theta) * effect_.density(x - theta);
    }
    return h;
  }

  /// All pairs of theta and delta. To `answer` are added the natural responders, independent of what was
  /// observed given theta, and the comonotone ones: each responder natural as far as the rates allow, so for
  /// delta > 0 Bin(y, p0 / p1), else y + Bin(n - y, (p0 - p1) / (1 - p1)). With q0 = 1 - p0, 1 - p0 / p1 = q0
  /// (1 - e^-delta): nothing cancels.
  /// @return sums of the probability together with y, and this times delta and delta^2
  Eigen::RowVector3d add_pairs(const Vector& delta, const Vector& prior, const BinomialLikelihood& likelihood,
                               Index y, EffectPosterior& answer) const {
    const Index n = rates_.patients();
    const Array turned = delta.unaryExpr([](double d) { return std::log(-std::expm1(-std::fabs(d))); });
    // Pairs left out add up to less than 1e-13 of the whole: from the heaviest node on, so that much of it is
    // known when light ones come.
    const double part = 1e-13 / (static_cast<double>(theta_.size()) * static_cast<double>(delta.size()));
    Eigen::RowVector3d total = Eigen::RowVector3d::Zero();
    Index heaviest = 0;
    mass_.maxCoeff(&heaviest);
    for (Index step = 0; step < theta_.size(); ++step) {
      const Index j = (heaviest + step) % theta_.size();
      if (mass_(j) == 0.0) continue;
      const double untreated = theta_(j) + offset_(0);
      const double above = softplus(untreated);
      const double below = softplus(-untreated);
      Eigen::RowVector3d joint = Eigen::RowVector3d::Zero();
      for (Index i = 0; i < delta.size(); ++i) {
        const double most = mass_(j) * prior(i);
        if (most <= part * total(0)) continue;
        const double treated = untreated + delta(i);
        const double unresponsive = softplus(treated);  // -log(1 - p1), and -log p1 is this less `treated`
        const double here = most * likelihood.at(treated, unresponsive);
        joint += here * Eigen::RowVector3d(1.0, delta(i), delta(i) * delta(i));
        if (here <= part * total(0)) continue;
        if (delta(i) > 0.0) {
          add_binomial(answer.natural_comonotone, 0, y, softplus(-treated) - below, turned(i) - above, here);
        } else {
          add_binomial(answer.natural_comonotone, y, n - y, turned(i) - below, unresponsive - above, here);
        }
      }
      if (joint(0) > 0.0) answer.natural += joint(0) * binomial_pmf(n, untreated);
      total += joint;
    }
    return total;
  }

  /// Posterior density of delta on adaptive panels, from its mean outwards to e^-45 of its top.
  [[nodiscard]] PanelGrid delta_grid(const BinomialLikelihood& likelihood, double lump, double mean,
                                     double sd) const {
    const auto f = [&](double delta) {
      const double prior = effect_.density(delta);
      if (prior == 0.0) return 0.0;
      double sum = lump;
      for (Index j = 0; j < theta_.size(); ++j) {
        if (mass_(j) > 0.0) sum += mass_(j) * likelihood(theta_(j) + offset_(0) + delta);
      }
      return prior * sum;
    };
    constexpr double kEnd = 2.9e-20;
    double top = f(mean);
    double low = mean;
    double high = mean;
    while (low > effect_.low()) {
      low = std::max(effect_.low(), low - sd);
      const double value = f(low);
      top = std::max(top, value);
      if (value < kEnd * top) break;
    }
    while (high < effect_.high()) {
      high = std::min(effect_.high(), high + sd);
      const double value = f(high);
      top = std::max(top, value);
      if (value < kEnd * top) break;
    }
    std::vector<double> edges = outward_edges(mean, sd, low, high);
    if (low < 0.0 && high > 0.0) edges.insert(std::upper_bound(edges.begin(), edges.end(), 0.0), 0.0);
    const auto density = [&](const Vector& at) {
      return Vector(at.unaryExpr([&](double delta) { return f(delta) / top; }));
    };
    const bool fine = rates_.grid.order == 15;
    PanelGrid grid = adaptive_panels(density, edges, sd, {rates_.grid.order, fine ? 1e-11 : 1e-9, 20});
    grid.density /= panel_masses(grid).sum();
    return grid;
  }

  PatientRates rates_;
  Vector offset_;
  EffectPrior effect_;
  PanelGrid grid_;  // of theta, fine enough for the prior of delta too
  Vector theta_;
  Vector mass_;      // 0 where there is less than kNoMass
  Index first_ = 0;  // of the nodes with mass
  Index last_ = 0;
};

/// The table where all groups share one shift.
inline EffectTable shared_table(const PatientRates& rates, const Vector& offset, const Prior& effect,
                                const Vector& null) {
  const EffectTable table = SharedShift(rates, offset, effect, kEffectReach).table(null);
  if (table.alternative.minCoeff() >= kImprobable) return table;
  return SharedShift(rates, offset, effect, kEffectFarReach).table(null);
}

/// The posterior for one group.
inline EffectPosterior shared_posterior(const PatientRates& rates, const Vector& offset, const Prior& effect,
                                        Index y) {
  double probability = 0.0;
  try {
    const EffectPosterior near = SharedShift(rates, offset, effect, kEffectReach).posterior(y, probability);
    if (probability >= kImprobable) return near;
  } catch (const NumericalError&) {
    // The outcome may need the far reach.
  }
  return SharedShift(rates, offset, effect, kEffectFarReach).posterior(y, probability);
}

}  // namespace detail

}  // namespace cordgain
