# Tables of published means: what completes a row, and what is refused by name.

test_that("an SE follows from SD and n, an SD from SE and n", {
  x <- as_mean_sources(data.frame(source = c("a", "b"), mean = 1:2, sd = c(6, NA), se = c(NA, 2), n = c(9, 25)))
  expect_equal(x$se, c(2, 2))
  expect_equal(x$sd, c(6, 10))
})

test_that("SDs are pooled by degrees of freedom", {
  x <- as_mean_sources(data.frame(source = c("a", "b", "c"), mean = 1, sd = c(6, 10, NA), n = c(11, 31, NA),
    se = c(NA, NA, 1)))
  expect_equal(pooled_sd(x), sqrt((10 * 36 + 30 * 100) / 40))
  expect_identical(pooled_sd(as_mean_sources(data.frame(source = "a", mean = 1, se = 1))), NA_real_)
})

test_that("rows of natural_motor are read: scale, follow-up, exam day", {
  x <- as_mean_sources(transform(subset(natural_motor, source == "Kirshblum 2022" & measure == "uems" &
    baseline_grade == "A"), n = 100))
  expect_identical(x$endpoint, "upper extremity motor score (UEMS)")
  expect_equal(x$baseline_mean_day, 16.1, tolerance = 1e-10) # 2.3 weeks, as shipped
  expect_equal(x$se, 0.65)
})

test_that("a row without a precision, a mean or a change is refused by name", {
  expect_error(natural_change(subset(natural_motor,
    source == "Kirshblum 2022" & measure == "uems" & baseline_grade == "A"),
    tau = prior_half_normal(2)), "Kirshblum 2022", class = "cordgain_invalid_input")
  expect_error(natural_change(subset(natural_motor, source == "Sygen" & measure == "uems"), tau = prior_half_normal(2)),
    "natural_curve", class = "cordgain_invalid_input")
  expect_error(as_mean_sources(data.frame(source = "a", mean = NA, se = 1)), "no mean",
    class = "cordgain_invalid_input")
  expect_error(as_mean_sources(data.frame(source = "a", mean = 1, sd = 0, n = 5)), "SD or SE of 0",
    class = "cordgain_invalid_input")
  expect_error(as_mean_sources(data.frame(source = "a", mean = 1, sd = 2, n = 1)), "whole number",
    class = "cordgain_invalid_input")
  expect_error(as_mean_sources(data.frame(source = "a", mean = 1, sd = -2, n = 5)), class = "cordgain_invalid_input")
  expect_error(as_mean_sources(data.frame(source = "a", mean = "1", se = 2)), class = "cordgain_invalid_input")
  expect_error(as_mean_sources(data.frame(source = c("a", "a"), mean = 1:2, se = 2)), "more than once",
    class = "cordgain_invalid_input")
  expect_error(as_mean_sources(data.frame(source = "a", se = 2)), class = "cordgain_invalid_input")
})
