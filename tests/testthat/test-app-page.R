# The interactive page: what follows from what, what stands in it, and all of it once in a real browser.

on_page <- function(code) {
  skip_if_not_installed("shiny")
  shiny::testServer(cordgain:::app_server, {
    do.call(session$setInputs, cordgain:::app_start)
    code(session, output)
  })
}

html_of <- function(part) paste(as.character(part$html), collapse = " ")

cross_of <- function(part) regmatches(html_of(part), regexpr('class="cross" style="[^"]+"', html_of(part)))

test_that("a change of an entry changes the answer, the table, the bars and the map", {
  on_page(\(session, output) {
    # Known rate: the binomial tails of 2 of 4 and of 3 of 4 at 0.2 are 0.1808 and 0.0272.
    session$setInputs(evidence = "rate", rate = 0.2)
    expect_match(html_of(output$answer), "Observed 2 of 4; nature alone gives 0.8 on average", fixed = TRUE)
    expect_match(html_of(output$answer), '<dd id="natural_tail">18 %</dd>', fixed = TRUE)
    expect_match(html_of(output$table), "2 (observed)", fixed = TRUE)
    session$setInputs(responders = 3)
    expect_match(html_of(output$answer), "Observed 3 of 4", fixed = TRUE)
    expect_match(html_of(output$answer), '<dd id="natural_tail">2.7 %</dd>', fixed = TRUE)
    expect_match(html_of(output$table), "3 (observed)", fixed = TRUE)
    expect_match(output$bars_words, "Observed 3 of 4", fixed = TRUE)
    # Excess 3 where nature alone gives none: 0.8^4 = 0.4096.
    expect_match(html_of(output$bars), "3: 41\u00a0%", fixed = TRUE)
    expect_match(output$map_words, "3 or more of 4", fixed = TRUE)
    before <- cross_of(output$map)
    session$setInputs(rate = 0.4)
    expect_match(cross_of(output$map), "left:")
    expect_false(identical(cross_of(output$map), before)) # the cross has moved
  })
})

test_that("a bad entry stands in place of the answer, and goes when it is mended", {
  on_page(\(session, output) {
    expect_null(output$problem)
    session$setInputs(responders = 5)
    expect_match(html_of(output$problem), "5 responded, 0 are missing, of n = 4", fixed = TRUE)
    expect_match(html_of(output$problem), "No answer is shown", fixed = TRUE)
    expect_identical(output$answered, "")
    expect_error(output$answer, class = "shiny.silent.error") # shown as nothing
    expect_error(output$table, class = "shiny.silent.error")
    session$setInputs(n = 6)
    expect_null(output$problem)
    expect_identical(output$answered, "yes")
    expect_match(html_of(output$answer), "Observed 5 of 6", fixed = TRUE)
    session$setInputs(n = NULL)
    expect_match(html_of(output$problem), "this box is empty", fixed = TRUE)
  })
})

test_that("evidence is of the endpoint that was chosen", {
  on_page(\(session, output) {
    session$setInputs(endpoint = "ais_any", reference = "Marino 1999, all", tau_kind = "fixed", tau_scale = 0)
    # 74 of 482 gained a grade; one source and tau 0: about the rate of its counts, by the width of the prior.
    expect_match(html_of(output$answer), "nature alone gives 0.6[12][0-9] on average")
    # The list then begins with a rate of 65 %: 4 x 0.65 = 2.6; it offers no counts to combine.
    session$setInputs(endpoint = "motor_level_1")
    expect_match(html_of(output$answer), "nature alone gives 2.6 on average", fixed = TRUE)
    session$setInputs(evidence = "sources")
    expect_match(html_of(output$problem), "none is chosen that counts these responders", fixed = TRUE)
  })
})

test_that("while the browser's list still holds earlier references, the answer is of those that are offered now", {
  on_page(\(session, output) {
    # What the browser sends after a change, before its list has followed: a reference that counts other responders.
    session$setInputs(reference = "Kirshblum 2022, cervical", endpoint = "ais_any")
    expect_null(output$problem)
    expect_match(html_of(output$answer), "Observed 2 of 4", fixed = TRUE)
  })
  offered <- list(a = data.frame(events = 1, n = 2), b = data.frame(events = 3, n = 4), c = list(rate = 0.1))
  kept <- cordgain:::app_offered(list(reference = "b", sources = c("b", "z")), offered)
  expect_identical(kept, list(reference = "b", sources = "b"))
  expect_identical(cordgain:::app_offered(list(reference = "z", sources = "z"), offered)$reference, "a")
  expect_identical(cordgain:::app_offered(kept, list()), list(reference = character(), sources = character()))
  expect_identical(cordgain:::app_offered(kept, simpleError("no")), kept)
  expect_length(cordgain:::app_choices(list()), 0)
})

