# Residual covariances over visits: certified cases (checks/mixed), textbook
# tests that they must equal, and nlme where it has the same model.

orthodont <- function() {
  data <- as.data.frame(nlme::Orthodont)
  data$Subject <- factor(as.character(data$Subject))
  data$visit <- factor(data$age)
  data
}

# Certified matrices list their lower triangle by rows.
by_rows <- function(covariance) t(covariance)[upper.tri(covariance, diag = TRUE)]

test_that("an unstructured covariance reaches the certified optimum, with Hotelling's test", {
  certified <- mixed_case("cov01_orthodont_mmrm_un")$certified
  fit <- fit_recovery(distance ~ Sex * visit + us(visit | Subject), orthodont())
  expect_certified(c(logLik(fit)), certified$logLik, 1e-8)
  expect_certified(fixef(fit), certified$fixef, 1e-8)
  expect_certified(by_rows(VarCorr(fit)$Residual), certified$gamma, 1e-8)
  expect_certified(sqrt(diag(vcov(fit))), certified$se, 1e-8)
  expect_certified(sqrt(diag(vcov(fit, type = "kenward-roger"))), certified$se_kenward_roger_linear, 1e-8)
  expect_certified(summary(fit)$coefficients[, "df"], certified$coefficients$kr_linear_df, 1e-8)
  expect_certified(summary(fit, ddf = "satterthwaite")$coefficients[, "df"], certified$coefficients$satt_df, 1e-8)
  expect_certified(
    anova(fit)["Sex:visit", c("F value", "DenDF")], certified$test_interaction$kenward_roger[c("F", "ddf")], 1e-8
  )
  satterthwaite <- anova(fit, ddf = "satterthwaite")["Sex:visit", c("F value", "DenDF")]
  expect_certified(satterthwaite, certified$test_interaction$satterthwaite[c("F", "ddf")], 1e-8)
})

test_that("parallel profiles by Kenward-Roger are Hotelling's T-squared, by its own formula", {
  wide <- stats::reshape(
    orthodont()[c("distance", "age", "Subject", "Sex")], direction = "wide", idvar = c("Subject", "Sex"),
    timevar = "age"
  )
  change <- as.matrix(wide[, 4:6] - wide[, 3])
  male <- wide$Sex == "Male"
  pooled <- (stats::cov(change[male, ]) * 15 + stats::cov(change[!male, ]) * 10) / 25
  difference <- colMeans(change[male, ]) - colMeans(change[!male, ])
  t2 <- sum(difference * solve(pooled * (1 / 16 + 1 / 11), difference))
  table <- anova(fit_recovery(distance ~ Sex * visit + us(visit | Subject), orthodont()))
  expect_equal(table["Sex:visit", "F value"], t2 * 23 / (25 * 3), tolerance = 1e-9)
  expect_equal(table["Sex:visit", "DenDF"], 23, tolerance = 1e-8)
})

test_that("two unstructured visits give the paired t test", {
  certified <- mixed_case("exact01_paired_t_un")
  fit <- fit_recovery(extra ~ group + us(group | ID), sleep)
  table <- summary(fit)$coefficients
  expect_certified(c(logLik(fit)), certified$certified$logLik, 1e-8)
  expect_certified(by_rows(VarCorr(fit)$Residual), certified$certified$gamma, 1e-8)
  expect_certified(table["group2", "t value"], certified$textbook$t, 1e-8)
  expect_certified(table["group2", "df"], certified$textbook$df, 1e-8)
  expect_certified(table["group2", "Std. Error"], certified$textbook$se, 1e-8)
})

test_that("compound symmetry is the random-intercept model, whose balanced variances are mean squares", {
  certified <- mixed_case("cov03_orthodont_cs")$certified
  data <- orthodont()
  fit <- fit_recovery(distance ~ age * Sex + cs(age | Subject), data)
  expect_certified(c(logLik(fit)), certified$logLik, 1e-8)
  expect_certified(fixef(fit), certified$fixef, 1e-7) # the file's tolerance
  expect_certified(sqrt(diag(vcov(fit))), certified$se, 1e-7)
  # the issue's tolerance for df
  expect_certified(summary(fit, ddf = "satterthwaite")$coefficients[, "df"], certified$satt_df, 1e-6)
  within <- stats::lm(distance ~ Subject + age:Sex, data)
  own <- stats::aggregate(distance ~ Subject + Sex, data, mean)
  between <- 4 * sum(stats::residuals(stats::lm(distance ~ Sex, own))^2) / 25
  residual <- stats::sigma(within)^2
  covariance <- (between - residual) / 4
  expect_equal(
    VarCorr(fit)$Residual[1, ], c(covariance + residual, rep(covariance, 3)), tolerance = 1e-10, ignore_attr = TRUE
  )
  expect_equal(unname(summary(fit, ddf = "satterthwaite")$coefficients["age", "df"]), 79, tolerance = 1e-9)
})

