// The watcher of long work from R: lets a person interrupt it.
#pragma once

#include <Rcpp.h>

#include <cordgain/base/monitor.hpp>

namespace bind {

/// Looks for an interrupt every few units. Rcpp::checkUserInterrupt() asks R
/// inside R_ToplevelExec, so R's longjmp ends there, and throws a C++ exception:
/// it unwinds the core, which has no C frame in it, passes guard(), and becomes
/// R's interrupt at the edge of the compiled code.
class InterruptMonitor final : public cordgain::Monitor {
 public:
  explicit InterruptMonitor(cordgain::Index every = 64) : every_(every) {}

  void done(cordgain::Index units, cordgain::Index) override {
    if (units % every_ == 0) Rcpp::checkUserInterrupt();
  }

 private:
  cordgain::Index every_;
};

}  // namespace bind
