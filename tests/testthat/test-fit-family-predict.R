trial <- data.frame(
  id = rep(letters[1:6], each = 5), week = rep(0:4, 6),
  y = c(0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0)
)
fit <- fit_recovery(y ~ week + (1 | id), trial, family = binomial())
sd <- attr(VarCorr(fit)$id, "stddev")[[1]]
grades <- data.frame(id = rep(1:6, each = 3), week = rep(c(0, 26, 52), 6),
  ais = ordered(strsplit("AABABCABAABCBCDABB", "")[[1]], levels = LETTERS[1:5]))
ordinal <- fit_recovery(ais ~ week + (1 | id), grades, family = cumulative())
over <- \(f, mean, sd) integrate(\(b) f(mean + b) * dnorm(b, 0, sd), -12 * sd, 12 * sd, rel.tol = 1e-10)$value

test_that("a typical patient and the mean over patients are two numbers, the second an integral", {
  at <- data.frame(week = c(0, 3))
  eta <- fixef(fit)[[1]] + fixef(fit)[[2]] * at$week
  typical <- predict(fit, at, re.form = NA, type = "response")
  expect_equal(unname(typical), plogis(eta), tolerance = 1e-12)
  mean <- predict(fit, at, re.form = NA, type = "response", average = TRUE)
  expect_equal(unname(mean), vapply(eta, \(e) over(plogis, e, sd), 0), tolerance = 1e-8)
  expect_true(all(abs(mean - 0.5) < abs(typical - 0.5)))
  expect_identical(predict(fit, at, re.form = NA, average = TRUE), predict(fit, at, re.form = NA))
})

test_that("of a new patient the mean is integrated, of a known one the mode holds", {
  rows <- data.frame(week = 2, id = c("a", "new"))
  both <- predict(fit, rows, type = "response", allow.new.levels = TRUE, average = TRUE)
  expect_equal(both[[1]], fitted(fit)[[3]])
  expect_equal(both[[2]], predict(fit, data.frame(week = 2), re.form = NA, type = "response", average = TRUE)[[1]])
})

test_that("random slopes spread more at later visits", {
  set.seed(3)
  counts <- data.frame(id = rep(1:20, each = 6), week = rep(0:5, 20))
  counts$y <- rpois(120, exp(1 + 0.2 * counts$week + rnorm(20, 0, 0.5)[counts$id] + rnorm(20, 0, 0.3)[counts$id] *
    counts$week))
  slopes <- fit_recovery(y ~ week + (week | id), counts, family = poisson())
  z <- c(1, 4)
  d <- VarCorr(slopes)$id
  mean <- predict(slopes, data.frame(week = 4), re.form = NA, type = "response", average = TRUE)
  expect_equal(mean[[1]], exp(sum(z * fixef(slopes)) + sum(z * (d[1:2, 1:2] %*% z)) / 2), tolerance = 1e-10)
})

test_that("levels have probabilities, averaged too, and the most probable has a name", {
  at <- data.frame(week = c(0, 52))
  expect_identical(predict(ordinal, at, re.form = NA, type = "prob"),
    predict(ordinal, at, re.form = NA, type = "response"))
  averaged <- predict(ordinal, at, re.form = NA, type = "prob", average = TRUE)
  spread <- attr(VarCorr(ordinal)$id, "stddev")[[1]]
  cut <- c(-Inf, ordinal$result$extra)
  level_b <- \(eta) plogis(cut[3] - eta) - plogis(cut[2] - eta)
  expect_equal(averaged[2, "B"], over(level_b, 52 * fixef(ordinal)[[1]], spread), tolerance = 1e-8)
  expect_equal(unname(rowSums(averaged)), c(1, 1), tolerance = 1e-12)
  expect_identical(colnames(averaged), LETTERS[1:5])
  named <- predict(ordinal, at, re.form = NA, type = "class")
  prob <- predict(ordinal, at, re.form = NA, type = "prob")
  expect_identical(as.character(named), LETTERS[max.col(prob)])
  expect_identical(levels(named), LETTERS[1:5])
  expect_true(is.na(predict(ordinal, data.frame(week = NA_real_), re.form = NA, type = "class")))
})

test_that("what cannot be predicted is refused", {
  expect_error(predict(fit, type = "prob"), "Only ordered scores", class = "cordgain_invalid_input")
  for (wrong in list(list(), list(re.form = NA, average = TRUE))) {
    expect_error(do.call(predict, c(list(fit, se.fit = TRUE), wrong)), "typical patient",
      class = "cordgain_invalid_input")
  }
})