test_that("heterogeneous Toeplitz reaches the certified optimum", {
  certified <- mixed_case("cov05_orthodont_toeph")$certified
  fit <- fit_recovery(distance ~ Sex * visit + toeph(visit | Subject), orthodont())
  expect_certified(c(logLik(fit)), certified$logLik, 1e-8)
  expect_certified(sqrt(diag(vcov(fit))), certified$se, 1e-7)
  expect_certified(VarCorr(fit)$Residual, certified$V_first_subject, 1e-7)
  expect_certified(summary(fit, ddf = "satterthwaite")$coefficients[, "df"], certified$satt_df, 1e-6)
})

test_that("a residual variance by group stands beside a random intercept", {
  certified <- mixed_case("cov07_orthodont_hetero_by_sex")$certified
  fit <- fit_recovery(distance ~ age * Sex + (1 | Subject) + diag(1 | Sex), orthodont())
  expect_certified(c(logLik(fit)), certified$logLik, 1e-8)
  expect_certified(sqrt(diag(vcov(fit))), certified$se, 1e-7)
  expect_certified(summary(fit, ddf = "satterthwaite")$coefficients[, "df"], certified$satt_df, 1e-6)
  covariances <- VarCorr(fit)
  # the file's decrement of 4e-13 leaves a theta uncertain by sqrt(2 x 4e-13 / information) = 2e-7
  expect_certified(log(sqrt(covariances$Subject[1])), certified$theta$lsd_subject, 5e-7)
  expect_certified(log(sqrt(covariances$Residual.Male[1])), certified$theta$lsd_res, 5e-7)
})

test_that("spatial exponential correlation uses the times themselves", {
  certified <- mixed_case("cov10_sleepstudy_spexp")$certified
  data <- mixed_data("cov10_sleepstudy_spexp", "Subject")
  fit <- fit_recovery(Reaction ~ Days + sp_exp(Days | Subject), data)
  expect_certified(c(logLik(fit)), certified$logLik, 1e-8)
  expect_certified(fixef(fit), certified$fixef, 1e-7)
  expect_certified(sqrt(diag(vcov(fit))), certified$se, 1e-7)
  expect_certified(summary(fit, ddf = "satterthwaite")$coefficients[, "df"], certified$satt_df, 1e-6)
  days <- as.character(data$Days[data$Subject == certified$first_subject])
  expect_certified(VarCorr(fit)$Residual[days, days], certified$V_first_subject, 1e-7)
})

test_that("the other patterns reach the likelihood of nlme and count the same parameters", {
  data <- orthodont()
  lag <- nlme::corAR1(form = ~ as.integer(visit) | Subject)
  same <- nlme::corCompSymm(form = ~ 1 | Subject)
  each <- nlme::varIdent(form = ~ 1 | visit)
  pairs <- list(
    list(distance ~ Sex * visit + ar1(visit | Subject), nlme::gls(distance ~ Sex * visit, data, correlation = lag)),
    list(
      distance ~ Sex * visit + ar1h(visit | Subject),
      nlme::gls(distance ~ Sex * visit, data, correlation = lag, weights = each)
    ),
    list(
      distance ~ Sex * visit + csh(visit | Subject),
      nlme::gls(distance ~ Sex * visit, data, correlation = same, weights = each)
    ),
    list(distance ~ Sex * visit + diag(visit | Subject), nlme::gls(distance ~ Sex * visit, data, weights = each))
  )
  for (pair in pairs) {
    fit <- fit_recovery(pair[[1]], data)
    theirs <- logLik(pair[[2]])
    # nlme stops at its own tolerance, likelihood is flat there
    expect_equal(c(logLik(fit)), c(theirs), tolerance = 1e-8)
    expect_equal(attr(logLik(fit), "df"), attr(theirs, "df"))
  }
})

