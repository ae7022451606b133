trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
  subject = rep(1:4, each = 3))
fit <- fit_recovery(score ~ week + (1 | subject), trial, method = "bayes")

test_that("draws have the exact posterior's means and standard deviations, named as brms does", {
  many <- 20000
  draws <- posterior_draws(fit, many, 1)
  table <- tidy(fit)
  expect_identical(colnames(draws), c("b_Intercept", "b_week", "sd_subject__Intercept", "sigma"))
  # 5.5 standard errors of a mean
  expect_true(all(abs(colMeans(draws) - table$estimate) < 5.5 * table$std.error / sqrt(many)))
  expect_equal(apply(draws, 2, sd), table$std.error, tolerance = 0.1, ignore_attr = TRUE)
  expect_identical(posterior_draws(fit, 10, 1), posterior_draws(fit, 10, 1))
})

test_that("variance parameters are drawn together: probabilities of both are those of a dense grid in plain R", {
  y <- trial$score
  x <- cbind(1, trial$week)
  same <- outer(trial$subject, trial$subject, `==`)
  prior <- priors(fixed = list(`(Intercept)` = prior_normal(5, 10), week = prior_normal(0, 1)),
    sd = prior_half_normal(4), sigma = prior_half_normal(2))
  known <- fit_recovery(score ~ week + (1 | subject), trial, method = method_bayes(prior))
  sd <- gl_panels(c(0, 0.7, 1.5, 3, 6, 20), gauss_legendre(7)) # an end where the event below has one
  sigma <- gl_panels(c(0.2, 0.7, 1.1, 1.6, 2.5, 8), gauss_legendre(7))
  grid <- expand.grid(sd = sd$x, sigma = sigma$x)
  root <- x %*% diag(c(10, 1))
  height <- vapply(seq_len(nrow(grid)), \(i) {
    r <- chol(grid$sd[i]^2 * same + grid$sigma[i]^2 * diag(12) + tcrossprod(root))
    -sum(log(diag(r))) - sum(backsolve(r, y - 5, transpose = TRUE)^2) / 2
  }, 0) + dnorm(grid$sd, 0, 4, log = TRUE) + dnorm(grid$sigma, 0, 2, log = TRUE)
  weight <- c(outer(sd$w, sigma$w)) * exp(height - max(height))
  over <- \(x) sum(weight * x) / sum(weight)
  many <- 40000
  draws <- posterior_draws(known, many, 3)
  both <- over(grid$sd > 1.5 & grid$sigma > 1.1)
  expect_lt(abs(mean(draws[, 3] > 1.5 & draws[, 4] > 1.1) - both), 4 * sqrt(both * (1 - both) / many) + 2e-3)
  linked <- over((grid$sd - over(grid$sd)) * (grid$sigma - over(grid$sigma))) /
    sqrt(over((grid$sd - over(grid$sd))^2) * over((grid$sigma - over(grid$sigma))^2))
  expect_lt(abs(cor(draws[, 3], draws[, 4]) - linked), 4 / sqrt(many) + 0.005)
})

test_that("the variances of a draw become matrices", {
  parts <- drawn_parts(fit, c(1.5, 0.5))
  expect_equal(parts, list(effects = list(matrix(2.25)), residual = 0.25))
  layout <- list(result = list(layout = list(blocks = matrix(0:2, 1), sigma = 3L)),
    design = list(random = list(list(columns = c("(Intercept)", "week")))))
  expect_equal(drawn_parts(layout, c(2, 3, 0.5, 1))$effects[[1]], matrix(c(4, 3, 3, 9), 2))
})

test_that("names lose their brackets", {
  expect_identical(plain_name(c("(Intercept)", "week")), c("Intercept", "week"))
  terms <- data.frame(name = c("sd__(Intercept)", "cor__(Intercept).week", "sd__Observation"),
    group = c("id", "id", "Residual"), word = c("sd", "cor", "sd"))
  expect_identical(hyper_names(terms), c("sd_id__Intercept", "cor_id__Intercept__week", "sigma"))
})
