#include <testthat/vendor/catch.h>
#include <boost/math/special_functions/beta.hpp>
#include <cordgain/natural/source_likelihood.hpp>
#include <random>

#include "naive.hpp"

using cordgain::coarse_route;
using cordgain::fine_route;
using cordgain::InvalidInput;
using cordgain::Route;
using cordgain::SourceLikelihood;

namespace {

double log_kernel(double y, double n, double theta) {
  const double softplus = theta > 0.0 ? theta + std::log1p(std::exp(-theta)) : std::log1p(std::exp(theta));
  return y * theta - n * softplus;
}

// log of the integral of kernel x normal: the top found on a grid, the range cut where e^-45 of it is left,
// then Gauss-Kronrod in equal pieces.
double naive_log_marginal(double y, double n, double mu, double tau) {
  const auto exponent = [&](double theta) {
    return log_kernel(y, n, theta) - 0.5 * (theta - mu) * (theta - mu) / (tau * tau);
  };
  const double peak = std::log((y + 0.01) / (n - y + 0.01));
  const double low = std::min(mu, peak) - 10.0 * tau - 3.0;
  const double high = std::max(mu, peak) + 10.0 * tau + 3.0;
  double top = -naive::kInfinity;
  for (int i = 0; i <= 4000; ++i) top = std::max(top, exponent(low + (high - low) * i / 4000.0));
  double from = low;
  double to = high;
  for (int i = 0; i <= 4000 && exponent(low + (high - low) * (i + 1) / 4000.0) < top - 45.0; ++i) {
    from = low + (high - low) * i / 4000.0;
  }
  for (int i = 0; i <= 4000 && exponent(high - (high - low) * (i + 1) / 4000.0) < top - 45.0; ++i) {
    to = high - (high - low) * i / 4000.0;
  }
  const double sum =
      naive::in_pieces([&](double theta) { return std::exp(exponent(theta) - top); }, from, to, 12);
  return top + std::log(sum / (tau * std::sqrt(2.0 * M_PI)));
}

double log_marginal(double y, double n, double mu, double tau, const Route& route) {
  SourceLikelihood source(y, n, route);
  double mode = source.guess();
  return source.log_marginal(mu, tau, mode);
}

}  // namespace

TEST_CASE("the marginal likelihood of the four registries is the integral of the definition") {
  const double events[] = {39.0, 3.0, 19.0, 32.0};
  const double n[] = {482.0, 53.0, 161.0, 187.0};
  for (int k = 0; k < 4; ++k) {
    for (double mu : {-6.0, -2.4, -1.0, 0.0, 2.0}) {
      for (double tau : {0.01, 0.1, 0.44, 1.0, 2.5, 8.0}) {
        const double expected = naive_log_marginal(events[k], n[k], mu, tau);
        // Terms of e^-25 = 1.4e-11 are left out (both ends), and the step errs by as much; coarse e^-20.
        REQUIRE(std::fabs(log_marginal(events[k], n[k], mu, tau, fine_route()) - expected) < 2e-10);
        REQUIRE(std::fabs(log_marginal(events[k], n[k], mu, tau, coarse_route()) - expected) < 2e-8);
      }
    }
  }
}

TEST_CASE("no events, one event and all events are integrated as well") {
  for (double n : {1.0, 2.0, 4.0, 53.0, 2000.0}) {
    for (double y : {0.0, 1.0, n}) {
      for (double mu : {-9.0, -3.0, 0.0, 4.0}) {
        for (double tau : {0.05, 0.5, 1.5, 2.9, 3.1, 6.0}) {
          CAPTURE(y);
          CAPTURE(n);
          CAPTURE(mu);
          CAPTURE(tau);
          // As above. By parts (one side empty, tau > 3) the factor Phi sharpens the shape of one event to
          // that of up to three where mu is 5 tau away: Gamma(3 + i w) is w^2 / 2 = 170 times Gamma(1 + i w).
          const bool by_parts = (y == 0.0 || y == n) && tau > 3.0;
          const double expected = naive_log_marginal(y, n, mu, tau);
          REQUIRE(std::fabs(log_marginal(y, n, mu, tau, fine_route()) - expected) <
                  (by_parts ? 3e-9 : 2e-10));
        }
      }
    }
  }
}

TEST_CASE("a sweep over counts, means and spreads agrees with the definition") {
  std::mt19937 random(4242);
  const auto uniform = [&](double low, double high) {
    return low + (high - low) * (static_cast<double>(random()) / 4294967295.0);
  };
  for (int run = 0; run < 150; ++run) {
    const double n = std::floor(std::exp(uniform(0.0, 8.0)));
    const double y = std::floor(uniform(0.0, 0.999999) * (n + 1.0));
    const double mu = uniform(-8.0, 8.0);
    const double tau = std::exp(uniform(-4.0, 2.0));
    CAPTURE(y);
    CAPTURE(n);
    CAPTURE(mu);
    CAPTURE(tau);
    // A log marginal of size |L| is itself rounded to eps |L| for each of a few steps.
    const double expected = naive_log_marginal(y, n, mu, tau);
    REQUIRE(std::fabs(log_marginal(y, n, mu, tau, fine_route()) - expected) <
            2e-10 + 1e-13 * std::fabs(expected));
  }
}

