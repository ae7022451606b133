// The likelihood of one random-effects term of one or two columns (an intercept, an intercept and a slope)
// beside independent residuals, in arrays of fixed size. The sums are those of moments.hpp and
// likelihood.hpp; with so few columns their arithmetic takes a tenth of the time that matrices of any size
// do.
//
// Each kind of subjects is whitened by the factor of its V = I + (Z Lambda)(Z Lambda)'. With U = L^-1 Z and
// w = U Lambda, V changes along the element (i, c) of Lambda by N = u_i w_c' + w_c u_i', so gradient and
// curvature in Lambda come from one q x q matrix G = sum U'(m I - K) U, K the weighted moments.
#pragma once

#include <array>
#include <cmath>
#include <cordgain/fit/likelihood.hpp>
#include <cordgain/math/newton.hpp>
#include <cordgain/model/blocks.hpp>
#include <cordgain/model/covariance.hpp>
#include <memory>
#include <vector>

namespace cordgain {

/// A likelihood in the factor of one term, the residual variance at 1.
class OneTermLikelihood {
 public:
  virtual ~OneTermLikelihood() = default;
  /// Value, gradient and Hessian in the elements of the factor, in the order of the term.
  [[nodiscard]] virtual SecondOrder at(const FactorTerm& term, const Vector& theta) const = 0;
};

namespace detail {

constexpr int kTermColumns = 2;   ///< random effects of the term, and rank of a kind, at most
constexpr int kTermElements = 3;  ///< elements of its factor
constexpr int kFixedColumns = 4;  ///< fixed effects, at most
using Two = Eigen::Matrix2d;

/// W: columns of [X y].
template <int W>
class OneTerm final : public OneTermLikelihood {
 public:
  OneTerm(const Blocks& blocks, const LikelihoodKind& kind)
      : kind_(kind),
        nu_(static_cast<double>(kind.restricted ? blocks.n - blocks.p : blocks.n)),
        within_(blocks.within) {
    for (const BlockKind& from : blocks.kinds) kinds_.push_back(padded(from));
    white_.resize(kinds_.size());
  }

  [[nodiscard]] SecondOrder at(const FactorTerm& term, const Vector& theta) const override {
    const Two lambda = factor_of(term, theta);
    double log_det = 0.0;
    Form cross = within_;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      white_[i] = whitened(kinds_[i], lambda, log_det);
      cross += white_[i].moments.col(0) + white_[i].moments.col(2);
    }
    const Fixed fixed = solved(cross);
    SecondOrder out;
    if (!(fixed.residual > 0.0 && std::isfinite(fixed.residual))) return out;
    out.value = value_at(fixed, log_det);
    add_derivatives(term, fixed, out);
    return out;
  }

 private:
  static constexpr int P = W - 1, S = W * (W + 1) / 2;
  using Form = Eigen::Matrix<double, S, 1>;   // packed, of [X y]
  using Forms = Eigen::Matrix<double, S, 3>;  // for packed kernels of two rows
  using Square = Eigen::Matrix<double, W, W>;
  using Whitener = Eigen::Matrix<double, P, P>;

  /// A kind of subjects, filled up with rows and columns of zeros.
  struct Kind {
    double count;
    Two z;
    Forms moments;
  };

  struct White {
    double count;
    Two u;  // rows x columns of the term
    Two w;  // rows x columns of the factor
    Forms moments;
  };

  struct Fixed {
    Whitener whitener;                     // inverse of the factor of X'V^-1X
    Eigen::Matrix<double, W, 1> contrast;  // (-beta, 1)
    double log_det = 0.0;
    double residual = -1.0;
    double scale = 1.0;
  };

  /// What the second derivatives need along one element of the factor.
  struct Along {
    Index row, column;
    Form form = Form::Zero();
    Eigen::Matrix<double, P, 1> x;
    Whitener xx;
    double yy = 0.0;
  };

  static Kind padded(const BlockKind& from) {
    Kind out{static_cast<double>(from.count), Two::Zero(), Forms::Zero()};
    out.z.topLeftCorner(from.rank, from.z.cols()) = from.z;
    out.moments.leftCols(from.moments.cols()) = from.moments;
    return out;
  }

  static Two factor_of(const FactorTerm& term, const Vector& theta) {
    Two out = Two::Zero();
    term.for_entries([&](Index row, Index col, Index at) { out(row, col) = theta[at]; });
    return out;
  }

