# Families of one patient's change, and the nodes of the shared shift.

test_that("latent moments and the beta-binomial agree with independent values", {
  censored <- solve_family(list(family = "censored", range = c(0, 50)), 7.8, 6.5)
  expect_equal(censored$location, checks_value("N15e"), tolerance = 1e-10) # printed to ten decimals
  expect_equal(censored$spread, checks_value("N15f"), tolerance = 1e-10)
  counted <- solve_family(list(family = "beta_binomial", range = c(0, 50)), 7.8, 6.5)
  p <- stats::plogis(counted$location)
  expect_equal(counted$spread * p, checks_value("I04"), tolerance = 1e-12)
  expect_equal(counted$spread * (1 - p), checks_value("I05"), tolerance = 1e-12)
  at_least <- \(k) 1 - drop(core_change_cdfs(counted, k - 1, 0, TRUE, 0, 50))
  expect_equal(at_least(24), checks_value("I06"), tolerance = 1e-10)
  expect_equal(at_least(19), checks_value("N15c"), tolerance = 1e-8) # printed to ten decimals
})

test_that("mid-percentiles of whole points agree with independent values", {
  latent <- list(kind = 1L, location = 7.8, spread = 6.5, slope = 1, low = 0, high = 50, zero = 0)
  mid <- \(y, low, high) mean(core_change_cdfs(latent, c(y - 1, y), 0, TRUE, low, high))
  expect_equal(mid(24, 0, 50), checks_value("E04"), tolerance = 1e-13)
  expect_equal(mid(0, 0, 50), checks_value("E05"), tolerance = 1e-13)
  expect_equal(mid(0, -18, 32), checks_value("N15h"), tolerance = 1e-9) # printed to ten decimals
  normal <- solve_family(list(family = "normal"), 7.8, 6.5)
  expect_equal(drop(core_change_cdfs(normal, 24, 0, FALSE, -Inf, Inf)), checks_value("E01"), tolerance = 1e-13)
  expect_equal(1 - drop(core_change_cdfs(normal, 23, 0, TRUE, -Inf, Inf)), checks_value("I07"), tolerance = 1e-11)
})

test_that("observed moments of a known latent normal lead back to it (E18, N15g)", {
  for (case in list(list("E18", 0, 50), list("N15g", -18, 32))) {
    mean <- checks_value(case[[1]])
    part <- \(f) stats::integrate(\(x) f(x) * stats::dnorm(x, 7.8, 6.5), case[[2]], case[[3]], rel.tol = 1e-12)$value
    ends <- case[[2]]^2 * stats::pnorm(case[[2]], 7.8, 6.5) + case[[3]]^2 * stats::pnorm(case[[3]], 7.8, 6.5,
      lower.tail = FALSE)
    model <- solve_family(list(family = "censored", range = c(case[[2]], case[[3]])), mean,
      sqrt(part(\(x) x^2) + ends - mean^2))
    expect_equal(c(model$location, model$spread), c(7.8, 6.5), tolerance = 1e-8) # N15g is printed to ten decimals
  }
})

test_that("nodes of the shift hold a mixture with points and parts", {
  nodes <- shift_nodes(list(weight = c(0.3, 0.7), mean = c(5, 9), sd = c(0, 2)), 8, TRUE)
  expect_equal(sum(nodes$weight), 1, tolerance = 1e-10) # 2e-13 left out, panels to 1e-12
  expect_equal(sum(nodes$weight * nodes$shift), 0.3 * -3 + 0.7 * 1, tolerance = 1e-9)
  expect_equal(sum(nodes$weight * (nodes$shift + 8 - 7.8)^2), 0.7 * 4 + 0.3 * 2.8^2 + 0.7 * 1.2^2, tolerance = 1e-8)
})

test_that("masses given each shift add up to 1 and hold what lies beyond the ends", {
  model <- solve_family(list(family = "censored", range = c(0, 50)), 7.8, 6.5)
  nodes <- list(shift = c(-2, 0, 3), weight = c(0.2, 0.5, 0.3))
  masses <- conditional_masses(model, -5:10, nodes, -5, 10)
  expect_equal(colSums(masses), c(1, 1, 1))
  expect_equal(masses[1, 2], stats::pnorm(-4.5, model$location, model$spread))
  expect_equal(masses[16, 2], stats::pnorm(9.5, model$location, model$spread, lower.tail = FALSE))
})

test_that("the sum of changes is the convolution by hand", {
  model <- solve_family(list(family = "beta_binomial", range = c(0, 6)), 2, 1.5)
  nodes <- list(shift = c(-0.5, 0.5), weight = c(0.4, 0.6))
  sum <- sum_of_changes(model, list(low = c(0, -1), high = c(6, 5)), nodes)
  one <- conditional_masses(model, 0:6, nodes, 0, 6)
  two <- conditional_masses(model, -1:5, nodes, -1, 5)
  by_hand <- vapply(-1:11, \(s) {
    pairs <- expand.grid(a = 1:7, b = 1:7)
    pairs <- pairs[(pairs$a - 1) + (pairs$b - 2) == s, ]
    sum(vapply(1:2, \(j) nodes$weight[j] * sum(one[pairs$a, j] * two[pairs$b, j]), 0))
  }, 0)
  expect_equal(sum$values, -1:11)
  expect_equal(sum$mass, by_hand, tolerance = 1e-12)
  expect_error(sum_of_changes(model, list(low = rep(0, 61), high = rep(6, 61)), nodes),
    class = "cordgain_invalid_input")
})

test_that("a family without what it needs is refused", {
  expect_error(natural_change(7.8, sd = 6.5, family = "censored"), "range", class = "cordgain_invalid_input")
  expect_error(natural_change(7.8, family = "beta_binomial", range = c(0, 50)), "SD", class = "cordgain_invalid_input")
  expect_error(natural_change(0.8, sd = 3, family = "hurdle", range = c(0, 50)), class = "cordgain_invalid_input")
  expect_error(natural_change(7.8, sd = 6.5, zero = 0.5), "hurdle", class = "cordgain_invalid_input")
  expect_error(natural_change(7.8, sd = 6.5, family = "gamma"), class = "cordgain_invalid_input")
  expect_error(natural_change(7.8, sd = 40, family = "censored", range = c(0, 50)), "so large an SD",
    class = "cordgain_invalid_input")
  expect_error(natural_change(7.8, sd = 2, family = "beta_binomial", range = c(0, 50)), "binomial",
    class = "cordgain_invalid_input")
})

test_that("moments that no distribution has are told with the moments, to the user's own call", {
  says <- \(..., what, given) {
    error <- expect_error(natural_change(...), what, class = "cordgain_invalid_input")
    expect_match(conditionMessage(error), given)
    expect_match(conditionMessage(error), "correct what is")
    expect_identical(as.character(error$call)[1], "natural_change")
  }
  says(70, sd = 6.5, family = "censored", range = c(0, 50), what = "must lie inside",
    given = "Mean 70, SD 6.5, range 0 to")
  says(7.8, sd = 60, family = "beta_binomial", range = c(0, 50), what = "so large an SD", given = "SD 60")
  says(7.8, sd = 6, family = "hurdle", range = c(0, 50), zero = 0.99, what = "belong together", given = "change 0.99")
  for (range in list(c(50, 0), c(0, 0))) {
    expect_error(natural_change(7.8, sd = 6.5, family = "censored", range = range), "smallest change to the largest",
      class = "cordgain_invalid_input")
  }
  expect_error(natural_change(7.8, sd = 6.5, family = "hurdle", range = c(0, 50)), "`zero` is not given",
    class = "cordgain_invalid_input")
})
