# The layouts in which exams are kept. Each reader is told the columns that are no cells (`id`) and returns
# list(columns = named list of cells, normal = named list of companion columns,
#      other = data frame of the columns that are no cells, mapping = data frame (column, cell, part),
#      note = bullets).

# One row per exam, one column per cell, under any names that can be read.
from_wide <- function(table, id, call) {
  names <- names(table)
  companion <- is_companion(names)
  stem <- companion_stem(names)
  # Columns of reasons carry the name of their cell.
  stem[grepl("_?impairment(other)?$", names, ignore.case = TRUE) | names %in% id] <- ""
  cells <- cell_names(stem, call)
  check_one_column_each(cells[!companion], names[!companion], call)
  check_one_column_each(cells[companion], names[companion], call)
  is_cell <- !is.na(cells) & !companion
  is_normal <- !is.na(cells) & companion
  list(
    columns = stats::setNames(as.list(table)[is_cell], cells[is_cell]),
    normal = stats::setNames(as.list(table)[is_normal], cells[is_normal]),
    other = table[!is_cell & !is_normal],
    mapping = data.frame(column = names, cell = cells, part = ifelse(companion, "consider normal", ""))[!is.na(cells), ]
  )
}

# One row per cell: side, modality, level and value, or cell and value; perhaps a companion.
long_words <- list(
  value = c("value", "score", "result"), normal = c("considernormal", "consider_normal"),
  cell = c("cell", "variable", "item"),
  side = "side", modality = c("modality", "kind", "test", "type"), level = c("level", "segment")
)

long_columns <- function(table, id = character()) {
  vapply(long_words, \(w) which(tolower(names(table)) %in% w & !names(table) %in% id)[1L], 0L)
}

from_long <- function(table, id, call) {
  at <- long_columns(table, id)
  if (is.na(at[["value"]]) || (is.na(at[["cell"]]) && is.na(at[["modality"]]))) {
    abort_input(c("A long table needs {.field value} and either {.field cell} or {.field side}, {.field modality},
      {.field level}.",
      x = "It has the columns {.field {names(table)}}."
    ), call = call)
  }
  check_long_text(table[stats::na.omit(at[c("cell", "side", "modality", "level")])], call)
  name <- long_names(table, at)
  distinct <- unique(name)
  cells <- cell_names(distinct, call)
  if (anyNA(cells)) {
    abort_input(c("Row {which(name == distinct[is.na(cells)][1])[1]} names no cell of an exam.",
      x = "It names {.val {distinct[is.na(cells)][1]}}."
    ), call = call)
  }
  normal <- if (!is.na(at[["normal"]])) table[[at[["normal"]]]]
  spread <- spread_long(table[[at[["value"]]]], normal, cells[match(name, distinct)], table[-stats::na.omit(at)], call)
  spread$mapping <- data.frame(column = distinct, cell = cells, part = rep("", length(cells)))
  spread
}

# Which cell a row is about must be readable before the row can be given to an exam.
check_long_text <- function(columns, call) {
  for (name in names(columns)) {
    bad <- which(!is_readable(columns[[name]]))
    if (length(bad) > 0L) {
      abort_input(c("Row {bad[1]}, column {.field {name}}, is not valid text.",
        x = "As bytes: {.val {readable(as.character(columns[[name]][bad[1]]))}}.",
        i = "Convert the column to UTF-8 with {.fn iconv}."
      ), call = call, row = bad[1L], column = name)
    }
  }
}

long_names <- function(table, at) {
  if (!is.na(at[["cell"]])) {
    return(as_text(table[[at[["cell"]]]]))
  }
  parts <- lapply(stats::na.omit(at[c("side", "modality", "level")]), \(i) {
    text <- as_text(table[[i]])
    ifelse(is.na(text), "", text)
  })
  do.call(paste, c(unname(parts), sep = "_"))
}

# @param keys (data frame) all other columns: rows that agree in them are one exam
spread_long <- function(value, normal, cell, keys, call) {
  key <- if (ncol(keys) > 0L) do.call(paste, c(unname(lapply(keys, as_text)), sep = "\r")) else rep("", length(value))
  exams <- unique(key)
  row <- match(key, exams)
  twice <- which(duplicated(data.frame(row, cell)))
  if (length(twice) > 0L) {
    first <- which(row == row[twice[1L]] & cell == cell[twice[1L]])[1L]
    abort_input(c("An exam has a cell twice.",
      x = "Row {twice[1]}, cell {.field {cell[twice[1]]}}: the same exam has it in row {first}.",
      i = "Rows belong to one exam where all other columns agree: {.field {names(keys)}}."
    ), call = call)
  }
  spread <- \(x) stats::setNames(lapply(isncsci_cells, \(c) {
    replace(rep(NA_character_, length(exams)), row[cell == c], as_text(x)[cell == c])
  }), isncsci_cells)
  list(
    columns = spread(value), normal = if (is.null(normal)) list() else spread(normal)[isncsci_score_cells],
    other = keys[match(exams, key), , drop = FALSE]
  )
}

# Sygen and the files made from it --------------------------------------------

# Muscles by their short names; the right knee is spelled differently.
sygen_muscles <- c(
  elbfl = "c5", wrext = "c6", elbex = "c7", finfl = "c8", finab = "t1",
  hipfl = "l2", kneex = "l3", kneet = "l3", ankdo = "l4", greto = "l5", ankpl = "s1"
)

