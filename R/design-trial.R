# The next trial: which rule, how many patients, with which control, to tell an effect from natural recovery.

#' Design of the next trial
#'
#' A rule that says for every possible outcome whether success is claimed, its exact error, and the number of patients
#' it needs.
#'
#' * `"single"`: `n` treated patients, no controls. Success is claimed from the smallest count whose natural tail is
#'   at most `alpha`. By `rule = "predictive"` that tail is \eqn{P(\sum Y_0 \ge y)} under the *whole* predictive
#'   distribution of the natural rate (with `bias` on it). `rule = "plug_in"` takes the pooled rate of the sources as
#'   known: it is offered to show what it does. The between-population spread does not average out over patients, so
#'   its true error grows with `n`.
#' * `"randomised"`: Boschloo's exact test of `n` treated against `n_control` controls at one-sided `alpha`. No
#'   history is used, and the error is at most `alpha` whatever the natural rate.
#' * `"hybrid"`: concurrent controls with a part of the history: the control rate has the beta posterior of the
#'   controls and of the sources discounted by the power `a0`, the treated rate that of the treated alone; success is
#'   claimed where \eqn{P(p_1 - p_0 > margin)} is at least a threshold: `1 - alpha`, or with `calibrate = TRUE` the
#'   smallest at which the error is at most `alpha` at *every* common rate. (Under strict control of the error
#'   borrowing gains no power.)
#' * `"sequential"`: a look after every patient, up to `n`: success is claimed as soon as the e-value (a uniform rate
#'   above `natural`'s against it, see [e_value_path()]) reaches `1 / alpha`. `natural` must be a rate taken as known;
#'   the error is at most `alpha` at any stopping rule.
#' * `"two_stage"`: Simon's designs for a known natural rate: stop after the first stage where few respond. The
#'   optimal one has the smallest expected number of patients under the natural rate, the minimax one the smallest
#'   total.
#'
#' @param natural a [natural_rate()]: what is expected without treatment. For `"randomised"` it gives the controls'
#'   rate at which power is counted (its mean).
#' @param type (string) kind of trial.
#' @param n (whole number) treated patients, or `NULL` for the smallest number with the power asked for (with
#'   `"sequential"` and `"two_stage"`: at most `n`, default 50; two stages are sought for up to 100).
#' @param n_control (whole number) concurrent controls; `NULL` is as many as treated.
#' @param rate (number in (0, 1)) true response rate of the treated at which power is counted.
#' @param alpha (number in (0, 1)) one-sided error.
#' @param power (number in (0, 1)) power asked for where `n` is `NULL`.
#' @param rule (string) of `"single"`: `"predictive"` or `"plug_in"`.
#' @param bias [prior_normal()] or [prior_fixed()] on log odds, laid on `natural`: on the rate of the rule of a trial
#'   without controls, on the controls' rate of a `"randomised"` one; `NULL` for none. A `"hybrid"` rule counts the
#'   patients of the sources as they stand: there a bias, landmark or drift is refused, and how a bias moves its error
#'   is told by [operating_characteristics()].
#' @param a0 (number in \[0, 1\], or one for each source) of `"hybrid"`: weight of a historical patient.
#' @param margin (number, difference of rates) of `"hybrid"`.
#' @param prior [prior_beta()] of both rates in `"hybrid"`.
#' @param calibrate (flag) of `"hybrid"`.
#' @param ... nothing: an argument that does not exist is refused by name.
#' @return A `trial_design`: `tidy()` has the terms `n`, `n_control`, `critical` (fewest responders that are called a
#'   success; single-arm), `threshold`, `size` (largest error over the common rate; randomised and hybrid),
#'   `type_1_error` (averaged over `natural`), `power` (at `rate`). Ask it for its [operating_characteristics()] and
#'   [assurance()].
#' @section Conditions: `cordgain_invalid_input` for arguments out of range, where no number of patients up to 200
#'   (randomised: 300 per arm) has the power asked for, or a rule needs what `natural` does not have.
#' @references
#' Boschloo (1970), Statistica Neerlandica 24:1-9, \doi{10.1111/j.1467-9574.1970.tb00104.x}. Ibrahim and Chen (2000),
#' Statistical Science 15:46-60, \doi{10.1214/ss/1009212673}. Simon (1989), Controlled Clinical Trials 10:1-10.
#' @seealso [operating_characteristics()], [assurance()], [predictive_success()], [certainty_ceiling()]
#' @examples
#' late <- subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
#' design_trial(natural_rate(late), "single", n = 20, rate = 0.5)
#' design_trial(natural_rate(0.193), "single", n = 20, rate = 0.5)
#' @export
design_trial <- function(natural, type = c("single", "randomised", "hybrid", "sequential", "two_stage"), n = NULL,
                         n_control = NULL, rate = NULL, alpha = 0.025, power = 0.8,
                         rule = c("predictive", "plug_in"), bias = NULL, a0 = NULL, margin = 0,
                         prior = prior_beta(1, 1), calibrate = FALSE, ...) {
  call <- rlang::current_env()
  check_no_more(names(formals(design_trial)), ...)
  own <- c(rule = !missing(rule), margin = !missing(margin), prior = !missing(prior), calibrate = !missing(calibrate))
  if (!inherits(rlang::maybe_missing(natural), "natural_rate")) {
    abort_input(c("{.arg natural} must be a natural rate.", i = "Make it with {.fn natural_rate}."))
  }
  if (!is.null(bias)) natural <- with_bias(natural, check_bias(bias, call))
  type <- check_option(type, c("single", "randomised", "hybrid", "sequential", "two_stage"), call = call)
  settings <- list(
    natural = natural, type = type, n = n, n_control = n_control, rate = rate,
    alpha = check_number(alpha, min = 0, max = 1, min_open = TRUE, max_open = TRUE),
    power = check_number(power, min = 0, max = 1, min_open = TRUE, max_open = TRUE),
    rule = check_option(rule, c("predictive", "plug_in"), call = call), a0 = a0,
    margin = check_number(margin, min = -1, max = 1), prior = check_prior(prior,
      "beta"), calibrate = check_flag(calibrate)
  )
  settings <- check_design(settings, call)
  check_belongs(names(own)[own], type, call)
  made <- switch(type, single = single_design(settings, call), randomised = randomised_design(settings, call),
    hybrid = hybrid_design(settings, call), sequential = sequential_design(settings, call),
    two_stage = two_stage_design(settings, call))
  new_trial_design(settings, made, call)
}

