# The multiverse of scores: each row against the closed form or against excess() of the same settings.

multiverse <- function(answer = score_answer(prior_half_normal(2)), ...) as.data.frame(sensitivity(answer, ...))

test_that("rows are the full product of the choices, the answer's own among them", {
  rows <- multiverse(tau = list(prior_half_normal(1), prior_half_normal(2)), bias = list(NULL, prior_normal(0, 2)),
    natural = list(first = three_registries()[1, ], known = natural_change(8, sd = 6.5)))
  choice <- rows[rows$analysis == "choice", ]
  expect_identical(nrow(choice), 2L * 2L * 2L + 2L) # a known mean has no heterogeneity to vary
  expect_identical(sum(rows$own), 1L)
  own <- rows[rows$own, ]
  answer <- score_answer(prior_half_normal(2))
  expect_equal(own$prob_excess, term_value(answer, "prob_excess"), tolerance = 1e-9)
  row <- term_of(answer, "mean_excess")
  expect_equal(c(own$mean_excess, own$conf.low, own$conf.high), c(row$estimate, row$conf.low, row$conf.high),
    tolerance = 1e-8)
})

test_that("at fixed heterogeneity every row is a closed form", {
  rows <- multiverse(score_answer(), tau = list(prior_fixed(0.5), prior_fixed(3)),
    bias = list(NULL, prior_normal(1, 2), prior_fixed(-1)))
  rows <- rows[rows$analysis == "choice" & rows$tau != format(prior_fixed(1.5)), ]
  expect_identical(nrow(rows), 6L)
  tau <- rep(c(0.5, 3), each = 3)
  bias <- list(c(0, 0), c(1, 2), c(-1, 0))[rep(1:3, 2)]
  for (i in 1:6) {
    at <- new_population(c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), tau[i])
    mean <- at$mean + bias[[i]][1]
    variance <- at$variance + bias[[i]][2]^2 + 6.5^2 / 4
    d <- 9.75 - mean
    expect_equal(rows$natural_tail[i], stats::pnorm(d / sqrt(variance), lower.tail = FALSE), tolerance = 1e-10)
    expect_equal(rows$natural_mean[i], mean, tolerance = 1e-9)
    expect_equal(rows$conf.low[i], d - stats::qnorm(0.975) * sqrt(variance), tolerance = 1e-8)
    # Prior N(0, 6.5^2): the posterior is conjugate.
    shrink <- 6.5^2 / (6.5^2 + variance)
    expect_equal(rows$posterior_excess[i], shrink * d, tolerance = 1e-9)
    expect_equal(rows$prob_benefit[i], stats::pnorm(d / sqrt(variance) * sqrt(shrink)), tolerance = 1e-9)
  }
})

test_that("a row of another family is the excess of that family", {
  answer <- excess_of_scores(synthetic_change(), natural_change(three_registries(), tau = prior_half_normal(2),
    sd = 6.5, family = "censored", range = c(0, 50)))
  rows <- multiverse(answer, tau = list(prior_half_normal(2)), bias = list(NULL))
  expect_setequal(rows$family, c("normal", "censored", "beta_binomial"))
  for (family in c("normal", "beta_binomial")) {
    again <- excess_of_scores(synthetic_change(), natural_change(three_registries(), tau = prior_half_normal(2),
      sd = 6.5, family = family, range = c(0, 50)))
    row <- rows[rows$analysis == "choice" & rows$family == family, ]
    expect_equal(row$prob_excess, term_value(again, "prob_excess"), tolerance = 1e-9)
    expect_equal(row$natural_mean, term_value(again, "natural_mean"), tolerance = 1e-8)
  }
})

test_that("without a source or a patient the answer is that of a fresh excess", {
  skip_on_cran() # long
  rows <- multiverse()
  out <- rows[rows$analysis == "one source left out", ]
  for (k in 1:3) {
    fresh <- score_answer(prior_half_normal(2), sources = three_registries()[-k, ])
    expect_equal(out$prob_excess[k], term_value(fresh, "prob_excess"), tolerance = 1e-9)
  }
  expect_identical(out$evidence, paste("without", c("a", "b", "c")))
  patients <- rows[rows$analysis == "one patient left out", ]
  x <- synthetic_change()
  for (i in 1:4) {
    fewer <- synthetic_change(c(12, 18, 9, 15)[-i], c(24, 13, 2, 0)[-i])
    fresh <- excess_of_scores(fewer, natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5))
    expect_equal(patients$prob_excess[i], term_value(fresh, "prob_excess"), tolerance = 1e-9)
    expect_identical(patients$n[i], 3L)
  }
})

