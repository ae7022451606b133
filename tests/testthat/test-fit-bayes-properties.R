# Exact posteriors against formulas and integrals in plain R that share nothing with the engine, and identities that
# hold for every posterior.

bayes <- function(formula, data, ..., tolerance = 1e-5) {
  fit_recovery(formula, data, method = method_bayes(priors(...), tolerance = tolerance))
}

evidence_of <- function(fit) c(logLik(fit, type = "evidence"))

evidence_error <- function(fit) attr(logLik(fit, type = "evidence"), "num.error")

term_of <- function(fit, term) {
  table <- tidy(fit)
  table[table$term == term, ]
}

# Log density of y ~ N(mean, v), by the determinant and the inverse as the textbook writes them.
log_normal <- function(y, mean, v) {
  r <- y - mean
  -0.5 * (length(y) * log(2 * pi) + c(determinant(v)$modulus) + sum(r * solve(v, r)))
}

membership <- function(group) outer(as.character(group), unique(as.character(group)), `==`) + 0

# Evidence and posterior means of a random intercept model by nested adaptive quadrature: no lattice, no transformation.
intercept_by_integrate <- function(data, m0, v0, sd_density, sigma_density) {
  x <- cbind(1, data$week)
  zz <- tcrossprod(membership(data$subject))
  fixed <- x %*% diag(v0) %*% t(x)
  mean <- c(x %*% m0)
  n <- nrow(x)
  top <- log_normal(data$score, mean, 9 * zz + 4 * diag(n) + fixed)
  density <- \(sd, sigma) {
    exp(log_normal(data$score, mean, sd^2 * zz + sigma^2 * diag(n) + fixed) - top) *
      sd_density(sd) * sigma_density(sigma)
  }
  moment <- \(weight) {
    inner <- \(sd) {
      over <- \(sigma) vapply(sigma, \(s) weight(sd, s) * density(sd, s), 1)
      stats::integrate(over, 0.3, 20, rel.tol = 1e-8, subdivisions = 400L)$value
    }
    outer <- \(sd) vapply(sd, inner, 1)
    pieces <- c(0, 2, 6, 15, 40, 150)
    sum(mapply(\(from, to) stats::integrate(outer, from, to, rel.tol = 1e-7)$value, head(pieces, -1), pieces[-1]))
  }
  mass <- moment(\(sd, sigma) 1)
  list(
    evidence = log(mass) + top,
    sd = moment(\(sd, sigma) sd) / mass,
    sigma = moment(\(sd, sigma) sigma) / mass
  )
}

test_that("for each kind of prior on a standard deviation, nested adaptive quadrature gives the same", {
  skip_on_cran() # long
  trial <- small_trial()
  kinds <- list(
    half_normal = list(
      prior = prior_half_normal(6),
      density = \(x) 2 * dnorm(x, 0, 6)
    ),
    exponential = list(
      prior = prior_exponential(0.2),
      density = \(x) dexp(x, 0.2)
    ),
    gamma = list(
      prior = prior_gamma(2, 0.5),
      density = \(x) dgamma(x, 2, 0.5)
    ),
    pc = list(
      prior = prior_pc(10, 0.05),
      # P(sd > 10) = 0.05: exponential of rate -log(0.05) / 10.
      density = \(x) dexp(x, -log(0.05) / 10)
    )
  )
  for (kind in kinds) {
    fit <- bayes(
      score ~ week + (1 | subject), trial,
      fixed = list(`(Intercept)` = prior_normal(5, 10), week = prior_normal(0, 1)),
      sd = kind$prior,
      sigma = prior_half_normal(5)
    )
    second <- intercept_by_integrate(trial, c(5, 0), c(100, 1), kind$density, \(x) 2 * dnorm(x, 0, 5))
    # integrate() was asked for 1e-7 in each of five pieces; sigma below 0.3 and above 20 holds no mass.
    expect_lt(abs(evidence_of(fit) - second$evidence), evidence_error(fit) + 1e-6)
    sd <- term_of(fit, "sd__(Intercept)")
    sigma <- term_of(fit, "sd__Observation")
    expect_lt(abs(sd$estimate - second$sd), sd$num.error + 1e-5)
    expect_lt(abs(sigma$estimate - second$sigma), sigma$num.error + 1e-5)
  }
})

