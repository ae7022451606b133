# Twelve simulated untreated patients, four visits: patients differ much, so that no variance is at zero.
untreated_records <- function(n = 12, sd = 9, sigma = 3) {
  set.seed(20261128)
  out <- expand.grid(week = c(4, 12, 26, 52), subject = seq_len(n))
  out$score <- 10 + 0.2 * out$week + rnorm(n, 0, sd)[out$subject] + rnorm(nrow(out), 0, sigma)
  out
}
planned_visits <- function(n = 4) expand.grid(week = c(4, 12, 26, 52), subject = letters[seq_len(n)])
late_mean <- c("(Intercept)" = 1, week = 52)

test_that("a design tells its patients, visits and the natural value of what is asked", {
  natural <- fit_recovery(score ~ week + (1 | subject), untreated_records())
  design <- design_course(natural, planned_visits(), late_mean)
  rows <- tidy(design)
  expect_equal(rows$estimate, c(4, 16, sum(c(1, 52) * fixef(natural))), tolerance = 1e-12)
  # By hand: l' Phi_A l with the Kenward-Roger covariance.
  v <- vcov(natural, type = "kenward-roger")
  expect_equal(rows$std.error[3], sqrt(drop(c(1, 52) %*% v %*% c(1, 52))), tolerance = 1e-10)
  expect_output(print(design), "4 patients, 16 visits")
  expect_output(print(design), "1 x (Intercept) + 52 x week", fixed = TRUE)
  known <- design_course(natural, planned_visits(), late_mean, natural_error = FALSE)
  expect_identical(tidy(known)$std.error[3], 0)
  expect_output(print(known), "as known")
})

test_that("the trial's rows are coded by the fit of the records: factors, polynomials, products", {
  records <- untreated_records()
  records$level <- factor(c("cervical", "thoracic", "lumbar"))[records$subject %% 3 + 1]
  natural <- fit_recovery(score ~ poly(week, 2) + level + (week | subject), records)
  visits <- planned_visits(6)
  visits$level <- rep(c("thoracic", "lumbar", "cervical"), each = 8)
  design <- design_course(natural, visits, c(levelthoracic = 1))
  x <- course_parts(design)$design$x$core
  # Hand: the basis of the records' weeks at 4 weeks, and the dummy of row 1.
  basis <- predict(poly(records$week, 2), 4)
  expect_equal(unname(x[1, 2:3]), c(basis), tolerance = 1e-12, ignore_attr = TRUE)
  expect_equal(unname(x[1, 4:5]), c(0, 1))
  expect_length(course_parts(design)$design$random[[1]]$labels, 6)
})

test_that("Bayesian designs state their priors, set once at the spread of the untreated scores", {
  records <- untreated_records()
  natural <- fit_recovery(score ~ week + (1 | subject), records)
  design <- design_course(natural, planned_visits(), late_mean, method_bayes())
  expect_output(print(design), paste0("residual sd: half_t(scale = ", format(sd(records$score), digits = 6)),
    fixed = TRUE)
  expect_output(print(design), "posterior probability at least 0.975")
})

test_that("what cannot be planned is refused in words", {
  records <- untreated_records()
  natural <- fit_recovery(score ~ week + (1 | subject), records)
  refused <- function(code, words) expect_error(code, words, class = "cordgain_invalid_input")
  refused(design_course(records, planned_visits(), late_mean), "fit of untreated records by REML")
  refused(design_course(fit_recovery(score ~ week + (1 | subject), records, method = "ml"), planned_visits(),
    late_mean), "by REML")
  refused(design_course(natural, planned_visits()["week"], late_mean), "lacks a column")
  refused(design_course(natural, planned_visits(1), late_mean), "at least two")
  refused(design_course(natural, subset(planned_visits(), week == 4), late_mean), "does not identify")
  missing <- planned_visits()
  missing$week[3] <- NA
  refused(design_course(natural, missing, late_mean), "Row 3 has a missing value")
  refused(design_course(natural, planned_visits(), c(day = 1)), "no coefficient")
  refused(design_course(natural, planned_visits(), c(1, 52)), "with the names of coefficients")
  refused(design_course(natural, planned_visits(), c(week = NA)), "finite numbers")
  refused(design_course(natural, planned_visits(), c(week = 0)), "not all 0")
  refused(design_course(natural, planned_visits(), late_mean, method = "ml"), "reml")
  refused(design_course(natural, planned_visits(), late_mean, alpha = 1.2), "alpha")
  refused(design_course(natural, planned_visits(), late_mean, margin = NA), "margin")
  t_prior <- method_bayes(priors(fixed = list(week = prior_t(3, 0, 1))))
  refused(design_course(natural, planned_visits(), late_mean, t_prior), "one normal prior")
  records$score <- records$score - 0.2 * records$week + 15 * (1 - exp(-records$week / 10))
  plateau <- fit_recovery(score ~ plateau(week) + (1 | subject), records)
  refused(design_course(plateau, planned_visits(), c("(Intercept)" = 1)), "kappa")
})

test_that("arguments that are not given are named with what they mean", {
  expect_error(design_course(), "untreated records", class = "cordgain_invalid_input")
})

test_that("posteriors of trials reach six variance parameters and say so", {
  terms <- function(n) data.frame(name = paste0("p", seq_len(n)), free = rep(TRUE, n))
  expect_null(cordgain:::check_dimension(terms(6), rlang::current_env()))
  error <- expect_error(cordgain:::check_dimension(terms(7), rlang::current_env()), class = "cordgain_invalid_input")
  expect_match(conditionMessage(error), "The model has 7")
  known <- transform(terms(8), free = c(TRUE, FALSE)) # what a prior fixes is no dimension
  expect_null(cordgain:::check_dimension(known, rlang::current_env()))
})

test_that("a design whose trials are analysed by Bayes is made", {
  natural <- fit_recovery(score ~ week + (1 | subject), untreated_records())
  expect_s3_class(design_course(natural, planned_visits(), late_mean, method = method_bayes()), "course_design")
})
