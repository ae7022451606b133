// Sizes of tests under sanitizers, which look for faults of memory and arithmetic, not for the last digit:
// tens of seconds of random cases find there what hundreds would.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define CORDGAIN_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CORDGAIN_SANITIZED 1
#endif
#endif

#ifdef CORDGAIN_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
