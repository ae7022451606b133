# Falsification: the pipeline that produced the answer, run on untreated patients. How often would it have claimed
# success where there was no treatment at all?

#' How often would the same pipeline have claimed success for untreated patients?
#'
#' The endpoint, the evidence and the analysis of an answer are kept; only the treated patients are replaced, by as many
#' untreated ones. A pipeline that claims success for them too often is no evidence for a treatment. Success is
#' claimed where the natural tail is at or below a threshold.
#'
#' * `against = "left_out"`: each source of the evidence is left out in turn, the natural rate is learned from the
#'   others, and `n` patients respond at the rate of the source left out. Exact sums. The interval carries the exact
#'   limits of that rate.
#' * `against = "records"`: `n` of the untreated patients in `records` are drawn without replacement,
#'   matched on level (as many from each level as the trial has) and on the day of the baseline exam (inside the
#'   trial's window) where the records have these columns and the trial knows them. Exact (hypergeometric), or by
#'   `sets` draws.
#' * `against = "predictive"`: patients are drawn from the answer's own natural rate. That is a **check of the code**,
#'   not of the pipeline: it must give back the thresholds as nearly as whole numbers of patients allow.
#'
#' For scores success is claimed where the natural tail of the mean change (1 - `prob_excess`) is at or below a
#' threshold, whatever test was declared beforehand. `"left_out"`: patients of the source left out vary by its own SD
#' about its mean, which is as uncertain as published (`conf.low`, `conf.high`: at its 95 % limits); exact.
#' `"records"`: exact where changes are whole points (all sets are added up), else `sets` draws; the pipeline takes
#' the range of the published population, because the records' own baselines differ from the trial's.
#'
#' For repeated scores ([recovery_data()]) the natural tail is that of the mean excess at each patient's last visit
#' (1 - `prob_excess`). `"records"`: each patient's place is taken by an untreated one who was examined within `within`
#' weeks of that patient's baseline and last visit (and has the same level, where records and trial know it); natural
#' gains are those between the weeks of these exams. All sets are gone through where every place has the same records
#' and there are at most 20,000 sets, else sets are drawn. A course has one source: none can be left out.
#'
#' @param x an [excess()] of responders with one natural rate, of a [score_change()] with known final scores, or of a
#'   course ([recovery_data()]).
#' @param records (data frame) untreated subjects, one row each: `response` (0 or 1, `TRUE` or `FALSE`; `NA` where not
#'   known: such rows are refused), and if you like `level` and `baseline_day` (days from injury); for scores `change`
#'   (points, a gain positive), or `baseline` and `final` on the trial's scale; for repeated scores a
#'   [recovery_data()] of untreated patients, if you like with a column `level`.
#' @param n (whole number) patients in a set; `NULL` is the number in the trial.
#' @param sets (whole number) sets drawn where `exact = FALSE`.
#' @param threshold (numeric in (0, 1)) natural tails at or below which success is claimed.
#' @param seed (whole number or `NULL`) of the draws; `NULL` takes one from R's stream. The answer does not depend on
#'   the number of workers.
#' @param against (string) `"left_out"`, `"records"`, `"predictive"`; the default is `"records"` where they are given,
#'   else `"left_out"`.
#' @param exact (flag) exact enumeration, which counts allow always; `FALSE` draws `sets` sets instead, in blocks
#'   spread over the workers of `future::plan()` where future.apply is installed.
#' @param ... not used.
#' @return A `falsify`: `tidy()` has one row per threshold (and per source left out, `group`): `term` (`"claims"`),
#'   `threshold`, `estimate` (share of sets that would have been called a success), `conf.low`, `conf.high` (for
#'   `"left_out"` from the exact 95 % limits of the source's rate; for draws exact binomial 95 % limits of the Monte
#'   Carlo error), `critical` (fewest responders, or smallest mean change, called a success, for repeated scores at the
#'   trial's own visits; `NA` where none is), `natural_tail` (what the trial's own outcome would give there),
#'   `num.error`, `num.kind`.
#' @section Conditions: `cordgain_invalid_input` for records without outcomes, too few records of a level or in the
#'   window, or an answer whose outcomes or levels are open.
#' @seealso [tipping()], [sensitivity()], [operating_characteristics()]
#' @examples
#' set <- subset(natural_ais, reference & endpoint == "ais_c")
#' all <- c("level", "baseline", "followup", "years", "registry")
#' answer <- excess(keio_ips, natural_rate(set), accept = all)
#' falsify(answer)
#' @export
falsify <- function(x, records = NULL, n = NULL, sets = 10000, threshold = c(0.025, 0.05, 0.10), seed = NULL, ...) {
  UseMethod("falsify")
}

