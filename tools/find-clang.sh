#!/usr/bin/env bash
# Prints the name of a clang++ on this machine (plain, or the newest with a version in its name).
set -euo pipefail
if command -v clang++ > /dev/null; then echo clang++; exit; fi
compgen -c | grep -xE 'clang\+\+-[0-9]+' | sort -t- -k2 -n | tail -n 1 | grep .
