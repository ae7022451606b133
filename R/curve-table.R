# Tables of published means by visit, or of gains: reading and refusing.

# One source and one measure, visits in order. Gains (kind "change") all begin at one week.
as_curve_table <- function(x, scale, call) {
  x <- check_table(x, "x", call = call)
  check_no_identifiers(x, "x", call = call)
  check_columns(x, c("week", "mean"), "x", call = call)
  x$week <- check_numeric(x$week, "week", min = 0, todo = "Weeks are counted from injury.", call = call)
  x$mean <- check_numeric(x$mean, "mean", todo = "Leave out visits without a mean.", call = call)
  x <- check_precision_columns(x, call)
  for (column in intersect(c("source", "measure", "level", "baseline_grade", "kind"), names(x))) {
    if (length(unique(x[[column]])) > 1L) {
      abort_input(c("A curve is about one {column}.", x = "{.field {column}} holds {.val {unique(x[[column]])}}.",
        i = "Choose rows with {.fn subset}."), call = call)
    }
  }
  x <- x[order(x$week), ]
  refuse_curve_rows(x, duplicated(x$week), "{.field week} must stand once for each visit.", "{?stands/stand} twice",
    "Choose the rows of one source, one measure and one population with {.fn subset}.", call)
  refuse_curve_rows(x, (x$sd %in% 0) | (x$se %in% 0), "An SD and an SE must be positive.", "{?has/have} one of 0",
    "Leave out visits where all scores were equal.", call)
  refuse_curve_rows(x, (x$n < 2 | x$n != round(x$n)) %in% TRUE, "{.field n} must be a whole number of at least 2.",
    "{?has/have} another", "It counts the patients behind the mean: correct it, or give {.field se} and leave n NA.",
    call)
  gains <- !is.null(x$kind) && all(x$kind %in% "change") || !is.null(x$from_week) && !anyNA(x$from_week)
  scale <- curve_scale(x, scale, gains, call)
  x$mean <- mean_sign(scale) * x$mean # a gain is positive: published means are turned here, once
  list(rows = x, gains = gains, from = if (gains) gain_origin(x, call), scale = scale)
}

# The rows as they were published.
rows_as_published <- function(table) {
  table$rows$mean <- mean_sign(table$scale) * table$rows$mean
  table$rows
}

# Rows named by their weeks.
refuse_curve_rows <- function(x, bad, what, fault, todo, call) {
  if (any(bad)) {
    week <- first_few(x$week[bad])
    abort_input(c(what, x = paste0("{cli::qty(sum(bad))}Week{?s} {week} ", fault, "."), i = todo), call = call)
  }
}

gain_origin <- function(x, call) {
  from <- unique(check_known_column(x, "from_week", min = 0, call = call))
  if (length(from) != 1L || is.na(from) || any(x$week <= from)) {
    abort_input(c("Gains must all begin at one week, {.field from_week}, before the first of them.",
      x = "{.field from_week} is {from}; the gains are of week {x$week}.",
      i = "Gains from different weeks make different curves: choose the rows of one with {.fn subset}."
    ), call = call)
  }
  from
}

curve_scale <- function(x, scale, gains, call) {
  if (is.null(scale) && !is.null(x$measure) && x$measure[1] %in% names(scale_table)) scale <- as.character(x$measure[1])
  if (is.null(scale)) {
    return(NULL)
  }
  scale <- as_motor_scale(scale, call)
  refuse_other_scale(scale, x$measure[1], call)
  range <- scale_range(scale)
  off <- !gains & (x$mean < range[1] | x$mean > range[2])
  if (any(off)) {
    at <- first_few(paste0(signif(x$mean[off], 6), " in week ", x$week[off]))
    abort_input(c("Means of {scale_name(scale)} must lie on its scale, {range[1]} to {range[2]}.",
      x = "{.field mean} is {at}.",
      i = "Is {.arg scale} right? Gains, which may lie elsewhere, come with {.field from_week}."
    ), call = call)
  }
  scale
}

# Rows of one measure are not taken for another.
refuse_other_scale <- function(scale, measure, call) {
  if (!is.null(measure) && measure %in% names(scale_table) && full_measure(measure) != scale_name(scale)) {
    abort_input(c("{.arg scale} is not the scale of the rows.",
      x = "{.field measure} is {.val {as.character(measure)}}; {.arg scale} is {.val {scale_name(scale)}}.",
      i = "Leave {.arg scale} out, or choose rows of that measure with {.fn subset}."), call = call)
  }
}

table_scale <- function(table) table$scale

# How patients vary: SDs at the visits and one correlation, or (gains) their covariance.
own_covariance <- function(table, correlation, covariance, call) {
  if (!is.null(covariance)) {
    return(list(matrix = check_covariance(covariance, table, call)))
  }
  if (is.null(correlation)) {
    abort_input(c("{.arg correlation} is not given.",
      x = if (table$gains) "Gains at several weeks are correlated." else
        "Patients differ from visit to visit: no SD of change follows from means by visit.",
      i = "Give the correlation between two visits of a patient, from records, and another beside it."
    ), call = call)
  }
  check_number(correlation, min = 0, max = 1, max_open = TRUE,
    todo = "It is the correlation between two visits of one patient, from records.", call = call)
  sd <- table$rows$sd
  refuse_curve_rows(table$rows, is.na(sd), "{.field sd}, between patients, must be known at each visit.",
    "{?has/have} none", "Leave such visits out, or give the SD from another table of the same source.", call)
  list(sd = sd, r = correlation)
}

check_covariance <- function(v, table, call) {
  p <- nrow(table$rows)
  fine <- is.matrix(v) && is.numeric(v) && all(dim(v) == p) && all(is.finite(v)) && isSymmetric(unname(v))
  if (!table$gains || !fine || min(eigen(v, symmetric = TRUE, only.values = TRUE)$values) <= 0) {
    abort_input(c("{.arg covariance} must be a positive definite matrix of the gains at the {p} week{?s}.",
      x = if (!table$gains) "The table holds no gains, which have a {.field from_week}." else
        "It is {.obj_type_friendly {v}}{if (is.matrix(v)) paste0(', ', nrow(v), ' by ', ncol(v))}.",
      i = if (table$gains) "Points squared, symmetric, rows and columns in the order of the weeks." else
        "Of scores by visit give {.arg correlation} in its place."
    ), call = call)
  }
  unname(v)
}
