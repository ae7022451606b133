// The bindings of normal scores as one unit of compilation: all of them use the engine of mixed models, which takes
// the compiler minutes (Makevars names the units).
#include "bind_gaussian.cpp"    // NOLINT(bugprone-suspicious-include)
#include "bind_intervals.cpp"   // NOLINT(bugprone-suspicious-include)
#include "bind_posterior.cpp"   // NOLINT(bugprone-suspicious-include)