#' @export
falsify.default <- function(x, records = NULL, n = NULL, sets = 10000, threshold = c(0.025, 0.05, 0.10), seed = NULL,
                            ...) {
  check_excess_given(rlang::maybe_missing(x), "x")
}

#' @rdname falsify
#' @export
falsify.excess_responders <- function(x, records = NULL, n = NULL, sets = 10000, threshold = c(0.025, 0.05, 0.10),
                                      seed = NULL, against = NULL, exact = TRUE, ...) {
  check_no_more(names(formals(falsify.excess_responders)), ...)
  call <- rlang::current_env()
  scenario <- one_scenario(x, call)
  n <- if (is.null(n)) scenario$n else check_count(n, min = 1, max = 1000)
  asked <- falsify_asked(sets, threshold, call, most = 1e7)
  exact <- check_flag(exact)
  natural <- excess_natural(x)
  against <- falsify_against(against, natural, records, rate_kind(natural), call)
  worlds <- switch(against,
    left_out = left_out_worlds(x, n, call),
    records = list(record_world(x, records, n, call)),
    predictive = list(predictive_world(x, n, call))
  )
  if (!exact) seed <- draw_seed(seed)
  rows <- lapply(seq_along(worlds), \(i) {
    draw <- if (!exact) list(sets = asked$sets, seed = seed, world = i)
    world_rows(counted_world(worlds[[i]], scenario$responders), asked$threshold, draw, n == scenario$n)
  })
  structure(list(terms = do.call(rbind, rows), against = against, n = n, drawn = if (!exact) asked$sets, excess = x),
    class = "falsify")
}

# Sets and thresholds as every kind of outcome takes them; `most` sets, counts being cheaper than scores.
falsify_asked <- function(sets, threshold, call, most = 1e6) {
  list(sets = check_count(sets, "sets", min = 100, max = most, call = call),
    threshold = sort(check_numeric(threshold, "threshold", min = 0, max = 1, min_open = TRUE, max_open = TRUE,
      call = call)))
}

falsify_against <- function(against, natural, records, kind, call) {
  if (is.null(against)) against <- if (is.null(records)) "left_out" else "records"
  against <- check_choice(against, c("left_out", "records", "predictive"), "against", call = call)
  if (against != "records" && !is.null(records)) {
    abort_input("{.arg records} belong to {.code against = \"records\"}.", call = call)
  }
  if (against == "left_out" && (kind != "meta" || nrow(natural_sources(natural)) < 2L)) {
    abort_input(c("There is no source to be left out: natural recovery needs two or more.",
      x = "Here it rests on {natural_label(natural)}.",
      i = "Give {.arg records} of untreated subjects, or check the code with {.code against = \"predictive\"}."),
    call = call)
  }
  against
}

# Worlds: what the pipeline says for each count, and how untreated counts are distributed -----------------------

# What world_rows() asks of a world of any kind: `group`, `observed` (natural tail of the trial's own outcome there),
# and either `claims(threshold)`, an exact row, or `tails(u)`, natural tails of sets drawn from `columns` uniform
# numbers each, with `critical(threshold)`.

# Of responders: `tail` natural tails of 0..n; `pmf` distribution of the responders among untreated; `low`, `high` the
# same at the limits of what is known of the world, or NULL; `draw(u)` counts from uniform numbers, one row for each
# set.
new_world <- function(group, tails, pmf, draw, columns = 1L, low = NULL, high = NULL, pmf_error = 0) {
  list(group = group, tail = tails$value, pmf = pmf, draw = draw, columns = columns, low = low, high = high,
    pmf_error = pmf_error)
}

