// SPDX-License-Identifier: MIT
//
// The vector vocabulary for AVX-512: what the kernels are written in. avx2.h says the same words. A vector is always
// sixteen weights, since every format keeps at least sixteen neighbours under one scale:
//
//   Bytes    16 bytes         Ints   16 32-bit integers         Floats   16 floats
//
// Multiplications of scales with codes are exact in float32, so mul_add may fuse and gives the reference's bits.
#pragma once

#include <immintrin.h>

#include "bytes.h"

#define QN_STREAMS 1  // this vocabulary has stores past the caches

namespace qn::QN_TARGET {

using Ints = __m512i;
using Floats = __m512;

// ---- bytes (see also bytes.h)

// `value` in byte i where bit i of the mask is set, else 0.
QN_HD Bytes bytes_where(uint32_t mask, int value) {
  return _mm_maskz_set1_epi8(static_cast<__mmask16>(mask), static_cast<char>(value));
}

// a, negated in byte i where bit i of the mask is set.
QN_HD Bytes negate_where(Bytes a, uint32_t mask) {
  return _mm_mask_sub_epi8(a, static_cast<__mmask16>(mask), _mm_setzero_si128(), a);
}

// ---- integers and floats

QN_HD Ints widen_unsigned(Bytes a) { return _mm512_cvtepu8_epi32(a); }
QN_HD Ints widen_signed(Bytes a) { return _mm512_cvtepi8_epi32(a); }
QN_HD Ints load_ints(const void* from) { return _mm512_loadu_si512(from); }
// The first `bytes` of sixteen, less than 64; the others are 0.
QN_HD Ints load_part(const void* from, uint64_t bytes) {
  return _mm512_maskz_loadu_epi8((uint64_t{1} << bytes) - 1, from);
}
QN_HD void keep_ints(void* to, Ints from) { _mm512_storeu_si512(to, from); }
QN_HD Ints splat_int(uint32_t value) { return _mm512_set1_epi32(static_cast<int>(value)); }
QN_HD Ints add_ints(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
QN_HD Ints sub_ints(Ints a, Ints b) { return _mm512_sub_epi32(a, b); }
QN_HD Ints and_ints(Ints a, Ints b) { return _mm512_and_si512(a, b); }
QN_HD Ints or_ints(Ints a, Ints b) { return _mm512_or_si512(a, b); }
// (a & b) ^ c
QN_HD Ints and_xor(Ints a, Ints b, Ints c) { return _mm512_ternarylogic_epi32(a, b, c, 0x6a); }
// (a & b) | c
QN_HD Ints and_or(Ints a, Ints b, Ints c) { return _mm512_ternarylogic_epi32(a, b, c, 0xea); }
template <int kBits>
QN_HD Ints shift_ints_right(Ints a) {
  if constexpr (kBits != 0) a = _mm512_srli_epi32(a, kBits);
  return a;
}
template <int kBits>
QN_HD Ints shift_ints_left(Ints a) {
  return _mm512_slli_epi32(a, kBits);
}
// By a number that is not known at compile time.
QN_HD Ints shift_ints_right_by(Ints a, uint64_t bits) {
  return _mm512_srl_epi32(a, _mm_cvtsi64_si128(static_cast<int64_t>(bits)));
}
QN_HD Ints shift_ints_left_by(Ints a, uint64_t bits) {
  return _mm512_sll_epi32(a, _mm_cvtsi64_si128(static_cast<int64_t>(bits)));
}
QN_HD Floats floats_of(Ints bits) { return _mm512_castsi512_ps(bits); }
QN_HD Ints bits_of(Floats a) { return _mm512_castps_si512(a); }
QN_HD Floats to_floats(Ints a) { return _mm512_cvtepi32_ps(a); }
QN_HD Floats splat(float value) { return _mm512_set1_ps(value); }
QN_HD Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
QN_HD Floats sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
QN_HD Floats div(Floats a, Floats b) { return _mm512_div_ps(a, b); }
QN_HD Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
QN_HD Floats mul_add(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }

// `a` in lane i where bit i of the mask is set, else `b`.
QN_HD Floats select(uint32_t mask, Floats a, Floats b) {
  return _mm512_mask_blend_ps(static_cast<__mmask16>(mask), b, a);
}

// Lane i holds packed >> 2 i.
QN_HD Ints pairs(uint32_t packed) {
  const Ints shifts = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return _mm512_srlv_epi32(_mm512_set1_epi32(static_cast<int>(packed)), shifts);
}

// Code i of a packing in the lowest bits of lane i; those above may be anything.
template <class Packing>
QN_HD Ints spread(const uint8_t* from) {
  if constexpr (Packing::kBits == 4) {
    // Two words of eight codes. Loads can spread words without a permutation, if each is loaded by itself.
    uint32_t first, second;
    memcpy(&first, from, 4);
    memcpy(&second, from + 4, 4);
    const Ints both = _mm512_mask_set1_epi32(splat_int(first), 0xff00, static_cast<int>(second));
    return _mm512_srlv_epi32(both, load_ints(kSpread<Packing>.word_shifts));
  } else {
    const Ints all = _mm512_broadcast_i32x4(load_codes<Packing>(from));
    return _mm512_srlv_epi32(_mm512_shuffle_epi8(all, load_ints(kSpread<Packing>.bytes)),
                             load_ints(kSpread<Packing>.shifts));
  }
}

// ---- codes of up to four bits, as tables of weights
//
// at<kShift>(packed) decodes, in each lane, the code that stands at bit kShift; the bits around it may be anything.
// Here all sixteen weights are computed beforehand, and a permutation looks them up by the low four bits of a lane.

struct WeightTable {
  Floats weights;

  template <int kShift>
  QN_HD Floats at(Ints packed) const {
    if constexpr (kShift != 0) packed = _mm512_srli_epi32(packed, kShift);
    return _mm512_permutexvar_ps(packed, weights);
  }
};

// w = weights[q]
QN_HD WeightTable table_of(Floats weights) { return {weights}; }

// The codes that the sixteen places of a table stand for.
template <int kBits>
QN_HD Ints table_codes() {
  const Ints places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_and_si512(places, _mm512_set1_epi32((1 << kBits) - 1));
}

// w = scale * (q - zero)
template <int kBits>
QN_HD WeightTable centered_table(float scale, int zero) {
  return {mul(splat(scale), to_floats(_mm512_sub_epi32(table_codes<kBits>(), _mm512_set1_epi32(zero))))};
}

// w = scale * q + offset
template <int kBits>
QN_HD WeightTable affine_table(float scale, float offset) {
  return {mul_add(splat(scale), to_floats(table_codes<kBits>()), splat(offset))};
}

// w = scale * levels[q]
QN_HD WeightTable level_table(float scale, const int8_t (&levels)[16]) {
  return {mul(splat(scale), to_floats(widen_signed(load_bytes(levels))))};
}

// ---- sixteen numbers of a plain format

// Sixteen halves as scales: see Half::to_scale().
QN_HD Floats load_scales(const uint64_t (&halves)[4]) {
  const __m256i h = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves));
  const __m256i magnitude = _mm256_and_si256(h, _mm256_set1_epi16(0x7fff));
  const __mmask16 nan = _mm256_cmpgt_epi16_mask(magnitude, _mm256_set1_epi16(0x7c00));
  return _mm512_cvtph_ps(_mm256_mask_mov_epi16(h, nan, _mm256_set1_epi16(0x7e00)));
}

