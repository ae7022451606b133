# What goes in, what is refused, what no method may depend on, and how the answer looks.

all_mean_methods <- c("map", "robust_map", "power", "normalised_power", "commensurate", "sam", "elastic")

# Every method that published means allow.
all_of_means <- function(change = four_controls, sources = published_means(), ...) {
  natural <- natural_change(sources, tau = prior_half_normal(2))
  borrowed_mean(all_mean_methods, change, natural, a0 = 0.4, delta = 4, tau = prior_half_normal(3), ...)
}

test_that("without concurrent controls, or with treated patients' scores, borrowing is refused with the reason", {
  refused <- function(...) expect_error(borrow(...), class = "cordgain_no_concurrent_controls")
  refused(sources = published_means())
  refused(NULL, published_means())
  refused(synthetic_change(), published_means()) # score_change() describes treated patients unless told
  refused(four_controls, published_means())
  expect_error(borrow(scores_of(four_controls, role = "treated"), published_means()), "shrunk away")
})

test_that("controls that do not say how much patients differ need a prior of it", {
  invalid(borrowed_mean("power", change = 5, a0 = 1), "one control")
  invalid(borrowed_mean("power", change = c(5, 5, 5), a0 = 1), "All 3 changes are 5")
  invalid(borrowed_mean("power", change = c(5, 5, 5), a0 = 1), "prior_inverse_gamma")
  one <- borrowed_mean(c("power", "map"), change = 5, a0 = 0, sources = natural_change(published_means(),
    tau = prior_half_normal(2)), sigma = prior_inverse_gamma(2, 60))
  # By hand: df = 2 * 2 + 1 - 1, S = 2 * 60, scale^2 = S / (df n).
  expect_equal(mean_of_method(one, "power", "conf.high"), 5 + sqrt(120 / 4) * stats::qt(0.975, 4), tolerance = 1e-12)
  same <- borrowed_mean("power", change = c(5, 5, 5), a0 = 0, sigma = prior_fixed(6))
  expect_equal(mean_of_method(same, "power", "std.error"), 6 / sqrt(3), tolerance = 1e-13)
  invalid(borrowed_mean("elastic", change = c(5, 5, 5), sigma = prior_inverse_gamma(2, 60)), "standard errors")
})

test_that("published means without what a method needs are refused by name", {
  invalid(borrowed_mean("power", sources = published_means(sd = NA), a0 = 1), "SE nor SD")
  invalid(borrowed_mean("power", sources = published_means(sd = c(6, 0, 7)), a0 = 1), "SD or SE of 0")
  invalid(borrowed_mean("power", sources = published_means(n = c(1, 60, 22)), a0 = 1), "at least 2")
  by_se <- data.frame(source = c("a", "b"), mean = c(7, 9), se = c(1, 2), measure = "uems", level = "cervical",
    baseline_grade = "A")
  invalid(borrowed_mean("power", sources = by_se, a0 = 1), "patients it rests on")
  invalid(borrowed_mean("map"), "tau")
  invalid(borrowed_mean("map", sources = natural_change(7, sd = 6)), "taken as known")
  invalid(borrowed_mean("power", sources = natural_change(prior_normal(7, 2), sd = 6), a0 = 1), "sd")
  biased <- natural_change(published_means(), tau = prior_half_normal(2), bias = prior_normal(1, 1))
  invalid(borrowed_mean("power", sources = biased, a0 = 1), "bias")
  expect_s3_class(borrowed_mean("map", sources = biased), "borrow_means")
  invalid(borrowed_mean("map", sources = "registry"), "published means")
  invalid(borrowed_mean("robust_map", sources = natural_change(data.frame(source = "a", mean = 7, se = 1,
    measure = "uems", level = "cervical", baseline_grade = "A"), tau = prior_half_normal(2))), "vague prior")
})

