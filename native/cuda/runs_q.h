// SPDX-License-Identifier: MIT
//
// Runs of the formats with one scale for each block: Q4, Q5, Q8, Q1_0, Q2_0 and the ternary ones. Layouts are in
// ../formats.
#pragma once

#include "runs.h"

namespace qn::QN_TARGET {

// Blocks of 32 weights, of which two threads have two runs each: the lower and upper nibbles of the same eight bytes.
struct TwoRunsOfBlock : NoBook {
  static constexpr int kTogether = 2, kStride = 2;
};

// The fifth bits of Q5_0 and Q5_1.
QN_DEVICE Codes fifth_bits(const uint8_t* qh, uint32_t run) {
  const uint32_t bits = qh[run];
  return {spread_bits(bits & 15, 16), spread_bits(bits >> 4, 16)};
}

template <>
struct Runs<Q4_0> : TwoRunsOfBlock {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[2]) {
    const At<Q4_0> at(tile, run);
    const Codes qs = load8<2>(at.block()->qs + at.run * 8);
    QN_UNROLLED
    for (int i = 0; i < 2; i++)
      runs[i] = scaled_run<Out>(qs.shifted(4 * i, 0x0f0f0f0f), 8, load_half(at.bytes));
  }
};

template <>
struct Runs<Q4_1> : TwoRunsOfBlock {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[2]) {
    const At<Q4_1> at(tile, run);
    const Codes qs = load8<4>(at.block()->qs + at.run * 8);
    QN_UNROLLED
    for (int i = 0; i < 2; i++)
      runs[i] = scaled_plus_run<Out>(qs.shifted(4 * i, 0x0f0f0f0f), load_half(at.bytes), load_half(at.bytes + 2));
  }
};

template <>
struct Runs<Q5_0> : TwoRunsOfBlock {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[2]) {
    const At<Q5_0> at(tile, run);
    const Codes qs = load8<2>(at.block()->qs + at.run * 8);
    QN_UNROLLED
    for (uint32_t i = 0; i < 2; i++) {
      const Codes codes = qs.shifted(4 * i, 0x0f0f0f0f) | fifth_bits(at.block()->qh.bytes, at.run + 2 * i);
      runs[i] = scaled_run<Out>(codes, 16, load_half(at.bytes));
    }
  }
};

template <>
struct Runs<Q5_1> : TwoRunsOfBlock {
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[2]) {
    const At<Q5_1> at(tile, run);
    const Codes qs = load8<4>(at.block()->qs + at.run * 8);
    QN_UNROLLED
    for (uint32_t i = 0; i < 2; i++) {
      const Codes codes = qs.shifted(4 * i, 0x0f0f0f0f) | fifth_bits(at.block()->qh.bytes, at.run + 2 * i);
      runs[i] = scaled_plus_run<Out>(codes, load_half(at.bytes), load_half(at.bytes + 2));
    }
  }
};

template <>
struct Runs<Q8_0> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q8_0> at(tile, run);
    const uint8_t* const qs = at.bytes + offsetof(Q8_0, qs) + at.run * 8;
    scaled(from_signed(load8<2>(qs)), 128, load_half(at.bytes), w);
  }
};

template <>
struct Runs<Q8_1> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q8_1> at(tile, run);
    const uint8_t* const qs = at.bytes + offsetof(Q8_1, qs) + at.run * 8;
    scaled(from_signed(load8<4>(qs)), 128, load_half(at.bytes), w);
  }
};

template <>
struct Runs<Q8_K> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q8_K> at(tile, run);
    const uint8_t* const qs = at.bytes + offsetof(Q8_K, qs) + at.run * 8;
    scaled(from_signed(load8<4>(qs)), 128, float_from_bits(load_aligned<uint32_t>(at.bytes)), w);
  }
};

