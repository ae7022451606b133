#!/usr/bin/env bash
# Prints one source out of several test files, so that what they share (Eigen's templates, the engine's
# functions) is compiled once: first everything they include, then each file in a namespace of its own,
# where its includes are read no second time.
#   group.sh test_a.cpp test_b.cpp ...
set -euo pipefail
cd "$(dirname "$0")"
grep -h '^#include' "$@" | sort -u
for file in "$@"; do
  printf 'namespace group_%s {\n#include "%s"\n}\n' "${file%.cpp}" "$PWD/$file"
done