test_that("LEAP needs single patients, untreated ones, and not too many", {
  invalid(borrowed_mean("leap"), "Published means hold no single patients")
  invalid(borrowed_mean("leap", sources = scores_of(c(3, 5, 8), role = "treated")), "untreated")
  invalid(borrowed_mean("leap", sources = scores_of(c(3, NA, 8))), "must be known")
  invalid(borrowed_mean("leap", sources = scores_of(c(3, 3))), "differ")
  many <- scores_of(seq(0, 19.5, by = 0.5), baseline = rep(20, 40))
  invalid(borrowed_mean("leap", sources = many), "allocations")
  ties <- scores_of(rep(c(2, 5, 9), c(30, 30, 30)), baseline = rep(20, 90))
  expect_gt(mean_of_method(borrowed_mean("leap", sources = ties), "leap", term = "weight"), 0)
})

test_that("points of another scale, several scales and impossible means are refused, whatever is accepted", {
  invalid(borrowed_mean("power", sources = published_means()[, setdiff(names(published_means()), "measure")] |>
    transform(measure = "isncsci_motor"), a0 = 1), "different scales")
  mixed <- published_means()
  mixed$measure <- NULL
  mixed$endpoint <- c("one", "two", "one")
  invalid(borrowed_mean("power", sources = mixed, a0 = 1), "several endpoints")
  invalid(borrowed_mean("power", sources = published_means(mean = c(780, 9, 10)), a0 = 1), "outside the scale")
  invalid(borrowed_mean("power", sources = published_means(sd = c(6, 700, 6)), a0 = 1), "outside the scale")
  expect_error(borrow(scores_of(four_controls), published_means(), "power", a0 = 1), class = "cordgain_unmatched")
})

test_that("settings out of range, absent or of the other kind are refused by name", {
  invalid(borrowed_mean("power"), "no default")
  invalid(borrowed_mean("sam"), "no default")
  invalid(borrowed_mean("sam", delta = -1), "delta")
  invalid(borrowed_mean("commensurate"), "tau")
  invalid(borrowed_mean("commensurate", tau = prior_gamma(1, 1)), "tau")
  invalid(borrowed_mean("power", a0 = 1, prior = prior_beta(1, 1)), "prior")
  invalid(borrowed_mean("power", a0 = 1, prior = prior_mixture(c(0.5, 0.5), prior_normal(0, 1), prior_normal(1, 1))),
    "prior")
  invalid(borrowed_mean("power", a0 = 1, sigma = prior_normal(6, 1)), "sigma")
  invalid(borrowed_mean("power", a0 = 1, sigma = prior_fixed(0)), "sigma")
  invalid(borrowed_mean("power", change = c(4, NA, 3), a0 = 1), "must be known")
  invalid(borrow(plain_arm(role = "control"), sources_of(32, 187), "power", a0 = 1, accept = every_difference,
    sigma = prior_fixed(1)), "counts")
})

test_that("a score stretched by a factor gives the same answer stretched", {
  skip_on_cran() # long
  plain <- tidy(all_of_means())
  for (k in c(0.1, 10)) {
    own <- motor_scale(min = 0, max = 50 * k, direction = "higher", name = "stretched")
    h <- published_means(mean = k * c(7.8, 10.5, 9), sd = k * c(6, 7, 6.5))
    h$measure <- NULL
    h$endpoint <- "stretched"
    controls <- score_change(rep(20 * k, 4), k * (20 + four_controls), own, role = "control")
    x <- tidy(borrow(controls, natural_change(h, tau = prior_half_normal(2 * k), scale = own), all_mean_methods,
      a0 = 0.4, delta = 4 * k, tau = prior_half_normal(3 * k), accept = all_differences))
    of_mean <- plain$term == "mean"
    # The stated errors, and what the panels of tau (on the score's scale in natural_change()) differ by.
    for (column in c("estimate", "std.error", "conf.low", "conf.high")) {
      expect_equal(x[[column]][of_mean], k * plain[[column]][of_mean], tolerance = 1e-9)
    }
    expect_equal(x$estimate[!of_mean], plain$estimate[!of_mean], tolerance = 1e-8)
  }
})

test_that("changes and history moved together move the answer and nothing else", {
  plain <- tidy(all_of_means())
  moved <- tidy(all_of_means(four_controls - 5, published_means(mean = c(7.8, 10.5, 9) - 5)))
  of_mean <- plain$term == "mean"
  for (column in c("estimate", "conf.low", "conf.high")) {
    expect_equal(moved[[column]][of_mean], plain[[column]][of_mean] - 5, tolerance = 1e-9)
  }
  expect_equal(moved$std.error[of_mean], plain$std.error[of_mean], tolerance = 1e-9)
  expect_equal(moved$estimate[!of_mean], plain$estimate[!of_mean], tolerance = 1e-8)
})

