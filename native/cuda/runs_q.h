// SPDX-License-Identifier: MIT
//
// Runs of the formats with one scale for each block: Q4, Q5, Q8, Q1_0, Q2_0 and the ternary ones. Layouts are in
// ../formats.
#pragma once

#include "runs.h"

namespace qn::QN_TARGET {

// Codes of four bits in blocks of 32: runs 0 and 1 are the lower halves of the bytes, 2 and 3 the upper.
template <uint32_t kAlign>
QN_DEVICE Codes nibbles32(const uint8_t* qs, uint32_t run) {
  return load8<kAlign>(qs + run % 2 * 8).shifted(run / 2 * 4, 0x0f0f0f0f);
}

// The fifth bits of Q5_0 and Q5_1.
QN_DEVICE Codes fifth_bits(const uint8_t* qh, uint32_t run) {
  const uint32_t bits = qh[run];
  return {spread_bits(bits & 15, 16), spread_bits(bits >> 4, 16)};
}

template <>
struct Runs<Q4_0> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q4_0> at(tile, run);
    scaled(nibbles32<2>(at.block()->qs, at.run), 8, load_half(at.bytes), w);
  }
};

template <>
struct Runs<Q4_1> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q4_1> at(tile, run);
    scaled_plus(nibbles32<4>(at.block()->qs, at.run), load_half(at.bytes), load_half(at.bytes + 2), w);
  }
};

template <>
struct Runs<Q5_0> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q5_0> at(tile, run);
    const Codes codes = nibbles32<2>(at.block()->qs, at.run) | fifth_bits(at.block()->qh.bytes, at.run);
    scaled(codes, 16, load_half(at.bytes), w);
  }
};

template <>
struct Runs<Q5_1> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q5_1> at(tile, run);
    const Codes codes = nibbles32<4>(at.block()->qs, at.run) | fifth_bits(at.block()->qh.bytes, at.run);
    scaled_plus(codes, load_half(at.bytes), load_half(at.bytes + 2), w);
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
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<Q1_0> at(tile, run);
    const uint32_t scale = bits_from_float(load_half(at.bytes)), negative = ~uint32_t{at.block()->qs[at.run]};
    for (int k = 0; k < 8; k++)
      w[k] = float_from_bits(scale ^ (negative << (31 - k) & 0x80000000u));
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

template <>
struct Runs<TQ2_0> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<TQ2_0> at(tile, run);
    const uint8_t* const qs = at.block()->qs + at.run / 16 * 32 + at.run % 4 * 8;
    scaled(load8<2>(qs).shifted(at.run / 4 % 4 * 2, 0x03030303), 1, load_half(at.bytes + offsetof(TQ2_0, d)), w);
  }
};

template <>
struct Runs<TQ1_0> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    const At<TQ1_0> at(tile, run);
    // Runs 0..19 are digits of qs[0..31], 20..29 of qs[32..47], 30 and 31 two digits each of the four bytes of qh.
    uint32_t from, digit;
    if (at.run < 20) {
      from = at.run % 4 * 8;
      digit = at.run / 4;
    } else if (at.run < 30) {
      from = 32 + at.run % 2 * 8;
      digit = (at.run - 20) / 2;
    } else {
      from = 48;
      digit = (at.run - 30) * 2;
    }
    Codes bytes = load8<2>(at.bytes + from);
    if (at.run >= 30) bytes.high = bytes.low;
    const Codes codes = {digits(bytes.low, digit), digits(bytes.high, digit + (at.run >= 30))};
    scaled(codes, 1, load_half(at.bytes + offsetof(TQ1_0, d)), w);
  }

 private:
  // Digit n of four bytes (see TQ1_0), two at a time.
  QN_DEVICE static uint32_t digits(uint32_t bytes, uint32_t n) {
    const uint32_t power = permute(0x1b090301, 81, 0x5550 + n);
    const uint32_t even = (bytes & 0x00ff00ff) * power & 0x00ff00ff,
                   odd = (bytes >> 8 & 0x00ff00ff) * power & 0x00ff00ff;
    return (even * 3 >> 8 & 0x00030003) | (odd * 3 & 0x03000300);
  }
};

}  // namespace qn::QN_TARGET
