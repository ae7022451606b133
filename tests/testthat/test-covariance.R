test_that("the words are those of mmrm and SAS, each once", {
  expect_setequal(covariance_words(), c("us", "diag", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "sp_exp"))
  expect_true(all(heterogeneous_words() %in% covariance_words()))
})
