// The sceptical analysis: the treatment moves the log odds by delta, logit p1 = logit p0 + delta, with a
// prior on delta centred on no effect and the natural rates p0 as uncertain as the evidence leaves them.
// Where patients move together shared_shift.hpp has the integrals; here are those for any rates.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cordgain/dist/poisson_binomial.hpp>
#include <cordgain/dist/prior.hpp>
#include <cordgain/excess/responders.hpp>
#include <cordgain/excess/shared_shift.hpp>
#include <cordgain/natural/patient_rates.hpp>
#include <vector>

namespace cordgain {

/// Panels of delta with the prior density at the nodes. Zero is an edge, since benefit begins there.
/// @throws InvalidInput unless every component is normal
inline PanelGrid effect_grid(const Prior& effect, Index order, Index patients) {
  require(!effect.components().empty(), "the treatment effect needs a prior");
  double low = 0.0;
  double high = 0.0;
  double narrow = 4.0 / std::sqrt(std::max(16.0, static_cast<double>(patients)));
  for (const PriorComponent& p : effect.components()) {
    require(p.kind == PriorKind::kNormal,
            "the prior of the treatment effect must be normal or a mixture of normals");
    low = std::min(low, p.a - 8.5 * p.b);
    high = std::max(high, p.a + 8.5 * p.b);
    narrow = std::min(narrow, p.b);
  }
  // Before the conversion to whole numbers, which a quotient of 1e10 would overflow.
  require((high - low) / narrow <= 20000.0,
          "the prior of the treatment effect is too wide for its narrowest part");
  const int below = static_cast<int>(std::ceil(-low / narrow));
  const int above = static_cast<int>(std::ceil(high / narrow));
  PanelGrid grid;
  grid.order = order;
  grid.edges.resize(below + above + 1);
  for (int i = -below; i <= above; ++i) grid.edges(i + below) = narrow * static_cast<double>(i);
  grid.density =
      panel_nodes(grid).unaryExpr([&](double delta) { return std::exp(effect.log_density(delta)); });
  return grid;
}

/// Posterior of the effect for every possible outcome.
/// @param rates   natural log odds of n patients
/// @param effect  prior of delta (normal or mixture of normals)
/// @throws        InvalidInput for another prior
inline EffectTable effect_table(const PatientRates& rates, const Prior& effect) {
  const Vector null = natural_responders(rates);
  const Index n = rates.patients();
  Vector offset;
  if (detail::has_common_shift(rates, offset)) {
    // Where the effect is known so sharply that panels of its width would cover theta by thousands, the plain
    // sum over both does better.
    const bool sharp = detail::EffectPrior(effect, 1.0).narrowest() < detail::kSharpEffect;
    if (rates.known() || !sharp) return detail::shared_table(rates, offset, effect, null);
  }
  const PanelGrid grid = effect_grid(effect, rates.grid.order, n);
  const Vector delta = panel_nodes(grid);
  const Vector weight = panel_masses(grid);
  const Vector mass = rates.mass();
  Matrix sums = Matrix::Zero(n + 1, 4);  // columns: 1, [delta > 0], delta, delta^2
  for (Index d = 0; d < delta.size(); ++d) {
    Vector pmf = Vector::Zero(n + 1);
    for (Index i = 0; i < rates.nodes(); ++i) {
      pmf += mass(i) * poisson_binomial_pmf(rates.logit.row(i).transpose(), rates.size, delta(d));
    }
    pmf(0) += rates.grid.mass_below;
    pmf(n) += rates.grid.mass_above;
    pmf *= weight(d);
    sums.col(0) += pmf;
    if (delta(d) > 0.0) sums.col(1) += pmf;
    sums.col(2) += delta(d) * pmf;
    sums.col(3) += delta(d) * delta(d) * pmf;
  }
  EffectTable table{null, sums.col(0), sums.col(1), sums.col(2), sums.col(3)};
  table.benefit.array() /= table.alternative.array();
  table.mean.array() /= table.alternative.array();
  table.sd =
      (table.sd.array() / table.alternative.array() - table.mean.array().square()).max(0.0).sqrt().matrix();
  return table;
}

namespace detail {

/// Joint distribution of (treated responders, natural responders) of one patient after another, each
/// patient's Y0 <= Y1 where p0 <= p1 and Y0 >= Y1 elsewhere; row y is returned, not normalised.
inline Vector comonotone_row(const VectorIn& logit, const VectorIn& size, double delta, Index y) {
  const Index n = static_cast<Index>(std::lround(size.sum()));
  Matrix joint = Matrix::Zero(n + 1, n + 1);
  joint(0, 0) = 1.0;
  Index done = 0;
  for (Index j = 0; j < size.size(); ++j) {
    const double natural = logistic(logit(j));
    const double treated = logistic(logit(j) + delta);
    const double both = std::min(natural, treated);
    for (Index i = 0; i < static_cast<Index>(size(j)); ++i, ++done) {
      for (Index a = done; a >= 0; --a) {
        for (Index b = done; b >= 0; --b) {
          const double here = joint(a, b);
          joint(a, b) = here * (1.0 - std::max(natural, treated));
          joint(a + 1, b + 1) += here * both;
          joint(a + 1, b) += here * (treated - both);
          joint(a, b + 1) += here * (natural - both);
        }
      }
    }
  }
  return joint.row(y).transpose();
}

}  // namespace detail

/// Posterior of delta and of the natural responders after y responders of n.
/// @throws InvalidInput unless 0 <= y <= n; NumericalError where y has no probability at all
inline EffectPosterior effect_posterior(const PatientRates& rates, const Prior& effect, Index y) {
  require_rates(rates);
  const Index n = rates.patients();
  require(n >= 1 && n <= kMostPatients, "an arm has 1 to 1000 patients");
  require(y >= 0 && y <= n, "the observed responders must lie between 0 and n");
  Vector offset;
  if (rates.size.size() == 1 && detail::has_common_shift(rates, offset))
    return detail::shared_posterior(rates, offset, effect, y);
  EffectPosterior posterior;
  posterior.delta = effect_grid(effect, rates.grid.order, n);
  const Vector delta = panel_nodes(posterior.delta);
  const Vector weight = panel_masses(posterior.delta);
  const Vector mass = rates.mass();
  posterior.natural = Vector::Zero(n + 1);
  posterior.natural_comonotone = Vector::Zero(n + 1);
  Vector likelihood = Vector::Zero(delta.size());
  for (Index i = 0; i < rates.nodes(); ++i) {
    const Vector logit = rates.logit.row(i).transpose();
    double joint = 0.0;
    for (Index d = 0; d < delta.size(); ++d) {
      const Vector row = detail::comonotone_row(logit, rates.size, delta(d), y);
      const double here = mass(i) * row.sum();
      likelihood(d) += here;
      joint += here * weight(d);
      posterior.natural_comonotone += mass(i) * weight(d) * row;
    }
    posterior.natural += joint * poisson_binomial_pmf(logit, rates.size);
  }
  // A lump at a rate of 0 (or 1) explains no responders (or all), with or without treatment.
  const double lump = y == 0 ? rates.grid.mass_below : (y == n ? rates.grid.mass_above : 0.0);
  posterior.natural(y) += lump;
  posterior.natural_comonotone(y) += lump;
  likelihood.array() += lump;
  const double total = posterior.natural.sum();
  // A count that cannot happen at these rates, to the last bit: log odds beyond about 700.
  if (!(total > 0.0))
    throw NumericalError("the observed responders have no probability under these natural rates");
  posterior.natural /= total;
  posterior.natural_comonotone /= posterior.natural_comonotone.sum();
  posterior.delta.density = (posterior.delta.density.array() * likelihood.array() / total).matrix();
  return posterior;
}

}  // namespace cordgain
