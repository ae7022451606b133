# cordgain: `make help` lists what can be asked for.
.DEFAULT_GOAL := help
SHELL := /bin/bash

JOBS ?= 2
LIB := $(CURDIR)/build/lib
STAMP := build/installed
export JOBS
export R_LIBS := $(LIB)$(if $(R_LIBS),:$(R_LIBS))

# The folder of independently computed numbers; where it is absent those tests are skipped by name.
CORDGAIN_CHECKS ?= $(abspath $(wildcard ../shared/checks))
ifneq ($(strip $(CORDGAIN_CHECKS)),)
export CORDGAIN_CHECKS
endif

.PHONY: help demo test bench check lint docs site format coverage validate interop tidy links clean install

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

demo: ## install what is missing, analyse the four-patient trial, write demo/
	@tools/setup.sh run
	@$(MAKE) --no-print-directory install
	@Rscript tools/demo.R

test: ## every test, R and C++
	@tools/setup.sh test
	@$(MAKE) --no-print-directory install
	@tools/run-tests.sh

bench: install ## times of the main tasks
	@set -e; for file in bench/*.R; do echo "$$file"; Rscript "$$file"; done

check: ## R CMD check as for CRAN
	@tools/setup.sh ci
	@tools/check.sh

lint: ## lintr, clang-format and spelling, nothing is changed
	@tools/setup.sh ci
	@tools/lint.sh

docs: ## help pages, NAMESPACE and the bindings from their sources
	@Rscript tools/document.R

site: ## the documents as a site in docs/; a warning or a lost address fails it (minutes)
	@tools/setup.sh site
	@$(MAKE) --no-print-directory install
	@Rscript tools/site.R

format: ## format the C++ sources
	@tools/lint.sh format

coverage: ## share of the lines that the tests reach, R and C++ (half an hour)
	@tools/setup.sh coverage
	@tools/coverage.sh

validate: ## full sweeps, long fuzz, valgrind, calibration scripts (hours)
	@tools/setup.sh ci
	@$(MAKE) --no-print-directory install
	@CORDGAIN_SWEEP=full tools/run-tests.sh
	@$(MAKE) --no-print-directory -C tests/cpp -j$(JOBS) valgrind
	@$(MAKE) --no-print-directory -C tests/cpp -j$(JOBS) fuzz FUZZ_SECONDS=3600
	@set -e; shopt -s nullglob; for file in inst/validation/*.R; do echo "$$file"; Rscript "$$file"; done

# One stored result made anew: make validation-NAME runs inst/validation/NAME.R and records it.
validation-%: install
	@nice -n 19 Rscript inst/validation/$*.R

interop: install ## tests against other packages, those that CI does not install too; the outcome is stored
	@nice -n 19 Rscript inst/validation/interop.R

tidy: ## clang-tidy over the core
	@tools/lint.sh tidy

links: ## files that documents name exist, DOIs are well formed, addresses answer where there is a network
	@Rscript tools/links.R

clean: ## remove what was built
	rm -rf build demo docs src/*.o src/*.so

# One installation for every goal, repeated when a source is newer. R's own make does not follow headers,
# so objects are dropped when one of them has changed.
PACKAGE_SOURCES := $(shell find DESCRIPTION NAMESPACE R src inst data man ! -name '*.o' ! -name '*.so' \
                     ! -path src 2>/dev/null)
HEADERS := $(shell find inst/include src -name '*.hpp' -o -name '*.h' -o -name 'Makevars')

install: $(STAMP)

build/headers: $(HEADERS)
	@mkdir -p build
	@rm -f src/*.o src/*.so
	@touch $@

$(STAMP): $(PACKAGE_SOURCES) build/headers
	@mkdir -p $(LIB)
	@echo "installing cordgain into build/lib"
	@tools/makevars.sh > build/Makevars
	@env -u MAKEFLAGS MAKE="make -j$(JOBS)" R_MAKEVARS_USER=$(CURDIR)/build/Makevars R CMD INSTALL --library=$(LIB) . > build/install.log 2>&1 || { cat build/install.log; exit 1; }
	@touch $@
