# Several outcomes of the same patients, together.

#' Excess of several outcomes together
#'
#' One answer from several outcomes of the same patients (arms, legs, independence). Each mean
#' excess is divided by the natural SD of its outcome; these standardised excesses \eqn{z} have
#' \deqn{z \sim N(\delta \lambda, V), \quad V = S R S,}{z ~ N(delta lambda, V), V = S R S,}
#' with \eqn{R} the correlation of the outcomes in natural recovery and \eqn{s_j} the standard error of `mean_excess`
#' that [excess()] gives, over \eqn{sd_j}: of normal changes
#' \eqn{s_j^2 = 1/n + Var(\theta^*_j) / sd_j^2}, less where changes end at the ends of the scale. The common excess is
#' \eqn{\hat\delta = \lambda' V^{-1} z / (\lambda' V^{-1} \lambda)}. The uncertain natural means are taken
#' to be correlated as the outcomes are, and sums of cut or counted changes to be normal.
#'
#' `R` must come from a registry: four patients cannot tell a correlation. Outcomes that go together add
#' little (three outcomes of correlation 0.6 in four patients: SE 0.428, against 0.5 for one). All declared
#' outcomes are shown; nothing is picked.
#'
#' @param excesses (named list) two or more results of [excess()] of a [score_change()], about the same patients.
#' @param correlation (matrix) correlations of the outcomes' natural changes, in the order of `excesses`.
#' @param source (string) the registry or paper that `correlation` comes from.
#' @param loading (numeric, one per outcome) how much of the common excess each outcome takes; equal unless said.
#' @param conf.level (number in (0, 1)) of intervals.
#' @return A `joint_excess`. `tidy()` terms, in natural SDs: `standardised_excess` (column `outcome`), and
#'   `common_excess` with `statistic` (estimate / SE) and `prob_common` (probability of a smaller one
#'   without effect).
#' @section Conditions: `cordgain_invalid_input` for outcomes of different patients, or a matrix that is not a positive
#'   definite correlation matrix.
#' @references O'Brien (1984), Biometrics 40:1079-1087 (the GLS combination of several outcomes).
#' @seealso [excess.score_change()]
#' @examples
#' # simulated patients
#' arms <- score_change(c(12, 18, 9, 15), c(36, 31, 11, 15), "uems")
#' legs <- score_change(c(0, 2, 0, 0), c(6, 2, 0, 1), "lems")
#' all <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")
#' joint_excess(
#'   list(arms = excess(arms, natural_change(7.8, sd = 6.5), accept = all),
#'     legs = excess(legs, natural_change(2.3, sd = 7.4), accept = all)),
#'   correlation = matrix(c(1, 0.4, 0.4, 1), 2), source = "assumed, for illustration"
#' )
#' @export
joint_excess <- function(excesses, correlation, source, loading = NULL, conf.level = 0.95) {
  call <- rlang::current_env()
  check_given(c(excesses = "a named list of two or more results of {.fn excess}",
    correlation = "of the outcomes' natural changes, from a registry: a handful of patients cannot tell it",
    source = "the registry or paper that the correlations come from"))
  check_excesses(excesses, call)
  correlation <- check_correlation(correlation, names(excesses), call)
  loading <- if (is.null(loading)) rep(1, length(excesses)) else check_numeric(loading, length = length(excesses))
  if (all(loading == 0)) abort_input("{.arg loading} must not be all 0.")
  conf.level <- check_number(conf.level, min = 0, max = 1, min_open = TRUE, max_open = TRUE)
  fields <- list(parts = lapply(excesses, standardised), correlation = correlation, source = check_string(source),
    loading = loading, conf.level = conf.level)
  structure(c(fields, list(terms = joint_terms(fields))), class = "joint_excess")
}

check_excesses <- function(excesses, call) {
  if (!is.list(excesses) || length(excesses) < 2L || !all(vapply(excesses, inherits, NA, "excess_score")) ||
    is.null(names(excesses)) || anyDuplicated(names(excesses)) > 0L || !all(nzchar(names(excesses)))) {
    abort_input("{.arg excesses} must be a named list of two or more results of {.fn excess} of a {.fn score_change}.",
      call = call)
  }
  subjects <- lapply(excesses, \(e) change_subjects(score_excess_change(e)))
  if (length(unique(subjects)) > 1L) {
    abort_input("The outcomes must be of the same patients, in the same order.", call = call)
  }
  twice <- duplicated(lapply(excesses, \(e) list(score_excess_change(e), score_excess_terms(e))))
  if (any(twice)) {
    abort_input(c("Every outcome must stand once.",
      x = "{.val {names(excesses)[twice]}} {?is/are} the same as one before.",
      i = "Counted twice, one outcome looks like two that agree."), call = call)
  }
  if (any(vapply(excesses, \(e) anyNA(change_scores(score_excess_change(e))), NA))) {
    abort_input("Outcomes with final scores that are not known cannot be combined.", call = call)
  }
  endless <- vapply(excesses, \(e) is.na(standardised(e)$sd), NA)
  if (any(endless)) {
    abort_input(c("The natural mean of {.val {names(excesses)[endless]}} has no standard deviation.",
      i = "A prior of tau with lighter tails, such as {.fn prior_half_normal}, leaves one."), call = call)
  }
}

