#' The words of cordgain
#'
#' One word for one thing, in the functions, the help and the prints.
#'
#' | word | means |
#' |---|---|
#' | *accept* | to take a difference between trial and sources on oneself, by name; it is then printed with the result |
#' | *AIS grade* | ASIA impairment scale: A (complete) to E (normal) |
#' | *baseline* | the first exam of a patient, with its day from injury |
#' | *bias* | log odds by which the trial's natural rate may exceed what the evidence says |
#' | *decision table* | what the analysis would have said for every outcome, 0 to n responders |
#' | *drift* | change of natural recovery with the calendar year of injury |
#' | *endpoint* | the event that makes a patient a responder; `ais_c`: from AIS A to C or better |
#' | *excess* | observed minus expected without treatment; positive is better |
#' | *excess responders* | responders minus natural responders among these very patients |
#' | *follow-up* | the exam at which response is judged, in weeks from injury |
#' | *heterogeneity*, `tau` | standard deviation of the log odds between populations |
#' | *landmark* | the condition of being still unrecovered at a week |
#' | *level* | level of the injury: cervical, T1-T9, ... |
#' | *look* | a definition of a responder that somebody examined |
#' | *matched* | alike in endpoint, grade, level, baseline, follow-up, years and registry |
#' | *MMRM* | mixed model for repeated measures: a mean for each visit and a residual covariance over visits |
#' | *natural rate* | the share that would have responded without the treatment |
#' | *natural responders* | how many of these patients nature alone would have improved |
#' | *natural tail* | probability that nature alone gives at least as many responders as were observed |
#' | *new population* | patients who differ from those of the sources as these differ from each other |
#' | *num.error* | how far a computed number may lie from the exact one; not statistical uncertainty |
#' | *observed* | what was seen in the trial, before anything is taken off |
#' | *reference* | published evidence on natural recovery with which a trial is compared |
#' | *residual covariance* | how scores of one patient at several visits vary together: [residual_covariance] |
#' | *responder* | a patient who reached the endpoint |
#' | *sceptical prior* | a prior of the treatment effect centred on no effect |
#' | *source* | one row of published counts of untreated patients |
#' | *stratum* | patients of one level, with a natural rate of their own |
#' | *tipping rate* | the natural rate at which the natural tail reaches a stated value |
#'
#' @return No value: a page to read. The words stand in what the functions print.
#' @examples
#' # observed, excess responders, bias and the accepted differences in one print
#' all_differences <- c("endpoint", "grade", "level", "baseline", "followup", "years", "registry")
#' excess(keio_ips, natural_rate(prior_beta(8, 56)), accept = all_differences)
#' @name cordgain-glossary
#' @aliases glossary
#' @keywords documentation
#' @seealso [natural_rate()], [excess()], [matching]
NULL
