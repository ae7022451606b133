# Conditions: every error of the package is made here, so that each carries a
# class, blames the user's call and says what was wrong, what was given and
# what to do.

#' Signal a classed error
#'
#' @param message (character) cli bullets: what is wrong, then `x` what was
#'   given, then `i` what to do.
#' @param class (string) one of the names under "Conditions" of the help.
#' @param call (environment) frame of the function the user called.
#' @param .envir (environment) where the bullets are interpolated.
#' @param ... fields kept in the condition.
#' @noRd
abort_cordgain <- function(message, class, call = rlang::caller_env(),
                           .envir = parent.frame(), ...) {
  cli::cli_abort(message, class = c(class, "cordgain_error"), call = call, .envir = .envir, ...)
}

abort_input <- function(message, call = rlang::caller_env(), .envir = parent.frame(), ...) {
  abort_cordgain(message, "cordgain_invalid_input", call = call, .envir = .envir, ...)
}

abort_unmatched <- function(message, call = rlang::caller_env(), .envir = parent.frame(), ...) {
  abort_cordgain(message, "cordgain_unmatched", call = call, .envir = .envir, ...)
}

abort_numerical <- function(message, call = rlang::caller_env(), .envir = parent.frame(), ...) {
  abort_cordgain(message, "cordgain_numerical_error", call = call, .envir = .envir, ...)
}

# What a person or a file wrote is data, never code to be interpolated.
escape_braces <- function(x) gsub("}", "}}", gsub("{", "{{", x, fixed = TRUE), fixed = TRUE)

# Checks of arguments ----------------------------------------------------------
# Each returns the value, so a constructor reads as a list of its fields.

# Arguments of the calling function that have no default and were not given.
# @param meaning (named character) each such argument and what it is, in words
# @param ... the caller's own dots, where they are there only to name arguments that it does not have
check_given <- function(meaning, ..., frame = rlang::caller_env()) {
  if (...length() > 0L) check_no_more(names(formals(sys.function(sys.parent()))), ..., call = frame)
  absent <- vapply(names(meaning), \(arg) eval(call("missing", as.name(arg)), frame), NA)
  if (any(absent)) {
    names <- names(meaning)[absent]
    abort_input(c("{.arg {names}} {?is/are} not given.",
      stats::setNames(paste0("{.arg ", names, "}: ", meaning[absent], "."), rep("i", length(names)))
    ), call = frame)
  }
}

check_number <- function(x, arg = rlang::caller_arg(x), min = -Inf, max = Inf, min_open = FALSE, max_open = FALSE,
                         allow_na = FALSE, todo = NULL, call = rlang::caller_env()) {
  if (allow_na && length(x) == 1L && is.atomic(x) && !is.nan(x) && is.na(x)) {
    return(NA_real_)
  }
  check_numeric(x, arg, min, max, min_open, max_open, length = 1L, todo = todo, call = call)
}

# @param unknown (flag) whether NA may stand among the numbers; NaN never, since something failed before it came here
# @param todo (string or NULL) what to do about a number outside its range, where that is not plain from the range
check_numeric <- function(x, arg = rlang::caller_arg(x), min = -Inf, max = Inf, min_open = FALSE, max_open = FALSE,
                          length = NULL, unknown = FALSE, todo = NULL, call = rlang::caller_env()) {
  if (!is.numeric(x) || is.factor(x)) {
    abort_input(c("{.arg {arg}} must be numeric.",
      x = if (is.logical(x) && length(x) > 0L && all(is.na(x))) "It is not known (NA)." else
        "It is {.obj_type_friendly {x}}.",
      i = number_hint(x)
    ), call = call)
  }
  if (!is.null(length) && length(x) != length) {
    abort_input(c("{.arg {arg}} must have length {length}.", x = "It has length {length(x)}.", i = todo), call = call)
  }
  bad <- which(!is.finite(x) | x < min | x > max | (min_open & x == min) | (max_open & x == max))
  if (unknown) bad <- bad[!is.na(x[bad]) | is.nan(x[bad])]
  if (length(bad) > 0L) {
    abort_input(c("{.arg {arg}} must be finite{range_words(min, max, min_open, max_open)}.",
      x = if (length(x) == 1L) "It is {format(x, digits = 6)}." else
        "{cli::qty(length(bad))}Element{?s} {first_few(bad)} {?is/are}: {first_few(format(x[bad], digits = 6))}.",
      i = todo
    ), call = call)
  }
  as.double(x)
}

# Where a finite number must lie, beside being finite.
range_words <- function(min, max, min_open, max_open) {
  ends <- is.finite(c(min, max))
  if (all(ends)) {
    paste0(" and lie in ", if (min_open) "(" else "[", format(min), ", ", format(max), if (max_open) ")" else "]")
  } else if (ends[1]) {
    paste(if (min_open) " and above" else " and at least", format(min))
  } else if (ends[2]) {
    paste(if (max_open) " and below" else " and at most", format(max))
  } else {
    ""
  }
}

# What to do about something that is no number, by what it is.
number_hint <- function(x) {
  if (is.character(x) || is.factor(x)) {
    return("Numbers held as text or as a factor are not converted: convert them where you can see the result.")
  }
  if (is.logical(x) && !all(is.na(x))) "TRUE and FALSE are not taken for 1 and 0." else "Give it as a number."
}

# What is wrong, whole: the message as a screen shows it is already broken to the screen's width.
error_header <- function(condition) cli::ansi_strip(rlang::cnd_header(condition))

