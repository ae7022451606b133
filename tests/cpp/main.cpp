// Runs the C++ tests without R, with the Catch that testthat carries. The number
// of cases that passed and failed goes to the file named by CORDGAIN_COUNTS, so
// that the test run can add it to R's.
#define CATCH_CONFIG_RUNNER
#define CATCH_CONFIG_NO_POSIX_SIGNALS
#include <testthat/vendor/catch.h>
#include <cstdlib>
#include <fstream>

namespace {

struct CountWriter : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;
  void testRunEnded(const Catch::TestRunStats& stats) override {
    const char* file = std::getenv("CORDGAIN_COUNTS");
    if (file == nullptr) return;
    const Catch::Counts& cases = stats.totals.testCases;
    std::ofstream(file) << cases.passed << " " << cases.failed + cases.failedButOk << " 0\n";
  }
};
CATCH_REGISTER_LISTENER(CountWriter)

}  // namespace

int main(int argc, char* argv[]) {
  return Catch::Session().run(argc, argv);
}
