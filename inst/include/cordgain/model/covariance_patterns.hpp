// Covariances over visits in the words of mmrm and SAS: a standard deviation
// (one, or one per visit) times a correlation pattern.
#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <cordgain/base/check.hpp>
#include <cordgain/model/covariance.hpp>
#include <memory>
#include <string>
#include <vector>

namespace cordgain {

/// A correlation with its derivatives by the one parameter that it depends on.
struct CorrelationJet {
  Index parameter = -1;  ///< -1: it depends on none
  double value = 0.0, first = 0.0, second = 0.0;
};

/// Correlation of visits i > j as a function of free parameters.
class CorrelationPattern {
 public:
  virtual ~CorrelationPattern() = default;
  [[nodiscard]] virtual Index n_parameters() const noexcept = 0;
  [[nodiscard]] virtual CorrelationJet at(Index i, Index j, const VectorIn& z) const = 0;
  /// Parameters at which neighbouring visits have about the correlation r, inside the cone; empty if none.
  [[nodiscard]] virtual Vector near(double r) const = 0;
};

namespace detail {

/// r = tanh z with derivatives.
inline CorrelationJet tanh_jet(Index parameter, double z) {
  const double r = std::tanh(z), slope = 1.0 - r * r;
  return {parameter, r, slope, -2.0 * r * slope};
}

}  // namespace detail

/// Where a search begins too, where rows are few.
constexpr double kFurtherCorrelations[] = {0.85, -0.5};

/// No correlation.
class IndependentPattern final : public CorrelationPattern {
 public:
  [[nodiscard]] Index n_parameters() const noexcept override { return 0; }
  [[nodiscard]] CorrelationJet at(Index, Index, const VectorIn&) const override { return {}; }
  [[nodiscard]] Vector near(double) const override { return Vector(); }
};

/// One correlation for all pairs of visits, above -1 / (visits - 1).
class CompoundPattern final : public CorrelationPattern {
 public:
  explicit CompoundPattern(Index visits) : visits_(visits) {}
  [[nodiscard]] Index n_parameters() const noexcept override { return 1; }
  [[nodiscard]] CorrelationJet at(Index, Index, const VectorIn& z) const override {
    return detail::tanh_jet(0, z[0]);
  }
  [[nodiscard]] Vector near(double r) const override {
    return Vector::Constant(1, std::atanh(r > 0.0 ? r : r / static_cast<double>(visits_)));
  }

 private:
  Index visits_;
};

/// One correlation for each number of visits apart.
class ToeplitzPattern final : public CorrelationPattern {
 public:
  explicit ToeplitzPattern(Index visits) : visits_(visits) {}
  [[nodiscard]] Index n_parameters() const noexcept override { return visits_ - 1; }
  [[nodiscard]] CorrelationJet at(Index i, Index j, const VectorIn& z) const override {
    return detail::tanh_jet(i - j - 1, z[i - j - 1]);
  }
  /// Powers of r, as of an autoregressive process.
  [[nodiscard]] Vector near(double r) const override {
    Vector out(n_parameters());
    for (Index k = 0; k < out.size(); ++k) out[k] = std::atanh(std::pow(r, static_cast<double>(k + 1)));
    return out;
  }

 private:
  Index visits_;
};

/// r to the power of the number of visits apart.
class AutoregressivePattern final : public CorrelationPattern {
 public:
  [[nodiscard]] Index n_parameters() const noexcept override { return 1; }
  [[nodiscard]] CorrelationJet at(Index i, Index j, const VectorIn& z) const override {
    const CorrelationJet r = detail::tanh_jet(0, z[0]);
    const int lag = static_cast<int>(i - j);
    const double inner = lag >= 2 ? lag * (lag - 1) * std::pow(r.value, lag - 2) : 0.0;
    const double outer = lag * std::pow(r.value, lag - 1);
    return {0, std::pow(r.value, lag), outer * r.first, inner * r.first * r.first + outer * r.second};
  }
  [[nodiscard]] Vector near(double r) const override { return Vector::Constant(1, std::atanh(r)); }
};

/// exp(-distance / range), z = log range.
class ExponentialPattern final : public CorrelationPattern {
 public:
  explicit ExponentialPattern(Vector times) : times_(std::move(times)) {}
  [[nodiscard]] Index n_parameters() const noexcept override { return 1; }
  [[nodiscard]] CorrelationJet at(Index i, Index j, const VectorIn& z) const override {
    const double u = std::abs(times_[i] - times_[j]) * std::exp(-z[0]), value = std::exp(-u);
    return {0, value, u * value, (u * u - u) * value};
  }
  /// At the mean time between visits; correlations are positive.
  [[nodiscard]] Vector near(double r) const override {
    if (r <= 0.0 || times_.size() < 2) return Vector();
    const double between = (times_.maxCoeff() - times_.minCoeff()) / static_cast<double>(times_.size() - 1);
    return Vector::Constant(1, std::log(-between / std::log(r)));
  }

