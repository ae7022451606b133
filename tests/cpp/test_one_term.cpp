#include <testthat/vendor/catch.h>
#include <cordgain/fit/one_term.hpp>
#include "gaussian_fixture.hpp"

using namespace cordgain;

namespace {

/// The fixture with one to five fixed effects.
struct Wide {
  fixture::Trial trial;
  Matrix x;

  explicit Wide(Index p) : x(trial.y.size(), p) {
    for (Index i = 0; i < x.rows(); ++i) {
      const double week = trial.x(i, 1);
      Vector row(5);
      row << 1.0, week, week * week / 50.0, trial.level[i] % 2, week * (trial.level[i] % 2);
      x.row(i) = row.head(p).transpose();
    }
  }

  [[nodiscard]] Reduced reduced(Index q) const {
    const DesignInput in = trial.design(q);
    DesignInput wide{Eigen::Map<const Matrix>(x.data(), x.rows(), x.cols()), in.y, in.weight, {}, {}};
    for (const RandomTerm& term : in.random) wide.random.push_back(term);
    return reduce_rows(wide);
  }
};

Covariance with_factor(Index q, Index rank, std::vector<Index> pivot) {
  Covariance out;
  out.add(std::make_shared<FactorTerm>(q, rank, std::move(pivot)));
  out.add(std::make_shared<UnitTerm>());
  return out;
}

/// The same by matrices of any size, which go by the elements of D: with the sizes of the terms that cancel
/// there.
struct General {
  SecondOrder at;
  double gradient_terms;
  double hessian_terms;
};

General general(const Blocks& blocks, const Covariance& covariance, const Vector& theta,
                LikelihoodKind kind) {
  const Matrix jacobian = covariance.jacobian(theta);
  const Expansion e = expand(moments_at(blocks, covariance.gamma(theta), jacobian, covariance.roots(theta)),
                             jacobian, blocks.n, blocks.p, kind);
  General out;
  out.at = {e.value, jacobian.transpose() * e.gradient, e.hessian + covariance.curvature(theta, e.gradient)};
  out.gradient_terms = 1.0 + (jacobian.cwiseAbs().transpose() * e.gradient.cwiseAbs()).sum();
  out.hessian_terms = 1.0 + out.at.hessian.cwiseAbs().sum() + jacobian.cwiseAbs().sum();
  return out;
}

void require_same(const SecondOrder& got, const General& expected) {
  REQUIRE(got.value == Approx(expected.at.value).epsilon(1e-12));
  REQUIRE((got.gradient - expected.at.gradient).cwiseAbs().sum() < 1e-12 * expected.gradient_terms);
  REQUIRE((got.hessian - expected.at.hessian).cwiseAbs().sum() < 1e-12 * expected.hessian_terms);
}

void require_same_at(const Blocks& blocks, const Covariance& covariance, const Vector& theta) {
  for (const bool restricted : {true, false}) {
    for (const bool profiled : {true, false}) {
      const LikelihoodKind kind{restricted, profiled};
      const auto fast = one_term_likelihood(blocks, kind);
      REQUIRE(fast != nullptr);
      require_same(fast->at(*detail::only_factor(covariance), theta),
                   general(blocks, covariance, theta, kind));
    }
  }
}

}  // namespace

TEST_CASE("value, gradient and Hessian are those of matrices of any size") {
  Vector theta(3);
  theta << 0.8, -0.6, 0.5;
  for (Index p = 1; p <= 4; ++p) {
    const Wide data(p);
    const Blocks slopes = data.reduced(2).blocks, intercepts = data.reduced(1).blocks;
    REQUIRE(slopes.kinds.size() == 3);
    for (const double size : {1e-3, 1.0, 30.0}) {
      require_same_at(slopes, with_factor(2, 2, {0, 1}), size * theta);
      require_same_at(slopes, with_factor(2, 1, {1, 0}), size * theta.head(2));
      require_same_at(intercepts, with_factor(1, 1, {0}), size * theta.head(1));
    }
  }
}

TEST_CASE("a factor of rank zero leaves least squares") {
  const Blocks blocks = Wide(2).reduced(2).blocks;
  const auto fast = one_term_likelihood(blocks, {true, true});
  const SecondOrder at = fast->at(FactorTerm(2, 0, {0, 1}), Vector(0));
  REQUIRE(at.gradient.size() == 0);
  // y is the residual of least squares with y'y = n - p: the scale is 1.
  const double nu = static_cast<double>(blocks.n - blocks.p);
  REQUIRE(at.value == Approx(nu * (1.0 + std::log(2.0 * std::acos(-1.0)))).epsilon(1e-12));
}

TEST_CASE("a small residual beside large random effects is not lost") {
  const Blocks blocks = Wide(2).reduced(2).blocks;
  const Covariance covariance = with_factor(2, 2, {0, 1});
  Vector theta(3);
  theta << 1e5, 1e4, 1e5;
  const SecondOrder got =
      one_term_likelihood(blocks, {true, true})->at(*detail::only_factor(covariance), theta);
  // Whitening pooled moments loses digits as the condition of V, 1e10, on either road.
  REQUIRE(got.value == Approx(general(blocks, covariance, theta, {true, true}).at.value).epsilon(1e-6));
  // D four times as large: log|V| grows by log 4 in two dimensions of each of six subjects, log|X'V^-1X|
  // falls in two.
  const double larger =
      one_term_likelihood(blocks, {true, true})->at(*detail::only_factor(covariance), 2.0 * theta).value;
  REQUIRE(std::abs(larger - got.value - (6 * 2 - 2) * std::log(4.0)) < 1e-5);
}