test_that("where lower is better both sides are turned once", {
  own <- motor_scale(min = 0, max = 50, direction = "lower", name = "lower")
  h <- published_means(mean = -c(7.8, 10.5, 9))
  h$measure <- NULL
  h$endpoint <- "lower"
  down <- score_change(rep(40, 4), 40 - four_controls, own, role = "control")
  borrowed <- borrow(down, h, c("power", "sam"), a0 = 0.4, delta = 4, accept = all_differences)
  turned <- tidy(borrowed)
  plain <- tidy(borrowed_mean(c("power", "sam"), a0 = 0.4, delta = 4))
  expect_equal(turned[2:7], plain[2:7][names(turned)[2:7]], tolerance = 1e-12)
  skip_if_not_installed("ggplot2")
  words <- words_of(plot(borrowed))
  expect_match(words[["x"]], "^Mean gain of the concurrent controls [(]points; better is right")
  expect_match(gsub("\n", " ", words[["caption"]]), "Lower is better[.] The sign of change is turned")
})

test_that("a history that does not say its scale is checked as excess() checks it", {
  own <- motor_scale(min = 0, max = 50, direction = "lower", name = "lower")
  down <- score_change(rep(40, 4), 40 - four_controls, own, role = "control")
  h <- published_means(mean = -c(7.8, 10.5, 9))
  h$measure <- NULL
  ask <- \(sources, controls = down, method = "robust_map") borrow(controls, sources, method, a0 = 0.4,
    accept = all_differences)
  # As published a gain is negative: whether it was turned, nobody knows.
  invalid(ask(natural_change(h, tau = prior_half_normal(2))), "does not know its scale")
  invalid(ask(h, method = "power"), "does not know its scale")
  invalid(ask(transform(h, endpoint = "another"), method = "power"), "does not know its scale")
  expect_s3_class(ask(natural_change(h, tau = prior_half_normal(2), scale = own)), "borrow")
  # A prior's points, where no table holds the means.
  invalid(ask(natural_change(prior_normal(70, 5), sd = 6), scores_of(four_controls)), "outside the scale")
  # Means without a name may be of any scale, as they may in excess().
  h$mean <- -h$mean
  e <- expect_error(borrow(scores_of(four_controls), h, "power", a0 = 0.4), class = "cordgain_unmatched")
  expect_true("endpoint" %in% e$differences$what)
})

test_that("order of patients and of sources does not matter, nor does what else is asked", {
  plain <- tidy(all_of_means())
  other <- tidy(all_of_means(rev(four_controls), published_means()[3:1, ]))
  expect_equal(other$estimate, plain$estimate, tolerance = 1e-9)
  alone <- borrowed_mean("power", a0 = 0.4)
  expect_equal(mean_of_method(alone, "power"), plain$estimate[plain$group == "power" & plain$term == "mean"],
    tolerance = 1e-14)
})

test_that("weights adapt: agreement keeps the history, conflict lets it go", {
  skip_on_cran() # long
  weights <- vapply(c(0, 8, 16), \(by) {
    x <- all_of_means(c(3, 9, 12, 8, 10, 14, 6, 9) + by)
    vapply(c("robust_map", "normalised_power", "elastic"), \(m) mean_of_method(x, m, term = "weight"), 0)
  }, numeric(3))
  expect_true(all(weights[, 1] > weights[, 2] & weights[, 2] > weights[, 3]))
  # A conflict of ten standard errors: what adapts is back at the controls within a standard error.
  x <- all_of_means(c(3, 9, 12, 8, 10, 14, 6, 9) + 16)
  for (m in c("robust_map", "sam", "elastic")) expect_lt(abs(mean_of_method(x, m) - 24.875), 1.3)
})

