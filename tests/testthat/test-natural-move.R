test_that("a bias moves log odds by itself, whatever the rate was made from", {
  for (natural in list(natural_rate(0.134), natural_rate(prior_beta(8, 56)), reference_rate())) {
    move <- natural_move(excess_of(natural), "bias", list(), NULL)
    moved <- nature_tails(excess_of(natural), move$nature(log(2)))
    biased <- excess_of(switch(rate_kind(natural), known = natural_rate(stats::plogis(stats::qlogis(0.134) + log(2))),
      prior = natural_rate(prior_beta(8, 56), bias = prior_fixed(log(2))),
      meta = reference_rate(0.5, bias = prior_fixed(log(2)))))
    expect_map(moved$fine, tidy(biased)$estimate[tidy(biased)$term == "natural_tail"])
  }
})

test_that("a landmark is refused where the source reaches the trial's window, as by excess()", {
  late <- natural_rate(subset(natural_ais, reference & endpoint == "ais_c" & baseline_to_day >= 14))
  answer <- excess(keio_ips, late, accept = every_difference)
  timing <- landmark(3, 8, 1 / 35, "ais_c", "above T11")
  expect_error(natural_move(answer, "landmark", list(landmark = timing), NULL), class = "cordgain_error")
})