test_that("residuals are the score less its mean, and that over its standard deviation", {
  p <- unname(fitted(fit))
  expect_equal(unname(residuals(fit)), trial$y - p, tolerance = 1e-12)
  expect_equal(unname(residuals(fit, "pearson")), (trial$y - p) / sqrt(p * (1 - p)), tolerance = 1e-12)
  mean <- unname(predict(fit, re.form = NA, type = "response", average = TRUE))
  expect_equal(unname(residuals(fit, re.form = NA)), trial$y - mean, tolerance = 1e-12)
  # a 0 or 1 with mean m has the variance m (1 - m), whatever varies
  expect_equal(unname(residuals(fit, "pearson", re.form = NA)), (trial$y - mean) / sqrt(mean * (1 - mean)),
    tolerance = 1e-10)
  level <- as.integer(grades$ais)
  expect_equal(unname(residuals(ordinal)), level - drop(fitted(ordinal) %*% 1:5), tolerance = 1e-12,
    ignore_attr = TRUE)
})

test_that("residuals are those of lme4, of events among trials too", {
  skip_if_not_installed("lme4")
  data <- lme4::cbpp
  formula <- cbind(incidence, size - incidence) ~ period + (1 | herd)
  ours <- fit_recovery(formula, data, family = binomial(), method = method_ml(nodes = 1))
  theirs <- lme4::glmer(formula, data, family = binomial())
  for (type in c("response", "pearson")) {
    # glmer's modes and estimates are those of its own optimiser
    expect_equal(unname(residuals(ours, type)), unname(residuals(theirs, type)), tolerance = 2e-3)
  }
})

test_that("a quantile residual lies between the two ends of the score's jump", {
  law <- \(y, p) cbind(pbinom(y - 1, 1, p), pbinom(y, 1, p))
  for (form in list(NULL, NA)) {
    p <- predict(fit, re.form = form, type = "response", average = TRUE)
    ends <- qnorm(law(trial$y, p))
    drawn <- residuals(fit, "quantile", re.form = form, seed = 4)
    expect_true(all(drawn > ends[, 1] - 1e-9 & drawn < ends[, 2] + 1e-9))
  }
  expect_identical(residuals(fit, "quantile", seed = 4), residuals(fit, "quantile", seed = 4))
  expect_false(identical(residuals(fit, "quantile", seed = 4), residuals(fit, "quantile", seed = 5)))
})

test_that("without jumps it is the normal quantile of the distribution function", {
  scores <- data.frame(id = rep(1:4, each = 4), week = rep(c(0, 8, 26, 52), 4),
    motor = c(20, 31, 44, 50, 8, 12, 19, 24, 35, 46, 50, 50, 15, 22, 30, 41))
  tobit <- fit_recovery(motor ~ week + (1 | id), scores, family = censored(0, 50))
  inside <- scores$motor < 50
  total <- sqrt(sigma(tobit)^2 + VarCorr(tobit)$id[1, 1])
  z <- (scores$motor - predict(tobit, re.form = NA)) / total
  expect_equal(residuals(tobit, "quantile", re.form = NA)[inside], z[inside], tolerance = 1e-8)
  expect_true(all(residuals(tobit, "quantile", re.form = NA, seed = 1)[!inside] > z[!inside]))
})

test_that("over simulated trials quantile residuals are standard normal", {
  set.seed(5)
  design <- data.frame(id = rep(1:200, each = 3), week = rep(0:2, 200))
  design$y <- rbinom(600, 1, plogis(-0.5 + 0.4 * design$week + rnorm(200, 0, 1.2)[design$id]))
  large <- fit_recovery(y ~ week + (1 | id), design, family = binomial())
  drawn <- residuals(large, "quantile", re.form = NA, seed = 6)
  # visits of one patient go together, so that one visit at a time is tested; 1e-6 for each of three
  for (week in 0:2) expect_gt(suppressWarnings(ks.test(drawn[design$week == week], "pnorm"))$p.value, 1e-6)
})

test_that("rows left out come back as NA, augment() keeps to those fitted", {
  holed <- replace(trial, cbind(3, 3), NA)
  left <- fit_recovery(y ~ week + (1 | id), holed, family = binomial(), na.action = na.exclude)
  expect_identical(which(is.na(residuals(left, "quantile", seed = 1))), c("3" = 3L))
  table <- augment(left)
  expect_identical(nrow(table), 29L)
  expect_equal(table$.resid, table$y - c(table$.fitted))
  expect_identical(dim(augment(ordinal)$.fitted), c(18L, 5L))
})