TEST_CASE("events and non-events may be exchanged when the mean changes its sign") {
  for (double n : {5.0, 187.0}) {
    for (double y = 0.0; y <= n; y += std::ceil(n / 9.0)) {
      for (double mu : {-2.0, 0.3, 5.0}) {
        for (double tau : {0.0, 0.2, 1.0, 5.0}) {
          const double one = log_marginal(y, n, mu, tau, fine_route());
          // The same lattice is used up to which side it starts from: only what is left out differs.
          REQUIRE(std::fabs(one - log_marginal(n - y, n, -mu, tau, fine_route())) < 1e-10);
        }
      }
    }
  }
}

TEST_CASE("without heterogeneity the likelihood is the binomial's, and a small one is close") {
  for (double mu : {-3.0, -0.2, 1.0}) {
    const double kernel = log_kernel(19.0, 161.0, mu);
    REQUIRE(std::fabs(log_marginal(19.0, 161.0, mu, 0.0, fine_route()) - kernel) < 1e-12);
    REQUIRE(std::fabs(log_marginal(19.0, 161.0, mu, 1e-10, fine_route()) - kernel) < 1e-12);
    // Second order: tau^2 / 2 (slope^2 - n p q) with slope below 161 and tau = 1e-5: 1.3e-6 at most.
    const double p = naive::rate(mu);
    const double slope = 19.0 - 161.0 * p;
    const double second = 0.5e-10 * (slope * slope - 161.0 * p * (1.0 - p));
    REQUIRE(std::fabs(log_marginal(19.0, 161.0, mu, 1e-5, fine_route()) - kernel - second) < 2e-10);
  }
}

TEST_CASE("averaged over a flat mean the likelihood is the beta function whatever the heterogeneity") {
  // integral d mu integral L(theta) N(theta; mu, tau^2) d theta = integral L(theta) d theta = B(y, n - y).
  for (double tau : {0.1, 0.7, 2.0}) {
    for (double y : {1.0, 3.0, 7.0}) {
      SourceLikelihood source(y, 12.0, fine_route());
      const double log_beta = std::log(boost::math::beta(y, 12.0 - y));
      const auto f = [&](double mu) {
        double mode = source.guess();
        return std::exp(source.log_marginal(mu, tau, mode) - log_beta);
      };
      const double reach = 45.0 / y + 12.0 * tau;  // the tail falls like e^(y mu) at least
      REQUIRE(std::fabs(naive::in_pieces(f, -reach, reach, 40) - 1.0) < 1e-9);
    }
  }
}

TEST_CASE("over all outcomes the marginal probabilities add up to 1") {
  for (double tau : {0.3, 1.0, 4.0}) {
    for (double mu : {-2.0, 0.0, 6.0}) {
      double sum = 0.0;
      for (int y = 0; y <= 9; ++y)
        sum += naive::choose(9, y) * std::exp(log_marginal(y, 9.0, mu, tau, fine_route()));
      REQUIRE(std::fabs(sum - 1.0) < 1e-9);
    }
  }
}

TEST_CASE("the guess of the mode does not change the answer") {
  SourceLikelihood source(3.0, 53.0, fine_route());
  for (double mu : {-5.0, -2.0, 1.0}) {
    for (double tau : {0.05, 0.3, 1.0}) {
      double first = source.guess();
      const double expected = source.log_marginal(mu, tau, first);
      for (double start : {-40.0, -3.0, 0.0, 25.0}) {
        double mode = start;
        // The lattice may be centred a tenth of a standard deviation elsewhere: both sums are to e^-25.
        REQUIRE(std::fabs(source.log_marginal(mu, tau, mode) - expected) < 2e-10);
      }
    }
  }
}

TEST_CASE("Newton's steps that go to and fro between two flanks still end at the mode") {
  // All of 53 with a mean far below: the slope is nearly constant on both sides of the mode.
  SourceLikelihood source(53.0, 53.0, fine_route());
  double mode = source.guess();
  const double value = source.log_marginal(-9.0, 0.5, mode);
  REQUIRE(std::fabs(value - naive_log_marginal(53.0, 53.0, -9.0, 0.5)) < 2e-10);
  // 53 (1 - p(theta)) = 4 (theta + 9), to a tenth of a standard deviation of about 1/4.
  REQUIRE(std::fabs(53.0 * naive::rate(-mode) - 4.0 * (mode + 9.0)) < 16.0 * 0.1 * 0.5);
}

