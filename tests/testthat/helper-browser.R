# A page in a real browser, without a driver: chromium is told what to do over the DevTools protocol, which it reads and
# writes on two pipes of its own (--remote-debugging-pipe). Its messages end in a NUL byte, which no R string can
# hold, so `tr` turns them into lines.

browser_program <- function() {
  found <- Sys.which(c("chromium", "chromium-browser", "google-chrome"))
  unname(found[nzchar(found)][1])
}

skip_without_browser <- function() {
  skip_on_cran() # a browser and a second R process
  for (package in c("shiny", "processx", "jsonlite")) skip_if_not_installed(package)
  skip_if(is.na(browser_program()), "chromium")
  skip_if_not(all(nzchar(Sys.which(c("bash", "tr", "stdbuf")))), "bash, tr and stdbuf")
}

# A browser that ends with the test: send(method, parameters) gives the answer of the protocol.
local_browser <- function(env = parent.frame()) {
  program <- paste("exec 5<&0 6>&1; exec \"$0\" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage",
    "--remote-debugging-pipe --user-data-dir=\"$1\" about:blank 3< <(stdbuf -o0 tr '\\n' '\\0' <&5)",
    "4> >(stdbuf -oL tr '\\0' '\\n' >&6) > /dev/null 2>&1")
  folder <- withr::local_tempdir(.local_envir = env)
  process <- processx::process$new("bash", c("-c", program, browser_program(), folder), stdin = "|",
    stdout = "|", cleanup_tree = TRUE)
  withr::defer(process$kill_tree(), envir = env)
  last <- 0
  function(method, ..., session = NULL, seconds = 30) {
    last <<- last + 1
    call <- list(id = last, method = method, params = structure(list(...), names = as.character(...names())))
    call$sessionId <- session
    process$write_input(paste0(jsonlite::toJSON(call, auto_unbox = TRUE, digits = NA), "\n"))
    browser_answer(process, last, method, Sys.time() + seconds)
  }
}

# Events and answers to others are passed over.
browser_answer <- function(process, id, method, until) {
  while (Sys.time() < until) {
    process$poll_io(100)
    for (line in process$read_output_lines()) {
      message <- jsonlite::fromJSON(line, simplifyVector = FALSE)
      if (identical(as.numeric(message$id), as.numeric(id))) {
        if (!is.null(message$error)) stop(method, ": ", message$error$message)
        return(message$result)
      }
    }
  }
  stop("the browser did not answer ", method)
}

# Waits are long because a machine may be busy; they end as soon as what is waited for is there.
# A tab of a given width: ask(javascript) gives a value, wait(javascript) waits until it is true.
open_tab <- function(browser, url, width = 1200, height = 900) {
  target <- browser("Target.createTarget", url = "about:blank")$targetId
  session <- browser("Target.attachToTarget", targetId = target, flatten = TRUE)$sessionId
  browser("Emulation.setDeviceMetricsOverride", width = width, height = height, deviceScaleFactor = 1,
    mobile = FALSE, session = session)
  browser("Page.navigate", url = url, session = session)
  ask <- function(javascript) {
    browser("Runtime.evaluate", expression = javascript, returnByValue = TRUE, session = session)$result$value
  }
  wait <- function(javascript, seconds = 30) {
    until <- Sys.time() + seconds
    while (!isTRUE(ask(javascript))) {
      if (Sys.time() > until) stop("waited in vain for ", javascript)
      Sys.sleep(0.05)
    }
  }
  picture <- function(file) {
    size <- browser("Page.getLayoutMetrics", session = session)$cssContentSize
    clip <- list(x = 0, y = 0, width = width, height = size$height, scale = 1)
    shot <- browser("Page.captureScreenshot", captureBeyondViewport = TRUE, clip = clip, session = session)
    writeBin(jsonlite::base64_dec(shot$data), file)
  }
  list(ask = ask, wait = wait, picture = picture)
}

# The page of run_cordgain() in a process of its own, ended with the test. Gives its address.
local_app <- function(env = parent.frame()) {
  code <- "cordgain::run_cordgain(launch.browser = FALSE)"
  process <- processx::process$new(file.path(R.home("bin"), "Rscript"), c("--vanilla", "-e", code),
    env = c("current", R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep)), stdout = "|", stderr = "2>&1")
  withr::defer(process$kill_tree(), envir = env)
  said <- character()
  until <- Sys.time() + 30
  while (!any(grepl("Listening on", said))) {
    if (!process$is_alive() || Sys.time() > until) stop("the page did not start: ", paste(said, collapse = "\n"))
    process$poll_io(100)
    said <- c(said, process$read_output_lines())
  }
  sub(".*Listening on ", "", grep("Listening on", said, value = TRUE))
}

# A value typed into a number box, or chosen in a list, as a person does it.
enter_value <- function(tab, name, value) {
  tab$ask(sprintf("{const box = document.getElementById('%s'); box.value = '%s';
    for (const what of ['input', 'change']) box.dispatchEvent(new Event(what, {bubbles: true})); true}", name, value))
}
