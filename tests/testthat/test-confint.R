profile_case <- function() mixed_case("misc01_sleepstudy_profile")
sleep_fit <- function(method = "ml") {
  fit_recovery(Reaction ~ Days + (Days | Subject), mixed_data("misc01_sleepstudy_profile", "Subject"), method = method)
}

test_that("Wald intervals are those of linear_test(), on the chosen df", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  for (ddf in c("kenward-roger", "satterthwaite", "residual")) {
    table <- linear_test(fit, diag(2), ddf = ddf, conf.level = 0.9)
    got <- confint(fit, ddf = ddf, level = 0.9)
    expect_equal(unname(plain_interval(got)), unname(as.matrix(table[c("conf.low", "conf.high")])), tolerance = 1e-15)
    expect_identical(dimnames(got), list(c("(Intercept)", "week"), c("5 %", "95 %")))
  }
})

test_that("the paired t interval of the sleep data comes out (10 persons, A19)", {
  # mean difference 1.58, standard error .38895872, 9 df, by the t distribution
  fit <- fit_recovery(extra ~ group + (1 | ID), datasets::sleep)
  half <- stats::qt(.975, 9) * .38895872
  expect_equal(confint(fit, "group2")[1, ], c(`2.5 %` = 1.58 - half, `97.5 %` = 1.58 + half), tolerance = 1e-8)
})

test_that("profile intervals of sleepstudy are the certified ones", {
  got <- confint(sleep_fit(), method = "profile")
  case <- profile_case()
  for (name in names(case$certified)) {
    expect_certified(got[name, ], case$certified[[name]], 1e-7) # the case's own tolerance
  }
  # lme4's limits of the variances are interpolated by splines: the case's 1e-3
  lme4 <- as.matrix(case$package[c("2.5 %", "97.5 %")])
  expect_lt(max(abs(plain_interval(got) / lme4 - 1)), 1e-3)
})

test_that("on a REML fit, fixed effects are profiled by ML and variances by REML, and the print says so", {
  reml <- confint(sleep_fit("reml"), method = "profile")
  ml <- confint(sleep_fit("ml"), method = "profile")
  expect_equal(plain_interval(reml)[5:6, ], plain_interval(ml)[5:6, ], tolerance = 1e-9) # the same computation
  expect_true(all(reml[c(1, 3), 2] > ml[c(1, 3), 2])) # REML variances are larger
  expect_output(print(reml), "restricted likelihood \\(REML\\).*full likelihood \\(ML\\)")
  expect_output(print(ml), "full likelihood \\(ML fit\\)")
  expect_output(print(confint(sleep_fit("reml"), "Days", method = "profile")), "though the fit is by REML")
})

test_that("at a profile limit of sigma the deviance of a fit without random effects has risen by the quantile", {
  data <- small_trial()
  fit <- fit_recovery(score ~ week, data)
  got <- confint(fit, "sigma", method = "profile", level = 0.9)
  ratio <- sigma(fit)^2 / got[1, ]^2
  rise <- 18 * (ratio - 1 - log(ratio)) # nu (s2/c - 1 - log(s2/c)), nu = 20 - 2
  expect_equal(unname(rise), rep(stats::qchisq(0.9, 1), 2), tolerance = 1e-8) # the root finder's 1e-11, squared slope
})

test_that("a variance of zero has the lower limit 0, named in the print", {
  data <- small_trial()
  data$score <- c(1, 3, 2, 5, 4, 2, 1, 4, 3, 5, 3, 2, 1, 4, 5, 2, 3, 1, 5, 4)
  fit <- fit_recovery(score ~ week + (1 | subject), data)
  expect_true(isSingular(fit))
  got <- confint(fit, method = "profile")
  expect_identical(got["sd__(Intercept)", 1], 0)
  expect_gt(got["sd__(Intercept)", 2], 0)
  expect_output(print(got), "A variance of zero is not excluded: sd__\\(Intercept\\)")
})

