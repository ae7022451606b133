# Random small data sets with their models, and the best that lme4 finds for them. A case is made by its seed alone:
# random_case(17) is case 17 for ever. Used by test-random-fits.R and by inst/validation/random-fits*.R; a change here
# makes the stored results of both stale.

# The data sets -------------------------------------------------------------------

random_parts <- c(
  intercept = "(1 | subject)", slope = "(week | subject)", independent = "(week || subject)",
  nested = "(1 | site/subject)", crossed = "(1 | subject) + (1 | rater)",
  slope_nested = "(1 | site) + (week | subject)",
  curve = "(week + I(week^2) | subject)", slope_crossed = "(week | subject) + (1 | rater)"
)
residual_words <- c("cs", "csh", "ar1", "ar1h", "us", "diag", "toep", "toeph", "sp_exp")
residual_parts <- c(
  stats::setNames(paste0(residual_words, "(", ifelse(residual_words == "sp_exp", "week", "visit"), " | subject)"),
    residual_words),
  by_arm = "diag(1 | arm)", beside = "ar1(visit | subject) + (1 | subject)", us_by_arm = "us(visit | arm / subject)"
)

# One of `values`, also when there is one only.
pick <- function(values, prob = NULL) values[[sample.int(length(values), 1L, prob = prob)]]

#' A random data set with its model, from a seed.
#' @return list: `data`, `formula`, `method`, `kind`, `trouble` (what was done to the scores), `scale`.
random_case <- function(seed) {
  set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  with_residual <- stats::runif(1) < 0.2
  parts <- if (with_residual) residual_parts else random_parts
  kind <- pick(names(parts), if (!with_residual) c(3, 5, 2, 2, 2, 1, 1, 1))
  rows <- random_rows()
  data <- random_scores(rows, kind)
  trouble <- pick(c("none", "rounded", "constant", "constant_subject", "lines", "far", "few_values", "outlier"),
    c(6, 3, 0.3, 0.5, 0.5, 1, 1, 1))
  data <- troubled(data, trouble)
  scale <- pick(c(1, 1e3, 1e-3, 1e9, 1e-9, 1e150, 1e-150), c(12, 1, 1, 1, 1, 0.5, 0.5))
  data$score <- data$score * scale
  data$score[sample(c(TRUE, FALSE), nrow(data), TRUE, prob = c(0.05, 0.95))] <- NA
  fixed <- pick(c("1", "week", "week + arm", "week * arm", "factor(visit)", "week + double", "week + I(week^2)"),
    c(2, 6, 1, 1, 1, 1, 1))
  extra <- pick(c("", "weights", "offset"), c(5, 1, 1))
  if (extra == "offset") fixed <- paste(fixed, "+ offset(known)")
  list(
    data = data, formula = stats::as.formula(paste("score ~", fixed, "+", parts[[kind]]), env = globalenv()),
    method = pick(c("reml", "ml"), c(2, 1)), kind = kind, trouble = trouble, scale = scale,
    weighted = extra == "weights", peer = !with_residual, seed = seed
  )
}

# Who is seen when: 3-8 subjects, 2-6 visits, some missed.
random_rows <- function() {
  subjects <- sample(3:8, 1)
  visits <- sample(2:6, 1)
  weeks <- pick(list(c(0, 4, 8, 26, 52, 104), 0:5, c(0, 1, 1.5, 2, 10, 30), cumsum(stats::rexp(6))))
  rows <- expand.grid(visit = seq_len(visits), subject = seq_len(subjects))
  rows$week <- weeks[rows$visit]
  if (stats::runif(1) < 0.2) rows$week <- rows$week + round(stats::runif(nrow(rows), 0, 0.5), 2)
  rows <- rows[stats::runif(nrow(rows)) >= pick(c(0, 0.1, 0.3, 0.5), c(3, 2, 2, 1)), , drop = FALSE]
  if (nrow(rows) < 3L) return(random_rows())
  rows$site <- factor((rows$subject - 1L) %% 3L)
  rows$arm <- factor(c("a", "b")[1L + (rows$subject - 1L) %% 2L])
  rows$rater <- factor(sample(pick(2:4), nrow(rows), TRUE))
  rows$visit <- factor(rows$visit)
  rows$double <- 2 * rows$week - 1
  rows$subject <- factor(letters[rows$subject])
  rows$w <- sample(c(0.5, 1, 2, 4), nrow(rows), TRUE)
  rows
}