test_that("the evidence under a mixture prior is the mixture of the evidences", {
  trial <- small_trial()
  with_slope <- \(prior) bayes(score ~ week + (1 | subject), trial, fixed = list(week = prior))
  a <- with_slope(prior_normal(0, 0.1))
  b <- with_slope(prior_normal(1, 0.5))
  both <- with_slope(prior_mixture(c(0.25, 0.75), prior_normal(0, 0.1), prior_normal(1, 0.5)))
  expected <- log(0.25 * exp(evidence_of(a)) + 0.75 * exp(evidence_of(b)))
  slack <- evidence_error(a) + evidence_error(b) + evidence_error(both)
  expect_lt(abs(evidence_of(both) - expected), slack)
  # The posterior is the mixture of the posteriors, by their evidences.
  share <- 0.25 * exp(evidence_of(a) - expected)
  mean <- share * fixef(a)[["week"]] + (1 - share) * fixef(b)[["week"]]
  # Shares move by the error of the evidences times a difference of means below 1.
  expect_lt(abs(fixef(both)[["week"]] - mean), slack + 3 * term_of(both, "week")$num.error)
})

test_that("Savage and Dickey: the ratio of densities at zero is the Bayes factor of leaving the coefficient out", {
  trial <- small_trial()
  fixed <- list(`(Intercept)` = prior_normal(5, 10))
  sd <- prior_half_normal(6)
  sigma <- prior_half_normal(5)
  full <- bayes(
    score ~ week + (1 | subject), trial,
    fixed = c(fixed, list(week = prior_normal(0, 0.3))), sd = sd, sigma = sigma, tolerance = 1e-8
  )
  less <- bayes(score ~ 1 + (1 | subject), trial, fixed = fixed, sd = sd, sigma = sigma, tolerance = 1e-8)
  post <- full$result
  at_zero <- sum(post$weight * dnorm(0, post$mean["week", ], sqrt(post$covariance[3, ])))
  ratio <- log(at_zero) - dnorm(0, 0, 0.3, log = TRUE)
  # A density 6 standard deviations out is carried by few nodes: a hundred times the tolerance, relative.
  expect_lt(abs(ratio - (evidence_of(less) - evidence_of(full))), 1e-5)
})

test_that("with known variances everything is the joint normal, correlated slopes and two grouping factors included", {
  data <- small_trial()
  data$site <- c("n", "s")[1 + (data$subject %in% c("b", "d"))]
  fit <- bayes(
    score ~ week + (week | subject) + (1 | site), data,
    fixed = list(`(Intercept)` = prior_normal(4, 8), week = prior_normal(0.1, 0.4)),
    sd = prior_fixed(1.5),
    sigma = prior_fixed(2),
    cor = prior_lkj(1e6)
  )
  # LKJ(1e6) holds the correlation at 0 +- 7e-4; given that, V is known.
  x <- cbind(1, data$week)
  by_subject <- membership(data$subject)
  slopes <- by_subject * data$week
  v <- 1.5^2 * (tcrossprod(by_subject) + tcrossprod(slopes) + tcrossprod(membership(data$site))) + 4 * diag(nrow(x))
  precision <- crossprod(x, solve(v, x)) + diag(1 / c(8, 0.4)^2)
  covariance <- solve(precision)
  mean <- covariance %*% (crossprod(x, solve(v, data$score)) + c(4 / 64, 0.1 / 0.16))
  expect_equal(unname(fixef(fit)), c(mean), tolerance = 1e-4)
  expect_equal(unname(vcov(fit)), covariance, tolerance = 1e-4)
  whole <- v + x %*% diag(c(8, 0.4)^2) %*% t(x)
  expect_equal(evidence_of(fit), log_normal(data$score, c(x %*% c(4, 0.1)), whole), tolerance = 1e-5)
})

