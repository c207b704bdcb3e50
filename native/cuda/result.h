// SPDX-License-Identifier: MIT
//
// Rounds a run of eight weights to the type of the result and stores it.
#pragma once

#include "../formats/plain.h"
#include "gpu.h"

namespace qn::QN_TARGET {

template <class A, class B>
inline constexpr bool kSame = false;
template <class A>
inline constexpr bool kSame<A, A> = true;

// Two weights, rounded to nearest even, the first in the lower half.
template <class Out>
QN_DEVICE uint32_t round2(float first, float second) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  uint32_t both;
  if constexpr (kSame<Out, F16>)
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(second), "f"(first));
  else
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(second), "f"(first));
  return both;
#elif defined(__CUDA_ARCH__)
  if constexpr (kSame<Out, F16>) {
    uint32_t both;
    asm("{\n\t.reg .b16 low, high;\n\tcvt.rn.f16.f32 low, %1;\n\tcvt.rn.f16.f32 high, %2;\n\tmov.b32 %0, {low, "
        "high};\n\t}"
        : "=r"(both)
        : "f"(first), "f"(second));
    return both;
  } else {
    return BFloat16::from_float(first) | uint32_t{BFloat16::from_float(second)} << 16;
  }
#else
  return decltype(Out::x)::from_float(first) | uint32_t{decltype(Out::x)::from_float(second)} << 16;
#endif
}

// The bits of eight results.
template <class Out>
struct Rounded {
  uint32_t word[2 * sizeof(Out)];
};

// Weights k and k + 1 of a run, k even.
template <class Out>
QN_DEVICE void set_pair(Rounded<Out>& run, uint32_t k, float first, float second) {
  if constexpr (kSame<Out, F32>) {
    run.word[k] = bits_from_float(first);
    run.word[k + 1] = bits_from_float(second);
  } else {
    run.word[k / 2] = round2<Out>(first, second);
  }
}

template <class Out>
QN_DEVICE Rounded<Out> round_run(const float (&w)[8]) {
  Rounded<Out> run;
  QN_UNROLLED
  for (uint32_t k = 0; k < 8; k += 2)
    set_pair(run, k, w[k], w[k + 1]);
  return run;
}

// Stores of whole warps. Each lane has one of 32 sets of runs (see runs.h); `at(n)` is where set n of the warp begins,
// a multiple of 16, and all lanes call together. Together they write whole sectors of 32 bytes.
template <class Out>
struct WarpStore {
  // Which of a warp's sets a lane decodes.
  QN_DEVICE static uint32_t set_of_lane(uint32_t lane) { return lane; }

  template <class At>
  QN_DEVICE static void store(const At& at, uint32_t lane, const Rounded<Out>& run) {
    store16(at(lane), {{run.word[0], run.word[1], run.word[2], run.word[3]}});
  }
};

// A run of float32 is two stores. Were they both a lane's own, each would leave every other 16 bytes to the next one.
// So a pair of lanes has set i and set 16 + i of the warp and swaps halves: the first store writes runs of sets 0 to 15
// without gaps in them, the second of 16 to 31.
template <>
struct WarpStore<F32> {
  QN_DEVICE static uint32_t set_of_lane(uint32_t lane) { return lane / 2 + lane % 2 * 16; }

  template <class At>
  QN_DEVICE static void store(const At& at, uint32_t lane, const Rounded<F32>& run) {
    const bool odd = lane % 2;
    Words4 first, second;
    for (int i = 0; i < 4; i++) {
      // Values, not elements: `odd ? a[i] : a[j]` would be an address, and the array leave the registers.
      const uint32_t low = run.word[i], high = run.word[4 + i];
      const uint32_t other = neighbour(odd ? low : high);
      first.word[i] = odd ? other : low;
      second.word[i] = odd ? high : other;
    }
    store16(at(lane / 2) + lane % 2 * 16, first);
    store16(at(lane / 2 + 16) + lane % 2 * 16, second);
  }
};

// A run for destinations that are not multiples of 16, and the first `count` results for one that is cut short.
// Unrolled: what is indexed by a variable would leave the registers.
template <class Out>
QN_DEVICE void store_singly(uint8_t* to, uint32_t count, const Rounded<Out>& run) {
  constexpr uint32_t kSize = sizeof(Out);
  if (is_aligned(to, kSize)) {
    QN_UNROLLED
    for (uint32_t i = 0; i < 8; i++) {
      if (i >= count) continue;
      if constexpr (kSize == 4)
        store_aligned(to + 4 * i, run.word[i]);
      else
        store_aligned(to + 2 * i, static_cast<uint16_t>(run.word[i / 2] >> 16 * (i % 2)));
    }
  } else {
    QN_UNROLLED
    for (uint32_t byte = 0; byte < 8 * kSize; byte++)
      if (byte / kSize < count) to[byte] = static_cast<uint8_t>(run.word[byte / 4] >> 8 * (byte % 4));
  }
}

}  // namespace qn::QN_TARGET
