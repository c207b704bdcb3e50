// SPDX-License-Identifier: MIT
//
// Runs of the K formats. Layouts are in ../formats; a block of 256 has 32 runs.
#pragma once

#include "runs.h"

namespace qn::QN_TARGET {

// A half of a block, 16 runs, is decoded by four threads. Thread i has runs i, i + 4, i + 8 and i + 12, which share
// bytes of codes.
struct FourRunsOfHalf : NoBook {
  static constexpr int kTogether = 4, kStride = 4;
};

// Runs i and i + 4 of eight, the lower and upper nibbles of the same bytes.
struct TwoRunsOfNibbles : NoBook {
  static constexpr int kTogether = 2, kStride = 4;
};

template <>
struct Runs<Q2_K> : FourRunsOfHalf {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[4]) {
    const At<Q2_K> at(tile, run);
    const uint32_t half = at.run / 16, i = at.run % 4;
    const float d = load_half(at.bytes + offsetof(Q2_K, d)), dmin = load_half(at.bytes + offsetof(Q2_K, dmin));
    const Codes qs = load8<4>(at.block()->qs + half * 32 + i * 8);
    // Runs 4 apart have scales 2 apart: the same bytes of four halves of words.
    const Codes packed = load8<4>(at.block()->scales + half * 8).shifted(i / 2 * 8, 0x00ff00ff);
    const Codes scales = packed.shifted(0, 0x000f000f), mins = packed.shifted(4, 0x000f000f);
    QN_UNROLLED
    for (int k = 0; k < 4; k++) {
      const uint32_t scale = k < 2 ? scales.low : scales.high, min = k < 2 ? mins.low : mins.high;
      runs[k] = weights<Out>(qs.shifted(2 * k, 0x03030303), d * half_of(scale, k), dmin * half_of(min, k));
    }
  }

 private:
  QN_DEVICE static float half_of(uint32_t word, int k) { return k % 2 ? high_half(word, 0) : low_half(word, 0); }

  template <class Out>
  QN_DEVICE static Rounded<Out> weights(const Codes& codes, float scale, float offset) {
    if constexpr (kSame<Out, F32>) {
      return scaled_plus_run<Out>(codes, scale, -offset);
    } else {
      float levels[4];
      for (int code = 0; code < 4; code++)
        levels[code] = multiply_add(scale, static_cast<float>(code), -offset);
      return results_of<Out>(Palette4<Out>(1, levels).look_up(codes), 1);
    }
  }
};

template <>
struct Runs<Q3_K> : FourRunsOfHalf {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[4]) {
    const At<Q3_K> at(tile, run);
    const uint32_t half = at.run / 16, i = at.run % 4;
    const float d = load_half(at.bytes + offsetof(Q3_K, d));
    const Codes low = load8<2>(at.block()->qs + half * 32 + i * 8);
    const Codes high = load8<2>(at.block()->hmask + i * 8).shifted(half * 4, 0x0f0f0f0f);
    // The scales of the four runs, see Q3_K: a nibble each of four halves of words, and above it two bits of two
    // halves.
    const uint8_t* const scales = at.block()->scales;
    const uint32_t shift = half * 4 + i / 2 * 8, top = load4_even(scales + 8) >> shift;
    const uint32_t first = (load4_even(scales) >> shift & 0x000f000f) | (top << 4 & 0x00300030),
                   second = (load4_even(scales + 4) >> shift & 0x000f000f) | (top << 2 & 0x00300030);
    QN_UNROLLED
    for (int k = 0; k < 4; k++) {
      const uint32_t scale = k < 2 ? first : second;
      const Codes codes = low.shifted(2 * k, 0x03030303) | Codes{high.low << 2, high.high << 2}.shifted(k, 0x04040404);
      runs[k] = scaled_run<Out>(codes, 4, d * (k % 2 ? high_half(scale, 32) : low_half(scale, 32)));
    }
  }
};

// The beginning of Q4_K and Q5_K, a multiple of 16 bytes into shared memory: scales and offsets of groups 2 n and
// 2 n + 1.
struct KGroups {
  float scale[2], offset[2];

  QN_DEVICE KGroups(const uint8_t* block, uint32_t n) {
    const Words4 head = load16(block);
    // See KScales: of groups 4 to 7 the low bits are in the third word, the high ones above the others' in the first
    // two.
    const uint32_t shift = n % 2 * 16;
    const uint32_t first = head.word[1] >> shift, second = head.word[2] >> shift, third = head.word[3] >> shift;
    const bool early = n < 2;
    const uint32_t codes = early ? first & 0x3f3f : (third & 0x0f0f) | (first >> 2 & 0x3030);
    const uint32_t mins = early ? second & 0x3f3f : (third >> 4 & 0x0f0f) | (second >> 2 & 0x3030);
    const float d = Half::to_float(head.word[0] & 0xffff), dmin = Half::to_float(head.word[0] >> 16);
    for (int i = 0; i < 2; i++) {
      scale[i] = d * code({codes, 0}, i, 0);
      offset[i] = dmin * code({mins, 0}, i, 0);
    }
  }
};

template <>
struct Runs<Q4_K> : TwoRunsOfNibbles {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[2]) {
    const At<Q4_K> at(tile, run);
    const uint32_t n = at.run / 8;
    const KGroups groups(at.bytes, n);
    const Codes qs = load8<8>(at.block()->qs + n * 32 + at.run % 4 * 8);
    QN_UNROLLED
    for (int i = 0; i < 2; i++)
      runs[i] = scaled_plus_run<Out>(qs.shifted(4 * i, 0x0f0f0f0f), groups.scale[i], -groups.offset[i]);
  }
};

template <>
struct Runs<Q5_K> : TwoRunsOfNibbles {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[2]) {
    const At<Q5_K> at(tile, run);
    const uint32_t n = at.run / 8;
    const KGroups groups(at.bytes, n);
    const Codes qs = load8<8>(at.block()->qs + n * 32 + at.run % 4 * 8);
    const Codes qh = load8<8>(at.block()->qh + at.run % 4 * 8).shifted(2 * n, 0x03030303);
    QN_UNROLLED
    for (int i = 0; i < 2; i++) {
      const Codes codes = qs.shifted(4 * i, 0x0f0f0f0f) | Codes{qh.low << 4, qh.high << 4}.shifted(i, 0x10101010);
      runs[i] = scaled_plus_run<Out>(codes, groups.scale[i], -groups.offset[i]);
    }
  }
};

template <>
struct Runs<Q6_K> : FourRunsOfHalf {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[4]) {
    const At<Q6_K> at(tile, run);
    const uint32_t half = at.run / 16, i = at.run % 4;
    const float d = load_half(at.bytes + offsetof(Q6_K, d));
    const uint8_t* const ql = at.block()->ql + half * 64 + i * 8;
    const Codes low[2] = {load8<2>(ql), load8<2>(ql + 32)};
    const Codes high = load8<2>(at.block()->qh + half * 32 + i * 8);
    const int8_t* const scales = at.block()->scales + half * 8 + i / 2;
    QN_UNROLLED
    for (int k = 0; k < 4; k++) {
      const Codes two = high.shifted(2 * k, 0x03030303);
      const Codes codes = low[k % 2].shifted(k / 2 * 4, 0x0f0f0f0f) | Codes{two.low << 4, two.high << 4};
      runs[k] = scaled_run<Out>(codes, 32, d * static_cast<float>(scales[2 * k]));
    }
  }
};

}  // namespace qn::QN_TARGET
