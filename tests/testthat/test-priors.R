# Priors of a model of scores.

test_that("what is given is kept, by name", {
  p <- priors(fixed = list(week = prior_normal(0, 1)), sd = list(week = prior_half_normal(2)), sigma = prior_fixed(3))
  done <- complete_priors(p, list(x = cbind("(Intercept)" = 1, week = c(0, 1, 2)), z = list(cbind(week = c(0, 1, 2)))),
    c(3, 5, 10), NULL, rlang::current_env())
  expect_identical(done$fixed$week, prior_normal(0, 1))
  expect_identical(done$sd[[1]]$week, prior_half_normal(2))
  expect_identical(done$sigma, prior_fixed(3))
  expect_identical(done$cor, prior_lkj(2))
})

test_that("defaults follow the declared scale, or the scores, as the help page says", {
  x <- cbind("(Intercept)" = 1, week = c(0, 4, 8))
  y <- c(10, 20, 45)
  scale <- complete_priors(priors(), list(x = x, z = list()), y, c(0, 50), rlang::current_env())
  expect_equal(scale$fixed[["(Intercept)"]], prior_normal(25, 50))
  expect_equal(scale$fixed$week, prior_normal(0, 50 / 4))
  expect_equal(scale$sigma, prior_half_t(3, 12.5))
  scores <- complete_priors(priors(), list(x = x, z = list(x)), y, NULL, rlang::current_env())
  expect_equal(scores$fixed[["(Intercept)"]], prior_normal(25, 4 * sd(y)))
  expect_equal(scores$sd[[1]]$week, prior_half_t(3, sd(y) / 4))
  expect_equal(scores$sd[[1]][["(Intercept)"]], prior_half_t(3, sd(y)))
})

test_that("defaults move with the unit of the scores", {
  x <- cbind("(Intercept)" = 1, week = c(0, 4, 8))
  y <- c(10, 20, 45)
  one <- complete_priors(priors(), list(x = x, z = list(x)), y, NULL, rlang::current_env())
  ten <- complete_priors(priors(), list(x = x, z = list(x)), 10 * y, NULL, rlang::current_env())
  expect_equal(prior_parameters(ten$fixed$week)[["sd"]], 10 * prior_parameters(one$fixed$week)[["sd"]])
  expect_equal(prior_parameters(ten$sigma)[["scale"]], 10 * prior_parameters(one$sigma)[["scale"]])
})

test_that("a prior of the wrong kind is refused by name", {
  expect_error(priors(fixed = list(week = prior_half_normal(1))), "fixed\\$week", class = "cordgain_invalid_input")
  expect_error(priors(sd = prior_normal(0, 1)), "sd", class = "cordgain_invalid_input")
  expect_error(priors(sd = list(week = prior_lkj(2))), "week", class = "cordgain_invalid_input")
  expect_error(priors(cor = prior_normal(0, 1)), "cor", class = "cordgain_invalid_input")
  expect_error(priors(sigma = prior_beta(1, 1)), "sigma", class = "cordgain_invalid_input")
  expect_error(priors(fixed = prior_normal(0, 1)), "list", class = "cordgain_invalid_input")
  expect_error(priors(fixed = list(prior_normal(0, 1))), "names", class = "cordgain_invalid_input")
  expect_error(priors(sd = prior_uniform(-1, 1)), "negative", class = "cordgain_invalid_input")
  expect_error(priors(sd = prior_fixed(-1)), "negative", class = "cordgain_invalid_input")
})

test_that("priors for what the model lacks are refused, with what it has", {
  columns <- list(x = cbind("(Intercept)" = rep(1, 3), week = 1:3), z = list(cbind("(Intercept)" = rep(1, 3))))
  complete <- \(p) complete_priors(p, columns, c(1, 2, 4), NULL, rlang::current_env())
  expect_error(complete(priors(fixed = list(month = prior_normal(0, 1)))), "month", class = "cordgain_invalid_input")
  expect_error(complete(priors(sd = list(week = prior_half_normal(1)))), "Random effects",
    class = "cordgain_invalid_input")
})

