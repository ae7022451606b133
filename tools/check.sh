#!/usr/bin/env bash
# R CMD check as for CRAN on a built tarball; tools/check-log.R judges what it finds.
# Arguments go to R CMD check. Left out: what asks the network, and the PDF manual. The library is compiled
# without debugging symbols, as a stripped one has its size and keeps the names that the check reads.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
rm -rf build/check && mkdir -p build/check && cd build/check

"$root/tools/makevars.sh" > Makevars
export R_MAKEVARS_USER="$PWD/Makevars"
export _R_CHECK_CRAN_INCOMING_=false _R_CHECK_CRAN_INCOMING_REMOTE_=false _R_CHECK_SYSTEM_CLOCK_=false
export _R_CHECK_RD_VALIDATE_RD2HTML_=false
# A flag of tools/makevars.sh, not of the package. A site's Renviron may set this list over the environment's.
export R_ENVIRON="$PWD/Renviron"
site=$(R RHOME)/etc/Renviron.site
if [ -f "$site" ]; then cat "$site" > "$R_ENVIRON"; fi
echo '_R_CHECK_COMPILATION_FLAGS_KNOWN_="${_R_CHECK_COMPILATION_FLAGS_KNOWN_-} -Wno-ignored-attributes"' >> "$R_ENVIRON"
export _R_CHECK_PKG_SIZES_THRESHOLD_=10 # MB: the limit of an installation
unset CORDGAIN_CHECKS R_TESTS MAKEFLAGS MFLAGS MAKELEVEL

# Examples run once, those of \donttest too; vignettes are built by R CMD build, and not again.
export _R_CHECK_DONTTEST_EXAMPLES_=false
R CMD build "$root"
R CMD check --as-cran --no-manual --run-donttest --no-build-vignettes "$@" cordgain_*.tar.gz || true # judged by its log

cd "$root"
Rscript tools/check-log.R build/check/cordgain.Rcheck/00check.log || {
  find build/check/cordgain.Rcheck -name '*.Rout.fail' -exec tail -n 60 {} +
  exit 1
}
