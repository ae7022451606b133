// The small trial of gaussian_fixture.hpp with the nodes of a lattice that data sets share, and the weight of
// one node by the formula alone.
#pragma once

#include <cordgain/fit/shared_lattice.hpp>

#include "posterior_fixture.hpp"

namespace fixture {

struct SharedNodes {
  Trial trial;
  cordgain::DesignInput in = trial.design(1);
  cordgain::Reduced reduced = reduce_rows(in);
  cordgain::PosteriorModel model =
      cordgain::detail::posterior_model(in, reduced.frame, reduced.blocks, intercept_priors());
  Vector contrast = Vector::Unit(2, 1);
};

inline Vector point(double a, double b) {
  Vector out(2);
  out << a, b;
  return out;
}

/// Log posterior of one node for one data set, up to a constant of the model.
/// @param offset  NodeFactory::offset()
inline double node_log_weight(const cordgain::LatticeNodeTerms& node, const Vector& offset,
                              const cordgain::ScoreMoments& scores) {
  if (!(node.constant > cordgain::detail::kNegInf)) return cordgain::detail::kNegInf;
  const Index p = scores.rows() - 1;
  const Vector sums = scores * node.kernel;
  const Vector h = sums.head(p) + offset;
  double quadratic = sums[p];
  for (Index j = 0, at = 0; j < p; ++j) {
    for (Index i = j; i < p; ++i, ++at) quadratic -= node.inverse[at] * h[i] * h[j];
  }
  return node.constant - 0.5 * quadratic;
}

}  // namespace fixture
