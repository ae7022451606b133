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

# The split by hand, piece by piece ------------------------------------------------------

test_that("signs are carried through brackets and double negation, as in R's own formulas", {
  signs <- \(expr) vapply(additive_terms(expr), \(t) paste0(if (t$minus) "-" else "+", deparse1(t$expr)), "")
  expect_identical(signs(quote(a)), "+a")
  expect_identical(signs(quote(a + b - c)), c("+a", "+b", "-c"))
  expect_identical(signs(quote(-a + b)), c("-a", "+b"))
  expect_identical(signs(quote(a - -b)), c("+a", "+b"))
  expect_identical(signs(quote(-(-a))), "-(-a)") # a bracket is one term; terms() reads what is in it
  expect_identical(signs(quote(a * b)), "+a * b")
})

test_that("the fixed part has the terms that R reads from a formula without bars", {
  pairs <- list(
    list(y ~ x * z + (1 | g), y ~ x * z), list(y ~ (x | g) + x + z - x, y ~ x + z - x),
    list(y ~ (x + z)^2 - x:z + (1 | g), y ~ (x + z)^2 - x:z), list(y ~ 0 + f + (0 + x | g), y ~ 0 + f),
    list(y ~ poly(x, 2) + (1 | g) + offset(e), y ~ poly(x, 2) + offset(e)), list(y ~ (1 | g), y ~ 1),
    list(log(y) ~ I(x^2) + (1 | g) - 1, log(y) ~ I(x^2) - 1)
  )
  for (pair in pairs) {
    split <- split_formula(pair[[1]])
    ours <- stats::terms(rlang::new_formula(split$response, split$fixed))
    theirs <- stats::terms(pair[[2]])
    for (part in c("term.labels", "intercept", "order", "offset")) {
      expect_identical(attr(ours, part), attr(theirs, part), info = deparse1(pair[[1]]))
    }
  }
})

test_that("the kind of each term is told by its outermost call", {
  expect_identical(term_kind(quote(x)), "fixed")
  expect_identical(term_kind(1), "fixed")
  expect_identical(term_kind(quote(x:z)), "fixed")
  expect_identical(term_kind(quote((x + z))), "fixed")
  expect_identical(term_kind(quote(x | g)), "random")
  expect_identical(term_kind(quote((x | g))), "random")
  expect_identical(term_kind(quote(((x || g)))), "random")
  for (word in c("us", "cs", "ar1", "diag")) {
    expect_identical(term_kind(call(word, quote(v | s))), "residual", info = word)
    expect_identical(term_kind(call(word, quote(v))), "fixed", info = word) # a function of that name without a bar
  }
})

test_that("a bar in I() or offset() is R's or, not a random effect", {
  expect_identical(split_formula(y ~ I(a | b) + (1 | g))$fixed, quote(I(a | b)))
  expect_identical(split_formula(y ~ offset(a | b) + (1 | g))$fixed, quote(offset(a | b)))
  expect_length(split_formula(y ~ I(a | b))$random, 0L)
  expect_error(split_formula(y ~ log(a | b)), "log\\(a \\| b\\)", class = "cordgain_invalid_input")
})

test_that("brackets around a bar, its left side or its group change nothing", {
  plain <- split_formula(y ~ x + (x | g))$random
  for (formula in list(y ~ x + ((x | g)), y ~ x + ((x) | g), y ~ x + (x | (g)), y ~ x + (((x) | (g))))) {
    expect_identical(split_formula(formula)$random, plain, info = deparse1(formula))
  }
})

test_that("two bars make effects independent, one bar correlated", {
  correlated <- \(formula) vapply(split_formula(formula)$random, `[[`, TRUE, "correlated")
  expect_identical(correlated(y ~ (x | g)), TRUE)
  expect_identical(correlated(y ~ (x || g)), FALSE)
  expect_identical(correlated(y ~ (x | g) + (x || h)), c(TRUE, FALSE))
  expect_identical(correlated(y ~ (x || a / b)), c(FALSE, FALSE))
})

