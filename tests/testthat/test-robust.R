for (case in list(
  list("rob01_orthodont_slope_cr", distance ~ age * Sex + (age | Subject)),
  list("rob02_sleepstudy_unbalanced_cr", Reaction ~ Days + (Days | Subject))
)) {
  test_that(paste("robust covariances, degrees of freedom and tests are the certified ones:", case[[1]]), {
    certified <- mixed_case(case[[1]])$certified
    fit <- fit_recovery(case[[2]], mixed_data(case[[1]], "Subject"))
    for (type in c("CR0", "CR2", "CR3")) {
      table <- robust_test(fit, type)
      expect_certified(table$std.error, certified[[type]]$se, 1e-8)
      expect_certified(attr(table, "vcov"), certified[[type]]$vcov, 1e-8)
      expect_certified(table$df, certified[[type]]$satterthwaite_df, 1e-8)
      expect_certified(table$statistic, certified[[type]]$t, 1e-8)
      expect_certified(table$p.value, certified[[type]]$p, 1e-6) # p-values amplify t's rounding
    }
  })
}

test_that("CR1 is CR0 times m / (m - 1)", {
  fit <- fit_recovery(extra ~ group + (1 | ID), sleep)
  expect_equal(attr(robust_test(fit, "CR1"), "vcov"), attr(robust_test(fit, "CR0"), "vcov") * 10 / 9)
  expect_identical(attr(robust_test(fit), "clusters"), 10L)
})

test_that("for paired differences CR2 is the paired t test", {
  textbook <- stats::t.test(sleep$extra[11:20], sleep$extra[1:10], paired = TRUE)
  table <- robust_test(fit_recovery(extra ~ group + (1 | ID), sleep), contrast = matrix(c(0, 1), 1))
  expect_equal(table$statistic, unname(textbook$statistic), tolerance = 1e-9)
  expect_equal(table$df, 9, tolerance = 1e-8)
})

test_that("the sandwich works with a residual covariance too", {
  fit <- fit_recovery(extra ~ group + us(group | ID), sleep)
  same <- robust_test(fit_recovery(extra ~ group + (1 | ID), sleep))
  expect_equal(robust_test(fit)["group2", "std.error"], same["group2", "std.error"], tolerance = 1e-8)
})

test_that("an unknown type is refused", {
  expect_error(robust_test(fit_recovery(extra ~ group + (1 | ID), sleep), "CR9"))
})
