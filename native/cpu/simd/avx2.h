// SPDX-License-Identifier: MIT
//
// The vector vocabulary for AVX2. It says the same words as avx512.h, where they are explained; sixteen lanes are two
// registers here.
#pragma once

#include <immintrin.h>

#include "bytes.h"

#define QN_STREAMS 1  // this vocabulary has stores past the caches

namespace qn::QN_TARGET {

struct Ints {
  __m256i low, high;
};
struct Floats {
  __m256 low, high;
};

// ---- bytes

// -1 in byte i where bit i of the mask is set, else 0.
QN_HD Bytes mask_bytes(uint32_t mask) {
  const Bytes spread = _mm_shuffle_epi8(_mm_cvtsi32_si128(static_cast<int>(mask)),
                                        _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
  const Bytes bit = _mm_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
  return _mm_cmpeq_epi8(_mm_and_si128(spread, bit), bit);
}

QN_HD Bytes bytes_where(uint32_t mask, int value) { return _mm_and_si128(mask_bytes(mask), splat_byte(value)); }

QN_HD Bytes negate_where(Bytes a, uint32_t mask) {
  const Bytes negative = mask_bytes(mask);
  return _mm_sub_epi8(_mm_xor_si128(a, negative), negative);
}

// ---- integers and floats

QN_HD Ints widen_unsigned(Bytes a) { return {_mm256_cvtepu8_epi32(a), _mm256_cvtepu8_epi32(_mm_unpackhi_epi64(a, a))}; }
QN_HD Ints widen_signed(Bytes a) { return {_mm256_cvtepi8_epi32(a), _mm256_cvtepi8_epi32(_mm_unpackhi_epi64(a, a))}; }
QN_HD Ints load_ints(const void* from) {
  const __m256i* const words = static_cast<const __m256i*>(from);
  return {_mm256_loadu_si256(words), _mm256_loadu_si256(words + 1)};
}
QN_HD Ints load_part(const void* from, uint64_t bytes) {
  alignas(64) uint8_t all[64] = {};
  memcpy(all, from, bytes);
  return load_ints(all);
}
QN_HD void keep_ints(void* to, Ints from) {
  __m256i* const words = static_cast<__m256i*>(to);
  _mm256_storeu_si256(words, from.low);
  _mm256_storeu_si256(words + 1, from.high);
}
QN_HD Ints splat_int(uint32_t value) {
  const __m256i all = _mm256_set1_epi32(static_cast<int>(value));
  return {all, all};
}
QN_HD Ints add_ints(Ints a, Ints b) { return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)}; }
QN_HD Ints sub_ints(Ints a, Ints b) { return {_mm256_sub_epi32(a.low, b.low), _mm256_sub_epi32(a.high, b.high)}; }
QN_HD Ints and_ints(Ints a, Ints b) { return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)}; }
QN_HD Ints or_ints(Ints a, Ints b) { return {_mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high)}; }
QN_HD Ints and_or(Ints a, Ints b, Ints c) { return or_ints(and_ints(a, b), c); }
QN_HD Ints xor_ints(Ints a, Ints b) { return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)}; }
QN_HD Ints and_xor(Ints a, Ints b, Ints c) { return xor_ints(and_ints(a, b), c); }
template <int kBits>
QN_HD Ints shift_ints_right(Ints a) {
  return {_mm256_srli_epi32(a.low, kBits), _mm256_srli_epi32(a.high, kBits)};
}
template <int kBits>
QN_HD Ints shift_ints_left(Ints a) {
  return {_mm256_slli_epi32(a.low, kBits), _mm256_slli_epi32(a.high, kBits)};
}
QN_HD Ints shift_ints_right_by(Ints a, uint64_t bits) {
  const __m128i by = _mm_cvtsi64_si128(static_cast<int64_t>(bits));
  return {_mm256_srl_epi32(a.low, by), _mm256_srl_epi32(a.high, by)};
}
QN_HD Ints shift_ints_left_by(Ints a, uint64_t bits) {
  const __m128i by = _mm_cvtsi64_si128(static_cast<int64_t>(bits));
  return {_mm256_sll_epi32(a.low, by), _mm256_sll_epi32(a.high, by)};
}
QN_HD Floats floats_of(Ints bits) { return {_mm256_castsi256_ps(bits.low), _mm256_castsi256_ps(bits.high)}; }
QN_HD Ints bits_of(Floats a) { return {_mm256_castps_si256(a.low), _mm256_castps_si256(a.high)}; }
QN_HD Floats to_floats(Ints a) { return {_mm256_cvtepi32_ps(a.low), _mm256_cvtepi32_ps(a.high)}; }
QN_HD Floats splat(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
QN_HD Floats mul(Floats a, Floats b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
QN_HD Floats sub(Floats a, Floats b) { return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
QN_HD Floats div(Floats a, Floats b) { return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)}; }
QN_HD Floats add(Floats a, Floats b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
QN_HD Floats mul_add(Floats a, Floats b, Floats c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}

QN_HD Floats select(uint32_t mask, Floats a, Floats b) {
  const __m256i all = _mm256_set1_epi32(static_cast<int>(mask));
  const __m256i low_bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i high_bits = _mm256_slli_epi32(low_bits, 8);
  const __m256i low = _mm256_cmpeq_epi32(_mm256_and_si256(all, low_bits), low_bits);
  const __m256i high = _mm256_cmpeq_epi32(_mm256_and_si256(all, high_bits), high_bits);
  return {_mm256_blendv_ps(b.low, a.low, _mm256_castsi256_ps(low)),
          _mm256_blendv_ps(b.high, a.high, _mm256_castsi256_ps(high))};
}

QN_HD Ints pairs(uint32_t packed) {
  const __m256i all = _mm256_set1_epi32(static_cast<int>(packed));
  return {_mm256_srlv_epi32(all, _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14)),
          _mm256_srlv_epi32(all, _mm256_setr_epi32(16, 18, 20, 22, 24, 26, 28, 30))};
}

template <class Packing>
QN_HD Ints spread(const uint8_t* from) {
  if constexpr (Packing::kBits == 4) {
    uint32_t words[2];
    memcpy(words, from, 8);
    const Ints shifts = load_ints(kSpread<Packing>.word_shifts);
    return {_mm256_srlv_epi32(splat_int(words[0]).low, shifts.low),
            _mm256_srlv_epi32(splat_int(words[1]).low, shifts.high)};
  } else {
    const __m256i twice = _mm256_broadcastsi128_si256(load_codes<Packing>(from));
    const Ints places = load_ints(kSpread<Packing>.bytes), shifts = load_ints(kSpread<Packing>.shifts);
    return {_mm256_srlv_epi32(_mm256_shuffle_epi8(twice, places.low), shifts.low),
            _mm256_srlv_epi32(_mm256_shuffle_epi8(twice, places.high), shifts.high)};
  }
}

// ---- codes of up to four bits
//
// A permutation of eight floats is too small for a table of sixteen, so evenly spaced codes are computed.

// The codes of kBits bits at bit kShift.
template <int kShift, int kBits>
QN_HD Ints codes_at(Ints packed) {
  const __m256i mask = _mm256_set1_epi32((1 << kBits) - 1);
  return {_mm256_and_si256(_mm256_srli_epi32(packed.low, kShift), mask),
          _mm256_and_si256(_mm256_srli_epi32(packed.high, kShift), mask)};
}

template <int kBits>
struct CenteredTable {
  Floats scale;
  __m256i zero;

  template <int kShift>
  QN_HD Floats at(Ints packed) const {
    const Ints codes = codes_at<kShift, kBits>(packed);
    return mul(scale, to_floats({_mm256_sub_epi32(codes.low, zero), _mm256_sub_epi32(codes.high, zero)}));
  }
};

template <int kBits>
QN_HD CenteredTable<kBits> centered_table(float scale, int zero) {
  return {splat(scale), _mm256_set1_epi32(zero)};
}

template <int kBits>
struct AffineTable {
  Floats scale, offset;

  template <int kShift>
  QN_HD Floats at(Ints packed) const {
    return mul_add(scale, to_floats(codes_at<kShift, kBits>(packed)), offset);
  }
};

template <int kBits>
QN_HD AffineTable<kBits> affine_table(float scale, float offset) {
  return {splat(scale), splat(offset)};
}

// Sixteen weights in two registers; bit 3 of a code says which of them.
struct LevelTable {
  Floats weights;

  template <int kShift>
  QN_HD Floats at(Ints packed) const {
    return {look_up<kShift>(packed.low), look_up<kShift>(packed.high)};
  }

  template <int kShift>
  QN_HD __m256 look_up(__m256i packed) const {
    const __m256i code = _mm256_srli_epi32(packed, kShift);
    const __m256 first = _mm256_permutevar8x32_ps(weights.low, code);
    const __m256 second = _mm256_permutevar8x32_ps(weights.high, code);
    return _mm256_blendv_ps(first, second, _mm256_castsi256_ps(_mm256_slli_epi32(code, 28)));
  }
};

// The codes that the sixteen places of a table stand for.
template <int kBits>
QN_HD Ints table_codes() {
  const Ints places{_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15)};
  return and_ints(places, splat_int((1u << kBits) - 1));
}