# Cell and week of each name; NA for names that are no cells.
sygen_names <- function(names) {
  x <- tolower(names)
  first <- grepl("^w1_", x)
  x <- sub("^w1_", "", x)
  sensory <- regmatches(x, regexec("^([ctls][0-9]{1,2})(lt|pp)([lr])([0-9]{2})?$", x))
  motor <- regmatches(x, regexec(paste0("^(", paste(names(sygen_muscles), collapse = "|"), ")([lr])([0-9]{2})?$"), x))
  anal <- regmatches(x, regexec("^(anyana|vac|dap)([0-9]{2})?$", x))
  cell <- week <- rep(NA_character_, length(x))
  for (i in seq_along(x)) {
    if (length(sensory[[i]])) {
      cell[i] <- paste(sensory[[i]][4], sensory[[i]][3], sensory[[i]][2], sep = "_")
      week[i] <- sensory[[i]][5]
    } else if (length(motor[[i]])) {
      cell[i] <- paste(motor[[i]][3], "motor", sygen_muscles[[motor[[i]][2]]], sep = "_")
      week[i] <- motor[[i]][4]
    } else if (length(anal[[i]])) {
      cell[i] <- sub("anyana", "dap", anal[[i]][2])
      week[i] <- anal[[i]][3]
    }
  }
  cell[!cell %in% isncsci_cells] <- NA_character_
  week[first & !is.na(cell)] <- "01"
  data.frame(cell = cell, week = week)
}

from_sygen <- function(table, id, call) {
  read <- sygen_names(names(table))
  read$cell[names(table) %in% id] <- NA_character_
  is_cell <- !is.na(read$cell)
  weeks <- unique(read$week[is_cell])
  check_one_column_each(
    ifelse(is_cell, paste0(read$cell, ifelse(read$week %in% c("", NA), "", paste0(" (week ", read$week, ")"))), NA),
    names(table), call
  )
  if (length(weeks) > 1L && "" %in% weeks) {
    without <- names(table)[is_cell & read$week == ""][1L]
    with <- names(table)[is_cell & read$week != ""][1L]
    abort_input(c("Some columns name their week and some do not.",
      x = "For example {.field {without}} and {.field {with}}.",
      i = "Read the two sets apart."
    ), call = call)
  }
  check_free_week(names(table)[!is_cell], weeks, call)
  blocks <- lapply(weeks, \(w) sygen_week(table, read, w, is_cell))
  list(
    columns = stack_lists(lapply(blocks, \(b) b$columns)), normal = list(),
    other = do.call(rbind, lapply(blocks, \(b) b$other)),
    mapping = data.frame(column = names(table), cell = read$cell,
      part = ifelse(read$week %in% c("", NA), "", paste("week", read$week)))[is_cell, ],
    note = sygen_note(read$cell)
  )
}

# The week of each exam goes into a column of that name, which must not be the user's own.
check_free_week <- function(other, weeks, call) {
  if (any(nzchar(weeks)) && "week" %in% other) {
    abort_input(c("The column {.field week} is in the way: the names of the cells say their weeks, which are to stand
      there.",
      i = "Rename it (such as {.field own_week}), or drop it."
    ), call = call, columns = "week")
  }
}

sygen_week <- function(table, read, week, is_cell) {
  here <- is_cell & read$week == week
  columns <- stats::setNames(as.list(table)[which(here)], read$cell[which(here)])
  absent <- setdiff(isncsci_cells, names(columns))
  columns[absent] <- list(rep(NA_character_, nrow(table)))
  other <- table[!is_cell]
  if (nzchar(week)) other$week <- rep(as.integer(week), nrow(table))
  list(columns = lapply(columns[isncsci_cells], as_text), other = other)
}

stack_lists <- function(lists) {
  columns <- lapply(isncsci_cells, \(cell) unlist(lapply(lists, \(l) l[[cell]]), use.names = FALSE))
  stats::setNames(columns, isncsci_cells)
}

sygen_note <- function(cells) {
  c(
    i = if (!"vac" %in% cells) {
      "The file has no column for voluntary anal contraction: {.field vac} is not recorded ({.code NA})."
    },
    i = if ("dap" %in% cells) {
      "Any anal sensation ({.field anyana}) is read as deep anal pressure, its successor on the worksheet."
    }
  )
}

# Choosing a layout -------------------------------------------------------------

isncsci_layouts <- list(wide = from_wide, praxis = from_wide, redcap = from_wide, long = from_long, sygen = from_sygen)

# The layout that the names speak for.
detect_format <- function(table) {
  names <- names(table)
  if (sum(!is.na(sygen_names(names)$cell)) >= 20L) {
    return("sygen")
  }
  at <- long_columns(table)
  if (!is.na(at[["value"]]) && !(is.na(at[["cell"]]) && is.na(at[["modality"]])) && ncol(table) < 60L) {
    return("long")
  }
  if (sum(grepl("^(right|left)_.*_value$", names)) >= 20L) {
    return("redcap")
  }
  if (any(grepl("^(right|left)(Motor|LightTouch|PinPrick)|[0-9](Right|Left)(Motor|Light|Pin)",
    names))) "praxis" else "wide"
}
