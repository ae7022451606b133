test_that("printed words for a level become the package's word, and own words stay", {
  expect_identical(standard_level(c("tetraplegia", "Tetraplegia", "cervical", "C5", "my stratum", NA)),
    c("cervical", "cervical", "cervical", "C5", "my stratum", NA))
})

test_that("a level is a stretch of segments counted from C1", {
  # By hand: C1 to C8 are 1 to 8, T1 to T12 9 to 20, L1 to L5 21 to 25, S1 to S5 26 to 30.
  span <- level_span(c("cervical", "T1-T9", "thoracic", "above T11", "all", "C5", "L1 and below"))
  expect_identical(span$from, c(1L, 9L, 9L, 1L, 1L, 5L, 21L))
  expect_identical(span$to, c(8L, 17L, 20L, 18L, 30L, 5L, 30L))
})

test_that("unknown levels and words of the user's own have no stretch", {
  expect_true(all(is.na(level_span(c(NA, "my stratum", "a-b-c"))$from)))
  expect_true(is.na(level_span("T1-X9")$to))
})

test_that("all covers every level and no level covers all", {
  levels <- setdiff(level_table$level, "all")
  expect_true(all(level_covers("all", levels)))
  expect_false(any(level_covers(levels, "all")))
})

test_that("covering is what anatomy says", {
  expect_true(level_covers("thoracic", "T1-T9"))
  expect_true(level_covers("above T11", "cervical"))
  expect_true(level_covers("above T11", "T1-T9"))
  expect_false(level_covers("above T11", "T10-T12"))
  expect_false(level_covers("cervical", "T1-T9"))
  expect_false(level_covers("T1-T9", "thoracic"))
  expect_true(level_covers("cervical", "C4-C7"))
  expect_true(level_covers("tetraplegia", "cervical"))
})

test_that("what an own word covers is not known", {
  expect_identical(level_covers("my stratum", "cervical"), NA)
  expect_identical(level_covers("all", NA_character_), NA)
})

test_that("covering agrees with sets of segments written out", {
  # Oracle: the segments of each level as sets, listed by hand.
  cervical <- paste0("C", 1:8)
  thoracic <- paste0("T", 1:12)
  below <- c(paste0("L", 1:5), paste0("S", 1:5))
  sets <- list(
    cervical = cervical, thoracic = thoracic, all = c(cervical, thoracic, below), "T1-T9" = thoracic[1:9],
    "T10-T12" = thoracic[10:12], "T2-T12" = thoracic[2:12], "C4-C7" = cervical[4:7],
    "above T11" = c(cervical, thoracic[1:10]), "above T10" = c(cervical, thoracic[1:9]),
    "T12 or higher" = c(cervical, thoracic), "cervical+thoracic" = c(cervical, thoracic),
    "T10 and below" = c(thoracic[10:12], below), "L1 and below" = below, paraplegia = c(thoracic, below)
  )
  for (wide in names(sets)) {
    for (narrow in names(sets)) {
      expect_identical(level_covers(wide, narrow), all(sets[[narrow]] %in% sets[[wide]]), info = paste(wide, narrow))
      expect_identical(level_reaches(wide, narrow), any(sets[[narrow]] %in% sets[[wide]]), info = paste(wide, narrow))
    }
  }
})

test_that("every level of the shipped data has a stretch", {
  levels <- unique(c(natural_ais$level, natural_motor$level, natural_transition$level))
  expect_identical(levels[is.na(level_span(levels)$from)], character())
  expect_identical(levels[is.na(level_span(levels)$to)], character())
})

test_that("an unknown value is written in words", {
  expect_identical(or_unknown(c("A", NA)), c("A", "not known"))
})
