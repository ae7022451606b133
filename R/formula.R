# lme4's formula language, taken apart. A small splitter of our own: the
# reasons are in design/ (a residual covariance `us(visit | group / subject)`
# is not nesting, and the time of a general parser is half of a fit's).

#' Parts of a recovery formula
#'
#' @param formula two-sided.
#' @return list of `response` (expression), `fixed` (expression: the right side
#'   without bars), `random` (list of `lhs`, `group`: expressions, and
#'   `correlated`), `residual` (NULL, or list of `word`, `lhs`, `group`).
#' @noRd
split_formula <- function(formula, call = rlang::caller_env()) {
  if (!rlang::is_formula(formula, lhs = TRUE)) {
    abort_input(
      c("{.arg formula} must have two sides.", i = "Write {.code score ~ week + (1 | subject)}."), call = call
    )
  }
  if ("." %in% all.vars(rlang::f_rhs(formula))) {
    abort_input(c("A dot does not stand for columns here.", x = "The formula is {.code {deparse1(formula)}}.",
      i = "Name each of them: the grouping factor is a column too."
    ), call = call)
  }
  terms <- additive_terms(rlang::f_rhs(formula))
  words <- covariance_words()
  terms <- lapply(terms, \(t) {
    inner <- unwrap(t$expr) # stats::update() puts parentheses around what holds a bar
    if (term_kind(inner, words) == "residual") t$expr <- inner
    t
  })
  kind <- vapply(terms, \(t) term_kind(t$expr, words), "")
  minus <- vapply(terms, `[[`, TRUE, "minus")
  if (any(minus & kind != "fixed")) {
    abort_input(c("A random effect cannot be taken away in a formula.",
      x = "{.code {deparse1(terms[[which(minus & kind != 'fixed')[1]]]$expr)}} stands after a minus."
    ), call = call)
  }
  refuse_hidden_bars(terms[kind == "fixed"], call)
  if (sum(kind == "residual") > 1L) {
    abort_input(c("A formula holds at most one residual covariance.",
      x = "It holds {sum(kind == 'residual')}: {.code {vapply(terms[kind == 'residual'], \\(t) deparse1(t$expr), '')}}."
    ), call = call)
  }
  list(
    response = rlang::f_lhs(formula),
    fixed = join_terms(terms[kind == "fixed"]),
    random = unlist(lapply(terms[kind == "random"], \(t) random_bars(t$expr, call)), recursive = FALSE),
    residual = if (any(kind == "residual")) residual_bar(terms[[which(kind == "residual")]]$expr, call)
  )
}

# The formula without the parentheses that stats::update() puts around the word of a residual covariance.
bare_words <- function(formula) {
  bare <- function(expr) {
    if (is_call_of(expr, c("+", "-"))) {
      expr[-1L] <- lapply(as.list(expr)[-1L], bare)
      return(expr)
    }
    inner <- unwrap(expr)
    if (term_kind(inner) == "residual") inner else expr
  }
  formula[[3L]] <- bare(formula[[3L]])
  formula
}

# Whether `expr` calls one of `names` (with n arguments): rlang::is_call() at a tenth of its time.
is_call_of <- function(expr, names, n = length(expr) - 1L) {
  is.call(expr) && is.symbol(expr[[1L]]) && length(expr) == n + 1L && as.character(expr[[1L]]) %in% names
}

# The name that model.frame() gives to an expression.
expr_label <- function(expr) {
  if (is.symbol(expr)) as.character(expr) else deparse1(expr)
}

# list of (expr, minus) at the top level of a right side.
additive_terms <- function(expr, minus = FALSE) {
  if (is_call_of(expr, "+")) {
    return(unlist(lapply(as.list(expr)[-1], additive_terms, minus = minus), recursive = FALSE))
  }
  if (is_call_of(expr, "-", n = 2)) {
    return(c(additive_terms(expr[[2]], minus), additive_terms(expr[[3]], !minus)))
  }
  if (is_call_of(expr, "-", n = 1)) {
    return(additive_terms(expr[[2]], !minus))
  }
  list(list(expr = expr, minus = minus))
}

is_bar <- function(expr) {
  is_call_of(expr, c("|", "||"), n = 2)
}

