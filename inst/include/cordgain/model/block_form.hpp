// How a set of dependent rows is to be treated: as one dense block, as units
// nested in an outer one (patients in a site), or as crossed factors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/error.hpp>
#include <cordgain/model/components.hpp>
#include <cordgain/model/frame.hpp>
#include <cordgain/model/sub_design.hpp>
#include <limits>
#include <string>
#include <vector>

namespace cordgain {

/// Blocks of rank up to this are dense: pooled when equal, and as quick alone.
constexpr Index kDenseRank = 16;
/// The most memory that the matrices of one block may take, in bytes.
constexpr double kMostBytes = 4294967296.0;

struct BlockForm {
  enum class Kind { dense, nested, crossed };
  Kind kind = Kind::dense;
  std::vector<Index> outer;  ///< nested: terms with one level here; crossed: terms to be kept
  std::vector<Index> inner;  ///< the other terms
  Index leaf = -1;           ///< crossed: term whose levels are eliminated, each alone
};

namespace detail {

/// Whether each level of term `fine` lies in one level of term `coarse`.
inline bool lies_in(const RandomTerm& fine, const RandomTerm& coarse) {
  std::vector<int> mark(static_cast<std::size_t>(fine.n_levels), -1);
  for (Index i = 0; i < fine.level.size(); ++i) {
    int& at = mark[static_cast<std::size_t>(fine.level[i])];
    if (at >= 0 && at != coarse.level[i]) return false;
    at = coarse.level[i];
  }
  return true;
}

inline Index columns_of(const DesignInput& in, const std::vector<Index>& terms) {
  Index out = 0;
  for (const Index t : terms) {
    const RandomTerm& term = in.random[static_cast<std::size_t>(t)];
    out += term.n_levels * term.z.cols();
  }
  return out;
}

/// Work of eliminating the levels of the leaf with all that lies in them, then the rest at once.
inline double elimination_cost(const DesignInput& in, const BlockForm& form) {
  const RandomTerm& leaf = in.random[static_cast<std::size_t>(form.leaf)];
  Vector rows = Vector::Zero(leaf.n_levels);
  for (Index i = 0; i < leaf.level.size(); ++i) rows[leaf.level[i]] += 1.0;
  const double columns = static_cast<double>(columns_of(in, form.inner)) / static_cast<double>(leaf.n_levels);
  const double kept = static_cast<double>(columns_of(in, form.outer));
  return rows.cwiseMin(columns).array().cube().sum() + kept * kept * kept;
}

/// The cheapest choice of the factor to be eliminated.
inline BlockForm crossed_form(const DesignInput& in) {
  BlockForm best;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t f = 0; f < in.random.size(); ++f) {
    BlockForm form;
    form.kind = BlockForm::Kind::crossed;
    form.leaf = static_cast<Index>(f);
    for (std::size_t t = 0; t < in.random.size(); ++t) {
      const bool inside = t == f || lies_in(in.random[t], in.random[f]);
      (inside ? form.inner : form.outer).push_back(static_cast<Index>(t));
    }
    const double cost = elimination_cost(in, form);
    if (form.outer.empty() || cost >= least) continue;
    best = form;
    least = cost;
  }
  return best;
}

/// Terms with one level, if the rest falls apart without them.
inline BlockForm nested_form(const DesignInput& in) {
  BlockForm out;
  std::vector<LevelsIn> factors;
  for (std::size_t t = 0; t < in.random.size(); ++t) {
    const bool alone = in.random[t].n_levels == 1;
    (alone ? out.outer : out.inner).push_back(static_cast<Index>(t));
    if (!alone) factors.push_back({in.random[t].level.data(), in.random[t].n_levels});
  }
  if (in.residual.present()) factors.push_back({in.residual.subject, in.residual.n_subjects});
  if (out.outer.empty() || factors.empty()) return out;
  if (connected_components(factors, in.y.size()).start.size() > 2) out.kind = BlockForm::Kind::nested;
  return out;
}

inline void require_memory(Index order, double copies, const std::string& what) {
  const double bytes = 8.0 * static_cast<double>(order) * static_cast<double>(order) * copies;
  if (bytes <= kMostBytes) return;
  constexpr double kGiB = 1073741824.0;
  throw NumericalError(
      "The random effects tie " + std::to_string(order) + " " + what + " together; the matrices would take " +
      std::to_string(static_cast<long long>(std::ceil(bytes / kGiB))) + " GiB of memory, and " +
      std::to_string(static_cast<long long>(kMostBytes / kGiB)) +
      " GiB are allowed. Make the crossed factor with fewer levels coarser, or leave it out");
}

}  // namespace detail

/// Rank of the random effects in one component of a design.
[[nodiscard]] inline Index block_rank(const DesignInput& in, const Index* rows, Index n, LevelMarks& marks) {
  if (in.residual.present()) return n;
  Index q = 0;
  std::vector<Index> met;
  for (std::size_t t = 0; t < in.random.size() && q < n; ++t) {
    met.clear();
    detail::recount(in.random[t].level.data(), rows, n, marks[t], met);
    q += static_cast<Index>(met.size()) * in.random[t].z.cols();
  }
  return std::min(n, q);
}

/// Chooses the form of one component by its sizes.
/// @param in  the component alone, every level in use
/// @throws    NumericalError if what would have to be stored is beyond memory
[[nodiscard]] inline BlockForm block_form(const DesignInput& in) {
  BlockForm form = detail::nested_form(in);
  if (form.kind == BlockForm::Kind::nested) return form;
  if (!in.residual.present()) {
    form = detail::crossed_form(in);
    if (form.leaf >= 0) {
      detail::require_memory(detail::columns_of(in, form.outer), 6.0, "levels of crossed factors");
      return form;
    }
  }
  const Index rows = in.y.size();
  std::vector<Index> all;
  for (std::size_t t = 0; t < in.random.size(); ++t) all.push_back(static_cast<Index>(t));
  const Index rank = in.residual.present() ? rows : std::min(rows, detail::columns_of(in, all));
  detail::require_memory(rank, 4.0 + static_cast<double>(in.random.size()), "rows");
  return {};
}

}  // namespace cordgain
