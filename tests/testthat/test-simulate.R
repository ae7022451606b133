# Moments of simulated scores against the model's own. With 4000 draws of a normal variable the mean is within
# 5 standard errors, and so is the variance (relative standard error sqrt(2 / 4000)): by chance outside less than
# once in 1.7 million.
n_draws <- 4000
expect_moments <- function(draws, mean, covariance) {
  se <- sqrt(diag(covariance) / n_draws)
  expect_lt(max(abs(rowMeans(draws) - mean) / se), 5.5) # a dozen of rows, so a little more than 5
  spread <- sqrt((covariance^2 + outer(diag(covariance), diag(covariance))) / n_draws)
  expect_lt(max(abs(cov(t(draws)) - covariance) / spread), 5.8) # about a hundred elements
}

test_that("scores of fresh subjects have the mean and covariance of the model", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial()[1:15, ])
  draws <- as.matrix(simulate(fit, n_draws, seed = 1))
  rows <- 1:5 # one subject
  d <- VarCorr(fit)$subject
  z <- cbind(1, small_trial()$week[rows])
  covariance <- z %*% d[1:2, 1:2] %*% t(z) + sigma(fit)^2 * diag(5)
  expect_moments(draws[rows, ], predict(fit, re.form = NA)[rows], covariance)
  expect_lt(abs(cor(draws[1, ], draws[6, ])), 5.5 / sqrt(n_draws)) # subjects are independent
})

test_that("with re.form = NULL the predicted effects are kept", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial(), weights = rep(1:4, 5))
  draws <- as.matrix(simulate(fit, n_draws, seed = 2, re.form = NULL))
  expect_moments(draws[1:5, ], fitted(fit)[1:5], diag(sigma(fit)^2 / c(1:4, 1)))
})

test_that("a residual covariance over visits is in the simulated scores", {
  data <- mixed_data("cov01_orthodont_mmrm_un")
  fit <- fit_recovery(distance ~ age + us(age | Subject), data)
  draws <- as.matrix(simulate(fit, n_draws, seed = 3))
  expect_moments(draws[1:4, ], predict(fit, re.form = NA)[1:4], unname(residual_covariances(fit)[[1]]))
})

test_that("rows of one new level share their effect", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  new <- data.frame(week = c(0, 4, 0), subject = c("x", "x", "y"))
  draws <- as.matrix(simulate(fit, n_draws, seed = 4, newdata = new, allow.new.levels = TRUE))
  between <- VarCorr(fit)$subject[1]
  covariance <- between * outer(new$subject, new$subject, `==`) + sigma(fit)^2 * diag(3)
  expect_moments(draws, predict(fit, new, re.form = NA), covariance)
})

test_that("the seed alone governs, and R's stream is left as it was", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  set.seed(9)
  before <- .Random.seed
  first <- simulate(fit, 3, seed = 5)
  expect_identical(.Random.seed, before)
  expect_identical(simulate(fit, 1, seed = 5)[[1]], first[[1]])
  set.seed(6)
  drawn <- simulate(fit)
  set.seed(6)
  expect_identical(simulate(fit), drawn)
  expect_named(first, c("sim_1", "sim_2", "sim_3"))
  expect_error(simulate(fit, seed = 1.5), class = "cordgain_invalid_input")
  expect_error(simulate(fit, nsim = 0), class = "cordgain_invalid_input")
})

test_that("rows left out by na.exclude come back as NA", {
  trial <- small_trial()
  trial$score[3] <- NA
  fit <- fit_recovery(score ~ week + (1 | subject), trial, na.action = na.exclude)
  drawn <- simulate(fit, 2, seed = 1)
  expect_identical(which(is.na(drawn$sim_1)), 3L)
  expect_identical(nrow(drawn), 20L)
})

test_that("refit() gives what fit_recovery() gives with the new scores", {
  skip_if_not_installed("lme4")
  trial <- small_trial()
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  trial$score <- simulate(fit, seed = 8)[[1]]
  again <- lme4::refit(fit, trial$score)
  expect_equal(fixef(again), fixef(fit_recovery(score ~ week + (1 | subject), trial)), tolerance = 1e-12)
  expect_identical(model.frame(again)$score, trial$score)
  expect_error(lme4::refit(fit, 1:3), class = "cordgain_invalid_input")
})

test_that("what simulation-based residuals need is there", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  simulated <- as.matrix(simulate(fit, 200, seed = 7))
  expect_identical(dim(simulated), c(nobs(fit), 200L))
  expect_identical(model.frame(fit)[[1]], small_trial()$score)
  expect_identical(family(fit)$family, "gaussian")
  # the share of simulated scores below the observed ones: uniform if the model holds
  expect_true(all(rowMeans(simulated <= model.frame(fit)[[1]]) >= 0))
  expect_equal(unname(predict(fit, re.form = ~0, type = "response")), c(model.matrix(fit) %*% fixef(fit)))
})