random_scores <- function(rows, kind) {
  spread <- \() pick(c(0, 0.1, 1, 3, 30))
  effect <- \(group) stats::rnorm(nlevels(group), 0, spread())[group]
  span <- max(1, diff(range(rows$week)))
  rows$known <- rows$week / 10
  rows$score <- 10 + 0.3 * rows$week + effect(rows$subject) + effect(rows$subject) * rows$week / span +
    (if (grepl("nested", kind)) effect(rows$site) else 0) + (if (grepl("crossed", kind)) effect(rows$rater) else 0) +
    stats::rnorm(nrow(rows), 0, pick(c(1, 1, 1, 0.01, 5)))
  rows
}

troubled <- function(rows, trouble) {
  at <- as.integer(rows$subject)
  rows$score <- switch(trouble,
    none = rows$score, rounded = round(rows$score), constant = 7, constant_subject = 10 + at^2, # nolint
    lines = sin(3 * at) + rows$week * cos(at), far = rows$score + 1e6, few_values = round(rows$score / 10),
    outlier = {
      out <- rows$score
      out[pick(seq_along(out))] <- 1e4
      out
    }
  )
  rows
}

# lme4's best ------------------------------------------------------------------------

#' The lowest deviance that lme4 finds, over optimisers and starts, and the columns it keeps; NULL where it fails.
lme4_best <- function(case) {
  problem <- lme4_problem(case)
  if (is.null(problem)) return(NULL)
  found <- lme4_ends(problem, \(out) if (is.finite(out$fval)) out$fval else Inf)
  list(deviance = min(found) + problem$rescaled, columns = colnames(problem$parsed$X))
}

#' What lme4 makes of a case. It gets the scores divided by the case's scale, which it does not treat; `rescaled`
#' carries the deviance back.
lme4_problem <- function(case) {
  data <- case$data
  data$score <- data$score / case$scale
  data$known <- data$known / case$scale
  control <- free_control()
  arguments <- list(case$formula, data, REML = case$method == "reml", control = control)
  if (case$weighted) arguments$weights <- quote(w)
  parsed <- quietly(do.call(lme4::lFormula, arguments))
  if (is.null(parsed)) return(NULL)
  objective <- quietly(do.call(lme4::mkLmerDevfun, c(parsed, list(control = control))))
  if (is.null(objective)) return(NULL)
  nu <- nrow(parsed$X) - if (case$method == "reml") ncol(parsed$X) else 0
  list(parsed = parsed, objective = objective, rescaled = 2 * nu * log(case$scale))
}

free_control <- function() {
  lme4::lmerControl(
    check.nobs.vs.nRE = "ignore", check.nobs.vs.nlev = "ignore", check.nobs.vs.rankZ = "ignore",
    check.nlev.gtr.1 = "ignore", check.conv.singular = "ignore", check.conv.grad = "ignore",
    check.conv.hess = "ignore", check.scaleX = "ignore"
  )
}

#' What `judge` says of where each optimiser ends, Inf where it fails.
lme4_ends <- function(problem, judge) {
  theta <- problem$parsed$reTrms$theta
  far <- ifelse(problem$parsed$reTrms$lower == 0, 5, 1)
  searches <- list(
    list("bobyqa", theta, list(rhoend = 1e-9, maxfun = 3000)), list("bobyqa", far, list(rhoend = 1e-9, maxfun = 3000)),
    list("Nelder_Mead", theta, list(FtolAbs = 1e-12, XtolRel = 1e-11, maxfun = 1000)),
    list("nloptwrap", theta, list(xtol_abs = 1e-10, ftol_abs = 1e-12, maxeval = 3000))
  )
  vapply(searches, \(search) {
    out <- quietly(lme4::optimizeLmer(problem$objective, optimizer = search[[1]], start = list(theta = search[[2]]),
      control = search[[3]], restart_edge = FALSE, boundary.tol = 0))
    if (is.null(out)) Inf else judge(out)
  }, 1)
}

quietly <- function(expr) {
  tryCatch(suppressMessages(suppressWarnings(expr)), error = \(e) NULL)
}
