test_that("methods are objects with a print", {
  expect_s3_class(method_reml(), c("method_reml", "recovery_method"), exact = TRUE)
  expect_output(print(method_ml()), "maximum likelihood")
  expect_output(print(method_bayes(engine = "nuts")), "no-U-turn")
  expect_output(print(method_bayes()), "exact integration")
})

test_that("nothing means REML, a word its method, an object itself", {
  expect_identical(as_method(NULL), method_reml())
  expect_identical(as_method("ml"), method_ml())
  expect_identical(as_method(method_ml()), method_ml())
  expect_error(as_method("best"), class = "cordgain_invalid_input")
  expect_error(as_method(3), class = "cordgain_invalid_input")
})
