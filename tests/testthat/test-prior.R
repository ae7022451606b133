# Priors as values: what they hold, the conjugate posterior, refusals.

test_that("prior_pc() is the exponential that leaves the probability above the bound", {
  expect_closed(prior_pc(1, 0.05)$parameters[["rate"]], checks_value("G05"))
  expect_identical(prior_pc(2, 0.3), prior_exponential(-log(0.3) / 2))
})

test_that("a beta and a gamma are updated by adding counts", {
  posterior <- tidy(update(prior_beta(0.6, 0.4), events = 16, n = 23))
  expect_equal(c(posterior$a, posterior$b), c(16.6, 7.4), tolerance = 1e-14)
  posterior <- tidy(update(prior_gamma(0.5, 1), events = 2, n = 4))
  expect_equal(c(posterior$shape, posterior$rate), c(2.5, 5), tolerance = 1e-14)
})

test_that("the weights of a mixture after data are those of the borrowing checks (A4)", {
  robust <- prior_mixture(
    c(0.8 * c(.4612914, .1917812, .1893896, .1575378), 0.2), prior_beta(33.9513487, 103.0146367),
    prior_beta(19.4400089, 41.5205219), prior_beta(12.2692310, 55.9202833),
    prior_beta(2.2521243, 5.4812202), prior_beta(1, 1)
  )
  posterior <- tidy(update(robust, events = 1, n = 6))
  # Inputs carry seven digits, the printed weights nine: 1e-7 is the tolerance of the source.
  expect_lt(max(abs(posterior$weight - c(.442862779, .145126343, .197837746, .117191452, .096981679))), 1e-7)
})

test_that("a treatment prior against the updated control mixture gives the probability of the checks (A4)", {
  robust <- prior_mixture(
    c(0.8 * c(.4612914, .1917812, .1893896, .1575378), 0.2), prior_beta(33.9513487, 103.0146367),
    prior_beta(19.4400089, 41.5205219), prior_beta(12.2692310, 55.9202833),
    prior_beta(2.2521243, 5.4812202), prior_beta(1, 1)
  )
  control <- tidy(update(robust, events = 1, n = 6))
  treated <- tidy(update(prior_beta(0.5, 1), events = 14, n = 24))
  above <- sum(control$weight * mapply(\(a, b) stats::integrate(\(x) {
    stats::dbeta(x, a, b) * stats::pbeta(x, treated$a, treated$b, lower.tail = FALSE)
  }, 0, 1, rel.tol = 1e-11)$value, control$a, control$b))
  expect_lt(abs(above - 0.9917197367), 1e-7)
})

test_that("the robust weight of the checks follows from one control patient of four (F04)", {
  posterior <- tidy(update(prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1)), events = 1, n = 4))
  expect_closed(posterior$weight[1], checks_value("F04"))
})

test_that("updating twice is updating once, and the weights do not depend on the order of the components", {
  mixture <- prior_mixture(c(0.3, 0.7), prior_beta(2, 5), prior_beta(1, 1))
  expect_equal(tidy(update(update(mixture, 1, 3), 2, 4)), tidy(update(mixture, 3, 7)), tolerance = 1e-12)
  turned <- prior_mixture(c(0.7, 0.3), prior_beta(1, 1), prior_beta(2, 5))
  expect_equal(tidy(update(turned, 3, 7))$weight, rev(tidy(update(mixture, 3, 7))$weight), tolerance = 1e-12)
})

test_that("a mixture with very unequal evidence keeps finite weights", {
  mixture <- prior_mixture(c(1, 1), prior_beta(1000, 1), prior_beta(1, 1000))
  weight <- tidy(update(mixture, 0, 1000))$weight
  expect_true(all(is.finite(weight)) && abs(sum(weight) - 1) < 1e-12)
  expect_equal(weight[2], 1, tolerance = 1e-12)
})

test_that("weights are divided by their sum, and one component is allowed", {
  expect_equal(tidy(prior_mixture(c(4, 1), prior_beta(1, 2), prior_beta(3, 4)))$weight, c(0.8, 0.2))
  expect_equal(tidy(prior_mixture(3, prior_normal(0, 1)))$weight, 1)
})