test_that("profile intervals do not depend on the units of score and time", {
  data <- small_trial()
  one <- confint(fit_recovery(score ~ week + (week | subject), data), method = "profile")
  data$score <- data$score * 1000
  data$week <- data$week / 100
  two <- confint(fit_recovery(score ~ week + (week | subject), data), method = "profile")
  factor <- c(1000, 1, 1e5, 1000, 1000, 1e5)
  expect_equal(plain_interval(two), plain_interval(one) * factor, tolerance = 1e-7) # limits are solved to 1e-11
})

test_that("profile intervals agree with lme4's, to its interpolation", {
  skip_if_not_installed("lme4")
  fit <- fit_recovery(distance ~ age + Sex + (1 | Subject), as.data.frame(nlme::Orthodont), method = "ml")
  other <- lme4::lmer(distance ~ age + Sex + (1 | Subject), as.data.frame(nlme::Orthodont), REML = FALSE)
  lme4_limits <- suppressMessages(stats::confint(other, method = "profile", quiet = TRUE))
  expect_lt(max(abs(plain_interval(confint(fit, method = "profile")) / lme4_limits - 1)), 1e-3) # as the case says
})

test_that("fixed effects of a covariance over visits can be profiled", {
  fit <- fit_recovery(score ~ week + ar1(week | subject), small_trial(), method = "ml")
  got <- confint(fit, method = "profile")
  expect_identical(rownames(got), c("(Intercept)", "week"))
  expect_true(all(got[, 1] < fixef(fit) & fixef(fit) < got[, 2]))
  # at the limit, the ML fit with the slope held there (an offset) has risen by the quantile
  limit <- got["week", 2]
  held <- fit_recovery(score ~ 1 + offset(limit * week) + ar1(week | subject), small_trial(), method = "ml")
  expect_equal(deviance(held) - deviance(fit), stats::qchisq(.95, 1), tolerance = 1e-7)
})

test_that("the three bootstrap intervals follow their formulas", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  boot <- bootstrap(fit, n = 399, seed = 3)
  values <- sort(boot$replicates[, "week"])
  percentile <- c(values[10], values[390]) # ranks (399 + 1) x .025 and .975
  get <- \(type) unname(confint(fit, "week", method = "boot", type = type, boot = boot)[1, ])
  expect_equal(get("percentile"), percentile, tolerance = 1e-12)
  beta <- fixef(fit)[["week"]]
  expect_equal(get("basic"), rev(2 * beta - percentile), tolerance = 1e-12)
  t <- sort((boot$replicates[, "week"] - beta) / boot$std.error[, "week"])
  se <- sqrt(diag(vcov(fit, type = "kenward-roger")))[["week"]]
  expect_equal(get("studentised"), beta - t[c(390, 10)] * se, tolerance = 1e-12)
})

test_that("basic limits stay inside the range of the parameter", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  got <- confint(fit, method = "boot", type = "basic", n = 399, seed = 1)
  expect_true(all(got[c("sd__(Intercept)", "sd__week", "sigma"), ] >= 0))
  expect_true(all(abs(got["cor__(Intercept).week", ]) <= 1))
})

test_that("with no random effect the studentised bootstrap is the exact t interval, within Monte Carlo error", {
  fit <- fit_recovery(score ~ week, small_trial())
  n <- 20000
  got <- confint(fit, "week", method = "boot", n = n, seed = 11)
  exact <- confint(fit, "week")
  se <- sqrt(diag(vcov(fit)))[["week"]]
  q <- stats::qt(.975, 18)
  # standard error of an order statistic: sqrt(p (1 - p) / n) / density; 5.5 of them fail once in 10^7
  error <- sqrt(.025 * .975 / n) / stats::dt(q, 18) * se
  expect_lt(max(abs(got - exact)), 5.5 * error)
})

