#!/usr/bin/env bash
# R CMD check as for CRAN on a built tarball; anything but "Status: OK" fails.
# Left out: what asks the network, the PDF manual, and what Debian's own compiler flags cause.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
rm -rf build/check && mkdir -p build/check && cd build/check

export _R_CHECK_CRAN_INCOMING_=false _R_CHECK_CRAN_INCOMING_REMOTE_=false _R_CHECK_SYSTEM_CLOCK_=false
export _R_CHECK_RD_VALIDATE_RD2HTML_=false _R_SHLIB_STRIP_=true
export _R_CHECK_COMPILATION_FLAGS_KNOWN_="-Wformat -Wdate-time -Werror=format-security -Wp,-D_FORTIFY_SOURCE=2"
unset CORDGAIN_CHECKS R_TESTS MAKEFLAGS MFLAGS MAKELEVEL

R CMD build "$root"
R CMD check --as-cran --no-manual cordgain_*.tar.gz
grep -qx 'Status: OK' cordgain.Rcheck/00check.log || {
  echo "R CMD check found something:"
  grep -A 20 -E '(ERROR|WARNING|NOTE)$' cordgain.Rcheck/00check.log
  find cordgain.Rcheck -name '*.Rout.fail' -exec tail -n 60 {} +
  exit 1
}
