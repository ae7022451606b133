# What the print of an excess of repeated scores says of its visits and of the plateau.

# Of how many patients the mean of each visit is, where not of all.
# @param since (list) for each patient the weeks of its visits, rounded as `times` are
visit_patients_words <- function(times, since) {
  n <- vapply(times, \(time) sum(vapply(since, \(seen) time %in% seen, NA)), 0L)
  ifelse(n < length(since), paste0(", of ", n, " of ", length(since), " patients"), "")
}

# The mean at the last visit is over each patient's own: said where these differ.
last_visits_words <- function(since, show) {
  last <- vapply(since, max, 0)
  ends <- c(show(min(last)), show(max(last)))
  if (ends[1] != ends[2]) {
    paste0("  The last visits differ, ", ends[1], " to ", ends[2], " weeks since treatment: each patient's own ",
      "counts, and scores missing after it are left out.")
  }
}

# The excess that rises to a plateau: at the last visit, which was seen, before the plateau, which may lie far beyond.
# @param at (function) the rows of a term
rise_words <- function(at, rise, line, show) {
  fitted <- at("fitted_excess")
  last <- fitted[which.max(fitted$time), ]
  c(
    line(paste0("Excess fitted at week ", show(last$time), " since treatment, rising with ", show(rise),
      " weeks to a plateau"), last),
    line(paste0("  That plateau", if (rise > last$time) ", reached only long after the last visit"),
      at("plateau_excess"))
  )
}
