#!/usr/bin/env bash
# Installs what a goal needs and this machine lacks, and nothing else.
#   tools/setup.sh run    what `make demo` needs: R, a C++17 compiler, Boost, pandoc, R packages
#   tools/setup.sh test   the same and the test harness
#   tools/setup.sh ci     the same and the tools of the further gates (clang, clang-format, lintr, ...)
#   tools/setup.sh coverage   the same as ci and what counts lines
#   tools/setup.sh site   what `make demo` and `make site` need
# Debian's packages are used where apt and the right to use it are there, else R's own installer.
set -euo pipefail
cd "$(dirname "$0")/.."

goal=${1:-run}
case $goal in run | test | ci | coverage | site) ;; *) echo "usage: tools/setup.sh run|test|ci|coverage|site" >&2; exit 2 ;; esac

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$@" >&2; exit 1; }
have() { command -v "$1" > /dev/null 2>&1; }

# --- Debian and Ubuntu ---------------------------------------------------------

as_root=()
can_use_apt() {
  have apt-get && have dpkg || return 1
  if [ "$(id -u)" -eq 0 ]; then return 0; fi
  have sudo && sudo -n true 2> /dev/null && as_root=(sudo -n)
}
apt_here=no
if can_use_apt; then apt_here=yes; fi

index_is_fresh=no
refresh_index() {
  if [ "$index_is_fresh" = no ]; then
    "${as_root[@]}" apt-get update -qq >&2 || say "apt-get update failed; going on with the lists that are there"
    index_is_fresh=yes
  fi
}

has_candidate() { [[ $(apt-cache policy "$1" 2> /dev/null) =~ Candidate:\ [^\(] ]]; }

# Installs those of the named Debian packages that exist; never fails by itself.
apt_install() {
  local name wanted=()
  if [ "$apt_here" = no ]; then return 0; fi
  refresh_index
  for name in "$@"; do
    if has_candidate "$name"; then wanted+=("$name"); fi
  done
  if [ ${#wanted[@]} -eq 0 ]; then return 0; fi
  say "installing with apt-get: ${wanted[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${wanted[@]}" > /dev/null < /dev/null ||
    say "apt-get could not install all of: ${wanted[*]}"
}

# --- R and the compiler --------------------------------------------------------

if ! have R; then apt_install r-base-core; fi
have R || fail "R is not installed and apt-get cannot be used here." \
  "Install R >= 4.2 (https://cran.r-project.org), then run this again."
Rscript -e 'quit(status = getRversion() < "4.2")' ||
  fail "cordgain needs R >= 4.2; this is $(Rscript -e 'cat(format(getRversion()))')." \
    "Newer R for Debian and Ubuntu: https://cran.r-project.org/bin/linux/"

compiler() { R CMD config CXX17 2> /dev/null | awk '{print $1}'; }
has_compiler() { have "$(compiler)" && have make; }
has_compiler || apt_install g++ make
has_compiler || fail "A C++17 compiler and make are needed (R asks for '$(compiler)')."

# --- R packages ----------------------------------------------------------------

# Debian's R packages belong to Debian's R; another R on the same machine uses its own installer.
r_is_debians() { [ "$apt_here" = yes ] && dpkg -S "$(R RHOME)/bin/R" > /dev/null 2>&1; }
missing_packages() { Rscript tools/packages.R missing "$goal" 2> /dev/null; }
names_of() { awk '{print $2}' <<< "$1"; }

missing=$(missing_packages)
if [ -n "$missing" ] && r_is_debians; then
  # shellcheck disable=SC2046
  apt_install $(names_of "$missing" | tr '[:upper:]' '[:lower:]' | sed 's/^/r-cran-/')
  missing=$(missing_packages)
fi
if [ -n "$missing" ]; then
  if r_is_debians; then apt_install r-base-dev; fi
  say "installing into R's user library:" $(names_of "$missing")
  # shellcheck disable=SC2046
  Rscript tools/packages.R install $(names_of "$missing") >&2 || true
  missing=$(missing_packages)
fi
if grep -q '^needed' <<< "$missing"; then
  fail "these R packages could not be installed: $(awk '/^needed/ {printf "%s ", $2}' <<< "$missing")"
elif [ -n "$missing" ]; then
  say "not to be had here, the tests that use them are skipped:" $(names_of "$missing")
fi

# Debian's r-cran-bh holds no headers and leans on the system's Boost.
has_boost() {
  local flags
  flags=$(Rscript tools/include-flags.R BH)
  # shellcheck disable=SC2086
  echo '#include <boost/math/distributions/beta.hpp>' |
    $(R CMD config CXX17) $(R CMD config CXX17STD) $flags -E -x c++ - > /dev/null 2>&1
}
has_boost || apt_install libboost-dev
has_boost || Rscript tools/packages.R install BH >&2 || true
has_boost || fail "the headers of Boost.Math were not found (R package BH, or the system's Boost)."

# --- programs --------------------------------------------------------------------

has_pandoc() { Rscript -e 'quit(status = !rmarkdown::pandoc_available())' 2> /dev/null; }
has_pandoc || apt_install pandoc
if ! has_pandoc; then
  if [ "$goal" = test ]; then say "no pandoc: tests that write documents are skipped"
  else fail "pandoc is needed to write the document (https://pandoc.org/installing.html)."; fi
fi

if [ "$goal" = ci ] || [ "$goal" = coverage ]; then
  has_clang() { tools/find-clang.sh > /dev/null 2>&1; }
  has_clang || apt_install clang
  has_clang || fail "clang++ is needed for the C++ gates."
  links_fuzzer() {
    echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
      "$(tools/find-clang.sh)" -fsanitize=fuzzer,address,undefined -x c++ - -o /dev/null 2> /dev/null
  }
  links_fuzzer || apt_install "libclang-rt-$("$(tools/find-clang.sh)" -dumpversion | cut -d. -f1)-dev"
  links_fuzzer || fail "clang's run-time libraries (sanitizers, libFuzzer) are needed for the C++ gates."
  have clang-format || apt_install clang-format
  have clang-format || fail "clang-format is needed for the lint gate."
  have ccache || apt_install ccache
  have ccache || say "no ccache: every installation compiles anew"
  has_dictionary() { Rscript -e 'invisible(hunspell::dictionary("en_GB"))' > /dev/null 2>&1; }
  has_dictionary || apt_install hunspell-en-gb
  has_dictionary || fail "the British dictionary en_GB is needed for the spelling gate."
  has_browser() { have chromium || have chromium-browser || have google-chrome; }
  has_browser || apt_install chromium
  has_browser || say "no chromium: the test of the interactive page in a browser is skipped"
  [ -x /usr/bin/time ] || apt_install time
  [ -x /usr/bin/time ] || fail "GNU time is needed to measure the demo."
  have qpdf || apt_install qpdf
  have qpdf || fail "qpdf is needed for R CMD check."
fi
if [ "$goal" = coverage ]; then
  clang_version=$("$(tools/find-clang.sh)" -dumpversion | cut -d. -f1)
  have "llvm-cov-$clang_version" || have llvm-cov || apt_install "llvm-$clang_version"
  have "llvm-cov-$clang_version" || have llvm-cov || fail "llvm-cov and llvm-profdata are needed to count lines."
fi
