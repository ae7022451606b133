# The vocabulary of residual covariances, kept in one table: the words that a
# formula may hold, in the names of mmrm and SAS. They are not functions.

#' Covariances of residuals over visits
#'
#' @description
#' A word in the formula of [fit_recovery()] lets the residuals of one subject vary together: `us(visit | subject)`.
#' The residuals \eqn{e_i} of subject \eqn{i} are then \eqn{N(0, \Sigma)}, restricted to the visits at which the
#' subject was seen, in place of \eqn{N(0, \sigma^2 I)}. With a mean for each visit and without random effects this is
#' what trials call a mixed model for repeated measures (MMRM; Mallinckrodt and others 2008). The words are part of the
#' formula, no functions, and bear the names of the R package mmrm; SAS has the same structures in `PROC MIXED`.
#'
#' @details
#' With \eqn{m} visits, \eqn{k} the number of visits from \eqn{i} to \eqn{j}, \eqn{d} the time between them:
#'
#' | word | covariance of visits \eqn{i} and \eqn{j} | variance | parameters | SAS, `TYPE=` |
#' |---|---|---|---|---|
#' | `us` | \eqn{\sigma_{ij}} | of each visit | \eqn{m(m + 1)/2} | `UN` |
#' | `diag` | 0 | of each visit | \eqn{m} | `UN(1)` |
#' | `cs` | \eqn{\sigma^2 \rho} | one | 2 | `CS` |
#' | `csh` | \eqn{\sigma_i \sigma_j \rho} | of each visit | \eqn{m + 1} | `CSH` |
#' | `ar1` | \eqn{\sigma^2 \rho^k} | one | 2 | `AR(1)` |
#' | `ar1h` | \eqn{\sigma_i \sigma_j \rho^k} | of each visit | \eqn{m + 1} | `ARH(1)` |
#' | `toep` | \eqn{\sigma^2 \rho_k} | one | \eqn{m} | `TOEP` |
#' | `toeph` | \eqn{\sigma_i \sigma_j \rho_k} | of each visit | \eqn{2m - 1} | `TOEPH` |
#' | `sp_exp` | \eqn{\sigma^2 e^{-d/\phi}} | one | 2 | `SP(EXP)` |
#'
#' What each assumes:
#' * `us`, unstructured: nothing but that all subjects have the same matrix. Each pair of visits must have been seen in
#'   at least one subject.
#' * `diag`: visits of one subject have nothing in common beyond fixed and random effects.
#' * `cs`, `csh`, compound symmetry: any two visits are equally correlated, \eqn{\rho > -1/(m - 1)}.
#' * `ar1`, `ar1h`, autoregressive: correlations fade by the same factor from each visit to the next, whatever the time
#'   between. The order is that of the factor's levels (of sorted values where it is no factor: as text `"w13"` comes
#'   before `"w4"`, of which a warning tells). A visit that a subject missed still counts as a step. \eqn{\rho} may be
#'   negative.
#' * `toep`, `toeph`, Toeplitz: a correlation for each number of visits apart, in that order.
#' * `sp_exp`, exponential: correlations fade with time itself, so it suits unequal or individual times. The variable
#'   must be numeric; \eqn{\phi > 0}, the range, has its unit. Correlations are positive; there is no nugget (residuals
#'   a moment apart are alike): a random intercept beside it, or another word, is the way to other shapes.
#'
#' A subject has one row per visit, and rows may be missing. A formula holds at most one of these words. Variances and
#' covariances are in the squared unit of the score. Under `weights` the covariance of two rows is divided by
#' \eqn{\sqrt{w w'}}.
#'
#' **By group.** `us(visit | arm/subject)` gives each arm a matrix of its own: here `/` does not nest, and a subject
#' belongs to one arm, under a name that no other arm uses. `diag(1 | group)` gives each level of any factor its own
#' residual variance. A group multiplies the number of parameters.
#'
#' **Beside random effects.** `(1 | subject) + ar1(visit | subject)` is the sum of both,
#' \eqn{V = ZDZ' + \Sigma}. A random intercept of the same subject adds one constant to all elements of
#' \eqn{\Sigma}. `us`, `cs` and `toep` hold all such sums already, and with two visits so do `csh`, `toeph`, `ar1`,
#' `ar1h` and `sp_exp` (`us` those of random slopes over the visits as well). The scores then do not tell the variance
#' of the intercept from the rest. **The fit does not notice**: it prints one of many splits that fit equally well.
#' Fixed effects, their standard errors and tests are those without the intercept, but `logLik()` counts a parameter
#' too many, and so do AIC and BIC. Leave the intercept out. Beside the other words it is identified, though a few
#' subjects tell it poorly.
#'
#' **Degrees of freedom.** As for other fits: Kenward-Roger (by REML, the default), Satterthwaite (by ML the default)
#' and `"residual"`, which makes no correction; see [linear_test()]. \eqn{V} is linear in the parameters of `us`, and a
#' paired t test and Hotelling's T-squared come out exactly. In those of the other words it is not; second derivatives
#' of \eqn{V} are left out of Kenward and Roger's covariance. `BETWITHIN` and `CONTAIN` of SAS are not offered.
#'
#' **How the optimum is searched for.** Newton's method begins at the spread that each visit has about least squares
#' (one spread for all visits where the word has one variance); with at most 200 rows it also begins at close (0.85)
#' and at opposed correlations. Several starts that agree are evidence, no proof, that no lower optimum exists: with a
#' few subjects there can be several, the more the more parameters.
#'
#' **Where there is no optimum.** Some combination of visits may not vary at all: all subjects gain the same between two
#' visits, `us` has fewer subjects (beyond the means that they are spent on) than visits, or the fixed effects fit a
#' visit exactly (gains from a first visit, all zero there, with a variance for each visit). The likelihood then rises
#' without end as \eqn{\Sigma} comes nearer to a singular matrix, or says nothing of a parameter, and the fit is refused
#' with the reason, or printed as not converged. Scores of which some visit or group is a million times as spread as
#' another are refused too: give all one unit. What helps otherwise: fewer fixed effects, a word with fewer
#' parameters, one matrix for all groups.
#'
#' **By Bayes** ([method_bayes()]) `ar1`, `cs` and `sp_exp` without groups, beside random effects of the subject or of
#' whole subjects: see [recovery_fit_bayes]. There a random intercept beside them has its prior, and is integrated.
#'
#' **What is not offered.** Families other than [stats::gaussian()] take no such word, [method_bayes()] not the others,
#' and [natural_curve()] takes no such fit, as its weeks need not be visits; random effects serve there. `predict()`
#' gives intervals of a score at the fitted visits only. The 15 parameters of `us` at five visits are more than four
#' subjects can tell: take a word with two, or leave natural recovery and its covariance to a registry.
#'
#' @return In a formula a word returns nothing; `VarCorr()` of the fit gives \eqn{\Sigma} as `Residual` (by
#'   group `Residual.` and the group), with standard deviations in the unit of the score.
#' @section Conditions: `cordgain_invalid_input`, as in [fit_recovery()]: two rows of a subject at one visit, a subject
#'   in two groups, and for `us` two visits that no subject has both of. A warning `cordgain_visit_order` where names of
#'   visits hold numbers and stand in the order of the alphabet, which is another, and correlations go by the order.
#' @references Mallinckrodt CH, Lane PW, Schnell D, Peng Y, Mancuso JP (2008). Recommendations for the primary analysis
#'   of continuous endpoints in longitudinal clinical trials. *Drug Information Journal* 42, 303-319.
#'
#'   Pinheiro JC, Bates DM (2000). *Mixed-effects models in S and S-PLUS*. Springer. Chapter 5.
#'
#'   SAS Institute. *SAS/STAT user's guide*, the MIXED procedure, REPEATED statement: covariance structures.
#' @examples
#' # simulated: a motor score of 24 patients in two arms at four visits, three visits missed
#' set.seed(5)
#' trial <- expand.grid(week = c(4, 13, 26, 52), subject = factor(1:24))
#' trial$visit <- factor(trial$week)
#' trial$arm <- ifelse(as.integer(trial$subject) > 12, "treated", "control")
#' trial$score <- 10 + 6 * (1 - exp(-trial$week / 20)) + rnorm(24, 0, 3)[trial$subject] +
#'   rnorm(96, 0, 1 + trial$week / 26)
#' trial <- trial[-c(20, 44, 72), ]
#'
#' fit <- fit_recovery(score ~ arm * visit + us(visit | subject), trial)
#' summary(fit)
#' linear_test(fit, c(0, 1, 0, 0, 0, 0, 0, 1)) # difference of the arms at week 52
#'
#' # fewer parameters; REML fits with the same fixed effects may be compared
#' equal <- fit_recovery(score ~ arm * visit + csh(visit | subject), trial)
#' fading <- fit_recovery(score ~ arm * visit + ar1(visit | subject), trial)
#' AIC(fit, equal, fading)
#'
#' # correlations by time, and the range in weeks
#' by_time <- fit_recovery(score ~ arm * visit + sp_exp(week | subject), trial)
#' -(13 - 4) / log(attr(VarCorr(by_time)$Residual, "correlation")["4", "13"])
#' # a matrix for each arm; a residual variance for each visit beside a random intercept
#' VarCorr(fit_recovery(score ~ arm * visit + cs(visit | arm/subject), trial))
#' VarCorr(fit_recovery(score ~ arm * week + (1 | subject) + diag(1 | visit), trial))
#' @seealso [fit_recovery()]; [linear_test()] for tests; `vignette("mixed-models")`.
#' @name residual_covariance
#' @aliases us cs csh ar1 ar1h toep toeph sp_exp MMRM
#' @keywords models
NULL

covariance_words <- function() {
  c("us", "diag", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "sp_exp")
}

# Words with one variance per visit; the others have one for all visits.
heterogeneous_words <- function() {
  c("us", "diag", "csh", "ar1h", "toeph")
}

# Words whose correlations go by the order of the visits.
ordered_words <- function() {
  c("ar1", "ar1h", "toep", "toeph")
}