 private:
  Vector times_;
};

/// Sigma(i, j) = exp(s_i + s_j) rho(i, j); theta = log standard deviations, then
/// the pattern's parameters.
class PatternedTerm final : public CovarianceTerm {
 public:
  PatternedTerm(Index visits, bool by_visit, std::shared_ptr<const CorrelationPattern> pattern, double start)
      : visits_(visits), n_sd_(by_visit ? visits : 1), pattern_(std::move(pattern)), start_(start) {}

  [[nodiscard]] Index n_theta() const noexcept override { return n_sd_ + pattern_->n_parameters(); }
  [[nodiscard]] Index n_gamma() const noexcept override { return packed_size(visits_); }

  [[nodiscard]] Vector gamma(const VectorIn& theta) const override {
    Vector out(n_gamma());
    each(theta, [&](Index at, const Element& e) { out[at] = e.value; });
    return out;
  }

  [[nodiscard]] Matrix jacobian(const VectorIn& theta) const override {
    Matrix out = Matrix::Zero(n_gamma(), n_theta());
    each(theta, [&](Index at, const Element& e) {
      out(at, e.sd_i) += e.value;
      out(at, e.sd_j) += e.value;
      if (e.z >= 0) out(at, e.z) += e.first;
    });
    return out;
  }

  [[nodiscard]] Matrix curvature(const VectorIn& theta, const VectorIn& weight) const override {
    Matrix out = Matrix::Zero(n_theta(), n_theta());
    each(theta, [&](Index at, const Element& e) {
      for (const Index a : {e.sd_i, e.sd_j}) {
        for (const Index b : {e.sd_i, e.sd_j}) out(a, b) += weight[at] * e.value;
        if (e.z < 0) continue;
        out(a, e.z) += weight[at] * e.first;
        out(e.z, a) += weight[at] * e.first;
      }
      if (e.z >= 0) out(e.z, e.z) += weight[at] * e.second;
    });
    return out;
  }

  [[nodiscard]] Vector start() const override {
    Vector out = Vector::Zero(n_theta());
    out.tail(pattern_->n_parameters()).setConstant(start_);
    return out;
  }

  [[nodiscard]] bool one_variance() const noexcept override { return n_sd_ < visits_; }

  [[nodiscard]] std::vector<Vector> further_starts() const override {
    std::vector<Vector> out;
    for (const double r : kFurtherCorrelations) {
      const Vector near = pattern_->near(r);
      if (near.size() == 0) continue;
      out.push_back(Vector::Zero(n_theta()));
      out.back().tail(near.size()) = near;
    }
    return out;
  }

  [[nodiscard]] Vector rescaled(const VectorIn& theta, const VectorIn& sd) const override {
    Vector out = theta;
    const double common = std::sqrt(sd.squaredNorm() / static_cast<double>(visits_));
    for (Index i = 0; i < n_sd_; ++i) out[i] += std::log(n_sd_ > 1 ? sd[i] : common);
    return out;
  }

 private:
  struct Element {
    double value, first, second;  ///< by the pattern's parameter
    Index sd_i, sd_j, z;
  };

