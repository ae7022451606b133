#!/usr/bin/env bash
# Share of the lines that the tests reach: R code and bindings by the R tests, headers by the C++ tests. Fails below
# 95 % of any. About half an hour: the package is built anew with counters. Everything lies in build/coverage.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/build/coverage
say() { printf 'coverage: %s\n' "$*" >&2; }

# Headers: clang's own counters, which templates and optimising leave right.
headers() {
  local clang version
  clang=$(tools/find-clang.sh)
  version=$("$clang" -dumpversion | cut -d. -f1)
  for tool in llvm-profdata llvm-cov; do
    command -v "$tool-$version" > /dev/null || command -v "$tool" > /dev/null ||
      { say "$tool is needed (Debian: llvm-$version)"; exit 1; }
  done
  llvm() { local name=$1; shift; "$(command -v "$name-$version" || command -v "$name")" "$@"; }
  LLVM_PROFILE_FILE=$out/cpp.profraw make --no-print-directory -C tests/cpp coverage
  llvm llvm-profdata merge -sparse "$out/cpp.profraw" -o "$out/cpp.profdata"
  llvm llvm-cov export -format=lcov -instr-profile="$out/cpp.profdata" build/cpp/coverage/run inst/include > "$out/headers.lcov"
}

# R code and bindings: an installation with gcc's counters and with the lines of the R code kept.
installation() {
  rm -rf "$out/source" && mkdir -p "$out/source" "$out/lib"
  git ls-files -z | xargs -0 cp --parents -t "$out/source" 2> /dev/null || true
  {
    tools/makevars.sh | grep -v FLAGS
    echo 'CXX17FLAGS = -O1 -g0 --coverage'
    echo 'LDFLAGS = --coverage'
  } > "$out/Makevars"
  MAKE="make -j${JOBS:-2}" R_MAKEVARS_USER=$out/Makevars \
    R CMD INSTALL --with-keep.source --no-docs --no-test-load --library="$out/lib" "$out/source"
}

mkdir -p "$out"
say "building (log: build/coverage/*.log)"
headers > "$out/headers.log" 2>&1 &
cpp=$!
installation > "$out/install.log" 2>&1 || { tail -n 30 "$out/install.log"; exit 1; }
say "running the R tests"
R_LIBS=$out/lib${R_LIBS:+:$R_LIBS} Rscript tools/coverage.R trace "$out" > "$out/r.log" 2>&1 || { tail -n 30 "$out/r.log"; exit 1; }
(cd "$out/source/src" && gcov --stdout ./*.gcda > "$out/bindings.gcov" 2> /dev/null)
wait $cpp || { tail -n 30 "$out/headers.log"; exit 1; }
Rscript tools/coverage.R report "$out"