counted_world <- function(world, responders) {
  critical <- \(threshold) {
    claims <- world$tail <= threshold
    if (any(claims)) which(claims)[1] - 1 else NA_real_
  }
  exact <- \(threshold) cbind(exact_claims(world, world$tail <= threshold), critical = critical(threshold))
  list(group = world$group, observed = world$tail[responders + 1], claims = exact, critical = critical,
    columns = world$columns, tails = \(u) world$tail[world$draw(u) + 1L])
}

# The pipeline's tails of every count, by the road that every answer takes.
pipeline_tails <- function(natural, n, call) {
  table <- responders_pmf(natural, n, call)
  list(value = upper_tails(table$value), error = sum(table$error))
}

left_out_worlds <- function(x, n, call) {
  natural <- excess_natural(x)
  sources <- natural_sources(natural)
  lapply(seq_len(nrow(sources)), \(k) {
    tails <- pipeline_tails(without_source(natural, k, call), n, call)
    y <- sources$events[k]
    m <- sources$n[k]
    limits <- core_clopper_pearson(y, m, 0.025, 0.025)
    at <- \(rate) stats::dbinom(0:n, n, rate)
    new_world(paste(sources$source[k], "left out"), tails, at(y / m), \(u) stats::qbinom(u[, 1], n, y / m),
      low = at(limits$lower), high = at(limits$upper))
  })
}

predictive_world <- function(x, n, call) {
  natural <- excess_natural(x)
  pmf <- responders_pmf(natural, n, call)
  below <- cumsum(pmf$value)[seq_len(n)]
  new_world("own predictive distribution: check of the code", list(value = upper_tails(pmf$value)), pmf$value,
    \(u) findInterval(u[, 1], below), pmf_error = sum(pmf$error))
}

# Records ------------------------------------------------------------------------------------------------------

record_world <- function(x, records, n, call) {
  if (is.null(records)) abort_input("{.arg records} are not given.", call = call)
  records <- check_untreated(records, call)
  arm <- excess_arm(x)
  chosen <- records_in_window(records, match_terms(arm)$baseline_days, call)
  drawn <- matched_records(chosen$rows, arm_levels(arm), n, arm_counts(arm)$n, call)
  groups <- lapply(drawn$sets, \(set) list(size = nrow(set$rows), events = sum(set$rows$response), n = set$n))
  pmf <- Reduce(convolve_pmf, lapply(groups, \(g) stats::dhyper(0:g$n, g$events, g$size - g$events, g$n)))
  tails <- pipeline_tails(excess_natural(x), n, call)
  new_world(records_label(chosen, drawn), tails, pmf, \(u) {
    Reduce(`+`, Map(\(g, j) stats::qhyper(u[, j], g$events, g$size - g$events, g$n), groups, seq_along(groups)))
  }, columns = length(groups))
}

check_untreated <- function(records, call) {
  records <- check_table(records, "records", call = call)
  check_columns(records, "response", "records", call = call)
  response <- records$response
  if (is.logical(response)) response <- as.numeric(response)
  if (!is.numeric(response)) {
    abort_input(c("Every record needs {.field response} 0 or 1.", x = "The column is {.obj_type_friendly {response}}.",
      i = number_hint(response)), call = call)
  }
  if (anyNA(response)) {
    abort_input(c("Every record needs {.field response} 0 or 1.",
      x = "{sum(is.na(response))} of {length(response)} are not known.",
      i = "A lost outcome is not left out in silence: decide what it counts as, and say so."), call = call)
  }
  other <- which(!response %in% c(0, 1))
  if (length(other) > 0L) {
    abort_input(c("Every record needs {.field response} 0 or 1.",
      x = "{cli::qty(length(other))}Row{?s} {first_few(other)} {?is/are}: {first_few(format(response[other]))}."),
    call = call)
  }
  records$response <- response
  records
}