// Sixteen codes of E4M3; bits above the lowest eight may be anything.
QN_HD Floats e4m3_floats(Ints codes) {
  const Ints magnitude = _mm512_and_si512(_mm512_slli_epi32(codes, 20), splat_int(0x07f00000));
  // Its bits are those of 2^-120 of the number, and adding to the exponent puts that right. An exponent of 0, which has
  // no leading 1, is taken for one of 2^-7 (1 + m / 8) then, of a number that is 2^-6 m / 8: twice that, less 2^-6.
  Floats w = floats_of(add_ints(magnitude, splat_int(0x3c000000)));
  const __mmask16 subnormal = _mm512_testn_epi32_mask(magnitude, splat_int(0x07800000));
  w = _mm512_mask_fmsub_ps(w, subnormal, splat(2), splat(0x1p-6f));
  const Ints sign = _mm512_slli_epi32(codes, 24);
  w = floats_of(_mm512_ternarylogic_epi32(sign, splat_int(0x80000000), bits_of(w), 0xea));
  const __mmask16 nan = _mm512_cmpeq_epi32_mask(magnitude, splat_int(0x07f00000));
  return _mm512_mask_mov_ps(w, nan, floats_of(splat_int(0x7fc00000)));
}

// Sixteen halves.
QN_HD Floats floats_of_halves(__m256i halves) { return _mm512_cvtph_ps(halves); }

