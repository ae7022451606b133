// The small trial of gaussian_fixture.hpp as a Bayesian model with a random intercept, and its posterior by a
// second road: dense normal densities, product Gauss-Legendre rules on the standard deviations themselves.
#pragma once

#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <cordgain/infer/posterior_report.hpp>

#include "gaussian_fixture.hpp"

namespace fixture {

inline cordgain::Hyperparameter half_t(double df, double scale) {
  cordgain::Hyperparameter out;
  out.prior = cordgain::Prior({{cordgain::PriorKind::kHalfT, 1.0, scale, df, 0.0}});
  return out;
}

/// Intercept N(5, 10^2), week N(0, 1); sd half-t(3, 5), sigma half-t(3, 2).
inline cordgain::PosteriorPriors intercept_priors() {
  cordgain::PosteriorPriors out;
  out.coefficients = {{{1.0, 5.0, 10.0, -1}}, {{1.0, 0.0, 1.0, -1}}};
  out.hyper = {half_t(3.0, 5.0), half_t(3.0, 2.0)};
  out.layout.blocks = {{0, -1, -1}};
  out.layout.sigma = 1;
  return out;
}

/// That trial with these priors.
struct PosteriorSetting {
  Trial trial;
  cordgain::Reduced reduced = cordgain::reduce_rows(trial.design(1));
  cordgain::PosteriorModel model =
      cordgain::detail::posterior_model(trial.design(1), reduced.frame, reduced.blocks, intercept_priors());
};

/// Evidence and posterior means of sd, sigma, sd^2 and the slope.
struct BruteForce {
  double evidence = 0.0, sd = 0.0, sd_square = 0.0, sigma = 0.0, slope = 0.0;
};

inline void add_node(const Trial& trial, double sd, double sigma, double weight, BruteForce& sums) {
  const auto priors = intercept_priors();
  Vector m0(2), v0(2);
  m0 << 5.0, 0.0;
  v0 << 100.0, 1.0;
  const Matrix v = trial.dense(Matrix::Constant(1, 1, sd * sd), sigma * sigma);
  const Matrix whole = v + trial.x * v0.asDiagonal() * trial.x.transpose();
  const Vector r = trial.y - trial.x * m0;
  const Eigen::LDLT<Matrix> ldlt(whole);
  const Vector solved = ldlt.solve(r);
  const double log_density = -0.5 * (static_cast<double>(r.size()) * std::log(2.0 * std::acos(-1.0)) +
                                     ldlt.vectorD().array().log().sum() + r.dot(solved)) +
                             priors.hyper[0].prior.log_density(sd) + priors.hyper[1].prior.log_density(sigma);
  const double mass = weight * std::exp(log_density);
  const Vector beta = m0 + v0.cwiseProduct(trial.x.transpose() * solved);
  sums.evidence += mass;
  sums.sd += mass * sd;
  sums.sd_square += mass * sd * sd;
  sums.sigma += mass * sigma;
  sums.slope += mass * beta[1];
}

inline BruteForce brute_force() {
  const Trial trial;
  BruteForce sums;
  using Rule = boost::math::quadrature::gauss<double, 15>;
  const double sd_edge[] = {0.0, 1.0, 3.0, 8.0, 25.0, 120.0}, sigma_edge[] = {0.2, 1.0, 2.0, 4.0, 12.0};
  const auto over = [](const double* edge, int panels, auto&& body) {
    for (int k = 0; k < panels; ++k) {
      const double half = 0.5 * (edge[k + 1] - edge[k]), middle = 0.5 * (edge[k + 1] + edge[k]);
      for (std::size_t i = 0; i < Rule::abscissa().size(); ++i) {
        const double x = Rule::abscissa()[i], w = half * Rule::weights()[i];
        body(middle + half * x, w);
        if (x != 0.0) body(middle - half * x, w);
      }
    }
  };
  over(sd_edge, 5, [&](double sd, double w) {
    over(sigma_edge, 4, [&](double sigma, double u) { add_node(trial, sd, sigma, w * u, sums); });
  });
  for (double* moment : {&sums.sd, &sums.sd_square, &sums.sigma, &sums.slope}) *moment /= sums.evidence;
  return sums;
}

}  // namespace fixture