TEST_CASE("the first guess lies where the counts say, within half an event") {
  SourceLikelihood source(32.0, 187.0, fine_route());
  REQUIRE(std::fabs(source.guess() - std::log(32.5 / 155.5)) < 1e-14);
  REQUIRE(std::fabs(source.guess_variance() - (1.0 / 32.5 + 1.0 / 155.5)) < 1e-15);
  const SourceLikelihood mirrored(155.0, 187.0, fine_route());
  REQUIRE(mirrored.guess() == -source.guess());
  REQUIRE(mirrored.guess_variance() == source.guess_variance());
  REQUIRE(std::isfinite(SourceLikelihood(0.0, 53.0, fine_route()).guess()));
}

TEST_CASE("the lattice step solves the equation it is made from") {
  for (double m : {1.0, 3.0, 27.0, 1000.0}) {
    for (double digits : {20.0, 25.0}) {
      const double r = 2.0 * M_PI / (cordgain::detail::binomial_step(m, digits) * m);
      // Newton stops at 1e-10 relative; the left side has slope m atan(r) < digits-sized in r.
      REQUIRE(std::fabs(m * (r * std::atan(r) - 0.5 * std::log1p(r * r)) - digits) < 1e-6);
    }
  }
  REQUIRE(cordgain::detail::binomial_step(100.0, 25.0) < cordgain::detail::binomial_step(10.0, 25.0));
  REQUIRE(cordgain::detail::binomial_step(10.0, 25.0) < cordgain::detail::binomial_step(10.0, 20.0));
}

TEST_CASE("a million patients and a source far from the mean are answered") {
  REQUIRE(std::isfinite(log_marginal(123456.0, 1e6, -2.0, 0.5, fine_route())));
  // A sharp source sees the normal as a constant: log B(y, n - y) + log N(logit(y / n); mu, tau^2).
  const double centre = std::log(123456.0 / (1e6 - 123456.0));
  const double log_beta = std::lgamma(123456.0) + std::lgamma(1e6 - 123456.0) - std::lgamma(1e6);
  const double expected = log_beta + std::log(naive::normal(centre, -2.0, 0.5));
  // Curvature of the normal over the source's SD of 0.003: of order (0.003 / 0.5)^2; lgamma near 1e7 x eps.
  REQUIRE(std::fabs(log_marginal(123456.0, 1e6, -2.0, 0.5, fine_route()) - expected) < 1e-4);
  REQUIRE(std::isfinite(log_marginal(0.0, 1e6, 30.0, 0.01, fine_route())));
  REQUIRE(std::isfinite(log_marginal(50.0, 100.0, 300.0, 0.3, fine_route())));
}

TEST_CASE("counts that are none are refused") {
  REQUIRE_THROWS_AS(SourceLikelihood(5.0, 4.0, fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(SourceLikelihood(-1.0, 4.0, fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(SourceLikelihood(0.0, 0.0, fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(SourceLikelihood(1.5, 4.0, fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(SourceLikelihood(naive::kNaN, 4.0, fine_route()), InvalidInput);
  REQUIRE_THROWS_AS(SourceLikelihood(1.0, naive::kInfinity, fine_route()), InvalidInput);
}

TEST_CASE("every fixed lattice, from the coarsest to the one beyond the finest, gives the integral") {
  // A step of the lattice serves taus within a factor of sqrt(2): twenty taus a factor 1.5 apart visit them
  // all.
  for (const double y : {0.0, 4.0, 60.0}) {
    for (const double n : {61.0, 900.0}) {
      SourceLikelihood source(y, n, fine_route());
      double mode = source.guess();
      for (double tau = 2.0; tau > 6e-4; tau /= 1.5) {
        for (const double away : {-3.0, -0.4, 0.0, 1.0}) {
          const double mu = std::log((y + 0.5) / (n - y + 0.5)) + away;
          const double expected = naive_log_marginal(y, n, mu, tau);
          CAPTURE(y);
          CAPTURE(n);
          CAPTURE(tau);
          CAPTURE(mu);
          REQUIRE(std::fabs(source.log_marginal(mu, tau, mode) - expected) <
                  2e-10 + 1e-13 * std::fabs(expected));
        }
      }
    }
  }
}

TEST_CASE("a lattice laid for one tau does not change what another gives") {
  SourceLikelihood used(7.0, 80.0, fine_route());
  for (double tau = 0.004; tau < 3.0; tau *= 1.7) {
    double mode = used.guess();
    const double before = used.log_marginal(-1.0, tau, mode);
    REQUIRE(std::fabs(before - log_marginal(7.0, 80.0, -1.0, tau, fine_route())) < 1e-12);
  }
}
