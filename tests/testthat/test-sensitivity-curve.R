# The multiverse of repeated scores against closed forms worked by hand.

own_variance <- \(r) (4^2 + 8^2 - 2 * r * 32 + 4^2 + 6^2 - 2 * r * 24) / 4 # of the mean of known_course()'s last gains

rows_of <- \(x, analysis) {
  table <- as.data.frame(x)
  table[table$analysis == analysis, ]
}

test_that("every combination has its closed form, and the answer's own is marked once", {
  answer <- known_course()
  x <- sensitivity(answer, shape = list("plateau", "gompertz"), correlation = list(0.5, 0.9), between_sd = list(0, 3),
    bias = list(NULL, prior_normal(1, 2)), effect = prior_normal(0, 5))
  rows <- rows_of(x, "choice")
  expect_identical(nrow(rows), 2L * 3L * 2L * 2L) # its own correlation, 0.7, is one more
  b <- ifelse(rows$bias == "none", 0, 1)
  excess <- 7.5 - b
  share <- (1 + 5 / 9) / 2 # of the gain at the last visit
  sd <- sqrt(own_variance(as.numeric(rows$correlation)) + (as.numeric(rows$between_sd) * share)^2 + 4 * b)
  # Both shapes pass through the three means, up to the last step of the search.
  expect_equal(rows$mean_excess, excess, tolerance = 1e-6)
  expect_equal(rows$natural_tail, stats::pnorm(excess / sd, lower.tail = FALSE), tolerance = 1e-5)
  expect_equal(rows$prob_excess, 1 - rows$natural_tail, tolerance = 1e-12)
  expect_equal(rows$conf.low, excess - 1.959963984540054 * sd, tolerance = 1e-5)
  expect_equal(rows$natural_mean, 14.5 - excess, tolerance = 1e-6) # mean of 25 and 4 observed
  # Conjugate: precision 1 / 25 of the prior at 0.
  expect_equal(rows$posterior_excess, excess * 25 / (25 + sd^2), tolerance = 1e-5)
  post_sd <- sqrt(1 / (1 / 25 + 1 / sd^2))
  expect_equal(rows$prob_benefit, stats::pnorm(excess * 25 / (25 + sd^2) / post_sd), tolerance = 1e-5)
  own <- rows[rows$own, ]
  expect_identical(nrow(own), 1L)
  expect_equal(own$prob_excess, term_value(answer, "prob_excess"))
  expect_equal(own$plateau_excess, term_value(answer, "plateau_excess"))
  expect_identical(own$correlation, "0.7")
})

test_that("a bias is of every gain: the plateau moves by the sum of its weights", {
  rows <- rows_of(sensitivity(known_course(), shape = list("plateau"), correlation = list(0.7), between_sd = list(0),
    bias = list(NULL, prior_fixed(2))), "choice")
  moved <- term_value(known_course(more = -2), "plateau_excess") # every patient gains two points less at every visit
  expect_equal(rows$plateau_excess, c(term_value(known_course(), "plateau_excess"), moved), tolerance = 1e-10)
  expect_equal(diff(rows$mean_excess), -2, tolerance = 1e-12)
})

test_that("each patient and each visit is left out as if it had never been", {
  x <- sensitivity(known_course(), shape = list("plateau"), correlation = list(0.7), between_sd = list(0),
    bias = list(NULL))
  patients <- rows_of(x, "one patient left out")
  expect_identical(patients$evidence, c("without patient a", "without patient b"))
  expect_equal(patients$mean_excess, c(4 - 5, 25 - 9), tolerance = 1e-7)
  expect_equal(patients$natural_tail, stats::pnorm(c(1 / sqrt(52 - 33.6), -16 / sqrt(80 - 44.8))), tolerance = 1e-7)
  visits <- rows_of(x, "one visit left out")
  expect_identical(visits$evidence, paste("without the visit", c(9, 49), "weeks after treatment"))
  # Without week 12 patient b was never seen after treatment; without week 52 patient a's last gain is 8.
  expect_equal(visits$n, c(1L, 2L))
  expect_equal(visits$mean_excess, c(25 - 9, mean(c(8, 4)) - 5), tolerance = 1e-7)
})

test_that("a published mean without which there is no curve leaves its row, and the reason", {
  x <- sensitivity(known_course(), between_sd = list(0), bias = list(NULL))
  means <- rows_of(x, "one published mean left out")
  expect_identical(nrow(means), 3L)
  expect_true(all(is.na(means$natural_tail)))
  expect_match(means$note[1], "needs means at 3 or more visits")
  weibull <- rows_of(x, "choice")
  weibull <- weibull[weibull$shape == "weibull", ]
  expect_true(all(is.na(weibull$natural_tail) & grepl("4 or more visits", weibull$note)))
  expect_output(print(x), "No answer: A plateau curve needs means at 3 or more visits")
  six <- rows_of(sensitivity(curve_answer(), shape = list("plateau"), between_sd = list(0), bias = list(NULL)),
    "one published mean left out")
  rows <- subset(natural_motor, source == "Sygen" & measure == "uems" & level == "cervical")
  fewer <- excess(curve_excess_parts(curve_answer())$data, natural_curve(rows[rows$week != 4, ], correlation = 0.8),
    accept = all_differences)
  expect_equal(six$prob_excess[six$evidence == "without the published mean of week 4"],
    term_value(fewer, "prob_excess"))
})

