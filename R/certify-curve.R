# Every number of an excess of repeated scores by the second engine.

#' @rdname certify
#' @export
certify.excess_curve <- function(x, ...) {
  check_no_more(names(formals(certify.excess_curve)), ...)
  parts <- curve_excess_parts(x)
  model <- second_stack(parts$courses, parts$natural, rlang::current_env())
  subjects <- vapply(parts$courses, `[[`, "", "subject")
  agreed_digits(paired_rows(tidy(x), second_courses(model, parts$settings, subjects)), natural_label(parts$natural))
}

# A linear function, said as one says it in words, of the differences: its value, and its SD from the Cholesky factor
# of the covariance of all of them. Its weights are what it makes of each unit vector.
second_linear <- function(model, root, f, level) {
  weights <- vapply(seq_along(model$e), \(j) f(replace(numeric(length(model$e)), j, 1)), 0)
  sd <- sqrt(sum((root %*% weights)^2))
  list(value = f(model$e), sd = sd, reach = sqrt(stats::qchisq(level, 1)) * sd)
}

# P(a standard normal < z) by the chi-squared distribution of its square.
second_normal <- function(z) 0.5 + sign(z) * stats::pchisq(z^2, 1) / 2

second_courses <- function(model, settings, subjects) {
  root <- chol(model$own + model$shared)
  row <- \(term, f, time = NA_real_, subject = NA_character_) {
    one <- second_linear(model, root, f, settings$conf.level)
    cbind(second_row(term, subject, one$value, one$value - one$reach, one$value + one$reach, one$sd), time = time)
  }
  time <- round(model$since, 3)
  times <- sort(unique(time))
  plateau <- second_plateau(model, settings$rise)
  rise <- 1 - exp(-model$since / settings$rise)
  last <- which(!duplicated(model$patient, fromLast = TRUE))
  rbind(
    row("plateau_excess", plateau),
    do.call(rbind, lapply(times, \(t) row("fitted_excess", \(e) rise[time == t][1] * plateau(e), t))),
    do.call(rbind, lapply(times, \(t) row("visit_excess", \(e) mean(e[time == t]), t))),
    row("auc_excess", \(e) mean(vapply(split(seq_along(e), model$patient), \(i) mean_area(model$since[i], e[i]), 0))),
    second_chances(row("mean_excess", \(e) mean(e[last])), settings$margin),
    do.call(rbind, lapply(seq_along(last), \(i) {
      one <- row("patient_excess", \(e) e[last[i]], model$since[last[i]], subjects[i])
      chance <- second_row("patient_percentile", subjects[i], second_normal(one$estimate / one$std.error))
      rbind(one, cbind(chance, time = one$time))
    }))
  )
}

second_chances <- function(row, margin) {
  chance <- \(term, by) {
    cbind(second_row(term, NA_character_, second_normal((row$estimate - by) / row$std.error)), time = NA_real_)
  }
  rbind(row, chance("prob_excess", 0), if (!is.null(margin)) chance("prob_margin", margin))
}

# The coefficient of the whitened differences on the whitened rise.
second_plateau <- function(model, rise) {
  root <- t(chol(model$own))
  x <- forwardsolve(root, 1 - exp(-model$since / rise))
  \(e) sum(x * forwardsolve(root, e)) / sum(x^2)
}

# Area by trapezoids from treatment, where the excess is 0, divided by the weeks.
mean_area <- function(since, e) {
  t <- c(0, since)
  height <- c(0, e)
  sum(diff(t) * (height[-1] + height[-length(height)]) / 2) / max(t)
}
