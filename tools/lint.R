# Lints of R code anywhere in the tree, and words that neither the British dictionary nor inst/WORDLIST knows.
folders <- Filter(dir.exists, c("tools", "bench"))
lints <- do.call(c, c(list(lintr::lint_package(".")), lapply(folders, lintr::lint_dir, relative_path = FALSE)))
for (lint in lints) print(lint)

known <- readLines("inst/WORDLIST")
pages <- Filter(file.exists, c("CONTRIBUTING.md", "cran-comments.md"))
unknown <- rbind(
  as.data.frame(spelling::spell_check_package(".")),
  as.data.frame(spelling::spell_check_files(pages, ignore = known, lang = "en_GB"))
)
for (i in seq_len(nrow(unknown))) {
  cat("unknown word:", unknown$word[i], " in ", toString(unknown$found[[i]]), "\n")
}
cat(length(lints), "lints,", nrow(unknown), "unknown words\n")
quit(status = length(lints) + nrow(unknown) > 0L)
