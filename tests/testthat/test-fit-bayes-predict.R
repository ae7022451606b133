trial <- data.frame(score = c(3, 5, 9, 2, 6, 7, 4, 6, 8, 3, 7, 8), week = rep(c(0, 4, 8), 4),
  subject = rep(1:4, each = 3))
fit <- fit_recovery(score ~ week + (1 | subject), trial, method = "bayes")

test_that("with known variances the answer is a conditional normal distribution, worked out whole", {
  known <- method_bayes(prior = priors(fixed = list(`(Intercept)` = prior_normal(2, 3), week = prior_normal(0.5, 0.4)),
    sd = prior_fixed(1.2), sigma = prior_fixed(0.8)))
  given <- fit_recovery(score ~ week + (1 | subject), trial, method = known)
  x <- rbind(cbind(1, trial$week), c(1, 12), c(1, 12))
  subject <- c(trial$subject, 2, 9) # the last two: a score to come of the second patient, and one of a new patient
  covariance <- x %*% diag(c(3, 0.4)^2) %*% t(x) + 1.2^2 * outer(subject, subject, `==`) + 0.8^2 * diag(14)
  mean <- drop(x %*% c(2, 0.5))
  seen <- 1:12
  weight <- covariance[13:14, seen] %*% solve(covariance[seen, seen])
  by_hand <- mean[13:14] + drop(weight %*% (trial$score - mean[seen]))
  sd <- sqrt(diag(covariance[13:14, 13:14] - weight %*% covariance[seen, 13:14]))
  found <- predict(given, data.frame(week = 12, subject = c(2, 9)), allow.new.levels = TRUE, interval = "prediction",
    se.fit = TRUE)
  expect_equal(found$fit[, "fit"], by_hand, tolerance = 1e-9, ignore_attr = TRUE)
  expect_equal(unname(found$se.fit), sd, tolerance = 1e-9)
  expect_equal(found$fit[, "upr"], by_hand + qnorm(0.975) * sd, tolerance = 1e-8, ignore_attr = TRUE)
  # the course is the score less its residual
  course <- predict(given, data.frame(week = 12, subject = 2), interval = "confidence", se.fit = TRUE)
  expect_equal(unname(course$se.fit), sqrt(sd[1]^2 - 0.8^2), tolerance = 1e-9)
})

test_that("means are those of coefficients and effects, of the mean of all those of the table", {
  course <- drop(model.matrix(fit) %*% fixef(fit)) + ranef(fit)$subject[trial$subject, 1]
  expect_equal(unname(fitted(fit)), course, tolerance = 1e-10, ignore_attr = TRUE)
  start <- predict(fit, data.frame(week = 0), re.form = NA, interval = "confidence", se.fit = TRUE)
  table <- tidy(fit)[1, ]
  expect_equal(unname(start$fit[1, ]), c(table$estimate, table$conf.low, table$conf.high), tolerance = 1e-4)
  expect_equal(start$se.fit[[1]], table$std.error, tolerance = 1e-4)
})

test_that("simulated scores have the mean and the quantiles of the mixture", {
  many <- 3000
  for (form in list(NULL, NA)) {
    at <- data.frame(week = 12, subject = 1)
    exact <- predict(fit, at, re.form = form, interval = "prediction", level = 0.8, se.fit = TRUE)
    drawn <- unlist(simulate(fit, many, seed = 1, newdata = at, re.form = form))
    # 5.5 standard errors, of a mean and of a share
    expect_lt(abs(mean(drawn) - exact$fit[1, "fit"]), 5.5 * exact$se.fit / sqrt(many))
    expect_lt(abs(mean(drawn < exact$fit[1, "lwr"]) - 0.1), 5.5 * sqrt(0.09 / many))
    expect_lt(abs(mean(drawn > exact$fit[1, "upr"]) - 0.1), 5.5 * sqrt(0.09 / many))
  }
})