check_design <- function(s, call) {
  if (!is.null(s$n)) s$n <- check_count(s$n, "n", min = 1, max = 1000, call = call)
  if (!is.null(s$n_control)) s$n_control <- check_count(s$n_control, "n_control", min = 1, max = 1000, call = call)
  if (!is.null(s$rate)) s$rate <- check_number(s$rate, "rate", 0, 1, TRUE, TRUE, call = call)
  if (is.null(s$n) && is.null(s$rate)) {
    abort_input(c("{.arg n} and {.arg rate} are both missing.",
      i = "Give the number of patients, or the true rate of the treated for which enough are sought."), call = call)
  }
  one_armed <- s$type %in% c("single", "sequential", "two_stage")
  if (one_armed && !is.null(s$n_control)) {
    abort_input("A {.val {s$type}} trial has no controls: leave {.arg n_control} out.", call = call)
  }
  if (s$type != "hybrid" && !is.null(s$a0)) abort_input("{.arg a0} belongs to {.val hybrid}.", call = call)
  s
}

# What another type of trial would have used is not left unused in silence.
check_belongs <- function(given, type, call) {
  belongs <- c(rule = "single", margin = "hybrid", prior = "hybrid", calibrate = "hybrid")
  wrong <- given[belongs[given] != type]
  if (length(wrong) > 0L) {
    abort_input(c("{.arg {wrong}} {?belongs/belong} to {.val {unique(belongs[wrong])}}.",
      x = "The trial's type is {.val {type}}."), call = call)
  }
}

