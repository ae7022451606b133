// What a family of scores is to the engine: the log density of one row and its derivatives in the linear
// predictor and in the family's own parameters.
#pragma once

#include <cordgain/base/types.hpp>
#include <vector>

namespace cordgain {

namespace detail {

/// log sqrt(2 pi)
constexpr double kLogRoot2Pi = 0.91893853320467274178;

}  // namespace detail

/// log f(y | eta) with its first two derivatives in eta.
struct PointTerms {
  double value = 0.0, slope = 0.0, curvature = 0.0;
};

/// Derivatives of log f(y | eta, extra) in the family's own parameters.
struct ExtraTerms {
  Vector slope;      ///< d / d extra
  Vector cross;      ///< d2 / d extra d eta
  Matrix curvature;  ///< d2 / d extra d extra'
};

/// The same terms at many values of eta of one row.
struct RowTerms {
  double* value;
  double* slope;
  double* curvature;
};

/// A family holds its scores and knows them by row.
class Family {
 public:
  Family() = default;
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;
  virtual ~Family() = default;

  [[nodiscard]] virtual Index rows() const = 0;
  /// The terms of a row at each of eta.
  virtual void terms(Index row, const VectorIn& eta, const Vector& extra, const RowTerms& out) const = 0;

  /// Adds the numbers that make up the score of a row, and says whether they are all of it: rows with the
  /// same numbers then have the same terms.
  virtual bool add_score(Index, std::vector<double>&) const { return false; }

  /// Where the search for the family's own parameters begins; as long as there are such parameters.
  [[nodiscard]] virtual Vector start() const { return Vector(); }
  [[nodiscard]] virtual bool feasible(const Vector&) const { return true; }
  /// Fills `out`, which has the right sizes and is zero.
  virtual void extra_terms(Index, double, const Vector&, ExtraTerms&) const {}
  /// The unit of the linear predictor: 1 for a link, the spread of the scores where eta is a score.
  [[nodiscard]] virtual double unit() const { return 1.0; }
  /// Where eta is a score: one for each row, in that unit, about which the fixed effects begin; else empty.
  [[nodiscard]] virtual Vector location() const { return Vector(); }
  /// Own parameters that give the same likelihood, or its limit where they have come to within rounding of
  /// it.
  [[nodiscard]] virtual Vector canonical(const Vector& extra) const { return extra; }
  /// The family's parameters as a person reads them, and their derivatives in `extra`.
  [[nodiscard]] virtual Vector reported(const Vector& extra) const { return extra; }
  [[nodiscard]] virtual Matrix reported_slope(const Vector& extra) const {
    return Matrix::Identity(extra.size(), extra.size());
  }
  /// Whether what is reported are cuts on the scale of eta, so that the first column of X, the intercept, is
  /// told with them: each less the intercept, which has no coefficient of its own.
  [[nodiscard]] virtual bool cut_by_intercept() const { return false; }
};

/// A family that says what one row gives at one eta: `PointTerms at(row, eta, extra) const`.
template <class Own>
class PointwiseFamily : public Family {
 public:
  void terms(Index row, const VectorIn& eta, const Vector& extra, const RowTerms& out) const final {
    const Own& own = static_cast<const Own&>(*this);
    for (Index k = 0; k < eta.size(); ++k) {
      const PointTerms point = own.at(row, eta[k], extra);
      out.value[k] = point.value;
      out.slope[k] = point.slope;
      out.curvature[k] = point.curvature;
    }
  }
};

}  // namespace cordgain
