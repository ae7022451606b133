# Prior beside posterior of the mean excess.

test_that("densities are those of the conjugate normal model, per point", {
  natural <- natural_change(prior_normal(7.8, 1), sd = 6.5)
  answer <- excess_of_scores(synthetic_change(), natural)
  effect <- prior_normal(1, 4)
  drawn <- effect_densities(answer, effect, NULL)
  # ybar - 7.8 given delta is N(delta, 6.5^2 / 4 + 1), the registry's SD for four patients and that of the natural mean.
  seen <- mean(change_scores(synthetic_change())) - 7.8
  v <- 6.5^2 / 4 + 1
  w <- 1 / (1 / v + 1 / 16)
  of <- \(which) drawn[drawn$which == which, ]
  expect_equal(of("prior")$density, stats::dnorm(of("prior")$excess, 1, 4), tolerance = 1e-12)
  expect_equal(of("posterior")$density, stats::dnorm(of("posterior")$excess, w * (seen / v + 1 / 16), sqrt(w)),
    tolerance = 1e-7) # two quadratures differ by less
  expect_equal(effect_benefit_share(effect), stats::pnorm(1 / 4))
})

test_that("the picture names both probabilities of a positive mean excess, and the prior", {
  skip_if_not_installed("ggplot2")
  answer <- excess_of_scores(synthetic_change(), natural_change(prior_normal(7.8, 1), sd = 6.5))
  picture <- plot(prior_check(answer), type = "effect")
  expect_true(draws(picture))
  seen <- mean(change_scores(synthetic_change())) - 7.8
  v <- 6.5^2 / 4 + 1
  after <- stats::pnorm(seen / v / sqrt(1 / v + 1 / 6.5^2)) # prior N(0, 6.5^2): posterior mean over posterior SD
  expect_match(gsub("\n", " ", picture$labels$title), paste0("from 50 % to ", percent_text(after)), fixed = TRUE)
  expect_match(gsub("\n", " ", picture$labels$caption), "normal(mean = 0, sd = 6.5)", fixed = TRUE)
  expect_true(draws(plot(prior_check(known_course()), type = "effect")))
})

test_that("of responders there is no mean excess, and the picture says where to look", {
  skip_if_not_installed("ggplot2")
  check <- prior_check(excess_of(natural_rate(0.2)))
  expect_error(plot(check, type = "effect"), "of scores.*responders.*tidy", class = "cordgain_invalid_input")
  expect_error(plot(check, type = "prior"), "ledger", class = "cordgain_invalid_input")
})
