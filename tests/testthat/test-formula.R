bars <- function(formula) {
  vapply(split_formula(formula)$random, \(b) {
    paste(deparse1(b$lhs), if (b$correlated) "|" else "||", deparse1(b$group))
  }, "")
}

test_that("a formula is split into fixed part and bars", {
  split <- split_formula(score ~ week * arm + (week | subject))
  expect_identical(split$response, quote(score))
  expect_identical(split$fixed, quote(week * arm))
  expect_identical(bars(score ~ week + (week | subject)), "week | subject")
})

test_that("nested factors stand for the inner within the outer, and the outer, in lme4's names", {
  expect_identical(bars(y ~ 1 + (1 | site / subject)), c("1 | subject:site", "1 | site"))
  expect_identical(bars(y ~ (1 | a / b / c)), c("1 | c:(b:a)", "1 | b:a", "1 | a"))
})

test_that("the same bars are found as by reformulas, lme4's parser", {
  skip_if_not_installed("reformulas")
  formulas <- list(
    y ~ x + (x | g), y ~ x + (1 | g) + (0 + x | g), y ~ x * z + (1 | a) + (x | b), y ~ (1 | a / b),
    y ~ 1 + (x + z | a:b)
  )
  for (formula in formulas) {
    theirs <- vapply(reformulas::findbars(formula), deparse1, "")
    expect_setequal(bars(formula), theirs)
    rest <- reformulas::nobars(formula)
    ours <- rlang::new_formula(quote(y), split_formula(formula)$fixed)
    expect_setequal(attr(stats::terms(ours), "term.labels"), attr(stats::terms(rest), "term.labels"))
  }
})

test_that("terms that are taken away stay taken away", {
  expect_identical(split_formula(y ~ x + (1 | g) - 1)$fixed, quote(x - 1))
  expect_identical(split_formula(y ~ 0 + x + (1 | g))$fixed, quote(0 + x))
  expect_identical(split_formula(y ~ -1 + (1 | g) + x)$fixed, quote(-1 + x))
})

test_that("a formula of bars alone has an intercept", {
  expect_identical(split_formula(y ~ (1 | g))$fixed, 1)
})

test_that("a residual covariance names word, visit, group and subject", {
  residual <- split_formula(y ~ x + us(visit | arm / subject))$residual
  expect_identical(residual$word, "us")
  expect_identical(residual$lhs, quote(visit))
  expect_identical(residual$by, quote(arm))
  expect_identical(residual$group, quote(subject))
})

test_that("diag(1 | group) is a residual variance by group", {
  residual <- split_formula(y ~ x + diag(1 | arm))$residual
  expect_identical(residual$by, quote(arm))
  expect_null(residual$group)
})

test_that("what cannot be read is refused with the words that were not understood", {
  refused <- list(
    y ~ x * (1 | g), y ~ x - (1 | g), y ~ us(v | s) + ar1(v | s), y ~ f((1 | g)), ~ x + (1 | g)
  )
  for (formula in refused) expect_error(split_formula(formula), class = "cordgain_invalid_input")
  expect_error(split_formula(y ~ x * (1 | g)), "x \\* \\(1 \\| g\\)")
  expect_error(split_formula("y ~ x"), class = "cordgain_invalid_input")
})

test_that("the frame formula holds every variable once", {
  split <- split_formula(y ~ x + (z | a / b) + us(v | g / s))
  expect_setequal(all.vars(frame_formula(split, globalenv())), c("y", "x", "z", "a", "b", "v", "g", "s"))
})
