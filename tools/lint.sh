#!/usr/bin/env bash
# tools/lint.sh         lints, C++ layout and spelling; nothing is changed
# tools/lint.sh format  C++ sources laid out anew
# tools/lint.sh tidy    clang-tidy over every header
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(find inst/include src tests/cpp \( -name '*.hpp' -o -name '*.h' -o -name '*.cpp' \) ! -name RcppExports.cpp | sort)

case ${1:-all} in
  format) clang-format -i "${sources[@]}" ;;
  tidy)
    flags=$(Rscript tools/include-flags.R RcppEigen BH)
    find inst/include -name '*.hpp' -print0 |
      xargs -0 -P "${JOBS:-2}" -I {} clang-tidy --quiet --warnings-as-errors='*' {} \
        -- -x c++ -Wno-pragma-once-outside-header -std=c++17 -Iinst/include $flags
    ;;
  all)
    status=0
    for file in "${sources[@]}"; do
      clang-format --dry-run -Werror "$file" 2> /dev/null || { echo "$file: 'make format' would change it"; status=1; }
    done
    Rscript tools/lint.R || status=1
    exit $status
    ;;
esac