test_that("differences between patients and evidence are listed; a match says so", {
  skip_if_not_installed("shiny")
  x <- cordgain:::app_excess(cordgain:::app_start)
  listed <- as.character(cordgain:::app_differences(cordgain:::excess_accepted(x)))
  expect_match(listed, "level, day of the first exam", fixed = TRUE)
  expect_match(listed, "not a matched comparison", fixed = TRUE)
  expect_match(listed, "recovery differs threefold between levels", fixed = TRUE)
  # A source without any difference from its arm.
  matched <- excess(plain_arm(), natural_rate(plain_sources()))
  said <- as.character(cordgain:::app_differences(cordgain:::excess_accepted(matched)))
  expect_match(said, "Matched on endpoint, grade, level", fixed = TRUE)
})

test_that("every entry of the page has its label, tables have heads, and no claim is made", {
  skip_if_not_installed("shiny")
  page <- as.character(cordgain:::app_page())
  for (name in names(cordgain:::app_start)) {
    expect_match(page, sprintf('id="%s-label"[^>]*>', name), info = name)
    expect_match(page, cordgain:::app_labels[[name]], fixed = TRUE, info = name)
  }
  for (mark in c('role="alert"', 'aria-live="polite"', "<legend>", "<summary>")) expect_match(page, mark, fixed = TRUE)
  expect_identical(cordgain:::claims_in(gsub("<[^>]+>", " ", page)), character())
  table <- as.character(cordgain:::app_html_table(data.frame(Responders = c("0", "1 (observed)"), Chance = "<5 %")))
  expect_match(table, '<th scope="col">Chance</th>', fixed = TRUE)
  expect_match(table, "&lt;5 %", fixed = TRUE)
  expect_match(table, '<tr class="observed">\\s*<th scope="row">1 \\(observed\\)</th>')
})

test_that("the bars are the distribution of the excess, one for each number and reading", {
  skip_if_not_installed("shiny")
  entries <- utils::modifyList(cordgain:::app_start, list(responders = 2, n = 3, evidence = "rate", rate = 0.4))
  html <- as.character(cordgain:::app_bars(cordgain:::app_excess(entries)))
  expect_identical(lengths(regmatches(html, gregexpr('class="bars"', html))), 3L)
  # Natural responders 0, 1, 2, 3 of 3 at 0.4: 0.216, 0.432, 0.288, 0.064; excess 2, 1, 0, -1.
  for (told in c("\u22121: 6.4", "0: 29", "1: 43", "2: 22")) expect_match(html, paste0(told, "\u00a0%"), fixed = TRUE)
  heights <- as.numeric(regmatches(html, gregexpr("(?<=height: )[0-9.]+(?=em)", html, perl = TRUE))[[1]])
  expect_length(heights, 12)
  expect_identical(max(heights), 8)
  # Bars of one reading are to each other as their probabilities, to the two decimals of a height.
  expect_equal(heights[1:4] / heights[3], c(0.064, 0.288, 0.432, 0.216) / 0.432, tolerance = 0.01)
  many <- cordgain:::app_excess(utils::modifyList(entries, list(responders = 20, n = 100)))
  html <- as.character(cordgain:::app_bars(many))
  bars <- lengths(regmatches(html, gregexpr('class="bar"', html)))
  # 40 expected with SD 4.9: what is rarer than one in a thousand at both ends is left out.
  expect_lt(bars, 3 * 50)
  expect_match(html, "<span></span>", fixed = TRUE)
  expect_identical(cordgain:::app_escaped("< 0.1 %"), "&lt; 0.1 %")
})

test_that("the words of a picture are those of plot(), without its line breaks", {
  skip_if_not_installed("ggplot2")
  x <- cordgain:::app_excess(cordgain:::app_start)
  words <- cordgain:::app_picture_words(cordgain:::excess_words(x))
  expect_match(words, "None of the readings", fixed = TRUE)
  expect_no_match(words, "\n", fixed = TRUE)
  for (part in plot(x)$labels[c("title", "subtitle", "caption")]) {
    expect_match(words, gsub("\n", " ", part, fixed = TRUE), fixed = TRUE)
  }
})