test_that("power-scaling derivatives are those of the conjugate normal, exactly", {
  answer <- known_answer(mean = 4) # D = 5.75, V = 6.5^2 / 4, prior N(0, s^2)
  s <- 3
  power <- sensitivity(answer, effect = prior_normal(0, s))$power
  v <- 6.5^2 / 4
  d <- 5.75
  whole <- 1 / v + 1 / s^2
  mean_shift <- log(2) * (d / v) / s^2 / whole^2
  expect_equal(power$mean_shift, c(-mean_shift, mean_shift), tolerance = 1e-9) # quadrature against rounding
  at <- \(prior, like) stats::pnorm(like * d / v / sqrt(like / v + prior / s^2))
  slope <- \(f) log(2) * (f(1 + 1e-5) - f(1 - 1e-5)) / 2e-5 # central difference: error of order 1e-10
  expect_equal(power$benefit_shift, c(slope(\(a) at(a, 1)), slope(\(a) at(1, a))), tolerance = 1e-7)
})

test_that("the distance of power-scaling does not depend on the unit of the score", {
  skip_on_cran() # long
  one <- sensitivity(score_answer(prior_half_normal(2)))$power
  tenths <- motor_scale(min = 0, max = 500, direction = "higher", name = "tenths")
  x <- score_change(c(12, 18, 9, 15) * 10, c(36, 31, 11, 15) * 10, tenths)
  natural <- natural_change(transform(three_registries(), mean = 10 * mean, se = 10 * se), tau = prior_half_normal(20),
    sd = 65)
  ten <- sensitivity(excess_of_scores(x, natural))$power
  expect_equal(ten$sensitivity, one$sensitivity, tolerance = 1e-6) # integrate() to 1e-9 under a root
  expect_equal(ten$mean_shift, 10 * one$mean_shift, tolerance = 1e-8)
})

test_that("a strong sceptical prior against a large excess raises the flag, a wide one does not", {
  large <- known_answer(mean = 2, change = c(35, 30, 30, 32))
  expect_match(power_verdict(sensitivity(large, effect = prior_normal(0, 3))$power), "Conflict flag")
  expect_output(print(summary(sensitivity(large, effect = prior_normal(0, 300)))), "No flag: the outcomes")
})

test_that("the default choices are the documented ones", {
  rows <- multiverse()
  expect_setequal(rows$tau, vapply(list(prior_half_normal(1), prior_half_normal(2), prior_half_normal(4)), format, ""))
  expect_setequal(rows$bias, c("none", format(prior_normal(0, 6.5 / 4)), format(prior_normal(6.5 / 4, 6.5 / 4))))
  kinds <- list(list(prior_exponential(2), prior_exponential(1)), list(prior_half_t(3, 1), prior_half_t(3, 2)),
    list(prior_gamma(2, 4), prior_gamma(2, 2)), list(prior_uniform(0, 2), prior_uniform(0, 4)),
    list(prior_fixed(1), prior_fixed(2)))
  for (kind in kinds) expect_identical(scaled_priors(kind[[1]])[[3]], kind[[2]])
  mixed <- prior_mixture(c(0.5, 0.5), prior_half_normal(1), prior_half_normal(2))
  expect_identical(scaled_priors(mixed), list(mixed))
})

test_that("what excess() refuses keeps its row, with the reason", {
  thoracic <- score_change(c(0, 2), c(0, 6), "lems", match = list(level = "T1-T9"))
  answer <- excess_of_scores(thoracic, natural_change(0.8, sd = 3, family = "hurdle", range = c(0, 50), zero = 0.85))
  rows <- multiverse(answer, bias = list(NULL), family = list("hurdle", "normal"))
  expect_true(is.na(rows$natural_tail[rows$family == "normal" & rows$analysis == "choice"]))
  expect_match(rows$note[rows$family == "normal" & rows$analysis == "choice"], "thoracic")
  other <- multiverse(natural = list(legs = natural_change(2, sd = 4, scale = "lems")), bias = list(NULL))
  expect_match(other$note[other$evidence == "legs"], "lower extremity", ignore.case = TRUE)
  half <- excess_of_scores(continuous_change(), natural_change(8, sd = 6.5))
  expect_match(multiverse(half, family = list("normal", "censored"), bias = list(NULL))$note[2], "range")
  expect_match(multiverse(half, family = list("normal", "hurdle"), bias = list(NULL))$note[2], "zero")
})

test_that("an open final score gives a row for each end, and no posterior", {
  open <- excess_of_scores(synthetic_change(change = c(24, 13, 2, NA)), natural_change(4, sd = 6.5))
  s <- sensitivity(open, bias = list(NULL))
  rows <- as.data.frame(s)
  expect_equal(rows$observed, c(39 - 15, 39 + 35) / 4)
  expect_null(s$power)
  expect_output(print(summary(s)), "open")
})

test_that("choices of the wrong kind are refused", {
  answer <- score_answer(prior_half_normal(2))
  expect_error(sensitivity(answer, natural = three_registries()), "named list", class = "cordgain_invalid_input")
  expect_error(sensitivity(answer, natural = list(natural_change(8, sd = 6))), "named",
    class = "cordgain_invalid_input")
  expect_error(sensitivity(answer, natural = list(a = 3)), "no table", class = "cordgain_invalid_input")
  expect_error(sensitivity(answer, tau = prior_half_normal(1)), "list", class = "cordgain_invalid_input")
  expect_error(sensitivity(answer, tau = list(prior_normal(0, 1))), class = "cordgain_invalid_input")
  expect_error(sensitivity(answer, family = list("poisson")), "family", class = "cordgain_invalid_input")
  expect_error(sensitivity(answer, effect = prior_beta(1, 1)), class = "cordgain_invalid_input")
  expect_error(sensitivity(known_answer(), natural = list(a = three_registries())), "prior of the heterogeneity",
    class = "cordgain_invalid_input")
})

