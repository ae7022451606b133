# Draws of the posterior predictive distribution: their moments are those that predict() gives.

visits <- data.frame(id = rep(1:4, each = 4), week = rep(c(0, 1, 3, 6), 4),
  n = c(3, 5, 6, 9, 0, 2, 5, 4, 6, 9, 10, 14, 4, 4, 7, 7))

count_fit <- function(family = poisson()) {
  fit_recovery(n ~ week + (1 | id), visits, family = family, method = "bayes")
}

test_that("draws of patients of the fit and of new ones have the predicted mean and spread", {
  skip_on_cran() # long
  fit <- count_fit()
  for (form in list(NULL, NA)) {
    drawn <- as.matrix(simulate(fit, 2000, seed = 3, re.form = form))
    expected <- predict(fit, re.form = form, interval = "prediction", se.fit = TRUE, nodes = 500)
    # five standard errors of 2,000 draws
    expect_lt(max(abs(rowMeans(drawn) - expected$fit[, "fit"]) / expected$se.fit), 5 / sqrt(2000))
    if (is.null(form)) expect_equal(unname(apply(drawn, 1, sd)), unname(expected$se.fit), tolerance = 0.1)
  }
  # two visits of a new patient go together, those of two patients hardly
  drawn <- as.matrix(simulate(fit, 2000, seed = 3))
  expect_gt(cor(drawn[1, ], drawn[2, ], method = "spearman"), cor(drawn[1, ], drawn[5, ], method = "spearman") + 0.2)
})

test_that("draws of effects given the scores have their exact mean and standard deviation", {
  fit <- count_fit()
  grid <- effects_grid(1)
  data <- known_rows(fit, 1:4, nrow(grid$place))
  k <- which.max(fit$result$weight)
  effects <- effects_given(fit, node_parameters(fit, k), data, grid)
  drawn <- with_stream(5, vapply(1:4000, \(i) drawn_place(effects, grid)[, 1], numeric(4)))
  sd <- vapply(effects$roots, \(root) root[1, 1], 0)
  expect_lt(max(abs(rowMeans(drawn) - effects$mean[, 1]) / sd), 5 / sqrt(4000))
  expect_equal(apply(drawn, 1, stats::sd), sd, tolerance = 5 / sqrt(8000))
})

test_that("seeds govern, words of the scores are kept, trials are asked for", {
  skip_on_cran() # long
  fit <- count_fit()
  expect_identical(simulate(fit, 2, seed = 1)$sim_1, simulate(fit, 1, seed = 1)$sim_1)
  two <- data.frame(id = c(1, 9), week = 2)
  new <- simulate(fit, 3, seed = 1, newdata = two, allow.new.levels = TRUE, re.form = NULL)
  expect_identical(dim(new), c(2L, 3L))
  rates <- transform(visits, events = pmin(n, 10))
  pair <- fit_recovery(cbind(events, 10 - events) ~ 1 + (1 | id), rates, family = binomial(), method = "bayes")
  expect_identical(unique(rowSums(simulate(pair, 1, seed = 1)$sim_1)), 10)
  expect_error(simulate(pair, newdata = visits), "trials", class = "cordgain_invalid_input")
  expect_identical(nrow(simulate(pair, seed = 1, newdata = visits[1:3, ], trials = 4)), 3L)
  grades <- transform(visits, ais = ordered(LETTERS[1 + pmin(n %/% 4, 2)], levels = LETTERS[1:4]))
  level <- fit_recovery(ais ~ 1 + (1 | id), grades, family = cumulative(), method = method_bayes(engine = "nuts",
    draws = 200, warmup = 200, seed = 2))
  drawn <- simulate(level, 200, seed = 2)
  expect_identical(levels(drawn$sim_1), LETTERS[1:4])
  # a level that nobody had comes up too: the prior gives it weight
  expect_gt(sum(unlist(drawn) == "D"), 0)
})
