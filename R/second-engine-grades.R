# Grade steps by another road, in plain R: the patients who rose at least 1, 2, ... grades as a chain (the core: a
# convolution over patients or classes; the first engine of nested grades: every outcome, one by one). Of the y who
# rose at least s grades, those who rose s + 1 are binomial, beta-binomial where the table is counts, and the steps of
# all patients together are the sum of the chain.

# Every row with grade steps of an excess of responders; bounds where grades of the table or of a patient are open.
second_grades <- function(arm, transition, level, call) {
  if (is.null(transition)) {
    return(NULL)
  }
  transition <- as_grade_steps(transition, call)
  steps <- patient_steps(arm, call)
  probs <- c(1 - level, 1 + level) / 2
  chains <- lapply(unique(list(transition$low, transition$high)), nested_chain,
    n = length(steps$fewest), counted = transition$counted)
  totals <- seq(sum(steps$fewest), sum(steps$most))
  sums <- lapply(chains, \(chain) lapply(totals, \(total) second_steps(chain, total, probs)))
  nested <- if (min(unlist(steps)) >= 0) {
    lapply(chains, \(chain) lapply(unique(steps), \(seen) second_nested(chain, seen)))
  }
  rbind(one_or_bounds(unlist(sums, recursive = FALSE)), one_or_bounds(unlist(nested, recursive = FALSE)))
}

one_or_bounds <- function(tables) {
  if (length(tables) < 2L) {
    return(if (length(tables) == 1L) tables[[1]])
  }
  estimates <- vapply(tables, `[[`, numeric(nrow(tables[[1]])), "estimate")
  second_row(tables[[1]]$term, NA_character_, NA_real_, apply(estimates, 1, min), apply(estimates, 1, max))
}

# The chain: `move[[s]]` has P(y rose at least s | x rose at least s - 1), rows x and columns y from 0 to n; `reached`
# the distribution of those who rose at least s by itself.
nested_chain <- function(steps, n, counted) {
  a <- if (counted) steps + 0.5 else steps / sum(steps)
  above <- rev(cumsum(rev(a))) # rose at least 0, 1, ...
  count <- if (counted) beta_binomial_masses else \(size, yes, no) {
    stats::dbinom(0:size, size, if (yes > 0) yes / (yes + no) else 0)
  }
  move <- lapply(seq_along(a)[-1], \(s) {
    t(vapply(0:n, \(x) c(count(x, above[s], a[s - 1]), numeric(n - x)), numeric(n + 1)))
  })
  reached <- lapply(seq_along(a)[-1], \(s) count(n, above[s], sum(a[seq_len(s - 1)])))
  list(n = n, move = move, reached = reached)
}

# Beta-binomial probabilities of 0 to n by their ratios, from P(0) = product of (no + i) / (yes + no + i).
beta_binomial_masses <- function(n, yes, no) {
  i <- seq_len(n) - 1
  cumprod(c(prod((no + i) / (yes + no + i)), (n - i) / (i + 1) * (yes + i) / (no + n - i - 1)))
}

# Distribution of the steps of all patients together: rows those who rose at least s, columns the steps so far.
chain_sum <- function(chain) {
  n <- chain$n
  state <- matrix(0, n + 1, n * length(chain$move) + 1)
  state[n + 1, 1] <- 1
  for (move in chain$move) {
    spread <- crossprod(move, state)
    for (y in 1:n) spread[y + 1, ] <- c(numeric(y), utils::head(spread[y + 1, ], -y))
    state <- spread
  }
  colSums(state)
}

second_steps <- function(chain, total, probs) {
  pmf <- chain_sum(chain)
  k <- seq_along(pmf) - 1
  excess <- discrete_summary(rev(total - k), rev(pmf), probs)
  rbind(second_row("grade_steps", NA_character_, excess$mean, excess$quantile[1], excess$quantile[2], excess$sd),
    second_row("grade_steps_tail", NA_character_, sum(pmf[k >= total])))
}

# The smallest tail over the nested endpoints, and the probability that the chain at some endpoint has one as small.
second_nested <- function(chain, seen) {
  endpoints <- seq_along(chain$move)
  tails <- lapply(chain$reached, \(p) rev(cumsum(rev(p))))
  smallest <- min(vapply(endpoints, \(s) tails[[s]][sum(seen >= s) + 1], 0))
  state <- c(numeric(chain$n), 1)
  any <- 0
  for (s in endpoints) {
    state <- as.vector(state %*% chain$move[[s]])
    small <- tails[[s]] <= smallest * (1 + 1e-9) # equal tails differ by rounding
    any <- any + sum(state[small])
    state[small] <- 0
  }
  second_row(c("nested_tail", "nested_tail_any"), NA_character_, c(smallest, any))
}
