// The log likelihood of a mixed model of any family, random effects integrated out subject by subject, with
// its gradient and Hessian.
//
// eta is linear in the fixed effects beta and in the elements of the effects' factor L (eta = x'beta + z'L
// u). So the derivatives of one subject's log likelihood follow from those of the rows by the identities of
// Fisher and Louis, posterior expectations over the same nodes:
//   gradient  E[s],   Hessian  E[h] + E[s s'] - E[s] E[s]'
// with s, h the derivatives of log f(y | u). They are the derivatives of the exact likelihood, to the error
// of the quadrature. L itself, not its logarithm, is the parameter: a variance of zero is then an inner
// point, where the gradient vanishes by symmetry.
// Source: Louis (1982), JRSS B 44, 226.
#pragma once

#include <algorithm>
#include <cmath>
#include <cordgain/fit/subject_integral.hpp>
#include <cordgain/math/newton.hpp>
#include <cordgain/model/subject_twins.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace cordgain {

/// Numbers of nodes along an axis, each about 1.4 times the one before; the last bounds time and memory.
[[nodiscard]] inline const std::vector<Index>& node_ladder(Index effects) {
  static const std::vector<Index> line = {5, 9, 13, 19, 27, 39, 55, 77, 109, 155, 219, 309};
  static const std::vector<Index> plane = {5, 9, 13, 19, 27, 39, 55, 77, 109};
  static const std::vector<Index> space = {5, 9, 13, 19, 27};
  return effects <= 1 ? line : effects == 2 ? plane : space;
}

/// Parameters in the order beta, free elements of L, the family's own.
class MarginalLikelihood {
 public:
  MarginalLikelihood(const SubjectRows& rows, const Family& family)
      : rows_(rows),
        family_(family),
        twins_(subject_twins(rows, family)),
        rules_(rows.effects()),
        extra_count_(family.start().size()) {
    mode_.assign(static_cast<std::size_t>(rows.subjects()), EffectVector::Zero(rows.effects()));
    nodes_.assign(mode_.size(), rows.effects() == 0 ? 1 : node_ladder(rows.effects()).front());
  }

  [[nodiscard]] const Family& family() const { return family_; }
  [[nodiscard]] Index fixed_count() const { return rows_.x.cols(); }
  [[nodiscard]] Index free_count() const { return static_cast<Index>(rows_.free.size()); }
  [[nodiscard]] Index extra_count() const { return extra_count_; }
  [[nodiscard]] Index size() const { return fixed_count() + free_count() + extra_count_; }
  [[nodiscard]] const std::vector<Index>& nodes() const { return nodes_; }
  void set_nodes(std::vector<Index> nodes) { nodes_ = std::move(nodes); }
  /// The subject whose likelihood stands for this one's.
  [[nodiscard]] Index first_twin(Index subject) const { return twins_.first_of(subject); }

  /// L, lower triangular.
  [[nodiscard]] Matrix factor(const Vector& point) const {
    Matrix out = Matrix::Zero(rows_.effects(), rows_.effects());
    for (Index j = 0; j < free_count(); ++j) {
      const FactorPosition at = rows_.position(j);
      out(at.row, at.column) = point[fixed_count() + j];
    }
    return out;
  }

  /// Value, and with `derivatives` gradient and Hessian, of minus the log likelihood.
  [[nodiscard]] SecondOrder at(const Vector& point, bool derivatives = true) {
    SecondOrder out;
    out.gradient = Vector::Zero(derivatives ? size() : 0);
    out.hessian = Matrix::Zero(out.gradient.size(), out.gradient.size());
    out.value = -sum(point, [&](const SubjectAt& subject, const NodeValues& values, double count) {
      if (derivatives) add_derivatives(subject, values, count, out);
    });
    return std::isfinite(out.value) ? out : SecondOrder();
  }