TEST_CASE("parameters without a finite likelihood have no derivatives") {
  const Blocks blocks = Wide(2).reduced(2).blocks;
  const auto fast = one_term_likelihood(blocks, {true, true});
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const SecondOrder at = fast->at(FactorTerm(2), Vector::Constant(3, bad));
    REQUIRE(std::isinf(at.value));
    REQUIRE(at.gradient.size() == 0);
  }
}

TEST_CASE("data of another form have no likelihood in arrays of fixed size") {
  const LikelihoodKind kind{true, true};
  REQUIRE(one_term_likelihood(Wide(5).reduced(2).blocks, kind) == nullptr);
  REQUIRE(one_term_likelihood(Blocks(), kind) == nullptr);
  Blocks blocks = Wide(2).reduced(2).blocks;
  blocks.residual = -1;
  REQUIRE(one_term_likelihood(blocks, kind) == nullptr);
  blocks = Wide(2).reduced(2).blocks;
  blocks.kinds[0].columns.push_back(blocks.kinds[0].columns[0]);
  REQUIRE(one_term_likelihood(blocks, kind) == nullptr);
}

TEST_CASE("only a factor beside the unit residual is the one term") {
  REQUIRE(detail::only_factor(with_factor(2, 2, {0, 1})) != nullptr);
  Covariance two = with_factor(1, 1, {0});
  two.add(std::make_shared<FactorTerm>(1));
  REQUIRE(detail::only_factor(two) == nullptr);
  Covariance reversed;
  reversed.add(std::make_shared<UnitTerm>());
  reversed.add(std::make_shared<FactorTerm>(1));
  REQUIRE(detail::only_factor(reversed) == nullptr);
}

TEST_CASE("gradient and Hessian are the differences of value and gradient") {
  const Blocks blocks = Wide(3).reduced(2).blocks;
  const FactorTerm term(2);
  Vector theta(3);
  theta << 1.1, 0.4, 0.7;
  const double h = 1e-5;  // truncation h^2 and rounding eps/h meet near 1e-10
  for (const bool restricted : {true, false}) {
    for (const bool profiled : {true, false}) {
      const auto likelihood = one_term_likelihood(blocks, {restricted, profiled});
      const SecondOrder at = likelihood->at(term, theta);
      for (Index k = 0; k < 3; ++k) {
        const SecondOrder up = likelihood->at(term, theta + h * Vector::Unit(3, k));
        const SecondOrder down = likelihood->at(term, theta - h * Vector::Unit(3, k));
        REQUIRE(at.gradient[k] == Approx((up.value - down.value) / (2.0 * h)).epsilon(1e-6));
        const Vector slope = (up.gradient - down.gradient) / (2.0 * h);
        REQUIRE((at.hessian.col(k) - slope).norm() < 1e-6 * (1.0 + slope.norm()));
      }
    }
  }
}

TEST_CASE("the likelihood is that of D, whatever factor holds it") {
  const Blocks blocks = Wide(2).reduced(2).blocks;
  const auto likelihood = one_term_likelihood(blocks, {true, true});
  Matrix root(2, 2);
  root << 0.9, 0.0, 0.3, 0.6;
  const Matrix d = root * root.transpose();
  Vector first(3), last(3);
  first << root(0, 0), root(1, 0), root(1, 1);
  const double lead = std::sqrt(d(1, 1));
  last << lead, d(0, 1) / lead, std::sqrt(d(0, 0) - d(0, 1) * d(0, 1) / d(1, 1));
  const double value = likelihood->at(FactorTerm(2, 2, {0, 1}), first).value;
  REQUIRE(likelihood->at(FactorTerm(2, 2, {1, 0}), last).value == Approx(value).epsilon(1e-13));
  // The sign of a column of the factor does not matter either.
  first[2] = -first[2];
  REQUIRE(likelihood->at(FactorTerm(2, 2, {0, 1}), first).value == Approx(value).epsilon(1e-13));
}

TEST_CASE("a kind of subjects counts as its parts do") {
  const Blocks whole = Wide(2).reduced(2).blocks;
  Blocks parts = whole;
  BlockKind& kind = parts.kinds[0];
  REQUIRE(kind.count == 2);
  kind.count = 1;
  kind.moments *= 0.5;
  const BlockKind half = kind;
  parts.kinds.push_back(half);
  Vector theta(3);
  theta << 0.5, -0.2, 0.8;
  for (const bool restricted : {true, false}) {
    const SecondOrder a = one_term_likelihood(whole, {restricted, true})->at(FactorTerm(2), theta);
    const SecondOrder b = one_term_likelihood(parts, {restricted, true})->at(FactorTerm(2), theta);
    REQUIRE(b.value == Approx(a.value).epsilon(1e-13));
    REQUIRE((a.gradient - b.gradient).norm() < 1e-12 * (1.0 + a.gradient.norm()));
    REQUIRE((a.hessian - b.hessian).norm() < 1e-12 * (1.0 + a.hessian.norm()));
  }
}
