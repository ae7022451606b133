test_that("plain scores are tidied and nothing else is changed", {
  expect_identical(plain_score(c("5", " 3 ", "nt", "nt *", "3**", "5.0", "", "NA", "UNK", NA)),
    c("5", "3", "NT", "NT*", "3**", "5", NA, NA, NA, NA))
  expect_identical(plain_score(c("6", "x", "5.5")), c("6", "X", "5.5"))
})

test_that("REDCap's ab- is a tag", {
  expect_identical(redcap_score(c("ab-3", "ab-nt", "nt", "4", NA)), c("3*", "NT*", "NT", "4", NA))
})

test_that("Sygen's 9 is not testable", {
  expect_identical(sygen_score(c("9", "0", "5", NA)), c("NT", "0", "5", NA))
  expect_identical(sygen_finding(c("9", "0", "1", NA)), c("NT", "No", "Yes", NA))
})

test_that("findings have many spellings", {
  expect_identical(plain_finding(c("yes", "Y", "1", "TRUE", "no", "N", "0", "false", "nt", "", NA)),
    c(rep("Yes", 4), rep("No", 4), "NT", NA, NA))
  expect_identical(plain_finding("perhaps"), "PERHAPS")
})

test_that("a non-key level may be padded, and none is none", {
  expect_identical(plain_nonkey(c("C05", "l4", "", "none", "0", NA)), c("C5", "L4", NA, NA, NA, NA))
})

test_that("companion columns say normal, not normal or nothing", {
  expect_identical(consider_normal(c("1", "true", "yes", "2", "FALSE", "no", "", NA, "5")),
    c(TRUE, TRUE, TRUE, FALSE, FALSE, FALSE, NA, NA, NA))
})

test_that("a companion column tags a digit where the layout says so", {
  coding <- isncsci_codings$wide
  expect_identical(join_tag(c("3", "3", "3", "NT", NA), c(TRUE, FALSE, NA, TRUE, TRUE), coding),
    c("3**", "3*", "3", "NT**", NA))
})

test_that("a companion column explains a star", {
  coding <- isncsci_codings$redcap
  expect_identical(join_tag(c("3*", "3*", "NT*"), c(TRUE, FALSE, NA), coding, 5L, rep(TRUE, 3)), c("3**", "3*", "NT*"))
  # Forms that store FALSE for every untagged cell do not tag them.
  expect_identical(join_tag("3", FALSE, isncsci_codings$praxis), "3")
})

test_that("a contradiction is written out, so that the check of cells refuses it", {
  expect_identical(join_tag("3**", FALSE, isncsci_codings$wide), "3** (not normal)")
  expect_identical(join_tag("3", TRUE, isncsci_codings$praxis), "3 (normal)")
})

test_that("an assumed range is left to itself", {
  expect_identical(join_tag("3*[0-2]", FALSE, isncsci_codings$wide), "3*[0-2]")
})

test_that("each distinct string is worked on once", {
  calls <- 0
  count <- \(x) {
    calls <<- calls + length(x)
    x
  }
  expect_identical(recode(rep(c("a", "b"), 100), count), rep(c("a", "b"), 100))
  expect_identical(calls, 2)
})

test_that("stars and ab- do not stand in one file", {
  expect_error(
    check_one_coding(list(r_motor_c5 = c("3", "ab-3"), r_motor_c6 = c("3*", "2")), "redcap", rlang::current_env()),
    "Row 2, column `?r_motor_c5",
    class = "cordgain_invalid_input"
  )
  expect_error(check_one_coding(list(r_motor_c5 = "ab-3"), "wide", rlang::current_env()), "redcap",
    class = "cordgain_invalid_input")
  expect_no_error(check_one_coding(list(r_motor_c5 = "ab-3"), "redcap", rlang::current_env()))
  expect_no_error(check_one_coding(list(r_motor_c5 = "3*", r_motor_c6 = "NT"), "wide", rlang::current_env()))
})

test_that("a companion column that cannot be read is refused with its cell, not passed over", {
  coding <- isncsci_codings$wide
  expect_identical(join_companion(c("3", "3", "3", NA), c("maybe", "1", "", "maybe"), coding),
    c("3 (consider normal: maybe)", "3**", "3", NA))
})

test_that("a normal muscle that its companion calls not normal is a contradiction, not the old 5*", {
  expect_identical(join_tag("5", FALSE, isncsci_codings$wide), "5 (not normal)")
  expect_identical(join_tag("5*", FALSE, isncsci_codings$praxis), "5* (not normal)")
  # Forms that store FALSE for every untagged cell.
  expect_identical(join_tag("5", FALSE, isncsci_codings$praxis), "5")
})

test_that("text that is not readable is left as it is", {
  expect_identical(recode(c("nt", "\xbd", NA), plain_score), c("NT", "\xbd", NA))
  expect_identical(each_string(c("a", "\xbd"), \(x) nchar(x) == 1L, otherwise = NA), c(TRUE, NA))
  expect_identical(consider_normal(c("1", "\xbd")), c(TRUE, NA))
  expect_identical(join_companion(c("3", "\xbd"), c("\xbd", "1"), isncsci_codings$wide),
    c("3 (consider normal: \\xbd)", "\xbd"))
})

test_that("REDCap's tags end at ab-4", {
  expect_identical(redcap_score(c("ab-5", "ab-4", "AB-NT", "ab-", "ab-9")), c("AB-5", "4*", "NT*", "AB-", "AB-9"))
})

test_that("only the tags of Praxis and REDCap say neither normal nor not", {
  given <- c("3*", "ab-3", "3**", "3")
  expect_identical(isncsci_codings$praxis$neutral(given), c(TRUE, FALSE, FALSE, FALSE))
  expect_identical(isncsci_codings$redcap$neutral(given), c(FALSE, TRUE, FALSE, FALSE))
  expect_identical(isncsci_codings$wide$neutral(given), rep(FALSE, 4))
})

test_that("a star and its explanation must agree", {
  wide <- isncsci_codings$wide
  expect_identical(join_companion("3*", "1", wide), "3* (normal)")
  expect_identical(join_companion(c("3*", "3**"), c("2", "1"), wide), c("3*", "3**"))
  expect_identical(join_companion("3*", TRUE, isncsci_codings$praxis), "3**")
  expect_identical(join_companion(c("3*", "3*"), c("1", "1"), isncsci_codings$redcap, c("ab-3", "3*")),
    c("3**", "3* (normal)"))
})

test_that("a range of scores to assume is not explained away", {
  wide <- isncsci_codings$wide
  expect_identical(join_companion("3*[0-2]", "1", wide), "3*[0-2] (normal)")
  expect_identical(join_companion("3*[0-2]", "2", wide), "3*[0-2]")
  expect_identical(join_companion("3*[3-5]", "2", wide), "3*[3-5] (not normal)")
  expect_identical(join_companion("NT*[0-2]", "2", wide, top = 2L), "NT*[0-2] (not normal)")
})
