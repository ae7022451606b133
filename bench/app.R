# How soon the page of run_cordgain() answers a change, for `make bench`: the server's own work, as shiny does it, over
# changes of every entry. cordgain and shiny must be installed.
library(cordgain)

changes <- list(
  list(responders = 3), list(n = 6), list(evidence = "rate"), list(rate = 0.2), list(evidence = "beta"),
  list(beta_a = 40), list(evidence = "sources"), list(tau_scale = 0.5), list(bias_odds = 2), list(bias_sd = 0.5),
  list(evidence = "reference"), list(reference = "Reference set, all"), list(n = 20), list(responders = 7),
  list(endpoint = "ais_any"), list(n = 3) # the last cannot be: the page says so
)

# Milliseconds, by the clock and of the processor, to the whole answer: sentence, numbers, bars, table and map.
times <- NULL
shiny::testServer(cordgain:::app_server, {
  now <- function() 1000 * c(proc.time()[["elapsed"]], sum(proc.time()[1:2]))
  do.call(session$setInputs, cordgain:::app_start)
  for (change in changes) {
    at <- now()
    do.call(session$setInputs, change)
    times <<- rbind(times, now() - at)
  }
})
told <- function(what) paste("|", paste(round(apply(times, 2, what)), collapse = " | "), "| < 300 |\n")
cat("| task | ms | of the processor, ms | asked |\n|---|---|---|---|\n")
cat("| the page answers a change: sentence, numbers, bars, table and map (median of", length(changes), "changes)",
  told(stats::median))
cat("| the slowest of them", told(max))