term_kind <- function(expr, words = covariance_words()) {
  if (!is.call(expr)) {
    "fixed"
  } else if (is_bar(expr)) {
    "random"
  } else if (is_call_of(expr, "(")) {
    if (holds_bar(expr)) "random" else "fixed"
  } else if (is_call_of(expr, words, n = 1) && is_bar(expr[[2]])) {
    "residual"
  } else {
    "fixed"
  }
}

holds_bar <- function(expr) {
  is_bar(expr) || (is.call(expr) && any(vapply(as.list(expr)[-1], holds_bar, TRUE)))
}

refuse_hidden_bars <- function(terms, call) {
  hidden <- Filter(\(t) is.call(t$expr) && holds_bar(t$expr) && !is_call_of(t$expr, c("I", "offset")), terms)
  if (length(hidden) > 0L) {
    abort_input(c("A random effect must stand by itself in the formula, joined by a plus.",
      x = "Not understood: {.code {deparse1(hidden[[1]]$expr)}}.",
      i = "Write {.code (week | subject)}, or a residual covariance such as {.code us(visit | subject)}."
    ), call = call)
  }
}

join_terms <- function(terms) {
  if (length(terms) == 0L) {
    return(1)
  }
  signed <- lapply(terms, \(t) if (t$minus) call("-", t$expr) else t$expr)
  Reduce(
    \(left, term) if (is_call_of(term, "-", n = 1)) call("-", left, term[[2]]) else call("+", left, term), signed
  )
}

unwrap <- function(expr) {
  while (is_call_of(expr, "(")) expr <- expr[[2]]
  expr
}

# One entry per grouping factor of (lhs | group): nesting a/b stands for b within a, and a.
random_bars <- function(expr, call) {
  bar <- unwrap(expr)
  if (!is_bar(bar)) {
    abort_input(
      c("A random effect must be one bar in parentheses.", x = "Not understood: {.code {deparse1(expr)}}."),
      call = call
    )
  }
  lapply(nested_groups(bar[[3]]), \(group) {
    list(lhs = unwrap(bar[[2]]), group = group, correlated = identical(bar[[1]], as.name("|")))
  })
}

# a/b -> b:a and a, the innermost first, in lme4's names.
nested_groups <- function(expr) {
  expr <- unwrap(expr)
  if (is_call_of(expr, "+", n = 2)) {
    return(c(nested_groups(expr[[2]]), nested_groups(expr[[3]])))
  }
  if (!is_call_of(expr, "/", n = 2)) {
    return(list(expr))
  }
  outer <- nested_groups(expr[[2]])
  inner <- unwrap(expr[[3]])
  c(list(call(":", inner, outer[[1]])), outer)
}

residual_bar <- function(expr, call) {
  bar <- expr[[2]]
  group <- unwrap(bar[[3]])
  by <- NULL
  if (is_call_of(group, "/", n = 2)) {
    by <- unwrap(group[[2]])
    group <- unwrap(group[[3]])
  } else if (identical(unwrap(bar[[2]]), 1) && is_call_of(expr, "diag")) {
    by <- group
    group <- NULL
  }
  list(word = as.character(expr[[1]]), lhs = unwrap(bar[[2]]), by = by, group = group)
}

# A formula with every variable of the split, for model.frame().
frame_formula <- function(split, env) {
  bars <- c(
    lapply(split$random, \(bar) bar$lhs), lapply(split$random, \(bar) group_sum(bar$group)),
    list(split$residual$lhs, group_sum(split$residual$by), group_sum(split$residual$group))
  )
  rhs <- Reduce(\(left, right) call("+", left, right), Filter(\(e) !is.null(e) && !is.numeric(e), bars), split$fixed)
  rlang::new_formula(split$response, rhs, env = env)
}

# The variables of a grouping expression as a sum: b:a -> b + a.
group_sum <- function(expr) {
  if (is.null(expr)) {
    return(NULL)
  }
  Reduce(\(left, right) call("+", left, right), group_leaves(expr))
}

group_leaves <- function(expr) {
  expr <- unwrap(expr)
  if (is_call_of(expr, ":", n = 2)) {
    return(c(group_leaves(expr[[2]]), group_leaves(expr[[3]])))
  }
  list(expr)
}
