# RBesT's documented layout in and out, without RBesT; priors as text of Stan and brms.

robust <- function() prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))

# As mixbeta(inf = c(0.8, 8, 56), rob = c(0.2, 1, 1)) lays it out.
by_hand <- function(rows = c("w", "a", "b"), class = "betaMix", likelihood = "binomial", link = "identity") {
  structure(matrix(c(0.8, 8, 56, 0.2, 1, 1), 3, dimnames = list(rows, c("inf", "rob"))),
    link = structure(list(name = link), class = "dlink"), likelihood = likelihood, class = c(class, "mix"))
}

test_that("a prior comes out in the layout, with class, likelihood and identity link", {
  mix <- as_mixture(robust())
  expect_identical(class(mix), c("betaMix", "mix"))
  expect_identical(attr(mix, "likelihood"), "binomial")
  expect_identical(dimnames(mix), list(c("w", "a", "b"), c("comp1", "comp2")))
  expect_identical(as.vector(unclass(mix)), c(0.8, 8, 56, 0.2, 1, 1))
  link <- attr(mix, "link")
  expect_identical(link$name, "identity")
  expect_identical(link$invlink(link$link(0.3)), 0.3)
  expect_identical(link$lJinv_link(c(0.2, 0.3)), c(0, 0))
  normal <- as_mixture(prior_normal(-50, 9), sigma = 88)
  expect_identical(rownames(normal), c("w", "m", "s"))
  expect_identical(as.vector(unclass(normal)), c(1, -50, 9))
  expect_identical(attr(normal, "sigma"), 88)
  expect_null(attr(as_mixture(prior_normal(-50, 9)), "sigma"))
  gamma <- as_mixture(prior_mixture(c(1, 3), prior_gamma(20, 4), prior_gamma(50, 10)))
  expect_identical(class(gamma), c("gammaMix", "mix"))
  expect_identical(attr(gamma, "likelihood"), "poisson")
  expect_equal(gamma["w", ], c(comp1 = 0.25, comp2 = 0.75))
})

test_that("columns are the triplets that RBesT's own constructors take", {
  triplets <- asplit(as_mixture(robust()), 2)
  expect_identical(lapply(unname(triplets), \(t) as.vector(t)), list(c(0.8, 8, 56), c(0.2, 1, 1)))
})

test_that("a mixture comes in as the prior it is", {
  expect_equal(as_mixture(by_hand()), robust())
  normal <- as_mixture(by_hand(c("w", "m", "s"), "normMix", "normal"))
  expect_equal(normal, prior_mixture(c(0.8, 0.2), prior_normal(8, 56), prior_normal(1, 1)))
  gamma <- as_mixture(by_hand(class = "gammaMix", likelihood = "poisson"))
  expect_equal(gamma, prior_mixture(c(0.8, 0.2), prior_gamma(8, 56), prior_gamma(1, 1)))
  one <- matrix(c(1, 8, 56), 3, dimnames = list(c("w", "a", "b"), "only"))
  expect_identical(as_mixture(one, kind = "beta"), prior_beta(8, 56))
  unlinked <- by_hand()
  attr(unlinked, "link") <- NULL
  expect_equal(as_mixture(unlinked), robust())
})

test_that("out and in again is the same prior, over random mixtures", {
  withr::local_seed(11)
  for (i in 1:30) {
    k <- sample(1:5, 1)
    make <- list(prior_beta, prior_gamma, \(a, b) prior_normal(a - 3, b))[[1 + i %% 3]]
    parts <- lapply(seq_len(k), \(j) make(stats::rexp(1) + 0.1, stats::rexp(1) + 0.1))
    prior <- if (k == 1) parts[[1]] else do.call(prior_mixture, c(list(stats::rexp(k) + 0.01), parts))
    expect_equal(as_mixture(as_mixture(prior)), prior, tolerance = 1e-14) # weights divided by their sum once more
  }
})

test_that("the published RBesT mixture of eight studies gives the published effective sample sizes", {
  # ess() of the ankylosing spondylitis prior, printed by RBesT as 38 (ELIR), 24 (moment), 95 (Morita).
  published <- matrix(c(.4612914, 33.9513487, 103.0146367, .1917812, 19.4400089, 41.5205219, .1893896, 12.2692310,
    55.9202833, .1575378, 2.2521243, 5.4812202), 3, dimnames = list(c("w", "a", "b"), NULL))
  prior <- as_mixture(published, kind = "beta")
  expect_identical(round(as.numeric(ess(prior))), 38)
  expect_identical(round(as.numeric(ess(prior, "moment"))), 24)
  expect_identical(round(as.numeric(ess(prior, "morita"))), 95)
})