test_that("further evidence stands beside its own: tables, curves, fits and what cannot be compared", {
  set.seed(8)
  d <- expand.grid(week = c(2, 12, 52), subject = 1:8) # simulated
  d$score <- 10 + 0.2 * d$week + stats::rnorm(8, 0, 4)[d$subject] + stats::rnorm(24)
  fit <- natural_curve(fit_recovery(score ~ week + (1 | subject), d), scale = "uems")
  table <- data.frame(week = c(2, 12, 52), mean = c(10, 13, 15), sd = c(4, 6, 8), measure = "uems")
  other <- natural_curve(transform(table, measure = "lems"), correlation = 0.5)
  x <- sensitivity(known_course(), natural = list(table = table, fit = fit, legs = other), shape = list("plateau"),
    correlation = list(0.7), between_sd = list(0), bias = list(NULL))
  rows <- rows_of(x, "choice")
  at <- \(name) rows[rows$evidence == name, ]
  expect_equal(at("table")$mean_excess, mean(c(25 - 5, 4 - 3)), tolerance = 1e-7)
  expect_identical(unlist(at("fit")[c("shape", "correlation")], use.names = FALSE), rep("not varied", 2))
  slope <- nlme::fixef(fit_recovery(score ~ week + (1 | subject), d))[["week"]]
  expect_equal(at("fit")$mean_excess, mean(c(25 - 50 * slope, 4 - 10 * slope)), tolerance = 1e-9)
  expect_match(at("fit")$note, "model of 8 subjects")
  expect_true(all(is.na(at("legs")$natural_tail)))
  expect_match(at("legs")$note[1], "about lower .*, the trial about upper")
})

test_that("the order of patients does not matter, and so many points more move every excess", {
  ask <- \(...) sensitivity(known_course(...), shape = list("plateau"), correlation = list(0.5), bias = list(NULL))
  expect_equal(rows_of(ask(), "choice")$natural_tail, rows_of(ask(reverse = TRUE), "choice")$natural_tail)
  expect_equal(rows_of(ask(more = 1.5), "choice")$mean_excess, rows_of(ask(), "choice")$mean_excess + 1.5)
})

test_that("bad choices are refused", {
  answer <- known_course()
  refused <- \(..., words) expect_error(sensitivity(answer, ...), words, class = "cordgain_invalid_input")
  refused(shape = "plateau", words = "list of choices")
  refused(shape = list("line"), words = "no shape")
  refused(correlation = list(1), words = "no correlation")
  refused(between_sd = list(-1), words = "no between_sd")
  refused(bias = list(2), words = "no bias")
  refused(natural = list(natural_change(8, sd = 6)), words = "named list")
  refused(natural = list(a = natural_change(8, sd = 6)), words = "no natural curve")
  refused(effect = prior_beta(1, 1), words = "normal")
  gains <- natural_curve(data.frame(week = c(12, 52), mean = c(5, 9), from_week = 2, measure = "uems"),
    covariance = diag(2))
  given <- excess(curve_excess_parts(answer)$data, gains, accept = all_differences)
  expect_error(sensitivity(given, natural = list(a = data.frame(week = 1:3, mean = 1:3))), "the answer has none",
    class = "cordgain_invalid_input")
})

test_that("power-scaling of a normal prior and a normal mean is that of precisions", {
  power <- summary(sensitivity(known_course(), shape = list("plateau"), correlation = list(0.7), between_sd = list(0),
    bias = list(NULL), effect = prior_normal(0, 5)))$power
  # E = m a / (a + b), a = 1 / v the weight of the mean, b = 1 / 25 that of the prior;
  # dE / dlog2 a = ln 2 m a b / (a + b)^2
  a <- 1 / own_variance(0.7)
  b <- 1 / 25
  by_hand <- log(2) * 7.5 * a * b / (a + b)^2
  expect_equal(power$mean_shift, c(-by_hand, by_hand), tolerance = 1e-6)
})

test_that("the specification curve shows the choices of a course", {
  skip_if_not_installed("ggplot2")
  picture <- plot(sensitivity(known_course(), shape = list("plateau", "gompertz"), bias = list(NULL)))
  expect_true(draws(picture))
  expect_true("Correlation" %in% picture$layers[[2]]$data$panel)
})
