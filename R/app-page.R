# The interactive page of inst/app: what is entered and shown, and what follows from what. Answers and words are made
# in app.R.

app_page <- function() {
  references <- app_references(app_arm(app_start))
  shiny::fluidPage(
    lang = "en", title = "cordgain: recovery in excess of natural recovery",
    shiny::tags$head(shiny::includeCSS(system.file("app", "page.css", package = "cordgain"))),
    shiny::h1("How many responders beyond natural recovery?"),
    shiny::p("Enter a small trial of patients graded AIS A and what is known of natural recovery. The page opens with",
      "a published trial of four patients."),
    shiny::sidebarLayout(
      shiny::sidebarPanel(width = 4, role = "form", app_entry_trial(), app_entry_evidence(references), app_entry_bias(),
        app_entry_patients()),
      shiny::mainPanel(width = 8, role = "main", shiny::tags$div(class = "computing", "Computing the answer"),
        app_results())
    )
  )
}

app_box <- function(name, step) {
  limits <- app_limits[[name]]
  shiny::numericInput(name, app_labels[[name]], app_start[[name]], min = limits[1], max = limits[2], step = step,
    width = "100%")
}

app_select <- function(name, choices) {
  shiny::selectInput(name, app_labels[[name]], choices, app_start[[name]], selectize = FALSE, width = "100%")
}

app_group <- function(title, ...) shiny::tags$fieldset(shiny::tags$legend(title), ...)

app_entry_trial <- function() {
  words <- stats::setNames(app_endpoints, endpoint_words[app_endpoints])
  app_group("What was observed", app_box("responders", 1), app_box("n", 1), app_select("endpoint", words))
}

app_entry_evidence <- function(references) {
  when <- \(kinds, ...) {
    shiny::conditionalPanel(paste0("['", paste(kinds, collapse = "', '"), "'].includes(input.evidence)"), ...)
  }
  app_group("Natural recovery",
    shiny::radioButtons("evidence", app_labels[["evidence"]], app_evidence, app_start$evidence, width = "100%"),
    when("reference", app_select("reference", app_choices(references))),
    when("sources", shiny::checkboxGroupInput("sources", app_labels[["sources"]],
      app_choices(app_countable(references)), app_start$sources, width = "100%")),
    when("rate", app_box("rate", 0.01)),
    when("beta", app_box("beta_a", 0.5), app_box("beta_b", 0.5)),
    when(c("reference", "sources"), app_select("tau_kind", app_taus), app_box("tau_scale", 0.1))
  )
}

app_entry_bias <- function() {
  app_group("If the evidence is not quite about these patients", app_box("bias_odds", 0.1), app_box("bias_sd", 0.1))
}

app_entry_patients <- function() {
  shiny::tags$details(
    shiny::tags$summary("The patients, to be compared with the evidence"),
    shiny::p("An empty box is \"not known\", and differs from every source."),
    app_select("level", app_levels), app_box("day_from", 1), app_box("day_to", 1), app_box("week", 1),
    app_box("year_from", 1), app_box("year_to", 1), app_box("looks", 1)
  )
}

# The answer is spoken again by a screen reader when it changes, an error at once. While the server is busy page.css
# greys what answers earlier entries, and shows that it is computing.
app_results <- function() {
  picture <- \(name) shiny::tags$figure(shiny::uiOutput(name),
    shiny::tags$figcaption(shiny::textOutput(paste0(name, "_words"))))
  shiny::tags$div(class = "results",
    shiny::tags$div(role = "alert", shiny::uiOutput("problem")),
    shiny::tags$div(`aria-live` = "polite", shiny::uiOutput("answer")),
    shiny::conditionalPanel("output.answered",
      shiny::h2("The excess among these patients"),
      picture("bars"),
      shiny::h2("Every outcome that could have been seen"), shiny::uiOutput("table"),
      shiny::p(class = "words", app_table_words),
      shiny::h2("How far the assumptions may move"), picture("map")
    )
  )
}

# Server -----------------------------------------------------------------------------

app_server <- function(input, output, session) {
  given <- shiny::reactive({
    values <- lapply(stats::setNames(nm = names(app_start)), \(name) input[[name]])
    shiny::req(values$evidence)
    values
  })
  references <- shiny::reactive(app_try(app_references(app_arm(given()))))
  entries <- shiny::reactive(app_offered(given(), references()))
  answer <- shiny::reactive(app_try(app_excess(entries())))
  answered <- shiny::reactive({
    shiny::req(inherits(answer(), "excess"))
    answer()
  })
  app_follow_references(input, session, references)
  output$problem <- shiny::renderUI(app_problem(answer()))
  output$answer <- shiny::renderUI(app_answer(answered()))
  output$bars <- shiny::renderUI(app_bars(answered()))
  output$bars_words <- shiny::renderText(app_picture_words(excess_words(answered())))
  output$table <- shiny::renderUI(app_html_table(app_table(answered())))
  output$answered <- shiny::renderText(if (inherits(answer(), "excess")) "yes" else "")
  shiny::outputOptions(output, "answered", suspendWhenHidden = FALSE)
  map <- shiny::reactive(tipping_map(answered()))
  place <- shiny::reactive(app_place(answered(), entries()))
  output$map <- shiny::renderUI(app_map_html(map(), place()))
  output$map_words <- shiny::renderText(app_map_words(map(), place()))
}

