#include <testthat/vendor/catch.h>
#include <cmath>
#include <cordgain/math/differences.hpp>
#include <cordgain/model/cut_prior.hpp>

using namespace cordgain;

TEST_CASE("latent densities integrate to 1 and have the slopes of their differences") {
  for (const LatentLaw law : {LatentLaw::kLogit, LatentLaw::kProbit, LatentLaw::kCloglog}) {
    double sum = 0.0;
    for (int i = -4000; i <= 4000; ++i) sum += 0.01 * std::exp(latent_density(law, 0.01 * i).value);
    REQUIRE(sum == Approx(1.0).epsilon(1e-12));
    for (const double t : {-3.0, -0.2, 1.4}) {
      const double h = 1e-5;
      const double slope = (latent_density(law, t + h).value - latent_density(law, t - h).value) / (2.0 * h);
      REQUIRE(std::fabs(latent_density(law, t).slope - slope) < 1e-8);
    }
  }
}

TEST_CASE("the induced Dirichlet prior of two thresholds is the uniform law of three probabilities") {
  // by the change of variables: 2! times the densities; its integral over increasing pairs is 1
  CutPrior prior;
  Vector cut(2), gradient;
  double sum = 0.0;
  const double h = 0.1;
  for (int i = -400; i <= 400; ++i) {
    for (int j = i; j <= 400; ++j) {
      cut << h * i, h * j;
      sum += (i == j ? 0.5 : 1.0) * h * h * std::exp(log_cut_prior(prior, cut, gradient));
    }
  }
  REQUIRE(sum == Approx(1.0).epsilon(1e-9));  // half of a smooth symmetric function: trapezoidal accuracy
}

TEST_CASE("gradients of both priors are those of differences, and equal priors are ordered") {
  CutPrior each;
  each.induced = false;
  each.each = Prior({{PriorKind::kNormal, 1.0, 0.5, 2.0, 0.0}});
  CutPrior probit;
  probit.law = LatentLaw::kProbit;
  Vector cut(3);
  cut << -1.0, 0.3, 1.1;
  for (const CutPrior& prior : {each, probit}) {
    Vector gradient, ignored;
    static_cast<void>(log_cut_prior(prior, cut, gradient));
    const auto value = [&](const Vector& at) { return log_cut_prior(prior, at, ignored); };
    REQUIRE((difference_gradient(value, cut) - gradient).norm() < 1e-9);
  }
  Vector gradient;
  double direct = std::log(6.0);
  for (Index k = 0; k < 3; ++k) direct += each.each.log_density(cut[k]);
  REQUIRE(log_cut_prior(each, cut, gradient) == Approx(direct).epsilon(1e-14));
}
