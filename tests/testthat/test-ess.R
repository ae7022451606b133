# Effective sample sizes against the borrowing checks (A1 to A3), the responder checks and
# integrals of their definition.

as_mixture <- function() {
  prior_mixture(c(.4612914, .1917812, .1893896, .1575378), prior_beta(33.9513487, 103.0146367),
    prior_beta(19.4400089, 41.5205219), prior_beta(12.2692310, 55.9202833), prior_beta(2.2521243, 5.4812202))
}

size <- function(...) as.numeric(ess(...))

test_that("a small beta mixture has the sizes of the checks (A1)", {
  prior <- prior_mixture(c(0.2, 0.8), prior_beta(1, 1), prior_beta(10, 2))
  expect_integral(size(prior), checks_value("G01"))
  expect_lt(abs(size(prior, "moment") - 3.1610338), 5.1e-8) # digits printed
  expect_lt(abs(size(prior, "morita") - 8.4876043), 1e-5) # tolerance of the check
  for (method in c("elir", "moment")) expect_integral(size(prior_beta(5, 15), method), 20)
  expect_identical(size(prior_beta(5, 15), "morita"), 20)
})

test_that("the robust mixture of the checks shows the gap between two sizes", {
  prior <- prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))
  expect_integral(size(prior), checks_value("G02"))
  expect_closed(size(prior, "moment"), checks_value("G03"))
})

test_that("normal, logit-normal and gamma priors have the sizes of the checks (A2)", {
  wide <- prior_mixture(c(0.5, 0.5), prior_normal(0, 2), prior_normal(3, 4))
  expect_lt(abs(size(wide, sigma = 10) - 10.8279632), 5.1e-8)
  expect_lt(abs(size(wide, "moment", sigma = 10) - 8.163265), 1e-4)
  expect_lt(abs(size(wide, sigma = 20) - 43.31185), 1e-4)
  expect_lt(abs(size(prior_normal(log(5 / 15), sqrt(1 / 5 + 1 / 15)), family = "binomial") - 21.7828851), 5.1e-8)
  gamma <- prior_mixture(c(0.3, 0.7), prior_gamma(20, 4), prior_gamma(50, 10))
  expect_lt(abs(size(gamma) - 7.159378), 1e-4)
  expect_lt(abs(size(gamma, family = "exponential") - 34.93388), 1e-4)
})

test_that("two more priors on log odds have the sizes of the checks (A2)", {
  expect_lt(abs(size(prior_normal(log(0.25 / 0.75), 2 / sqrt(10)), family = "binomial") - 15.17836), 1e-4)
  mixture <- prior_mixture(c(0.2, 0.8), prior_normal(0, 2), prior_normal(log(5), sqrt(0.6)))
  expect_lt(abs(size(mixture, family = "binomial") - 10.12276), 1e-4)
})

test_that("the published AS mixture has the exact sizes of the checks (A3)", {
  expect_lt(abs(size(as_mixture()) - 37.6136), 1e-4)
  expect_lt(abs(size(as_mixture(), "moment") - 24.3495), 1e-4)
  expect_lt(abs(size(as_mixture(), "morita") - 94.5749), 1e-4)
  parts <- c(list(c(0.8 * as_mixture()$w, 0.2)), as_mixture()$components, list(prior_beta(1, 1)))
  robust <- do.call(prior_mixture, parts)
  expect_lt(abs(size(robust) - 26.50196), 1e-4)
})

test_that("the AS mixture as a natural rate has the exact mean, SD and quantiles of the checks (A3)", {
  natural <- natural_rate(as_mixture())
  row <- tidy(natural)[1, ]
  exact <- c(.255458851, .086620447, .107302084, .462797699)
  expect_lt(max(abs(c(row$estimate, row$std.error, row$conf.low, row$conf.high) - exact)), 5.1e-10)
  expect_lt(abs(quantile(natural, 0.5) - .247579858), 5.1e-10)
})

test_that("moment sizes of the reference registries are those of the checks", {
  # The size is a ratio to the variance, so 1e-7 of the MAP moments is about 1e-5 of it.
  expect_lt(abs(size(reference_rate(), "moment") - checks_value("J06")), 1e-5)
  expect_lt(abs(size(reference_rate(1), "moment") - checks_value("J07")), 1e-5)
})

test_that("the sizes of a natural rate made of a beta are those of the beta", {
  for (method in c("elir", "moment")) expect_lt(abs(size(natural_rate(prior_beta(8, 56)), method) - 64), 1e-6)
  # Flattened a hundredfold, not without limit: short by (m (1 - p) + p (1 - m)) / 100 ... of one patient, below 0.05.
  expect_lt(abs(size(natural_rate(prior_beta(8, 56)), "morita") - 64), 0.05)
})

# ELIR = E[(d log q / d theta - d log(p (1 - p)) / d theta)^2 / (p (1 - p))] + 2 for log odds theta ~ q.
elir_by_definition <- function(log_q, slope, reach) {
  f <- \(t) exp(log_q(t) + 2 * oracle_softplus(t) - t) * (slope(t) + tanh(t / 2))^2
  stats::integrate(f, -reach, reach, rel.tol = 1e-10, subdivisions = 5000L, stop.on.error = FALSE)$value + 2
}