  /// Plane rotations take the columns of Z Lambda into the factor, so V itself is never formed.
  static White whitened(const Kind& kind, const Two& lambda, double& log_det) {
    const Two moved = kind.z * lambda;
    double top = 1.0, low = 0.0, last = 1.0;
    for (int c = 0; c < kTermColumns; ++c) {
      const double length = std::sqrt(top * top + moved(0, c) * moved(0, c));
      const double cosine = top / length, sine = moved(0, c) / length,
                   rest = cosine * moved(1, c) - sine * low;
      low = cosine * low + sine * moved(1, c);
      top = length;
      last = std::sqrt(last * last + rest * rest);
    }
    log_det += 2.0 * kind.count * (std::log(top) + std::log(last));
    const double a = 1.0 / top, c = 1.0 / last, b = -low * a * c;
    Two inverse;
    inverse << a, 0.0, b, c;
    White out{kind.count, inverse * kind.z, inverse * moved, Forms()};
    out.moments.col(0) = a * a * kind.moments.col(0);
    out.moments.col(1) = 2.0 * a * b * kind.moments.col(0) + a * c * kind.moments.col(1);
    out.moments.col(2) =
        b * b * kind.moments.col(0) + b * c * kind.moments.col(1) + c * c * kind.moments.col(2);
    return out;
  }

  static Square unpacked_form(const Form& form) {
    Square out;
    for (int j = 0, at = 0; j < W; ++j) {
      for (int i = j; i < W; ++i, ++at) out(i, j) = out(j, i) = form[at];
    }
    return out;
  }

  /// Inverse of the Cholesky factor of X'V^-1X, and the log determinant; false where it is not positive
  /// definite.
  static bool whitener_of(const Square& m, Fixed& out) {
    Whitener lower = Whitener::Zero();
    double product = 1.0;
    out.whitener.setZero();
    for (int j = 0; j < P; ++j) {
      for (int i = j; i < P; ++i) {
        double sum = m(i, j);
        for (int k = 0; k < j; ++k) sum -= lower(i, k) * lower(j, k);
        if (i == j && !(sum > 0.0)) return false;
        lower(i, j) = i == j ? std::sqrt(sum) : sum / lower(j, j);
      }
      for (int i = 0; i < j; ++i) {
        double sum = 0.0;
        for (int k = i; k < j; ++k) sum += lower(j, k) * out.whitener(k, i);
        out.whitener(j, i) = -sum / lower(j, j);
      }
      out.whitener(j, j) = 1.0 / lower(j, j);
      product *= lower(j, j);
    }
    out.log_det = 2.0 * std::log(product);
    return true;
  }

  [[nodiscard]] Fixed solved(const Form& cross) const {
    Fixed out;
    const Square m = unpacked_form(cross);
    if (!whitener_of(m, out)) return out;
    out.contrast << -(out.whitener.transpose() * (out.whitener * m.col(P).template head<P>())), 1.0;
    out.residual = out.contrast.dot(m * out.contrast);
    if (kind_.profiled) out.scale = out.residual / nu_;
    return out;
  }

  [[nodiscard]] double value_at(const Fixed& fixed, double log_det) const {
    const double fit = kind_.profiled ? nu_ * (1.0 + std::log(fixed.scale)) : fixed.residual;
    return log_det + nu_ * kLog2Pi + fit + (kind_.restricted ? fixed.log_det : 0.0);
  }

  /// Weights that turn a packed form F into c'Fc / scale + tr((X'V^-1X)^-1 F_xx).
  [[nodiscard]] Form weights_at(const Fixed& fixed) const {
    Square a = fixed.contrast * (fixed.contrast / fixed.scale).transpose();
    if (kind_.restricted) a.template topLeftCorner<P, P>() += fixed.whitener.transpose() * fixed.whitener;
    Form out;
    for (int j = 0, at = 0; j < W; ++j) {
      for (int i = j; i < W; ++i, ++at) out[at] = i == j ? a(i, j) : 2.0 * a(i, j);
    }
    return out;
  }

  void add_derivatives(const FactorTerm& term, const Fixed& fixed, SecondOrder& out) const {
    std::array<Along, kTermElements> along;
    term.for_entries([&](Index row, Index col, Index at) {
      along[static_cast<std::size_t>(at)].row = row;
      along[static_cast<std::size_t>(at)].column = col;
    });
    const Index n = term.n_theta();
    out.gradient = Vector::Zero(n);
    out.hessian = Matrix::Zero(n, n);
    const Form weights = weights_at(fixed);
    Two g = Two::Zero();
    for (const White& kind : white_) add_kind(kind, weights, along, g, out);
    for (Index a = 0; a < n; ++a) finish(fixed, along[static_cast<std::size_t>(a)]);
    for (Index b = 0; b < n; ++b) {
      const Along& second = along[static_cast<std::size_t>(b)];
      for (Index a = b; a < n; ++a) {
        out.hessian(a, b) += cross_term(fixed, along[static_cast<std::size_t>(a)], second, g);
        out.hessian(b, a) = out.hessian(a, b);
      }
    }
  }