QN_HD LevelTable table_of(Floats weights) { return {weights}; }

QN_HD LevelTable level_table(float scale, const int8_t (&levels)[16]) {
  return {mul(splat(scale), to_floats(widen_signed(load_bytes(levels))))};
}

// ---- sixteen numbers of a plain format

QN_HD __m256i load_256(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

// Sixteen halves as scales: see Half::to_scale().
QN_HD Floats load_scales(const uint64_t (&halves)[4]) {
  const __m256i h = load_256(halves);
  const __m256i magnitude = _mm256_and_si256(h, _mm256_set1_epi16(0x7fff));
  const __m256i nan = _mm256_cmpgt_epi16(magnitude, _mm256_set1_epi16(0x7c00));
  const __m256i plain = _mm256_blendv_epi8(h, _mm256_set1_epi16(0x7e00), nan);
  return {_mm256_cvtph_ps(_mm256_castsi256_si128(plain)), _mm256_cvtph_ps(_mm256_extracti128_si256(plain, 1))};
}

QN_HD __m256 e4m3_floats_of_8(__m256i codes) {
  const __m256i magnitude = _mm256_and_si256(_mm256_slli_epi32(codes, 20), _mm256_set1_epi32(0x07f00000));
  const __m256 normal = _mm256_castsi256_ps(_mm256_add_epi32(magnitude, _mm256_set1_epi32(0x3c000000)));
  const __m256 subnormal = _mm256_fmsub_ps(normal, _mm256_set1_ps(2), _mm256_set1_ps(0x1p-6f));
  const __m256i is_normal = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x00700000));
  const __m256i is_nan = _mm256_cmpeq_epi32(magnitude, _mm256_set1_epi32(0x07f00000));
  const __m256 w = _mm256_blendv_ps(subnormal, normal, _mm256_castsi256_ps(is_normal));
  const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));
  const __m256 sign = _mm256_castsi256_ps(_mm256_slli_epi32(codes, 24));
  const __m256 signed_w = _mm256_or_ps(w, _mm256_and_ps(sign, _mm256_set1_ps(-0.0f)));
  return _mm256_blendv_ps(signed_w, nan, _mm256_castsi256_ps(is_nan));
}
QN_HD Floats e4m3_floats(Ints codes) { return {e4m3_floats_of_8(codes.low), e4m3_floats_of_8(codes.high)}; }

