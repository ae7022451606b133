// Critical regions of tests of two proportions: which tables are at least as
// extreme as the one observed. Comparing tables is kept apart from the search
// for the worst common rate (nuisance_supremum.hpp).
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/base/types.hpp>
#include <cstdint>
#include <vector>

namespace cordgain {

/// y1 of n1 treated against y0 of n0 controls.
struct TwoByTwo {
  double y1 = 0.0;
  double n1 = 1.0;
  double y0 = 0.0;
  double n0 = 1.0;
};

/// What counts as extreme: a higher rate in the treated, a lower one, or either.
enum class Alternative { kGreater, kLess, kTwoSided };

/// Controls from `from` to `to`, both included.
struct Run {
  Index from = 0;
  Index to = 0;
};

/// For each number of treated events 0..n1 the runs of control events in the region.
struct CriticalRegion {
  Index n1 = 0;
  Index n0 = 0;
  std::vector<std::vector<Run>> rows;
};

/// Largest table space (n1 + 1)(n0 + 1) and number of patients that are searched: a few seconds.
constexpr double kMostTables = 1.6e7;
constexpr double kMostTestedPatients = 1e5;

/// @throws InvalidInput if the counts are no table, or beyond kMostTables or kMostTestedPatients.
inline void require_table(const TwoByTwo& table) {
  require_counts(table.y1, table.n1, "y1 and n1");
  require_counts(table.y0, table.n0, "y0 and n0");
  require((table.n1 + 1.0) * (table.n0 + 1.0) <= kMostTables && table.n1 + table.n0 <= kMostTestedPatients,
          "exact tests of two proportions are offered up to 100 000 patients and (n1 + 1)(n0 + 1) = 16 "
          "million tables");
}

namespace detail {

__extension__ typedef unsigned __int128 Wide;  // products of counts, exactly

/// The pooled z statistic as sign and exact square: z^2 = N d^2 / (n1 n0 m), with
/// d = x1 n0 - x0 n1 and m = s (N - s), s = x1 + x0, N = n1 + n0. z = 0 where m = 0.
struct PooledZ {
  int sign = 0;
  std::uint64_t distance = 0;
  std::uint64_t spread = 1;
};

inline PooledZ pooled_z(std::int64_t x1, std::int64_t n1, std::int64_t x0, std::int64_t n0) {
  const std::int64_t d = x1 * n0 - x0 * n1;
  const std::int64_t spread = (x1 + x0) * (n1 + n0 - x1 - x0);
  const int sign = d > 0 ? 1 : (d < 0 ? -1 : 0);
  return {sign, static_cast<std::uint64_t>(d < 0 ? -d : d),
          static_cast<std::uint64_t>(std::max<std::int64_t>(spread, 1))};
}

/// z(a)^2 compared with z(b)^2 in whole numbers: -1, 0, 1.
inline int compare_size(const PooledZ& a, const PooledZ& b) {
  const Wide left = static_cast<Wide>(a.distance) * a.distance * b.spread;
  const Wide right = static_cast<Wide>(b.distance) * b.distance * a.spread;
  return left < right ? -1 : (left > right ? 1 : 0);
}

/// z(a) >= z(b), |z(a)| >= |z(b)| two-sided. No rounding: ties are ties.
inline bool as_extreme(const PooledZ& a, const PooledZ& b, Alternative alternative) {
  if (alternative == Alternative::kTwoSided) return compare_size(a, b) >= 0;
  const int turn = alternative == Alternative::kGreater ? 1 : -1;
  const int sign_a = turn * a.sign, sign_b = turn * b.sign;
  if (sign_a != sign_b) return sign_a > sign_b;
  return sign_a * compare_size(a, b) >= 0;
}

/// Gathers the true cells of each row into runs.
template <class Inside>
CriticalRegion gather_region(Index n1, Index n0, const Inside& inside) {
  CriticalRegion region{n1, n0, std::vector<std::vector<Run>>(static_cast<std::size_t>(n1 + 1))};
  for (Index i = 0; i <= n1; ++i) {
    std::vector<Run>& row = region.rows[static_cast<std::size_t>(i)];
    for (Index j = 0; j <= n0; ++j) {
      if (!inside(i, j)) continue;
      if (!row.empty() && row.back().to == j - 1) {
        row.back().to = j;
      } else {
        row.push_back({j, j});
      }
    }
  }
  return region;
}

/// Values of the conditional test within this relative distance are one value: rounding
/// of the tail sums stays below it, and a tie taken too many only enlarges the p-value.
constexpr double kTie = 1e-9;

/// Fisher's p-value for every number of treated events possible with s events in all.
/// The hypergeometric masses go outwards from the mode by the ratio of neighbours.
class FisherMargin {
 public:
  FisherMargin(Index n1, Index n0, Index s)
      : first_(std::max<Index>(0, s - n0)), mass_(std::min(n1, s) - first_ + 1) {
    const auto ratio = [=](Index x) {  // mass at x + 1 over mass at x
      const double up = static_cast<double>(n1 - x) * static_cast<double>(s - x);
      return up / (static_cast<double>(x + 1) * static_cast<double>(n0 - s + x + 1));
    };
    const Index mode = static_cast<Index>((n1 + 1.0) * (s + 1.0) / (n1 + n0 + 2.0)) - first_;
    const Index start = std::min<Index>(std::max<Index>(mode, 0), mass_.size() - 1);
    mass_[start] = 1.0;
    for (Index i = start; i + 1 < mass_.size(); ++i) mass_[i + 1] = mass_[i] * ratio(first_ + i);
    for (Index i = start; i > 0; --i) mass_[i - 1] = mass_[i] / ratio(first_ + i - 1);
    mass_ /= mass_.sum();
  }