records_in_window <- function(records, window, call) {
  if (is.null(records$baseline_day) || anyNA(window)) {
    return(list(rows = records, matched = NULL))
  }
  day <- check_numeric(records$baseline_day, "baseline_day", min = 0, call = call)
  inside <- day >= window[1] & day <= window[2]
  if (!any(inside)) {
    abort_input(c("No record was examined in the trial's window, day {window[1]} to {window[2]}.",
      x = "The days run from {min(day)} to {max(day)}.",
      i = "Leave the column {.field baseline_day} out to take all of them, not matched."), call = call)
  }
  list(rows = records[inside, , drop = FALSE], matched = "day")
}

# The records of each level, and how many of the set are drawn from them: as many from each level as the trial has,
# where both know it and the set is as large as the trial.
matched_records <- function(records, levels, n, patients, call) {
  levels <- standard_level(levels)
  known <- !is.null(records$level) && !anyNA(levels) && n == patients
  wanted <- if (known) table(rep_len(levels, n)) else c(" " = n)
  sets <- lapply(names(wanted), \(level) {
    rows <- if (known) records[standard_level(records$level) %in% level, , drop = FALSE] else records
    take <- as.integer(wanted[[level]])
    if (nrow(rows) < take) {
      abort_input(c("There are too few records{if (known) paste0(' of level ', level)}.",
        x = "{nrow(rows)} record{?s}, {take} patient{?s} to be drawn."), call = call)
    }
    list(rows = rows, n = take)
  })
  list(sets = sets, matched = known)
}

# What a world of records is called: how many, and what they were matched on.
records_label <- function(chosen, drawn) {
  matched <- c(if (drawn$matched) "level", chosen$matched)
  paste0(nrow(chosen$rows), " untreated records, ",
    if (length(matched) > 0L) paste("matched on", paste(matched, collapse = " and ")) else "not matched")
}

convolve_pmf <- function(a, b) {
  sums <- outer(seq_along(a) - 1, seq_along(b) - 1, "+")
  as.vector(tapply(outer(a, b), sums, sum))
}

# Claims ---------------------------------------------------------------------------------------------------------

world_rows <- function(world, threshold, draw, same_n) {
  seen <- if (!is.null(draw)) drawn_claims(world, threshold, draw)
  rows <- lapply(seq_along(threshold), \(i) {
    row <- if (is.null(draw)) world$claims(threshold[i]) else
      cbind(share_row(seen[i], draw$sets), critical = world$critical(threshold[i]))
    cbind(group = world$group, threshold = threshold[i], row,
      natural_tail = if (same_n) world$observed else NA_real_)
  })
  do.call(rbind, rows)
}

exact_claims <- function(world, claims) {
  at <- \(pmf) if (is.null(pmf)) NA_real_ else sum(pmf[claims])
  term_row("claims", at(world$pmf), at(world$low), at(world$high), world$pmf_error + 64 * .Machine$double.eps)
}

share_row <- function(hits, sets) {
  limits <- core_clopper_pearson(hits, sets, 0.025, 0.025)
  share <- hits / sets
  term_row("claims", share, limits$lower, limits$upper, 0, sqrt(share * (1 - share) / sets), "exact")
}

falsify_block <- 1000

# Sets called a success at each threshold. Blocks of fixed size, each on a stream of its own of the one seed: the same
# draws for any number of workers.
drawn_claims <- function(world, threshold, draw) {
  sizes <- diff(unique(c(seq(0, draw$sets, by = falsify_block), draw$sets)))
  one <- \(i) {
    stream <- draw$world * 2^20 + i
    u <- matrix(core_stream_uniforms(draw$seed, stream, sizes[i] * world$columns), ncol = world$columns)
    tails <- world$tails(u)
    vapply(threshold, \(t) sum(tails <= t), 0)
  }
  Reduce(`+`, over_workers(seq_along(sizes), one))
}

# Over the workers of future::plan() where future.apply is installed, with the progress that progressr shows.
over_workers <- function(x, fun) {
  if (!rlang::is_installed("future.apply")) {
    return(lapply(x, fun))
  }
  step <- if (rlang::is_installed("progressr")) progressr::progressor(along = x) else \() NULL
  future.apply::future_lapply(x, \(i) {
    result <- fun(i)
    step()
    result
  }, future.seed = NULL, future.packages = "cordgain")
}

