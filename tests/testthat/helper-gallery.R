# One small example of every class that has a picture, and of every kind of picture: known rates, shipped
# data, and simulated scores. Functions, so that a test computes only what it draws.

gallery_visits <- function() {
  visits <- data.frame(id = rep(c("A", "B", "C"), each = 4), week = rep(c(2, 8, 26, 52), 3),
    uems = c(10, 18, 27, 45, 14, 16, 20, 22, 4, 9, NA, 12), treated = 3) # simulated
  recovery_data(visits, id, week, uems, "uems", treated_at = treated)
}

gallery_change <- function() synthetic_change(c(12, 18, 9, 15), c(28, 13, 2, 0)) # simulated

sygen_means <- function() subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")

usual_sources <- function() subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)

known_excess <- function(rate = 0.2) excess(keio_ips, natural_rate(rate), accept = all_differences)

score_excess <- function(...) excess_of_scores(gallery_change(), natural_change(7.8, sd = 6.5, ...))

gallery <- list(
  borrow = \() borrow(two_of_four(1, 4, role = "control"), sources_of(32, 187),
    c("map", "robust_map", "power", "sam"), a0 = 0.1, delta = 0.15, accept = every_difference),
  borrow_means = \() borrowed_mean(c("map", "robust_map", "power", "sam"), a0 = 0.4, delta = 4,
    sources = natural_change(published_means(), tau = prior_half_normal(2))),
  excess_by_reference = \() excess_by_reference(keio_ips),
  falsify = \() falsify(excess_of(reference_rate())),
  isncsci_explanation = \() explain_isncsci(isncsci_simulated[1, ]),
  joint_excess = \() {
    parts <- lapply(c(UEMS = 7.8, LEMS = 8, `light touch` = 10), \(m) {
      excess_of_scores(continuous_change(), natural_change(m, sd = 6.5))
    })
    joint_excess(parts, matrix(0.6, 3, 3) + diag(0.4, 3), source = "assumed")
  },
  natural_change = \() natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5),
  natural_curve = \() natural_curve(sygen_means(), correlation = 0.8),
  operating_characteristics = \() {
    operating_characteristics(design_trial(natural_rate(0.2), "single", n = 12), truth = 0.2,
      excess = seq(0, 0.6, 0.05), bias = log(c(1, 1.5, 2)))
  },
  excess_curve = \() {
    excess(gallery_visits(), natural_curve(sygen_means(), correlation = 0.8), accept = all_differences)
  },
  excess_score = \() score_excess(),
  excess_responders = \() known_excess(),
  decision_table = \() decision_table(known_excess()),
  natural_rate = \() natural_rate(usual_sources()),
  sensitivity = \() sensitivity(excess_of(reference_rate(1)), natural = list(late = late_registries())),
  tipping = \() tipping(excess_of(reference_rate()), c("bias", "rate"), target = 0.1),
  tipping_map = \() tipping_map(excess_of(reference_rate())),
  prior_check = \() prior_check(excess_of(reference_rate())),
  recovery_data = \() gallery_visits(),
  safety = \() safety(0, n = 4, exposure_years = 4, definition = "related serious adverse event"),
  score_change = \() gallery_change()
)

# Further pictures of the same classes.
more_pictures <- list(
  `excess_score percentiles` = \() {
    plot(score_excess(family = "censored", range = c(0, 50)), type = "percentiles")
  },
  `natural_rate observed` = \() plot(natural_rate(usual_sources()), observed = keio_ips),
  `natural_rate density` = \() plot(natural_rate(usual_sources()), type = "density", observed = keio_ips),
  `operating surface` = \() {
    plot(operating_characteristics(design_trial(natural_rate(0.2), "single", n = 12), truth = 0.2,
      excess = seq(0, 0.6, 0.1), bias = seq(-2, 2, 0.25)))
  },
  `prior_check effect` = \() plot(prior_check(score_excess()), type = "effect"),
  `excess of unknown levels` = \() {
    strata <- natural_strata(cervical = natural_rate(0.135), "T1-T9" = natural_rate(0.045))
    plot(excess(keio_ips, strata, accept = all_differences))
  }
)

# Objects are made once for all test files, pictures once for each file.
gallery_object <- local({
  kept <- list()
  function(name) {
    if (is.null(kept[[name]])) kept[[name]] <<- gallery[[name]]()
    kept[[name]]
  }
})

picture_names <- c(names(gallery), names(more_pictures))

picture_of <- function(name) {
  suppressMessages(if (name %in% names(gallery)) plot(gallery_object(name)) else more_pictures[[name]]())
}
