# The answer beside every published reference: which one is chosen decides more
# than any test does, so a reader should see all of them at once.

#' The answer over all published references
#'
#' Sets one arm against each published reference for its endpoint in turn, and
#' against two sets of them: the reference set (rows with `reference = TRUE`), and
#' those of the set whose first exams reach the arm's own window. For each
#' it gives the natural rate, the responders expected by nature alone among these
#' patients, and the probability that nature alone gives at least as many as observed,
#' \eqn{P(\sum Y_0 \ge y)}, each with what differs between the reference and the trial.
#'
#' A reference with counts is a [natural_rate()] of that source, whose uncertainty
#' is carried. Where several counts fit a printed percentage, each of them is tried
#' and the smallest and largest value given. A rate whose number of patients is not known is taken as
#' known: it is labelled "no uncertainty" and looks more certain than it is.
#'
#' Left out, counted and named in the print are rows that are no natural reference for the
#' arm: those whose first exam came more than two weeks after the arm's window ended (who
#' is still without recovery months later recovers more rarely than a patient
#' treated early, so the natural rate would be too low); reviews that hold the
#' patients of other rows (`poolable = FALSE` and the day of the exam not known); and
#' rows with neither counts nor a rate. [excess()] still compares with a late reference where asked. Nothing
#' here is matched by force: `differs` names what the comparison would have to
#' `accept` (see [matching]). The references share patients and are no independent
#' confirmations of each other. The columns of `plot()` need 6.5 x 4.2 inches or more.
#'
#' @param arm (trial_arm) the treated patients.
#' @param table (data frame) references with the columns of [natural_ais]; rows with
#'   another endpoint are not looked at.
#' @param tau,mu priors of the heterogeneity and of the mean log odds, as in [natural_rate()].
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return An `excess_by_reference` with `print()`, `summary()`, `tidy()` and `plot()`.
#'   `as.data.frame()` has one row per reference: `reference`, `kind` (`"set"`,
#'   `"counts"`, `"rate"`), `evidence` (counts in words), `differs`, `rate`,
#'   `natural_responders`, `natural_tail`, `tail_low`, `tail_high`
#'   (smallest and largest where the arm's or the reference's count is open), `num.error`.
#'   `tidy()` has the terms `natural_rate`, `natural_responders`, `excess_responders` and
#'   `natural_tail` for each reference (`group`).
#' @section Conditions: `cordgain_invalid_input` where `arm` is no treated arm or the
#'   table holds no usable reference for its endpoint.
#' @references
#' Neuenschwander and others (2010), Clinical Trials 7:5-18, \doi{10.1177/1740774509356002}.
#' @seealso [excess()], [natural_rate()], [natural_ais]
#' @examples
#' counts <- subset(natural_ais, endpoint == "ais_c" & !is.na(events))
#' excess_by_reference(keio_ips, counts)
#' @export
excess_by_reference <- function(arm, table = cordgain::natural_ais, tau = prior_half_normal(1),
                                mu = prior_normal(0, 2), ...) {
  call <- rlang::current_env()
  check_given(c(arm = "what was observed, made by trial_arm()"), ...)
  if (!is_trial_arm(arm)) {
    abort_input(c("{.arg arm} must be a {.fn trial_arm}.", x = "It is {.obj_type_friendly {arm}}."))
  }
  check_treated(arm, call)
  rows <- usable_references(check_table(table, "table"), match_terms(arm), call)
  fit <- \(x) natural_rate(x, tau = tau, mu = mu)
  single <- lapply(seq_len(nrow(rows)), \(i) reference_row(rows[i, , drop = FALSE], arm, fit))
  validate_by_reference(new_by_reference(do.call(rbind, c(reference_sets(rows, arm, fit), single)), arm,
    left_out = attr(rows, "left_out")), call)
}

new_by_reference <- function(table, arm, left_out) {
  structure(list(table = table, arm = arm, left_out = left_out), class = "excess_by_reference")
}

validate_by_reference <- function(x, call) {
  bad <- x$table$num.error > 1e-6
  if (any(bad)) {
    abort_numerical("The tail could not be had to 1e-6 for {.val {x$table$reference[bad]}}.", call = call)
  }
  x
}