test_that("random effects have the mean and spread of the joint normal, averaged over the variances' posterior", {
  data <- small_trial()
  fit <- bayes(
    score ~ week + (1 | subject), data,
    fixed = list(`(Intercept)` = prior_normal(5, 10), week = prior_normal(0, 1)),
    sd = prior_half_normal(6), sigma = prior_half_normal(5)
  )
  x <- cbind(1, data$week)
  z <- membership(data$subject)
  post <- fit$result
  sd <- post$values[1, ]
  sigma <- post$values[2, ]
  r <- data$score - c(x %*% c(5, 0))
  given <- lapply(seq_along(post$weight), \(i) {
    v <- sd[i]^2 * tcrossprod(z) + sigma[i]^2 * diag(nrow(x)) + x %*% diag(c(100, 1)) %*% t(x)
    list(
      mean = sd[i]^2 * crossprod(z, solve(v, r)),
      square = sd[i]^2 - sd[i]^4 * diag(crossprod(z, solve(v, z)))
    )
  })
  mean <- Reduce(`+`, Map(\(g, w) w * c(g$mean), given, post$weight))
  square <- Reduce(`+`, Map(\(g, w) w * (g$square + c(g$mean)^2), given, post$weight))
  effects <- ranef(fit)$subject
  # Nodes of weight below 1e-10 are passed over by the engine.
  expect_equal(effects[[1]], mean, tolerance = 1e-7)
  expect_equal(attr(effects, "sd")[[1]], sqrt(square - mean^2), tolerance = 1e-7)
})

test_that("a t prior on a coefficient is the integral over the coefficient", {
  data <- small_trial()
  fit <- bayes(
    score ~ 1 + (1 | subject), data,
    fixed = list(`(Intercept)` = prior_t(4, 3, 2)),
    sd = prior_fixed(3), sigma = prior_fixed(4), tolerance = 1e-7
  )
  v <- 9 * tcrossprod(membership(data$subject)) + 16 * diag(nrow(data))
  top <- log_normal(data$score, mean(data$score), v)
  density <- \(b) vapply(b, \(at) exp(log_normal(data$score, at, v) - top) * dt((at - 3) / 2, 4) / 2, 1)
  moment <- \(k) stats::integrate(\(b) b^k * density(b), -15, 30, rel.tol = 1e-10)$value
  expect_equal(evidence_of(fit), log(moment(0)) + top, tolerance = 1e-7)
  expect_equal(fixef(fit)[["(Intercept)"]], moment(1) / moment(0), tolerance = 1e-6)
  row <- term_of(fit, "(Intercept)")
  below <- stats::integrate(density, -15, row$conf.low, rel.tol = 1e-10)$value / moment(0)
  expect_equal(below, 0.025, tolerance = 1e-5)
})

test_that("an LKJ prior that holds the correlation at zero is the model with independent effects", {
  data <- small_trial()
  apart <- bayes(score ~ week + (week || subject), data, sd = prior_half_normal(3), tolerance = 1e-3)
  held <- bayes(score ~ week + (week | subject), data, sd = prior_half_normal(3), cor = prior_lkj(1e6),
    tolerance = 1e-3)
  # The correlation is 0 +- 7e-4.
  expect_equal(evidence_of(held), evidence_of(apart), tolerance = 1e-3)
  expect_equal(fixef(held), fixef(apart), tolerance = 1e-3)
  expect_lt(abs(term_of(held, "cor__(Intercept).week")$estimate), 1e-3)
})

test_that("scores moved by a constant, priors moved with them, give the same posterior", {
  data <- small_trial()
  with_mean <- \(d, m) {
    bayes(score ~ week + (1 | subject), d, fixed = list(`(Intercept)` = prior_normal(m, 10), week = prior_normal(0, 1)),
      sd = prior_half_normal(6), sigma = prior_half_normal(5))
  }
  a <- with_mean(data, 5)
  b <- with_mean(transform(data, score = score + 1000), 1005)
  shift <- c(1000, 0)
  # Rounding of scores of a thousand, squared and summed.
  expect_equal(fixef(b), fixef(a) + shift, tolerance = 1e-9)
  expect_equal(vcov(b), vcov(a), tolerance = 1e-6)
  expect_equal(evidence_of(b), evidence_of(a), tolerance = 1e-8)
})

test_that("scores in tenths, priors with them, move the evidence by the Jacobian alone", {
  data <- small_trial()
  in_unit <- \(d, unit) {
    bayes(score ~ week + (1 | subject), d,
      fixed = list(`(Intercept)` = prior_normal(5 * unit, 10 * unit), week = prior_normal(0, unit)),
      sd = prior_half_normal(6 * unit), sigma = prior_half_normal(5 * unit))
  }
  a <- in_unit(data, 1)
  b <- in_unit(transform(data, score = 10 * score), 10)
  expect_equal(evidence_of(b), evidence_of(a) - nrow(data) * log(10), tolerance = 1e-8)
  expect_equal(tidy(b)$estimate, 10 * tidy(a)$estimate, tolerance = 1e-6)
})

