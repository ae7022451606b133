# The shipped data. Made by data-raw/make.R from data-raw/facts/.

#' The four-patient trial as published
#'
#' A [trial_arm()]: the first trial of neural stem/progenitor cells from induced
#' pluripotent stem cells after spinal cord injury. Four adult men with complete
#' injury (AIS A) received the cells 14 to 28 days after injury. By the reports of
#' the press conference of 21 March 2025, 52 weeks later one was graded D, one C,
#' and two had no motor recovery (A or B, not stated); no serious adverse event
#' was reported in the four. What nature alone gives among such patients is the
#' question of [excess()].
#'
#' It holds only what was published. Levels of injury, motor scores and exact ages
#' were not: `level` is `NA`, and there are no scores. Endpoint: `"ais_c"` (two
#' grades or more from A). Since two patients are "A or B", for `"ais_any"` the
#' count is 2 to 4: `update(keio_ips, endpoint = "ais_any")`; for motor levels it
#' is not known and refused. `baseline_days` is the window of transplantation
#' (consent, at grade A, was by day 24); `followup_weeks` counts from injury, so 52
#' weeks after transplantation are weeks 54 to 56; `years` are of the injuries,
#' from operations in December 2021 and three in 2022 to 2023.
#'
#' No definition of a responder was found registered, so `declared = FALSE`. The
#' three `looks` are those that the reports themselves use: two grades up from A
#' (NHK), some motor function regained (Asahi), and standing, the patient from A to
#' D (both). There may have been more.
#'
#' @section Where the reports contradict each other:
#' - One patient stands "without support" (NHK, AFP) or "using a support
#'   mechanism" (Asahi): both stand in his row.
#' - The first operation was in December 2021 (Nature, Kyodo) or in 2022 (AFP);
#'   `years` spans both.
#' - The recruitment is dated to December 2020 by one note, and its last inclusion
#'   to November 2024, when the follow-up of all four had ended by other reports.
#' - The natural rate quoted beside the result was "about 10 %" for two grades up
#'   (NHK) and 10 to 12 % for some motor function (Asahi): not the same event.
#'
#' All four are men, and two of them are over 60; the reports do not say which two
#' (one is called elderly). `summary()` prints this.
#'
#' @format A `trial_arm` with `patients`: `subject`, `sex`, `age` and `outcome` in
#'   the words of the reports, `baseline` and `final` AIS grades; `notes`: what is
#'   published of the four together. Harm: 0 patients
#'   with a serious adverse event of 4, 4 patient-years; which events were counted
#'   as serious is not published.
#' @source Protocol: Sugai and others (2021), Regenerative Therapy 18:321-333,
#'   \doi{10.1016/j.reth.2021.08.005}. Registry entry UMIN000035074. Results: reports
#'   of the press conference of 21 March 2025, not peer reviewed.
#' @examples
#' keio_ips
#' summary(update(keio_ips, endpoint = "ais_any"))
"keio_ips"