# Rows of the endpoint that can be set beside the arm; the attribute "left_out" names the others by reason.
usable_references <- function(table, terms, call) {
  check_columns(table, c("source", "events", "n", "endpoint"), "table", call = call)
  check_endpoints(check_text(table$endpoint, "endpoint", call = call), call)
  for (column in setdiff(c("rate", "events_min", "events_max", "baseline_from_day"), names(table))) {
    table[[column]] <- NA_real_
  }
  table$rate <- check_known(table$rate, "rate", min = 0, max = 1, call = call)
  table$baseline_from_day <- check_known(table$baseline_from_day, "baseline_from_day", min = 0, call = call)
  rows <- table[table$endpoint %in% terms$endpoint, , drop = FALSE]
  reason <- left_out_reason(rows, terms$baseline_days[2])
  usable <- rows[is.na(reason), , drop = FALSE]
  if (nrow(usable) == 0L) {
    abort_input(c("{.arg table} holds no usable reference for the endpoint {.val {terms$endpoint}}.",
      i = "A reference needs {.field events} and {.field n}, or a {.field rate}, and a first exam no more than two
        weeks after the trial's window."
    ), call = call)
  }
  structure(usable, left_out = split(rows$source, factor(reason, left_out_reasons), drop = TRUE))
}

left_out_reasons <- c(
  empty = "neither counts nor a rate", late = "first exam weeks or months after the trial's window",
  review = "review of other sources' patients"
)

late_reference_days <- 14

# Why a row is no reference for the arm; NA where it is one. An arm whose window is not known leaves none out as late.
left_out_reason <- function(rows, last_day) {
  empty <- (is.na(rows$events) | is.na(rows$n)) & !has_count_set(rows) & is.na(rows$rate)
  late <- rows$baseline_from_day > last_day + late_reference_days
  review <- if (is.null(rows$poolable)) FALSE else !rows$poolable & is.na(rows$baseline_from_day)
  ifelse(empty, left_out_reasons[["empty"]], ifelse(late %in% TRUE, left_out_reasons[["late"]],
    ifelse(review %in% TRUE, left_out_reasons[["review"]], NA_character_)))
}

# One sentence for each reason: how many rows, which, and why.
left_out_words <- function(left_out) {
  vapply(names(left_out), \(reason) {
    paste0("Left out (", reason, "): ", paste(unique(left_out[[reason]]), collapse = "; "), ".")
  }, "", USE.NAMES = FALSE)
}

has_count_set <- function(rows) is.na(rows$events) & !is.na(rows$n) & !is.na(rows$events_min) & !is.na(rows$events_max)

# Sets of more than one source: all of the reference set, and those examined in the trial's window.
reference_sets <- function(rows, arm, fit) {
  sets <- reference_set_rows(rows, arm)
  Map(\(sources, label) {
    evidence <- paste(paste0(sources$events, "/", sources$n), collapse = " + ")
    answer_row(label, "set", evidence, list(fit(sources)), as_sources(sources), arm)
  }, sets, names(sets))
}

reference_set_rows <- function(rows, arm) {
  set <- rows[rows[["reference"]] %in% TRUE & !is.na(rows$events) & !is.na(rows$n), , drop = FALSE]
  window <- match_terms(arm)$baseline_days
  reach <- set$baseline_to_day >= window[1] & set$baseline_from_day <= window[2]
  sets <- list("Reference set, exams reaching the trial's days" = set[reach %in% TRUE, , drop = FALSE],
    "Reference set, all" = set)
  sets[vapply(sets, nrow, 0L) > 1L]
}

reference_label <- function(row) {
  paste0(row$source, if (!is.null(row$level) && !is.na(row$level)) paste0(", ", row$level))
}

reference_row <- function(row, arm, fit) {
  counts <- if (has_count_set(row)) seq(row$events_min, row$events_max) else row$events
  label <- reference_label(row)
  described <- row
  if (anyNA(c(counts, row$n))) {
    described[c("events", "n")] <- list(0, 1) # stands for nothing: only what is not a count is compared
    return(answer_row(label, "rate", paste(row$percent_printed %||% format(100 * row$rate), "%, no uncertainty"),
      list(natural_rate(row$rate)),
      as_sources(described), arm))
  }
  naturals <- lapply(counts, \(events) {
    row$events <- events
    fit(row)
  })
  described$events <- counts[1]
  evidence <- paste0(paste(range(counts)[seq_len(min(2L, length(counts)))], collapse = " to "), " of ", row$n)
  answer_row(label, "counts", evidence, naturals, as_sources(described), arm)
}

