# Times of fits of families, for `make bench`: prints a table. Simulated binary scores shaped like the toenail trial
# (294 patients, seven visits), and lme4's cbpp. CPU seconds, median of three, so other work on the machine counts less;
# the ratio is to glmer with 25 nodes in the same process.
library(cordgain)

cpu <- function(task) stats::median(replicate(3, sum(system.time(task())[1:2])))

# A data frame at CORDGAIN_TOENAIL (columns y, treatment, t10, patientID) takes the place of the simulated scores.
toenail <- function() {
  file <- Sys.getenv("CORDGAIN_TOENAIL")
  if (nzchar(file)) {
    return(utils::read.csv(file, stringsAsFactors = TRUE))
  }
  set.seed(294)
  d <- expand.grid(t10 = c(0, 1, 2, 3, 6, 9, 12) / 10, patientID = seq_len(294))
  d$treatment <- factor(ifelse(d$patientID %% 2 == 0, "new", "old"))
  eta <- -1.6 - 3.9 * d$t10 - 1.4 * d$t10 * (d$treatment == "new") + stats::rnorm(294, 0, 4)[d$patientID]
  d$y <- stats::rbinom(nrow(d), 1, stats::plogis(eta))
  d
}

row <- function(label, formula, data, asked) {
  ours <- cpu(\() fit_recovery(formula, data, family = stats::binomial()))
  fit <- fit_recovery(formula, data, family = stats::binomial())
  peer <- if (requireNamespace("lme4", quietly = TRUE)) {
    cpu(\() lme4::glmer(formula, data, family = stats::binomial(), nAGQ = 25))
  } else {
    NA
  }
  c(label, format(ours, digits = 2), format(peer, digits = 2), format(peer / ours, digits = 2),
    paste(range(fit$result$nodes), collapse = " to "), format(attr(stats::logLik(fit), "num.error"), digits = 1), asked)
}

pieces <- list(row("294 patients x 7 binary visits", y ~ treatment * t10 + (1 | patientID), toenail(), "0.1"))
if (requireNamespace("lme4", quietly = TRUE)) {
  herds <- cbind(incidence, size - incidence) ~ period + (1 | herd)
  pieces <- c(pieces, list(row("cbpp, 15 herds x 4 periods", herds, lme4::cbpp, "")))
}
cat("| work | fit, s | glmer 25 nodes, s | ratio | nodes | error of log likelihood | asked, s |\n")
cat("|---|---|---|---|---|---|---|\n")
for (piece in pieces) cat("|", paste(piece, collapse = " | "), "|\n")
