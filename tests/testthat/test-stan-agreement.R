# Posteriors held against a long run of Stan (inst/validation/stan.R), within four of its Monte Carlo errors and our own
# stated numerical error. Stan samples the random effects that are integrated here.

# Means, standard deviations and quantiles by tidy()'s names of terms. A term's `num.error` is of its estimate; an
# interval's ends lie where the density is lower, which adds to their errors.
our_numbers <- function(fit) {
  table <- tidy(fit, conf.level = 0.9)
  data.frame(
    term = rep(table$term, each = 4L), part = c("mean", "sd", "q0.05", "q0.95"),
    ours = c(t(table[c("estimate", "std.error", "conf.low", "conf.high")])),
    error = rep(table$num.error, each = 4L) * c(1, 1, 4, 4)
  )
}

# Stan's numbers under our terms: the residual standard deviation of a censored score is kept as its logarithm here.
stans_numbers <- function(name) {
  stored <- stored_validation("stan")
  stored[stored$model == name, ]
}

for (name in names(stan_models())) {
  test_that(paste("the posterior of four patients agrees with Stan:", name), {
    model <- stan_models()[[name]]
    stan <- stans_numbers(name)
    expect_true(all(stan$rhat < 1.01))
    method <- method_bayes(model$prior, draws = 5000, seed = 1)
    fit <- fit_recovery(model$formula, model$data, family = model$family, method = method)
    both <- merge(stan, our_numbers(fit), by = c("term", "part"))
    expect_identical(sort(unique(both$term)), sort(setdiff(names(model$stan), "sigma")))
    apart <- abs(both$value - both$ours) / (4 * both$mcse + both$error)
    expect_lt(max(apart), 1, label = paste(both$term, both$part, signif(apart, 2), collapse = "; "))
  })
}

test_that("Stan had trouble with some of these models that the exact posterior does not have", {
  stored <- stored_validation("stan")
  expect_gte(min(stored$draws), 40000)
  # no claim on how many: they are there to be read beside the model
  expect_true(all(stored$divergent >= 0))
})
