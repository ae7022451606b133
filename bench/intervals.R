# Profile intervals and the parametric bootstrap beside lme4, in one process on the same data.
#   Rscript bench/intervals.R
# Times are of the processor. lme4's own bootstrap is timed at fewer refits and scaled, for it is linear in them.
library(cordgain)
stopifnot(requireNamespace("lme4", quietly = TRUE))

seconds <- function(code, repeats) {
  code <- substitute(code)
  frame <- parent.frame()
  times <- vapply(seq_len(repeats), \(i) sum(system.time(eval(code, frame))[1:2]), 1)
  stats::median(times)
}

many <- function(code, times, repeats = 5) { # what is too quick for the clock, `times` in a row
  code <- substitute(code)
  frame <- parent.frame()
  one <- \() for (i in seq_len(times)) eval(code, frame)
  stats::median(vapply(seq_len(repeats), \(i) sum(system.time(one())[1:2]), 1)) / times
}

data <- lme4::sleepstudy
ml <- fit_recovery(Reaction ~ Days + (Days | Subject), data, method = "ml")
reml <- fit_recovery(Reaction ~ Days + (Days | Subject), data)
lme4_ml <- lme4::lmer(Reaction ~ Days + (Days | Subject), data, REML = FALSE)
lme4_reml <- lme4::lmer(Reaction ~ Days + (Days | Subject), data)

profile_ours <- many(confint(ml, method = "profile"), 50)
profile_lme4 <- seconds(suppressMessages(confint(lme4_ml, method = "profile", quiet = TRUE)), 3)

refits <- 1000
boot_ours <- seconds(bootstrap(reml, refits, seed = 1), 5)
lme4_refits <- 100
boot_lme4 <- seconds(suppressMessages(lme4::bootMer(lme4_reml, lme4::fixef, nsim = lme4_refits, seed = 1)), 3) *
  refits / lme4_refits

table <- data.frame(
  work = c("profile intervals, sleepstudy, all 6 parameters", "parametric bootstrap, 1,000 refits of 18 x 10"),
  cordgain_ms = 1000 * c(profile_ours, boot_ours), lme4_ms = 1000 * c(profile_lme4, boot_lme4)
)
table$ratio <- table$lme4_ms / table$cordgain_ms
print(table, digits = 3, row.names = FALSE)
