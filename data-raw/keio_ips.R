# The four-patient trial as published: protocol, registry entry and the reports of
# the press conference of 21 March 2025. Nothing that was not published is filled in.

build_keio_ips <- function(facts, cordgain) {
  patients <- read_facts("keio_patients", facts)
  cordgain$trial_arm(
    patients = patients,
    endpoint = "ais_c",
    level = NA, # eligible were C3/4 to T10; the levels of the four are not published
    baseline_days = c(14, 28), # the window of transplantation
    followup_weeks = c(54, 56), # 52 weeks after it
    years = c(2021, 2023), # operations from December 2021 to 2023, two to four weeks after injury
    declared = FALSE, # no definition of a responder was found registered
    # Reports count two grades up (NHK), some motor function regained (Asahi), and standing (A to D).
    looks = 3,
    harms = list(
      events = 0,
      definition = paste(
        "serious adverse event within one year of transplantation, as reported at the press conference;",
        "which events were counted as serious is not published"
      )
    ),
    exposure_years = 4,
    intervention = paste(
      "2 million allogeneic neural stem/progenitor cells from induced pluripotent stem cells into the injured cord",
      "14 to 28 days after injury, immunosuppression for 6 months, rehabilitation in hospital"
    ),
    notes = "All four are adult men; two of them are over 60, which two is not published (Nature, press reports).",
    label = "Four-patient iPSC trial (Keio)",
    source = c(
      "Protocol: Sugai et al. 2021, Regenerative Therapy 18:321-333, doi:10.1016/j.reth.2021.08.005",
      "Registry: UMIN000035074",
      "Results: press conference, 21 March 2025; not peer reviewed"
    )
  )
}
