trial <- data.frame(id = rep(1:6, each = 3), week = rep(0:2, 6),
  count = c(2, 4, 7, 1, 1, 3, 5, 6, 12, 0, 2, 2, 3, 3, 6, 4, 9, 8))
fit <- fit_recovery(count ~ week + (1 | id), trial, family = poisson())
s2 <- VarCorr(fit)$id[1, 1]

test_that("fresh patients have the mean and covariance of the model", {
  skip_on_cran() # long
  many <- 20000
  drawn <- as.matrix(simulate(fit, many, seed = 1))
  mean <- exp(fixef(fit)[[1]] + 0:2 * fixef(fit)[[2]] + s2 / 2) # of a lognormal mean
  spread <- sqrt(mean + mean^2 * expm1(s2))
  # 5.5 standard errors
  expect_true(all(abs(rowMeans(drawn[1:3, ]) - mean) < 5.5 * spread / sqrt(many)))
  product <- (drawn[1, ] - mean[1]) * (drawn[3, ] - mean[3])
  expect_lt(abs(mean(product) - mean[1] * mean[3] * expm1(s2)), 5.5 * sd(product) / sqrt(many))
  # another patient is independent
  expect_lt(abs(cor(drawn[1, ], drawn[4, ])), 5.5 / sqrt(many))
})

test_that("with re.form = NULL the modes are kept", {
  skip_on_cran() # long
  many <- 5000
  drawn <- as.matrix(simulate(fit, many, seed = 2, re.form = NULL))
  expect_true(all(abs(rowMeans(drawn) - fitted(fit)) < 5.5 * sqrt(fitted(fit) / many)))
})

test_that("the seed governs alone, column by column, and R's stream is left", {
  set.seed(9)
  before <- .Random.seed
  two <- simulate(fit, 2, seed = 3)
  expect_identical(.Random.seed, before)
  expect_identical(simulate(fit, 5, seed = 3)[1:2], two, ignore_attr = TRUE)
  expect_identical(attr(two, "seed"), 3)
  set.seed(9)
  expect_false(identical(simulate(fit)$sim_1, simulate(fit)$sim_1))
})

test_that("each kind of score is simulated in its own words", {
  points <- data.frame(id = rep(1:6, each = 4), week = rep(0:3, 6), won = c(1, 2, 3, 5, 0, 1, 1, 2, 4, 5, 5, 6, 2, 2, 4,
    3, 1, 3, 2, 5, 3, 3, 6, 4))
  points$held <- factor(ifelse((points$won + points$week) %% 3 > 0, "yes", "no"))
  shares <- fit_recovery(cbind(won, 8 - won) ~ week + (1 | id), points, family = binomial())
  drawn <- simulate(shares, 2, seed = 1)
  expect_identical(dim(drawn), c(24L, 2L))
  expect_true(all(rowSums(drawn$sim_1) == 8))
  yes <- fit_recovery(held ~ week + (1 | id), points, family = binomial())
  expect_identical(levels(simulate(yes, seed = 1)$sim_1), c("no", "yes"))
  for (family in list(beta_binomial(8), censored(0, 8), hurdle(8))) {
    other <- fit_recovery(won ~ week + (1 | id), points, family = family)
    drawn <- simulate(other, 3, seed = 1)
    expect_true(all(drawn >= 0 & drawn <= 8))
    expect_identical(simulate(other, seed = 1, newdata = data.frame(week = 0:1, id = "x"), allow.new.levels = TRUE) |>
      dim(), c(2L, 1L))
  }
  grades <- data.frame(id = rep(1:6, each = 3), week = rep(c(0, 26, 52), 6),
    ais = ordered(strsplit("AABABCABAABCBCDABB", "")[[1]], levels = LETTERS[1:5]))
  ordinal <- fit_recovery(ais ~ week + (1 | id), grades, family = cumulative())
  expect_identical(levels(simulate(ordinal, seed = 1)$sim_1), LETTERS[1:5])
  expect_false("E" %in% unlist(lapply(simulate(ordinal, 200, seed = 1), as.character))) # its probability is 0

  at <- data.frame(week = 1:2, id = "new")
  fresh <- \(...) simulate(shares, seed = 1, newdata = at, allow.new.levels = TRUE, ...)
  expect_error(fresh(), "trials", class = "cordgain_invalid_input")
  expect_error(fresh(trials = c(1, 2, 3)), "3 for 2 rows", class = "cordgain_invalid_input")
  expect_true(all(rowSums(fresh(trials = c(3, 9))$sim_1) == c(3, 9)))
})

test_that("rows left out by na.exclude come back as NA, and are not refitted", {
  holed <- replace(trial, cbind(2, 3), NA)
  left <- fit_recovery(count ~ week + (1 | id), holed, family = poisson(), na.action = na.exclude)
  expect_identical(which(is.na(simulate(left, seed = 1)$sim_1)), 2L)
  expect_identical(nrow(bootstrap(left, n = 3, seed = 1)$replicates), 3L)
})

test_that("other scores give what fit_recovery() gives for them", {
  skip_if_not_installed("lme4")
  other <- transform(trial, count = count + week)
  again <- lme4::refit(fit, other$count)
  expect_equal(fixef(again), fixef(fit_recovery(count ~ week + (1 | id), other, family = poisson())))
  expect_equal(fixef(lme4::refit(fit, data.frame(x = trial$count))), fixef(fit))
  expect_error(lme4::refit(fit, 1:3), "18 were fitted", class = "cordgain_invalid_input")
  expect_error(lme4::refit(fit, trial$count + 0.5), class = "cordgain_invalid_input")
})

test_that("the bootstrap refits what simulate() draws, with the parameters of tidy()", {
  drawn <- simulate(fit, 3, seed = 7)
  boot <- bootstrap(fit, n = 3, seed = 7, statistic = \(v) exp(v[["week"]]))
  expect_identical(colnames(boot$replicates), tidy(fit)$term)
  third <- fit_recovery(count ~ week + (1 | id), transform(trial, count = drawn$sim_3), family = poisson())
  expect_equal(unname(boot$replicates[3, ]), tidy(third)$estimate, tolerance = 1e-6)
  expect_equal(boot$deviance[3], deviance(third), tolerance = 1e-9)
  table <- tidy(boot)
  expect_equal(table$estimate, c(tidy(fit)$estimate, exp(fixef(fit)[["week"]])))
  expect_output(print(boot), "3 refits by ML, seed 7")
})

test_that("sets without a finite estimate are counted and left out of summaries", {
  few <- data.frame(id = rep(1:3, each = 2), late = rep(0:1, 3), held = c(0, 1, 1, 0, 0, 1))
  small <- fit_recovery(held ~ late + (1 | id), few, family = binomial())
  boot <- bootstrap(small, n = 30, seed = 8)
  failed <- boot$outcome == "failed"
  expect_true(any(failed))
  expect_true(all(is.nan(boot$replicates[failed, ])))
  expect_true(all(is.finite(boot$replicates[!failed, 1:2])))
  expect_output(print(boot), paste(sum(failed), "found no maximum"))
})