QN_HD Floats floats_of_halves(__m256i halves) {
  return {_mm256_cvtph_ps(_mm256_castsi256_si128(halves)), _mm256_cvtph_ps(_mm256_extracti128_si256(halves, 1))};
}

QN_HD Floats gather(const float* table, Ints index) {
  return {_mm256_i32gather_ps(table, index.low, 4), _mm256_i32gather_ps(table, index.high, 4)};
}

QN_HD Ints max_ints(Ints a, Ints b) { return {_mm256_max_epu32(a.low, b.low), _mm256_max_epu32(a.high, b.high)}; }

QN_HD Floats load(const F32* from) {
  return {_mm256_castsi256_ps(load_256(from)), _mm256_castsi256_ps(load_256(from + 8))};
}
QN_HD Floats load(const F16* from) {
  return {_mm256_cvtph_ps(load_bytes(from)), _mm256_cvtph_ps(load_bytes(from + 8))};
}
QN_HD Floats load(const BF16* from) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load_bytes(from)), 16)),
          _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load_bytes(from + 8)), 16))};
}
QN_HD Floats load(const I8* from) { return to_floats(widen_signed(load_bytes(from))); }
QN_HD Floats load(const I16* from) {
  return to_floats({_mm256_cvtepi16_epi32(load_bytes(from)), _mm256_cvtepi16_epi32(load_bytes(from + 8))});
}
QN_HD Floats load(const I32* from) { return to_floats({load_256(from), load_256(from + 8)}); }
QN_HD __m256 load_8(const F64* from) {
  const __m128 low = _mm256_cvtpd_ps(_mm256_castsi256_pd(load_256(from)));
  const __m128 high = _mm256_cvtpd_ps(_mm256_castsi256_pd(load_256(from + 4)));
  return _mm256_insertf128_ps(_mm256_castps128_ps256(low), high, 1);
}
QN_HD Floats load(const F64* from) { return {load_8(from), load_8(from + 8)}; }
// AVX2 has no conversion of 64-bit integers; load(const I64*) is left out, and the general kernel does it.

// ---- results

template <bool kStream>
QN_HD void store_256(uint8_t* to, __m256i value) {
  if constexpr (kStream) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), value);
  } else {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
  }
}

QN_HD void stream_line(uint8_t* to, const uint8_t* from) {
  store_256<true>(to, load_256(from));
  store_256<true>(to + 32, load_256(from + 32));
}

template <bool kStream>
QN_HD void store_16(Output<F32, kStream> out, size_t at, Floats w) {
  store_256<kStream>(out.bytes + at * 4, _mm256_castps_si256(w.low));
  store_256<kStream>(out.bytes + at * 4 + 32, _mm256_castps_si256(w.high));
}

