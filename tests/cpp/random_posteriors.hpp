// Posteriors of random trials with one to four variance parameters, and their moments by a lattice of our own
// making: far finer, deeper and placed elsewhere than those of the engine, summed without keeping its nodes.
#pragma once

#include <cmath>
#include <cordgain/infer/posterior_quantiles.hpp>
#include <cordgain/infer/posterior_report.hpp>
#include <initializer_list>
#include <random>
#include <vector>

namespace fixture {

using cordgain::Hyperparameter;
using cordgain::Index;
using cordgain::Matrix;
using cordgain::PriorKind;
using cordgain::Vector;

/// Scores of 3 to 30 patients at 2 to 5 visits, of all spreads between patients and within. What varies over
/// patients, and so the number of variance parameters, is `shape`:
/// 0 nothing that is unknown; 1 intercepts; 2 independent intercepts and slopes; 3 correlated ones;
/// 4 intercepts, with a t prior of the slope; 5 intercepts, with a mixture prior of the slope.
class RandomPosterior {
 public:
  explicit RandomPosterior(unsigned seed) : shape(static_cast<int>(seed % 6)), draw_(seed) {
    const int patients = static_cast<int>(pick({3, 4, 4, 6, 10, 30}));
    const int visits = static_cast<int>(pick({2, 3, 5}));
    const double between = pick({0.0, 0.5, 3.0, 10.0}), slope = pick({0.0, 0.1, 0.6}),
                 within = pick({0.3, 2.0, 6.0});
    x_ = Matrix::Ones(patients * visits, 2);
    y_.resize(x_.rows());
    level_.resize(x_.rows());
    for (int i = 0, at = 0; i < patients; ++i) {
      const double own = between * normal_(draw_), steep = slope * normal_(draw_);
      for (int j = 0; j < visits; ++j, ++at) {
        const double week = 4.0 * j;
        x_(at, 1) = week;
        y_[at] = 8.0 + own + (0.4 + steep) * week + within * normal_(draw_);
        level_[at] = i;
      }
    }
    patients_ = patients;
    set_priors();
    const auto reduced = cordgain::reduce_rows(design());
    blocks_ = reduced.blocks;
    frame_ = reduced.frame;
  }

  [[nodiscard]] cordgain::DesignInput design() const {
    cordgain::DesignInput out{Eigen::Map<const Matrix>(x_.data(), x_.rows(), 2),
                              Eigen::Map<const Vector>(y_.data(), y_.size()),
                              Eigen::Map<const Vector>(weight_.data(), 0),
                              {},
                              {}};
    const auto add = [&](Index first, Index columns) {
      out.random.push_back({Eigen::Map<const Matrix>(x_.data() + first * x_.rows(), x_.rows(), columns),
                            Eigen::Map<const Eigen::VectorXi>(level_.data(), level_.size()), patients_});
    };
    add(0, shape == 3 ? 2 : 1);
    if (shape == 2) add(1, 1);
    return out;
  }
  [[nodiscard]] cordgain::PosteriorModel model() const {
    return cordgain::detail::posterior_model(design(), frame_, blocks_, priors);
  }

  [[nodiscard]] const Matrix& x() const { return x_; }
  [[nodiscard]] const Vector& y() const { return y_; }
  [[nodiscard]] int patients() const { return patients_; }

  int shape;
  cordgain::PosteriorPriors priors;

 private:
  double pick(std::initializer_list<double> from) { return from.begin()[draw_() % from.size()]; }

  Hyperparameter sd_prior(double scale) {
    const cordgain::PriorComponent any[] = {{PriorKind::kHalfT, 1.0, scale, 3.0, 0.0},
                                            {PriorKind::kHalfNormal, 1.0, scale, 0.0, 0.0},
                                            {PriorKind::kExponential, 1.0, 1.0 / scale, 0.0, 0.0},
                                            {PriorKind::kHalfT, 1.0, scale, 1.0, 0.0}};
    Hyperparameter out;
    out.prior = cordgain::Prior({any[draw_() % (patients_ < 6 ? 3 : 4)]});
    return out;
  }

  void set_priors() {
    priors.coefficients = {{{1.0, 5.0, 10.0, -1}}, {{1.0, 0.0, 1.0, -1}}};
    priors.hyper = {sd_prior(5.0)};
    priors.layout.blocks = {{0, -1, -1}};
    if (shape == 0) priors.hyper[0].prior = cordgain::Prior({{PriorKind::kFixed, 1.0, 2.0, 0.0, 0.0}});
    if (shape == 2 || shape == 3) priors.hyper.push_back(sd_prior(0.5));
    if (shape == 2) priors.layout.blocks.push_back({1, -1, -1});
    if (shape == 3) {
      Hyperparameter correlation;
      correlation.kind = cordgain::HyperKind::kCorrelation;
      correlation.shape = pick({1.0, 2.0});
      priors.hyper.push_back(correlation);
      priors.layout.blocks = {{0, 1, 2}};
    }
    priors.layout.sigma = static_cast<Index>(priors.hyper.size());
    priors.hyper.push_back(sd_prior(3.0));
    if (shape == 4) {
      Hyperparameter scale;
      scale.kind = cordgain::HyperKind::kMixing;
      scale.shape = 4.0;
      priors.coefficients[1][0].mixing = static_cast<Index>(priors.hyper.size());
      priors.hyper.push_back(scale);
    }
    if (shape == 5) priors.coefficients[1] = {{0.7, 0.0, 0.2, -1}, {0.3, 1.0, 1.0, -1}};
  }

