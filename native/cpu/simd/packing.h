// SPDX-License-Identifier: MIT
//
// The part of the encoders' vocabulary that is the same for AVX2 and AVX-512: codes in bytes, and what they are packed
// into.
#pragma once

#include "bytes.h"

namespace qn::QN_TARGET {

QN_HD void keep_bytes(void* to, Bytes from) { _mm_storeu_si128(static_cast<__m128i*>(to), from); }
QN_HD void keep_8_bytes(void* to, Bytes from) { _mm_storel_epi64(static_cast<__m128i*>(to), from); }

// The second eight bytes, in the place of the first.
QN_HD Bytes second_8(Bytes a) { return _mm_unpackhi_epi64(a, a); }

// 0 where a == value, else a.
QN_HD Bytes zero_where(Bytes a, int value) { return _mm_andnot_si128(_mm_cmpeq_epi8(a, splat_byte(value)), a); }

// The smaller one (signed).
QN_HD Bytes min_bytes(Bytes a, Bytes b) { return _mm_min_epi8(a, b); }

// Nibbles llll of the first and hhhh of the second; what stands above four bits is dropped.
QN_HD Bytes pack_nibbles(Bytes low, Bytes high) { return or_bytes(field<0, 4>(low), field<0, 4, 4>(high)); }

// Bit kBit of each byte.
template <int kBit>
QN_HD uint32_t bits_at(Bytes a) {
  if constexpr (kBit < 7) a = _mm_slli_epi16(a, 7 - kBit);
  return static_cast<uint32_t>(_mm_movemask_epi8(a));
}

// 4 a + b and 3 a + b
QN_HD Bytes four_times(Bytes a, Bytes b) {
  const Bytes twice = add_bytes(a, a);
  return add_bytes(add_bytes(twice, twice), b);
}
QN_HD Bytes three_times(Bytes a, Bytes b) { return add_bytes(add_bytes(a, a), add_bytes(a, b)); }

// The sum of sixteen signed bytes in the lowest 32-bit integer.
QN_HD Bytes sum_bytes(Bytes a) {
  const Bytes raised = _mm_sad_epu8(_mm_xor_si128(a, splat_byte(-128)), _mm_setzero_si128());
  return _mm_sub_epi32(_mm_add_epi32(raised, _mm_unpackhi_epi64(raised, raised)), _mm_cvtsi32_si128(16 * 128));
}
QN_HD int first_int(Bytes a) { return _mm_cvtsi128_si32(a); }

// 64 codes of two bits, four neighbours to a byte.
QN_HD Bytes pack_neighbours(const Bytes (&codes)[4]) {
  const auto fours = [](Bytes a) {
    const Bytes twos = _mm_maddubs_epi16(a, _mm_set1_epi16(0x0401));
    return _mm_madd_epi16(twos, _mm_set1_epi32(0x00100001));
  };
  return _mm_packus_epi16(_mm_packus_epi32(fours(codes[0]), fours(codes[1])),
                          _mm_packus_epi32(fours(codes[2]), fours(codes[3])));
}

// ceil(256 / 243 * a) for a of 0 to 242: a number of five ternary digits as a fraction of 256 (see tq1_0.h).
QN_HD Bytes fraction_of_243(Bytes a) {
  const __m256i wide = _mm256_cvtepu8_epi16(a);
  // a + ceil(13 a / 243). The division is a multiplication by 2^19 / 243, exact for dividends of up to 3388.
  const __m256i dividend = _mm256_add_epi16(_mm256_mullo_epi16(wide, _mm256_set1_epi16(13)), _mm256_set1_epi16(242));
  const __m256i quotient = _mm256_srli_epi16(_mm256_mulhi_epu16(dividend, _mm256_set1_epi16(2158)), 3);
  const __m256i sum = _mm256_add_epi16(wide, quotient);
  return _mm_packus_epi16(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

}  // namespace qn::QN_TARGET
