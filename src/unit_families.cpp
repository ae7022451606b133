// The bindings of families of scores as one unit of compilation, for their engine is compiled once then.
#include "bind_families.cpp"
#include "bind_family_posterior.cpp"
