test_that("the error of a number is ten times the difference of its two routes, and never below rounding", {
  both <- two_routes(c(0.5, 2), c(0.5, 2 + 1e-9), "A number")
  expect_identical(both$value, c(0.5, 2))
  expect_gt(both$error[1], 0)
  expect_equal(both$error[2], 1e-8, tolerance = 1e-4) # the rounding added to it is 1e-14
})

test_that("a number whose error exceeds 1e-6 is refused, not printed", {
  expect_error(two_routes(0.5, 0.5 + 2e-7, "The tail"), "The tail", class = "cordgain_numerical_error")
  expect_error(two_routes(NaN, 0.5, "The tail"), "not a number", class = "cordgain_numerical_error")
  expect_error(two_routes(c(0.1, NA), c(0.1, 0.2), "The tail"), class = "cordgain_numerical_error")
})

test_that("a natural recovery answers the verbs of its contract", {
  for (x in list(natural_rate(0.2), natural_rate(prior_beta(2, 8)),
    natural_strata(a = natural_rate(0.1), b = natural_rate(0.2)))) {
    expect_true(is_natural_recovery(x))
    expect_s3_class(natural_sources(x), "data.frame")
    expect_type(natural_label(x), "character")
    expect_identical(summary(x), tidy(x))
  }
  expect_false(is_natural_recovery(0.2))
})

test_that("panels of density 1 integrate polynomials exactly on both routes, and say where they lie", {
  for (fine in c(TRUE, FALSE)) {
    panels <- unit_panels(c(-1, 0.5, 4), fine)
    expect_identical(panels$grid$edges, c(-1, 0.5, 4))
    expect_length(panels$node, 2 * if (fine) 15 else 10)
    expect_false(is.unsorted(panels$node))
    # Gauss rules of 10 nodes are exact to degree 19; the integral of x^7 from -1 to 4 is (4^8 - 1) / 8.
    expect_equal(sum(panels$mass), 5, tolerance = 1e-14)
    expect_equal(sum(panels$mass * panels$node^7), (4^8 - 1) / 8, tolerance = 1e-13)
  }
})
