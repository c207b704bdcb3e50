// SPDX-License-Identifier: MIT
//
// The part of the vector vocabulary that is the same for AVX2 and AVX-512: sixteen packed bytes, in a register of 128
// bits.
#pragma once

#include <immintrin.h>

#include "../output.h"

namespace qn::QN_TARGET {

using Bytes = __m128i;

QN_HD Bytes load_bytes(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }
// Eight bytes, and zeros.
QN_HD Bytes load_8_bytes(const void* from) { return _mm_loadl_epi64(static_cast<const __m128i*>(from)); }
QN_HD Bytes bytes_of(uint64_t low, uint64_t high) {
  return _mm_set_epi64x(static_cast<int64_t>(high), static_cast<int64_t>(low));
}
QN_HD Bytes splat_byte(int value) { return _mm_set1_epi8(static_cast<char>(value)); }
QN_HD Bytes or_bytes(Bytes a, Bytes b) { return _mm_or_si128(a, b); }
QN_HD Bytes add_bytes(Bytes a, Bytes b) { return _mm_add_epi8(a, b); }
QN_HD Bytes sub_bytes(Bytes a, Bytes b) { return _mm_sub_epi8(a, b); }

// Asks for a cache line that will be read soon. Any address will do.
QN_HD void prefetch(const uint8_t* at) { _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T0); }

// The first eight bytes of both in turn: a 0, b 0, a 1, ...
QN_HD Bytes interleave(Bytes a, Bytes b) { return _mm_unpacklo_epi8(a, b); }

// Bits kFrom .. kFrom + kCount - 1 of each byte, moved to bit kTo.
template <int kFrom, int kCount, int kTo = 0>
QN_HD Bytes field(Bytes a) {
  constexpr int kMask = ((1 << kCount) - 1) << kTo;
  if constexpr (kFrom > kTo) a = _mm_srli_epi16(a, kFrom - kTo);
  if constexpr (kFrom < kTo) a = _mm_slli_epi16(a, kTo - kFrom);
  return _mm_and_si128(a, splat_byte(kMask));
}

// -1 where a >= limit (unsigned), else 0.
QN_HD Bytes at_least(Bytes a, int limit) { return _mm_cmpeq_epi8(_mm_max_epu8(a, splat_byte(limit)), a); }

// Sixteen codes side by side, lowest bits first. Like every packing it tells the bit of its bytes at which code i
// begins.
template <int kBitsOfCode>
struct Dense {
  static constexpr int kBits = kBitsOfCode;
  static constexpr int bit(int i) { return i * kBits; }
};

// How spread() brings code i to lane i: the one or two bytes that hold it, shifted.
template <class Packing>
struct SpreadTable {
  alignas(64) uint8_t bytes[64];
  alignas(64) uint32_t shifts[16];
  alignas(64) uint32_t word_shifts[16];  // where each lane has the word that holds it
  constexpr SpreadTable() : bytes(), shifts(), word_shifts() {
    for (int i = 0; i < 16; i++) {
      const int bit = Packing::bit(i);
      const bool straddles = bit % 8 + Packing::kBits > 8;
      bytes[4 * i] = static_cast<uint8_t>(bit / 8);
      bytes[4 * i + 1] = static_cast<uint8_t>(straddles ? bit / 8 + 1 : 0x80);  // 0x80: zero
      bytes[4 * i + 2] = bytes[4 * i + 3] = 0x80;
      shifts[i] = static_cast<uint32_t>(bit % 8);
      word_shifts[i] = static_cast<uint32_t>(bit % 32);
    }
  }
};

template <class Packing>
inline constexpr SpreadTable<Packing> kSpread;

// An even number of bytes, at most 8, without a way through memory.
template <int kBytes>
QN_HD uint64_t load_number(const uint8_t* from) {
  uint64_t value = 0;
  if constexpr (kBytes == 8) {
    memcpy(&value, from, 8);
  } else if constexpr (kBytes >= 4) {
    uint32_t low;
    memcpy(&low, from, 4);
    value = low | load_number<kBytes - 4>(from + 4) << 32;
  } else if constexpr (kBytes == 2) {
    uint16_t low;
    memcpy(&low, from, 2);
    value = low;
  }
  return value;
}

// The bytes of sixteen codes, and zeros.
template <class Packing>
QN_HD Bytes load_codes(const uint8_t* from) {
  constexpr int kBytes = 2 * Packing::kBits;
  if constexpr (kBytes == 16) {
    return load_bytes(from);
  } else if constexpr (kBytes < 8) {
    return bytes_of(load_number<kBytes>(from), 0);
  } else {
    return bytes_of(load_number<8>(from), load_number<kBytes - 8>(from + 8));
  }
}

}  // namespace qn::QN_TARGET
