# Times of questioning an answer and designing the next trial, for `make bench`. Medians of three; cordgain must be
# installed.
library(cordgain)

seconds <- function(task) {
  task()
  stats::median(vapply(1:3, function(i) system.time(task())[["elapsed"]], 0))
}

four <- subset(natural_ais, reference & endpoint == "ais_c")
any <- subset(natural_ais, reference & endpoint == "ais_any")
late <- subset(four, baseline_to_day >= 14)
usual <- c("level", "baseline", "followup", "years", "registry")
answer <- excess(keio_ips, natural_rate(four), accept = usual)

# Reference set x endpoint x era x heterogeneity x bias x drift; drift where the years are known.
sets <- list(late = late, any = any, newest = four[nrow(four), ])
whole <- function() sensitivity(answer, natural = sets, drift = list(none = NULL, scims = drift(0.0414)))

design <- design_trial(natural_rate(four), "single", n = 20)
two_arms <- design_trial(natural_rate(four), "randomised", n = 20)
grid <- list(excess = seq(0, 0.6, length.out = 100), bias = seq(-1.5, 1.5, length.out = 100))
surface <- function(x) operating_characteristics(x, excess = grid$excess, bias = grid$bias)

# Four simulated scores: evidence x heterogeneity x bias x family.
registries <- data.frame(source = c("a", "b", "c"), mean = c(7.8, 10.5, 9), se = c(0.6, 0.9, 1.4))
gains <- score_change(c(12, 18, 9, 15), c(36, 31, 11, 15), "uems")
natural <- natural_change(registries, prior_half_normal(2), sd = 6.5, family = "censored", range = c(0, 50))
all <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")
scores <- excess(gains, natural, accept = all)

rows <- list(
  c("full `sensitivity()` of the four-patient trial", seconds(whole), "< 2 s"),
  c("full `sensitivity()` of four scores", seconds(function() sensitivity(scores)), "< 2 s"),
  c("`tipping()` over bias, rate and heterogeneity", seconds(function() tipping(answer, c("bias", "rate", "tau"))), ""),
  c("100 x 100 surface, single arm of 20", seconds(function() surface(design)), "< 2 s"),
  c("100 x 100 surface, 20 per arm, exact test", seconds(function() surface(two_arms)), "< 2 s"),
  c("`falsify()`, 10 000 sets drawn", seconds(function() falsify(answer, exact = FALSE, seed = 1)), "< 2 s"),
  c("39 per arm found by the exact test",
    seconds(function() design_trial(natural_rate(0.193), "randomised", rate = 0.5)), "")
)
cat("| task | seconds | asked |\n|---|---|---|\n")
for (row in rows) cat("| ", row[1], " | ", format(signif(as.numeric(row[2]), 2)), " | ", row[3], " |\n", sep = "")
cat(nrow(as.data.frame(whole())), "rows in the table of sensitivity()\n")
