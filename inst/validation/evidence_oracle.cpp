// The inner loops of the second road (tests/testthat/helper-oracle.R), compiled, so that a thousand random evidence
// sets take minutes: the same rules and nodes, handed over from there. Nothing of the package is included.
#include <Rcpp.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

double softplus(double x) { return (x > 0.0 ? x : 0.0) + std::log1p(std::exp(-std::fabs(x))); }
double logistic(double x) { return x > 0.0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x)); }

// Mode of z = (theta - mu) / tau by bisection of the slope; a rule around it need not know it closer than 1e-6.
double mode(double y, double n, double m, double tau) {
  double low = -tau * n;
  double high = tau * n;
  while (high - low > 1e-6 * std::max(1.0, std::fabs(low))) {
    const double middle = 0.5 * (low + high);
    (tau * (y - n * logistic(m + tau * middle)) - middle > 0.0 ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

// log L(mu, tau) of one source, as oracle_log_lik().
// [[Rcpp::export]]
Rcpp::NumericVector compiled_log_lik(const Rcpp::List& s, const Rcpp::NumericVector& mu, double tau,
                                     const Rcpp::NumericVector& z, const Rcpp::NumericVector& step) {
  const double y = s["y"], n = s["n"], top = s["top"], left = s["left"], scale = s["scale"];
  const bool flip = s["flip"], plateau = s["plateau"];
  const Rcpp::NumericVector theta = s["theta"], lik = s["lik"];
  const double root = std::sqrt(2.0 * M_PI);
  Rcpp::NumericVector result(mu.size());
  std::vector<double> exponent(std::max(z.size(), theta.size()));
  for (R_xlen_t i = 0; i < mu.size(); ++i) {
    const double m = flip ? -mu[i] : mu[i];
    const bool narrow = tau <= scale;
    const R_xlen_t nodes = narrow ? z.size() : theta.size();
    const double centre = narrow ? mode(y, n, m, tau) : 0.0;
    double most = R_NegInf;
    for (R_xlen_t j = 0; j < nodes; ++j) {
      const double at = narrow ? centre + z[j] : (theta[j] - m) / tau;
      exponent[j] = -0.5 * at * at;
      if (narrow) exponent[j] += y * (m + tau * at) - n * softplus(m + tau * at);
      most = std::max(most, exponent[j]);
    }
    double sum = 0.0;
    for (R_xlen_t j = 0; j < nodes; ++j) sum += std::exp(exponent[j] - most) * (narrow ? step[j] : lik[j]);
    if (narrow) {
      result[i] = most + std::log(sum / root);
    } else {
      double value = sum / (tau * root);
      if (plateau) value += std::exp(R::pnorm((left - m) / tau, 0.0, 1.0, true, true) - most);
      result[i] = top + most + std::log(value);
    }
  }
  return result;
}

// Sums over posterior nodes of the expectations of p, p^2 and C(size, k) p^k (1 - p)^(size - k), k = 1..size, under
// logit p ~ N(mean, sd^2): as oracle_expect() for each. `z`, `w`: a rule for the standard normal; `wide`, `wide_w`:
// one for log odds themselves, where the normal is wide against the logistic; `end`: where p is 1 from.
// [[Rcpp::export]]
Rcpp::NumericVector compiled_expectations(const Rcpp::NumericVector& mean, const Rcpp::NumericVector& sd,
                                          const Rcpp::NumericVector& weight, int size,
                                          const Rcpp::NumericVector& z, const Rcpp::NumericVector& w,
                                          const Rcpp::NumericVector& wide, const Rcpp::NumericVector& wide_w,
                                          double end) {
  Rcpp::NumericVector sums(size + 2);
  std::vector<double> choose(size + 1);
  for (int k = 0; k <= size; ++k) choose[k] = R::choose(size, k);
  const auto add = [&](double theta, double mass) {
    const double p = logistic(theta);
    const double q = logistic(-theta);
    sums[0] += mass * p;
    sums[1] += mass * p * p;
    double power = mass;
    for (int k = size; k >= 1; --k, power *= q) {  // power = mass q^(size - k)
      double term = power;
      for (int i = 0; i < k; ++i) term *= p;
      sums[k + 1] += choose[k] * term;
    }
  };
  std::vector<double> density(wide.size());  // of all wide normals together
  for (R_xlen_t i = 0; i < mean.size(); ++i) {
    if (sd[i] <= 0.5) {
      for (R_xlen_t j = 0; j < z.size(); ++j) add(mean[i] + sd[i] * z[j], weight[i] * w[j]);
      continue;
    }
    const double scale = weight[i] / (sd[i] * std::sqrt(2.0 * M_PI));
    for (R_xlen_t j = 0; j < wide.size(); ++j) {
      const double at = (wide[j] - mean[i]) / sd[i];
      if (std::fabs(at) < 9.0) density[j] += scale * std::exp(-0.5 * at * at);
    }
    const double beyond = weight[i] * R::pnorm((end - mean[i]) / sd[i], 0.0, 1.0, false, false);
    sums[0] += beyond;
    sums[1] += beyond;
    sums[size + 1] += beyond;
  }
  for (R_xlen_t j = 0; j < wide.size(); ++j) add(wide[j], density[j] * wide_w[j]);
  return sums;
}