test_that("a pattern stands beside random effects, as in nlme", {
  data <- orthodont()
  fit <- fit_recovery(distance ~ age * Sex + (1 | Subject) + ar1(visit | Subject), data)
  theirs <- nlme::lme(
    distance ~ age * Sex, data, random = ~ 1 | Subject,
    correlation = nlme::corAR1(form = ~ as.integer(visit) | Subject)
  )
  expect_equal(c(logLik(fit)), c(logLik(theirs)), tolerance = 1e-8)
})

test_that("a covariance by group is that of each group fitted alone", {
  data <- orthodont()
  both <- fit_recovery(distance ~ Sex * visit + us(visit | Sex / Subject), data)
  for (sex in levels(data$Sex)) {
    alone <- fit_recovery(distance ~ visit + us(visit | Subject), subset(data, Sex == sex))
    expect_equal(VarCorr(both)[[paste0("Residual.", sex)]], VarCorr(alone)$Residual, tolerance = 1e-8)
  }
})

test_that("missing visits pool by pattern and give the dense likelihood", {
  withr::local_seed(2)
  data <- orthodont()[sort(sample(108, 90)), ]
  fit <- fit_recovery(distance ~ Sex * visit + us(visit | Subject), data, method = "ml")
  sigma <- VarCorr(fit)$Residual
  v <- sigma[as.integer(data$visit), as.integer(data$visit)] * outer(data$Subject, data$Subject, "==")
  r <- data$distance - model.matrix(fit) %*% fixef(fit)
  expect_equal(deviance(fit), 90 * log(2 * pi) + c(determinant(v)$modulus) + sum(r * solve(v, r)), tolerance = 1e-10)
})

test_that("visits that are double, or never seen together, are refused by name", {
  data <- orthodont()
  expect_error(
    fit_recovery(distance ~ visit + us(visit | Subject), rbind(data, data[1, ])), "more than once",
    class = "cordgain_invalid_input"
  )
  apart <- subset(data, !(visit == "8" & Sex == "Male") & !(visit == "10" & Sex == "Female"))
  expect_error(fit_recovery(distance ~ visit + us(visit | Subject), apart), "both", class = "cordgain_invalid_input")
  # boys were all seen at both, girls were not: their own covariance of the two has nothing to rest on
  girls <- subset(data, !(Sex == "Female" & visit == ifelse(as.integer(Subject) %% 2L == 0L, "8", "10")))
  expect_error(
    fit_recovery(distance ~ visit + us(visit | Sex / Subject), girls),
    "No subject of group \"Female\" was seen at both \"10\" and \"8\"", class = "cordgain_invalid_input"
  )
  expect_error(
    fit_recovery(distance ~ visit + us(visit | visit / Subject), data), "one group", class = "cordgain_invalid_input"
  )
  expect_error(
    fit_recovery(distance ~ age + sp_exp(visit | Subject), data), "numeric", class = "cordgain_invalid_input"
  )
})

test_that("where all subjects gain the same, every covariance over visits is refused: the likelihood has no maximum", {
  # the difference of the visits has no variance, and by compound symmetry none is left
  d <- data.frame(s = factor(rep(1:4, each = 2)), v = factor(rep(1:2, 4)), y = rep(c(5, 9, 2, 7), each = 2) + c(0, 3))
  d$day <- as.numeric(d$v)
  # two who gain the same, three seen once: once called converged, with a standard error of 3e-8
  once <- data.frame(s = factor(c(1, 2, 2, 3, 4, 5, 5)), v = factor(c(1, 1, 2, 2, 2, 1, 2)),
    y = c(18, 15, 18, 17, 18, 9, 12))
  once$day <- as.numeric(once$v)
  for (data in list(d, once)) {
    for (formula in c(y ~ v + cs(v | s), y ~ v + ar1(v | s), y ~ v + sp_exp(day | s), y ~ v + toep(v | s))) {
      error <- expect_error(fit_recovery(formula, data), class = "cordgain_numerical_error")
      expect_match(conditionMessage(error), "no maximum that could be reached")
      expect_no_match(conditionMessage(error), "fewer parameters|random effects") # it has one correlation, and none
    }
    expect_error(fit_recovery(y ~ v + us(v | s), data), "fewer parameters", class = "cordgain_numerical_error")
  }
})

