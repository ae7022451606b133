# Reads the log of R CMD check and prints every item that ended in an error, a warning or a note.
#   Rscript tools/check-log.R cordgain.Rcheck/00check.log       exit status 1 if there is one
# One note is the machine's and not ours: Debian's BH holds no headers.
known <- "^'LinkingTo' for .BH. is unused as it has no 'include' directory$"

lines <- readLines(commandArgs(trailingOnly = TRUE)[1], warn = FALSE, encoding = "UTF-8")
items <- split(lines, cumsum(startsWith(lines, "* ")))
of_interest <- Filter(\(item) any(grepl("(ERROR|WARNING|NOTE)$", item)), items)
is_known <- \(item) grepl("NOTE$", item[1]) && length(item) == 2L && grepl(known, item[2])
found <- Filter(Negate(is_known), of_interest)
found <- Filter(\(item) !startsWith(item[1], "* DONE"), found)

for (item in found) writeLines(c(item, ""))
finished <- any(lines == "* DONE")
if (!finished) writeLines("the check did not reach its end")
cat(length(found), "findings\n")
quit(status = length(found) > 0L || !finished)
