# Priors handed to and taken from other programs: RBesT's mixtures, and text for Stan and brms.

#' RBesT mixtures in and out
#'
#' Turns a prior into the matrix that RBesT calls a mixture, and such a matrix into a prior. RBesT is not needed.
#'
#' An RBesT mixture is a matrix with three rows and one column per component: weight, first and second parameter.
#'
#' | prior | rows | class | `likelihood` |
#' |---|---|---|---|
#' | `prior_beta(a, b)` | `w`, `a`, `b` | `betaMix`, `mix` | `"binomial"` |
#' | `prior_normal(m, s)` | `w`, `m`, `s` (a standard deviation) | `normMix`, `mix` | `"normal"` |
#' | `prior_gamma(a, b)` | `w`, `a` (shape), `b` (rate) | `gammaMix`, `mix` | `"poisson"` |
#'
#' The attribute `link` is the identity; a mixture on another link is refused. To have RBesT make the object itself:
#' `do.call(RBesT::mixbeta, asplit(as_mixture(x), 2))`. The reference scale `sigma` of a normal mixture is kept on the
#' way out where it is given; a prior has none, so it is dropped on the way in, and [ess()] asks for it.
#'
#' @param x a `prior` of kind beta, normal or gamma, or a mixture of one of these; or an RBesT mixture; or a plain
#'   matrix in this layout, with `kind`.
#' @param kind (string) of a plain matrix: `"beta"`, `"normal"` or `"gamma"`.
#' @param sigma (number > 0) reference scale of a normal mixture, on the way out; `NULL` leaves it out.
#' @param ... not used.
#' @return For a prior, an RBesT mixture; for a mixture or a matrix, a [prior].
#' @section Conditions: `cordgain_invalid_input` for other kinds of priors, other layouts, weights that do not sum to 1
#'   within 1e-4 (RBesT's own limit) or are not above 0, and links other than the identity.
#' @references
#' Weber and others (2021) *Journal of Statistical Software* 100(19) (RBesT).
#' @seealso [prior_mixture()], [prior_text()]
#' @examples
#' robust <- prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1))
#' mix <- as_mixture(robust)
#' mix["w", ]
#' as_mixture(mix)
#' as_mixture(matrix(c(1, 8, 56), 3, dimnames = list(c("w", "a", "b"), "map")), kind = "beta")
#' @export
as_mixture <- function(x, ...) UseMethod("as_mixture")

# Rows in RBesT's names, and the verbs that make the prior back.
mixture_layouts <- list(
  beta = list(rows = c("w", "a", "b"), class = "betaMix", likelihood = "binomial", make = \(a, b) prior_beta(a, b)),
  normal = list(rows = c("w", "m", "s"), class = "normMix", likelihood = "normal",
    make = \(m, s) prior_normal(m, s)),
  gamma = list(rows = c("w", "a", "b"), class = "gammaMix", likelihood = "poisson", make = \(a, b) prior_gamma(a, b))
)

#' @export
as_mixture.default <- function(x, ...) {
  if (missing(x)) abort_input(c("{.arg x} is not given.", i = "Give a prior or an RBesT mixture."))
  abort_input(c("{.arg x} must be a prior, an RBesT mixture or a matrix in its layout.",
    x = "It is {.obj_type_friendly {x}}."
  ))
}

#' @rdname as_mixture
#' @export
as_mixture.prior <- function(x, sigma = NULL, ...) {
  check_prior(x, names(mixture_layouts), "x")
  layout <- mixture_layouts[[prior_base_kind(x)]]
  if (!is.null(sigma)) {
    check_number(sigma, min = 0, min_open = TRUE)
    if (prior_base_kind(x) != "normal") abort_input("{.arg sigma} belongs to normal mixtures only.")
  }
  mix <- t(prior_components(x)[, c("weight", "a", "b"), drop = FALSE])
  dimnames(mix) <- list(layout$rows, paste0("comp", seq_len(ncol(mix))))
  structure(mix, link = identity_link(), sigma = sigma, likelihood = layout$likelihood, class = c(layout$class, "mix"))
}

# What RBesT keeps of a transformation: here none, with a log Jacobian of 0.
identity_link <- function() {
  structure(list(name = "identity", link = identity, invlink = identity, lJinv_link = function(l) 0 * l),
    class = "dlink")
}

#' @export
as_mixture.mix <- function(x, ...) {
  kind <- names(Filter(\(layout) inherits(x, layout$class), mixture_layouts))
  if (length(kind) != 1L) {
    abort_input(c("This mixture has no prior here.",
      x = "It is {.obj_type_friendly {x}}.",
      i = "Mixtures of betas, of normals and of gammas are taken, each of one dimension."
    ))
  }
  link <- attr(x, "link")$name
  if (!is.null(link) && link != "identity") {
    abort_input(c("A mixture on another link than the identity is no prior here.", x = "Its link is {.val {link}}."))
  }
  mixture_prior(unclass(x), kind, rlang::current_env())
}

#' @rdname as_mixture
#' @export
as_mixture.matrix <- function(x, kind, ...) {
  check_given(c(kind = "what the components are: \"beta\", \"normal\" or \"gamma\""))
  mixture_prior(x, check_choice(kind, names(mixture_layouts), "kind"), rlang::current_env())
}

