set.seed(20261127) # simulated: the equality of two ways to the same numbers, no tolerance depends on it
rows <- 300L
simulated <- data.frame(
  y = rnorm(rows), x = rnorm(rows), k = sample(9L, rows, TRUE), f = factor(sample(letters[1:4], rows, TRUE)),
  o = factor(sample(3, rows, TRUE), ordered = TRUE), words = sample(c("u", "v", "w"), rows, TRUE),
  yes = sample(c(TRUE, FALSE), rows, TRUE), id = sample(40L, rows, TRUE), w = runif(rows, 0.5, 2), e = rnorm(rows)
)
simulated$`two words` <- rnorm(rows)

# A right side of some terms at random, each a product of up to three variables.
random_side <- function() {
  pieces <- c(
    "x", "k", "f", "o", "words", "yes", "`two words`", "poly(x, 2)", "splines::ns(x, 3)", "I(x^2)", "log(k)", "w"
  )
  term <- \() paste(sample(pieces, sample(3L, 1L)), collapse = sample(c(":", "*"), 1L))
  side <- paste(replicate(sample(3L, 1L), term()), collapse = " + ")
  if (runif(1) < 0.3) paste(side, "- 1") else side
}

side_frame <- function(side) {
  stats::model.frame(stats::as.formula(paste("y ~", side)), simulated)
}

side_terms <- function(frame) part_terms(rlang::f_rhs(stats::formula(attr(frame, "terms"))), frame)

test_that("columns read from the variables are those of model.matrix(), to the last bit", {
  for (i in seq_len(max(30, sweep_size(500)))) {
    side <- random_side()
    frame <- side_frame(side)
    terms <- side_terms(frame)
    expected <- stats::model.matrix(terms, frame)
    columns <- model_columns(terms, frame, whole_rows = 0L)
    expect_false(is.matrix(columns$core), info = side)
    expect_identical(c(columns_matrix(columns, row.names(frame))), c(expected), info = side)
    expect_identical(columns$names, colnames(expected), info = side)
    expect_identical(as.integer(columns$assign), attr(expected, "assign"), info = side)
    expect_identical(columns$contrasts, attr(expected, "contrasts"), info = side)
  }
})

test_that("contrasts by name, by function and by matrix reach the columns", {
  frame <- side_frame("f * x + o")
  terms <- side_terms(frame)
  own <- matrix(c(1, 1, -1, -1, 2, 0, -1, -1), 4)
  for (asked in list(list(f = "contr.sum"), list(f = contr.helmert, o = "contr.sum"), list(f = own))) {
    expected <- stats::model.matrix(terms, frame, contrasts.arg = asked)
    columns <- model_columns(terms, frame, asked, whole_rows = 0L)
    expect_false(is.matrix(columns$core))
    expect_identical(c(columns_matrix(columns, row.names(frame))), c(expected))
  }
})

test_that("a variable of a class of its own, which the recipe cannot read, is made whole", {
  frame <- side_frame("x")
  frame$x <- structure(as.complex(frame$x), class = "strange")
  terms <- side_terms(frame)
  expect_error(model_columns(terms, frame, whole_rows = 0L)) # as model.matrix() itself
  expect_error(stats::model.matrix(terms, frame))
})

test_that("some rows and some columns are those of the matrix", {
  frame <- side_frame("f * x")
  terms <- side_terms(frame)
  expected <- stats::model.matrix(terms, frame)
  for (limit in c(0L, 1000L)) {
    columns <- model_columns(terms, frame, whole_rows = limit)
    expect_identical(columns_at(pick_columns(columns, c(7, 2)), c(9, 3, 3)), unname(expected)[c(9, 3, 3), c(7, 2)] |>
      `dimnames<-`(list(NULL, colnames(expected)[c(7, 2)])))
  }
})

# What the core finds when it is given whole matrices.
whole_result <- function(fit) {
  whole <- function(columns) {
    columns$core <- unname(columns_at(columns, seq_len(nobs(fit))))
    columns
  }
  design <- fit$design
  design$x <- whole(design$x)
  design$random <- lapply(design$random, \(block) {
    block$z <- whole(block$z)
    block
  })
  fit_gaussian(design, restricted = TRUE, call = NULL)
}

test_that("a fit is the same from whole matrices and from columns read in parts, whatever the order of rows", {
  with_gaps <- rbind(simulated, simulated, simulated, simulated) # more than few_rows()
  with_gaps$y <- with_gaps$y + rep(rnorm(4), each = rows)
  with_gaps$x[c(3, 50, 51)] <- NA
  with_gaps$f[70] <- NA
  formulas <- list(
    y ~ x * f + (x | id), y ~ poly(k, 2) + o + (1 | id), y ~ splines::ns(k, 3) * yes + (k || id),
    y ~ words:f + offset(e) + (f | id), y ~ 0 + f + x:k + (0 + k | id)
  )
  for (formula in formulas) {
    info <- deparse1(formula)
    asked <- if ("f" %in% all.vars(formula)) list(f = "contr.sum")
    fit <- fit_recovery(formula, with_gaps, weights = w, contrasts = asked)
    expect_false(is.matrix(fit$design$x$core), info = info)
    # the same numbers; the factorisation of Z is shared with X in one way and not in the other
    expect_equal(fit$result, whole_result(fit), tolerance = 1e-10, info = info)
    expected <- stats::model.matrix(fit$design$fixed_terms, fit$frame, contrasts.arg = asked)
    expect_identical(unname(model.matrix(fit)[, ]), unname(expected[, fit$result$frame$kept]), info = info)
    shuffled <- fit_recovery(formula, with_gaps[sample(nrow(with_gaps)), ], weights = w, contrasts = asked)
    # sums in another order: rounding of 1,200 rows, divided by the curvature at the optimum
    expect_equal(fixef(shuffled), fixef(fit), tolerance = 1e-8, info = info)
    expect_equal(deviance(shuffled), deviance(fit), tolerance = 1e-11, info = info)
    expect_equal(shuffled$result$gamma, fit$result$gamma, tolerance = 1e-6, info = info)
  }
})