template <>
struct Runs<Q1_0> : NoBook {
  // Two runs of a block that need not be neighbours.
  static constexpr int kTogether = 2, kStride = 2;
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[2]) {
    const At<Q1_0> at(tile, run);
    const float scale = load_half(at.bytes);
    const uint32_t pair = palette_pair<Out>(scale, 1, 1);
    QN_UNROLLED
    for (int i = 0; i < 2; i++) {
      Pairs pairs = {{pair, pair, pair, pair}};
      negate(pairs, at.block()->qs[at.run + 2 * i] ^ 0xffu);
      runs[i] = results_of<Out>(pairs, scale);
    }
  }
};

template <>
struct Runs<Q2_0> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q2_0> at(tile, run);
    const uint32_t pairs = load_aligned<uint16_t>(at.block()->qs + at.run * 2);
    scaled({spread_pairs<0>(pairs & 255), spread_pairs<0>(pairs >> 8)}, 1, load_half(at.bytes), w);
  }
};

// The ternary formats have three levels for each block.
template <class Out>
QN_DEVICE Palette4<Out> ternary_palette(float scale) {
  return {scale, {-1, 0, 1, 2}};
}

template <>
struct Runs<TQ2_0> : NoBook {
  // Four runs share eight bytes.
  static constexpr int kTogether = 4, kStride = 4;
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[4]) {
    const At<TQ2_0> at(tile, run);
    const float scale = load_half(at.bytes + offsetof(TQ2_0, d));
    const Palette4<Out> palette = ternary_palette<Out>(scale);
    const Codes qs = load8<2>(at.block()->qs + at.run / 16 * 32 + at.run % 4 * 8);
    QN_UNROLLED
    for (int k = 0; k < 4; k++)
      runs[k] = results_of<Out>(palette.look_up(qs.shifted(2 * k, 0x03030303)), scale);
  }
};

template <>
struct Runs<TQ1_0> : NoBook {
  static constexpr int kTogether = 2, kStride = 2;
  template <class Out>
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, Rounded<Out> (&runs)[2]) {
    const At<TQ1_0> at(tile, run);
    const float scale = load_half(at.bytes + offsetof(TQ1_0, d));
    const Palette4<Out> palette = ternary_palette<Out>(scale);
    // Of the eight rows of four runs, 0 to 4 are one digit each of qs[0..31]. 5 to 7 are the digits of qs[32..47], two
    // to a row, except that the second half of row 7 is two runs with two digits each of the four bytes of qh.
    const uint32_t row = at.run / 4, column = at.run % 2;
    const bool early = row < 5, last = row == 7;
    const uint8_t* const bytes = at.bytes + column * 8 + (early ? 0 : 32);
    const Codes first = load8<2>(bytes);
    Codes second = load8<2>(early ? bytes + 16 : last ? at.bytes + 48 : bytes);
    if (last) second.high = second.low;
    // Powers of 3, by row.
    const uint32_t power = permute(0x1b090301, 0x51090151, row) & 255;
    const uint32_t next = last ? column * 8 + 1 : permute(0x1b090301, 0x001b0351, row) & 255;
    runs[0] = results_of<Out>(palette.look_up({digits(first.low, power), digits(first.high, power)}), scale);
    const Codes codes = {digits(second.low, next), digits(second.high, last ? next * 3 : next)};
    runs[1] = results_of<Out>(palette.look_up(codes), scale);
  }

 private:
  // The digits of four bytes (see TQ1_0) that a multiplication by `power` moves to the top, two at a time: three times
  // what is then left of a byte is less than 768, and the upper byte of that the digit.
  QN_DEVICE static uint32_t digits(uint32_t bytes, uint32_t power) {
    const uint32_t even = (bytes & 0x00ff00ff) * power & 0x00ff00ff,
                   odd = permute(bytes, 0, 0x4341) * power & 0x00ff00ff;
    return permute(even * 3, odd * 3, 0x7351);
  }
};

}  // namespace qn::QN_TARGET