test_that("parameters that are not finite, not positive, text or missing are refused", {
  skip_on_cran() # long
  for (bad in list(0, -1, Inf, NaN, NA_real_, "1", NULL, c(1, 2), factor(1), list(1))) {
    invalid(prior_normal(0, bad))
    invalid(prior_half_normal(bad))
    invalid(prior_half_t(3, bad))
    invalid(prior_half_t(bad, 1))
    invalid(prior_exponential(bad))
    invalid(prior_beta(1, bad))
    invalid(prior_gamma(bad, 1))
    invalid(prior_lkj(bad))
  }
  for (bad in list(Inf, NaN, "0", NULL)) {
    invalid(prior_normal(bad, 1))
    invalid(prior_fixed(bad))
  }
  invalid(prior_uniform(1, 1), "below")
  invalid(prior_pc(1, 1))
  invalid(prior_pc(0, 0.5))
})

test_that("the vague inverse gamma is refused with what to use instead", {
  invalid(prior_inverse_gamma(0.001, 0.001), "prior_half_normal")
  expect_identical(format(prior_inverse_gamma(2, 0.05)), "inverse_gamma(shape = 2, rate = 0.05)")
})

test_that("mixtures of several kinds, of mixtures, of nothing, or with wrong weights are refused", {
  invalid(prior_mixture(c(0.5, 0.5), prior_beta(1, 1), prior_normal(0, 1)), "one kind")
  invalid(prior_mixture(1, prior_mixture(1, prior_beta(1, 1))))
  invalid(prior_mixture(numeric()))
  invalid(prior_mixture(c(0.5, 0.5), prior_beta(1, 1)), "length")
  invalid(prior_mixture(c(0.5, -0.5), prior_beta(1, 1), prior_beta(2, 1)))
  invalid(prior_mixture(c(1, 1), prior_beta(1, 1), 3), "not a prior")
})

test_that("only conjugate priors are updated, with whole counts", {
  invalid(update(prior_normal(0, 1), 1, 4), "prior_beta")
  invalid(update(prior_beta(1, 1), 5, 4))
  invalid(update(prior_beta(1, 1), 1.5, 4), "whole")
  invalid(update(prior_beta(1, 1), 1, 0))
  invalid(update(prior_gamma(1, 1), 1, 0))
  invalid(update(prior_beta(1, 1), "1", 4))
})

test_that("a prior prints as it is called", {
  mixture <- prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))
  expect_output(print(mixture), "0.8 beta(a = 8, b = 56) + 0.2", fixed = TRUE)
})

# Vocabulary, moments and posteriors by hand --------------------------------------------------

test_that("every constructor keeps its parameters under the names that the core reads", {
  made <- list(
    prior_normal(1, 2), prior_t(4, 1, 2), prior_half_normal(3), prior_half_t(4, 2), prior_exponential(5),
    prior_beta(2, 3), prior_gamma(2, 3), prior_uniform(-1, 1), prior_fixed(7), prior_inverse_gamma(2, 3), prior_lkj(2)
  )
  for (prior in made) {
    expect_s3_class(prior, "prior", exact = TRUE)
    expect_setequal(names(prior_parameters(prior)), prior_kinds[[prior_kind(prior)]]$parameters)
    expect_identical(names(prior_parameters(prior)), prior_kinds[[prior_kind(prior)]]$parameters)
  }
  codes <- unlist(lapply(prior_kinds, `[[`, "code"))
  expect_identical(anyDuplicated(codes[!is.na(codes)]), 0L)
})

test_that("what goes down to the core is weight, code and parameters, a row per component", {
  one <- prior_components(prior_t(4, 1, 2))
  expect_identical(colnames(one), c("weight", "kind", "a", "b", "c"))
  expect_identical(unname(one), rbind(c(1, 3, 1, 2, 4)))
  two <- prior_components(prior_mixture(c(3, 1), prior_normal(0, 1), prior_normal(5, 2)))
  expect_identical(unname(two), rbind(c(0.75, 2, 0, 1, 0), c(0.25, 2, 5, 2, 0)))
  expect_identical(unname(prior_components(flat_prior())), rbind(c(1, 0, 0, 0, 0)))
})