  /// The log likelihood and its gradient; -Inf where there is none. About half the work of the Hessian.
  [[nodiscard]] double sloped(const Vector& point, Vector& gradient) {
    gradient.setZero(size());
    return sum(point, [&](const SubjectAt& subject, const NodeValues& values, double count) {
      add_gradient(subject, values, count, gradient);
    });
  }

  /// The log likelihood of each subject; -Inf where it has none.
  [[nodiscard]] Vector by_subject(const Vector& point) {
    Vector out = Vector::Constant(rows_.subjects(), -std::numeric_limits<double>::infinity());
    const Vector extra = point.tail(extra_count_);
    if (!point.allFinite() || !family_.feasible(extra)) return out;
    const Matrix l = factor(point);
    const Vector beta = point.head(fixed_count());
    for (Index s = 0; s < rows_.subjects(); ++s) {
      const SubjectAt subject = subject_at(s, beta, l, extra);
      if (!place(subject)) continue;
      out[s] = at_nodes(subject, placement_, rules_.at(nodes_[static_cast<std::size_t>(s)])).log_likelihood;
    }
    return out;
  }

  /// Chooses for each subject the fewest nodes whose next step changes the log likelihood of all its twins by
  /// less than `tolerance`, beginning with those it has.
  /// @return  sum over subjects of the last changes: what the rule leaves out, about
  double choose_nodes(const Vector& point, double tolerance) {
    if (rows_.effects() == 0) return 0.0;
    const Matrix l = factor(point);
    const Vector beta = point.head(fixed_count()), extra = point.tail(extra_count_);
    const std::vector<Index>& ladder = node_ladder(rows_.effects());
    double left = 0.0;
    for (Index s = 0; s < rows_.subjects(); ++s) {
      Index& chosen = nodes_[static_cast<std::size_t>(s)];
      if (twins_.count_of(s) == 0) chosen = nodes_[static_cast<std::size_t>(first_twin(s))];
      if (twins_.count_of(s) == 0) continue;
      const SubjectAt subject = subject_at(s, beta, l, extra);
      if (!place(subject)) continue;
      const double count = static_cast<double>(twins_.count_of(s));
      auto rung = std::lower_bound(ladder.begin(), ladder.end(), chosen);
      if (rung == ladder.end()) --rung;
      double before = at_nodes(subject, placement_, rules_.at(*rung)).log_likelihood, change = tolerance;
      for (; rung + 1 != ladder.end(); ++rung) {
        const double next = at_nodes(subject, placement_, rules_.at(*(rung + 1))).log_likelihood;
        change = std::fabs(next - before);
        before = next;
        if (count * change < tolerance) break;
      }
      chosen = *rung;
      left += count * change;
    }
    return left;
  }

  /// Each subject's nodes one rung higher: the second route.
  void refine_nodes() {
    const std::vector<Index>& ladder = node_ladder(rows_.effects());
    if (rows_.effects() == 0) return;
    for (Index& chosen : nodes_) {
      const auto above = std::upper_bound(ladder.begin(), ladder.end(), chosen);
      if (above != ladder.end()) chosen = *above;
    }
  }

  /// The random effects u of a subject: mode, posterior mean and covariance.
  struct Effects {
    EffectVector mode, mean;
    EffectMatrix covariance;
  };

  [[nodiscard]] Effects effects(Index s, const Vector& point) {
    const Vector extra = point.tail(extra_count_);
    const SubjectAt subject = subject_at(s, point.head(fixed_count()), factor(point), extra);
    Effects out;
    if (!place(subject)) throw NumericalError("a subject's scores have no mode of the random effects");
    const NodeValues values = at_nodes(subject, placement_, rules_.at(nodes_[static_cast<std::size_t>(s)]));
    out.mode = placement_.mode;
    out.mean = values.u * values.weight;
    const Matrix centred = values.u.colwise() - Vector(out.mean);
    out.covariance = centred * values.weight.asDiagonal() * centred.transpose();
    return out;
  }

