// The bindings of normal scores as one unit of compilation: all of them use the engine of mixed models, which
// takes the compiler minutes (Makevars names the units).
#include "bind_gaussian.cpp"
#include "bind_intervals.cpp"
#include "bind_posterior.cpp"