# Methods ----------------------------------------------------------------------------------------------------------

#' @export
tidy.falsify <- function(x, ...) x$terms

#' @export
summary.falsify <- function(object, ...) object

#' @export
print.falsify <- function(x, ...) {
  rows <- x$terms
  alone <- length(unique(rows$group)) == 1L
  how <- if (is.null(x$drawn)) "exact sums" else paste(format(x$drawn, big.mark = " "), "sets drawn")
  cat(wrap_lines(c(
    paste0("How often the same pipeline would claim success for ", x$n, " untreated patients (", how, ")."),
    switch(x$against,
      left_out = paste0("Each source in turn is left out of the evidence, and its own ",
        if (inherits(x$excess, "excess_responders")) "rate" else "mean", " is nature."),
      records = "Untreated records, which the evidence should not contain.",
      predictive = "Drawn from the answer's own natural recovery: a check of the code, not of the pipeline."),
    if (alone) paste0("Untreated: ", rows$group[1], "."),
    paste("tail: the largest natural tail that is called a success; needs: what reaches it; share: of the untreated",
      "sets that do.")
  )), sep = "\n")
  interval <- ifelse(is.na(rows$conf.low), "", paste(percent_text(rows$conf.low), "to", percent_text(rows$conf.high)))
  table <- data.frame(untreated = shortened(sub(" left out$", "", rows$group), 30), tail = percent_text(rows$threshold),
    needs = critical_words(x, rows$critical), share = percent_text(rows$estimate), interval = interval)
  labels <- if (alone) rep("", nrow(table)) else paste0(table$untreated, ", ")
  print_rows(table[if (alone) -1L else TRUE], make.unique(paste0(labels, table$tail)), right = FALSE)
  invisible(x)
}

critical_words <- function(x, critical) {
  if (inherits(x$excess, "excess_responders")) {
    return(ifelse(is.na(critical), "no count", paste(critical, "of", x$n)))
  }
  ifelse(is.na(critical), "no mean", paste("mean", signif(critical, 4)))
}

#' @rdname falsify
#' @export
plot.falsify <- function(x, ...) {
  check_picture(names(formals(plot.falsify)), ...)
  rows <- x$terms
  rows$threshold <- factor(percent_text(rows$threshold), unique(percent_text(rows$threshold)))
  goal <- data.frame(threshold = levels(rows$threshold), asked = unique(x$terms$threshold))
  goal$threshold <- factor(goal$threshold, levels(rows$threshold))
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$estimate, y = .data$group)) +
    ggplot2::geom_vline(data = goal, ggplot2::aes(xintercept = .data$asked), linetype = "dashed",
      colour = plot_ink[["mid"]]) +
    (if (!all(is.na(rows$conf.low))) ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low,
      xmax = .data$conf.high),
      colour = plot_ink[["mid"]])) +
    ggplot2::geom_point(size = 2.4, colour = plot_ink[["dark"]]) +
    ggplot2::geom_text(ggplot2::aes(label = percent_text(.data$estimate)), x = Inf, hjust = 1, size = 3) +
    ggplot2::facet_wrap(ggplot2::vars(.data$threshold), labeller = \(v) lapply(v, \(t) paste("Tail up to", t))) +
    percent_axis(limits = c(0, NA), n.breaks = 3, expand = ggplot2::expansion(mult = c(0.06, 0.55))) +
    ggplot2::labs(x = "Share of untreated sets called a success", y = NULL, title = falsify_title(x$terms),
      caption = "Dashed: the share that the rule allows.") +
    plot_theme() +
    ggplot2::theme(panel.spacing.x = ggplot2::unit(18, "pt"), # ticks of neighbouring panels stand clear of each other
      strip.text = ggplot2::element_text(size = ggplot2::rel(0.7)))
}

falsify_title <- function(terms) {
  last <- terms[terms$threshold == max(terms$threshold), ]
  plot_words("Untreated patients would have been called a success in ",
    paste(unique(percent_text(range(last$estimate))), collapse = " to "), " of trials, by a rule that allows ",
    percent_text(last$threshold[1]))
}
