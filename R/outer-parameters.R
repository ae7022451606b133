# The parameters given which a model of normal scores is linear with independent residuals: the kappa of plateau(), and
# one correlation of residuals over visits. Their priors and coordinates, and the rows of the model given them.

#' Outer parameters of a model
#'
#' @param method from `method_bayes()`; `plateau`, where the formula has one: list of `design_at` (a function of log
#'   kappa), `longest` and `shortest` time.
#' @return NULL where there is none; else list of `parameters` (one list each: `name` and `group` in tables, `says` in
#'   sentences, `prior`, `low`, `high`, `scan`, `free`), `free` (their numbers), `terms` (rows of the table of
#'   hyperparameters), `rows_at` (a function of their values).
#' @noRd
outer_parameters <- function(method, design, call) {
  check_outer_priors(method, design, call)
  pattern <- design$residual
  kappa <- if (!is.null(method$plateau)) kappa_parameter(method)
  shared <- if (length(pattern) > 0L) residual_parameter(method$prior, design, call)
  parameters <- c(if (!is.null(kappa)) list(kappa), if (!is.null(shared)) list(shared))
  if (length(parameters) == 0L) {
    return(NULL)
  }
  free <- vapply(parameters, `[[`, NA, "free")
  text <- \(part) vapply(parameters, `[[`, "", part)
  list(
    parameters = parameters, free = which(free),
    terms = data.frame(name = text("name"), group = text("group"), word = "outer", free = free),
    rows_at = outer_rows(method$plateau, design, shared)
  )
}

