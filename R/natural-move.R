# Moves: one assumption about natural recovery changed, everything else standing. Tipping points and maps are made of
# them, for every kind of outcome.

# What a kind of excess must answer, so that everything of this stage works for it:
# `question_parts()` what it is asked about, and the words in which it is asked; `natural_move()` one assumption as a
# move; `nature_tails()` the natural tail of every scenario under a moved nature.

# A list: `moves` what can be varied, `scenarios` how many possibilities are open, `natural` the evidence, and words:
# `question`, `rare` (for a title), `chance` (for an axis).
question_parts <- function(excess) UseMethod("question_parts")

# A move: `nature(value)` is natural recovery moved, in whatever form the kind's nature_tails() takes; `grid` the values
# looked at, `start` the index near which a crossing is wanted, `show()` the value as it is told, `stretch()` by how
# much that enlarges an error, `title` and `drawn` (grid values) for a picture.
natural_move <- function(excess, term, context, call) UseMethod("natural_move")

# Natural tails of all scenarios, list(fine, coarse).
nature_tails <- function(excess, nature) UseMethod("nature_tails")

new_move <- function(term, nature, grid, unit, range, start = 1, show = identity, stretch = \(value) 1,
                     title = move_titles[[term]], drawn = c(-Inf, Inf)) {
  list(term = term, nature = nature, grid = grid, unit = unit, range = range, start = start, show = show,
    stretch = stretch, title = title, drawn = drawn)
}

move_titles <- c(
  bias = "Odds of natural recovery in the trial, times those of the evidence", rate = "Natural rate, taken as known",
  tau = "SD between populations (log odds)", landmark = "Still unrecovered at week",
  drift = "Change per calendar year (log odds)"
)

check_excess_given <- function(excess, arg = "excess", call = rlang::caller_env()) {
  if (rlang::is_missing(excess)) {
    abort_input(c("{.arg {arg}} is not given.", i = "Make it with {.fn excess}."), call = call)
  }
  if (inherits(excess, "excess")) {
    kind <- c(excess_curve = "of repeated scores", excess_score = "of scores", excess_responders = "of responders")
    abort_input("This is not asked of an excess {kind[class(excess)[1]]}.", call = call)
  }
  abort_input(c("{.arg {arg}} must be an excess.", x = "It is {.obj_type_friendly {excess}}.",
    i = "Make it with {.fn excess}."), call = call)
}

# Responders -------------------------------------------------------------------------------

#' @exportS3Method question_parts excess_responders
question_parts.excess_responders <- function(excess) {
  counts <- arm_counts(excess_arm(excess))
  y <- if (counts$min == counts$max) counts$min else paste(counts$min, "to", counts$max)
  list(moves = c("bias", "rate", "tau", "landmark", "drift"), scenarios = length(excess_scenarios(excess)),
    natural = excess_natural(excess),
    question = paste0("nature alone gives ", y, " or more of ", counts$n, " responders"),
    rare = paste0("gives ", y, " or more of ", counts$n), chance = "Chance of as many or more\nby nature alone",
    seen = "as many responders or more", short = paste(y, "or more of", counts$n))
}

#' @exportS3Method natural_move excess_responders
natural_move.excess_responders <- function(excess, term, context, call) {
  natural <- excess_natural(excess)
  switch(term,
    bias = bias_move(excess),
    rate = rate_move(excess),
    tau = tau_move(excess, natural, call),
    landmark = landmark_move(excess, natural, context$landmark, call),
    drift = drift_move(excess, natural, context$drift, call)
  )
}

# Tails of all scenarios on both routes from rates of all scenarios.
#' @exportS3Method nature_tails excess_responders
nature_tails.excess_responders <- function(excess, nature) {
  scenarios <- excess_scenarios(excess)
  lapply(c(fine = "fine", coarse = "coarse"), \(route) {
    mapply(\(r, s) upper_tail(core_natural_responders(r[[route]])$pmf, s$responders), nature, scenarios)
  })
}

