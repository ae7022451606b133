# Endpoints with a name, and counting responders from AIS grades.

ais_grades <- c("A", "B", "C", "D", "E")

endpoint_words <- c(
  ais_any = "at least one AIS grade up",
  ais_c = "from AIS A to C or better",
  ais_d = "from AIS A to D or better",
  motor_level_1 = "at least one motor level gained",
  motor_level_2 = "at least two motor levels gained"
)

# An endpoint in words; a string of the user's own speaks for itself.
endpoint_label <- function(endpoint) {
  if (endpoint %in% names(endpoint_words)) {
    paste0(endpoint_words[[endpoint]], " (", endpoint, ")")
  } else {
    endpoint
  }
}

# The endpoints of a table of sources; where none is given it is not known.
check_endpoints <- function(endpoints, call) {
  for (endpoint in unique(stats::na.omit(endpoints))) check_endpoint(endpoint, call)
}

# An endpoint of the user's own is any string but a name written otherwise ("AIS C"), which would be compared with
# evidence on the name as if it were another endpoint.
check_endpoint <- function(endpoint, call) {
  endpoint <- check_string(endpoint, "endpoint", call = call)
  bare <- \(x) gsub("[^a-z0-9]", "", tolower(x))
  near <- names(endpoint_words)[bare(names(endpoint_words)) == bare(endpoint)]
  if (length(near) == 1L && near != endpoint) {
    abort_input(c("{.arg endpoint} is {.val {endpoint}}, which is near the name {.val {near}}.",
      i = "Write {.val {near}} for {endpoint_words[[near]]}, or describe an endpoint of your own in other words."
    ), call = call)
  }
  endpoint
}

# "B, C or D", "C/D": the grades in it. An end mark keeps what strsplit() would drop, a word without a grade after it.
split_grades <- function(text) {
  parts <- strsplit(paste0(text, "$"), "\\s*,?\\s+or\\s+|\\s*[/,]\\s*")
  Map(\(grades, given) if (is.na(given)) NA_character_ else trimws(sub("$", "", grades, fixed = TRUE)), parts, text,
    USE.NAMES = FALSE)
}

# Grades as positions 1 to 5; "A or B" gives both, NA (no outcome) none.
grade_sets <- function(grade, arg, call) {
  grade <- check_text(grade, arg, call = call)
  lapply(split_grades(grade), \(g) {
    if (anyNA(g)) {
      return(integer())
    }
    at <- match(g, ais_grades)
    if (anyNA(at)) {
      abort_input(c("{.field {arg}} must hold AIS grades A to E.",
        x = "It holds {.val {paste(g, collapse = ' or ')}}.",
        i = "A grade known only as one of several is written \"A or B\"; a lost outcome is NA."
      ), call = call)
    }
    at
  })
}

# The lowest final grade that counts as response, given the baseline grade.
response_grade <- function(endpoint, baseline, call) {
  switch(endpoint,
    ais_any = baseline + 1L,
    ais_c = rep(3L, length(baseline)),
    ais_d = rep(4L, length(baseline)),
    abort_input(c("Responders to {.val {endpoint}} cannot be counted from AIS grades.",
      i = "From grades: {.val {c('ais_any', 'ais_c', 'ais_d')}}. Else give {.arg responders} and {.arg n} as published."
    ), call = call)
  )
}

check_baseline_grades <- function(baseline, endpoint, call) {
  admissible <- if (endpoint == "ais_any") ais_grades[1:4] else "A"
  bad <- setdiff(ais_grades[baseline], admissible)
  if (length(bad) > 0L) {
    abort_input(c("Endpoint {.val {endpoint}} is defined for patients graded {.or {admissible}} at baseline.",
      x = "{.field baseline} also holds {.val {bad}}.",
      i = "Give {.arg responders} and {.arg n} with an endpoint string of your own."
    ), call = call)
  }
}

# The one baseline grade of each patient, as positions.
known_baseline <- function(patients, call) {
  baseline <- grade_sets(patients$baseline, "baseline", call)
  bad <- lengths(baseline) != 1L
  if (any(bad)) {
    abort_input(c("{.field baseline} must be one known AIS grade for each patient.",
      x = "It is not for {cli::qty(sum(bad))}subject{?s} {.val {as.character(patients$subject[bad])}}.",
      i = "Who has no baseline grade cannot be counted; give {.arg responders} and {.arg n} as published."
    ), call = call)
  }
  unlist(baseline)
}

# Fewest and most responders, among those with an outcome, that the grades allow.
# @param patients (data frame) `baseline`: one grade each; `final`: see grade_sets().
# @return list(responders = c(fewest, most), missing = patients without an outcome)
count_responders <- function(patients, endpoint, call) {
  baseline <- known_baseline(patients, call)
  needed <- response_grade(endpoint, baseline, call)
  check_baseline_grades(baseline, endpoint, call)
  final <- grade_sets(patients$final, "final", call)
  surely <- mapply(\(set, need) length(set) > 0L && all(set >= need), final, needed)
  possibly <- mapply(\(set, need) any(set >= need), final, needed)
  list(responders = c(sum(surely), sum(possibly)), missing = sum(lengths(final) == 0L))
}