// table[index] in each lane.
QN_HD Floats gather(const float* table, Ints index) { return _mm512_i32gather_ps(index, table, 4); }

// The larger one (unsigned).
QN_HD Ints max_ints(Ints a, Ints b) { return _mm512_max_epu32(a, b); }

QN_HD Floats load(const F32* from) { return _mm512_loadu_ps(from); }
QN_HD Floats load(const F16* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
QN_HD Floats load(const BF16* from) {
  const Ints wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
QN_HD Floats load(const I8* from) { return to_floats(widen_signed(load_bytes(from))); }
QN_HD Floats load(const I16* from) {
  return to_floats(_mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))));
}
QN_HD Floats load(const I32* from) { return to_floats(_mm512_loadu_si512(from)); }
QN_HD Floats load(const I64* from) {
  const __m256 low = _mm512_cvtepi64_ps(_mm512_loadu_si512(from));
  const __m256 high = _mm512_cvtepi64_ps(_mm512_loadu_si512(from + 8));
  return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}
QN_HD Floats load(const F64* from) {
  const __m256 low = _mm512_cvtpd_ps(_mm512_loadu_pd(from));
  const __m256 high = _mm512_cvtpd_ps(_mm512_loadu_pd(from + 8));
  return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

// ---- results: 32 weights from place `at` on, which are whole cache lines in every format

template <bool kStream>
QN_HD void store_line(uint8_t* to, __m512i value) {
  if constexpr (kStream) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), value);
  } else {
    _mm512_storeu_si512(to, value);
  }
}

// A cache line from `from`, at any address, past the caches to `to`.
QN_HD void stream_line(uint8_t* to, const uint8_t* from) { store_line<true>(to, _mm512_loadu_si512(from)); }

template <bool kStream>
QN_HD void store(Output<F32, kStream> out, size_t at, Floats first, Floats second) {
  store_line<kStream>(out.bytes + at * 4, _mm512_castps_si512(first));
  store_line<kStream>(out.bytes + at * 4 + 64, _mm512_castps_si512(second));
}

// 32 weights, or sixteen of them twice, rounded once, to nearest even. NaNs must have lower halves of 0, which those
// that the processor makes have, and those of to_scale().
template <bool kStream>
QN_HD __m512i rounded(Output<F16, kStream>, Floats first, Floats second) {
  constexpr int kToNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  const __m512i low = _mm512_castsi256_si512(_mm512_cvtps_ph(first, kToNearest));
  return _mm512_inserti64x4(low, _mm512_cvtps_ph(second, kToNearest), 1);
}

