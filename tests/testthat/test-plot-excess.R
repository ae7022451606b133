known_answer <- function(rate = 0.2, arm = keio_ips) excess(arm, natural_rate(rate), accept = accepted_usual)

test_that("the bars of the first reading are the binomial distribution of a known rate", {
  skip_if_not_installed("ggplot2")
  rows <- plot(known_answer())$data
  first <- rows[rows$reading == levels(rows$reading)[1], ]
  expect_identical(first$excess, 2 - 4:0)
  expect_equal(first$high, stats::dbinom(4:0, 4, 0.2), tolerance = 1e-12) # finite sums on both sides
  expect_identical(first$low, first$high)
})

test_that("each of the three readings is a panel whose bars add up to one", {
  skip_if_not_installed("ggplot2")
  plot <- plot(excess(keio_ips, natural_rate(two_sources()), accept = accepted_usual))
  expect_identical(nlevels(plot$data$reading), 3L)
  sums <- tapply(plot$data$high, plot$data$reading, sum)
  expect_equal(as.numeric(sums), c(1, 1, 1), tolerance = 1e-7) # accuracy asked of the predictive distribution
  expect_identical(nrow(unique(built(plot, 1)["PANEL"])), 3L)
  expect_true(draws(plot))
})

test_that("the title gives the observed count with the natural mean and tail", {
  skip_if_not_installed("ggplot2")
  tail <- cordgain:::percent_text(binomial_tail(2, 4, 0.2))
  expect_identical(words_of(plot(known_answer()))[["title"]],
    paste0("Observed 2 of 4; nature alone gives 0.8 on average, and 2 or more in ", tail, " of such trials"))
})

test_that("bounds are drawn from the smallest to the largest probability and named as such", {
  skip_if_not_installed("ggplot2")
  strata <- natural_strata(cervical = natural_rate(0.135), "T1-T9" = natural_rate(0.045))
  plot <- plot(excess(keio_ips, strata, accept = accepted_usual))
  two <- plot$data[plot$data$excess == 2, ][1, ]
  expect_equal(c(two$low, two$high), c((1 - 0.135)^4, (1 - 0.045)^4), tolerance = 1e-12)
  expect_match(words_of(plot)[["caption"]], "smallest")
  expect_match(words_of(plot)[["y"]], "per cent")
  expect_true(draws(plot))
})

test_that("an open count moves the excess, not only its probability", {
  skip_if_not_installed("ggplot2")
  rows <- plot(known_answer(arm = update(keio_ips, endpoint = "ais_any")))$data
  expect_identical(range(rows$excess), c(-2, 4))
  expect_equal(rows$low[rows$excess == 4], c(0, 0, 0)) # impossible where only two responded
})

test_that("the caption says what a negative excess is and what no bar is", {
  skip_if_not_installed("ggplot2")
  caption <- words_of(plot(known_answer()))[["caption"]]
  expect_match(caption, "nature alone would have given more")
  expect_match(caption, "None of the readings is a probability that the treatment works")
})

test_that("labels of bounds are whole per cent, and of single values two digits", {
  expect_identical(cordgain:::bar_text(0.0123, 0.0123), "1.2 %")
  expect_identical(cordgain:::bar_text(c(0.1, 0.001), c(0.249, 0.002)), c("10-25", ""))
})

test_that("the decision table is drawn with the natural tail of every outcome and the observed one marked", {
  skip_if_not_installed("ggplot2")
  plot <- plot(decision_table(known_answer()))
  expect_equal(plot$data$tail, c(1, binomial_tail(1:4, 4, 0.2)), tolerance = 1e-12)
  expect_identical(plot$data$responders[plot$data$seen], 2L)
  expect_match(plot$data$text[3], "observed")
  expect_match(words_of(plot)[["title"]], "^Observed 2 of 4; nature alone gives 2 or more in ")
  expect_true(draws(plot))
})

test_that("a table of a natural rate alone marks nothing and says what it shows", {
  skip_if_not_installed("ggplot2")
  plot <- plot(decision_table(natural_rate(0.2), n = 4))
  expect_false(any(plot$data$seen))
  expect_match(words_of(plot)[["title"]], "for every outcome of 4 patients")
})

test_that("with many patients the bars stand without numbers", {
  skip_if_not_installed("ggplot2")
  expect_identical(layer_geoms(plot(decision_table(natural_rate(0.2), n = 40))), "GeomCol")
  expect_identical(layer_geoms(plot(decision_table(natural_rate(0.2), n = 4))), c("GeomCol", "GeomText"))
})

test_that("many outcomes are drawn without a label on each", {
  skip_if_not_installed("ggplot2")
  many <- plot(known_answer(arm = plain_arm(responders = 8, n = 30)))
  expect_true(all(many$data$text == ""))
  expect_identical(round_counts(as.character(-22:8)), as.character(c(-20, -15, -10, -5, 0, 5)))
  expect_identical(round_counts(as.character(0:300)), as.character(seq(0, 300, 40)))
})

test_that("outcomes that are all possible are not called observed", {
  skip_if_not_installed("ggplot2")
  open <- known_answer(arm = update(keio_ips, endpoint = "ais_any"))
  expect_setequal(sub(".*\n", "", plot(decision_table(open))$data$text[3:5]), "possible")
  expect_output(print(decision_table(open)), "<- possible", fixed = TRUE)
})