  std::mt19937 draw_;
  std::normal_distribution<double> normal_;
  Matrix x_;
  Vector y_, weight_;
  Eigen::VectorXi level_;
  int patients_ = 0;
  cordgain::Blocks blocks_;
  cordgain::Frame frame_;
};

/// Moments of the coefficients, then of the hyperparameters; log evidence; of each coefficient the
/// distribution function and density at the points asked.
struct Reference {
  Vector mean, sd;
  double log_evidence = 0.0;
  Matrix below, density;  ///< points x coefficients
  std::size_t nodes = 0;
};

/// Running sums over nodes, relative to the first one.
class ReferenceSums {
 public:
  ReferenceSums(Index p, Index n_hyper, Matrix points)
      : p_(p),
        size_(p + n_hyper),
        points_(std::move(points)),
        mean_(p),
        covariance_(cordgain::packed_size(p)) {
    first_ = Vector::Zero(size_);
    linear_ = square_ = Vector::Zero(size_);
    below_ = density_ = Matrix::Zero(points_.rows(), points_.cols());
  }

  void add(cordgain::detail::PosteriorDensity& at) {
    ++nodes_;
    for (std::size_t part = 0; part < at.parts(); ++part) {
      at.moments(part, mean_.data(), covariance_.data());
      Vector v(size_);
      v << mean_, at.values();
      if (total_ == 0.0) {
        top_ = at.log_part(part);
        first_ = v;
      }
      const double mass = std::exp(at.log_part(part) - top_);
      v -= first_;
      total_ += mass;
      linear_ += mass * v;
      square_ += mass * v.cwiseAbs2();
      for (Index j = 0; j < p_; ++j) {
        const double variance = covariance_[cordgain::packed_index(j, j, p_)];
        square_[j] += mass * variance;
        for (Index i = 0; i < points_.rows(); ++i) {
          const double z = (points_(i, j) - mean_[j]) / std::sqrt(variance);
          below_(i, j) += mass * 0.5 * std::erfc(-z / std::sqrt(2.0));
          density_(i, j) += mass * std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::acos(-1.0) * variance);
        }
      }
    }
  }

  [[nodiscard]] Reference result(double log_volume) const {
    Reference out;
    const Vector shift = linear_ / total_;
    out.mean = first_ + shift;
    out.sd = (square_ / total_ - shift.cwiseAbs2()).cwiseMax(0.0).cwiseSqrt();
    out.log_evidence = top_ + std::log(total_) + log_volume;
    out.below = below_ / total_;
    out.density = density_ / total_;
    out.nodes = nodes_;
    return out;
  }

 private:
  Index p_, size_;
  Matrix points_;
  Vector mean_, covariance_, first_, linear_, square_;
  Matrix below_, density_;
  double top_ = 0.0, total_ = 0.0;
  std::size_t nodes_ = 0;
};

/// @param step    in standard deviations
/// @param depth   logarithm by which the density falls to the end
/// @param moved   of the lattice from the mode, in standard deviations
/// @param points  of each coefficient, where its distribution function is wanted
inline Reference reference(const RandomPosterior& from, double step, double depth, double moved,
                           const Matrix& points) {
  cordgain::PosteriorModel model = from.model();
  cordgain::detail::PosteriorPlace place = cordgain::detail::centred_place(model);
  cordgain::detail::PosteriorDensity density(model);
  const double top = density(place.mode);
  std::vector<Index> order = density.cheapest_last();
  std::reverse(order.begin(), order.end() - 1);
  place.mode += moved * place.covariance.diagonal().cwiseSqrt();
  place.covariance.diagonal() *= 1.1;  // other axes
  const auto frame = cordgain::detail::lattice_frame(place, order, step, 0.0);
  const Index p = model.frame.shift.size();
  ReferenceSums sums(p, static_cast<Index>(model.hyper.size()), points);
  cordgain::detail::walk_lines(density, frame, top - depth, 40000000,
                               [&](const cordgain::LatticeNode&, int, double, bool) { sums.add(density); });
  Reference out = sums.result(frame.log_volume);
  out.log_evidence += model.log_constant;
  return out;
}

}  // namespace fixture
