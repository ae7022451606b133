# Random small data sets, fitted by fit_recovery() and by lme4: no crash, no
# number that is not finite without a named reason, and no deviance above the
# best that lme4 finds.
#
#   Rscript random-fits.R [first seed] [last seed] [result file]
#
# A case is made by its seed alone: random_case(17) is case 17 for ever.

suppressPackageStartupMessages({
  library(cordgain)
})

# The data sets -------------------------------------------------------------------

random_parts <- c(
  intercept = "(1 | subject)", slope = "(week | subject)", independent = "(week || subject)",
  nested = "(1 | site/subject)", crossed = "(1 | subject) + (1 | rater)", slope_nested = "(1 | site) + (week | subject)",
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
#' lme4 gets the scores divided by the case's scale, which it does not treat; the deviance is carried back.
lme4_best <- function(case) {
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
  columns <- colnames(parsed$X)
  nu <- nrow(parsed$X) - if (case$method == "reml") ncol(parsed$X) else 0
  list(
    deviance = lowest(objective, parsed$reTrms$theta, parsed$reTrms$lower) + 2 * nu * log(case$scale),
    columns = columns
  )
}

free_control <- function() {
  lme4::lmerControl(
    check.nobs.vs.nRE = "ignore", check.nobs.vs.nlev = "ignore", check.nobs.vs.rankZ = "ignore",
    check.nlev.gtr.1 = "ignore", check.conv.singular = "ignore", check.conv.grad = "ignore",
    check.conv.hess = "ignore", check.scaleX = "ignore"
  )
}

lowest <- function(objective, theta, lower) {
  far <- ifelse(lower == 0, 5, 1)
  searches <- list(
    list("bobyqa", theta, list(rhoend = 1e-9, maxfun = 3000)), list("bobyqa", far, list(rhoend = 1e-9, maxfun = 3000)),
    list("Nelder_Mead", theta, list(FtolAbs = 1e-12, XtolRel = 1e-11, maxfun = 1000)),
    list("nloptwrap", theta, list(xtol_abs = 1e-10, ftol_abs = 1e-12, maxeval = 3000))
  )
  found <- vapply(searches, \(search) {
    out <- quietly(lme4::optimizeLmer(objective, optimizer = search[[1]], start = list(theta = search[[2]]),
      control = search[[3]], restart_edge = FALSE, boundary.tol = 0))
    if (is.null(out) || !is.finite(out$fval)) Inf else out$fval
  }, 1)
  min(found)
}

# Whether a likelihood has no maximum, by another route than the package's ---------------

#' Looks for effects that fit every score without filling all of space. Let L be a factor of the covariance of the
#' random effects and the residual variance tend to zero: where y lies in the span of X and Z L, and that (or, by
#' maximum likelihood, Z L alone) is not all of space, the quadratic form stays bounded and log|V| falls for ever.
shown_unbounded <- function(case) {
  arguments <- list(case$formula, case$data, REML = TRUE, control = free_control())
  if (case$weighted) arguments$weights <- quote(w)
  parsed <- quietly(do.call(lme4::lFormula, arguments))
  if (is.null(parsed)) return(FALSE)
  weights <- stats::model.weights(parsed$fr)
  root <- if (is.null(weights)) 1 else sqrt(weights)
  y <- stats::model.response(parsed$fr)
  if (!is.null(offset <- stats::model.offset(parsed$fr))) y <- y - offset
  x <- root * parsed$X
  z <- lapply(parsed$reTrms$Ztlist, \(zt) root * as.matrix(Matrix::t(zt)))
  widths <- lengths(parsed$reTrms$cnms)
  patterns <- as.matrix(expand.grid(lapply(widths, \(q) 0:q)))
  for (i in seq_len(nrow(patterns))) {
    if (holds_scores(x, root * y, z, widths, patterns[i, ], case$method == "reml")) return(TRUE)
  }
  FALSE
}

holds_scores <- function(x, y, z, widths, ranks, reml) {
  sizes <- widths * ranks
  spread <- \(theta) {
    at <- c(0, cumsum(sizes))
    do.call(cbind, lapply(seq_along(z), \(t) {
      if (sizes[t] == 0) return(matrix(0, length(y), 0))
      l <- matrix(theta[seq(at[t] + 1, at[t + 1])], widths[t])
      z[[t]] %*% kronecker(diag(ncol(z[[t]]) / widths[t]), l)
    }))
  }
  left <- \(theta) sum(qr.resid(qr(cbind(x, spread(theta)), tol = 1e-11), y)^2) / sum(qr.resid(qr(x), y)^2)
  starts <- if (all(ranks %in% c(0) | ranks == widths)) 1 else 12
  for (start in seq_len(starts)) {
    theta <- unlist(lapply(seq_along(z), \(t) if (ranks[t] == widths[t]) c(diag(widths[t])) else stats::rnorm(sizes[t])))
    if (starts > 1 && length(theta) > 0) {
      for (round in 1:3) theta <- stats::optim(theta, \(t) log(left(t) + 1e-300), control = list(maxit = 2000, reltol = 1e-14))$par
    }
    columns <- if (reml) cbind(x, spread(theta)) else spread(theta)
    if (left(theta) < 1e-14 && qr(columns, tol = 1e-9)$rank < length(y)) return(TRUE)
  }
  FALSE
}

quietly <- function(expr) {
  tryCatch(suppressMessages(suppressWarnings(expr)), error = \(e) NULL)
}

# What is asked of a fit ---------------------------------------------------------------

#' Answers that are not finite and give no reason, by name; empty where all is well.
unexplained <- function(fit, reml) {
  asked <- list(
    coefficients = \() fixef(fit), deviance = \() deviance(fit), vcov = \() vcov(fit), ranef = \() unlist(ranef(fit)),
    ranef_sd = \() unlist(lapply(ranef(fit), attr, "postVar")), fitted = \() fitted(fit),
    residuals = \() residuals(fit), pearson = \() residuals(fit, "pearson"), sigma = \() sigma(fit),
    information = \() c(AIC(fit), BIC(fit), logLik(fit)), glance = \() unlist(generics::glance(fit)),
    variances = \() variances_of(fit), tidy_values = \() generics::tidy(fit, effects = "ran_vals")$estimate,
    tidy_pars = \() pars_of(fit), print = \() printed(fit), certificate = \() certificate_of(fit)
  )
  ways <- c(if (reml) c("kenward-roger", "kenward-roger/observed"), "satterthwaite", "residual")
  for (way in ways) {
    ddf <- sub("/.*", "", way)
    information <- if (grepl("/", way)) "observed" else "expected"
    asked[[paste("summary", way)]] <- local({
      ddf <- ddf
      information <- information
      \() table_of(summary(fit, ddf = ddf, information = information))
    })
    if (way == ways[1]) asked[[paste("print", way)]] <- local({
      ddf <- ddf
      information <- information
      \() printed(summary(fit, ddf = ddf, information = information))
    })
    asked[[paste("anova", way)]] <- local({
      ddf <- ddf
      information <- information
      \() anova_of(anova(fit, ddf = ddf, information = information))
    })
  }
  if (reml) asked$vcov_kr <- \() vcov(fit, type = "kenward-roger")
  bad <- vapply(asked, \(ask) {
    value <- tryCatch(ask(), error = \(e) paste("error:", conditionMessage(e)))
    if (is.character(value)) return(if (length(value)) value[1] else "")
    if (all(is.finite(value))) "" else "not finite"
  }, "")
  bad <- bad[nzchar(bad)]
  paste(names(bad), bad, sep = ": ")
}

# A row of a table whose reason is given may hold numbers that are not finite.
excused <- function(values, reason) {
  values <- as.matrix(values)
  if (!is.null(reason)) values[!is.na(reason), ] <- 0
  values
}
table_of <- function(x) excused(x$coefficients, x$df_reason)
anova_of <- function(x) {
  reason <- attr(x, "df_reason")
  excused(x[c("NumDF", "DenDF", "F value", "Pr(>F)")], if (is.null(reason)) x$df_reason else reason)
}
# A correlation with an effect whose variance is zero does not exist; the variance of zero is its reason.
variances_of <- function(fit) {
  table <- as.data.frame(VarCorr(fit))
  c(table$vcov, table$sdcor[is.na(table$var2) | has_both(table)])
}
has_both <- function(table) {
  vapply(seq_len(nrow(table)), \(i) {
    same <- table$grp == table$grp[i] & is.na(table$var2)
    all(table$vcov[same & table$var1 %in% c(table$var1[i], table$var2[i])] > 0)
  }, TRUE)
}
pars_of <- function(fit) {
  table <- generics::tidy(fit, effects = "ran_pars")
  both <- has_both(as.data.frame(VarCorr(fit)))
  c(table$estimate[both | startsWith(table$term, "sd__")], table$num.error[both])
}
certificate_of <- function(fit) {
  at <- fit$result$certificate
  c(at$decrement, at$gamma_error, at$start_difference, at$bound_score, if (!isTRUE(at$converged)) NA)
}
printed <- function(x) {
  text <- utils::capture.output(print(x))
  lines <- grep("NaN|\\bInf\\b|\\bNA\\b", text, value = TRUE)
  if (length(lines) == 0L || any(grepl("^df of |reason", text))) character() else lines[1]
}

# One case ------------------------------------------------------------------------------

#' One row of the result.
run_case <- function(seed) {
  case <- random_case(seed)
  out <- data.frame(seed = seed, kind = case$kind, trouble = case$trouble, scale = case$scale, method = case$method,
    outcome = NA_character_, ours = NA_real_, lme4 = NA_real_, excess = NA_real_, detail = "")
  arguments <- list(case$formula, case$data, method = case$method)
  if (case$weighted) arguments$weights <- quote(w)
  fit <- tryCatch(suppressMessages(do.call(fit_recovery, arguments)), error = identity)
  peer <- if (case$peer) lme4_best(case)
  if (!is.null(peer)) out$lme4 <- peer$deviance
  if (inherits(fit, "error")) {
    out$outcome <- if (inherits(fit, "cordgain_error")) class(fit)[1] else "CRASH"
    out$detail <- gsub("[\r\n]+", " ", conditionMessage(fit))
    if (case$peer && grepl("has no maximum", out$detail)) {
      out$outcome <- if (shown_unbounded(case)) "no maximum, shown" else "NO MAXIMUM, NOT SHOWN"
    }
    return(out)
  }
  judge(out, fit, peer, case)
}

judge <- function(out, fit, peer, case) {
  out$ours <- deviance(fit)
  out$detail <- paste(unexplained(fit, case$method == "reml"), collapse = "; ")
  comparable <- !is.null(peer) && setequal(names(fixef(fit)), peer$columns)
  if (comparable) out$excess <- out$ours - out$lme4
  high <- comparable && out$excess > 1e-7 * (1 + abs(out$ours))
  out$outcome <- if (high) "ABOVE" else if (nzchar(out$detail)) "UNEXPLAINED" else state(fit, comparable)
  out
}

state <- function(fit, comparable) {
  paste0(
    if (isSingular(fit)) "boundary" else "interior",
    if (fit$result$certificate$unidentified > 0L) ", not identified",
    if (!comparable) ", no peer"
  )
}

run_cases <- function(seeds, file = NULL) {
  rows <- lapply(seeds, \(seed) {
    if (seed %% 500 == 0) message(seed)
    run_case(seed)
  })
  out <- do.call(rbind, rows)
  if (!is.null(file)) utils::write.csv(out, file, row.names = FALSE)
  out
}

arguments <- commandArgs(trailingOnly = TRUE)
if (sys.nframe() == 0L && length(arguments) > 0L) {
  seeds <- seq(as.integer(arguments[1]), as.integer(arguments[2]))
  out <- run_cases(seeds, if (length(arguments) > 2L) arguments[3])
  print(table(out$outcome, out$kind))
  print(table(out$outcome))
}