# References are those of the endpoint whose exams are not later than the trial's. While the patients' entries make no
# sense, those that were shown stay.
app_follow_references <- function(input, session, references) {
  lists <- \(found) list(reference = app_choices(found), sources = app_choices(app_countable(found)))
  shown <- shiny::reactiveVal(lists(app_references(app_arm(app_start))))
  shiny::observe(if (!inherits(references(), "error")) shown(lists(references())))
  shiny::observeEvent(shown(), ignoreInit = TRUE, {
    chosen <- app_offered(list(reference = input$reference, sources = input$sources), references())
    shiny::updateSelectInput(session, "reference", choices = shown()$reference, selected = chosen$reference)
    shiny::updateCheckboxGroupInput(session, "sources", choices = shown()$sources, selected = chosen$sources)
  })
}

# The entries with what the lists offer of the evidence that was chosen. The lists of the browser follow only after the
# answer: without this, evidence of the patients before would be refused for a moment.
app_offered <- function(entries, references) {
  if (inherits(references, "error")) return(entries)
  names <- as.character(names(references))
  entries["reference"] <- list(utils::head(c(intersect(entries$reference, names), names), 1))
  entries["sources"] <- list(as.character(intersect(entries$sources, names(app_countable(references)))))
  entries
}

# Parts of the page --------------------------------------------------------------------

app_problem <- function(answer) {
  if (!inherits(answer, "error")) return(NULL)
  lines <- app_error_words(answer)
  shiny::tags$div(class = "problem", shiny::tags$strong(lines[1]), lapply(lines[-1], shiny::p),
    shiny::p("No answer is shown until this is mended."))
}

app_answer <- function(x) {
  numbers <- app_numbers(x)
  shiny::tagList(
    shiny::p(id = "sentence", class = "sentence", app_unbroken(app_sentence(x))),
    shiny::tags$dl(lapply(seq_len(nrow(numbers)), \(i) {
      shiny::tags$div(shiny::tags$dt(numbers$meaning[i]), shiny::tags$dd(id = numbers$term[i], numbers$value[i]))
    })),
    lapply(app_notes(x), shiny::p),
    app_differences(excess_accepted(x))
  )
}

app_differences <- function(accepted) {
  lines <- format_accepted(accepted)
  if (nrow(accepted) == 0L) return(shiny::p(lines))
  shiny::tags$details(
    shiny::tags$summary(paste0("Patients and evidence differ, or are not known to agree, in: ",
      paste(difference_words[unique(accepted$what)], collapse = ", "),
      ". An illustration, then, not a matched comparison.")),
    shiny::tags$ul(lapply(trimws(lines[-1]), shiny::tags$li))
  )
}

app_html_table <- function(rows) {
  head <- lapply(names(rows), \(name) shiny::tags$th(scope = "col", name))
  body <- lapply(seq_len(nrow(rows)), \(i) {
    cells <- lapply(rows[i, -1], shiny::tags$td)
    shiny::tags$tr(class = if (grepl("observed", rows[i, 1])) "observed", shiny::tags$th(scope = "row", rows[i, 1]),
      unname(cells))
  })
  shiny::tags$div(class = "scroll", tabindex = "0", role = "region", `aria-label` = "Decision table",
    shiny::tags$table(shiny::tags$thead(shiny::tags$tr(head)), shiny::tags$tbody(body)))
}

# The bars of plot() as elements of the page, made in a few milliseconds where a picture takes hundreds: they move with
# the entries, and break their own lines. At the ends excesses rarer than one in a thousand are left out.
app_bars <- function(x) {
  rows <- reading_rows(excess_scenarios(x))
  seen <- range(rows$excess[rows$high >= 0.001])
  rows <- rows[rows$excess >= seen[1] & rows$excess <= seen[2], ]
  values <- unique(rows$excess)
  labelled <- if (length(values) > 12) as.numeric(round_counts(as.character(values))) else values
  rows$label <- ifelse(rows$excess %in% labelled, true_minus(rows$excess), "\u00a0")
  rows$text <- if (length(values) > most_labelled[["values"]]) "" else app_unbroken(percent_text(rows$high))
  shiny::tagList(
    shiny::tags$div(class = "readings", unname(lapply(split(rows, rows$reading), app_reading, max(rows$high)))),
    shiny::p(class = "axis", "Responders in excess of nature (observed minus natural)")
  )
}

# One way of reading the excess: a bar for each number, the highest of all readings 8 em.
app_reading <- function(rows, highest) {
  told <- paste0(true_minus(rows$excess), ": ", app_unbroken(percent_text(rows$high)))
  bars <- sprintf('<div class="bar" title="%s"><span>%s</span><div style="height: %.2fem"></div><span>%s</span></div>',
    app_escaped(told), app_escaped(rows$text), 8 * rows$high / highest, rows$label)
  shiny::tags$div(shiny::tags$h3(gsub("\n", " ", as.character(rows$reading[1]), fixed = TRUE)),
    shiny::tags$div(class = "bars", role = "img", `aria-label` = paste(told, collapse = "; "),
      shiny::HTML(paste(bars, collapse = ""))))
}