test_that("a logit-normal rate, narrow or wide, has the ELIR of its definition", {
  for (sd in c(0.3, 1, 3)) {
    expected <- elir_by_definition(\(t) stats::dnorm(t, 0, sd, log = TRUE), \(t) -t / sd^2, 60)
    expect_lt(abs(size(natural_rate(prior_normal(0, sd))) / expected - 1), 1e-6)
  }
})

test_that("a meta-analytic rate has the ELIR of its definition, computed on the second road", {
  skip_on_cran() # long
  for (scale in c(0.3, 0.6)) {
    tau <- list(kind = "half_normal", parameters = scale)
    posterior <- oracle_posterior(c(39, 3, 19, 32), c(482, 53, 161, 187), tau)
    # A bias makes the narrowest normal wide against the panels of mu. All in logarithms; e^theta lifts what is light.
    posterior$tau <- sqrt(posterior$tau^2 + 0.4^2)
    parts <- \(t) {
      d <- outer(t, posterior$mu, "-")
      e <- sweep(-0.5 * sweep(d, 2, posterior$tau, "/")^2, 2, log(posterior$weight / posterior$tau / sqrt(2 * pi)), "+")
      top <- e[cbind(seq_along(t), max.col(e, "first"))]
      w <- exp(e - top)
      list(log_q = top + log(rowSums(w)), slope = -rowSums(w * sweep(d, 2, posterior$tau^2, "/")) / rowSums(w))
    }
    g <- gl_panels(c(-28, -20, -14, -10, -8, seq(-6, 2, by = 0.25), 4, 6, 9, 13, 18, 24))
    at <- lapply(split(g$x, ceiling(seq_along(g$x) / 40)), parts)
    log_q <- unlist(lapply(at, \(p) p$log_q))
    slope <- unlist(lapply(at, \(p) p$slope))
    expected <- sum(g$w * exp(log_q + 2 * oracle_softplus(g$x) - g$x) * (slope + tanh(g$x / 2))^2) + 2
    answer <- ess(reference_rate(scale, bias = prior_normal(0, 0.4)))
    # The second road leaves out posterior weights below 1e-18, which e^28 lifts: 1e-5 relative is what it can say.
    expect_lt(abs(answer / expected - 1), 1e-5)
    expect_lt(attr(answer, "num.error"), 1e-4)
  }
})

test_that("with the default prior, at the edge of existence, the ELIR is finite and lies near its neighbours", {
  at <- ess(reference_rate(1))
  expect_true(is.finite(at) && attr(at, "num.error") < 1e-4)
  below <- size(reference_rate(0.99))
  further <- size(reference_rate(0.98))
  # Continuous and smooth from below: the step from 0.99 to 1 is that from 0.98 to 0.99 to a tenth.
  expect_lt(abs((at - below) / (below - further) - 1), 0.1)
})

test_that("past the edge, and for tails that are heavier by their nature, the ELIR is NA with the reason", {
  for (tau in list(prior_half_normal(1.01), prior_half_t(3, 0.2), prior_exponential(4), prior_gamma(2, 5))) {
    answer <- ess(natural_rate(reference_registries(), tau = tau))
    expect_true(is.na(answer))
    expect_match(attr(answer, "reason"), "infinite")
  }
  expect_true(is.na(ess(prior_beta(0.5, 3))))
  expect_true(is.na(ess(natural_rate(prior_beta(0.5, 3), bias = prior_normal(0, 1)))))
  # Bounded heterogeneity has normal tails, always finite.
  expect_true(is.finite(ess(natural_rate(reference_registries(), tau = prior_uniform(0, 3)))))
})

test_that("combinations without a meaning are refused", {
  invalid(ess(prior_beta(1, 1), family = "poisson"))
  invalid(ess(prior_normal(0, 1)))
  invalid(ess(prior_gamma(2, 1), "morita"))
  invalid(ess(prior_half_normal(1)))
  invalid(ess(natural_rate(0.2)), "known")
  invalid(ess(natural_rate(0.2, shared_sd = 0.5)), "prior_normal")
  invalid(ess(reference_rate(), family = "gaussian"), "binomial")
  invalid(ess(4))
  for (method in list("other", NULL, NA, 1, character(), c("elir", "moment"))) invalid(ess(prior_beta(2, 2), method))
  invalid(ess(prior_beta(2, 2), sigma = 3), "sigma")
  invalid(ess(reference_rate(), sigma = 3), "sigma")
})

test_that("a normal prior asks for the spread of an observation by name", {
  expect_error(ess(prior_normal(0, 1)), "`sigma` is needed", class = "cordgain_invalid_input")
})

test_that("a gamma prior's moment size is its rate for counts, its shape for waiting times, and others are refused", {
  expect_equal(size(prior_gamma(3, 2), "moment", family = "poisson"), 2, tolerance = 1e-12) # mean / variance
  expect_equal(size(prior_gamma(3, 2), "moment", family = "exponential"), 3, tolerance = 1e-12) # mean^2 / variance
  expect_error(ess(prior_normal(0, 1), "moment", family = "poisson"), "gaussian", class = "cordgain_invalid_input")
  expect_equal(size(prior_beta(3, 5), "morita"), 8) # one beta: its own patients
})
