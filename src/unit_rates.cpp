// The bindings of counts and natural rates as one unit of compilation, for what they share is compiled once then.
#include "bind_borrow.cpp"   // NOLINT(bugprone-suspicious-include)
#include "bind_design.cpp"   // NOLINT(bugprone-suspicious-include)
#include "bind_exact.cpp"    // NOLINT(bugprone-suspicious-include)
#include "bind_excess.cpp"   // NOLINT(bugprone-suspicious-include)
#include "bind_natural.cpp"  // NOLINT(bugprone-suspicious-include)
#include "bind_scores.cpp"   // NOLINT(bugprone-suspicious-include)