  [[nodiscard]] Index first() const noexcept { return first_; }

  /// p-values in order of treated events first(), first() + 1, ...
  [[nodiscard]] Vector p_values(Alternative alternative) const {
    if (alternative == Alternative::kTwoSided) return two_sided();
    Vector tail = mass_;
    const Index size = tail.size();
    if (alternative == Alternative::kGreater) {
      for (Index i = size - 2; i >= 0; --i) tail[i] += tail[i + 1];
    } else {
      for (Index i = 1; i < size; ++i) tail[i] += tail[i - 1];
    }
    return tail.cwiseMin(1.0);
  }

 private:
  /// Sum of the masses not above one's own; equal masses (to kTie) count together.
  [[nodiscard]] Vector two_sided() const {
    std::vector<double> sorted(mass_.data(), mass_.data() + mass_.size());
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> total(sorted.size() + 1, 0.0);
    for (std::size_t i = 0; i < sorted.size(); ++i) total[i + 1] = total[i] + sorted[i];
    Vector out(mass_.size());
    for (Index i = 0; i < out.size(); ++i) {
      const auto end = std::upper_bound(sorted.begin(), sorted.end(), mass_[i] * (1.0 + kTie));
      out[i] = std::min(1.0, total[static_cast<std::size_t>(end - sorted.begin())]);
    }
    return out;
  }

  Index first_;
  Vector mass_;
};

}  // namespace detail

/// Signed pooled z statistic, (y1/n1 - y0/n0) / sqrt(p (1 - p) (1/n1 + 1/n0)), 0 where p is 0 or 1.
inline double pooled_z_statistic(const TwoByTwo& t) {
  const double p = (t.y1 + t.y0) / (t.n1 + t.n0);
  const double variance = p * (1.0 - p) * (1.0 / t.n1 + 1.0 / t.n0);
  return variance > 0.0 ? (t.y1 / t.n1 - t.y0 / t.n0) / std::sqrt(variance) : 0.0;
}

/// Fisher's conditional p-value; two-sided: the tables not more probable than the observed.
/// @param table        counts
/// @param alternative  direction
/// @return             a finite sum
/// @throws             InvalidInput if the counts are no table, or the table is too large
/// Source: Fisher (1934), Statistical Methods for Research Workers, 5th edition, section 21.02.
inline double fisher_p_value(const TwoByTwo& table, Alternative alternative) {
  require_table(table);
  const Index n1 = static_cast<Index>(table.n1);
  const Index n0 = static_cast<Index>(table.n0);
  const detail::FisherMargin margin(n1, n0, static_cast<Index>(table.y1 + table.y0));
  return margin.p_values(alternative)[static_cast<Index>(table.y1) - margin.first()];
}

/// Tables whose pooled z statistic is at least as extreme as the observed one; compared exactly.
inline CriticalRegion barnard_region(const TwoByTwo& table, Alternative alternative) {
  require_table(table);
  const std::int64_t n1 = static_cast<std::int64_t>(table.n1);
  const std::int64_t n0 = static_cast<std::int64_t>(table.n0);
  const detail::PooledZ observed =
      detail::pooled_z(static_cast<std::int64_t>(table.y1), n1, static_cast<std::int64_t>(table.y0), n0);
  return detail::gather_region(n1, n0, [&](Index i, Index j) {
    return detail::as_extreme(detail::pooled_z(i, n1, j, n0), observed, alternative);
  });
}

/// Tables whose Fisher p-value is not above the observed one (to kTie).
inline CriticalRegion boschloo_region(const TwoByTwo& table, Alternative alternative) {
  const double cut = fisher_p_value(table, alternative) * (1.0 + detail::kTie);
  const Index n1 = static_cast<Index>(table.n1);
  const Index n0 = static_cast<Index>(table.n0);
  std::vector<char> inside(static_cast<std::size_t>((n1 + 1) * (n0 + 1)), 0);
  for (Index s = 0; s <= n1 + n0; ++s) {
    const detail::FisherMargin margin(n1, n0, s);
    const Vector p = margin.p_values(alternative);
    for (Index i = 0; i < p.size(); ++i) {
      const Index x1 = margin.first() + i;
      inside[static_cast<std::size_t>(x1 * (n0 + 1) + s - x1)] = p[i] <= cut ? 1 : 0;
    }
  }
  return detail::gather_region(
      n1, n0, [&](Index i, Index j) { return inside[static_cast<std::size_t>(i * (n0 + 1) + j)] != 0; });
}

}  // namespace cordgain
