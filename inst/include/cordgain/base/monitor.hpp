// Who watches long work: told of each finished unit, and free to stop it. The
// core does not know R, clocks or terminals; the watcher is handed in.
#pragma once

#include <cordgain/base/types.hpp>

namespace cordgain {

/// Watches nothing. A watcher that wants the work to end throws from done();
/// what runs between two calls holds no resource that would be lost.
class Monitor {
 public:
  Monitor() = default;
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  virtual ~Monitor() = default;

  /// Called after each unit of work, from the thread that called the core.
  /// @param units  finished so far
  /// @param total  of this call
  virtual void done(Index units, Index total) {
    static_cast<void>(units);
    static_cast<void>(total);
  }
};

}  // namespace cordgain
