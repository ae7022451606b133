# ggplot2: autoplot() of everything that has plot(), declared in one place. NAMESPACE registers the method when
# ggplot2 is loaded, so that loading this package does not load that one.

#' Pictures by `autoplot()`
#'
#' @description
#' `ggplot2::autoplot()` draws what `plot()` draws, for every object of the package that has a picture: a ggplot,
#' which themes, scales and labels can be added to, and which `ggplot2::ggsave()` writes.
#'
#' All pictures are one family: a title that says the finding in a sentence, greys that survive a copier and are told
#' apart by every eye, legible at half a page (7 by 4 inches).
#'
#' @param object anything that has a picture: an [excess()], a [natural_rate()], a [safety()], ...
#' @param ... passed to `plot()`, such as `type`.
#' @return A ggplot.
#' @seealso [plot.excess_responders()], [plot.natural_rate()], [plot.tipping()]
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE)) {
#'   ggplot2::autoplot(natural_rate(prior_beta(8, 56)), type = "density")
#' }
#' @name interop-ggplot2
#' @rawNamespace
#' S3method(ggplot2::autoplot, borrow, autoplot_as_plot)
#' S3method(ggplot2::autoplot, borrow_means, autoplot_as_plot)
#' S3method(ggplot2::autoplot, decision_table, autoplot_as_plot)
#' S3method(ggplot2::autoplot, excess_by_reference, autoplot_as_plot)
#' S3method(ggplot2::autoplot, excess_curve, autoplot_as_plot)
#' S3method(ggplot2::autoplot, excess_responders, autoplot_as_plot)
#' S3method(ggplot2::autoplot, excess_score, autoplot_as_plot)
#' S3method(ggplot2::autoplot, falsify, autoplot_as_plot)
#' S3method(ggplot2::autoplot, isncsci_explanation, autoplot_as_plot)
#' S3method(ggplot2::autoplot, joint_excess, autoplot_as_plot)
#' S3method(ggplot2::autoplot, natural_change, autoplot_as_plot)
#' S3method(ggplot2::autoplot, natural_curve, autoplot_as_plot)
#' S3method(ggplot2::autoplot, natural_rate, autoplot_as_plot)
#' S3method(ggplot2::autoplot, operating_characteristics, autoplot_as_plot)
#' S3method(ggplot2::autoplot, prior_check, autoplot_as_plot)
#' S3method(ggplot2::autoplot, recovery_data, autoplot_as_plot)
#' S3method(ggplot2::autoplot, safety, autoplot_as_plot)
#' S3method(ggplot2::autoplot, score_change, autoplot_as_plot)
#' S3method(ggplot2::autoplot, sensitivity, autoplot_as_plot)
#' S3method(ggplot2::autoplot, tipping, autoplot_as_plot)
#' S3method(ggplot2::autoplot, tipping_map, autoplot_as_plot)
NULL

autoplot_as_plot <- function(object, ...) plot(object, ...)
