#!/usr/bin/env bash
# R tests and C++ tests side by side; the last line is "N passed, N failed, N skipped"
# (R test blocks and C++ test cases). A part that dies before it has counted is one failure.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/counts
rm -f build/counts/r build/counts/cpp
unset MAKEFLAGS MFLAGS MAKELEVEL

make --no-print-directory -C tests/cpp -j"${JOBS:-2}" gcc CORDGAIN_COUNTS="$PWD/build/counts/cpp" \
  > build/counts/cpp.log 2>&1 &
cpp=$!
Rscript tools/run-tests.R build/counts/r || echo "the R tests ended before their count"
wait $cpp || true
cat build/counts/cpp.log

passed=0 failed=0 skipped=0
for part in r cpp; do
  read -r p f s 2> /dev/null < <(cat "build/counts/$part" 2> /dev/null) || { p=0 f=1 s=0; echo "no count from the $part tests: one failure"; }
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