#' Published conversion of AIS grade without the treatment
#'
#' How many patients graded AIS A at a first exam improved, one row per study,
#' endpoint and stratum. `reference` marks the reference set of four registry
#' reports. It is a numerical check rather than matched evidence: two of the four
#' do not reach days 14 to 28, levels are mixed, and two are of one registry.
#'
#' A count is `printed`, `rebuilt` where exactly one whole count gives the printed
#' percentage (see [events_from_percent()]), or `derived` by adding or taking off
#' printed counts (`note` says how). Where `n` is not reported, or no count or
#' several fit, `counts` is `none`, `events` is `NA` and `rate` holds the printed
#' percentage; such rows are refused in a meta-analysis, by name.
#'
#' @section Where each row was read:
#' - Kirshblum 2021, Table 2 (a review): Marino 1999, Burns 2003, Fawcett 2007, Spiess
#'   2009, van Middendorp 2009, Kirshblum 2016. Counts are rebuilt from its
#'   percentages; the 42 of 161 of van Middendorp 2009 is printed in the abstract.
#' - The study's own abstract: all others, percentages but for the counts of Kawano
#'   2020 (printed; "still A at week 8" derived), Ariji 2022 and El Tecle 2018 (printed).
#' - `doi` is that of the document read. The abstract of Marino 2011 as read prints
#'   none, and `doi_note` says so.
#'
#' @section Where the reports contradict each other:
#' - **Late conversion.** In Kawano 2020, 34 of the 35 conversions came by week 8,
#'   and 1 of 169 later; in Marino 2011 conversion rose from 22 % at discharge to
#'   30 % at one year. Both are kept.
#' - **Trend over the years.** Marino 2020 (SCIMS) has tetraplegia rising from 17.6 %
#'   to 50.0 % between 1995-97 and 2013-15; motor scores in EMSCI did not change
#'   over about the same time (Bourguignon 2022).
#' - **Cervical against thoracic.** The registries have thoracic levels recovering
#'   far less often; the meta-analysis El Tecle 2018 has them close (33.3 and 30.6 %).
#' - **Spiess 2009, above T10**: 11.2 % of 62 is no whole count, so no count is given.
#' - **Aimetti 2019**: 21.1 % is a weighted percentage, and no whole count of 170.
#' - **Marino 2020**: the abstract follows 1,877 patients, the paper 1,876.
#'
#' @format A data frame:
#' - `source`, `endpoint` (see [trial_arm()]), `baseline_grade`, `level`: what the row counts;
#' - `events`, `n` (patients), `rate` (as printed, where no count is known);
#' - `baseline_from_day`, `baseline_to_day`, `baseline_mean_day` (days from injury to the first exam);
#' - `followup_weeks` (weeks from injury; the middle of a printed window, `NA` where mixed);
#' - `years_from`, `years_to` (of injury), `registry` (several joined by `+`);
#' - `reference`: in the reference set; `poolable`: `FALSE` for meta-analyses, second
#'   reports of the same patients and late baselines, which are refused beside others;
#' - `citation`, `doi` (of the document read) or, where it is `NA`, `doi_note` (why there is none),
#'   `read_in` (table or abstract);
#' - `counts` (`"printed"`, `"rebuilt"`, `"derived"`, `"none"`), `percent_printed` (text, with the digits as
#'   printed), `events_min`, `events_max` (all counts that fit);
#' - `level_printed`, `baseline_printed`, `followup_printed` (as printed), `note` (what to mind).
#' @source Kirshblum and others (2021), Journal of Neurotrauma 38:1267-1284,
#'   \doi{10.1089/neu.2020.7473}, Table 2, for the rows that name it; else the document
#'   in `citation` and `doi`.
#' @examples
#' subset(natural_ais, reference & endpoint == "ais_c")[c("source", "events", "n", "counts")]
#' subset(natural_ais, level == "cervical" & !is.na(rate))[c("source", "endpoint", "rate")]
"natural_ais"

#' Published motor scores without the treatment
#'
#' Means by visit (`kind = "visit"`) and means of change (`kind = "change"`) of
#' patients who did not have the treatment.
#'
#' Mind: the patients behind visit means differ from visit to visit, so their
#' differences are not changes, and no SD of change follows from them without the
#' correlation between visits. They are conditional on the grade at the *first*
#' exam, not at two to four weeks. `n` counts rows of the registry, of which some
#' lack the score. No row gives an untreated change of AIS A with its `n`.
#'
#' @section Where the reports contradict each other:
#' - The means rise slowly and steadily over the year; the rule that most recovery
#'   comes within three months stems from all grades together.
#' - In Sygen the total of paraplegic patients is not UEMS plus LEMS; in EMSCI it
#'   is 50 plus LEMS by construction.
#' - Change of UEMS in AIS A: 7.8 from about day 16 (Kirshblum 2022), 9 to 11 from
#'   within a week (Marino 2011), 10 to 11 (Steeves 2011).
#'
#' @section Where each row was read:
#' - EMSCI and Sygen, by visit: group means published by the authors of Bourguignon
#'   2022 beside their code (folders EMSCI/Tables and Sygen/Tables); `n` printed.
#' - Kirshblum 2022, Steeves 2011, Marino 2011: abstracts; `n` not printed for the grade.
#' - Shin 2015, controls: Table 5 (mean and standard error); `n` not printed there.
#' - AXER-204, placebo: summary at PubMed Central; `n` printed.
#'
#' No number is rebuilt from a percentage.
#'
#' @format A data frame: `source`, `measure` (a name of [motor_scale()]), `kind`,
#'   `baseline_grade`, `level`, `level_printed`, `week` (from injury), `from_week`
#'   (where a change begins, if known), `mean`, `sd`, `se` (points), `mean_min` and
#'   `mean_max` (points, where a range is printed), `n` (patients), `citation`, `doi`
#'   or, where it is `NA`, `doi_note` (why there is none), `read_in`, `counts` (of `n`:
#'   `"printed"`, or `"none"` where it is not known), `note`.
#' @source By visit: Bourguignon and others (2022), BMC Medicine 20:225,
#'   \doi{10.1186/s12916-022-02395-0}, from the group means the authors published.
#'   Change: Kirshblum and others (2022), \doi{10.1016/j.apmr.2021.09.018}; Steeves and
#'   others (2011), \doi{10.1038/sc.2010.99}; Marino and others (2011), Archives of
#'   Physical Medicine and Rehabilitation 92:369-375; Shin and others (2015),
#'   \doi{10.1155/2015/630932}; AXER-204 trial, PMC10410101.
#' @examples
#' subset(natural_motor, source == "Sygen" & measure == "uems")[c("week", "mean", "sd", "n")]
"natural_motor"