test_that("standard errors are the roots of vcov, intervals nest, and their ends have the probability they claim", {
  fit <- bayes(score ~ week + (1 | subject), small_trial())
  table <- tidy(fit, effects = "fixed")
  expect_equal(sqrt(diag(vcov(fit)))[table$term], table$std.error, tolerance = 1e-10, ignore_attr = TRUE)
  narrow <- confint(fit, level = 0.5)
  wide <- confint(fit, level = 0.99)
  expect_true(all(wide[, 1] < narrow[, 1]))
  expect_true(all(narrow[, 1] < narrow[, 2]))
  expect_true(all(narrow[, 2] < wide[, 2]))
  post <- fit$result
  for (j in 1:2) {
    sd <- sqrt(post$covariance[c(1, 3)[j], ])
    below <- sum(post$weight * pnorm(table$conf.low[j], post$mean[j, ], sd))
    above <- sum(post$weight * pnorm(table$conf.high[j], post$mean[j, ], sd, lower.tail = FALSE))
    # The root is found to the last bits of x.
    expect_equal(c(below, above), c(0.025, 0.025), tolerance = 1e-8)
  }
})

test_that("a prior far stronger than the scores is the posterior", {
  fit <- bayes(
    score ~ week + (1 | subject), small_trial(),
    fixed = list(week = prior_normal(0.7, 1e-5)), sigma = prior_gamma(9e6, 3e6)
  )
  expect_equal(fixef(fit)[["week"]], 0.7, tolerance = 1e-4)
  # Gamma(9e6, 3e6): mean 3, standard deviation 0.001.
  expect_equal(sigma(fit), 3, tolerance = 1e-3)
})

test_that("simulated sets of three to six patients: finite, within the tolerance, intervals around the mean", {
  set.seed(4)
  for (set in 1:20) {
    n <- sample(3:6, 1)
    visits <- sample(3:5, 1)
    d <- expand.grid(week = 4 * seq_len(visits), subject = letters[seq_len(n)])
    d$score <- rnorm(n, 10, sample(c(0, 1, 8), 1))[as.integer(factor(d$subject))] + 0.2 * d$week +
      rnorm(nrow(d), 0, sample(c(0.1, 2, 10), 1))
    table <- tidy(bayes(score ~ week + (1 | subject), d, tolerance = 1e-4))
    expect_true(all(is.finite(unlist(table[c("estimate", "std.error", "conf.low", "conf.high", "num.error")]))))
    expect_true(all(table$conf.low < table$estimate & table$estimate < table$conf.high))
    # The tolerance is for means and standard deviations; quantiles lie in thinner parts of the density.
    expect_true(all(table$num.error < 1e-2 * table$std.error))
  }
})

test_that("more scores of the same kind narrow the posterior and move it to what they say", {
  set.seed(9)
  d <- expand.grid(week = c(0, 4, 8, 12), subject = factor(1:40))
  d$score <- 10 + 0.5 * d$week + rnorm(40, 0, 3)[d$subject] + rnorm(nrow(d), 0, 1)
  few <- bayes(score ~ week + (1 | subject), droplevels(d[as.integer(d$subject) <= 4, ]))
  many <- bayes(score ~ week + (1 | subject), d)
  expect_true(all(sqrt(diag(vcov(many))) < sqrt(diag(vcov(few)))))
  reml <- fit_recovery(score ~ week + (1 | subject), d)
  # With 40 patients a weak prior moves the slope by less than a tenth of its standard error.
  gap <- abs(fixef(many)[["week"]] - fixef(reml)[["week"]])
  expect_lt(gap, 0.1 * sqrt(vcov(reml)["week", "week"]))
  expect_equal(sigma(many), sigma(reml), tolerance = 0.05)
})

