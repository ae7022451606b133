# Reading a picture: which layers it has, what its labels say, and the data it draws.

layer_geoms <- function(plot) vapply(plot$layers, \(layer) class(layer$geom)[1], "")

# The words of a picture on one line each, as a reader sees them.
words_of <- function(plot) {
  labels <- plot$labels[c("title", "subtitle", "caption", "x", "y")]
  gsub("\n", " ", unlist(labels[vapply(labels, is.character, NA)]), fixed = TRUE)
}

built <- function(plot, layer) suppressMessages(ggplot2::ggplot_build(plot))$data[[layer]]

# Draws the picture into a file that is thrown away; a layer that cannot be drawn is an error.
draws <- function(plot) {
  file <- withr::local_tempfile(fileext = ".pdf")
  suppressMessages(ggplot2::ggsave(file, plot, width = 7, height = 4))
  file.size(file) > 0
}

two_sources <- function() {
  subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14)
}

accepted_usual <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")

# Independent tail of a known rate: the binomial distribution of R.
binomial_tail <- function(y, n, rate) stats::pbinom(y - 1, n, rate, lower.tail = FALSE)

# What a new R process with the same libraries prints when it runs the given lines.
in_fresh_r <- function(...) {
  system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", "-e", shQuote(paste(...))), stdout = TRUE,
    env = paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep)))
}