test_that("rows of one new patient share an effect, the seed governs", {
  at <- data.frame(week = c(4, 4), subject = "new")
  drawn <- as.matrix(simulate(fit, 2000, seed = 2, newdata = at, allow.new.levels = TRUE))
  apart <- as.matrix(simulate(fit, 2000, seed = 2, newdata = transform(at, subject = c("n", "m")),
    allow.new.levels = TRUE))
  expect_gt(cor(drawn[1, ], drawn[2, ]), cor(apart[1, ], apart[2, ]))
  set.seed(1)
  before <- .Random.seed
  expect_identical(simulate(fit, 2, seed = 3), simulate(fit, 2, seed = 3))
  expect_identical(.Random.seed, before)
  expect_identical(dim(simulate(fit, 2, seed = 3)), c(12L, 2L))
})

test_that("residuals are scores less means", {
  expect_equal(residuals(fit), trial$score - fitted(fit))
  expect_equal(residuals(fit, "pearson"), residuals(fit) / sigma(fit))
  expect_equal(unname(residuals(fit, "marginal")), trial$score - drop(model.matrix(fit) %*% fixef(fit)),
    ignore_attr = TRUE)
  holed <- fit_recovery(score ~ week + (1 | subject), replace(trial, cbind(2, 1), NA), method = "bayes",
    na.action = na.exclude)
  expect_identical(which(is.na(residuals(holed))), c("2" = 2L))
})

test_that("where there are many nodes, some at even steps of the weight stand for them", {
  few <- even_nodes(c(1, 5, 1, 1, 2), 100)
  expect_identical(few$node, 1:5)
  expect_equal(few$weight, c(1, 5, 1, 1, 2) / 10)
  some <- even_nodes(rep(c(1, 3), 500), 100)
  expect_lte(length(some$node), 100)
  expect_equal(sum(some$weight), 1)
  whole <- predict(fit, data.frame(week = 12, subject = 1), interval = "prediction")
  part <- predict(fit, data.frame(week = 12, subject = 1), interval = "prediction", nodes = 300)
  expect_identical(part[1, "fit"], whole[1, "fit"])
  expect_lt(max(abs(part - whole)), 0.1)
})

test_that("crossed factors and slopes are predicted too, what is wrong is named", {
  # the two-fold blocks of the design hang together by the raters: one block of all rows
  crossed <- transform(trial, rater = rep(c("r", "s"), 6))
  joint <- fit_recovery(score ~ week + (1 | subject) + (1 | rater), crossed, method = "bayes")
  found <- predict(joint, interval = "confidence", nodes = 100)
  expect_equal(unname(found[, "fit"]), unname(fitted(joint)))
  expect_true(all(found[, "lwr"] < found[, "fit"] & found[, "fit"] < found[, "upr"]))
  expect_error(predict(fit, data.frame(week = 1, subject = 9)), class = "cordgain_invalid_input")
  expect_error(predict(fit, nodes = 3, interval = "confidence"), class = "cordgain_invalid_input")
})

test_that("a course along a plateau is its mean over kappa, as draws of kappa and coefficients have it", {
  fit <- fit_recovery(score ~ plateau(week) + (1 | subject), curved_trial(), method = "bayes")
  weeks <- c(2, 20, 60)
  means <- predict(fit, data.frame(week = weeks), re.form = NA, interval = "none")
  draws <- posterior_draws(fit, 40000, 3)
  curves <- draws[, 1] + draws[, 2] * (1 - exp(-outer(1 / draws[, "kappa"], weeks)))
  spread <- apply(curves, 2, sd)
  expect_lt(max(abs(colMeans(curves) - means) / spread), 5.5 / sqrt(40000) + 2e-3) # draws between nodes: first order
  score <- predict(fit, data.frame(week = weeks), re.form = NA, interval = "prediction", se.fit = TRUE)
  own <- draws[, "sd_subject__Intercept"]^2 + draws[, "sigma"]^2
  expect_equal(unname(score$se.fit^2), unname(spread^2 + mean(own)), tolerance = 0.05)
  drawn <- curves[, 2] + rnorm(40000) * sqrt(own)
  expect_equal(mean(drawn < score$fit[2, "lwr"]), 0.025, tolerance = 0.2) # 0.0008 is a standard error
  # rows fitted: with the columns of every kappa, not those of one
  expect_equal(unname(fitted(fit)[1:4]), unname(predict(fit, curved_trial()[1:4, ])), tolerance = 1e-9)
  expect_equal(augment(fit)$.fixed[2:4], unname(predict(fit, data.frame(week = c(4, 12, 26)), re.form = NA)))
  expect_equal(unname(residuals(fit)), curved_trial()$score - unname(fitted(fit)))
})

