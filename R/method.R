# How a model is fitted, as an object: fit_recovery() dispatches on its class.

#' Methods of fitting
#'
#' `method_reml()` maximises the restricted likelihood, which does not count the
#' fixed effects twice and so does not shrink variances in small samples;
#' `method_ml()` maximises the full likelihood, needed to compare models that
#' differ in their fixed effects.
#'
#' @return a `recovery_method`, to be given to [fit_recovery()].
#' @references Patterson HD, Thompson R (1971). Recovery of inter-block
#'   information when block sizes are unequal. *Biometrika* 58, 545-554.
#' @examples
#' method_reml()
#' method_ml()
#' @seealso [fit_recovery()]
#' @name recovery_method
NULL

#' @rdname recovery_method
#' @export
method_reml <- function() {
  new_recovery_method("reml")
}

#' @rdname recovery_method
#' @export
method_ml <- function() {
  new_recovery_method("ml")
}

new_recovery_method <- function(name, ...) {
  structure(list(name = name, ...), class = c(paste0("method_", name), "recovery_method"))
}

#' @export
print.recovery_method <- function(x, ...) {
  words <- c(reml = "restricted maximum likelihood (REML)", ml = "maximum likelihood (ML)")
  cat("Method of fitting:", words[[x$name]], "\n")
  invisible(x)
}

# A method from what a person may give: nothing, a word, or a method.
as_method <- function(x, call = rlang::caller_env()) {
  if (is.null(x)) {
    return(method_reml())
  }
  if (inherits(x, "recovery_method")) {
    return(x)
  }
  switch(check_choice(x, c("reml", "ml"), "method", call = call),
    reml = method_reml(),
    ml = method_ml()
  )
}
