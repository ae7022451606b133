# Two engines, one answer: every number of an excess of scores agrees, and a planted fault is found.

certified <- function(x) tidy(certify(x))

test_that("every number agrees to what is stated, for every family", {
  skip_on_cran() # long
  for (family in c("normal", "censored", "beta_binomial")) {
    natural <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5, family = family,
      range = if (family != "normal") c(0, 50))
    rows <- certified(excess_of_scores(synthetic_change(), natural, margin = 1, records = c(3, 5, 8, 1, 0, 0, 12)))
    expect_false(anyNA(rows$second))
    expect_true(all(rows$agrees))
    expect_gte(min(rows$digits), 7)
    expect_setequal(rows$part, c("estimate", "conf.low", "conf.high", "std.error"))
    expect_identical(sum(rows$term == "patient_percentile"), 4L)
  }
})

test_that("hurdles, priors, known means, biases and SDs from elsewhere agree too", {
  skip_on_cran() # long
  thoracic <- score_change(c(0, 2, 0), c(0, 6, 1), "lems", match = list(level = "T1-T9"))
  hurdle <- natural_change(prior_normal(0.8, 0.2), sd = 3, family = "hurdle", range = c(0, 50), zero = 0.85)
  cases <- list(
    excess_of_scores(thoracic, hurdle),
    excess_of_scores(synthetic_change(), natural_change(prior_mixture(c(0.5, 0.5), prior_normal(8, 1),
      prior_normal(10, 2)), sd = 6.5, bias = prior_normal(1, 1)), sd_treated = 8),
    excess_of_scores(synthetic_change(), natural_change(8, sd = 6.5, family = "censored", range = c(0, 50))),
    excess_of_scores(synthetic_change(), natural_change(three_registries(), tau = prior_exponential(1),
      mu = prior_normal(8, 3), sd = 6.5), conf.level = 0.9)
  )
  for (answer in cases) {
    rows <- certified(answer)
    expect_true(all(rows$agrees, na.rm = TRUE))
    expect_false(anyNA(rows$second))
  }
})

test_that("continuous scores agree where the mean is known, and say where there is no second road", {
  rows <- certified(excess_of_scores(continuous_change(), natural_change(8, sd = 6.5)))
  expect_true(all(rows$agrees))
  expect_false(anyNA(rows$second))
  unsure <- excess_of_scores(continuous_change(), natural_change(prior_normal(8, 1), sd = 6.5))
  rows <- certified(unsure)
  expect_identical(unique(rows$term[is.na(rows$agrees)]), c("percentile_sum", "fisher"))
  expect_true(all(rows$agrees, na.rm = TRUE))
})

test_that("bands of mid-percentiles and of randomised ones agree", {
  whole <- natural_change(prior_normal(1.5, 0.5), sd = 4, family = "hurdle", range = c(0, 50), zero = 0.7,
    scale = "lems")
  x <- score_change(c(0, 2, 0, 4), c(0, 2, 3, 9), "lems")
  for (randomise in c(FALSE, TRUE)) {
    rows <- certified(excess_of_scores(x, whole, randomise = randomise, seed = 1))
    expect_identical(rows$agrees[rows$term == "ordered_percentile"], rep(TRUE, 12)) # estimate and two limits
  }
})

test_that("randomised percentiles agree: both engines use the same places", {
  rows <- certified(excess_of_scores(synthetic_change(), natural_change(8, sd = 6.5), randomise = TRUE, seed = 5))
  expect_true(all(rows$agrees[rows$term == "patient_percentile"]))
})

test_that("a sum of uniforms by inversion is Irwin-Hall", {
  for (n in 1:5) for (s in c(0.3, 0.5, 0.9) * n) {
    k <- 0:floor(s)
    exact <- 1 - sum((-1)^k * choose(n, k) * (s - k)^n) / factorial(n)
    expect_equal(uniform_sum_tail(s, n), exact, tolerance = 1e-5) # n = 2 ends at t = 404: a rest of 1e-6
  }
})

test_that("a fault planted in the answer is found and named", {
  answer <- excess_of_scores(synthetic_change(), natural_change(8, sd = 6.5))
  answer$terms$conf.low[answer$terms$term == "mean_excess"] <- 0
  certificate <- certify(answer)
  rows <- tidy(certificate)
  expect_identical(rows$term[!rows$agrees], "mean_excess")
  expect_identical(rows$part[!rows$agrees], "conf.low")
  expect_output(print(certificate), "DO NOT AGREE: mean_excess")
})

test_that("a natural change is certified", {
  for (family in c("normal", "censored")) {
    rows <- certified(natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5, family = family,
      range = if (family != "normal") c(0, 50)))
    known <- rows[!is.na(rows$second), ]
    expect_true(all(known$agrees))
    expect_true(all(c("mean_change", "mu", "tau") %in% known$term))
  }
})

test_that("the rank test is counted set by set, or by R's own ranks", {
  answer <- excess_of_scores(synthetic_change(change = c(24, 13, 2, 0)), natural_change(8, sd = 6.5),
    records = seq(0.6, 50, by = 0.75)) # nobody is tied
  rows <- certified(answer)
  expect_true(rows$agrees[rows$term == "rank_test"])
  tied <- excess_of_scores(synthetic_change(), natural_change(8, sd = 6.5), records = rep(c(1, 5, 9), 30))
  expect_true(is.na(certified(tied)$second[certified(tied)$term == "rank_test"]))
})

test_that("open outcomes and other things are refused", {
  open <- excess_of_scores(synthetic_change(change = c(24, 13, 2, NA)), natural_change(4, sd = 6.5))
  expect_error(certify(open), "known", class = "cordgain_invalid_input")
  expect_error(certify(3), "natural recovery", class = "cordgain_invalid_input")
})

test_that("it prints how many agree, patient by patient", {
  answer <- excess_of_scores(synthetic_change(), natural_change(8, sd = 6.5))
  expect_output(print(certify(answer)), "All agree, to at least")
})