 private:
  [[nodiscard]] SubjectAt subject_at(Index s, const Vector& beta, const Matrix& l,
                                     const Vector& extra) const {
    const Index first = rows_.start(s), n = rows_.count(s);
    SubjectAt out{family_, rows_, s, extra, rows_.offset.segment(first, n), rows_.z_rows(first, n) * l};
    out.fixed += rows_.x.middleRows(first, n) * beta;
    return out;
  }

  /// The log likelihood, what each subject that stands for its twins gives handed to
  /// `each(subject, nodes, number of twins)`; -Inf where there is none.
  template <class Each>
  double sum(const Vector& point, Each&& each) {
    constexpr double kNone = -std::numeric_limits<double>::infinity();
    const Vector extra = point.tail(extra_count_);
    if (!point.allFinite() || !family_.feasible(extra)) return kNone;
    const Matrix l = factor(point);
    const Vector beta = point.head(fixed_count());
    double out = 0.0;
    for (Index s = 0; s < rows_.subjects(); ++s) {
      if (twins_.count_of(s) == 0) continue;
      const SubjectAt subject = subject_at(s, beta, l, extra);
      if (!place(subject)) return kNone;
      const NodeValues values = at_nodes(subject, placement_, rules_.at(nodes_[static_cast<std::size_t>(s)]));
      if (!std::isfinite(values.log_likelihood)) return kNone;
      const double count = static_cast<double>(twins_.count_of(s));
      out += count * values.log_likelihood;
      each(subject, values, count);
    }
    return out;
  }

  /// Finds the mode, from where it was last.
  bool place(const SubjectAt& subject) {
    EffectVector& mode = mode_[static_cast<std::size_t>(subject.subject)];
    placement_ = place_nodes(subject, mode);
    if (placement_.found) mode = placement_.mode;
    return placement_.found;
  }

  /// Scores at the nodes (parameters x nodes) of the terms through eta.
  [[nodiscard]] Matrix eta_scores(const SubjectAt& subject, const NodeValues& values) const {
    const Index n = subject.size(), p = fixed_count(), first = subject.first();
    Matrix out = Matrix::Zero(size(), values.weight.size());
    out.topRows(p) = (values.slope * rows_.x.middleRows(first, n)).transpose();
    const Matrix by_effect = (values.slope * rows_.z_rows(first, n)).transpose();
    for (Index j = 0; j < free_count(); ++j) {
      const FactorPosition at = rows_.position(j);
      out.row(p + j) = by_effect.row(at.row).cwiseProduct(values.u.row(at.column));
    }
    return out;
  }

  /// w-weighted u_b c_i per row, for the sums over nodes of curvatures c.
  [[nodiscard]] static Vector moment(const Matrix& terms, const Vector& weight) {
    return terms.transpose() * weight;
  }

  /// E[h] of the terms through eta: h = (x, z_a u_b)(x, z_c u_d)' times the curvature of the row.
  void add_eta_curvature(const SubjectAt& subject, const NodeValues& values, Matrix& hessian) const {
    const Index n = subject.size(), p = fixed_count(), first = subject.first();
    const auto x = rows_.x.middleRows(first, n);
    const Matrix z = rows_.z_rows(first, n);
    hessian.topLeftCorner(p, p) += x.transpose() * moment(values.curvature, values.weight).asDiagonal() * x;
    for (Index j = 0; j < free_count(); ++j) {
      const FactorPosition a = rows_.position(j);
      const Vector weighted = values.weight.cwiseProduct(values.u.row(a.column).transpose());
      const Vector once = moment(values.curvature, weighted).cwiseProduct(z.col(a.row));
      hessian.block(0, p + j, p, 1) += x.transpose() * once;
      for (Index k = 0; k <= j; ++k) {
        const FactorPosition b = rows_.position(k);
        const Vector twice = weighted.cwiseProduct(values.u.row(b.column).transpose());
        hessian(p + k, p + j) +=
            moment(values.curvature, twice).cwiseProduct(z.col(a.row)).dot(Vector(z.col(b.row)));
      }
    }
  }