test_that("a visit or a group in other units has the same correlations and likelihood, and its own spread", {
  data <- orthodont()
  plain <- fit_recovery(distance ~ visit + us(visit | Subject), data)
  at <- levels(data$visit)[2]
  unit <- c(1, 1e3, 1, 1)
  other <- transform(data, distance = distance * ifelse(visit == at, 1e3, 1))
  scaled <- fit_recovery(distance ~ visit + us(visit | Subject), other)
  expect_true(scaled$result$certificate$converged)
  sigma <- \(fit) matrix(c(VarCorr(fit)[[1]]), 4) # the covariances over visits
  expect_equal(sigma(scaled) / outer(unit, unit), sigma(plain), tolerance = 1e-6)
  # each of the 27 scores of that visit brings log 1e3, less the one that its mean takes
  expect_equal(c(logLik(scaled)), c(logLik(plain)) - 26 * log(1e3), tolerance = 1e-9)
  men <- data$Sex == "Male"
  arms <- VarCorr(fit_recovery(distance ~ visit * Sex + cs(visit | Sex / Subject), data))
  small <- VarCorr(fit_recovery(distance ~ visit * Sex + cs(visit | Sex / Subject),
    transform(data, distance = distance * ifelse(men, 1e-4, 1))))
  expect_equal(c(small$Residual.Male) * 1e8, c(arms$Residual.Male), tolerance = 1e-6)
  expect_equal(c(small$Residual.Female), c(arms$Residual.Female), tolerance = 1e-6)
})

test_that("scores of units too far apart are refused with the ratio, whatever the word", {
  data <- orthodont()
  for (unit in c(1e-7, 1e-9)) {
    far <- transform(data, distance = distance * ifelse(Sex == "Male", unit, 1))
    for (word in c("us", "cs")) {
      formula <- stats::as.formula(sprintf("distance ~ visit * Sex + %s(visit | Sex / Subject)", word))
      expect_error(fit_recovery(formula, far), "as far from the fixed effects", class = "cordgain_invalid_input")
    }
  }
})

test_that("a visit that fixed effects fit exactly does not matter where all visits share one variance", {
  # gains since the first visit, which are zero there; log likelihoods by nlme
  d <- data.frame(subject = rep(1:6, each = 4), visit = factor(rep(0:3, 6)),
    y = c(0, 2, 4, 7, 0, 5, 7, 12, 0, 6, 10, 13, 0, 1, 3, 4, 0, 4, 6, 10, 0, 3, 7, 15))
  other <- list(cs = nlme::corCompSymm(form = ~ 1 | subject), ar1 = nlme::corAR1(form = ~ 1 | subject))
  for (word in names(other)) {
    fit <- fit_recovery(stats::as.formula(sprintf("y ~ visit + %s(visit | subject)", word)), d)
    expect_equal(c(logLik(fit)), c(logLik(nlme::gls(y ~ visit, d, correlation = other[[word]]))), tolerance = 1e-7)
  }
  expect_error(fit_recovery(y ~ visit + us(visit | subject), d), class = "cordgain_invalid_input")
})

test_that("one visit of great spread is fitted by words with one variance, as nlme fits it", {
  set.seed(1)
  e <- expand.grid(visit = factor(1:4), subject = factor(1:8))
  e$y <- stats::rnorm(32) * c(1, 1, 1, 1e4)
  for (word in c("cs", "ar1")) { # both nearly without correlation
    fit <- fit_recovery(stats::as.formula(sprintf("y ~ visit + %s(visit | subject)", word)), e)
    expect_equal(-2 * c(logLik(fit)), 573.9254, tolerance = 1e-6)
  }
})

test_that("of several optima the lower one is found: few subjects, close correlations", {
  # four simulated subjects; by a search over the dense likelihood from many starts 51.98593 (another optimum: 53.86481)
  d <- data.frame(v = c(1, 2, 3, 4, 1, 2, 3, 4, 2, 3, 4, 2, 3), s = c(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4),
    y = c(4, 6, 13, 14, 4, 6, 13, 13, 6, 11, 13, 10, 12))
  expect_lt(deviance(fit_recovery(y ~ 1 + csh(factor(v) | s), d, method = "ml")), 51.98594)
})

