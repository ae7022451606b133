#include <testthat/vendor/catch.h>
#include <cordgain/base/monitor.hpp>
#include <vector>

using namespace cordgain;

namespace {

class Recorder final : public Monitor {
 public:
  void done(Index units, Index total) override {
    seen.push_back(units);
    if (units == total) throw 1;
  }
  std::vector<Index> seen;
};

void work(Index total, Monitor& monitor) {
  for (Index i = 1; i <= total; ++i) monitor.done(i, total);
}

}  // namespace

TEST_CASE("the plain monitor lets work run to its end") {
  Monitor monitor;
  REQUIRE_NOTHROW(work(1000, monitor));
}

TEST_CASE("a watcher sees each unit and may stop the work by throwing") {
  Recorder recorder;
  REQUIRE_THROWS_AS(work(3, recorder), int);
  const std::vector<Index> all{1, 2, 3};
  REQUIRE(recorder.seen == all);
}
