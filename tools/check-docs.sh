#!/usr/bin/env bash
# Fails when bindings, help pages or NAMESPACE are not what their sources make. Works on a copy.
set -euo pipefail
cd "$(dirname "$0")/.."
copy=build/docs-copy
made=(DESCRIPTION NAMESPACE R man src)

rm -rf "$copy" && mkdir -p "$copy"
for item in DESCRIPTION NAMESPACE LICENSE R man src inst data tools; do
  if [ -e "$item" ]; then cp -r "$item" "$copy/"; fi
done
(cd "$copy" && Rscript tools/document.R)
for item in "${made[@]}"; do
  diff -r -x '*.o' -x '*.so' "$item" "$copy/$item" ||
    { echo "$item is not fresh: run 'make docs' (roxygen2 $(sed -n 's/^RoxygenNote: //p' DESCRIPTION)) and commit"; exit 1; }
done
