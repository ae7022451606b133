# The parts that questions about scores are made of, each against a naive formula.

test_that("a curve is read off by its spline where it matters, and is 0 elsewhere", {
  peak <- \(x) -0.5 * ((x - 3) / 2)^2 - 1
  curve <- read_off(peak, c(-200, 200), 0.1, c(-Inf, Inf), NULL)
  x <- seq(-10, 16, by = 0.37)
  expect_equal(curve$read(x), exp(peak(x)), tolerance = 1e-9)
  expect_identical(curve$read(c(-150, 150)), c(0, 0))
  expect_lt(curve$from, 3 - 2 * sqrt(2 * 59))
  expect_gt(curve$to, 3 + 2 * sqrt(2 * 59))
  expect_identical(curve$ends, c(-200, 200))
  expect_error(read_off(\(x) rep(-690, length(x)), c(0, 1), 0.1, c(-Inf, Inf), NULL), "likelier than",
    class = "cordgain_numerical_error")
})

test_that("counted families have the posterior of their naive likelihood", {
  benefit <- \(answer, prior) effect_posterior(effect_table_of(answer, NULL), prior, NULL)$benefit$value
  x <- score_change(c(0, 0, 0), c(0, 6, 1), "lems", match = list(level = "T1-T9"))
  zero <- 0.7
  natural <- natural_change(1.2, sd = 3, family = "hurdle", range = c(0, 50), zero = zero)
  positive <- 1.2 / (1 - zero)
  p <- (positive - 1) / 49
  variance <- (9 + 1.2^2) / (1 - zero) - positive^2
  total <- 1 / ((variance / (49 * p * (1 - p)) - 1) / 48) - 1
  like <- \(delta) vapply(delta, \(one) {
    q <- pmin(pmax(((1.2 + one) / (1 - zero) - 1) / 49, 0), 1) # no mean below .3: those who change gain 1 or more
    a <- pmax(total * q, 1e-300)
    b <- pmax(total * (1 - q), 1e-300)
    mass <- \(y) if (y == 0) zero else
      (1 - zero) * exp(lchoose(49, y - 1) + lbeta(y - 1 + a, 50 - y + b) - lbeta(a, b))
    mass(0) * mass(6) * mass(1)
  }, 0)
  weighted <- \(from, to) stats::integrate(\(d) like(d) * stats::dnorm(d, 0, 1), from, to, rel.tol = 1e-9,
    abs.tol = 1e-16)$value
  expected <- weighted(0, 5) / (weighted(-5, 0) + weighted(0, 5))
  # The prior beyond 5 SDs holds 6e-7.
  expect_equal(benefit(excess_of_scores(x, natural), prior_normal(0, 1)), expected, tolerance = 1e-5)
})

test_that("the posterior as a grid holds all of it", {
  table <- effect_table_of(score_answer(prior_half_normal(2)), NULL)
  grid <- effect_grid(table, prior_normal(0, 5))
  nodes <- core_grid_nodes(grid)
  expect_equal(sum(nodes$mass), 1, tolerance = 1e-12)
  post <- effect_posterior(table, prior_normal(0, 5), NULL)
  expect_equal(sum(nodes$mass[nodes$node > 0]), post$benefit$value, tolerance = 1e-10)
  expect_equal(6.5 * sum(nodes$mass * nodes$node), post$mean$value, tolerance = 1e-10)
})

test_that("masses no larger than the observed one are counted, equal ones among them", {
  law <- list(values = 0:3, mass = c(0.1, 0.4, 0.4, 0.1))
  expect_equal(mass_surprise(law, 0), 0.2)
  expect_equal(mass_surprise(law, 1), 1)
  expect_equal(mass_surprise(list(values = 0:2, mass = c(0.2, 0.5, 0.3)), 2), 0.5)
})

test_that("the surprise of a density at its peak is 1, far out it is a tail", {
  one <- list(weight = 1, mean = 3, sd = 2)
  expect_equal(density_surprise(one, 3), 1)
  for (at in c(3.5, 1, 9, -4)) {
    expect_equal(density_surprise(one, at), 2 * stats::pnorm(-abs(at - 3) / 2), tolerance = 1e-9)
  }
})

test_that("the mean is reached by whole points at the value itself, by a normal above it", {
  points <- list(values = c(0, 0.5, 1), mass = c(0.2, 0.3, 0.5))
  expect_equal(mean_reached(points, 0.5), 0.8)
  expect_equal(mean_reached(points, 0.51), 0.5)
  expect_identical(mean_reached(points, 2), 0)
  expect_equal(mean_reached(points, -1), 1)
  normals <- list(weight = c(0.5, 0.5), mean = c(0, 2), sd = c(1, 1))
  expect_equal(mean_reached(normals, 2), 0.5 * stats::pnorm(-2) + 0.25, tolerance = 1e-12)
})

test_that("sums of separate groups are convolved, and their first values added", {
  one <- drawn_sums(c(1, 4, 6), 1)
  two <- drawn_sums(c(-2, 0), 1)
  both <- convolve_sums(one, two)
  sums <- table(factor(outer(c(1, 4, 6), c(-2, 0), "+"), both$first + seq_along(both$mass) - 1))
  expect_equal(both$mass, as.vector(sums) / 6, tolerance = 1e-12)
})