template <bool kStream>
QN_HD void store_16(Output<F16, kStream> out, size_t at, Floats w) {
  const __m128i low = _mm256_cvtps_ph(w.low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m128i high = _mm256_cvtps_ph(w.high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  store_256<kStream>(out.bytes + at * 2, _mm256_set_m128i(high, low));
}

// Both rounded, in the order first 0, second 0, first 1, ...
QN_HD __m256i paired_bfloats(__m256 first, __m256 second) {
  const __m256i a = _mm256_castps_si256(first), b = _mm256_castps_si256(second);
  const __m256i upper = _mm256_blend_epi16(_mm256_srli_epi32(a, 16), b, 0xaa);
  const __m256i lower = _mm256_blend_epi16(a, _mm256_slli_epi32(b, 16), 0xaa);
  // Up if the lower half is more than 0x8000, or is that and the upper half is odd.
  const __m256i odd = _mm256_and_si256(upper, _mm256_set1_epi16(1));
  const __m256i beyond = _mm256_subs_epu16(_mm256_adds_epu16(lower, odd), _mm256_set1_epi16(-0x8000));
  return _mm256_add_epi16(upper, _mm256_min_epu16(beyond, _mm256_set1_epi16(1)));
}

template <bool kStream>
QN_HD void store_16(Output<BF16, kStream> out, size_t at, Floats w) {
  const __m256i places = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15,  //
                                          0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  const __m256i rounded = paired_bfloats(w.low, w.high);
  // Shuffling works within halves of a register; the quarters are put in order after it.
  store_256<kStream>(out.bytes + at * 2, _mm256_permute4x64_epi64(_mm256_shuffle_epi8(rounded, places), 0xd8));
}

template <bool kStream>
QN_HD Ints paired(Output<BF16, kStream>, Floats first, Floats second) {
  return {paired_bfloats(first.low, second.low), paired_bfloats(first.high, second.high)};
}

QN_HD __m256i paired_halves(__m256 first, __m256 second) {
  constexpr int kToNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  const __m128i a = _mm256_cvtps_ph(first, kToNearest), b = _mm256_cvtps_ph(second, kToNearest);
  return _mm256_set_m128i(_mm_unpackhi_epi16(a, b), _mm_unpacklo_epi16(a, b));
}

template <bool kStream>
QN_HD Ints paired(Output<F16, kStream>, Floats first, Floats second) {
  return {paired_halves(first.low, second.low), paired_halves(first.high, second.high)};
}

template <class T, bool kStream>
QN_HD void store_ints(Output<T, kStream> out, Ints bits) {
  store_256<kStream>(out.bytes, bits.low);
  store_256<kStream>(out.bytes + 32, bits.high);
}

QN_HD void transpose_8(__m256i (&v)[8]) {
  __m256i pairs[8], quads[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    quads[i] = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
    quads[i + 1] = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
    quads[i + 2] = _mm256_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
    quads[i + 3] = _mm256_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
  }
  for (int k = 0; k < 4; k++) {
    v[k] = _mm256_permute2x128_si256(quads[k], quads[4 + k], 0x20);
    v[4 + k] = _mm256_permute2x128_si256(quads[k], quads[4 + k], 0x31);
  }
}

QN_HD void transpose(Ints (&v)[16]) {
  for (int lines = 0; lines < 16; lines += 8) {
    __m256i low[8], high[8];
    for (int i = 0; i < 8; i++) {
      low[i] = v[lines + i].low;
      high[i] = v[lines + i].high;
    }
    transpose_8(low);
    transpose_8(high);
    // For now lane i of vector j of these lines stands in lane j of [lines + i % 8].low (i < 8) or .high.
    for (int i = 0; i < 8; i++)
      v[lines + i] = {low[i], high[i]};
  }
  for (int i = 0; i < 8; i++) {
    const __m256i moved = v[i].high;
    v[i].high = v[8 + i].low;
    v[8 + i].low = moved;
  }
}

template <class Out>
QN_HD void store(Out out, size_t at, Floats first, Floats second) {
  store_16(out, at, first);
  store_16(out, at + 16, second);
}

QN_HD Floats plain_nan(Floats w) {
  const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));
  return {_mm256_blendv_ps(w.low, nan, _mm256_cmp_ps(w.low, w.low, _CMP_UNORD_Q)),
          _mm256_blendv_ps(w.high, nan, _mm256_cmp_ps(w.high, w.high, _CMP_UNORD_Q))};
}

QN_HD void keep(float* to, Floats from) {
  _mm256_storeu_ps(to, from.low);
  _mm256_storeu_ps(to + 8, from.high);
}

}  // namespace qn::QN_TARGET
