# Prints make rules for the headers: on which hub each is compiled (the Makefile says why).
#   awk -v hubs="A.hpp B.hpp" -f header_bases.awk HEADER.hpp ...    in the folder that holds them
/^#include <cordgain\// { direct[FILENAME] = direct[FILENAME] " " substr($2, 2, length($2) - 2) }

# Everything that a header includes, itself among it, each once.
function reach(header,    names, n, i, j, m, more, out) {
  if (header in reached) return reached[header]
  out = " " header " "
  n = split(direct[header], names, " ")
  for (i = 1; i <= n; i++) {
    m = split(reach(names[i]), more, " ")
    for (j = 1; j <= m; j++) {
      if (index(out, " " more[j] " ") == 0) out = out more[j] " "
    }
  }
  return reached[header] = out
}

function size(header,    names) { return split(reach(header), names, " ") }

END {
  count = split(hubs, hub, " ")
  for (h = 1; h < ARGC; h++) {
    base = ""
    for (i = 1; i <= count; i++) {
      if (hub[i] == ARGV[h] || index(reach(ARGV[h]), " " hub[i] " ") == 0) continue
      if (base == "" || size(hub[i]) > size(base)) base = hub[i]
    }
    if (base == "") continue
    printf "$(BUILD)/headers/%s.ok: $(BUILD)/headers/%s.pch\n", ARGV[h], base
    printf "$(BUILD)/headers/%s.ok: private BASE := -include-pch $(BUILD)/headers/%s.pch\n", ARGV[h], base
  }
}