test_that("what is no mixture of these is refused, and says why", {
  refuse <- \(expr, words) expect_error(expr, words, class = "cordgain_invalid_input")
  refuse(as_mixture(), "not given")
  refuse(as_mixture(1:3), "must be a prior")
  refuse(as_mixture(prior_half_normal(1)), "must be a prior made by")
  refuse(as_mixture(robust(), sigma = 3), "normal mixtures only")
  refuse(as_mixture(prior_normal(0, 1), sigma = 0), "sigma")
  refuse(as_mixture(by_hand(class = "mvnormMix")), "no prior here")
  refuse(as_mixture(by_hand(link = "logit")), "logit")
  refuse(as_mixture(by_hand(rows = c("w", "m", "s"))), "rows")
  refuse(as_mixture(unclass(by_hand())), "not given|kind")
  refuse(as_mixture(unclass(by_hand()), kind = "cauchy"), "kind")
  heavy <- by_hand()
  heavy["w", 1] <- 0.9
  refuse(as_mixture(heavy), "sum to 1")
  heavy["w", ] <- c(1, 0)
  refuse(as_mixture(heavy), "above 0")
  heavy["a", 1] <- NA
  refuse(as_mixture(heavy), "above 0")
})

test_that("text of Stan: every kind with its arguments in Stan's order", {
  expect_identical(prior_text(prior_normal(0, 2.5)), "theta ~ normal(0, 2.5);")
  expect_identical(prior_text(prior_t(3, 1, 10), "stan", "mu"), "mu ~ student_t(3, 1, 10);")
  expect_identical(prior_text(prior_half_normal(0.5), parameter = "tau"), "tau ~ normal(0, 0.5);")
  expect_identical(prior_text(prior_half_t(3, 10)), "theta ~ student_t(3, 0, 10);")
  expect_identical(prior_text(prior_exponential(2)), "theta ~ exponential(2);")
  expect_identical(prior_text(prior_beta(8, 56)), "theta ~ beta(8, 56);")
  expect_identical(prior_text(prior_gamma(2, 0.1)), "theta ~ gamma(2, 0.1);")
  expect_identical(prior_text(prior_uniform(-1, 1)), "theta ~ uniform(-1, 1);")
  expect_identical(prior_text(prior_inverse_gamma(2, 3)), "theta ~ inv_gamma(2, 3);")
  expect_identical(prior_text(prior_lkj(2), parameter = "L"), "L ~ lkj_corr_cholesky(2);")
  expect_identical(prior_text(robust(), parameter = "p"),
    "target += log_sum_exp({log(0.8) + beta_lpdf(p | 8, 56), log(0.2) + beta_lpdf(p | 1, 1)});")
})

test_that("text of brms is the string of set_prior()", {
  expect_identical(prior_text(prior_half_t(3, 10), "brms"), "student_t(3, 0, 10)")
  expect_identical(prior_text(prior_lkj(2), "brms"), "lkj(2)")
  expect_identical(prior_text(prior_fixed(1), "brms"), "constant(1)")
  expect_error(prior_text(robust(), "brms"), "stanvar", class = "cordgain_invalid_input")
})

test_that("numbers are written so that they read back as the same", {
  for (x in c(1 / 3, 0.1, 1e-300, 2.99573227355399, pi * 1e10, 1e22, -0.30000000000000004)) {
    expect_identical(as.numeric(format_exactly(x)), x)
  }
  expect_identical(format_exactly(c(0.1, 8, 1e6)), c("0.1", "8", "1000000"))
  expect_identical(prior_text(prior_pc(1, 0.05)), paste0("theta ~ exponential(", format_exactly(-log(0.05)), ");"))
})

test_that("a statement without a meaning is refused", {
  refuse <- \(expr, words) expect_error(expr, words, class = "cordgain_invalid_input")
  refuse(prior_text(prior_fixed(1)), "as data")
  refuse(prior_text(3), "must be a prior")
  refuse(prior_text(prior_normal(0, 1), "bugs"), "language")
  refuse(prior_text(prior_normal(0, 1), parameter = "my parameter"), "name in Stan")
  refuse(prior_text(prior_normal(0, 1), parameter = c("a", "b")), "parameter")
})