# Smallest and largest value over the counts that are open, on either side.
answer_row <- function(label, kind, evidence, naturals, sources, arm) {
  counts <- arm_counts(arm)
  pmfs <- lapply(naturals, \(natural) predict(natural, counts$n))
  k <- pmfs[[1]]$responders
  tails <- outer(seq(counts$min, counts$max), pmfs, Vectorize(\(y, pmf) sum(pmf$probability[k >= y])))
  expected <- vapply(pmfs, \(pmf) sum(k * pmf$probability), 0)
  one <- \(v) if (length(v) == 1L) v else NA_real_
  differs <- unique(evidence_differences(match_terms(arm), sources)$what)
  data.frame(
    reference = label, kind = kind, evidence = evidence, differs = paste(differs, collapse = ", "),
    rate = one(expected) / counts$n, natural_responders = one(expected), responders_low = min(expected),
    responders_high = max(expected), natural_tail = one(tails), tail_low = min(tails), tail_high = max(tails),
    num.error = max(vapply(pmfs, \(pmf) sum(pmf$num.error), 0)),
    num.kind = if (any(vapply(pmfs, \(pmf) pmf$num.kind[1] != "exact", NA))) "estimate" else "exact"
  )
}

# Methods --------------------------------------------------------------------------

#' @export
as.data.frame.excess_by_reference <- function(x, ...) x$table

#' @export
tidy.excess_by_reference <- function(x, ...) {
  counts <- arm_counts(x$arm)
  terms <- lapply(seq_len(nrow(x$table)), \(i) {
    row <- x$table[i, ]
    nature <- c(row$responders_low, row$responders_high)
    open <- \(term, values, error) {
      both <- range(values)
      term_row(term, if (both[1] == both[2]) both[1] else NA_real_, both[1], both[2], error, num.kind = row$num.kind)
    }
    cbind(group = row$reference, rbind(
      open("natural_rate", nature / counts$n, row$num.error), open("natural_responders", nature,
        counts$n * row$num.error),
      open("excess_responders", c(counts$min - nature, counts$max - nature), counts$n * row$num.error),
      open("natural_tail", c(row$tail_low, row$tail_high), row$num.error)
    ), differs = row$differs)
  })
  do.call(rbind, terms)
}

#' @export
summary.excess_by_reference <- function(object, ...) tidy(object)

#' @export
print.excess_by_reference <- function(x, ...) {
  table <- x$table[order(x$table$kind != "set", x$table$tail_low), ]
  rows <- data.frame(
    reference = table$reference, evidence = table$evidence, expected = range_text(table$responders_low,
      table$responders_high, \(v) format(signif(v, 2))), tail = range_text(table$tail_low, table$tail_high,
        percent_text),
    differs = table$differs
  )
  counts <- arm_counts(x$arm)
  writeLines(wrap_lines(paste0("Observed ", paste(unique(c(counts$min, counts$max)), collapse = " to "), " of ",
    counts$n, " (", endpoint_label(match_terms(x$arm)$endpoint), "). By nature alone, under each reference: ",
    "responders expected, and the chance of as many or more. What differs from the trial stands beside it.")))
  if (sum(vapply(rows, \(column) max(nchar(column)), 0L)) + ncol(rows) <= getOption("width")) {
    print(rows, row.names = FALSE, right = FALSE)
  } else {
    writeLines(wrap_lines(reference_lines(rows)))
  }
  writeLines(wrap_lines(left_out_words(x$left_out)))
  invisible(x)
}

# The same on a screen too narrow for the table: two lines a reference.
reference_lines <- function(rows) {
  differs <- ifelse(nzchar(rows$differs), paste0("; differs: ", rows$differs), "")
  c(rbind(rows$reference, paste0("  ", rows$evidence, ": expected ", trimws(rows$expected), ", chance ",
    trimws(rows$tail), differs)))
}

range_text <- function(low, high, text) {
  text <- list(vapply(low, text, ""), vapply(high, text, ""))
  ifelse(text[[1]] == text[[2]], text[[1]], paste(text[[1]], "to", text[[2]]))
}

