#!/usr/bin/env bash
# Prints the Makevars of every installation by this project's own goals: no debugging symbols (they double
# the compiler's time), no hundred thousand lines on attributes that Eigen's templates ignore, and ccache where it
# is there, so that the installations of one run compile once.
set -euo pipefail
compiler=$(R_MAKEVARS_USER=/dev/null R CMD config CXX17)
if command -v ccache > /dev/null 2>&1; then compiler="ccache $compiler"; fi
printf 'CXX17 = %s\nCXX17FLAGS = -O2 -g0 -Wall -pedantic -Wno-ignored-attributes\n' "$compiler"