test_that("the print names each prior", {
  shown <- capture.output(print(priors(fixed = list(week = prior_normal(0, 1)), sd = prior_half_t(3, 10),
    cor = prior_lkj(2), sigma = prior_half_normal(4))))
  expect_match(shown, "week .*normal\\(mean = 0, sd = 1\\)", all = FALSE)
  expect_match(shown, "sd .*half_t", all = FALSE)
  expect_match(shown, "cor .*lkj", all = FALSE)
  expect_match(shown, "sigma .*half_normal", all = FALSE)
})

test_that("priors of standard deviations are one prior or a named list, and nothing else", {
  for (bad in list("half_normal", 2, list(prior_half_normal(1)))) {
    expect_error(priors(sd = bad), "names of random effects", class = "cordgain_invalid_input")
  }
  one <- priors(sd = prior_half_normal(2))
  expect_match(paste(capture.output(print(one)), collapse = " "), "half_normal(scale = 2)", fixed = TRUE)
  two <- priors(sd = list("(Intercept)" = prior_half_normal(3), week = prior_fixed(0.4)))
  text <- paste(capture.output(print(two)), collapse = " ")
  expect_match(text, "sd of week", fixed = TRUE)
  expect_match(text, "half_normal(scale = 3)", fixed = TRUE)
})

test_that("a second prior of one name is refused: it would be passed over", {
  twice <- list(week = prior_normal(0, 0.001), week = prior_normal(5, 1))
  expect_error(priors(fixed = twice), "`fixed` has more than one of `week`", class = "cordgain_invalid_input")
  expect_error(priors(sd = list(week = prior_fixed(1), week = prior_fixed(2))), "`sd` has more than one of `week`",
    class = "cordgain_invalid_input")
})

test_that("a residual standard deviation of zero or below is refused by its name", {
  expect_error(priors(sigma = prior_fixed(0)), "`sigma`", class = "cordgain_invalid_input")
  expect_error(priors(sigma = prior_fixed(-1)), "`sigma`", class = "cordgain_invalid_input")
  expect_error(priors(sigma = prior_uniform(-1, 1)), "negative", class = "cordgain_invalid_input")
  expect_identical(priors(sigma = prior_fixed(0.29))$sigma, prior_fixed(0.29))
  expect_identical(priors(dispersion = prior_fixed(0))$dispersion, prior_fixed(0)) # a binomial score
  parts <- prior_mixture(c(0.5, 0.5), prior_uniform(0, 1), prior_uniform(0, 4))
  expect_identical(priors(sigma = parts)$sigma, parts)
  expect_error(priors(sd = prior_mixture(c(0.5, 0.5), prior_uniform(-1, 1), prior_uniform(0, 4))), "negative",
    class = "cordgain_invalid_input")
})

test_that("priors of what normal scores have not are refused, with what they have", {
  fitted_with <- \(prior) fit_recovery(score ~ week + (1 | subject), small_trial(), method = method_bayes(prior))
  given <- list(dispersion = priors(dispersion = prior_fixed(1)), thresholds = priors(thresholds = prior_normal(0, 1)),
    change = priors(change = list(slope = prior_normal(0, 1))))
  for (name in names(given)) {
    expect_error(fitted_with(given[[name]]), paste0("Given: `", name, "`.*`sigma`"), class = "cordgain_invalid_input")
    fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
    expect_error(design_course(fit, small_trial(), c(week = 1), method_bayes(given[[name]])), name,
      class = "cordgain_invalid_input")
  }
})

test_that("a prior of a correlation that the model lacks is refused, of normal scores and of families", {
  prior <- priors(cor = prior_lkj(4))
  fitted_with <- \(formula, ...) fit_recovery(formula, small_trial(), method = method_bayes(prior), ...)
  expect_error(fitted_with(score ~ week + (1 | subject)), "model has none.*\\(Intercept\\)",
    class = "cordgain_invalid_input")
  expect_error(fitted_with(score ~ week + (week || subject)), "`week`", class = "cordgain_invalid_input")
  expect_error(fitted_with(score ~ week), "no random effects", class = "cordgain_invalid_input")
  expect_error(fitted_with(score > 4 ~ week + (1 | subject), family = binomial()), "model has none",
    class = "cordgain_invalid_input")
  pair <- cbind("(Intercept)" = 1, week = c(0, 1, 2))
  done <- complete_priors(prior, list(x = pair, z = list(pair)), c(3, 5, 10), NULL, rlang::current_env())
  expect_identical(done$cor, prior_lkj(4))
})
