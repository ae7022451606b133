# Scores simulated from a Bayesian fit of a family.

#' @rdname predict.recovery_fit_family_bayes
#' @exportS3Method stats::simulate recovery_fit_family_bayes
simulate.recovery_fit_family_bayes <- function(object, nsim = 1, seed = NULL, re.form = NA, newdata = NULL,
                                               allow.new.levels = FALSE, trials = NULL, ...) {
  call <- rlang::current_env()
  refuse_foreign(simulate_advice, ...)
  simulate_family(object, nsim, seed, re.form, newdata, allow.new.levels, trials, call, \(rows) {
    known <- known_subjects(rows)
    grid <- effects_grid(sum(object$result$problem$block))
    data <- if (length(known) > 0L) known_rows(object, known, nrow(grid$place))
    \() {
      at <- node_parameters(object, drawn_node(object$result$weight))
      eta <- drawn_known(object, rows, at, data, grid) + draw_effects(object, rows, at$covariances)
      list(eta = eta, extra = at$extra)
    }
  })
}

drawn_node <- function(weight) {
  min(findInterval(stats::runif(1L) * sum(weight), cumsum(weight)) + 1L, length(weight))
}

# x'beta + z'b, b drawn given the scores of those who have some.
drawn_known <- function(fit, rows, at, data, grid) {
  eta <- rows$offset + drop(rows$x %*% at$beta)
  if (is.null(data)) {
    return(eta)
  }
  drawn <- drawn_place(effects_given(fit, at, data, grid), grid)
  effects <- matrix(0, max(data$known), ncol(drawn))
  effects[data$known, ] <- drawn
  end <- 0L
  for (term in rows$terms) {
    own <- end + seq_len(ncol(term$z))
    end <- end + ncol(term$z)
    here <- which(!is.na(term$level))
    eta[here] <- eta[here] + rowSums(term$z[here, , drop = FALSE] * effects[term$level[here] + 1L, own, drop = FALSE])
  }
  eta
}

# Effects of each subject: a place of its grid by weight, moved at random within its cell; what that adds to the
# variance, a twelfth of the squared step, is taken off.
drawn_place <- function(effects, grid) {
  q <- ncol(grid$place)
  do.call(rbind, lapply(seq_along(effects$roots), \(i) {
    at <- grid$place[drawn_node(effects$weight[i, ]), ] + grid$step * (stats::runif(q) - 0.5)
    effects$mean[i, ] + drop(at %*% effects$roots[[i]]) / sqrt(1 + grid$step^2 / 12)
  }))
}