test_that("what cannot be is refused by class", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  expect_error(confint(fit, "sigma"), "no Wald interval", class = "cordgain_invalid_input")
  expect_error(confint(fit, "nothing"), "nothing", class = "cordgain_invalid_input")
  expect_error(confint(fit, level = 1), class = "cordgain_invalid_input")
  expect_error(confint(fit, method = "exact"), class = "cordgain_invalid_input")
  expect_error(confint(fit, method = "boot", type = "bca"), class = "cordgain_invalid_input")
  expect_error(confint(fit, method = "boot", boot = 1), class = "cordgain_invalid_input")
  other <- fit_recovery(score ~ week, small_trial())
  expect_error(confint(fit, method = "boot", boot = bootstrap(other, 9, 1)), "another fit",
    class = "cordgain_invalid_input"
  )
})

test_that("an interval becomes a data frame", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  frame <- as.data.frame(confint(fit))
  expect_identical(names(frame), c("term", "conf.low", "conf.high"))
  expect_identical(frame$term, c("(Intercept)", "week"))
})

test_that("rows chosen by name, number or word are those of the whole table, by every method", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  whole <- plain_interval(confint(fit, method = "profile"))
  expect_identical(plain_interval(confint(fit, "theta_", method = "profile")), whole[1:4, ])
  expect_identical(plain_interval(confint(fit, "beta_", method = "profile")), whole[5:6, ])
  expect_identical(plain_interval(confint(fit, c(6, 1), method = "profile")), whole[c(6, 1), ])
  boot <- bootstrap(fit, 99, seed = 1)
  whole <- plain_interval(confint(fit, method = "boot", boot = boot))
  expect_identical(plain_interval(confint(fit, "sigma", method = "boot", boot = boot)), whole["sigma", , drop = FALSE])
})

test_that("weights enter the profile of sigma as they enter its estimate", {
  data <- small_trial()
  data$w <- rep(c(1, 2, 0.5, 4, 1), 4)
  fit <- fit_recovery(score ~ week, data, weights = w)
  plain <- stats::lm(score ~ week, data, weights = w)
  expect_equal(sigma(fit), stats::sigma(plain), tolerance = 1e-12)
  got <- confint(fit, "sigma", method = "profile")
  ratio <- stats::sigma(plain)^2 / got[1, ]^2
  expect_equal(unname(18 * (ratio - 1 - log(ratio))), rep(stats::qchisq(.95, 1), 2), tolerance = 1e-8)
})

test_that("limits of a correlation stay within -1 and 1, and an end that is not excluded is named", {
  fit <- fit_recovery(score ~ week + (week | subject), small_trial())
  got <- confint(fit, "theta_", method = "profile")
  expect_true(all(abs(got["cor__(Intercept).week", ]) <= 1))
  expect_identical(got["cor__(Intercept).week", 2], 1)
  expect_output(print(got), "A correlation of -1 or 1 is not excluded: cor__\\(Intercept\\).week")
})

test_that("with four patients the intervals of the slope hold the truth as often as is said (a stored run)", {
  stored <- stored_validation("coverage-n4")
  expect_identical(sort(unique(stored$ratio)), c(0, 0.5, 2, 10, 100))
  plain <- stored$interval %in% c("percentile", "basic") # drawn in a fifth of the trials
  expect_true(all(stored$data_sets >= ifelse(plain, 1000, 5000)))
  of <- \(interval) stored[stored$interval == interval, ]
  expect_true(all(of("kenward-roger")$coverage >= 0.94)) # the bounds that were asked
  expect_true(all(of("studentised")$coverage >= 0.93 & of("studentised")$coverage <= 0.97))
  # four independent normals: Student's interval is exact, whatever the ratio; three Monte Carlo standard errors
  own <- of("t of own slopes")
  expect_true(all(abs(own$coverage - 0.95) <= 1.5 * own$error))
  expect_true(all(of("wald")$coverage < of("kenward-roger")$coverage))
  # where no variance is at zero both are the same interval, and so is the studentised bootstrap but for its draws
  inside <- stored[stored$ratio == 100, ]
  expect_lt(inside$singular[1], 0.05)
  expect_lt(abs(diff(inside$coverage[match(c("kenward-roger", "studentised"), inside$interval)])), 0.02)
})