test_that("a random intercept that the covariance over visits can hold is named as not identified", {
  data <- orthodont()
  for (word in c("us", "cs")) {
    alone <- fit_recovery(stats::as.formula(sprintf("distance ~ visit + %s(visit | Subject)", word)), data)
    formula <- sprintf("distance ~ visit + (1 | Subject) + %s(visit | Subject)", word)
    both <- fit_recovery(stats::as.formula(formula), data)
    expect_equal(c(logLik(both)), c(logLik(alone)), tolerance = 1e-8)
    expect_identical(both$result$certificate$unidentified, 1L)
    expect_output(print(both), "Not identified.*one of many")
    expect_equal(coef(summary(both)), coef(summary(alone)), tolerance = 1e-5)
  }
  beside <- fit_recovery(distance ~ visit + (1 | Subject) + ar1(visit | Subject), data)
  expect_identical(beside$result$certificate$unidentified, 0L)
})

test_that("update() keeps a covariance over visits, which it puts into parentheses", {
  data <- orthodont()
  fit <- fit_recovery(distance ~ visit + us(visit | Subject), data)
  fewer <- update(fit, . ~ . - visit)
  expect_equal(c(logLik(fewer)), c(logLik(fit_recovery(distance ~ 1 + us(visit | Subject), data))), tolerance = 1e-12)
  expect_identical(split_formula(y ~ x + ((cs(v | s))))$residual$word, "cs")
})

test_that("the least eigenvalue is of the correlations, whatever the scales", {
  # [1 r; r 1]: 1 - r; with standard deviations 1 and 1000 the same
  expect_equal(least_eigenvalue(c(1, 0.6, 1), 2), 0.4)
  expect_equal(least_eigenvalue(c(1, 600, 1e6), 2), 0.4)
  expect_identical(least_eigenvalue(c(1, 0, 0), 2), 0)
  expect_identical(least_eigenvalue(4, 1), 1)
})

test_that("visits named in text that stand in the order of the alphabet are told, where the order matters", {
  set.seed(3)
  d <- expand.grid(week = c(0, 4, 8, 26, 52), id = 1:8) # simulated
  d$score <- d$week / 10 + stats::rnorm(8)[d$id] + stats::rnorm(40)
  d$vis <- paste0("w", d$week)
  fit <- \(word, ...) fit_recovery(stats::as.formula(paste0("score ~ week + ", word, "(vis | id)")), transform(d, ...))
  warned <- expect_warning(text <- fit("ar1"), class = "cordgain_visit_order")
  words <- gsub("\\s+", " ", conditionMessage(warned))
  expect_match(words, "order w0, w26, w4, w52, w8", fixed = TRUE)
  expect_match(words, "by their numbers it is w0, w4, w8, w26, w52", fixed = TRUE)
  # As the warning says: the same visits in their own order, as by numbers, make another fit.
  by_number <- fit("ar1", vis = week)
  expect_equal(logLik(fit("ar1", vis = factor(vis, unique(vis)))), logLik(by_number), tolerance = 1e-10)
  expect_gt(abs(logLik(text) - logLik(by_number)), 1e-3)
  for (word in c("ar1h", "toep")) expect_warning(fit(word), class = "cordgain_visit_order")
  expect_warning(fit("ar1", vis = factor(vis)), class = "cordgain_visit_order") # levels of factor() are sorted text
  expect_warning(fit("ar1", vis = as.character(week)), "order 0, 26, 4, 52, 8", class = "cordgain_visit_order")
  expect_no_warning(fit("cs")) # any order is one
  expect_no_warning(fit("ar1", vis = factor(vis, rev(unique(vis))))) # backwards is the same fit
  expect_no_warning(fit("ar1", vis = sprintf("w%02d", week)))
  expect_no_warning(fit("ar1", vis = letters[match(week, unique(week))]))
  expect_identical(visit_numbers(c("day 2 of 3", "week 1.5")), c(NA, 1.5))
  expect_identical(visit_numbers(c("-2", "10")), c(-2, 10))
})