  template <class Body>
  void each(const VectorIn& theta, Body&& body) const {
    Index at = 0;
    for (Index j = 0; j < visits_; ++j) {
      for (Index i = j; i < visits_; ++i, ++at) {
        const Index a = n_sd_ > 1 ? i : 0, b = n_sd_ > 1 ? j : 0;
        const double scale = std::exp(theta[a] + theta[b]);
        CorrelationJet r{-1, 1.0, 0.0, 0.0};
        if (i != j) r = pattern_->at(i, j, theta.tail(pattern_->n_parameters()));
        body(at, Element{scale * r.value, scale * r.first, scale * r.second, a, b,
                         r.parameter < 0 ? Index(-1) : n_sd_ + r.parameter});
      }
    }
  }

  Index visits_;
  Index n_sd_;
  std::shared_ptr<const CorrelationPattern> pattern_;
  double start_;
};

/// Any covariance matrix of the visits, by its Cholesky factor; it does not reach the bound of the cone.
class UnstructuredTerm final : public CovarianceTerm {
 public:
  explicit UnstructuredTerm(Index visits) : factor_(visits) {}
  [[nodiscard]] Index n_theta() const noexcept override { return factor_.n_theta(); }
  [[nodiscard]] Index n_gamma() const noexcept override { return factor_.n_gamma(); }
  [[nodiscard]] bool moves_by_elements() const noexcept override { return true; }
  [[nodiscard]] Vector gamma(const VectorIn& theta) const override { return factor_.gamma(theta); }
  [[nodiscard]] Matrix jacobian(const VectorIn& theta) const override { return factor_.jacobian(theta); }
  [[nodiscard]] Matrix curvature(const VectorIn& theta, const VectorIn& w) const override {
    return factor_.curvature(theta, w);
  }
  [[nodiscard]] Vector start() const override { return factor_.start(); }
  /// Covariances of one correlation for all pairs.
  [[nodiscard]] std::vector<Vector> further_starts() const override {
    std::vector<Vector> out;
    for (const double r : kFurtherCorrelations) {
      const double one = r > 0.0 ? r : r / static_cast<double>(factor_.size());
      Matrix d = Matrix::Constant(factor_.size(), factor_.size(), one);
      d.diagonal().setOnes();
      const Matrix root = d.llt().matrixL();
      out.push_back(start());
      factor_.for_entries([&](Index row, Index column, Index at) { out.back()[at] = root(row, column); });
    }
    return out;
  }
  [[nodiscard]] Vector rescaled(const VectorIn& theta, const VectorIn& sd) const override {
    Vector out = theta;
    factor_.for_entries([&](Index row, Index, Index at) { out[at] *= sd[row]; });
    return out;
  }

 private:
  FactorTerm factor_;
};

/// A covariance over visits by its word.
/// @param word    us, diag, cs, csh, ar1, ar1h, toep, toeph, sp_exp
/// @param times   of the visits (only sp_exp uses them); its length is the number of visits
/// @throws        InvalidInput for another word
/// Source: SAS/STAT 15.3 user's guide, PROC MIXED, table of covariance structures.
[[nodiscard]] inline std::shared_ptr<const CovarianceTerm> residual_term(const std::string& word,
                                                                         const VectorIn& times) {
  const Index m = times.size();
  if (word == "us") return std::make_shared<UnstructuredTerm>(m);
  const bool spread = word == "csh" || word == "ar1h" || word == "toeph", by_visit = spread || word == "diag";
  const std::string base = spread ? word.substr(0, word.size() - 1) : word;
  std::shared_ptr<const CorrelationPattern> pattern;
  double start = 0.3;
  if (base == "diag") pattern = std::make_shared<IndependentPattern>();
  if (base == "cs") pattern = std::make_shared<CompoundPattern>(m);
  if (base == "ar1") pattern = std::make_shared<AutoregressivePattern>();
  if (base == "toep") {
    pattern = std::make_shared<ToeplitzPattern>(m);
    start = 0.1;
  }
  if (base == "sp_exp") {
    pattern = std::make_shared<ExponentialPattern>(times);
    const double spread = m > 1 ? times.maxCoeff() - times.minCoeff() : 1.0;
    start = std::log(spread / 4.0);
  }
  require(pattern != nullptr, "Unknown residual covariance: " + word);
  return std::make_shared<PatternedTerm>(m, by_visit, pattern, start);
}

}  // namespace cordgain
