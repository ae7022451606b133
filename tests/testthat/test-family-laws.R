# Every family beside its distribution written out by hand, score by score.

eta <- c(-2, 0.3, 1.5)
ordered_family <- \(link = "logit") {
  settle_family(cumulative(link), structure(cbind(0:3), levels = c("A", "B", "C", "D"), seen = 1:4))
}
cases <- list(
  binomial = list(family = as_recovery_family(binomial()), n = 4, extra = numeric(), values = 0:4,
    by_hand = \(y, eta) dbinom(y, 4, 1 / (1 + exp(-eta)))),
  beta_binomial = list(family = beta_binomial(6), n = 6, extra = log(3), values = 0:6,
    by_hand = \(y, eta) exp(log_beta_binomial(y, 6, plogis(eta), 3))),
  flat = list(family = beta_binomial(6), n = 6, extra = Inf, values = 0:6,
    by_hand = \(y, eta) dbinom(y, 6, plogis(eta))),
  hurdle = list(family = hurdle(5, "shared"), n = 5, extra = c(log(2), -0.4, 0.7), values = 0:5,
    by_hand = \(y, eta) {
      gain <- plogis(-0.4 + 0.7 * eta)
      ifelse(y == 0, 1 - gain, gain * exp(log_beta_binomial(pmax(y - 1, 0), 4, plogis(eta), 2)))
    }),
  cumulative = list(family = ordered_family(), n = 1, extra = c(-1, 0, 2), values = 0:3,
    by_hand = \(y, eta) plogis(c(-1, 0, 2, Inf)[y + 1] - eta) - plogis(c(-Inf, -1, 0, 2)[y + 1] - eta)),
  poisson = list(family = as_recovery_family(poisson()), n = 1, extra = numeric(), values = 0:60,
    by_hand = \(y, eta) exp(-exp(eta) + y * eta - lgamma(y + 1)))
)

score_of <- \(case, y) cbind(rep(y, length(eta)), case$n)

test_that("each family's probabilities are those of its formula, below and above add up", {
  for (case in cases) {
    by_hand <- sapply(eta, \(at) case$by_hand(case$values, at))
    for (i in seq_along(case$values)) {
      law <- score_law(case$family, score_of(case, case$values[i]), eta, case$extra)
      expect_equal(law$equal, by_hand[i, ], tolerance = 1e-12)
      expect_equal(law$below, colSums(by_hand[seq_len(i - 1L), , drop = FALSE]), tolerance = 1e-12)
      expect_equal(law$below + law$equal + law$above, rep(1, 3), tolerance = 1e-12)
    }
  }
})

test_that("means and variances are sums over all scores", {
  for (name in names(cases)) {
    case <- cases[[name]]
    values <- case$values + (name == "cumulative") # numbers of levels begin with 1
    by_hand <- sapply(eta, \(at) case$by_hand(case$values, at))
    mean <- colSums(values * by_hand)
    variance <- colSums(outer(values, mean, `-`)^2 * by_hand)
    found <- score_moments(case$family, case$n, eta, case$extra)
    unit <- if (name == "binomial") case$n else 1
    expect_equal(found$mean * unit, mean, tolerance = 1e-10)
    expect_equal(found$variance * unit^2, variance, tolerance = 1e-10)
  }
})

test_that("a share of points has the variance of the points over their number squared", {
  points <- score_moments(beta_binomial(6), 6, eta, log(3))
  share <- score_moments(beta_binomial(), 6, eta, log(3))
  expect_equal(share$mean, points$mean / 6)
  expect_equal(share$variance, points$variance / 36)
})

test_that("a censored score has the moments and the distribution of a normal one moved to its ends", {
  moments_by_hand <- \(family, eta) {
    inside <- \(f) integrate(\(y) f(y) * dnorm(y, eta, 2), family$lower, family$upper, rel.tol = 1e-11)$value
    ends <- \(f) {
      part <- \(end, share) if (is.finite(end)) f(end) * share else 0
      part(family$lower, pnorm(family$lower, eta, 2)) + part(family$upper, 1 - pnorm(family$upper, eta, 2))
    }
    mean <- inside(identity) + ends(identity)
    c(mean, inside(\(y) (y - mean)^2) + ends(\(y) (y - mean)^2))
  }
  for (family in list(censored(0, 3), censored(lower = 0), censored(upper = 1), censored())) {
    found <- score_moments(family, 1, eta, log(2))
    by_hand <- vapply(eta, \(at) moments_by_hand(family, at), numeric(2))
    # integrate()'s own error on an infinite range
    expect_equal(rbind(found$mean, found$variance), by_hand, tolerance = 1e-7)
  }
  law <- score_law(censored(0, 3), cbind(c(0, 1, 3)), eta, log(2))
  expect_equal(law$below, c(0, pnorm(1, 0.3, 2), pnorm(3, 1.5, 2)))
  expect_equal(law$equal, c(pnorm(0, -2, 2), 0, pnorm(3, 1.5, 2, lower.tail = FALSE)))
  expect_equal(law$above, c(pnorm(0, -2, 2, lower.tail = FALSE), pnorm(1, 0.3, 2, lower.tail = FALSE), 0))
})