test_that("moments of single priors and of mixtures are those of plain integrals", {
  by_integral <- \(density, from, to) {
    moment <- \(k) stats::integrate(\(x) x^k * density(x), from, to, rel.tol = 1e-10)$value
    list(mean = moment(1), variance = moment(2) - moment(1)^2)
  }
  expect_equal(prior_moments(prior_beta(2, 5)), by_integral(\(x) dbeta(x, 2, 5), 0, 1), tolerance = 1e-8)
  expect_equal(prior_moments(prior_gamma(3, 2)), by_integral(\(x) dgamma(x, 3, 2), 0, Inf), tolerance = 1e-8)
  expect_equal(prior_moments(prior_normal(2, 3)), by_integral(\(x) dnorm(x, 2, 3), -Inf, Inf), tolerance = 1e-8)
  mixture <- prior_mixture(c(0.3, 0.7), prior_beta(2, 5), prior_beta(8, 3))
  density <- \(x) 0.3 * dbeta(x, 2, 5) + 0.7 * dbeta(x, 8, 3)
  expect_equal(prior_moments(mixture), by_integral(density, 0, 1), tolerance = 1e-8) # of integrate()
})

test_that("a posterior is prior times likelihood, divided by its integral", {
  mixture <- prior_mixture(c(0.4, 0.6), prior_beta(2, 6), prior_beta(1, 1))
  before <- \(x) 0.4 * dbeta(x, 2, 6) + 0.6 * dbeta(x, 1, 1)
  joint <- \(x) before(x) * dbinom(3, 5, x)
  evidence <- stats::integrate(joint, 0, 1, rel.tol = 1e-10)$value
  rows <- tidy(update(mixture, events = 3, n = 5))
  x <- c(0.05, 0.3, 0.6, 0.95)
  after <- vapply(x, \(v) sum(rows$weight * dbeta(v, rows$a, rows$b)), 0)
  expect_equal(after, joint(x) / evidence, tolerance = 1e-8) # of integrate()

  gammas <- prior_mixture(c(0.5, 0.5), prior_gamma(2, 1), prior_gamma(1, 5))
  joint <- \(x) (0.5 * dgamma(x, 2, 1) + 0.5 * dgamma(x, 1, 5)) * dpois(4, 2.5 * x)
  evidence <- stats::integrate(joint, 0, Inf, rel.tol = 1e-10)$value
  rows <- tidy(update(gammas, events = 4, n = 2.5))
  after <- vapply(x, \(v) sum(rows$weight * dgamma(v, rows$shape, rows$rate)), 0)
  expect_equal(after, joint(x) / evidence, tolerance = 1e-8)
})

test_that("time in other units is a gamma of other rate with the same weights", {
  years <- prior_mixture(c(0.5, 0.5), prior_gamma(2, 1), prior_gamma(1, 5))
  months <- prior_mixture(c(0.5, 0.5), prior_gamma(2, 12), prior_gamma(1, 60))
  one <- tidy(update(years, 4, 2.5))
  two <- tidy(update(months, 4, 30))
  expect_equal(two$weight, one$weight, tolerance = 1e-12)
  expect_equal(two$shape, one$shape)
  expect_equal(two$rate, 12 * one$rate, tolerance = 1e-14)
})

test_that("turning events and non-events turns the posterior", {
  one <- tidy(update(prior_mixture(c(0.2, 0.8), prior_beta(3, 7), prior_beta(1, 2)), 1, 6))
  two <- tidy(update(prior_mixture(c(0.2, 0.8), prior_beta(7, 3), prior_beta(2, 1)), 5, 6))
  expect_equal(two$weight, one$weight, tolerance = 1e-13)
  expect_equal(two[c("a", "b")], one[c("b", "a")], ignore_attr = TRUE)
})

test_that("no events and all events are counts like others; identical parts keep their weights", {
  expect_equal(tidy(update(prior_beta(1, 1), 0, 4))[c("a", "b")], data.frame(a = 1, b = 5))
  expect_equal(tidy(update(prior_beta(1, 1), 4, 4))[c("a", "b")], data.frame(a = 5, b = 1))
  expect_equal(tidy(update(prior_mixture(c(0.3, 0.7), prior_beta(2, 2), prior_beta(2, 2)), 3, 9))$weight, c(0.3, 0.7),
    tolerance = 1e-14)
})

