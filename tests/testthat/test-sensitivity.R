answer_of_checks <- function(scale = 1, ...) excess_of(reference_rate(scale), ...)

test_that("the product has one row per combination, and every row is the answer of excess() itself", {
  x <- sensitivity(answer_of_checks())
  rows <- as.data.frame(x)
  choice <- rows[rows$analysis == "choice", ]
  expect_identical(nrow(choice), 6L)
  expect_identical(sum(rows$own), 1L)
  for (i in seq_len(nrow(choice))) {
    scale <- if (grepl("0.5", choice$tau[i])) 0.5 else 1
    bias <- list("none" = NULL, "normal(mean = 0, sd = 0.5)" = prior_normal(0, 0.5),
      "normal(mean = 0.693147, sd = 0.5)" = prior_normal(log(2), 0.5))[[choice$bias[i]]]
    # Two routes to a bias: folded into the model anew here, convolved there.
    single <- tidy(excess_of(reference_rate(scale, bias = bias)))
    for (term in c("natural_tail", "natural_responders", "excess_responders", "log_odds_shift", "prob_benefit",
      "prob_benefit_half_null")) {
      expect_map(choice[[term]][i], single$estimate[single$term == term])
    }
  }
})

test_that("tails agree with the checks: HN(.5) and HN(1), and both biases", {
  rows <- as.data.frame(sensitivity(answer_of_checks()))
  narrow <- rows[grepl("0.5)", rows$tau, fixed = TRUE) & rows$analysis == "choice", ]
  expect_map(narrow$natural_tail, c(checks_value("C04"), checks_value("C07"), checks_value("C08")))
  expect_map(rows$natural_tail[rows$own], checks_value("C02"))
})

test_that("leaving a source out is the check of the left-out registry", {
  x <- sensitivity(answer_of_checks(0.5), tau = list(prior_half_normal(0.5)), bias = list(NULL))
  rows <- as.data.frame(x)
  out <- rows[rows$analysis == "one source left out", ]
  expect_map(out$natural_tail, vapply(paste0("N06t", 1:4), checks_value, 0))
})

test_that("leaving a patient out is the answer for one patient fewer", {
  rows <- as.data.frame(sensitivity(answer_of_checks(0.5), tau = list(prior_half_normal(0.5)), bias = list(NULL)))
  out <- rows[rows$analysis == "one patient left out", ]
  expect_equal(out$responders, c(1, 2))
  expect_map(out$natural_tail, c(tail_of(reference_rate(0.5), 1, 3), tail_of(reference_rate(0.5), 2, 3)))
  none <- as.data.frame(sensitivity(answer_of_checks(0.5, responders = 0), bias = list(NULL)))
  expect_identical(none$evidence[none$analysis == "one patient left out"], "without a non-responder")
})

test_that("other evidence, drift and labels come into the product; what has no answer keeps its row and its reason", {
  dated <- reference_registries(years_from = 1990, years_to = c(1995, 2001, 2005, 2013))
  answer <- excess_of(natural_rate(dated))
  x <- sensitivity(answer, natural = list(late = late_registries(), fixed = natural_rate(0.2)),
    tau = list(usual = prior_half_normal(1)), bias = list(NULL), drift = list(none = NULL,
      "per year .04" = drift(0.04)))
  rows <- as.data.frame(x)
  rows <- rows[rows$analysis == "choice", ]
  expect_identical(nrow(rows), 6L)
  expect_setequal(unique(rows$tau), c("usual", "not varied"))
  late <- rows[rows$evidence == "late", ]
  expect_map(late$natural_tail[late$drift == "none"], checks_value("N01c"))
  expect_true(is.na(late$natural_tail[late$drift != "none"]))
  expect_match(late$note[late$drift != "none"], "years of injury")
  known <- rows[rows$evidence == "fixed" & rows$drift == "none", ]
  expect_closed(known$natural_tail, binomial_tail(2, 4, 0.2))
  drifted <- rows[rows$evidence == rows$evidence[1] & rows$drift != "none", ]
  expect_map(drifted$natural_tail, tail_of(natural_rate(dated, drift = drift(0.04))))
})