test_that("with crossed factors and weights of known variances the evidence is that of the dense normal", {
  d <- expand.grid(
    rater = c("p", "q", "r"),
    subject = letters[1:4],
    KEEP.OUT.ATTRS = FALSE
  )
  d$score <- c(4, 6, 5, 9, 11, 12, 1, 2, 2, 7, 7, 9)
  d$precision <- rep(c(1, 2, 4), 4)
  fit <- fit_recovery(
    score ~ 1 + (1 | subject) + (1 | rater),
    d,
    weights = precision,
    method = method_bayes(priors(
      fixed = list(`(Intercept)` = prior_normal(5, 10)),
      sd = prior_fixed(3),
      sigma = prior_fixed(1.5)
    ))
  )
  between <- 9 * (tcrossprod(membership(d$subject)) + tcrossprod(membership(d$rater)))
  v <- between + diag(2.25 / d$precision)
  # Closed forms on both sides: rounding.
  expect_equal(evidence_of(fit), log_normal(d$score, 5, v + 100), tolerance = 1e-10)
  one <- rep(1, nrow(d))
  spread <- 1 / (sum(solve(v, one)) + 0.01)
  expect_equal(vcov(fit)[1, 1], spread, tolerance = 1e-9)
  expect_equal(fixef(fit)[[1]], spread * (sum(solve(v, d$score)) + 0.05), tolerance = 1e-9)
  sites <- ranef(fit)$rater[[1]]
  r <- solve(v + 100, d$score - 5)
  expect_equal(sites, 9 * c(crossprod(membership(d$rater), r)), tolerance = 1e-8)
})

test_that("stated errors hold on a dozen simulated sets of odd shapes, against a far finer tolerance", {
  skip_on_cran()
  set.seed(12)
  for (set in 1:12) {
    n <- sample(3:7, 1)
    visits <- sample(3:5, 1)
    d <- expand.grid(week = 4 * seq_len(visits), subject = letters[seq_len(n)])
    subject <- as.integer(factor(d$subject))
    d$score <- rnorm(n, 10, sample(c(0, 1, 8), 1))[subject] + rnorm(n, 0.2, sample(c(0, 0.3), 1))[subject] * d$week +
      rnorm(nrow(d), 0, sample(c(0.1, 2, 10), 1))
    if (set %% 3 == 0) d <- d[-sample(nrow(d), 2), ]
    formula <- if (set %% 2 == 0) score ~ week + (week || subject) else score ~ week + (1 | subject)
    fine <- bayes(formula, d, tolerance = 1e-7)
    reference <- tidy(fine)
    for (tolerance in c(1e-2, 1e-3, 1e-4)) {
      fit <- bayes(formula, d, tolerance = tolerance)
      table <- tidy(fit)
      for (column in c("estimate", "std.error", "conf.low", "conf.high")) {
        off <- abs(table[[column]] - reference[[column]])
        expect_true(all(off <= table$num.error + reference$num.error), info = paste(set, tolerance, column))
      }
      expect_true(all(c(fit$result$coefficients$error, fit$result$hyper$error) <=
        tolerance * c(fit$result$coefficients$sd, fit$result$hyper$sd)))
      expect_lte(abs(evidence_of(fit) - evidence_of(fine)), evidence_error(fit) + evidence_error(fine))
    }
  }
})

test_that("a correlation is integrated where all standard deviations are known", {
  data <- small_trial()
  fit <- bayes(score ~ week + (week | subject), data, sd = prior_fixed(0.7), sigma = prior_fixed(3), tolerance = 1e-6)
  # The known values have no spread, and so no part in where the lattices settle.
  expect_equal(tidy(fit, effects = "ran_pars")$std.error[c(1, 2, 4)], c(0, 0, 0))
  x <- cbind(1, data$week)
  by_subject <- membership(data$subject)
  slopes <- by_subject * data$week
  m0 <- fit$result$priors$fixed
  prior <- vapply(m0, \(p) unlist(prior_components(p)[1, c("a", "b")]), c(a = 0, b = 0))
  mean <- c(x %*% prior["a", ])
  fixed <- x %*% diag(prior["b", ]^2) %*% t(x)
  density <- \(r) vapply(r, \(r) {
    cross <- 0.49 * r * (tcrossprod(by_subject, slopes) + tcrossprod(slopes, by_subject))
    v <- 0.49 * (tcrossprod(by_subject) + tcrossprod(slopes)) + cross + 9 * diag(nrow(x))
    exp(log_normal(data$score, mean, v + fixed) + 60) * 0.75 * (1 - r^2)
  }, 1)
  moment <- \(k) stats::integrate(\(r) r^k * density(r), -1, 1, rel.tol = 1e-9)$value
  row <- term_of(fit, "cor__(Intercept).week")
  expect_lt(abs(row$estimate - moment(1) / moment(0)), row$num.error + 1e-8)
  expect_lt(abs(evidence_of(fit) - (log(moment(0)) - 60)), evidence_error(fit) + 1e-7)
})