test_that("a prior of a wrong kind is refused with the kinds that would do and what was given", {
  check <- \(x, kinds) check_prior(x, kinds, "tau", rlang::current_env())
  expect_identical(check(prior_beta(1, 2), c("beta", "gamma")), prior_beta(1, 2))
  mixture <- prior_mixture(1, prior_beta(1, 2))
  expect_identical(check(mixture, "beta"), mixture)
  invalid(check(prior_beta(1, 2), c("half_normal", "flat")),
    "`tau` must be .*prior_half_normal.*beta\\(a = 1, b = 2\\)")
  invalid(check(0.5, "half_normal"), "prior_half_normal")
  invalid(check(NULL, "half_normal"), "NULL")
})

test_that("arguments that are not given are named with what they mean", {
  invalid(prior_normal(), "mean.*sd.*standard deviation")
  invalid(prior_normal(0), "`sd` is not given")
  invalid(prior_half_t(3), "`scale` is not given")
  invalid(prior_beta(1), "`b` is not given.*non-events")
  invalid(prior_uniform(0), "`max` is not given")
  invalid(prior_mixture(), "weights")
  invalid(update(prior_beta(1, 1), 1), "`n` is not given")
})

test_that("the limit of what is refused as vague is where both are below a tenth", {
  expect_identical(prior_kind(prior_inverse_gamma(0.1, 0.001)), "inverse_gamma")
  expect_identical(prior_kind(prior_inverse_gamma(0.001, 0.1)), "inverse_gamma")
  invalid(prior_inverse_gamma(0.0999, 0.0999), "decides the answer")
})

test_that("format() has six digits and the names of the parameters", {
  expect_identical(format(prior_normal(1 / 3, 2)), "normal(mean = 0.333333, sd = 2)")
  expect_identical(format(flat_prior()), "flat")
  expect_identical(format(prior_uniform(-1, 1e6)), "uniform(min = -1, max = 1e+06)")
  utils::capture.output(returned <- print(prior_beta(1, 1)))
  expect_identical(returned, prior_beta(1, 1))
})

test_that("the probability above a value is that of the prior's density, integrated", {
  above <- function(density, from = 2) stats::integrate(density, from, Inf, rel.tol = 1e-10)$value
  # R's quadrature is asked for ten digits; 1e-8 leaves it two.
  expect_equal(prior_above(prior_half_normal(1.5), 2), above(\(x) 2 * stats::dnorm(x, 0, 1.5)), tolerance = 1e-8)
  expect_equal(prior_above(prior_half_t(3, 1.5), 2), above(\(x) 2 * stats::dt(x / 1.5, 3) / 1.5), tolerance = 1e-8)
  expect_equal(prior_above(prior_exponential(0.4), 2), above(\(x) 0.4 * exp(-0.4 * x)), tolerance = 1e-8)
  expect_equal(prior_above(prior_gamma(2, 0.4), 2), above(\(x) 0.16 * x * exp(-0.4 * x)), tolerance = 1e-8)
  expect_identical(prior_above(prior_uniform(0, 8), 2), 0.75)
  expect_identical(c(prior_above(prior_fixed(3), 2), prior_above(prior_fixed(1), 2)), c(1, 0))
  expect_equal(prior_above(prior_mixture(c(0.25, 0.75), prior_uniform(0, 8), prior_uniform(0, 4)), 2), 0.5625)
})

test_that("weights that do not add up to 1 are rescaled with a message that says to what", {
  two <- list(prior_beta(8, 56), prior_beta(1, 1))
  expect_message(x <- prior_mixture(c(3, 1), two[[1]], two[[2]]), "add up to 4, not 1.*0.75.*0.25",
    class = "cordgain_rescaled_weights")
  expect_identical(tidy(x)$weight, c(0.75, 0.25))
  expect_no_message(prior_mixture(c(0.8, 0.2), two[[1]], two[[2]]))
  expect_no_message(prior_mixture(c(1 / 3, 2 / 3), two[[1]], two[[2]]))
  # A posterior's weights are proportions that nobody gave.
  expect_no_message(update(x, events = 1, n = 4))
})
