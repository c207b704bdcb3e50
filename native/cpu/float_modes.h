// SPDX-License-Identifier: MIT
//
// Results must not depend on what the calling program did to the floating-point modes of its thread (flush-to-zero,
// as -ffast-math programs set it, would lose subnormals).
#pragma once

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>

namespace qn {

// While one of these lives, this thread rounds to nearest even, keeps subnormals and traps nothing.
class DefaultFloatModes {
 public:
  DefaultFloatModes() : before_(_mm_getcsr()) {
    if ((before_ & ~kFlags) != kDefault) _mm_setcsr(kDefault | (before_ & kFlags));
  }
  ~DefaultFloatModes() {
    if ((before_ & ~kFlags) != kDefault) _mm_setcsr(before_);
  }
  DefaultFloatModes(const DefaultFloatModes&) = delete;
  DefaultFloatModes& operator=(const DefaultFloatModes&) = delete;

 private:
  static constexpr unsigned kDefault = 0x1f80;  // all exceptions masked
  static constexpr unsigned kFlags = 0x3f;      // exceptions that have happened; no mode
  const unsigned before_;
};

}  // namespace qn

#else

namespace qn {
struct DefaultFloatModes {
  ~DefaultFloatModes() {}  // not trivial, so that it counts as used
};
}  // namespace qn

#endif
