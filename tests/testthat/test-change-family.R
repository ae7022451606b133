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
  latent <- list(kind = 1L, location = 7.8, spread = 6.5, mean = 8, low = 0, high = 50, zero = 0)
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
  nodes <- shift_nodes(list(weight = c(0.3, 0.7), mean = c(5, 9), sd = c(0, 2)), NULL, 8, TRUE)
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

# One patient's law averaged over the population's mean, by plain sums on a dense grid of it.
naive_patient <- function(density, ends, law, from, to) {
  x <- seq(from, to, length.out = 40001)
  weight <- density(x) * (x[2] - x[1])
  drop(law(pmin(pmax(x, ends[1]), ends[2])) %*% weight)
}

naive_count <- function(k, size, p, total) {
  a <- pmax(total * p, 1e-300)
  b <- pmax(total * (1 - p), 1e-300)
  exp(lchoose(size, k) + lbeta(outer(k, a, `+`), outer(size - k, b, `+`)) - rep(lbeta(a, b), each = length(k)))
}

test_that("an uncertain mean of counts gives patients that mean, by sums over a dense grid", {
  rows <- data.frame(source = c("a", "b"), measure = "lems", mean = c(2, 3), sd = c(4, 5), n = c(60, 40))
  for (family in c("beta_binomial", "hurdle")) {
    # No mean below 0, or below the 0.4 of those of whom 40 % gain 1 point or more.
    zero <- if (family == "hurdle") 0.6
    natural <- natural_change(prior_normal(2.3, 1.5), sd = 7.4, family = family, range = c(0, 50), zero = zero)
    share <- if (is.null(zero)) 1 else 0.4
    step <- if (is.null(zero)) 0 else 1
    positive <- 2.3 / share - step
    variance <- (7.4^2 + 2.3^2) / share - (2.3 / share)^2
    size <- 50 - step
    p <- positive / size
    total <- 1 / ((variance / (size * p * (1 - p)) - 1) / (size - 1)) - 1
    law <- \(x) {
      counts <- share * naive_count(0:size, size, (x / share - step) / size, total)
      if (is.null(zero)) counts else rbind(0.6, counts)
    }
    mass <- naive_patient(\(x) stats::dnorm(x, 2.3, 1.5), share * c(step, 50), law, 2.3 - 12, 2.3 + 12)
    row <- term_of(natural, "patient_change")
    mean <- sum(0:50 * mass)
    # The grid errs by h^2 where the mean meets its end, 4e-7 times a density and a change of slope.
    expect_equal(row$estimate, mean, tolerance = 1e-6)
    expect_equal(row$std.error, sqrt(sum((0:50 - mean)^2 * mass)), tolerance = 1e-6)
    # E max(theta, end) of a normal, in closed form.
    z <- (2.3 - share * step) / 1.5
    expect_equal(row$estimate, share * step + 1.5 * (stats::dnorm(z) + z * stats::pnorm(z)), tolerance = 1e-9)
    expect_lt(row$num.error, 1e-6)
  }
  natural <- natural_change(rows, prior_half_normal(1), family = "hurdle", range = c(0, 50), zero = 0.7)
  means <- change_mixture(natural, "fine") # the mean of each of its parts, cut at 0.3 and at 15
  above <- \(end) {
    z <- (means$mean - end) / means$sd
    means$sd * (stats::dnorm(z) + z * stats::pnorm(z))
  }
  expect_equal(term_value(natural, "patient_change"), 0.3 + sum(means$weight * (above(0.3) - above(15))),
    tolerance = 1e-8)
})

test_that("an uncertain mean of censored changes gives patients that mean, by sums over a dense grid", {
  natural <- natural_change(prior_normal(5, 2), sd = 4, family = "censored", range = c(-10, 40))
  m <- change_model_of(natural)
  mean_at <- \(l) stats::integrate(\(x) stats::pnorm(x, l, m$spread, lower.tail = FALSE), -10, 40,
    rel.tol = 1e-12)$value - 10
  # Location as a function of the mean, by its inverse read off a spline.
  l <- seq(-20, 45, by = 0.25)
  location <- stats::splinefun(vapply(l, mean_at, 0), l)
  law <- \(x) {
    upper <- stats::pnorm(outer(-10:40 + 0.5, location(x), `-`) / m$spread)
    upper[51, ] <- 1
    rbind(upper[1, ], diff(upper))
  }
  mass <- naive_patient(\(x) stats::dnorm(x, 5, 2), c(-9.9, 39.9), law, 5 - 14, 5 + 14)
  row <- term_of(natural, "patient_change")
  expect_equal(row$estimate, sum(-10:40 * mass), tolerance = 1e-6) # of the spline
  expect_equal(row$std.error, sqrt(sum((-10:40)^2 * mass) - sum(-10:40 * mass)^2), tolerance = 1e-6)
  expect_equal(row$estimate, 5, tolerance = 1e-3) # whole points: a midpoint rule with steps of 1
})

test_that("means that a family cannot have are told with their probability, where that shows", {
  print_of <- \(sd) paste(format(natural_change(prior_normal(2.3, sd), sd = 7.4, family = "hurdle", range = c(0, 50),
    zero = 0.6)), collapse = " ")
  expect_match(print_of(1.5), paste("Means outside 0.4 to 20 are not possible so: taken at the end, probability",
    probability_text(stats::pnorm(0.4, 2.3, 1.5))), fixed = TRUE)
  expect_no_match(print_of(0.3), "not possible")
})

test_that("a range that was not given as gains is told where the mean shows it", {
  told <- \(..., mean = 5) {
    e <- expect_error(natural_change(mean, sd = 4, ...), class = "cordgain_invalid_input")
    gsub("\\s+", " ", conditionMessage(e))
  }
  for (family in c("censored", "beta_binomial")) {
    expect_match(told(family = family, range = c(-40, 0), scale = "mds_updrs_iii"), "range = c\\(0, 40\\)")
  }
  expect_match(told(family = "hurdle", zero = 0.3, range = c(-40, 0), scale = "mds_updrs_iii"), "range = c\\(0, 40\\)")
  table <- data.frame(source = "a", mean = -5, se = 1, measure = "mds_updrs_iii")
  e <- expect_error(natural_change(table, prior_half_normal(1), sd = 4, family = "censored", range = c(-40, 2)),
    class = "cordgain_invalid_input")
  expect_match(gsub("\\s+", " ", conditionMessage(e)), "range = c\\(-2, 40\\)")
  # Not where higher is better, where the mean is in the range, or where it is on neither side.
  for (said in list(told(family = "censored", range = c(-40, 0), scale = "uems"),
    told(mean = 60, family = "censored", range = c(-40, 2), scale = "mds_updrs_iii"))) {
    expect_no_match(said, "are gains of")
  }
  # A range that holds the mean either way is nobody's mistake that can be seen.
  expect_s3_class(natural_change(5, sd = 4, family = "censored", range = c(-40, 92), scale = "mds_updrs_iii"),
    "natural_change")
})

test_that("a range beyond the width of the scale is refused", {
  expect_error(natural_change(7.8, sd = 6.5, family = "censored", range = c(-14, 136), scale = "uems"),
    "outside the scale", class = "cordgain_invalid_input")
  expect_s3_class(natural_change(7.8, sd = 6.5, family = "censored", range = c(-50, 50), scale = "uems"),
    "natural_change")
})
