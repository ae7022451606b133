# Makes everything that is written from sources: bindings, help pages, NAMESPACE.
Rcpp::compileAttributes()
roxygen2::roxygenise(load_code = "source")