#' Published transitions between AIS grades
#'
#' One row per cell of a published table: of the patients graded `from` at the
#' first exam, how many were graded `to` at follow-up.
#'
#' `percent` is printed; `count` is printed, or rebuilt where every percentage of
#' the row fits exactly one count and the counts add up to `n`. Rows for which this
#' fails are kept with their percentages and `consistent = FALSE`, and `note` says
#' what is wrong: Spiess 2009 D (printed 49, the percentages fit 59), Wilson 2018 D
#' (67.7 printed for 2 of 3), Marino 1999 C (25.1 printed for 40 of 159). Some
#' papers print two grades together: `to` is then, for example, `"C or D"`.
#' No source read gives A to C apart from A to D with counts.
#'
#' @section Where each row was read:
#' - Kirshblum 2021, Table 6 (a review): all rows but the next two; counts rebuilt.
#' - Marino 2011, grades A and B: abstract, percentages only. It prints no DOI as
#'   read, and `doi_note` says so.
#' - van Middendorp 2009, grade B: abstract (\doi{10.1038/sc.2008.162}); 27 of 37 printed, the other 10 derived.
#'
#' @format A data frame: `source`, `level`, `from`, `to` (AIS grades), `count`, `n`
#'   (patients), `percent`, `percent_printed` (text, digits as printed), `counts`
#'   (`"printed"`, `"rebuilt"`, `"derived"` by subtraction, `"none"`), `consistent` (`NA` where there is nothing to
#'   compare), `baseline_from_day`, `baseline_to_day`, `followup_weeks` (from
#'   injury), `registry`, `citation`, `doi` or, where it is `NA`, `doi_note` (why there
#'   is none), `read_in`, `level_printed`, `baseline_printed`, `followup_printed`, `note`.
#' @source Kirshblum and others (2021), Journal of Neurotrauma 38:1267-1284,
#'   \doi{10.1089/neu.2020.7473}, Table 6; abstracts where `read_in` says so.
#' @examples
#' subset(natural_transition, source == "Kirshblum 2016" & from == "A")[c("to", "count", "n")]
"natural_transition"

#' Other small trials
#'
#' Published counts of responders in other small trials of cells, and one
#' randomised trial of an antibody in the same weeks after injury that found no
#' evidence of efficacy (NISCI; no responder count read, so `events` is `NA`). Small
#' uncontrolled trials with a good outcome are published more readily than others:
#' the table is a reminder of how often such counts occur, not evidence of effect.
#'
#' @format A data frame: `trial`, `product`, `population`, `arm` (`"treated"`,
#'   `"control"`), `endpoint` (a name of [trial_arm()] or the words of the report),
#'   `events`, `n` (patients), `followup_printed`, `detail`, `citation`, `doi` or, where
#'   it is `NA`, `doi_note` (why there is none), `read_in` (abstract, or the table of a
#'   review), `counts` (`"printed"`, `"derived"` by adding printed transitions, `"none"`),
#'   `note`. No count is rebuilt from a percentage.
#' @source Abstracts: Shin and others (2015), \doi{10.1155/2015/630932}; Bydon and others
#'   (2024, CELLTOP), \doi{10.1038/s41467-024-46259-y}; Curtis and others (2018),
#'   \doi{10.1016/j.stem.2018.05.014}, and Martin and others (2024),
#'   \doi{10.1016/j.xcrm.2024.101841} (NSI-566); Jiang and others (2013),
#'   \doi{10.3892/etm.2013.1083}; Weidner and others (2025, NISCI),
#'   \doi{10.1016/S1474-4422(24)00447-2}. Park 2005 and Tien 2019: Tables 2 and 4 of the
#'   review \doi{10.5500/wjt.v14.i1.89674}.
#'
#'   Left out are three controlled trials of which only the rows of a review
#'   (\doi{10.1186/s13578-020-00475-3}) were read and whose authors were not checked: its reference 44 (El-Kheir 2014?;
#'   Table 2, chronic A and B), 45 (Karamouzian 2012?; Table 2, subacute A) and 61 (Cheng 2014?; Table 3, chronic A,
#'   no AIS step). `vignette("precedents")` gives their counts.
#' @examples
#' cell_trials[c("trial", "arm", "endpoint", "events", "n")]
"cell_trials"
