# The answer on one screen, and demo/ with the document and its figures.
#   Rscript tools/demo.R [folder]      cordgain must be installed; pandoc writes the document
arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments) > 0L) arguments[1] else "demo"
library(cordgain)

percent <- \(p, digits = 1) paste0(formatC(100 * p, digits = digits, format = "f"), " %")
two <- \(x) formatC(x, digits = 2, format = "f")
say <- \(...) cat(strwrap(paste0(...), 98, exdent = 2), sep = "\n")

set <- subset(natural_ais, reference & endpoint == "ais_c")
late <- natural_rate(subset(set, baseline_to_day >= 14))
answer <- excess(keio_ips, late, accept = c("level", "baseline", "followup", "years"))
all_four <- excess(keio_ips, natural_rate(set, tau = prior_half_normal(0.5)),
  accept = c("level", "baseline", "followup", "years", "registry"))
references <- excess_by_reference(keio_ips)
harms <- safety(keio_ips)
table <- decision_table(answer)

at <- \(x, term, column = "estimate") tidy(x)[[column]][tidy(x)$term == term]
spread <- as.data.frame(references)

cat("Is 2 of 4 more than nature?\n\n")
say("Observed: 2 of 4 men with complete injury (AIS A) improved by two grades or more in 52 weeks ",
  "after cells at 14 to 28 days; ",
  "nature alone gives ", two(at(answer, "natural_responders")), " of 4 on average, and 2 or more in ",
  percent(at(answer, "natural_tail"), 0),
    " of such trials (sources whose first exams reach day 14: 19/161 and 32/187).")
say("In excess of nature: ", two(at(answer, "excess_responders")), " responders (95 % interval ",
  at(answer, "excess_responders", "conf.low"), " to ", at(answer, "excess_responders", "conf.high"),
  "); as few as the rates allow: ", two(at(answer, "excess_responders_comonotone")), ".")
say("Over all published references nature alone gives 2 or more of 4 in ", percent(min(spread$tail_low)), " to ",
  percent(max(spread$tail_high), 0), " of trials; four registries, a numerical check: ", percent(at(all_four,
    "natural_tail")), ".")
say("A natural rate taken as known would have to be below ", percent(at(answer, "rate_clopper_pearson", "conf.low")),
  " to be excluded by 2 of 4 (exact, two-sided 95 %).")
say("Every outcome, and how often nature alone gives as many or more: ",
  paste0(table$responders, " of 4 in ", percent(table$natural_tail), collapse = ", "), ".")
say("No serious adverse event in the four; how many nature alone would give is not known, and a risk of up to ",
  percent(at(harms, "risk_exact_upper", "conf.high")), " per patient is not ruled out (one-sided 95 %).")
say("Not matched: level, exam day, follow-up and years of injury differ or are not published. ",
  "2 of 4 is compatible with ",
  "natural recovery and with a large effect.")

dir.create(folder, showWarnings = FALSE, recursive = TRUE)
figures <- list(
  references = list(plot(references), 6), forest = list(plot(late, observed = keio_ips), 3.2),
  rate = list(plot(late, type = "density", observed = keio_ips), 3.6), excess = list(plot(answer), 3.9),
  outcomes = list(plot(table), 3.4), harms = list(plot(harms), 2.8)
)
for (name in names(figures)) {
  ggplot2::ggsave(file.path(folder, paste0(name, ".png")), figures[[name]][[1]], width = 7,
    height = figures[[name]][[2]],
    dpi = 150, bg = "white")
}
work <- tempfile("demo") # the document is knitted away from the sources
dir.create(work)
invisible(file.copy("vignettes/two-of-four.Rmd", work))
page <- rmarkdown::render(file.path(work, "two-of-four.Rmd"), rmarkdown::html_document(self_contained = TRUE,
  toc = TRUE, mathjax = NULL),
  output_dir = normalizePath(folder), quiet = TRUE)
cat("\nWritten: ", file.path(folder, basename(page)), " and ", length(figures), " figures beside it.\n", sep = "")