test_that("tidy, print and the specification curve show scores", {
  s <- sensitivity(score_answer(prior_half_normal(2)))
  long <- tidy(s)
  expect_identical(nrow(long), nrow(as.data.frame(s)) * length(change_terms))
  expect_equal(long$conf.low[long$term == "mean_excess"], as.data.frame(s)$conf.low)
  expect_true(all(is.na(long$conf.low[long$term != "mean_excess"])))
  expect_output(print(s), "Chance of as large a mean or larger by nature alone")
  skip_if_not_installed("ggplot2")
  picture <- plot(s)
  expect_match(words_of(picture)[["title"]], "as large a mean or larger")
  expect_true(draws(picture))
})

test_that("the order of sources, of patients and of choices does not matter", {
  skip_on_cran() # long
  one <- multiverse()
  turned <- excess_of_scores(synthetic_change(c(15, 9, 18, 12), c(0, 2, 13, 24)),
    natural_change(three_registries()[c(3, 1, 2), ], tau = prior_half_normal(2), sd = 6.5))
  two <- multiverse(turned, tau = list(prior_half_normal(4), prior_half_normal(2), prior_half_normal(1)))
  key <- \(rows) paste(rows$tau, rows$bias)[rows$analysis == "choice"]
  at <- match(key(one), key(two))
  for (term in change_terms) expect_equal(two[[term]][at], one[[term]][seq_along(at)], tolerance = 1e-8)
  # Left out one by one, in the other order.
  expect_equal(sort(two$natural_tail[two$analysis != "choice"]), sort(one$natural_tail[one$analysis != "choice"]),
    tolerance = 1e-8)
})

test_that("a fresh natural change under the same settings gives the same row, whatever it was made from", {
  answer <- score_answer(prior_half_normal(2))
  rows <- multiverse(answer, tau = list(prior_half_normal(1)), bias = list(prior_normal(1, 2)),
    natural = list(prior = natural_change(prior_normal(8, 1), sd = 5), few = three_registries()[2:3, ]))
  fresh <- list(
    prior = natural_change(prior_normal(8, 1), sd = 5, bias = prior_normal(1, 2)),
    few = natural_change(three_registries()[2:3, ], tau = prior_half_normal(1), sd = 6.5, bias = prior_normal(1, 2))
  )
  for (name in names(fresh)) {
    row <- rows[rows$evidence == name & rows$bias == format(prior_normal(1, 2)) &
      rows$tau %in% c("not varied", format(prior_half_normal(1))), ]
    again <- excess_of_scores(synthetic_change(), fresh[[name]])
    expect_equal(row$prob_excess, term_value(again, "prob_excess"), tolerance = 1e-9)
    expect_equal(row$mean_excess, term_value(again, "mean_excess"), tolerance = 1e-8)
  }
})

test_that("stated errors cover the distance to closed forms", {
  rows <- multiverse(score_answer(), tau = list(prior_fixed(2)), bias = list(NULL))
  at <- new_population(c(7.8, 10.5, 9), c(0.6, 0.9, 1.4), 2)
  row <- rows[rows$tau == format(prior_fixed(2)) & rows$analysis == "choice", ]
  expect_lte(abs(row$natural_mean - at$mean), row$num.error + 1e-12)
  variance <- at$variance + 6.5^2 / 4
  exact <- 6.5^2 / (6.5^2 + variance) * (9.75 - at$mean)
  expect_lte(abs(row$posterior_excess - exact), row$num.error + 1e-12)
})

test_that("a bias laid on is the bias of fresh evidence, and names of families are known", {
  natural <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5)
  laid <- lay_bias(natural, list(mean = 1, sd = 2))
  fresh <- natural_change(three_registries(), tau = prior_half_normal(2), sd = 6.5, bias = prior_normal(1, 2))
  expect_equal(tidy(laid)$estimate[1], tidy(fresh)$estimate[1], tolerance = 1e-9)
  expect_equal(tidy(laid)$std.error[1], tidy(fresh)$std.error[1], tolerance = 1e-9)
  expect_identical(change_bias(laid), change_bias(fresh))
  expect_true(is_family("hurdle"))
  expect_false(is_family(c("normal", "hurdle")))
  expect_false(is_family("poisson"))
})

test_that("one patient and one source leave nothing out", {
  one <- excess_of_scores(synthetic_change(12, 24), natural_change(three_registries()[1, ], tau = prior_half_normal(2),
    sd = 6.5))
  rows <- multiverse(one)
  expect_setequal(rows$analysis, "choice")
  expect_true(all(is.finite(rows$prob_benefit)))
})
