// SPDX-License-Identifier: MIT
//
// A caller that flushes subnormals to zero, or rounds another way, gets the same bits, and keeps its modes.
#include "support/device.h"
#include "support/reference.h"
#include "support/vectors.h"

#if defined(__x86_64__)
#include <xmmintrin.h>

using namespace test;

namespace {

class FloatModes : public EachFormatAndSet {};

TEST_P(FloatModes, OfTheCallerChangeNothing) {
  const size_t count = 300000 / format().values_per_block;
  const auto source = Random(seed()).bytes(count * format().bytes_per_block);
  for (const uint32_t threads : {1u, 2u}) {
    const Device plain = open_cpu(set().isa, threads);
    for (const qn_format output : kOutputs) {
      const auto expected = dequantize(plain.get(), format().format, source, output);
      const unsigned before = _mm_getcsr();
      for (const unsigned modes : {0x8040u, 0x2000u, 0x4000u, 0x6000u}) {  // flush and denormals-are-zero; rounding
        _mm_setcsr(before | modes);
        const Device device = open_cpu(set().isa, threads);  // its threads start with the caller's modes
        const auto found = dequantize(device.get(), format().format, source, output);
        const unsigned kept = _mm_getcsr();
        _mm_setcsr(before);
        ASSERT_EQ("", difference(expected, found, output)) << std::hex << modes;
        ASSERT_EQ((before | modes) & ~0x3fu, kept & ~0x3fu);
      }
    }
  }
}

EACH_FORMAT_AND_SET(FloatModes);

}  // namespace

#endif
