// SPDX-License-Identifier: MIT
//
// Formats of five and six bits with AVX-512: codes put together 64 at a time, or looked up in 32 weights.
#pragma once

#include "blocks_of_32.h"
#include "k_formats.h"

namespace qn::QN_TARGET {

// The 32 weights of a block with one scale: lower and upper sixteen codes.
struct WideTable {
  Floats lower, upper;

  // The weights of sixteen nibbles, kShift bits up in each lane, whose fifth bits are 16 bits of `high` from bit kFirst
  // on.
  template <int kShift>
  QN_HD Floats at(Ints nibbles, Ints high) const {
    // Bit kFirst + i of `high`, rotated to bit 4 of lane i.
    constexpr int kFirst = 4 * kShift;
    const Ints counts = _mm512_sub_epi32(_mm512_set1_epi32(36 - kFirst), table_codes<4>());
    if constexpr (kShift != 0) nibbles = _mm512_srli_epi32(nibbles, kShift);
    constexpr int kChoose = 0xca;  // a ? b : c
    const Ints places =
        _mm512_ternarylogic_epi32(_mm512_set1_epi32(16), _mm512_rolv_epi32(high, counts), nibbles, kChoose);
    return _mm512_permutex2var_ps(lower, places, upper);
  }
};

template <class Block, bool kStream>
QN_HD void store_five_bits(const Block& block, WideTable table, Output<F32, kStream> out) {
  const Ints nibbles = widen_unsigned(load_bytes(block.qs));
  const Ints high = _mm512_set1_epi32(static_cast<int>(block.qh.get()));
  store(out, 0, table.template at<0>(nibbles, high), table.template at<4>(nibbles, high));
}

template <bool kStream>
QN_HD void dequantize(const Q5_0& block, Scales scales, Output<F32, kStream> out) {
  const Floats scale = splat(scales.d);
  const Floats lower = to_floats(_mm512_sub_epi32(table_codes<4>(), _mm512_set1_epi32(16)));
  store_five_bits(block, {mul(scale, lower), mul(scale, to_floats(table_codes<4>()))}, out);
}

template <bool kStream>
QN_HD void dequantize(const Q5_1& block, Scales scales, Output<F32, kStream> out) {
  const Floats scale = splat(scales.d), offset = splat(scales.m);
  const Floats upper = to_floats(_mm512_add_epi32(table_codes<4>(), _mm512_set1_epi32(16)));
  store_five_bits(block, {mul_add(scale, to_floats(table_codes<4>()), offset), mul_add(scale, upper, offset)}, out);
}

template <class T, bool kStream>
QN_HD void dequantize(const Q6_K& block, Output<T, kStream> out) {
  const Sixteen scales(scaled(splat(block.d.to_scale()), load_bytes(block.scales)));
  // The codes of half a block, less the zero point, as signed bytes.
  const auto unpack = [&](int half, int8_t* codes) {
    const __m512i low = _mm512_loadu_si512(block.ql + 64 * half);
    const __m256i packed = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block.qh + 32 * half));
    // High bits of codes 0 .. 31 and 32 .. 63 at bits 0 and 1, of codes 64 .. 95 and 96 .. 127 at bits 4 and 5.
    const __m512i high = _mm512_srlv_epi64(_mm512_broadcast_i64x4(packed), _mm512_set_epi64(2, 2, 2, 2, 0, 0, 0, 0));
    const auto centered = [](__m512i nibbles, __m512i two_bits) {
      constexpr int kAndOr = 0xea;  // (a & b) | c
      const __m512i four = _mm512_and_si512(nibbles, _mm512_set1_epi8(15));
      const __m512i six = _mm512_ternarylogic_epi32(two_bits, _mm512_set1_epi8(0x30), four, kAndOr);
      return _mm512_sub_epi8(six, _mm512_set1_epi8(32));
    };
    _mm512_store_si512(codes, centered(low, _mm512_slli_epi16(high, 4)));
    _mm512_store_si512(codes + 64, centered(_mm512_srli_epi16(low, 4), high));
  };
  alignas(64) int8_t codes[256];
  unpack(0, codes);
  unpack(1, codes + 128);
  unroll<0, 8>([&](auto pair) {
    const int8_t* const q = codes + 32 * pair;
    store(out, 32 * pair, scaled(splat(scales[2 * pair]), load_bytes(q)),
          scaled(splat(scales[2 * pair + 1]), load_bytes(q + 16)));
  });
}

}  // namespace qn::QN_TARGET
