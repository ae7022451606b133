test_that("a patterned residual gives each row its variance, equal ones one number", {
  data <- as.data.frame(nlme::Orthodont)
  data$Subject <- as.character(data$Subject)
  same <- fit_recovery(distance ~ age + cs(age | Subject), data)
  expect_length(residual_variance(same), 1L)
  each <- fit_recovery(distance ~ age + csh(age | Subject), data)
  expect_equal(residual_variance(each), unname(diag(VarCorr(each)$Residual)[as.character(data$age)]))
})

test_that("blocks of one grouping factor get numbers, as lme4 writes them", {
  fit <- fit_recovery(score ~ week + (week || subject), small_trial())
  expect_identical(block_names(fit), c("subject", "subject.1"))
  expect_length(effect_covariances(fit), 2L)
})

test_that("the kept matrix remembers terms and contrasts", {
  trial <- small_trial()
  trial$twice <- 2 * trial$week
  x <- kept_matrix(fit_recovery(score ~ week + twice + (1 | subject), trial))
  expect_identical(colnames(x), c("(Intercept)", "week"))
  expect_identical(attr(x, "assign"), 0:1)
})

test_that("a variable that stands inside a call alone is kept as the rows were fitted", {
  trial <- as.data.frame(small_trial())
  row.names(trial) <- paste0("r", rev(seq_len(nrow(trial))))
  trial$score[2] <- NA
  fit <- fit_recovery(score ~ log1p(week) + (1 | factor(subject)), trial, subset = week > 0)
  used <- trial$week > 0 & !is.na(trial$score)
  expect_identical(fit_variable(fit, "week"), trial$week[used])
  expect_identical(fit_variable(fit, "subject"), trial$subject[used])
  expect_identical(fit_variable(fit, "score"), trial$score[used])
  expect_null(fit_variable(fit, "arm"))
  expect_null(fit_recovery(score ~ week + (1 | subject), trial)$inside)
})
