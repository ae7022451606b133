# Every kind of picture as it was last looked at. A difference is no fault by itself: look at both pictures with
# testthat::snapshot_review("plot-snapshots"), then keep the better one. What a picture must say and draw is tested
# beside its code; here anything that moves is seen.

# ggplot2 draws the same picture in other paths from one minor version to the next.
written_with <- c(ggplot2 = "3.4")

minor_version <- function(package) sub("^([0-9]+\\.[0-9]+).*", "\\1", format(utils::packageVersion(package)))

# Skips by name where pictures cannot be compared; announced, so that a skipped snapshot is not taken for a dropped one.
skip_if_not_comparable <- function(name) {
  announce_snapshot_file(name = paste0(gsub("[ _]", "-", name), ".svg"))
  skip_if_not_installed("vdiffr")
  here <- minor_version("ggplot2")
  if (here != written_with[["ggplot2"]]) {
    skip(paste0("the snapshots were written with ggplot2 ", written_with[["ggplot2"]], ", this is ", here))
  }
}

for (name in picture_names) {
  test_that(paste("the picture is the one last looked at, its title fits half a page:", name), {
    skip_if_not_installed("ggplot2")
    picture <- picture_of(name)
    lines <- strsplit(picture$labels$title, "\n", fixed = TRUE)[[1]]
    expect_true(all(nzchar(lines) & nchar(lines) <= plot_widths[["title"]]))
    skip_if_not_comparable(name)
    vdiffr::expect_doppelganger(gsub("_", "-", name), picture)
  })
}