# A sum of probabilities may pass 1 by rounding.
upper_tail <- function(pmf, y) min(1, sum(pmf[seq_along(pmf) > y]))

# Log odds moved by a constant: no integral is worked out anew.
shift_logit <- function(rates, by) {
  lapply(rates, \(route) {
    route$logit <- route$logit + by
    route
  })
}

bias_move <- function(excess) {
  own <- lapply(excess_scenarios(excess), \(s) s$rates)
  new_move("bias", \(value) lapply(own, shift_logit, by = value), seq(-8, 8, by = 0.5), "odds multiplier",
    "multipliers from 0.0003 to 3000", start = 17, show = exp, stretch = identity, drawn = c(-1, 1) * (log(8) + 0.1))
}

rate_move <- function(excess) {
  sizes <- vapply(excess_scenarios(excess), \(s) s$n, 0)
  rates <- \(value) lapply(sizes, \(n) patient_rates(natural_rate(stats::plogis(value)), n))
  new_move("rate", rates, seq(-9, 9, by = 0.5), "probability", "rates from 0.0001 to 0.9999", show = stats::plogis,
    stretch = \(value) value * (1 - value), drawn = c(-4.9, 0.5))
}

# Rates of every scenario from one natural rate made anew.
refitted_rates <- function(excess, natural, call) {
  sizes <- vapply(excess_scenarios(excess), \(s) s$n, 0)
  made <- patient_rates(natural, sizes[1], call)
  lapply(sizes, \(n) made)
}

one_natural_rate <- function(natural, kinds, what, call) {
  if (inherits(natural, "natural_strata") || !rate_kind(natural) %in% kinds) {
    words <- c(meta = "a table of sources", prior = "a prior", known = "a rate given as a number")[kinds]
    abort_input(c("{what} is varied for a natural rate from {.or {words}}.",
      x = "The natural rate is {natural_label(natural)}."), call = call)
  }
}

tau_move <- function(excess, natural, call) {
  one_natural_rate(natural, "meta", "Heterogeneity", call)
  rates <- \(value) refitted_rates(excess, refit_rate(natural, tau = prior_fixed(value), call = call), call)
  new_move("tau", rates, c(0.001, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5), "SD, log odds", "tau from 0 to 5")
}

landmark_move <- function(excess, natural, timing, call) {
  one_natural_rate(natural, c("meta", "prior", "known"), "A landmark", call)
  if (is.null(timing)) timing <- natural_landmark(natural)
  if (is.null(timing)) {
    abort_input(c("The timing of recovery is not known: {.arg landmark} is not given.",
      i = "Give a {.fn landmark} with a published point; its week is varied."), call = call)
  }
  sources <- natural_sources(natural)
  check_landmark_reach(timing, sources, match_terms(excess_arm(excess)), call)
  last <- max(c(sources$baseline_to_day / 7, landmark_from(timing, sources)), 0, na.rm = TRUE)
  grid <- last + c(0.15, 0.5, 1, 2, 3, 4, 6, 8, 12, 20, 30)
  rates <- \(value) refitted_rates(excess, refit_rate(natural, landmark = landmark_at(timing, value), call = call),
    call)
  rates(grid[1]) # what is refused for one week is refused for all
  new_move("landmark", rates, grid, "weeks from injury", paste("weeks", signif(grid[1], 2), "to", signif(max(grid), 2)))
}

drift_move <- function(excess, natural, template, call) {
  one_natural_rate(natural, "meta", "Drift", call)
  if (is.null(template)) template <- natural_drift(natural)
  if (is.null(template)) template <- drift(0)
  rates <- \(value) refitted_rates(excess, refit_rate(natural, drift = drift_at(template, value), call = call), call)
  rates(0)
  new_move("drift", rates, c(-0.4, -0.2, -0.1, -0.05, 0, 0.05, 0.1, 0.2, 0.4), "log odds per year",
    "slopes from -0.4 to 0.4", start = 5)
}
