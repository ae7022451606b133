// The bindings of counts and natural rates as one unit of compilation, for what they share is compiled once
// then.
#include "bind_borrow.cpp"
#include "bind_design.cpp"
#include "bind_exact.cpp"
#include "bind_excess.cpp"
#include "bind_natural.cpp"
#include "bind_scores.cpp"