  /// One kind's part of G, of the forms along each element, of the gradient and of the Hessian's lower
  /// triangle.
  static void add_kind(const White& kind, const Form& weights, std::array<Along, kTermElements>& along,
                       Two& g, SecondOrder& out) {
    const Eigen::Matrix<double, 1, 3> weighted = weights.transpose() * kind.moments;
    Two k;
    k << weighted[0], 0.5 * weighted[1], 0.5 * weighted[1], weighted[2];
    const Two unit = kind.count * Two::Identity();
    const Two pull = kind.u.transpose() * (unit - k);
    g += pull * kind.u;
    std::array<Two, kTermElements> change;
    for (Index a = 0; a < out.gradient.size(); ++a) {
      Along& at = along[static_cast<std::size_t>(a)];
      const Two half = kind.u.col(at.row) * kind.w.col(at.column).transpose();
      const Two both = half + half.transpose();
      change[static_cast<std::size_t>(a)] = both;
      // As G Lambda large terms would cancel where Lambda is large.
      out.gradient[a] += 2.0 * pull.row(at.row).dot(kind.w.col(at.column));
      at.form += both(0, 0) * kind.moments.col(0) + both(1, 0) * kind.moments.col(1) +
                 both(1, 1) * kind.moments.col(2);
      const Two left = (2.0 * k - unit) * both;
      for (Index b = 0; b <= a; ++b)
        out.hessian(a, b) += left.cwiseProduct(change[static_cast<std::size_t>(b)].transpose()).sum();
    }
  }

  static void finish(const Fixed& fixed, Along& along) {
    const Square form = unpacked_form(along.form);
    const Eigen::Matrix<double, W, 1> moved = form * fixed.contrast;
    along.yy = fixed.contrast.dot(moved);
    along.x = fixed.whitener * moved.template head<P>();
    along.xx = fixed.whitener * form.template topLeftCorner<P, P>() * fixed.whitener.transpose();
  }

  /// What fixed effects and scale, moving along, take from the Hessian, and the curvature of the factor.
  [[nodiscard]] double cross_term(const Fixed& fixed, const Along& a, const Along& b, const Two& g) const {
    double out = -(2.0 / fixed.scale) * a.x.dot(b.x);
    if (kind_.restricted) out -= a.xx.cwiseProduct(b.xx).sum();
    if (kind_.profiled) out -= a.yy * (b.yy / (nu_ * fixed.scale * fixed.scale));
    return a.column == b.column ? out + 2.0 * g(a.row, b.row) : out;
  }

  LikelihoodKind kind_;
  double nu_;
  Form within_;
  std::vector<Kind> kinds_;
  mutable std::vector<White> white_;  // room that is used again: a fit runs in one thread
};

inline bool is_one_term(const BlockKind& kind) {
  return kind.pooled() && kind.rank <= kTermColumns && kind.columns.size() == 1 &&
         kind.z.cols() <= kTermColumns;
}

inline bool is_one_term(const Blocks& blocks) {
  bool all = blocks.residual >= 0 && blocks.nested.empty() && blocks.crossed.empty() && !blocks.kinds.empty();
  for (const BlockKind& kind : blocks.kinds) all = all && is_one_term(kind);
  return all && blocks.p >= 1 && blocks.p <= kFixedColumns;
}

/// The one factor of a covariance that has no other term than the unit residual, or null.
inline const FactorTerm* only_factor(const Covariance& covariance) {
  if (covariance.size() != 2 || covariance.factor(1) != nullptr || covariance.over_visits()) return nullptr;
  return covariance.factor(0);
}

}  // namespace detail

/// The likelihood of reduced data in arrays of fixed size; null where they have another form.
[[nodiscard]] inline std::unique_ptr<OneTermLikelihood> one_term_likelihood(const Blocks& blocks,
                                                                            const LikelihoodKind& kind) {
  if (!detail::is_one_term(blocks)) return nullptr;
  switch (blocks.p) {
    case 1:
      return std::make_unique<detail::OneTerm<2>>(blocks, kind);
    case 2:
      return std::make_unique<detail::OneTerm<3>>(blocks, kind);
    case 3:
      return std::make_unique<detail::OneTerm<4>>(blocks, kind);
    default:
      return std::make_unique<detail::OneTerm<5>>(blocks, kind);
  }
}

}  // namespace cordgain
