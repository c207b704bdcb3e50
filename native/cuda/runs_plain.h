// SPDX-License-Identifier: MIT
//
// Runs of the plain formats: eight numbers, which are a multiple of 8 bytes into shared memory.
#pragma once

#include "runs.h"

namespace qn::QN_TARGET {

QN_DEVICE float to_float(const F32&, uint32_t bits) { return float_from_bits(bits); }
QN_DEVICE float to_float(const I32&, uint32_t bits) { return static_cast<float>(static_cast<int32_t>(bits)); }
QN_DEVICE float to_float(const F16&, uint32_t bits) { return Half::to_float(bits); }
QN_DEVICE float to_float(const BF16&, uint32_t bits) { return float_from_bits(bits << 16); }
QN_DEVICE float to_float(const I16&, uint32_t bits) { return static_cast<float>(static_cast<int16_t>(bits)); }

// Numbers of 16 or 32 bits.
template <class Number>
struct WordRuns : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    constexpr int kPerWord = 4 / sizeof(Number);
    const uint8_t* const numbers = tile + run * 8 * sizeof(Number);
    for (int i = 0; i < 8; i += 4 * kPerWord) {
      const Words4 words = load16(numbers + i * sizeof(Number));
      for (int k = 0; k < 4 * kPerWord; k++) {
        const uint32_t word = words.word[k / kPerWord];
        w[i + k] = to_float(Number{}, kPerWord == 1 ? word : word >> 16 * (k % kPerWord) & 0xffff);
      }
    }
  }
};
template <>
struct Runs<F32> : WordRuns<F32> {};
template <>
struct Runs<F16> : WordRuns<F16> {};
template <>
struct Runs<BF16> : WordRuns<BF16> {};
template <>
struct Runs<I16> : WordRuns<I16> {};
template <>
struct Runs<I32> : WordRuns<I32> {};

template <>
struct Runs<I8> : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    scaled(from_signed(load8<8>(tile + run * 8)), 128, 1.0f, w);
  }
};

template <class Number, class Value>
struct LongRuns : NoBook {
  QN_DEVICE static void decode(const uint8_t* tile, uint32_t run, const uint8_t*, float (&w)[8]) {
    for (int k = 0; k < 8; k++)
      w[k] = static_cast<float>(load_aligned<Value>(tile + (run * 8 + k) * sizeof(Number)));
  }
};
template <>
struct Runs<I64> : LongRuns<I64, int64_t> {};
template <>
struct Runs<F64> : LongRuns<F64, double> {};

}  // namespace qn::QN_TARGET