test_that("evidence on another endpoint is compared with the responders of that endpoint", {
  any <- subset(natural_ais, reference & endpoint == "ais_any")
  set <- subset(natural_ais, reference & endpoint == "ais_c")
  answer <- excess(keio_ips, natural_rate(set, tau = prior_half_normal(0.5)), accept = every_difference)
  x <- sensitivity(answer, natural = list(any = any), tau = list(prior_half_normal(0.5)), bias = list(NULL))
  rows <- as.data.frame(x)
  rows <- rows[rows$evidence == "any", ]
  expect_equal(rows$responders, 2:4) # two patients are "A or B"
  expect_map(rows$natural_tail, vapply(c("N05.2", "N05.3", "N05.4"), checks_value, 0))
  expect_match(rows$note[1], "ais_any")
})

test_that("the power-scaling of the answer is in the summary, and its flag in words", {
  x <- sensitivity(answer_of_checks(), bias = list(NULL))
  text <- paste(capture.output(print(summary(x))), collapse = " ")
  expect_match(text, "Conflict flag")
  open <- sensitivity(excess_of(reference_rate(), responders = c(1, 2)), bias = list(NULL))
  expect_match(capture.output(print(summary(open))), "open")
})

test_that("tidy() is the table made long, with errors", {
  x <- sensitivity(answer_of_checks(), bias = list(NULL))
  long <- tidy(x)
  wide <- as.data.frame(x)
  expect_identical(nrow(long), nrow(wide) * 10L)
  expect_equal(long$estimate[long$term == "natural_tail"], wide$natural_tail)
  expect_true(all(long$num.error < 1e-6))
})

test_that("the print gives the range of each choice, and what is left out", {
  text <- paste(capture.output(print(sensitivity(answer_of_checks()))), collapse = "\n")
  expect_match(text, "6 combinations")
  expect_match(text, "without source 1")
  expect_match(text, "half_normal")
})

test_that("choices of the wrong kind are refused", {
  x <- answer_of_checks()
  expect_error(sensitivity(x, tau = prior_half_normal(1)), class = "cordgain_invalid_input")
  expect_error(sensitivity(x, tau = list(3)), class = "cordgain_invalid_input")
  expect_error(sensitivity(x, natural = late_registries()), class = "cordgain_invalid_input")
  expect_error(sensitivity(x, natural = list(late_registries())), "name", class = "cordgain_invalid_input")
  expect_error(sensitivity(x, natural = list(a = 3)), class = "cordgain_invalid_input")
  expect_error(sensitivity(3), class = "cordgain_invalid_input")
  expect_error(sensitivity(), class = "cordgain_invalid_input")
  strata <- natural_strata(cervical = natural_rate(0.135), "T1-T9" = natural_rate(0.045))
  expect_error(sensitivity(excess(two_of_four(), strata, accept = every_difference)), class = "cordgain_invalid_input")
})

test_that("a bias laid on a rate is the bias folded into the model, for every kind of rate", {
  biases <- list(list(mean = 0, sd = 0.5), list(mean = log(2), sd = 0), list(mean = -0.4, sd = 0.2))
  for (bias in biases) {
    prior <- if (bias$sd > 0) prior_normal(bias$mean, bias$sd) else prior_fixed(bias$mean)
    for (make in list(\(...) reference_rate(0.5, ...), \(...) natural_rate(prior_beta(8, 56), ...),
      \(...) natural_rate(0.2, ...))) {
      expect_map(tail_of(with_bias(make(), bias)), tail_of(make(bias = prior)))
      expect_map(quantile(with_bias(make(), bias), 0.9), quantile(make(bias = prior), 0.9))
    }
  }
})