# By hand -------------------------------------------------------------------------------------

small_frame <- function(formula) {
  data <- data.frame(y = 1:4, x = c(2, 3, 5, 7), k = 4:1, f = factor(c("a", "b", "c", "a")), yes = c(TRUE, FALSE))
  frame <- stats::model.frame(formula, data)
  list(frame = frame, terms = part_terms(rlang::f_rhs(formula), frame))
}

test_that("columns of numbers and their products are written out by hand", {
  at <- small_frame(y ~ x + x:k)
  columns <- model_columns(at$terms, at$frame)
  expect_identical(columns$names, c("(Intercept)", "x", "x:k"))
  expect_identical(columns$assign, 0:2)
  expect_equal(unname(columns_at(columns, 1:4)), cbind(1, c(2, 3, 5, 7), c(8, 9, 10, 7)))
  expect_false(is.matrix(columns$core)) # read from the variables, however few the rows
})

test_that("treatment contrasts and their product with a number are written out by hand", {
  at <- small_frame(y ~ f * x)
  for (limit in c(0L, 1000L)) {
    columns <- model_columns(at$terms, at$frame, whole_rows = limit)
    expect_identical(columns$names, c("(Intercept)", "fb", "fc", "x", "fb:x", "fc:x"))
    expect_equal(unname(columns_at(columns, 1:4)),
      cbind(1, c(0, 1, 0, 0), c(0, 0, 1, 0), c(2, 3, 5, 7), c(0, 3, 0, 0), c(0, 0, 5, 0)))
  }
})

test_that("an intercept alone is a column of ones at any rows", {
  expect_identical(columns_at(intercept_column(), 1:3), matrix(1, 3, 1, dimnames = list(NULL, "(Intercept)")))
  expect_identical(dim(columns_at(intercept_column(), integer())), c(0L, 1L))
  expect_identical(column_values(list(), 1:2), c(1, 1))
})

test_that("rows may be repeated, turned, or one", {
  at <- small_frame(y ~ x + f)
  expected <- unname(stats::model.matrix(at$terms, at$frame))
  for (limit in c(0L, 1000L)) {
    columns <- model_columns(at$terms, at$frame, whole_rows = limit)
    for (rows in list(4:1, c(2L, 2L), 3L, 1:4)) {
      expect_equal(unname(columns_at(columns, rows)), expected[rows, , drop = FALSE], ignore_attr = TRUE)
      expect_identical(keep_rows(columns, rows)$core, columns_at(columns, rows))
    }
  }
})

test_that("a picked column keeps its name and its term, in the order asked", {
  at <- small_frame(y ~ x * k)
  columns <- model_columns(at$terms, at$frame)
  picked <- pick_columns(columns, c(4, 1))
  expect_identical(picked$names, c("x:k", "(Intercept)"))
  expect_identical(picked$assign, c(3L, 0L))
  expect_identical(columns_at(picked, 1:4), columns_at(columns, 1:4)[, c(4, 1)])
  expect_identical(dim(columns_at(pick_columns(columns, 2), 1:4)), c(4L, 1L))
})

test_that("what is plain is a number without class and without dimensions", {
  expect_true(is_plain(1.5))
  expect_true(is_plain(1:3))
  for (other in list(matrix(1:2), factor(1), "a", TRUE, as.Date("2020-01-01"), I(2))) expect_false(is_plain(other))
})

test_that("codings of levels are those of contrasts()", {
  f <- factor(c("a", "b", "c", "a"))
  o <- factor(f, ordered = TRUE)
  for (name in c("contr.treatment", "contr.sum", "contr.helmert")) {
    expect_identical(level_coding(f, name), matrix(do.call(name, list(3)), 3), info = name)
  }
  expect_identical(level_coding(o, "contr.poly"), matrix(stats::contr.poly(3), 3))
  own <- cbind(c(1, 0, -1))
  expect_identical(level_coding(f, own), own)
})

test_that("without an intercept the first factor has a column per level, later ones do not", {
  data <- expand.grid(f = factor(c("a", "b", "c")), g = factor(c("u", "v")))
  data$y <- 1:6
  frame <- stats::model.frame(y ~ 0 + f + g, data)
  columns <- model_columns(part_terms(quote(0 + f + g), frame), frame, whole_rows = 0L)
  expect_identical(columns$names, c("fa", "fb", "fc", "gv"))
  expect_equal(unname(rowSums(columns_at(columns, 1:6)[, 1:3])), rep(1, 6))
})

test_that("no columns at all are a matrix of as many rows and none wide", {
  picked <- pick_columns(intercept_column(), integer())
  expect_identical(dim(columns_at(picked, c(2L, 1L, 2L))), c(3L, 0L))
})
