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
