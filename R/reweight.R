# Records of untreated patients weighted so that they look like the treated ones on a few variables.

#' Weight untreated records to look like the treated patients
#'
#' Entropy balancing: weights \eqn{w_j \propto \exp(a^\top x_j)} with which the mean of every variable over the
#' records equals that of the treated, \eqn{\sum_j w_j (x_j - \bar x) = 0}; of all weights that do, those nearest to
#' equal ones. The registry is weighted to the few treated, never the few to a registry. It rests on all prognostic
#' factors being among the variables, and buys likeness with patients: the effective sample size \eqn{(\sum w)^2 /
#' \sum w^2}.
#'
#' @param records (data frame) untreated subjects, numeric columns with the names of `target`.
#' @param target means of the treated: a named numeric vector, or a data frame of the treated patients with the same
#'   columns.
#' @param min_ess (number) effective sample size below which the weights are refused: then a handful of records speaks
#'   for all.
#' @return A `reweighted`: `tidy()` has the rows `tilt` (one for each variable, `group`: the coefficient \eqn{a}) and
#'   `ess`; `weights()` gives one weight per record, adding up to their number.
#' @section Conditions: `cordgain_invalid_input` for more than three variables, a target outside the convex hull of
#'   the records (no weights can reach it), an effective sample size below `min_ess`, values that are missing or no
#'   numbers.
#' @references
#' Hainmueller (2012), Political Analysis 20:25-46. Signorovitch and others (2010), PharmacoEconomics 28:935-945.
#' @seealso [falsify()], [natural_rate()]
#' @examples
#' set.seed(1)
#' simulated <- data.frame(age = rnorm(200, 40, 12), day = runif(200, 1, 30))
#' reweight(simulated, c(age = 45, day = 18))
#' @export
reweight <- function(records, target, min_ess = 20) {
  check_given(c(records = "untreated subjects", target = "means of the treated"))
  call <- rlang::current_env()
  min_ess <- check_number(min_ess, min = 1)
  means <- check_target(target, call)
  x <- check_covariates(records, names(means), call)
  made <- entropy_weights(x, means)
  if (is.null(made)) {
    abort_input(c("The target lies outside the convex hull of the records: no weights can reach it.",
      x = "Target: {.val {paste(names(means), signif(means, 4))}}.",
      i = "There are no records like the treated patients; use fewer variables, or other records."))
  }
  if (made$ess < min_ess) {
    abort_input(c("The weighted records are worth fewer than {min_ess} patients.",
      x = "{signif(made$ess, 3)} of {nrow(x)}.", i = "A handful of records would speak for all of them."))
  }
  rows <- rbind(cbind(group = names(means), term_row("tilt", unname(made$tilt), error = made$error)),
    cbind(group = "all", term_row("ess", made$ess, error = made$ess * 1e-9)))
  structure(list(terms = rows, weights = made$weights, n = nrow(x), means = means), class = "reweighted")
}

most_covariates <- 3

check_target <- function(target, call) {
  if (is.data.frame(target)) {
    target <- check_table(target, "target", call = call)
    target <- vapply(names(target), \(name) mean(check_numeric(target[[name]], name, call = call)), 0)
  }
  values <- check_numeric(target, "target", call = call)
  if (is.null(names(target)) || any(!nzchar(names(target))) || length(values) == 0L) {
    abort_input("{.arg target} needs names: which variable each mean belongs to.", call = call)
  }
  if (anyDuplicated(names(target))) {
    abort_input(c("Each variable of {.arg target} has one mean.",
      x = "Given more than once: {.val {unique(names(target)[duplicated(names(target))])}}."), call = call)
  }
  if (length(values) > most_covariates) {
    abort_input(c("At most {most_covariates} variables are balanced.", x = "There are {length(values)}.",
      i = "Choose the few with most effect on recovery, before the outcomes are looked at."), call = call)
  }
  stats::setNames(values, names(target))
}

check_covariates <- function(records, names, call) {
  records <- check_table(records, "records", call = call)
  check_columns(records, names, "records", call = call)
  columns <- lapply(stats::setNames(nm = names), \(name) check_numeric(records[[name]], name, call = call))
  as.matrix(as.data.frame(columns, check.names = FALSE))
}

# Minimum of the convex log sum exp(a' (x - target)) by Newton steps that are halved until it falls; NULL where it has
# none.
entropy_weights <- function(x, target) {
  scale <- pmax(apply(x, 2, stats::sd), 1e-300)
  z <- sweep(sweep(x, 2, target), 2, scale, "/")
  height <- \(a) {
    e <- as.vector(z %*% a)
    max(e) + log(mean(exp(e - max(e))))
  }
  a <- rep(0, ncol(z))
  for (step in 1:100) {
    e <- as.vector(z %*% a)
    w <- exp(e - max(e))
    w <- w / sum(w)
    slope <- colSums(w * z)
    if (max(abs(slope)) < 1e-12) break
    curve <- crossprod(z, w * z) - tcrossprod(slope) + diag(1e-12, ncol(z))
    move <- tryCatch(solve(curve, slope), error = \(e) NULL)
    if (is.null(move)) return(NULL)
    size <- 1
    while (size > 1e-6 && height(a - size * move) > height(a)) size <- size / 2
    a <- a - size * move
  }
  if (max(abs(slope)) > 1e-9 || max(abs(a)) > 1e6) {
    return(NULL)
  }
  list(tilt = a / scale, weights = w * length(w), ess = 1 / sum(w^2), error = 1e-10 / scale)
}

#' @rdname reweight
#' @param object a `reweighted`.
#' @param ... not used.
#' @importFrom stats weights
#' @export
weights.reweighted <- function(object, ...) object$weights

#' @export
tidy.reweighted <- function(x, ...) x$terms

#' @export
summary.reweighted <- function(object, ...) object

#' @export
print.reweighted <- function(x, digits = 3, ...) {
  size <- x$terms$estimate[x$terms$term == "ess"]
  cat(wrap_lines(c(
    paste0(x$n, " records weighted to ", paste(names(x$means), signif(x$means, digits), collapse = ", "), "."),
    paste0("They are then worth ", signif(size, digits), " patients; the largest weight is ", signif(max(x$weights),
      digits),
      " of ", x$n, "."),
    "It rests on every factor of recovery being among these variables."
  )), sep = "\n")
  invisible(x)
}
