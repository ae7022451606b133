# What the tests of families share.

# A random trial of three to six patients at three to five visits, without scores.
random_visits <- function() {
  n <- sample(3:6, 1)
  expand.grid(week = 0:sample(2:4, 1), id = seq_len(n))
}

# How fits of random trials end: "fit", finite and converged, or what a classed error stands for.
# @param fit_one draws a trial and fits it
# @param sound what else must hold of a fit
fit_ends <- function(many, fit_one, sound = \(fit) TRUE) {
  replicate(many, tryCatch({
    fit <- fit_one()
    stopifnot(is.finite(logLik(fit)), is.finite(fixef(fit)), fit$result$converged, sound(fit))
    "fit"
  }, cordgain_numerical_error = \(e) "no maximum", cordgain_invalid_input = \(e) "one level"))
}
