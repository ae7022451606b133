# The published and certified checks of inst/qualify/: one row of a table each, run and compared.

qualify_columns <- c("id", "group", "what", "call", "expected", "tolerance", "why", "source", "doi", "needs")

# "NA" is a word of ISNCSCI (a zone that does not apply), so only what is empty is missing.
read_qualify <- function(file) {
  utils::read.csv(system.file("qualify", file, package = "cordgain", mustWork = TRUE), colClasses = "character",
    na.strings = "", encoding = "UTF-8")
}

shipped_checks <- function() read_qualify("checks.csv")

# Checks of the user's own stand below the shipped ones, in the same columns.
check_own_checks <- function(checks, call) {
  if (is.null(checks)) return(NULL)
  if (!is.data.frame(checks) || !all(c("id", "call", "expected", "tolerance") %in% names(checks))) {
    abort_input(c("{.arg checks} must be a data frame of checks.",
      i = "Columns {.field id}, {.field call}, {.field expected} and {.field tolerance} are needed."
    ), call = call)
  }
  own <- as.data.frame(lapply(checks, as.character))
  own[setdiff(qualify_columns, names(own))] <- NA_character_
  own$group[is.na(own$group)] <- "own checks"
  own <- own[qualify_columns]
  bad <- own$id[is.na(own$id) | is.na(own$call) | is.na(own$expected) | own$id %in% shipped_checks()$id |
    duplicated(own$id) | !readable_tolerance(own)]
  if (length(bad) > 0L) {
    abort_input(c("Each check needs an id of its own, a call, an expected value and a tolerance.",
      x = "Not so: {.val {bad}}.",
      i = "The tolerance is a relative error from 0 to below 1; without one, the expected value is text."
    ), call = call)
  }
  own
}

readable_tolerance <- function(checks) {
  tolerance <- suppressWarnings(as.numeric(checks$tolerance))
  is_text <- is.na(checks$tolerance)
  expected <- suppressWarnings(as.numeric(checks$expected))
  is_text | (!is.na(tolerance) & tolerance >= 0 & tolerance < 1 & !is.na(expected))
}

# The words of the calls ---------------------------------------------------------------

# An environment with every object that more than one check asks for, made when it is first looked at.
check_words <- function() {
  words <- new.env(parent = topenv())
  list2env(list(term = check_term, arm = check_arm, beside = check_beside, exam = check_exam), words)
  objects <- read_qualify("objects.csv")
  for (i in seq_len(nrow(objects))) {
    name_object(objects$name[i], parse(text = objects$call[i], keep.source = FALSE)[[1]], words)
  }
  words
}

# Forced here: the promise must not look at the loop that made it.
name_object <- function(name, expression, words) {
  force(expression)
  delayedAssign(name, eval(expression, words), assign.env = words)
}

# One number of a tidy() table; without a name, of its only row.
check_term <- function(x, name, column = "estimate") {
  table <- if (is.data.frame(x)) x else tidy(x)
  table[[column]][table$term == name]
}

# An arm of which nothing is known but the counts.
check_arm <- function(responders, n, role = "treated") {
  trial_arm(responders, n, "ais_c", level = NA, baseline_grade = NA, baseline_days = NA, followup_weeks = NA,
    years = NA, role = role)
}

# Treated beside concurrent controls.
check_beside <- function(y1, n1, y0, n0) {
  all <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")
  excess(check_arm(y1, n1), natural_rate(0.1), control = check_arm(y0, n0, "control"), accept = all)
}

# A scored exam that is normal down to a level of the cord and has nothing below it; `...` changes single cells.
check_exam <- function(level, vac = "No", dap = "No", ...) {
  at <- match(toupper(sub(".*_", "", isncsci_score_cells)), isncsci_dermatomes)
  full <- ifelse(grepl("_motor_", isncsci_score_cells), "5", "2")
  cells <- ifelse(at <= match(level, isncsci_dermatomes, nomatch = 0L), full, "0")
  exam <- data.frame(as.list(stats::setNames(cells, isncsci_score_cells)), vac = vac, dap = dap,
    r_lowest_nonkey = NA_character_, l_lowest_nonkey = NA_character_)
  changed <- list(...)
  exam[names(changed)] <- changed
  score_isncsci(exam)
}

# One check ------------------------------------------------------------------------------

# A check that stops is a check that failed: its message is kept, the others go on.
run_check <- function(check, words) {
  absent <- absent_packages(check$needs)
  if (length(absent) > 0L) return(check_outcome(check, "not run", reason = paste("not installed:", toString(absent))))
  said <- character()
  value <- tryCatch(
    withCallingHandlers(suppressMessages(eval(parse(text = check$call, keep.source = FALSE), words)),
      warning = function(w) {
        said <<- c(said, conditionMessage(w))
        invokeRestart("muffleWarning")
      }),
    error = identity
  )
  if (inherits(value, "error")) return(check_outcome(check, "failed", reason = conditionMessage(value)))
  if (!is.atomic(value) || length(value) != 1L) {
    return(check_outcome(check, "failed", reason = paste("gave", length(value), "values in place of one")))
  }
  judge_check(check, unname(value), said)
}

absent_packages <- function(needs) {
  packages <- if (is.na(needs)) character() else strsplit(needs, "[, ]+")[[1]]
  Filter(\(package) !requireNamespace(package, quietly = TRUE), packages)
}

judge_check <- function(check, value, said) {
  reason <- if (length(said) > 0L) paste("warned:", paste(said, collapse = "; ")) else NA_character_
  if (is.na(check$tolerance)) {
    same <- identical(as.character(value), check$expected)
    return(check_outcome(check, if (same) "agrees" else "differs", result = as.character(value), reason = reason))
  }
  expected <- as.numeric(check$expected)
  value <- suppressWarnings(as.numeric(value))
  error <- relative_error(value, expected)
  agrees <- !is.na(error) && error <= as.numeric(check$tolerance)
  check_outcome(check, if (agrees) "agrees" else "differs", result = formatC(value, digits = 12, format = "g"),
    estimate = value, digits = agreeing_digits(error), reason = reason)
}

# Absolute where the expected value is 0.
relative_error <- function(value, expected) {
  abs(value - expected) / if (expected == 0) 1 else abs(expected)
}

# The log relative error: digits agreed, 15 at most, which is what a double carries.
agreeing_digits <- function(error) {
  if (is.na(error)) return(NA_real_)
  min(15, max(0, -log10(error)))
}

check_outcome <- function(check, verdict, result = NA_character_, estimate = NA_real_, digits = NA_real_,
                          reason = NA_character_) {
  data.frame(term = check$id, group = check$group, what = check$what, estimate = estimate, result = result,
    expected = check$expected, digits = digits, tolerance = as.numeric(check$tolerance), why = check$why,
    verdict = verdict, reason = reason, call = check$call, source = check$source, doi = check$doi)
}

run_checks <- function(checks) {
  words <- check_words()
  do.call(rbind, lapply(seq_len(nrow(checks)), \(i) run_check(checks[i, ], words)))
}