# Priors of what the model has not would be passed over.
check_outer_priors <- function(method, design, call) {
  word <- design$residual$word %||% ""
  has <- c(kappa = !is.null(method$plateau), rho = word %in% c("ar1", "cs"), range = word == "sp_exp")
  unused <- Filter(\(name) !is.null(method$prior[[name]]) && !has[[name]], names(has))
  if (length(unused) > 0L) {
    abort_input(c("A prior was given of what the model has not.", x = "Given: {.arg {unused}}.",
      i = "{.arg kappa} is of {.code plateau()}, {.arg rho} of {.code ar1()} and {.code cs()}, {.arg range} of
      {.code sp_exp()}."), call = call)
  }
}

kappa_parameter <- function(method) {
  longest <- method$plateau$longest
  positive_parameter("kappa", NA_character_, "kappa of plateau()", method$prior$kappa %||% prior_gamma(2, 4 / longest),
    longest / 2)
}

# One correlation over visits, and one variance, for all groups.
residual_parameter <- function(prior, design, call) {
  pattern <- design$residual
  check_residual_word(pattern, call)
  check_whole_subjects(design, call)
  check_two_visits(pattern, prior, call)
  if (pattern$word == "sp_exp") {
    span <- diff(range(pattern$times))
    out <- positive_parameter("range__sp_exp", "Residual", "the range of sp_exp()",
      prior$range %||% prior_gamma(2, 8 / span), span / 4)
    return(c(out, pattern = list(pattern)))
  }
  m <- length(pattern$visits)
  lowest <- if (pattern$word == "cs") -1 / (m - 1) else -1
  given <- prior$rho %||% prior_lkj(2)
  out <- list(name = paste0("cor__", pattern$word), group = "Residual",
    says = paste0("the correlation of ", pattern$word, "()"), prior = given, free = prior_kind(given) != "fixed",
    scan = seq(-2.7, 2.7, by = 0.45), pattern = pattern)
  c(out, correlation_limits(given, lowest, call))
}

positive_parameter <- function(name, group, says, prior, middle) {
  rows <- prior_components(prior)
  base <- prior_base_kind(prior)
  out <- list(name = name, group = group, says = says, prior = prior, free = base != "fixed", low = 0, high = Inf,
    log_mass = 0, unit = middle, scan = seq(-1.2, 4, by = 0.4), value = rows[1L, "a"])
  if (base == "uniform") {
    out[c("low", "high")] <- list(min(rows[, "a"]), max(rows[, "b"]))
    out$scan <- seq(-2.7, 2.7, by = 0.45)
  }
  out
}

# Where a correlation may lie by its prior and by its structure, and the log of the prior's mass there.
correlation_limits <- function(prior, lowest, call) {
  given <- as.list(prior_parameters(prior))
  if (prior_kind(prior) == "fixed") {
    if (given$value <= lowest || given$value >= 1) refuse_correlation(prior, lowest, call)
    return(list(low = lowest, high = 1, log_mass = 0, value = given$value))
  }
  if (prior_kind(prior) == "lkj") {
    return(list(low = lowest, high = 1,
      log_mass = stats::pbeta((1 + lowest) / 2, given$eta, given$eta, lower.tail = FALSE, log.p = TRUE)))
  }
  low <- max(given$min, lowest)
  high <- min(given$max, 1)
  if (low >= high) refuse_correlation(prior, lowest, call)
  list(low = low, high = high, log_mass = log((high - low) / (given$max - given$min)))
}

refuse_correlation <- function(prior, lowest, call) {
  abort_input(c("{.arg rho} leaves the correlation over visits no value.", x = "It is {.code {format(prior)}}.",
    i = "The correlation lies between {signif(lowest, 3)} and 1."), call = call)
}

check_residual_word <- function(pattern, call) {
  possible <- c("ar1", "cs", "sp_exp")
  one <- pattern$word %in% possible && pattern$n_groups == 1L
  if (!one || length(pattern$visits) < 2L) {
    abort_input(c("By Bayes a residual covariance over visits has one variance and one correlation.",
      x = if (!pattern$word %in% possible) "The formula has {.code {pattern$word}()}." else
        if (!one) "The formula has one covariance for each of {pattern$n_groups} groups." else "There is one visit.",
      i = "Possible are {.code {paste0(possible, '(visit | subject)')}}.",
      i = "{.fn method_reml} fits the model as it is."), call = call)
  }
}

# Given the correlation rows are combined within each subject: that leaves the model as it is only where all rows of a
# subject have the same level of every grouping factor.
check_whole_subjects <- function(design, call) {
  subject <- design$residual$subject
  split <- vapply(design$random, \(block) any(block$level != block$level[match(subject, subject)]), NA)
  if (any(split)) {
    groups <- vapply(design$random[split], `[[`, "", "group")
    abort_input(c("By Bayes random effects beside a residual covariance are of the subject or of whole subjects.",
      x = "Rows of one subject differ in {.var {unique(groups)}}.",
      i = "Leave the residual covariance out, or the random effect; {.fn method_reml} fits both."), call = call)
  }
}

# Without a subject who has two visits no score tells of the correlation: its posterior would be its prior. REML and ML
# refuse such scores too. A correlation that is given is not asked of the scores.
check_two_visits <- function(pattern, prior, call) {
  given <- if (pattern$word == "sp_exp") prior$range else prior$rho
  known <- !is.null(given) && prior_base_kind(given) == "fixed"
  if (!known && !anyDuplicated(pattern$subject)) {
    what <- if (pattern$word == "sp_exp") "range" else "rho"
    abort_input(c("The scores say nothing of the covariance over visits: no subject has two visits.",
      x = "The formula has {.code {pattern$word}()}; its posterior would be its prior.",
      i = "Leave it out, or say what it is: {.code priors({what} = prior_fixed(...))}.",
      i = "Is the variable after the bar that of the subject?"), call = call)
  }
}

# Coordinates on the whole line ---------------------------------------------------------------

# Values of all outer parameters from the coordinates of those that are not known.
outer_values <- function(outer, u) {
  value <- vapply(outer$parameters, \(one) if (one$free) NA_real_ else as.double(one$value), 0)
  value[outer$free] <- as.double(mapply(coordinate_value, outer$parameters[outer$free], u))
  value
}

# Between two ends the hyperbolic tangent's; above zero that of the core's standard deviations, in which a tail towards
# zero is short.
coordinate_value <- function(one, u) {
  if (is.finite(one$high)) one$low + (one$high - one$low) * stats::plogis(2 * u) else
    hyper_value("sd", u, one$unit)
}

# Log density of the priors in these coordinates.
outer_log_prior <- function(outer, u) {
  each <- mapply(\(one, u) {
    slope <- if (is.finite(one$high)) {
      log(2 * (one$high - one$low)) + stats::plogis(2 * u, log.p = TRUE) + stats::plogis(-2 * u, log.p = TRUE)
    } else {
      log(one$unit) + u - exp(-u) + log1p(exp(-u))
    }
    outer_prior_density(one$prior, coordinate_value(one, u)) - one$log_mass + slope
  }, outer$parameters[outer$free], u)
  sum(as.double(each))
}

outer_prior_density <- function(prior, x) {
  if (prior_kind(prior) == "lkj") {
    eta <- prior_parameters(prior)[["eta"]]
    return((eta - 1) * log1p(-x^2) - (2 * eta - 1) * log(2) - lbeta(eta, eta))
  }
  log_prior_density(prior, x)
}

# Rows given the outer parameters ------------------------------------------------------------------

# A function of their values: list of `rows` for the core and `log_constant`, what the log evidence is to gain; NULL
# where there is no covariance.
outer_rows <- function(plateau, design, shared) {
  every <- seq_along(design$y)
  matrices <- \(design) list(columns_at(design$x, every), lapply(design$random, \(b) columns_at(b$z, every)))
  known <- if (is.null(plateau)) matrices(design)
  at_kappa <- new.env(parent = emptyenv()) # a lattice of two axes asks for each kappa many times
  given <- function(kappa) {
    key <- format(kappa, digits = 15L)
    at_kappa[[key]] <- at_kappa[[key]] %||% matrices(plateau$design_at(usable_kappa(kappa, plateau)))
    at_kappa[[key]]
  }
  groups <- if (!is.null(shared)) visit_groups(shared$pattern)
  weights <- if (length(design$weights) > 0L) design$weights else rep(1, length(every))
  y <- net_score(design)
  rest <- list(lapply(design$random, `[[`, "level"), vapply(design$random, \(b) length(b$labels), 1L), list())
  function(values) {
    at <- known %||% given(values[1L])
    if (is.null(shared)) {
      return(list(rows = c(list(at[[1]], y, design$weights, at[[2]]), rest), columns = at, log_constant = 0))
    }
    white <- whitened(c(list(cbind(y), at[[1]]), at[[2]]), groups, sqrt(weights),
      visit_correlation(shared$pattern, values[length(values)]))
    if (is.null(white)) {
      return(NULL)
    }
    list(rows = c(list(white$columns[[2]], drop(white$columns[[1]]), numeric(), white$columns[-(1:2)]), rest),
      columns = at, log_constant = 0.5 * sum(log(weights)) - white$log_root)
  }
}

# Log kappa; where a plateau is reached before the first visit its column is that of the intercept, and the last
# difference that the engine can tell stands for smaller ones.
usable_kappa <- function(kappa, plateau) log(max(kappa, plateau$shortest / 11))

# Subjects by the visits that they have: row numbers, a column each.
visit_groups <- function(pattern) {
  order <- order(pattern$subject, pattern$visit)
  rows <- split(order, pattern$subject[order])
  visits <- vapply(rows, \(at) paste(pattern$visit[at], collapse = " "), "")
  lapply(split(rows, visits), \(each) list(visit = pattern$visit[each[[1]]] + 1L, rows = do.call(cbind, each)))
}

# Correlations of all visits.
visit_correlation <- function(pattern, value) {
  m <- length(pattern$visits)
  apart <- abs(outer(seq_len(m), seq_len(m), `-`))
  out <- switch(pattern$word, ar1 = value^apart, cs = ifelse(apart == 0, 1, value),
    sp_exp = exp(-abs(outer(pattern$times, pattern$times, `-`)) / value))
  dimnames(out) <- list(pattern$visits, pattern$visits)
  out
}

# Columns times the root of the inverse correlation of each subject's rows, and half the log of its determinant.
whitened <- function(columns, groups, scale, correlation) {
  sizes <- vapply(columns, ncol, 1L)
  all <- do.call(cbind, columns) * scale
  log_root <- 0
  for (group in groups) {
    root <- tryCatch(chol(correlation[group$visit, group$visit, drop = FALSE]), error = \(e) NULL)
    if (is.null(root)) {
      return(NULL)
    }
    for (j in seq_len(ncol(all))) {
      part <- matrix(all[group$rows, j], nrow(group$rows))
      all[group$rows, j] <- backsolve(root, part, transpose = TRUE)
    }
    log_root <- log_root + ncol(group$rows) * sum(log(diag(root)))
  }
  list(columns = lapply(split(seq_len(ncol(all)), rep(factor(seq_along(sizes)), sizes)),
    \(j) unname(all[, j, drop = FALSE])) |> unname(), log_root = log_root)
}
