# Prior beside posterior of the mean excess.

# Densities at the nodes of the table of the likelihood, per point; what is flat beyond sight is left out.
effect_densities <- function(excess, effect, call) {
  table <- effect_table_of(excess, call)
  route <- table$routes$fine
  prior <- exp(log_effect_prior(effect, route$node, table$unit)) / table$unit
  posterior <- exp(route$log_likelihood + log(prior) - max(route$log_likelihood + log(prior)))
  posterior <- posterior / sum(route$weight * posterior) / table$unit
  seen <- range(which(pmax(prior / max(prior), posterior / max(posterior)) > 1e-3))
  keep <- seq(seen[1], seen[2])
  data.frame(excess = table$unit * rep(route$node[keep], 2), density = c(prior[keep], posterior[keep]),
    which = rep(c("prior", "posterior"), each = length(keep)))
}

prior_posterior_plot <- function(excess, effect, call) {
  drawn <- effect_densities(excess, effect, call)
  both <- effect_posterior(effect_table_of(excess, call), effect, call)
  above <- effect_benefit_share(effect)
  ggplot2::ggplot(drawn, ggplot2::aes(x = .data$excess, y = .data$density, linetype = .data$which)) +
    ggplot2::geom_vline(xintercept = 0, colour = plot_ink[["light"]], linewidth = 0.3) +
    ggplot2::geom_line(colour = plot_ink[["dark"]]) +
    ggplot2::scale_linetype_manual(values = c(prior = 2, posterior = 1), breaks = c("prior", "posterior"),
      name = NULL) +
    ggplot2::labs(
      x = "Mean excess (points)", y = "Density",
      title = plot_words("The patients move the probability of a positive mean excess from ", percent_text(above),
        " to ", percent_text(both$benefit$value)),
      caption = caption_words("Dashed: the prior of the mean excess, ", format(effect), ". Solid: what is known after ",
        "the patients, the natural mean as uncertain as it is.")
    ) +
    plot_theme()
}

# P(mean excess > 0) under the prior.
effect_benefit_share <- function(effect) {
  rows <- prior_components(effect)
  sum(rows[, "weight"] * stats::pnorm(0, rows[, "a"], rows[, "b"], lower.tail = FALSE))
}