test_that("drawn scores have the family's frequencies", {
  many <- 20000
  set.seed(1)
  for (name in names(cases)) {
    case <- cases[[name]]
    drawn <- draw_scores(case$family, rep(case$n, many), rep(0.3, many), case$extra) - (name == "cumulative")
    prob <- case$by_hand(case$values, 0.3)
    found <- tabulate(drawn + 1, length(case$values)) / many
    # 5.5 standard errors: fails by chance less than once in ten million for each of some 30 values
    expect_true(all(abs(found - prob) < 5.5 * sqrt(prob * (1 - prob) / many) + 5 / many))
  }
  floor <- draw_scores(censored(0, 3), 1, rep(0.3, many), log(2))
  expect_lt(abs(mean(floor == 0) - pnorm(0, 0.3, 2)), 5.5 * sqrt(0.25 / many))
  expect_true(all(floor >= 0 & floor <= 3))
})

test_that("ordered scores are drawn by each link's own distribution", {
  set.seed(2)
  cdf <- list(logit = plogis, probit = pnorm, cloglog = \(t) 1 - exp(-exp(t)))
  for (link in names(cdf)) {
    drawn <- draw_scores(ordered_family(link), 1, rep(0.3, 20000), c(-1, 0, 2))
    below <- cdf[[link]](c(-1, 0, 2) - 0.3)
    found <- vapply(1:3, \(k) mean(drawn <= k), 0)
    expect_true(all(abs(found - below) < 5.5 * sqrt(below * (1 - below) / 20000)))
  }
})

test_that("drawn scores come back in the words of the scores that were given", {
  expect_identical(as_given(c(1, 3), 1, ordered(c("A", "C"), levels = c("A", "B", "C"))),
    ordered(c("A", "C"), levels = c("A", "B", "C")))
  expect_identical(as_given(c(0, 1), 1, factor(c("no", "yes"))), factor(c("no", "yes")))
  expect_identical(as_given(c(0, 1), 1, TRUE), c(FALSE, TRUE))
  expect_identical(as_given(c(1, 2), c(4, 4), cbind(won = 1, lost = 2)), cbind(won = c(1, 2), lost = c(3, 2)))
  expect_identical(as_given(c(0, 1), 1, c(0, 1, 1)), c(0, 1))
})

test_that("averages over random effects are those of integrate(), for narrow and for wide ones", {
  by_hand <- \(f, eta, sd) {
    integrate(\(u) f(eta + sd * u) * dnorm(u), -12, 12, rel.tol = 1e-12, subdivisions = 2000)$value
  }
  for (sd in c(0.2, 1, 4)) {
    for (f in list(plogis, pnorm, \(t) 1 - exp(-exp(t)), \(t) plogis(t)^2)) {
      wanted <- vapply(eta, \(at) by_hand(f, at, sd), 0)
      expect_equal(average_normal(f, eta, rep(sd, 3)), wanted, tolerance = 1e-10)
    }
  }
  # closed forms: a probit, and a lognormal mean and variance
  expect_equal(average_normal(pnorm, eta, c(0, 1, 30)), pnorm(eta / sqrt(1 + c(0, 1, 30)^2)), tolerance = 1e-12)
  moments <- average_moments(as_recovery_family(poisson()), 1, eta, rep(1.5, 3), numeric())
  mean <- exp(eta + 1.5^2 / 2)
  expect_equal(moments$mean, mean, tolerance = 1e-12)
  expect_equal(moments$variance, mean + mean^2 * expm1(1.5^2), tolerance = 1e-12)
})

test_that("a censored score averaged over an effect is censored about the sum of both variances", {
  averaged <- average_moments(censored(0, 3), 1, eta, rep(1.5, 3), log(0.1))
  whole <- score_moments(censored(0, 3), 1, eta, log(sqrt(1.5^2 + 0.1^2)))
  expect_equal(averaged, whole, tolerance = 1e-10)
  expect_identical(average_moments(censored(0, 3), 1, eta, rep(0, 3), log(2)),
    score_moments(censored(0, 3), 1, eta, log(2)))
})

test_that("the unit in which a family changes follows its own parameters", {
  expect_identical(smooth_scale(censored(0, 3), log(0.5)), 0.5)
  expect_identical(smooth_scale(hurdle(5, "shared"), c(0, 0, -4)), 0.25)
  expect_identical(smooth_scale(beta_binomial(5), 0), 1)
})
