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

}  // namespace qn::QN_TARGET