  /// The family's own parameters: their scores, and E[h] in them and across.
  void add_extra(const SubjectAt& subject, const NodeValues& values, Matrix& scores, Matrix& hessian) const {
    const Index e = extra_count_, p = fixed_count(), before = size() - e, first = subject.first();
    ExtraTerms terms;
    for (Index i = 0; i < subject.size(); ++i) {
      Matrix across = Matrix::Zero(1 + rows_.effects(), e);  // E[cross], and E[u cross]
      for (Index k = 0; k < values.weight.size(); ++k) {
        own_terms(subject, i, values.eta(k, i), terms);
        scores.col(k).tail(e) += terms.slope;
        const double w = values.weight[k];
        hessian.bottomRightCorner(e, e) += w * terms.curvature;
        across.row(0) += w * terms.cross.transpose();
        for (Index j = 0; j < rows_.effects(); ++j)
          across.row(1 + j) += w * values.u(j, k) * terms.cross.transpose();
      }
      hessian.block(0, before, p, e) += rows_.x.row(first + i).transpose() * across.row(0);
      for (Index j = 0; j < free_count(); ++j) {
        const FactorPosition at = rows_.position(j);
        hessian.block(p + j, before, 1, e) += rows_.z(first + i, at.row) * across.row(1 + at.column);
      }
    }
  }

  /// @param count  twins that the subject stands for
  void add_derivatives(const SubjectAt& subject, const NodeValues& values, double count,
                       SecondOrder& out) const {
    Matrix scores = eta_scores(subject, values);
    Matrix hessian = Matrix::Zero(size(), size());
    add_eta_curvature(subject, values, hessian);
    if (extra_count_ > 0) add_extra(subject, values, scores, hessian);
    const Vector mean = scores * values.weight;
    scores.colwise() -= mean;
    out.gradient -= count * mean;
    out.hessian -= count * Matrix(hessian.selfadjointView<Eigen::Upper>());
    out.hessian -= scores * (count * values.weight).asDiagonal() * scores.transpose();
  }

  /// E[s]: of what goes through eta one sum over nodes for each row.
  void add_gradient(const SubjectAt& subject, const NodeValues& values, double count,
                    Vector& gradient) const {
    const Index n = subject.size(), p = fixed_count(), first = subject.first(), e = extra_count_;
    gradient.head(p) +=
        count * (rows_.x.middleRows(first, n).transpose() * moment(values.slope, values.weight));
    for (Index j = 0; j < free_count(); ++j) {
      const FactorPosition at = rows_.position(j);
      const Vector weighted = values.weight.cwiseProduct(values.u.row(at.column).transpose());
      gradient[p + j] += count * moment(values.slope, weighted).dot(rows_.z_rows(first, n).col(at.row));
    }
    ExtraTerms terms;
    for (Index i = 0; i < (e > 0 ? n : 0); ++i) {
      for (Index k = 0; k < values.weight.size(); ++k) {
        own_terms(subject, i, values.eta(k, i), terms);
        gradient.tail(e) += count * values.weight[k] * terms.slope;
      }
    }
  }

  /// Derivatives in the family's own parameters at one eta of row i of a subject.
  void own_terms(const SubjectAt& subject, Index i, double eta, ExtraTerms& out) const {
    out.slope.setZero(extra_count_);
    out.cross.setZero(extra_count_);
    out.curvature.setZero(extra_count_, extra_count_);
    family_.extra_terms(subject.row(i), eta, subject.extra, out);
  }

  const SubjectRows& rows_;
  const Family& family_;
  SubjectTwins twins_;
  HermiteRules rules_;
  Index extra_count_;
  std::vector<EffectVector> mode_;
  std::vector<Index> nodes_;
  Placement placement_;
};

}  // namespace cordgain