test_that("where no variances inside the bounds can be had, studentised intervals draw from the fit and say so", {
  withr::local_seed(1)
  two <- expand.grid(week = c(0, 4), subject = factor(1:5)) # a slope and two visits: not told from the residual
  two$score <- 5 + two$week + stats::rnorm(10, 0, 3)
  fit <- fit_recovery(score ~ week + (week | subject), two)
  expect_error(bootstrap(fit, 5, seed = 1, draw = "interior"), "variances inside their bounds",
    class = "cordgain_numerical_error")
  got <- confint(fit, method = "boot", n = 40, seed = 1)
  expect_true(all(is.finite(got[c("(Intercept)", "week"), ])))
  expect_output(print(got), "Drawn from the fit.", fixed = TRUE)
  plain <- confint(fit, method = "boot", boot = bootstrap(fit, 40, seed = 1))
  expect_identical(c(got), c(plain))
})

test_that("replicates saved before they had a word for where they were drawn are still taken", {
  fit <- fit_recovery(score ~ week + (1 | subject), small_trial())
  boot <- bootstrap(fit, 40, seed = 1)
  old <- boot
  old$draw <- NULL
  expect_identical(c(confint(fit, method = "boot", boot = old)), c(confint(fit, method = "boot", boot = boot)))
})

test_that("an interval without ends is told with its reason", {
  limits <- rbind(c(1, 2), c(NaN, NaN), c(-Inf, Inf))
  expect_identical(open_notes(c("a", "b", "c"), limits, c(NA, "why", "too few")), c("b: why.", "c: too few."))
  expect_identical(open_notes("a", limits[1, , drop = FALSE], NULL), character())
})

test_that("with nested or crossed factors the deviance at the limits of a fixed effect has risen by the quantile", {
  set.seed(11)
  crossed <- expand.grid(plate = 1:24, sample = 1:6)
  crossed$score <- rnorm(24)[crossed$plate] + 2 * rnorm(6)[crossed$sample] + rnorm(144) / 2
  nested <- expand.grid(visit = 1:2, subject = 1:12, site = 1:3)
  nested$subject <- paste(nested$site, nested$subject)
  nested$score <- rnorm(3)[nested$site] + rnorm(36)[factor(nested$subject)] + rnorm(72) / 2
  sets <- list(list(crossed, score ~ x + (1 | plate) + (1 | sample)), list(nested, score ~ x + (1 | site / subject)))
  for (set in sets) {
    data <- set[[1]]
    data$x <- rnorm(nrow(data))
    fit <- fit_recovery(set[[2]], data, method = "ml")
    held <- \(slope) {
      data$known <- slope * data$x
      deviance(fit_recovery(update(set[[2]], . ~ . - x + offset(known)), data, method = "ml"))
    }
    rise <- vapply(confint(fit, "x", method = "profile"), held, 0) - deviance(fit)
    expect_equal(rise, rep(qchisq(0.95, 1), 2), tolerance = 1e-7)
  }
})

test_that("the profile of the mean of crossed factors is the one that lme4 finds", {
  skip_if_not_installed("lme4")
  model <- diameter ~ 1 + (1 | plate) + (1 | sample)
  fit <- fit_recovery(model, lme4::Penicillin, method = "ml")
  theirs <- confint(lme4::lmer(model, lme4::Penicillin, REML = FALSE), "(Intercept)", quiet = TRUE)
  # 1e-5: lme4 interpolates its profile and stops its search early
  expect_equal(c(confint(fit, "(Intercept)", method = "profile")), c(theirs), tolerance = 1e-5)
})