test_that("in a browser the answer follows the entries, and a bad entry is told", {
  skip_without_browser()
  tab <- open_tab(local_browser(), local_app())
  shows <- \(id, text) sprintf("(document.getElementById('%s')?.textContent ?? '').includes('%s')", id, text)
  tab$wait(shows("sentence", "Observed 2 of 4"))
  tab$ask("document.querySelector('input[name=evidence][value=rate]').click()")
  enter_value(tab, "rate", 0.2)
  enter_value(tab, "responders", 3)
  # Binomial tails at 0.2: 3 or more of 4, 3 or more of 5.
  tab$wait(shows("natural_tail", "2.7 %"))
  expect_match(tab$ask("document.getElementById('sentence').textContent"), "Observed 3 of 4; nature alone gives 0.8",
    fixed = TRUE)
  enter_value(tab, "n", 5)
  tab$wait(shows("natural_tail", "5.8 %"))
  expect_identical(tab$ask("document.getElementById('natural_responders').textContent"), "1")
  expect_identical(tab$ask("document.querySelectorAll('tbody tr').length"), 6L)
  tab$wait(shows("map_words", "3 or more of 5"))
  tab$wait("document.querySelectorAll('.field svg path').length === 4")
  # The map is as wide as its column, its cross is inside, and names of rates are shown where there is room.
  box <- \(what, side) tab$ask(sprintf("document.querySelector('.field %s').getBoundingClientRect().%s", what, side))
  expect_gt(box("svg", "width"), 500)
  for (side in c("left", "top")) expect_gt(box(".cross", side), box("svg", side))
  for (side in c("right", "bottom")) expect_lt(box(".cross", side), box("svg", side))
  expect_gt(tab$ask("[...document.querySelectorAll('.field .name')].filter(e => e.clientWidth > 0).length"), 10)
  # Three readings side by side, with bars that can be seen.
  expect_identical(tab$ask("document.querySelectorAll('.bars').length"), 3L)
  expect_true(tab$ask("Math.max(...[...document.querySelectorAll('.bar div')].map(b => b.clientHeight)) > 60"))
  enter_value(tab, "n", 2)
  tab$wait("document.querySelector('[role=alert]').textContent.includes('3 responded, 0 are missing, of n = 2')")
  expect_null(tab$ask("document.getElementById('sentence')"))
  # While it computes, what is shown is greyed and said to be computed anew; the answer takes seconds.
  busy <- "[...document.documentElement.classList].includes('shiny-busy')"
  style <- \(what, of) sprintf("getComputedStyle(document.querySelector('%s')).%s", what, of)
  enter_value(tab, "n", 4)
  tab$wait(paste0("!", busy, " && ", shows("sentence", "Observed 3 of 4")))
  expect_identical(tab$ask(style(".computing", "display")), "none")
  tab$ask("document.querySelector('input[name=evidence][value=beta]').click()")
  for (name in c("beta_a", "beta_b")) enter_value(tab, name, 1e4)
  enter_value(tab, "bias_sd", 5)
  tab$wait(sprintf("%s && %s < 0.5 && %s === 'visible'", busy, style(".results", "opacity"),
    style(".computing", "visibility")))
  # Half of 4 expected, as observed 3: an excess of 1.
  tab$wait(sprintf("!%s && %s === '1' && %s", busy, style(".results", "opacity"), shows("excess_responders", "1 (")),
    seconds = 60)
  enter_value(tab, "bias_sd", 0)
  tab$ask("document.querySelector('input[name=evidence][value=reference]').click()")
  # The references follow the endpoint: 74 of 482 gained a grade, 39 of 482 reached grade C.
  offered <- "[...document.querySelectorAll('#reference option')].map(o => o.textContent).join()"
  expect_match(tab$ask(offered), "Marino 1999, all (39 of 482)", fixed = TRUE)
  enter_value(tab, "n", 4)
  enter_value(tab, "endpoint", "ais_any")
  tab$wait(shows("sentence", "Observed 3 of 4"))
  tab$wait(sprintf("%s.includes('Marino 1999, all (74 of 482)')", offered))
  # Every box and list has a label that a screen reader can tell.
  expect_identical(tab$ask("[...document.querySelectorAll('input[type=number], select')].filter(
    e => e.labels.length === 0 || e.labels[0].textContent.trim() === '').length"), 0L)
})
