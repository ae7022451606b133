test_that("a fit in the inside of the cone is not singular, one at its bound is", {
  expect_false(isSingular(fit_recovery(extra ~ group + (1 | ID), sleep)))
  expect_true(isSingular(fit_recovery(score ~ week + (week | subject), small_trial())))
})

test_that("fits of lme4 are passed on to lme4", {
  skip_if_not_installed("lme4")
  expect_false(isSingular(lme4::lmer(Reaction ~ Days + (Days | Subject), lme4::sleepstudy)))
})

test_that("generics of nlme and generics are re-exported, not copied", {
  expect_identical(fixef, nlme::fixef)
  expect_identical(VarCorr, nlme::VarCorr)
  expect_identical(glance, generics::glance)
})