check_correlation <- function(correlation, outcomes, call) {
  size <- length(outcomes)
  is_one <- is.matrix(correlation) && is.numeric(correlation) && all(dim(correlation) == size) &&
    all(is.finite(correlation)) && all(diag(correlation) == 1) && isSymmetric(unname(correlation))
  values <- if (is_one) eigen(correlation, symmetric = TRUE, only.values = TRUE)$values else NA_real_
  if (!is_one || min(values) < 1e-10) {
    abort_input(c("{.arg correlation} must be a positive definite correlation matrix of the {size} outcomes.",
      x = if (is_one) "Its smallest eigenvalue is {signif(min(values), 3)}." else
        "It is {.obj_type_friendly {correlation}}{if (is.matrix(correlation)) paste0(', ', nrow(correlation), ' by ',
        ncol(correlation))}.",
      i = "Symmetric, 1 on the diagonal, in the order of {.arg excesses}, from a registry."
    ), call = call)
  }
  for (names in dimnames(correlation)) {
    if (!is.null(names) && !identical(names, outcomes)) {
      abort_input(c("{.arg correlation} names other outcomes than {.arg excesses}, or in another order.",
        x = "Its names are {.val {names}}; the outcomes are {.val {outcomes}}.",
        i = "Bring its rows and columns into the order of {.arg excesses}, or leave the names out."), call = call)
    }
  }
  unname(correlation)
}

# Mean excess in natural SDs, with its standard error without effect: the treated's own SD says nothing of that.
standardised <- function(excess) {
  rows <- score_excess_terms(excess)
  mean <- rows[rows$term == "mean_excess", ]
  sd <- change_sd(score_excess_natural(excess))
  list(turned = scale_sign(change_motor_scale(score_excess_change(excess))) < 0, z = mean$estimate / sd,
    sd = mean$std.error / sd, error = mean$num.error / sd)
}

joint_terms <- function(x) {
  z <- vapply(x$parts, `[[`, 0, "z")
  sd <- vapply(x$parts, `[[`, 0, "sd")
  error <- vapply(x$parts, `[[`, 0, "error")
  weight <- solve(outer(sd, sd) * x$correlation, x$loading)
  variance <- 1 / sum(weight * x$loading)
  common <- variance * sum(weight * z)
  reach <- stats::qnorm((1 + x$conf.level) / 2)
  common_error <- variance * sum(abs(weight) * error) + 64 * .Machine$double.eps
  se <- sqrt(variance)
  rows <- rbind(
    term_row("standardised_excess", z, z - reach * sd, z + reach * sd, error + 64 * .Machine$double.eps, sd),
    term_row("common_excess", common, common - reach * se, common + reach * se, common_error, se),
    term_row("prob_common", stats::pnorm(common / se), error = common_error / se)
  )
  cbind(rows, statistic = c(rep(NA, length(z)), common / se, NA), outcome = c(names(x$parts), NA, NA))
}

#' @export
tidy.joint_excess <- function(x, ...) x$terms

#' @export
summary.joint_excess <- function(object, ...) object$terms

#' @export
print.joint_excess <- function(x, digits = 3, ...) {
  rows <- x$terms
  show <- \(v) format(signif(v, digits), trim = TRUE)
  line <- \(row, name) {
    paste0("  ", name, ": ", show(row$estimate), " (", show(row$conf.low), " to ", show(row$conf.high), ")")
  }
  each <- rows[rows$term == "standardised_excess", ]
  common <- rows[rows$term == "common_excess", ]
  writeLines(wrap_lines(c(
    paste0("Excess of ", nrow(each), " outcomes together, in natural SDs"),
    vapply(seq_len(nrow(each)), \(i) line(each[i, ], each$outcome[i]), ""), line(common, "common"),
    paste0("Correlation of the outcomes in natural recovery: ", x$source, "."),
    paste0("Nature alone gives a smaller common excess in ",
      percent_text(rows$estimate[rows$term == "prob_common"]), " of such groups (not a probability of benefit).")
  )))
  invisible(x)
}

#' @export
plot.joint_excess <- function(x, ...) {
  check_picture(names(formals(plot.joint_excess)), ...)
  rows <- x$terms[x$terms$term != "prob_common", ]
  together <- "all together"
  rows$label <- factor(ifelse(is.na(rows$outcome), together, rows$outcome), levels = rev(c(names(x$parts), together)))
  ggplot2::ggplot(rows, ggplot2::aes(x = .data$estimate, y = .data$label)) +
    ggplot2::geom_vline(xintercept = 0, colour = plot_ink[["light"]]) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$conf.low, xmax = .data$conf.high), colour = plot_ink[["mid"]]) +
    ggplot2::geom_point(size = 2.6, colour = plot_ink[["dark"]]) +
    ggplot2::labs(x = "Mean excess, in SDs of natural change", y = NULL,
      title = joint_title(rows[is.na(rows$outcome), ], x$conf.level),
      caption = caption_words("Correlation of the outcomes: ", x$source, ". Lines: ", percent_text(x$conf.level),
        " intervals.", joint_turned_words(x))) +
    plot_theme()
}

# One axis for all: right is better, whatever the direction of their scales.
joint_turned_words <- function(x) {
  turned <- vapply(x$parts, `[[`, NA, "turned")
  if (any(turned)) {
    paste0(" Lower is better in ", paste(names(x$parts)[turned], collapse = ", "), ": there, too, better is right.")
  }
}

joint_title <- function(common, conf.level) {
  two <- \(value) sprintf("%.2f", value)
  plot_words("All outcomes together: ", two(abs(common$estimate)), " SDs ",
    if (common$estimate < 0) "below" else "above", " natural recovery (", percent_text(conf.level), " interval ",
    two(common$conf.low), " to ", two(common$conf.high), ")")
}