test_that("sets have the trial's rooms, or the published population's for another number", {
  natural <- natural_change(8, sd = 6.5, family = "censored", range = c(0, 50))
  answer <- excess_of_scores(synthetic_change(), natural)
  expect_identical(set_room(answer, natural, 4), change_room(synthetic_change()))
  expect_identical(set_room(answer, natural, 2), list(low = c(0, 0), high = c(50, 50)))
})

test_that("families that can be asked are those whose range is known", {
  expect_identical(usual_families(natural_change(8, sd = 6.5)), list("normal"))
  ranged <- natural_change(8, sd = 6.5, family = "beta_binomial", range = c(0, 50))
  expect_identical(usual_families(ranged), list("beta_binomial", "normal", "censored"))
})

test_that("the grids of moves grow with the unit of the score and hold what the answer uses", {
  answer <- score_answer(prior_half_normal(2))
  tenths <- motor_scale(min = 0, max = 500, direction = "higher", name = "tenths")
  large <- excess_of_scores(score_change(c(12, 18, 9, 15) * 10, c(36, 31, 11, 15) * 10, tenths),
    natural_change(transform(three_registries(), mean = 10 * mean, se = 10 * se), tau = prior_half_normal(20), sd = 65))
  for (term in c("bias", "mean", "tau", "sd")) {
    expect_equal(change_grid(large, term), 10 * change_grid(answer, term), tolerance = 1e-7)
    expect_false(is.unsorted(change_grid(answer, term), strictly = TRUE))
  }
  expect_true(0 %in% change_grid(answer, "bias"))
  expect_true(6.5 %in% change_grid(answer, "sd"))
})

test_that("a map of a counted family is the excess of each pair of settings", {
  natural <- \(mean, sd) natural_change(mean, sd = sd, family = "beta_binomial", range = c(0, 50))
  answer <- excess_of_scores(synthetic_change(), natural(8, 6.5))
  rows <- tidy(tipping_map(answer, at = list(c(6, 10), c(5, 7))))
  fresh <- mapply(\(m, s) 1 - term_value(excess_of_scores(synthetic_change(), natural(m, s)), "prob_excess"), rows$mean,
    rows$sd)
  expect_equal(rows$estimate, unname(fresh), tolerance = 1e-9)
  expect_identical(rows$num.kind, rep("exact", 4))
})

test_that("questions say what was seen, in words of the outcome", {
  scores <- question_parts(score_answer())
  expect_identical(scores$moves, c("bias", "mean", "tau", "sd"))
  expect_match(scores$question, "a mean of 9.75 or more in 4 patients")
  counts <- question_parts(excess_of(natural_rate(0.134)))
  expect_identical(counts$moves, tipping_terms)
  expect_match(counts$question, "2 or more of 4 responders")
  expect_identical(names(scores), names(counts))
})

test_that("a scale on which less is better is certified as it stands", {
  lower <- motor_scale(min = 0, max = 50, direction = "lower", name = "spasms")
  x <- score_change(c(40, 30), c(30, 25), lower)
  answer <- excess_of_scores(x, natural_change(transform(three_registries(), mean = -mean), tau = prior_half_normal(2),
    sd = 5, scale = lower))
  expect_true(all(tidy(certify(answer))$agrees))
})

test_that("a table of means becomes a natural change under the answer's own settings", {
  own <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5, family = "censored",
    range = c(0, 50), bias = prior_normal(1, 2))
  made <- change_of_table(three_registries()[2:3, ], own, NULL)
  fresh <- natural_change(three_registries()[2:3, ], tau = prior_half_normal(2), sd = 6.5, family = "censored",
    range = c(0, 50), bias = prior_normal(1, 2))
  expect_equal(tidy(made), tidy(fresh), tolerance = 1e-9)
  expect_equal(change_model_of(made), change_model_of(fresh))
  # A table with SDs of its own is pooled from them.
  spread <- three_registries(sd = c(5, 6, 7), n = c(20, 30, 40))
  pooled <- change_of_table(spread, own, NULL)
  expect_equal(change_sd(pooled), sqrt((19 * 25 + 29 * 36 + 39 * 49) / 87))
})

test_that("evidence keeps its names, and two of one name are told apart", {
  own <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5)
  evidence <- change_evidence(own, list(b = natural_change(8, sd = 6), b = natural_change(9, sd = 6)), NULL)
  expect_identical(names(evidence), c("3 sources: a, b, c", "b", "b.1"))
  expect_true(all(vapply(evidence, is_natural_change, NA)))
  expect_length(change_evidence(own, list(), NULL), 1L)
})

test_that("an answer without a value keeps what was observed", {
  row <- empty_change(c(1, 2, 6), "why not")
  expect_identical(row$observed, 3)
  expect_identical(row$n, 3L)
  expect_true(all(is.na(row[change_terms])))
  expect_identical(row$note, "why not")
})