test_that("groups joined by a plus are crossed, and nested within brackets too", {
  groups <- \(expr) vapply(nested_groups(expr), deparse1, "")
  expect_identical(groups(quote(g)), "g")
  expect_identical(groups(quote(a + b)), c("a", "b"))
  expect_identical(groups(quote(a:b)), "a:b")
  expect_identical(groups(quote((a / b))), c("b:a", "a"))
  expect_identical(groups(quote(a / b + c)), c("b:a", "a", "c"))
})

test_that("the leaves of a grouping are its variables, each once and in order", {
  leaves <- \(expr) vapply(group_leaves(expr), deparse1, "")
  expect_identical(leaves(quote(g)), "g")
  expect_identical(leaves(quote(b:a)), c("b", "a"))
  expect_identical(leaves(quote(c:(b:a))), c("c", "b", "a"))
  expect_identical(group_sum(quote(c:(b:a))), quote(c + b + a))
  expect_null(group_sum(NULL))
})

test_that("joined terms are one sum with their signs, and nothing is an intercept", {
  term <- \(expr, minus = FALSE) list(expr = expr, minus = minus)
  expect_identical(join_terms(list()), 1)
  expect_identical(join_terms(list(term(quote(x)))), quote(x))
  expect_identical(join_terms(list(term(quote(x)), term(1, TRUE))), quote(x - 1))
  expect_identical(join_terms(list(term(1, TRUE), term(quote(x)))), quote(-1 + x))
  expect_identical(join_terms(list(term(quote(x)), term(quote(z), TRUE), term(quote(w)))), quote(x - z + w))
})

test_that("a split does not depend on where among the terms a bar stands", {
  first <- split_formula(y ~ (x | g) + x + z)
  last <- split_formula(y ~ x + z + (x | g))
  middle <- split_formula(y ~ x + (x | g) + z)
  expect_identical(first, last)
  expect_identical(middle, last)
})

test_that("refusals quote what was not read and say what to write", {
  said <- \(formula) conditionMessage(tryCatch(split_formula(formula), cordgain_invalid_input = identity))
  expect_match(said(~ x + (1 | g)), "two sides.*score ~ week")
  expect_match(said(y ~ x - (1 | g)), "stands after a minus")
  expect_match(said(y ~ us(v | s) + cs(v | s)), "at most one residual covariance.*It holds 2")
  expect_match(said(y ~ z:(1 | g)), "must stand by itself.*z:\\(1")
  expect_match(said(y ~ ((1 | g) + x)), "must be one bar|must stand by itself")
  expect_match(said(NULL), "two sides")
})

test_that("a dot in a formula is an error with a class", {
  expect_error(split_formula(score ~ . + (1 | subject)), "dot", class = "cordgain_invalid_input")
  expect_equal(split_formula(score ~ v.1 + (1 | subject))$fixed, quote(v.1))
})

test_that("parentheses around a residual covariance, which update() sets, are not shown", {
  shown <- \(formula) deparse1(bare_words(formula))
  expect_identical(shown(score ~ week + (ar1(visit | id))), "score ~ week + ar1(visit | id)")
  expect_identical(shown(score ~ (us(visit | arm / id)) - 1), "score ~ us(visit | arm/id) - 1")
  for (formula in c(score ~ week + (1 | id), score ~ (week + arm) + (week || id), y ~ ((1 | id)))) {
    expect_identical(bare_words(formula), formula)
  }
  fit <- fit_recovery(distance ~ age + (1 | Subject) + sp_exp(age | Subject), nlme::Orthodont, method = "ml")
  without <- stats::update(fit, . ~ . - (1 | Subject))
  expect_output(print(without), "Formula: distance ~ age + sp_exp(age | Subject)\n", fixed = TRUE)
  expect_equal(logLik(without), logLik(fit_recovery(distance ~ age + sp_exp(age | Subject), nlme::Orthodont,
    method = "ml")))
})
