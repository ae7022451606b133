test_that("type III tests do not depend on the coding of the factors", {
  data <- mixed_data("lmm10_orthodont_slope_reml", "Subject")
  treatment <- anova(fit_recovery(distance ~ age * Sex + (age | Subject), data))
  sums <- anova(fit_recovery(distance ~ age * Sex + (age | Subject), data, contrasts = list(Sex = "contr.sum")))
  expect_equal(treatment, sums, tolerance = 1e-8, ignore_attr = TRUE)
})

test_that("type III tests are those of lmerTest", {
  skip_on_cran() # long
  skip_if_not_installed("lmerTest")
  skip_if_not_installed("pbkrtest")
  data <- mixed_data("lmm10_orthodont_slope_reml", "Subject")
  ours <- anova(fit_recovery(distance ~ age * Sex + (age | Subject), data), ddf = "satterthwaite")
  theirs <- anova(lmerTest::lmer(distance ~ age * Sex + (age | Subject), data), type = 3)
  expect_equal(ours$`F value`, theirs$`F value`, tolerance = 1e-2) # lme4's optimum is 3e-3 off in this case
  expect_equal(ours$NumDF, theirs$NumDF)
})

test_that("a balanced factor's F is that of the classical split plot", {
  data <- mixed_data("lmm21_oats_splitplot_reml", c("Block", "Variety"))
  certified <- mixed_case("lmm21_oats_splitplot_reml")$certified$term_tests$Variety$kenward_roger
  table <- anova(fit_recovery(yield ~ nitro + Variety + (1 | Block / Variety), data))
  expect_equal(table["Variety", "F value"], certified$F, tolerance = 1e-8)
  expect_equal(table["Variety", "DenDF"], 10, tolerance = 1e-8)
})

test_that("nested fits are compared by likelihood ratio", {
  trial <- small_trial()
  small <- fit_recovery(score ~ 1 + (1 | subject), trial, method = "ml")
  large <- fit_recovery(score ~ week + (1 | subject), trial, method = "ml")
  table <- anova(large, small)
  expect_equal(table$Chisq[2], deviance(small) - deviance(large), tolerance = 1e-12)
  expect_equal(table$Df[2], 1)
  expect_equal(table$`Pr(>Chisq)`[2], stats::pchisq(table$Chisq[2], 1, lower.tail = FALSE))
})

test_that("restricted likelihoods of different fixed effects are not compared", {
  trial <- small_trial()
  expect_error(
    anova(fit_recovery(score ~ 1 + (1 | subject), trial), fit_recovery(score ~ week + (1 | subject), trial)),
    class = "cordgain_invalid_input"
  )
})

test_that("fits of different rows are not compared", {
  trial <- small_trial()
  expect_error(
    anova(fit_recovery(score ~ week + (1 | subject), trial), fit_recovery(score ~ week + (1 | subject), trial[-1, ])),
    class = "cordgain_invalid_input"
  )
})

test_that("a model without terms has an empty table that says so", {
  table <- anova(fit_recovery(score ~ 1 + (1 | subject), small_trial()))
  expect_identical(dim(table), c(0L, 4L))
  expect_output(print(table), "nothing to test")
})

test_that("at a zero variance the table gives the df of both conventions", {
  skip_if_not_installed("pbkrtest")
  data <- expand.grid(visit = factor(1:3), subject = factor(1:8))
  data$arm <- factor(rep(c("a", "b"), each = 12))
  data$score <- rep(c(1, -1, 0, 0, 1, -1, -1, 0, 1, 1, 0, -1), 2) + as.integer(data$visit) # equal sums: no variance
  data <- data[-c(2, 24), ]
  fit <- fit_recovery(score ~ visit * arm + (1 | subject), data)
  expect_true(isSingular(fit))
  table <- anova(fit)
  expect_equal(table$DenDF, rep(16, 3), tolerance = 1e-9) # 22 rows less 6 coefficients: a linear model
  # pbkrtest counts the zero variance
  sums <- list(visit = "contr.sum", arm = "contr.sum")
  theirs <- suppressMessages(lme4::lmer(score ~ visit * arm + (1 | subject), data, contrasts = sums))
  pick <- \(columns) diag(6)[columns, , drop = FALSE]
  certified <- vapply(list(pick(2:3), pick(4), pick(5:6)), \(l) pbkrtest::KRmodcomp(theirs, l)$stats$ddf, 1)
  expect_equal(attr(table, "df_all_terms"), certified, tolerance = 1e-6)
  expect_output(print(table), "counting it they are")
  both <- linear_test(fit, rbind(c(0, 1, 0, 0, 0, 0), c(0, 0, 1, 0, 0, 0)), joint = TRUE)
  expect_equal(both$den.df, 16, tolerance = 1e-9)
  expect_false(is.null(both$df_all_terms))
  expect_null(attr(anova(fit_recovery(score ~ week + (1 | subject), small_trial())), "df_all_terms"))
  expect_null(attr(anova(fit, ddf = "residual"), "df_all_terms"))
})

test_that("main effects over cells that were never seen are not tested, what is left of an interaction is", {
  skip_if_not_installed("lmerTest")
  withr::local_seed(7) # simulated
  data <- expand.grid(week = 0:4, subject = factor(1:30))
  data$arm <- factor(rep(c("a", "b"), length.out = 30)[data$subject])
  data$site <- factor(as.integer(data$subject) %% 3)
  data$score <- rnorm(150) + 0.7 * rnorm(30)[data$subject]
  data <- subset(data, !(arm == "a" & site == "2"))
  fit <- fit_recovery(score ~ arm * site + week + (1 | subject), data)
  table <- anova(fit)
  expect_identical(is.nan(table$`F value`), c(TRUE, TRUE, FALSE, FALSE))
  expect_output(print(table), "arm: some cells that it would be averaged over were never seen")
  theirs <- suppressMessages(lmerTest::lmer(score ~ arm * site + week + (1 | subject), data))
  theirs <- as.data.frame(suppressMessages(anova(theirs, ddf = "Kenward-Roger")))
  expect_equal(table$`F value`[3:4], theirs$`F value`[3:4], tolerance = 1e-5) # theirs is at lme4's optimum
  # the average over the sites that have both arms, which they test, is a combination of coefficients
  both <- linear_test(fit, c(0, 1, 0, 0, 0, 1 / 2))
  expect_equal(both$statistic^2, theirs$`F value`[1], tolerance = 1e-5)
  # a collinear covariate is no cell: all else is tested
  collinear <- anova(fit_recovery(score ~ arm + week + I(2 * week) + (1 | subject), data))
  expect_true(all(is.finite(collinear$`F value`)))
})

test_that("what anova() cannot do is refused, not passed over", {
  trial <- small_trial()
  fit <- fit_recovery(score ~ week + (1 | subject), trial)
  refused <- \(..., says) expect_error(anova(fit, ...), says, class = "cordgain_invalid_input")
  refused(type = 2, says = "type III")
  refused(type = "II", says = "type III")
  refused(lm(score ~ week, trial), says = "compares Gaussian fits")
  refused(test = "F", says = "no argument `test`")
  expect_identical(anova(fit, type = "III"), anova(fit))
  none <- fit_recovery(score ~ week, trial)
  expect_equal(anova(none, fit)$Chisq[2], 2 * c(logLik(fit) - logLik(none)), tolerance = 1e-9)
})
