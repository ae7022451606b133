# How far chains of a sampler are to be trusted: rank-normalised split R-hat, effective sample sizes, standard errors.
# Source of all: Vehtari A, Gelman A, Simpson D, Carpenter B, Buerkner PC (2021), Bayesian Analysis 16, 667-718,
# doi:10.1214/20-BA1221. A parameter is a matrix, draws in rows, a column for each chain.

# The first and the second half of each chain as chains of their own.
split_chains <- function(x) {
  half <- nrow(x) %/% 2L
  cbind(x[seq_len(half), , drop = FALSE], x[nrow(x) - half + seq_len(half), , drop = FALSE])
}

# Normal scores of the ranks of all draws together.
rank_normal <- function(x) {
  r <- rank(x)
  matrix(stats::qnorm((r - 3 / 8) / (length(x) + 1 / 4)), nrow(x))
}

plain_rhat <- function(x) {
  within <- mean(apply(x, 2L, stats::var))
  between <- stats::var(colMeans(x))
  sqrt((nrow(x) - 1) / nrow(x) + between / within)
}

# The larger of two: of the ranks, and of the ranks of the distances to the median.
chain_rhat <- function(x) {
  x <- split_chains(x)
  if (stats::var(as.vector(x)) == 0) {
    return(NA_real_)
  }
  max(plain_rhat(rank_normal(x)), plain_rhat(rank_normal(abs(x - stats::median(x)))))
}

# Autocovariances of a chain at all lags, by the fast Fourier transform of the chain and as many zeros.
autocovariances <- function(v) {
  n <- length(v)
  padded <- c(v - mean(v), rep(0, stats::nextn(2 * n) - n))
  power <- Mod(stats::fft(padded))^2
  Re(stats::fft(power, inverse = TRUE))[seq_len(n)] / (length(padded) * n)
}

# Draws divided by Geyer's initial monotone sum of autocorrelations over chains.
plain_ess <- function(x) {
  n <- nrow(x)
  if (stats::var(as.vector(x)) == 0) {
    return(NA_real_)
  }
  covariances <- apply(x, 2L, autocovariances)
  within <- mean(covariances[1, ]) * n / (n - 1)
  total <- within * (n - 1) / n + stats::var(colMeans(x))
  rho <- 1 - (within - rowMeans(covariances)) / total
  rho[1] <- 1
  pairs <- rho[seq(1, n - 1, 2)] + rho[seq(2, n, 2)]
  end <- match(TRUE, pairs <= 0, nomatch = length(pairs) + 1L) - 1L
  monotone <- cummin(pairs[seq_len(end)])
  # what is left of the pair at which the sum ends, where it is positive
  rest <- if (2L * end + 1L <= n) max(rho[2L * end + 1L], 0) else 0
  tau <- -1 + 2 * sum(monotone) + rest
  length(x) / max(tau, 1 / log10(length(x)))
}

bulk_ess <- function(x) plain_ess(rank_normal(split_chains(x)))

quantile_ess <- function(x, prob) plain_ess(split_chains((x <= stats::quantile(x, prob)) + 0))

tail_ess <- function(x) min(quantile_ess(x, 0.05), quantile_ess(x, 0.95))

mean_mcse <- function(x) stats::sd(x) / sqrt(plain_ess(split_chains(x)))

# Of the standard deviation, by the delta method from that of the squares; these in units of it, for fourth powers of
# scores as small as 1e-150 would be lost.
sd_mcse <- function(x) {
  sd <- stats::sd(x)
  if (isTRUE(sd == 0)) {
    return(0)
  }
  square <- ((x - mean(x)) / sd)^2
  sd * stats::sd(square) / sqrt(plain_ess(split_chains(square))) / 2
}

# Half the width of the interval of a quantile that holds one standard error to each side.
quantile_mcse <- function(x, prob) {
  ess <- quantile_ess(x, prob)
  if (is.na(ess)) {
    return(NA_real_)
  }
  at <- stats::qbeta(stats::pnorm(c(-1, 1)), ess * prob + 1, ess * (1 - prob) + 1)
  diff(stats::quantile(x, at, names = FALSE, type = 6)) / 2
}
