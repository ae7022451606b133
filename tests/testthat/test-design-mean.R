claims <- function(x) x$estimate[x$term == "claim"]
n_of <- function(x) x$estimate[x$term == "n"]

# Check A12: sigma 2, prior N(0, 100), non-inferiority at .4; smaller is better there, so signs are turned.
test_that("the single-arm design of a mean agrees with the exact values of the check", {
  wide <- prior_normal(0, 100)
  middle <- 0.135764355
  x <- design_mean(2, above = -0.4, probability = 0.95, truth = c(0, -middle, -0.4), prior = wide)
  expect_identical(n_of(x), 155)
  expect_lt(max(abs(claims(x) - c(0.800981036, 0.500001717, 0.050000444))), 1e-8)
  more <- design_mean(2, -0.4, 0.95, truth = c(0, -middle, -0.4), n = 233, prior = wide)
  expect_lt(max(abs(claims(more) - c(0.920437087, 0.644994472, 0.050000395))), 1e-8)
  dual <- design_mean(2, c(-0.4, -middle), c(0.95, 0.5), truth = c(0, -middle, -0.4), n = 233, prior = wide)
  expect_lt(max(abs(claims(dual) - c(0.849940503, 0.500000710, 0.021863976))), 1e-8)
})

test_that("with a flat prior the claim at the limit is one minus the probability asked for", {
  x <- design_mean(10, above = 9, probability = 0.975, truth = c(13, 9))
  expect_closed(claims(x)[2], 0.025)
  expect_gte(claims(x)[1], 0.8)
  # By hand: n = (sigma (z + z') / difference)^2.
  expect_identical(n_of(x), ceiling((10 * (stats::qnorm(0.975) + stats::qnorm(0.8)) / 4)^2))
  fewer <- design_mean(10, above = 9, probability = 0.975, truth = 13, n = n_of(x) - 1)
  expect_lt(claims(fewer), 0.8)
})

test_that("the critical mean is where the posterior probability reaches what is asked for", {
  x <- design_mean(6.5, above = 9, probability = 0.9, truth = 12, n = 5, prior = prior_normal(8, 3))
  mean <- x$estimate[x$term == "critical_mean"]
  precision <- 5 / 6.5^2 + 1 / 9
  posterior <- (5 / 6.5^2 * mean + 8 / 9) / precision
  expect_closed(stats::pnorm(9, posterior, 1 / sqrt(precision), lower.tail = FALSE), 0.9)
})

test_that("arguments out of range are refused", {
  refused <- function(...) expect_error(design_mean(...), class = "cordgain_invalid_input")
  refused(0, 9, 0.9, 12)
  refused(1, 9, c(0.9, 0.5), 12)
  refused(1, 9, 0.9, 5)
  refused(1, numeric(), numeric(), 12)
  refused(1, 9, 0.9, numeric())
  refused(1, 9, 0.9, 12, prior = prior_beta(1, 1))
  refused(1, 9, 0.9, 12, prior = prior_mixture(1, prior_normal(0, 1)))
})

test_that("arguments that are not given are named with what they mean", {
  expect_error(design_mean(10), "limits that the mean must exceed", class = "cordgain_invalid_input")
})
