# Columns that are no cells but look like a part of an exam: a name misspelt or written in another order. To carry
# such a column along beside the cells would lose what it holds, so it is refused by name.

# The words of a name, in small letters: rightMotorC5 is right, motor, c5.
name_words <- function(name) {
  apart <- gsub("([a-z0-9])([A-Z])", "\\1 \\2", name)
  strsplit(trimws(gsub("[^a-z0-9]+", " ", tolower(apart))), " +")[[1L]]
}

near_words <- list(
  side = c("r", "l", "right", "left", "rt", "lft"),
  modality = c("motor", "mot", "lt", "pp", "light", "touch", "lighttouch", "pin", "prick", "pinprick"),
  segment = c("c1", tolower(isncsci_dermatomes), "s4", "s5", paste0("c0", 2:8), paste0("t0", 1:9), paste0("l0", 1:5),
    paste0("s0", 1:5)),
  key = c("muscle", "key", "nk"),
  normal = c("normal", "consider", "considered", "considernormal", "notnormal")
)

# Two kinds of these words together name a part of an exam, however they are ordered; one alone does not
# ("left", "t1", "motor"), but for what stands run together.
# @param alone (character) words that do so by themselves
looks_like_cell <- function(name, alone = c("consider", "considered", "nk")) {
  words <- name_words(name)
  kinds <- vapply(near_words, \(known) any(words %in% known), NA)
  run_together <- "considernormal|nonkey|lowestmuscle|(right|left)(motor|lighttouch|pinprick)"
  sum(kinds) >= 2L || any(alone %in% words) || grepl(run_together, paste(words, collapse = ""))
}

# Names that say what they are: results of the scoring, recorded ones among them, and reasons beside a tag.
says_otherwise <- function(names) {
  results <- paste(c(names(isncsci_sums), isncsci_results), collapse = "|")
  ending <- "(_(set|star|min|max|n_nt))?$"
  grepl(paste0("(^|_)(", results, ")", ending), names, ignore.case = TRUE) |
    grepl("impairment|reason|comment|remark", names, ignore.case = TRUE)
}

# @param other (character) names of columns that are read as no cell
# @param remedy (string) what to do about them
refuse_near_names <- function(other, remedy, call, ...) {
  near <- other[!says_otherwise(other)]
  near <- near[vapply(near, looks_like_cell, NA, ...)]
  if (length(near) > 0L) {
    abort_input(c("{cli::qty(length(near))}Column{?s} {.field {utils::head(near, 8)}} look{?s/} like a part of an exam
      and {?is/are} not understood.",
      i = "Cells are {.field r_motor_c5}, {.field l_pp_s45}, {.field r_lowest_nonkey} and the like; a tag is explained
           in {.field r_motor_c5_considernormal}.",
      i = remedy
    ), call = call, columns = near)
  }
  invisible(other)
}
