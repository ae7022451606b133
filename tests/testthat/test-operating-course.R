records_of_trial <- function() {
  set.seed(20261128)
  out <- expand.grid(week = c(4, 12, 26, 52), subject = seq_len(12))
  out$score <- 10 + 0.2 * out$week + rnorm(12, 0, 9)[out$subject] + rnorm(nrow(out), 0, 3)
  out
}
visits_of_trial <- function(n = 4) expand.grid(week = c(4, 12, 26, 52), subject = seq_len(n))

# Binomial standard errors of a simulated share about its exact value.
expect_share <- function(share, exact, trials, reach = 4.5) {
  expect_lt(max(abs(share - exact) / sqrt(pmax(exact * (1 - exact), 1 / trials) / trials)), reach)
}

test_that("a balanced mean by REML and Kenward-Roger has the exact power of the one-sample t test", {
  natural <- fit_recovery(score ~ 1 + (1 | subject), records_of_trial())
  design <- design_course(natural, visits_of_trial(), c("(Intercept)" = 1), natural_error = FALSE)
  excess <- c(0, 6, 12, 20)
  found <- operating_characteristics(design, excess = excess, trials = 8000, seed = 4)
  variance <- VarCorr(natural)$subject[1, 1] + sigma(natural)^2 / 4
  # Four means of four visits each are independent with this variance: noncentral t with 3 degrees of freedom.
  exact <- pt(qt(0.975, 3), 3, ncp = excess / sqrt(variance / 4), lower.tail = FALSE)
  expect_share(found$estimate, exact, 8000)
  expect_identical(found$term, c("type_1_error", rep("power", 3)))
  expect_true(all(found$conf.low <= found$estimate & found$estimate <= found$conf.high))
  expect_identical(found$num.error, rep(0, 4))
})

test_that("the records' error is drawn with the trials, and a bias adds to the excess", {
  natural <- fit_recovery(score ~ 1 + (1 | subject), records_of_trial())
  # Variances as known: everything is normal, and both errors together make the exact level.
  fixed <- method_bayes(priors(fixed = list("(Intercept)" = NULL),
    sd = prior_fixed(sqrt(VarCorr(natural)$subject[1, 1])), sigma = prior_fixed(sigma(natural))))
  design <- design_course(natural, visits_of_trial(), c("(Intercept)" = 1), fixed, alpha = 0.05, margin = 1)
  total <- expand.grid(excess = c(0, 5), bias = c(0, 4))
  found <- operating_characteristics(design, excess = c(0, 5), bias = c(0, 4), trials = 20000, seed = 8)
  spread <- sqrt((VarCorr(natural)$subject[1, 1] + sigma(natural)^2 / 4) / 4 + tidy(design)$std.error[3]^2)
  exact <- pnorm((total$excess + total$bias - 1) / spread - qnorm(0.95))
  expect_share(found$estimate, exact, 20000)
})

test_that("an informative prior meets every truth anew: the conjugate formula", {
  natural <- fit_recovery(score ~ week + (1 | subject), records_of_trial())
  d <- VarCorr(natural)$subject[1, 1]
  s2 <- sigma(natural)^2
  m0 <- c(8, 0.3)
  s0 <- c(5, 0.1)
  prior <- priors(fixed = list("(Intercept)" = prior_normal(m0[1], s0[1]), week = prior_normal(m0[2], s0[2])),
    sd = prior_fixed(sqrt(d)), sigma = prior_fixed(sqrt(s2)))
  l <- c(1, 52)
  design <- design_course(natural, visits_of_trial(), c("(Intercept)" = 1, week = 52), method_bayes(prior),
    natural_error = FALSE)
  excess <- c(0, 8, 15)
  found <- operating_characteristics(design, excess = excess, trials = 20000, seed = 21)
  # By dense matrices: the posterior mean is linear in the scores, so it is normal over trials.
  x <- cbind(1, visits_of_trial()$week)
  v <- d * outer(visits_of_trial()$subject, visits_of_trial()$subject, `==`) + s2 * diag(16)
  information <- t(x) %*% solve(v, x)
  a <- solve(information + diag(1 / s0^2))
  exact <- vapply(excess, \(e) {
    beta <- fixef(natural) + e * l / sum(l^2)
    mean <- sum(l * (a %*% (information %*% beta + m0 / s0^2))) - sum(l * fixef(natural))
    sd <- sqrt(drop(t(l) %*% a %*% information %*% a %*% l))
    pnorm((mean - qnorm(0.975) * sqrt(drop(t(l) %*% a %*% l))) / sd)
  }, 0)
  expect_share(found$estimate, exact, 20000)
})