test_that("every number states an error far below what is asked, and a narrower interval is inside a wider", {
  x <- tidy(all_of_means())
  expect_true(all(x$num.error < 1e-7))
  wide <- tidy(all_of_means(conf.level = 0.99))
  of_mean <- x$term == "mean"
  expect_true(all(wide$conf.low[of_mean] < x$conf.low[of_mean] & wide$conf.high[of_mean] > x$conf.high[of_mean]))
})

test_that("random controls and histories: predictive, commensurate and power priors against the second roads", {
  withr::with_seed(20261127, for (i in seq_len(sweep_size(300))) {
    n <- sample(2:12, 1)
    change <- round(stats::rnorm(n, stats::runif(1, -5, 15), stats::runif(1, 1, 8)), 1)
    if (diff(range(change)) == 0) next
    k <- sample(1:4, 1)
    h <- published_means(mean = round(stats::rnorm(k, 5, 6), 1), sd = round(stats::runif(k, 2, 9), 1),
      n = sample(5:300, k))
    tau <- exp(stats::runif(1, -3, 3))
    eta <- exp(stats::runif(1, -3, 3))
    x <- borrow(scores_of(change, baseline = rep(25, n)), natural_change(h, tau = prior_fixed(tau)),
      c("map", "robust_map", "commensurate"), tau = prior_fixed(eta), vague = 0.4, accept = all_differences)
    p <- new_population(h$mean, h$sd / sqrt(h$n), tau)
    q <- pooled_by_hand(h)
    own <- t_as_normals(sqrt(q$ss / ((q$n - 1) * q$n)), q$n - 1)
    by_hand <- list(map = by_log_sigma(change, p$mean, p$variance, 1),
      robust_map = by_log_sigma(change, c(p$mean, q$mean), c(p$variance, q$ss / (q$n - 1)), c(0.6, 0.4)),
      commensurate = by_log_sigma(change, rep(q$mean, 400), own$v + eta^2, own$w))
    for (m in names(by_hand)) {
      off <- c(by_hand[[m]]$mean - mean_of_method(x, m), by_hand[[m]]$sd - mean_of_method(x, m, "std.error"),
        by_hand[[m]]$cdf(mean_of_method(x, m, "conf.low")) - 0.025,
        by_hand[[m]]$cdf(mean_of_method(x, m, "conf.high")) - 0.975)
      # The trapezoid of the second road in log sigma, whose tail with two controls falls only as 1 / sigma: 1e-5.
      expect_lt(max(abs(off)), if (n < 4) 1e-5 else 1e-7)
    }
  })
})

test_that("records and their mean, SD and n are one history", {
  old <- c(3, 5, 9, 12, 0, 7, 8, 15, 22)
  by_records <- tidy(borrowed_mean(c("power", "sam"), sources = scores_of(old), a0 = 0.5, delta = 4))
  by_mean <- tidy(borrowed_mean(c("power", "sam"), sources = published_means(mean(old), stats::sd(old), 9), a0 = 0.5,
    delta = 4))
  expect_equal(by_records$estimate, by_mean$estimate, tolerance = 1e-12)
})

test_that("print, table and picture hold a line for each method and for the controls alone", {
  x <- all_of_means()
  rows <- tidy(x)
  expect_identical(unique(rows$group), c("none", all_mean_methods))
  expect_identical(sum(rows$term == "mean"), 8L)
  expect_true(all(c("term", "estimate", "std.error", "conf.low", "conf.high", "num.error", "num.kind", "group", "note")
    %in% names(rows)))
  said <- paste(capture.output(print(x)), collapse = " ")
  for (words in c("controls (4, mean 7.5, SD 4.65", "182 patients", "0.4 (a0)", "SAM weight", "Not matched")) {
    expect_match(gsub("\\s+", " ", said), words, fixed = TRUE)
  }
  few <- borrowed_mean("power", change = c(3, 9), a0 = 0)
  expect_match(paste(capture.output(print(few)), collapse = " "), "too few")
  expect_output(print(scores_of(four_controls)), "4 control patients")
  skip_if_not_installed("ggplot2")
  picture <- plot(x)
  expect_identical(layer_geoms(picture), c("GeomLinerange", "GeomPoint"))
  expect_equal(sort(built(picture, 2)$x), sort(rows$estimate[rows$term == "mean"]))
})