# `made`: n, n_control, claims (logical matrix, treated events down, control events across) or NULL where looks are
# taken on the way, and extra rows.
new_trial_design <- function(settings, made, call) {
  x <- structure(c(settings[setdiff(names(settings), names(made))], made), class = "trial_design")
  x$terms <- design_terms(x, call)
  x
}

design_terms <- function(x, call) {
  count <- \(term, value) term_row(term, value, num.kind = "exact")
  rows <- list(count("n", x$n), if (!is.null(x$n_control)) count("n_control", x$n_control),
    if (x$type == "single") count("critical", x$critical),
    if (!is.null(x$threshold)) term_row("threshold", x$threshold, error = x$threshold_error), x$extra)
  if (!is.null(x$claims)) {
    if (x$type %in% c("randomised", "hybrid")) rows <- c(rows, list(size_row(x$claims)))
    rows <- c(rows, list(average_error(x, call)), list(power_row(x)))
  }
  do.call(rbind, rows)
}

# The search for the worst common rate takes minutes where there are very many tables: it is then not made.
size_row <- function(claims) {
  if (length(claims) > most_tables) {
    return(term_row("size", NA_real_, error = NA_real_))
  }
  size <- core_region_size(claims)
  term_row("size", size$value, error = size$bound, num.kind = "bound")
}

average_error <- function(x, call) {
  surface <- claim_surface(x$claims, x$natural, 0, 0, FALSE, call)
  term_row("type_1_error", surface$value[1, 1], error = surface$error[1, 1])
}

power_row <- function(x) {
  if (is.null(x$rate)) {
    return(NULL)
  }
  controls <- if (is.null(x$n_control)) 0.5 else mean_natural_rate(x$natural)
  term_row("power", core_region_probability(x$claims, x$rate, controls), error = 1e-13)
}

#' @export
tidy.trial_design <- function(x, ...) x$terms

#' @export
summary.trial_design <- function(object, ...) object

#' @export
print.trial_design <- function(x, digits = 3, ...) {
  at <- \(term) signif(x$terms$estimate[x$terms$term == term], digits)
  arms <- paste0(x$n, " treated", if (!is.null(x$n_control)) paste(" and", x$n_control, "control"), " patients")
  words <- switch(x$type,
    single = paste0("Single arm, ", arms, ". Success is claimed from ",
      if (is.na(x$critical)) "no number" else x$critical,
      " responders on (", if (x$rule == "predictive") "natural tail over the predictive distribution" else
        "pooled natural rate taken as known", ", at most ", x$alpha, ")."),
    randomised = paste0("Randomised, ", arms, ". Boschloo's exact test at one-sided ", x$alpha, "."),
    hybrid = paste0("Hybrid, ", arms, ". Success where P(difference > ", x$margin, ") is at least ",
      format(x$threshold, digits = 6), if (x$calibrate) " (calibrated)", "."),
    sequential = paste0("A look after every patient, at most ", x$n, ". Success once the e-value reaches ",
      1 / x$alpha, "."),
    two_stage = "Two stages (Simon)."
  )
  cat(wrap_lines(c(words, paste0("Natural recovery: ", natural_label(x$natural), "."))), sep = "\n")
  rows <- x$terms[!x$terms$term %in% c("n", "n_control", "critical", "threshold"), ]
  cat(paste0("  ", gsub("_", " ", rows$term), ": ", vapply(signif(rows$estimate, digits), format, "")), sep = "\n")
  if (!is.null(x$boundary)) {
    if (nrow(x$boundary) > 0L) print(x$boundary, row.names = FALSE) else
      cat(wrap_lines("With so few patients no outcome is a success."), sep = "\n")
  }
  invisible(x)
}