#' @export
plot.excess_by_reference <- function(x, ...) {
  check_picture(names(formals(plot.excess_by_reference)), ...)
  counts <- arm_counts(x$arm)
  rows <- x$table[order(x$table$tail_high), ]
  rows$label <- factor(rows$reference, unique(rows$reference))
  rows$panel <- factor(reference_kinds[rows$kind], unname(reference_kinds))
  edge <- max(rows$tail_high)
  tails <- short_range(range_text(rows$tail_low, rows$tail_high, percent_text))
  at <- text_columns(max(nchar(tails)))
  column <- \(text, x) ggplot2::geom_text(ggplot2::aes(label = text), x = x * edge, hjust = 0, size = 2.75)
  ggplot2::ggplot(rows, ggplot2::aes(y = .data$label, x = .data$tail_high, shape = .data$kind)) +
    ggplot2::geom_segment(ggplot2::aes(x = 0, xend = .data$tail_high, yend = .data$label),
      colour = plot_ink[["light"]]) +
    ggplot2::geom_segment(ggplot2::aes(x = .data$tail_low, xend = .data$tail_high, yend = .data$label),
      linewidth = 1.4) +
    ggplot2::geom_point(size = 2.4, fill = "white", colour = plot_ink[["dark"]]) +
    column(tails, at[["tail"]]) +
    column(short_evidence(rows$evidence), at[["evidence"]]) +
    column(reference_codes(rows$differs), at[["codes"]]) +
    ggplot2::facet_grid(ggplot2::vars(.data$panel), scales = "free_y", space = "free_y") +
    ggplot2::scale_shape_manual(values = c(set = 18, counts = 16, rate = 21), guide = "none") +
    percent_axis(
      limits = c(0, at[["end"]] * edge), breaks = pretty(c(0, edge), 3),
      expand = ggplot2::expansion(mult = c(0.02, 0))
    ) +
    ggplot2::labs(
      x = NULL, y = NULL, title = references_title(rows, counts),
      caption = references_caption(rows, x$left_out)
    ) +
    plot_theme(base_size = 10) +
    ggplot2::theme(strip.text.y = ggplot2::element_text(angle = 0))
}

reference_kinds <- c(
  set = "several\nsources", counts = "one\nsource", rate = "rate\nalone: no\nuncer-\ntainty"
)

# "0.2 % to 21 %" in a column of a picture.
short_range <- function(text) sub(" % to ", "-", text, fixed = TRUE)

# Where the columns of text begin, in units of the longest line: they begin at 1.08, and a
# letter is some 0.0187 of the whole width, which the letters themselves widen.
text_columns <- function(tail_letters) {
  letters <- c(tail = tail_letters + 1, evidence = 17, codes = 7)
  end <- 1.08 / (1 - 0.0187 * sum(letters))
  c(tail = 1.08, 1.08 + 0.0187 * end * cumsum(letters)) |>
    stats::setNames(c("tail", "evidence", "codes", "end"))
}

# Room for one line: a rate's panel says that it has no uncertainty, and of many counts two are shown.
short_evidence <- function(evidence) {
  evidence <- sub(", no uncertainty", "", sub(" to ", "-", evidence, fixed = TRUE), fixed = TRUE)
  sub("^([0-9/]+ [+] [0-9/]+) [+].*", "\\1 ...", evidence)
}

# One letter for each thing that differs, so that a row stays one line.
difference_codes <- c(endpoint = "E", grade = "G", level = "L", baseline = "B", followup = "F", years = "Y",
  registry = "R")

difference_words <- c(endpoint = "endpoint", grade = "baseline grade", level = "level",
  baseline = "day of the first exam", followup = "follow-up", years = "years of injury",
  registry = "one registry twice")

reference_codes <- function(differs) {
  vapply(strsplit(differs, ", ", fixed = TRUE), \(d) if (length(d) == 0L) "-" else paste(difference_codes[d],
    collapse = ""), "")
}

references_title <- function(rows, counts) {
  y <- unique(c(counts$min, counts$max))
  plot_words("Observed ", paste(y, collapse = " to "), " of ", counts$n, "; nature alone gives ",
    if (length(y) == 1L) paste(y, "or more") else "as many or more", " in ", percent_text(min(rows$tail_low)), " to ",
    percent_text(max(rows$tail_high)), " of such trials, depending on the published reference")
}

references_caption <- function(rows, left_out) {
  used <- unique(unlist(strsplit(rows$differs, ", ", fixed = TRUE)))
  used <- intersect(names(difference_codes), used)
  caption_words(
    "Point and first column: chance that nature alone gives as many or more. Second: the evidence. Last: what ",
    "differs from the trial or is not known (", paste0(difference_codes[used], "\u00a0", difference_words[used],
      collapse = ", "),
      "). The references share patients. ", paste(left_out_words(left_out), collapse = " "))
}
