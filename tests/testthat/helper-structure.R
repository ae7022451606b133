# Reading the source tree, for test-structure.R: which file calls which, how long
# functions are, what headers include. Everything takes the root of a tree, so that
# the rules themselves can be tried on a small tree with a planted fault.

# The source tree above these tests, or a skip by name where there is none (R CMD check).
source_root <- function() {
  root <- normalizePath(testthat::test_path("..", ".."))
  is_tree <- file.exists(file.path(root, "DESCRIPTION")) && dir.exists(file.path(root, "inst/include/cordgain"))
  testthat::skip_if_not(is_tree, "not run from the source tree")
  root
}

# Paths below `root` of the files in `folder` whose names match, generated ones left out.
tree_files <- function(root, folder, pattern) {
  files <- list.files(file.path(root, folder), pattern, recursive = TRUE)
  files <- paste0(folder, "/", files, recycle0 = TRUE)
  files[!basename(files) %in% c("RcppExports.R", "RcppExports.cpp")]
}

read_tree <- function(root, file) readLines(file.path(root, file), warn = FALSE, encoding = "UTF-8")

# The map ------------------------------------------------------------------------

# Rows "| 3 | `matching.R` | ... |" of the map in CONTRIBUTING.md: file -> stage.
stage_map <- function(root) {
  rows <- regmatches(
    read_tree(root, "CONTRIBUTING.md"),
    regexec("^\\|\\s*([0-5])\\s*\\|\\s*`([A-Za-z0-9-]+\\.R)`\\s*\\|", read_tree(root, "CONTRIBUTING.md"))
  )
  rows <- rows[lengths(rows) == 3L]
  stats::setNames(as.integer(vapply(rows, `[`, "", 2L)), vapply(rows, `[`, "", 3L))
}

# Calls between R files ------------------------------------------------------------

is_function_definition <- function(expr) {
  is.call(expr) && as.character(expr[[1]])[1] %in% c("<-", "=") && is.name(expr[[2]]) &&
    is.call(expr[[3]]) && identical(expr[[3]][[1]], as.name("function"))
}

is_assignment <- function(expr) {
  is.call(expr) && as.character(expr[[1]])[1] %in% c("<-", "=") && is.name(expr[[2]])
}

# Names that one top-level expression uses and does not define itself. Making the closure runs nothing.
globals_of <- function(expr) {
  body <- if (is_assignment(expr)) expr[[3]] else expr
  fun <- if (is_function_definition(expr)) eval(body, baseenv()) else as.function(list(body))
  found <- codetools::findGlobals(fun, merge = FALSE)
  union(found$functions, found$variables)
}

# One row per use of a name that another R file defines: from, to, name.
call_edges <- function(root) {
  files <- c(tree_files(root, "R", "\\.R$"), Filter(\(f) file.exists(file.path(root, f)), "R/RcppExports.R"))
  parsed <- lapply(files, \(file) as.list(parse(file.path(root, file), keep.source = FALSE)))
  names(parsed) <- basename(files)
  defined <- lapply(parsed, \(exprs) vapply(Filter(is_assignment, exprs), \(e) as.character(e[[2]]), ""))
  owner <- stats::setNames(rep(names(defined), lengths(defined)), unlist(defined))
  uses <- lapply(parsed, \(exprs) intersect(unique(unlist(lapply(exprs, globals_of))), names(owner)))
  edges <- data.frame(from = rep(names(uses), lengths(uses)), name = as.character(unlist(uses)))
  edges$to <- unname(owner[edges$name])
  edges[edges$from != edges$to, ]
}

# Files that stand on a cycle of calls, or lead only into one: what is left when files that
# call nothing (any more) are taken away again and again.
files_on_cycles <- function(edges) {
  repeat {
    kept <- edges[edges$to %in% edges$from & edges$from %in% edges$to, ]
    if (nrow(kept) == nrow(edges)) {
      return(sort(unique(edges$from)))
    }
    edges <- kept
  }
}

calls_upward <- function(edges, stages) {
  stages <- c(stages, RcppExports.R = 0L)
  edges[which(stages[edges$to] > stages[edges$from]), ] # a file outside the map fails its own test
}

# Lengths --------------------------------------------------------------------------

r_function_lengths <- function(root, file) {
  exprs <- parse(file.path(root, file), keep.source = TRUE)
  lines <- vapply(attr(exprs, "srcref"), \(ref) ref[3] - ref[1] + 1L, 0)
  keep <- vapply(exprs, is_function_definition, TRUE)
  names <- vapply(exprs[keep], \(e) as.character(e[[2]]), "")
  stats::setNames(lines[keep], paste0(file, ": ", names, recycle0 = TRUE))
}

# Comments and literals become blanks of no meaning; line ends stay where they are.
blank_cpp_literals <- function(lines) {
  text <- paste(lines, collapse = "\n")
  comment <- "//[^\n]*|/\\*(?s:.*?)\\*/"
  string <- "\"(?:\\\\.|[^\"\\\\\n])*\""
  character <- "(?<![0-9a-fA-F])'(?:\\\\.|[^'\\\\\n])+'"
  directive <- "(?m:^)[ \t]*#[^\n]*"
  found <- gregexpr(paste(comment, string, character, directive, sep = "|"), text, perl = TRUE)
  regmatches(text, found) <- lapply(regmatches(text, found), \(literal) gsub("[^\n]", " ", literal))
  text
}