# Some of a long list, and how many there are besides: a column of thousands must not fill the screen.
first_few <- function(x, most = 5L) {
  if (length(x) <= most) as.character(x) else c(as.character(x[seq_len(most)]), paste(length(x) - most, "more"))
}

check_count <- function(x, arg = rlang::caller_arg(x), min = 0, max = .Machine$integer.max, length = 1L,
                        call = rlang::caller_env()) {
  force(arg) # before x is replaced, and with it the word for it
  x <- check_numeric(x, arg, min = min, max = max, length = length, call = call)
  check_whole(x, arg, " of patients or events",
    "A percentage is turned into a count, with a warning, by {.fn events_from_percent}.", call)
}

# @param of (string) what is counted, behind "a whole number"
check_whole <- function(x, arg, of = "", todo = NULL, call = rlang::caller_env()) {
  bad <- which(x != round(x))
  if (length(bad) > 0L) {
    abort_input(c(paste0("{.arg {arg}} must be a whole number", of, "."),
      x = "It is {first_few(format(x[bad], digits = 6))}.", i = todo), call = call)
  }
  x
}

# Declared properties of patients or sources, by name.
# @param empty may none be given?
check_match_list <- function(match, known, empty = TRUE, call = rlang::caller_env()) {
  named <- !is.null(names(match)) || (empty && length(match) == 0L)
  if (!is.list(match) || !named || !all(names(match) %in% known)) {
    abort_input(c("{.arg match} must be a list with names among {.field {known}}.",
      x = if (is.null(names(match))) "It is {.obj_type_friendly {match}} without names." else
        "Its names are {.field {names(match)}}."
    ), call = call)
  }
}

check_string <- function(x, arg = rlang::caller_arg(x), allow_na = FALSE, allow_null = FALSE,
                         call = rlang::caller_env()) {
  if (allow_null && is.null(x)) {
    return(NULL)
  }
  if (allow_na && length(x) == 1L && is.atomic(x) && is.na(x)) {
    return(NA_character_)
  }
  if (!is.character(x) || length(x) != 1L || is.na(x) || !nzchar(x)) {
    abort_input(c("{.arg {arg}} must be one string.", x = "It is {.obj_type_friendly {x}}."), call = call)
  }
  x
}

# One string that says something.
check_not_blank <- function(x, arg = rlang::caller_arg(x), call = rlang::caller_env()) {
  force(arg)
  x <- check_string(x, arg, call = call)
  if (!nzchar(trimws(x))) abort_input(c("{.arg {arg}} is blank.", i = "Say it in words."), call = call)
  x
}

check_choice <- function(x, choices, arg = rlang::caller_arg(x), call = rlang::caller_env()) {
  force(arg) # before x is replaced, and with it the word for it
  x <- check_string(x, arg, call = call)
  if (!x %in% choices) {
    abort_input(c("{.arg {arg}} must be one of {.or {.val {choices}}}.", x = "It is {.val {x}}."), call = call)
  }
  x
}

# One of several options of which the first is the default, as in `f(how = c("a", "b"))`.
check_option <- function(x, choices, arg = rlang::caller_arg(x), call = rlang::caller_env()) {
  check_choice(if (identical(x, choices)) x[1L] else x, choices, arg, call = call)
}

# One or more of several.
check_options <- function(x, choices, arg = rlang::caller_arg(x), call = rlang::caller_env()) {
  force(arg)
  if (!is.character(x) || length(x) == 0L || !all(x %in% choices)) {
    given <- if (is.character(x)) setdiff(x, choices)
    abort_input(c("{.arg {arg}} must be among {.val {choices}}.",
      x = if (length(given) > 0L) "Not among them: {.val {given}}." else "It is {.obj_type_friendly {x}}."
    ), call = call)
  }
  unique(x)
}

# Arguments that a function does not have: R's own error for them has no class to catch.
check_no_more <- function(own, ..., call = rlang::caller_env()) {
  if (...length() > 0L) {
    given <- ...names() %||% rep("", ...length())
    given[!nzchar(given)] <- "(without a name)"
    own <- setdiff(own, "...")
    abort_input(c("There is no argument {.arg {given}}.", i = "Arguments: {.arg {own}}."), call = call)
  }
}

check_ggplot2 <- function(call = rlang::caller_env()) {
  if (!rlang::is_installed("ggplot2")) {
    abort_cordgain(c("Plots need the package {.pkg ggplot2}, which is not installed.",
      i = 'Run {.code install.packages("ggplot2")}, or read the numbers with {.fn tidy}.'
    ), "cordgain_no_ggplot2", call = call)
  }
}

# What every plot needs: ggplot2, and no argument that it does not have (a misspelt one would draw another picture).
check_picture <- function(own, ..., call = rlang::caller_env()) {
  check_ggplot2(call)
  check_no_more(own, ..., call = call)
}

# Arguments that a method of another package has under this name, which dots would swallow: `advice` says, by name,
# what is meant here. Others may pass, since programs that call a method hand on more than it needs.
refuse_foreign <- function(advice, ..., call = rlang::caller_env()) {
  given <- intersect(names(advice), ...names())
  if (length(given) > 0L) {
    abort_input(c("There is no argument {.arg {given[1]}}.", i = advice[[given[1]]]), call = call)
  }
}

`%||%` <- function(x, y) if (is.null(x)) y else x
