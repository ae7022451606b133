trial <- data.frame(id = rep(1:4, each = 3), y = c(0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1, 0), week = rep(0:2, 4))

test_that("families of stats are known by name, function or object, others are refused", {
  expect_identical(as_recovery_family(stats::binomial)$link, "logit")
  expect_identical(as_recovery_family(stats::poisson())$name, "poisson")
  expect_identical(as_recovery_family(gaussian_scores())$name, "gaussian")
  expect_identical(as_recovery_family(stats::binomial("cloglog"))$link, "cloglog")
  expect_identical(cumulative("probit")$link, "probit")
  for (family in list(stats::Gamma(), stats::gaussian("log"), stats::binomial("cauchit"), "binomial", 3)) {
    expect_error(as_recovery_family(family), class = "cordgain_invalid_input")
  }
})

test_that("the method follows the family", {
  expect_identical(method_for(gaussian_scores(), NULL)$name, "reml")
  binary <- as_recovery_family(stats::binomial())
  expect_identical(method_for(binary, NULL)$name, "quadrature")
  expect_equal(method_for(binary, method_ml(nodes = 1))$nodes, 1)
  expect_error(method_for(binary, "reml"), "restricted", class = "cordgain_invalid_input")
  expect_error(method_for(gaussian_scores(), method_ml(nodes = 5)), class = "cordgain_invalid_input")
  expect_error(method_ml(nodes = 0), class = "cordgain_invalid_input")
})

test_that("scores become events and trials", {
  binary <- as_recovery_family(stats::binomial())
  expect_equal(family_scores(binary, c(0, 1)), cbind(c(0, 1), 1))
  expect_equal(family_scores(binary, c(FALSE, TRUE)), cbind(c(0, 1), 1))
  expect_equal(family_scores(binary, factor(c("no", "yes"))), cbind(c(0, 1), 1))
  expect_equal(unname(family_scores(binary, cbind(c(2, 0), c(3, 4)))), cbind(c(2, 0), c(5, 4)))
  expect_equal(family_scores(as_recovery_family(stats::poisson()), 3:4), cbind(c(3, 4)))
  expect_equal(family_scores(gaussian_scores(), 1:2), c(1, 2))
})

test_that("scores that cannot be of the family are named with their row", {
  bad <- \(scores, family, words) {
    trial$y <- scores
    expect_error(fit_recovery(y ~ week + (1 | id), trial, family = family), words, class = "cordgain_invalid_input")
  }
  bad(replace(trial$y, 5, 2), binomial(), "row \"5\"")
  bad(replace(trial$y, 3, 0.5), binomial(), "row \"3\"")
  bad(factor(rep(c("a", "b", "c"), 4)), binomial(), "two levels")
  bad(rep("a", 12), binomial(), "binomial score")
  bad(replace(trial$y, 7, -1), poisson(), "row \"7\"")
  bad(factor(trial$y), poisson(), "numeric")
  bad(cbind(trial$y, -1), binomial(), "row \"1\"")
})

test_that("points and bounded scores become what the core takes", {
  expect_equal(family_scores(beta_binomial(10), c(3, 10)), cbind(c(3, 10), 10))
  expect_equal(unname(family_scores(beta_binomial(), cbind(c(2, 0), c(3, 4)))), cbind(c(2, 0), c(5, 4)))
  expect_equal(family_scores(censored(0, 5), 0:2), cbind(c(0, 1, 2)))
  expect_identical(censored(upper = 27)$lower, -Inf)
  expect_identical(as_recovery_family(censored)$upper, Inf)
  expect_identical(beta_binomial(50)$object$linkinv(0), 0.5)
  expect_output(print(censored(0, 50)), "Family of scores: censored, link identity")
  expect_error(method_for(censored(0, 50), "reml"), "restricted", class = "cordgain_invalid_input")
})

test_that("a family in quotes is told how it is written", {
  expect_error(as_recovery_family("gaussian"), "Write `gaussian()`, without quotes", fixed = TRUE,
    class = "cordgain_invalid_input")
  error <- expect_error(as_recovery_family("gamma"), "a string", class = "cordgain_invalid_input")
  expect_no_match(conditionMessage(error), "without quotes")
})
