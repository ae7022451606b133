# The tipping map of the interactive page, as elements of the page: made in a few milliseconds where plot() of the same
# map takes hundreds, at once as wide as the page, with texts that a browser breaks and a screen reader tells.

# Where the entered evidence lies on the map: its mean rate without the bias, and the bias.
app_place <- function(x, entries) {
  natural <- excess_natural(x)
  if (!is.null(app_bias(entries))) natural <- refit_rate(natural, bias = list(mean = 0, sd = 0))
  list(rate = mean_natural_rate(natural), bias = entries$bias_odds)
}

# What stands below the map.
app_map_words <- function(map, place) {
  outside <- nrow(app_cross(map, place)) == 0L
  cross <- if (outside) "The mean rate of the evidence that was entered, with the bias, lies outside the map." else
    "Cross: the mean rate of the evidence that was entered, and the bias."
  app_picture_words(c(map_title(map), map_subtitle(map), cross, paste("The map takes each rate as known; the chance",
    "stated above also carries how uncertain the rate is.")))
}

# Both axes, each from its first value to its last.
app_map_reach <- function(map) {
  lapply(stats::setNames(1:2, c("across", "up")), \(i) range(map$axes[[i]]$place(map$grid[[map$over[i]]])))
}

# The entered evidence as a place on the map; no row where it lies outside.
app_cross <- function(map, place) {
  at <- data.frame(across = map$axes[[1]]$place(place$rate), up = map$axes[[2]]$place(place$bias))
  reach <- app_map_reach(map)
  at[at$across >= reach$across[1] & at$across <= reach$across[2] & at$up >= reach$up[1] & at$up <= reach$up[2], ]
}

# A length along an axis in per cent of the map, from its left or lower edge.
app_map_percent <- function(value, reach) 100 * (value - reach[1]) / diff(reach)

app_map_html <- function(map, place) {
  reach <- app_map_reach(map)
  shiny::tags$div(class = "map",
    app_map_legend(),
    shiny::tags$div(class = "field", role = "img",
      `aria-label` = paste0(app_picture_words(map_title(map)), app_told_points(map, reach)),
      shiny::HTML(app_map_svg(map, reach)),
      shiny::HTML(app_map_ticks(map, reach)),
      shiny::HTML(app_map_points(map, reach)),
      shiny::HTML(app_map_cross(app_cross(map, place), reach)),
      shiny::tags$p(class = "up", map$axes[[2]]$title)
    ),
    shiny::tags$p(class = "across", map$axes[[1]]$title)
  )
}

app_map_legend <- function() {
  keys <- sprintf('<span class="key"><i style="background: %s"></i>%s</span>', chance_greys, app_unbroken(chance_names))
  shiny::tags$p(class = "legend", "Chance by nature alone: ", shiny::HTML(paste(keys, collapse = " ")))
}

# Each grey lies on the lighter one before: where the chance is above a border, up to the edge of the map. Lines are the
# borders alone. Places are thousandths of the map, from its upper left corner.
app_map_svg <- function(map, reach) {
  axes <- lapply(seq_along(reach), \(i) sort(unique(app_map_percent(map$axes[[i]]$place(map$grid[[map$over[i]]]),
    reach[[i]]))))
  order <- order(map$grid[[map$over[2]]], map$grid[[map$over[1]]])
  chance <- matrix(map$grid$estimate[order], length(axes[[1]]))
  areas <- vapply(seq_along(chance_borders), \(i) {
    sprintf('<path fill="%s" fill-rule="evenodd" d="%s"/>', chance_greys[i + 1L],
      app_svg_path(loops_above(axes, chance, chance_borders[i])))
  }, "")
  lines <- app_svg_path(borders_of(axes, chance, chance_borders))
  paste0('<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">', paste(areas, collapse = ""),
    '<path class="border" d="', lines, '"/></svg>')
}

# contourLines() closes the border of what is above it where a ring of no chance at all lies close around the map.
loops_above <- function(axes, chance, level) {
  ringed <- matrix(-1, nrow(chance) + 2L, ncol(chance) + 2L)
  ringed[seq_len(nrow(chance)) + 1L, seq_len(ncol(chance)) + 1L] <- chance
  around <- \(axis) c(axis[1] - 1e-3, axis, axis[length(axis)] + 1e-3)
  grDevices::contourLines(around(axes[[1]]), around(axes[[2]]), ringed, levels = level)
}

borders_of <- function(axes, chance, levels) {
  inside <- borders_within(chance, levels)
  if (length(inside) == 0L) return(list())
  grDevices::contourLines(axes[[1]], axes[[2]], chance, levels = inside)
}

app_svg_path <- function(lines) {
  paths <- vapply(lines, \(line) paste(round(10 * line$x, 1), round(1000 - 10 * line$y, 1), collapse = "L"), "")
  paste0("M", paths, recycle0 = TRUE, collapse = "")
}

app_map_ticks <- function(map, reach) {
  tick <- function(i, side) {
    axis <- map$axes[[i]]
    at <- app_map_percent(axis$place(axis$ticks), reach[[i]])
    shown <- at >= 0 & at <= 100
    sprintf('<span class="tick" style="%s: %.2f%%">%s</span>', side, at[shown], app_unbroken(axis$words[shown]))
  }
  paste(c(tick(1, "left"), tick(2, "bottom")), collapse = "")
}

# Published rates, each with a line to its name; where the map is narrow the names are left out.
app_map_points <- function(map, reach) {
  points <- points_inside(map, reach$across, reach$up)
  if (nrow(points) == 0L) return("")
  x <- app_map_percent(points$across, reach$across)
  y <- app_map_percent(points$up, reach$up)
  end <- app_map_percent(points$end, reach$up)
  left <- points$side > 0
  paste(c(
    sprintf('<i class="stem" style="left: %.2f%%; bottom: %.2f%%; height: %.2f%%"></i>', x, pmin(y, end), abs(end - y)),
    sprintf('<i class="point" style="left: %.2f%%; bottom: %.2f%%"></i>', x, y),
    sprintf('<span class="name" style="%s: %.2f%%; bottom: %.2f%%">%s</span>', ifelse(left, "right", "left"),
      ifelse(left, 100 - x, x), end, app_escaped(points$label))
  ), collapse = "")
}

app_map_cross <- function(at, reach) {
  if (nrow(at) == 0L) return("")
  sprintf('<span class="cross" style="left: %.2f%%; bottom: %.2f%%">\u00d7</span>',
    app_map_percent(at$across, reach$across), app_map_percent(at$up, reach$up))
}

# The published rates for those who hear the page.
app_told_points <- function(map, reach) {
  points <- points_inside(map, reach$across, reach$up)
  if (nrow(points) == 0L) return("")
  told <- paste(points$label, app_unbroken(percent_text(stats::plogis(points$across))))
  paste0(" Published: ", paste(rev(told), collapse = "; "), ".")
}