template <bool kStream>
QN_HD __m512i rounded_twice(Output<F16, kStream>, Floats w) {
  return _mm512_broadcast_i64x4(_mm512_cvtps_ph(w, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

// w + 0x7fff, and 1 more where the upper half is odd: the upper half is the rounded one then.
QN_HD Ints carried(Floats w) {
  const Ints bits = _mm512_castps_si512(w);
#ifdef __AVX512VNNI__
  // As products of halves: 1 * 0x7fff + (0 or 1) * 1.
  const Ints factors = and_or(bits, splat_int(0x10000), splat_int(1));
  return _mm512_dpwssd_epi32(bits, factors, _mm512_set1_epi32(0x17fff));
#else
  const Ints odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  return _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
#endif
}

// Both rounded, in the order first 0, second 0, first 1, ...
template <bool kStream>
QN_HD Ints paired(Output<BF16, kStream>, Floats first, Floats second) {
#ifdef __AVX512VNNI__
  return _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(carried(first), 16), carried(second));
#else
  const Ints a = _mm512_castps_si512(first), b = _mm512_castps_si512(second);
  const Ints high = _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(a, 16), b);
  const Ints low = _mm512_mask_blend_epi16(0xaaaaaaaa, a, _mm512_slli_epi32(b, 16));
  // Up if the lower half is more than 0x8000, or is that and the upper half is odd.
  const Ints odd = _mm512_and_si512(high, _mm512_set1_epi16(1));
  const __mmask32 up = _mm512_cmpgt_epu16_mask(_mm512_adds_epu16(low, odd), _mm512_set1_epi16(-0x8000));
  return _mm512_mask_sub_epi16(high, up, high, _mm512_set1_epi16(-1));
#endif
}

template <bool kStream>
QN_HD Ints paired(Output<F16, kStream>, Floats first, Floats second) {
  constexpr int kToNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  const Ints low = _mm512_cvtepu16_epi32(_mm512_cvtps_ph(first, kToNearest));
  return or_ints(low, _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_cvtps_ph(second, kToNearest)), 16));
}

template <bool kStream>
QN_HD __m512i rounded(Output<BF16, kStream> out, Floats first, Floats second) {
  const Ints places = _mm512_set_epi16(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1,  //
                                       30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  return _mm512_permutexvar_epi16(places, paired(out, first, second));
}

template <bool kStream>
QN_HD __m512i rounded_twice(Output<BF16, kStream>, Floats w) {
  const Ints places = _mm512_set_epi16(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1,  //
                                       31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
  return _mm512_permutexvar_epi16(places, carried(w));
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void store(Output<T, kStream> out, size_t at, Floats first, Floats second) {
  store_line<kStream>(out.bytes + at * 2, rounded(out, first, second));
}

// 64 bytes of results.
template <class T, bool kStream>
QN_HD void store_ints(Output<T, kStream> out, Ints bits) {
  store_line<kStream>(out.bytes, bits);
}

// Lane i of vector j becomes lane j of vector i.
QN_HD void transpose(Ints (&v)[16]) {
  Ints pairs[16], quads[16];
  for (int i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    quads[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
    quads[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
    quads[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
    quads[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
  }
  // Quarter q of quads[4 i + k] holds lane 4 q + k of vectors 4 i .. 4 i + 3.
  for (int k = 0; k < 4; k++) {
    const Ints a = _mm512_shuffle_i32x4(quads[k], quads[4 + k], 0x88);
    const Ints b = _mm512_shuffle_i32x4(quads[8 + k], quads[12 + k], 0x88);
    const Ints c = _mm512_shuffle_i32x4(quads[k], quads[4 + k], 0xdd);
    const Ints d = _mm512_shuffle_i32x4(quads[8 + k], quads[12 + k], 0xdd);
    v[k] = _mm512_shuffle_i32x4(a, b, 0x88);
    v[8 + k] = _mm512_shuffle_i32x4(a, b, 0xdd);
    v[4 + k] = _mm512_shuffle_i32x4(c, d, 0x88);
    v[12 + k] = _mm512_shuffle_i32x4(c, d, 0xdd);
  }
}

// Numbers as they stand in files, with any NaN: those are replaced by the plain one.
QN_HD Floats plain_nan(Floats w) {
  // In the table of answers the lowest two digits are for quiet and signalling NaNs (3: the processor's own NaN); 0
  // everywhere else keeps w.
  return _mm512_fixupimm_ps(w, w, _mm512_set1_epi32(0x33), 0);
}

// Sixteen floats into memory.
QN_HD void keep(float* to, Floats from) { _mm512_storeu_ps(to, from); }

}  // namespace qn::QN_TARGET