# Lengths of the functions of one C++ file, by matching braces: what stands before a brace says whether it
# opens a scope (namespace, class), a function, or an initialiser. Lambdas count as part of their function.
cpp_function_lengths <- function(root, file) {
  text <- blank_cpp_literals(gsub("\\b(public|private|protected):", "", read_tree(root, file)))
  at <- gregexpr("[{};]", text)[[1]]
  if (at[1] == -1L) {
    return(integer())
  }
  marks <- substring(text, at, at)
  line_at <- \(position) nchar(gsub("[^\n]", "", substr(text, 1L, position))) + 1L
  lengths <- integer()
  start <- 1L # where the current header begins
  kinds <- character() # what each open brace is
  opened <- integer() # where the header of each open brace began
  for (i in seq_along(at)) {
    inside <- any(kinds %in% c("function", "initialiser"))
    if (marks[i] == "{") {
      kinds <- c(kinds, if (inside) "block" else brace_kind(substr(text, start, at[i] - 1L)))
      opened <- c(opened, start)
    } else if (marks[i] == "}") {
      kind <- kinds[length(kinds)]
      if (kind == "function") {
        header <- substr(text, opened[length(opened)], at[i])
        first <- opened[length(opened)] + regexpr("[^ \t\n]", header) - 1L
        lengths <- c(lengths, line_at(at[i]) - line_at(first) + 1L)
      }
      kinds <- kinds[-length(kinds)]
      opened <- opened[-length(opened)]
      if (kind == "initialiser") next # the header goes on: a constructor's `a_{x}, b_{y} {`
    }
    if (!any(kinds %in% c("function", "initialiser"))) start <- at[i] + 1L
  }
  stats::setNames(lengths, rep(file, length(lengths)))
}

# A header ends in a blank before a function's body (`) {`, `const {`), in a name before an initialiser's
# (`a_{`, `kTable{`), and in `= ` before a list.
brace_kind <- function(header) {
  header <- gsub("template\\s*<[^{}]*?>\\s*(?=[a-zA-Z\\[])", "", header, perl = TRUE)
  if (grepl("^\\s*(inline\\s+)?(namespace|class|struct|union|enum|extern)\\b[^()]*$", header)) {
    "scope"
  } else if (grepl("\\)", header) && grepl("[^=]\\s+$|\\)$", header) && !grepl("=\\s*$", header)) {
    "function"
  } else {
    "initialiser"
  }
}

# Headers --------------------------------------------------------------------------

core_folders <- c("base", "math", "dist", "model", "fit", "infer", "natural", "excess")

# Includes of our own headers that break the order of folders: "file -> header".
wrong_includes <- function(root) {
  files <- tree_files(root, "inst/include/cordgain", "\\.hpp$")
  unlist(lapply(files, \(file) {
    included <- sub(
      ".*<cordgain/([^>]+)>.*", "\\1",
      grep("^\\s*#include\\s+<cordgain/", read_tree(root, file), value = TRUE)
    )
    own <- basename(dirname(file))
    allowed <- if (own == "isncsci") c("base", "isncsci") else core_folders[seq_len(match(own, core_folders, 0L))]
    paste(file, "->", included[!dirname(included) %in% allowed], recycle0 = TRUE)
  }))
}

# Words ----------------------------------------------------------------------------

forbidden_words <- "\\b(caused|proved|safe|significant)\\b"
allowed_mark <- "words: allowed"

# What a person may read: string constants of R files, and the whole text of documents. A line that
# explains the rule itself carries the mark "words: allowed".
forbidden_lines <- function(root) {
  in_strings <- lapply(tree_files(root, "R", "\\.R$"), \(file) {
    tokens <- utils::getParseData(parse(file.path(root, file), keep.source = TRUE), includeText = TRUE)
    strings <- tokens[tokens$token == "STR_CONST", ]
    marked <- grep(allowed_mark, read_tree(root, file), fixed = TRUE)
    found <- strings[grepl(forbidden_words, strings$text, ignore.case = TRUE) & !strings$line1 %in% marked, ]
    paste0(file, ":", found$line1, ": ", found$text, recycle0 = TRUE)
  })
  documents <- c(
    tree_files(root, "vignettes", "\\.Rmd$"), tree_files(root, "inst", "\\.(Rmd|qmd|md|html)$"),
    Filter(\(f) file.exists(file.path(root, f)), "README.md")
  )
  in_text <- lapply(documents, \(file) {
    lines <- read_tree(root, file)
    found <- which(grepl(forbidden_words, lines, ignore.case = TRUE) & !grepl(allowed_mark, lines, fixed = TRUE))
    paste0(file, ":", found, ": ", lines[found], recycle0 = TRUE)
  })
  as.character(unlist(c(in_strings, in_text)))
}

# Lines that are neither blank nor only a comment.
code_lines <- function(root, files, comment) {
  sum(vapply(files, \(file) sum(!grepl(paste0("^\\s*(", comment, ".*)?$"), read_tree(root, file))), 0L))
}