test_that("a choice of the excess that is not in the lists is added, and marked as its own", {
  own <- excess_of(natural_rate(late_registries(), tau = prior_half_t(3, 0.7), bias = prior_fixed(0.3)))
  rows <- as.data.frame(sensitivity(own))
  choice <- rows[rows$analysis == "choice", ]
  expect_identical(nrow(choice), 12L)
  expect_identical(sum(choice$own), 1L)
  single <- tidy(own)
  expect_map(choice$natural_tail[choice$own], single$estimate[single$term == "natural_tail"])
})

test_that("a rate given as a number has no heterogeneity to be varied, a bias it has", {
  rows <- as.data.frame(sensitivity(excess_of(natural_rate(0.134))))
  choice <- rows[rows$analysis == "choice", ]
  expect_identical(unique(choice$tau), "not varied")
  expect_identical(nrow(choice), 3L)
  expect_closed(choice$natural_tail[choice$bias == "none"], binomial_tail(2, 4, 0.134))
  expect_false(any(rows$analysis == "one source left out"))
})

test_that("the same sources and settings, with one source fewer, are a natural rate of their own", {
  natural <- reference_rate(0.5, bias = prior_normal(0.2, 0.3))
  fewer <- without_source(natural, 2, NULL)
  expect_identical(nrow(natural_sources(fewer)), 3L)
  expect_map(tail_of(fewer), tail_of(natural_rate(reference_registries()[-2, ], tau = prior_half_normal(0.5),
    bias = prior_normal(0.2, 0.3))))
})

test_that("choices are printed to three digits, as the picture has them, unless two would get one name", {
  table <- data.frame(bias = c("normal(mean = 1.96307, sd = 1.96307)", "none"), natural_tail = c(0.2, 0.1))
  expect_identical(choice_ranges(table, "bias", 3)$value, c("normal(mean = 1.96, sd = 1.96)", "none"))
  table$bias <- c("normal(mean = 0, sd = 1.96307)", "normal(mean = 0, sd = 1.96309)")
  expect_identical(choice_ranges(table, "bias", 3)$value, table$bias)
})

test_that("a long name of the evidence is cut in print, and keeps each row of numbers whole at 80 columns", {
  expect_identical(shortened(c("short", strrep("a", 36), strrep("a", 37))), c("short", strrep("a", 36),
    paste0(strrep("a", 33), "...")))
  long <- data.frame(evidence = c(strrep("registry ", 12), "b"), natural_tail = c(0.0123456, 0.2))
  withr::local_options(width = 80)
  expect_length(capture.output(print(choice_ranges(long, "evidence", 3), row.names = FALSE, right = FALSE)), 3)
})

test_that("what the hint of a refused choice suggests is taken", {
  answer <- excess_of(reference_rate(1))
  for (arg in c("tau", "bias", "landmark", "drift")) {
    asked <- \(value) do.call(sensitivity, stats::setNames(list(answer, value), c("", arg)))
    error <- invalid(asked(1), "must be a list of choices")
    hint <- sub(".*(list\\(.*\\))`.*", "\\1", gsub("\n", " ", conditionMessage(error), fixed = TRUE))
    expect_s3_class(asked(eval(parse(text = hint))), "sensitivity")
  }
  error <- invalid(sensitivity(answer, tau = list(NULL)), "is no tau")
  expect_match(conditionMessage(error), "prior_half_normal", fixed = TRUE)
  for (arg in c("family", "shape", "correlation", "between_sd")) {
    suggested <- eval(parse(text = sub(".*(list\\(.*\\))}.*", "\\1", choice_hint(arg))))
    expect_length(choice_list(suggested, NULL, arg, NULL), 2L)
  }
})

test_that("choices that are numbers are told in their order, others as they were given", {
  expect_identical(numbers_in_order(c("0.5", "0.7", "0.9", "0.8")), c("0.5", "0.7", "0.8", "0.9"))
  expect_identical(numbers_in_order(c("b", "0.5", "a")), c("b", "0.5", "a"))
})
