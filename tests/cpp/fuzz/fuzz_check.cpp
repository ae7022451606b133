// base/check.hpp: a check that passes has really seen what it promises.
#include <cmath>
#include <cordgain/base/check.hpp>

#include "fuzz_driver.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::FuzzedData data(bytes, size);
  const double x = data.number(-2.0, 2.0);
  const double n = data.number(-1.0, 10.0);
  if (fuzz::answers([&] { cordgain::require_finite(x, "x"); })) fuzz::must(std::isfinite(x));
  if (fuzz::answers([&] { cordgain::require_positive(x, "x"); })) fuzz::must(std::isfinite(x) && x > 0.0);
  if (fuzz::answers([&] { cordgain::require_probability(x, "x"); })) fuzz::must(x >= 0.0 && 1.0 - x >= 0.0);
  if (fuzz::answers([&] { cordgain::require_counts(x, n, "x"); })) {
    fuzz::must(std::isfinite(n) && 0.0 <= x && x <= n && std::fmod(x, 1.0) == 0.0 &&
               std::fmod(n, 1.0) == 0.0);
  }
  return 0;
}