mixture_prior <- function(mix, kind, call) {
  layout <- mixture_layouts[[kind]]
  if (!is.matrix(mix) || !is.numeric(mix) || !identical(rownames(mix), layout$rows) || ncol(mix) == 0L) {
    abort_input(c("A {kind} mixture is a numeric matrix with the rows {.val {layout$rows}}.",
      x = "Its rows are {.val {rownames(mix)}}, {NROW(mix)} by {NCOL(mix)}."
    ), call = call)
  }
  w <- mix["w", ]
  # 1e-4 is where RBesT warns; below it weights are divided by their sum, as there.
  if (anyNA(mix) || any(w <= 0) || abs(sum(w) - 1) > 1e-4) {
    abort_input(c("The weights of a mixture must be above 0 and sum to 1.", x = "They are {.val {unname(w)}}."),
      call = call)
  }
  parts <- lapply(seq_len(ncol(mix)), \(k) layout$make(mix[[2L, k]], mix[[3L, k]]))
  if (length(parts) == 1L) parts[[1L]] else do.call(prior_mixture, c(list(unname(w)), parts))
}

# Text ------------------------------------------------------------------------------------

#' A prior as text for Stan or brms
#'
#' Writes a prior in the words of Stan (a statement of the model block) or of brms (the string that
#' `brms::set_prior()` takes), with every digit.
#'
#' Half-normal and half-t priors are written as the whole distribution: the parameter is declared with `<lower=0>` in
#' Stan, and brms truncates standard deviations at 0 itself; the constant factor 2 changes no posterior. Parameters are
#' those of Stan: `normal` and `student_t` by standard deviation and scale, `gamma` and `inv_gamma` by shape and rate.
#' In Stan an LKJ prior is put on the Cholesky factor of the correlation matrix. brms puts the prior of the intercept on
#' the *centred* design unless the formula says `0 + Intercept`; here it is the intercept itself.
#'
#' @param x a `prior`.
#' @param language (string) `"stan"` or `"brms"`.
#' @param parameter (string) name of the parameter in Stan.
#' @return (string) the text.
#' @section Conditions: `cordgain_invalid_input` for what is no prior, for a name that is none in Stan, for mixtures in
#'   brms (it has none: write the Stan statement with `brms::stanvar()`) and for a fixed value in Stan (pass it as
#'   data).
#' @references
#' Stan Functions Reference (parametrisations); help page of `set_prior` in brms.
#' @seealso [as_mixture()], [prior_normal()]
#' @examples
#' prior_text(prior_half_t(3, 10))
#' prior_text(prior_normal(0, 1), "brms")
#' prior_text(prior_mixture(c(0.8, 0.2), prior_beta(8, 56), prior_beta(1, 1)), parameter = "rate")
#' @export
prior_text <- function(x, language = c("stan", "brms"), parameter = "theta") {
  if (missing(language)) language <- "stan"
  language <- check_choice(language, c("stan", "brms"), "language")
  check_prior(x, setdiff(names(prior_kinds), "flat"), "x")
  check_string(parameter)
  if (!grepl("^[A-Za-z][A-Za-z0-9_]*$", parameter)) {
    abort_input(c("{.arg parameter} must be a name in Stan.", x = "It is {.val {parameter}}."))
  }
  if (language == "brms") brms_text(x) else stan_text(x, parameter)
}

# Stan's name of each kind, and its arguments in Stan's order.
stan_densities <- list(
  normal = list("normal", c("mean", "sd")), t = list("student_t", c("df", "mean", "sd")),
  half_normal = list("normal", "scale"), half_t = list("student_t", c("df", "scale")),
  exponential = list("exponential", "rate"), beta = list("beta", c("a", "b")),
  gamma = list("gamma", c("shape", "rate")), uniform = list("uniform", c("min", "max")),
  inverse_gamma = list("inv_gamma", c("shape", "rate")), lkj = list("lkj_corr_cholesky", "eta"),
  fixed = list("constant", "value")
)

# list(name, "a, b"): folded kinds have their centre at 0.
stan_call <- function(x) {
  density <- stan_densities[[prior_kind(x)]]
  values <- format_exactly(prior_parameters(x)[density[[2]]])
  if (prior_kind(x) == "half_normal") values <- c("0", values)
  if (prior_kind(x) == "half_t") values <- c(values[1], "0", values[2])
  list(name = density[[1]], arguments = paste(values, collapse = ", "))
}

# The shortest text that reads back as the same number.
format_exactly <- function(x) {
  vapply(unname(x), \(v) {
    text <- sprintf("%.15g", v)
    if (as.numeric(text) == v) text else sprintf("%.17g", v)
  }, "")
}

brms_text <- function(x) {
  if (prior_kind(x) == "mixture") {
    abort_input(c("brms has no mixture of priors.",
      i = "Write the statement of {.code prior_text(x, \"stan\")} with {.code brms::stanvar(block = \"model\")}."
    ), call = NULL)
  }
  text <- stan_call(x)
  name <- if (prior_kind(x) == "lkj") "lkj" else text$name
  paste0(name, "(", text$arguments, ")")
}

stan_text <- function(x, parameter) {
  if (prior_base_kind(x) == "fixed") {
    abort_input(c("A fixed value is no prior in Stan.", i = "Pass it as data."), call = NULL)
  }
  if (prior_kind(x) != "mixture") {
    text <- stan_call(x)
    return(paste0(parameter, " ~ ", text$name, "(", text$arguments, ");"))
  }
  terms <- Map(\(part, w) {
    text <- stan_call(part)
    paste0("log(", format_exactly(w), ") + ", text$name, "_lpdf(", parameter, " | ", text$arguments, ")")
  }, x$components, x$w)
  paste0("target += log_sum_exp({", paste(terms, collapse = ", "), "});")
}