test_that("unknown variances: posterior probabilities are those of the engine on simulated rows", {
  skip_on_cran()
  records <- records_of_trial()
  natural <- fit_recovery(score ~ 1 + (1 | subject), records)
  prior <- priors(fixed = list("(Intercept)" = prior_normal(15, 30)), sd = prior_half_normal(10),
    sigma = prior_half_normal(5))
  design <- design_course(natural, visits_of_trial(), c("(Intercept)" = 1), method_bayes(prior), alpha = 0.2,
    natural_error = FALSE)
  found <- operating_characteristics(design, excess = 6, trials = 4000, seed = 3)
  # Rows simulated with the excess, each fitted by the exact engine.
  by_rows <- vapply(1:150, \(i) {
    rows <- visits_of_trial()
    rows$subject <- rows$subject + 100
    rows$score <- simulate(natural, newdata = rows, allow.new.levels = TRUE, seed = i)[[1]] + 6
    post <- fit_recovery(score ~ 1 + (1 | subject), rows, method = method_bayes(prior, tolerance = 1e-3))$result
    sum(post$weight * pnorm((post$mean[1, ] - fixef(natural)) / sqrt(post$covariance[1, ])))
  }, 0)
  share <- mean(by_rows >= 0.8)
  expect_lt(abs(share - found$estimate), 4.5 * sqrt(0.25 / 150))
})

test_that("trials depend on the seed alone, whatever the workers", {
  skip_if_not_installed("future")
  natural <- fit_recovery(score ~ week + (1 | subject), records_of_trial())
  design <- design_course(natural, visits_of_trial(), c(week = 1))
  one <- operating_characteristics(design, excess = c(0, 0.1), trials = 300, seed = 5)
  expect_identical(one, operating_characteristics(design, excess = c(0, 0.1), trials = 300, seed = 5))
  before <- future::plan(future::multisession, workers = 2)
  on.exit(future::plan(before))
  expect_equal(tidy(operating_characteristics(design, excess = c(0, 0.1), trials = 300, seed = 5)), tidy(one))
})

test_that("residual covariances over visits are simulated and fitted as they are", {
  natural <- fit_recovery(score ~ week + cs(week | subject), records_of_trial())
  plain <- fit_recovery(score ~ week + (1 | subject), records_of_trial())
  shares <- lapply(list(natural, plain), \(fit) {
    design <- design_course(fit, visits_of_trial(), c("(Intercept)" = 1, week = 52), natural_error = FALSE)
    operating_characteristics(design, excess = 12, trials = 3000, seed = 6)$estimate
  })
  # Compound symmetry with a positive correlation is the random intercept.
  expect_lt(abs(shares[[1]] - shares[[2]]), 4.5 * sqrt(2 * 0.25 / 3000))
})

test_that("characteristics are printed and drawn in points", {
  natural <- fit_recovery(score ~ week + (1 | subject), records_of_trial())
  design <- design_course(natural, visits_of_trial(), c("(Intercept)" = 1, week = 52))
  found <- operating_characteristics(design, excess = c(0, 10), bias = c(-2, 2), trials = 200, seed = 1)
  expect_output(print(found), "external bias (points)", fixed = TRUE)
  expect_output(print(found), "200 simulated trials, seed 1", fixed = TRUE)
  expect_s3_class(plot(found), "ggplot")
  expect_error(operating_characteristics(design, excess = "a"), class = "cordgain_invalid_input")
  expect_error(operating_characteristics(design, trials = 0), class = "cordgain_invalid_input")
  expect_error(operating_characteristics(design, seed = -1), class = "cordgain_invalid_input")
})