test_that("a missed visit is predicted from its neighbours by ar1(), a visit seen is known", {
  trial <- curved_trial()
  fit <- fit_recovery(score ~ week + ar1(visit | subject), trial[-20, ], method = "bayes")
  draws <- posterior_draws(fit, 40000, 4)
  course <- draws[, 1] + outer(draws[, 2], c(12, 26))
  rho <- draws[, "cor_Residual__ar1"]
  # given the last visit that was seen, earlier ones say nothing more
  mean <- course[, 2] + rho * (trial$score[19] - course[, 1])
  found <- predict(fit, trial[c(19, 20), ], interval = "prediction", se.fit = TRUE)
  expect_equal(found$fit[2, "fit"], mean(mean), tolerance = 0.01, ignore_attr = TRUE)
  expect_equal(found$se.fit[[2]]^2, var(mean) + mean(draws[, "sigma"]^2 * (1 - rho^2)), tolerance = 0.05)
  expect_equal(unname(found$fit[1, ]), rep(trial$score[19], 3), tolerance = 1e-5)
  expect_equal(predict(fit, trial[20, ]), sum(fixef(fit) * c(1, 26)), ignore_attr = TRUE)
})

test_that("scores simulated with a correlation, or along a plateau, have its moments", {
  fit <- fit_recovery(score ~ week + ar1(visit | subject), curved_trial(), method = "bayes")
  values <- as.matrix(simulate(fit, 4000, seed = 5))
  expect_equal(unname(rowMeans(values)), unname(fitted(fit)), tolerance = 0.05)
  off <- values - drop(cbind(1, curved_trial()$week) %*% fixef(fit))
  draws <- posterior_draws(fit, 4000, 6)
  x <- c(1, 4)
  between <- drop(c(1, 0) %*% vcov(fit) %*% x)
  expect_equal(cov(off[1, ], off[2, ]), between + mean(draws[, "sigma"]^2 * draws[, "cor_Residual__ar1"]),
    tolerance = 0.15)
  curve <- fit_recovery(score ~ plateau(week) + (1 | subject), curved_trial(), method = "bayes")
  values <- as.matrix(simulate(curve, 4000, seed = 7))
  expect_equal(unname(rowMeans(values)), unname(predict(curve, re.form = NA)), tolerance = 0.05)
  kept <- as.matrix(simulate(curve, 4000, seed = 8, re.form = NULL))
  expect_equal(unname(rowMeans(kept)), unname(fitted(curve)), tolerance = 0.05)
  expect_lt(mean(apply(kept, 1, var)), mean(apply(values, 1, var)))
})

test_that("a course at time 0 is the intercept, its interval too, with and without a plateau", {
  trial <- curved_trial(11)
  for (formula in c(score ~ week + (week | subject), score ~ plateau(week) + (1 | subject))) {
    fit <- fit_recovery(formula, trial, method = method_bayes(priors(sd = prior_half_normal(4))))
    expect_gt(length(fit$result$weight), 2000)
    at <- predict(fit, data.frame(week = 0), re.form = NA, interval = "confidence", se.fit = TRUE)
    table <- tidy(fit)[1, ]
    expect_equal(unname(at$fit[1, ]), c(table$estimate, table$conf.low, table$conf.high), tolerance = 1e-6)
    expect_equal(unname(at$se.fit), table$std.error, tolerance = 1e-4)
  }
})
