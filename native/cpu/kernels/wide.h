// SPDX-License-Identifier: MIT
//
// Q5_0, Q5_1, Q6_K, NVFP4 and TQ1_0 to float32 with AVX-512, where other ways than those of all sets are faster.
#pragma once

#include "blocks_of_32.h"
#include "few_bits.h"
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

// w = scale * (q - 16)
QN_HD WideTable centered_wide_table(float scale) {
  return {centered_table<4>(scale, 16).weights, centered_table<4>(scale, 0).weights};
}

// w = scale * q + offset
QN_HD WideTable affine_wide_table(float scale, float offset) {
  const Floats upper = to_floats(_mm512_add_epi32(table_codes<4>(), _mm512_set1_epi32(16)));
  return {affine_table<4>(scale, offset).weights, mul_add(splat(scale), upper, splat(offset))};
}

template <class Block, bool kStream>
QN_HD void store_five_bits(const Block& block, WideTable table, Output<F32, kStream> out) {
  const Ints nibbles = widen_unsigned(load_bytes(block.qs));
  const Ints high = _mm512_set1_epi32(static_cast<int>(block.qh.get()));
  store(out, 0, table.template at<0>(nibbles, high), table.template at<4>(nibbles, high));
}

template <bool kStream>
QN_HD void dequantize(const Q5_0& block, Scales scales, Output<F32, kStream> out) {
  store_five_bits(block, centered_wide_table(scales.d), out);
}

template <bool kStream>
QN_HD void dequantize(const Q5_1& block, Scales scales, Output<F32, kStream> out) {
  store_five_bits(block, affine_wide_table(scales.d, scales.m), out);
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
      const __m512i four = _mm512_and_si512(nibbles, _mm512_set1_epi8(15));
      const __m512i six = and_or(two_bits, _mm512_set1_epi8(0x30), four);
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

// ---- NVFP4

template <bool kStream>
QN_HD void dequantize(const NVFP4& block, Output<F32, kStream> out) {
  const auto group_of = [&](int group) {  // eight low, then eight high nibbles
    uint64_t packed;
    memcpy(&packed, block.qs + 8 * group, 8);
    const Ints wide = widen_unsigned(_mm_set1_epi64x(static_cast<long long>(packed)));
    const Ints shifts = _mm512_set_epi32(4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0);
    return table_of(block, group).at<0>(_mm512_srlv_epi32(wide, shifts));
  };
  store(out, 0, group_of(0), group_of(1));
  store(out, 32, group_of(2), group_of(3));
}

// ---- TQ1_0

// Digits stand above the lowest eight bits of a lane after multiplying by 3, so that nothing is compared.
template <bool kStream>
QN_HD void dequantize(const TQ1_0& block, Output<F32, kStream> out) {
  const WeightTable table = centered_table<2>(block.d.to_scale(), 1);
  const auto times_3 = [](Ints a) { return _mm512_add_epi32(a, _mm512_add_epi32(a, a)); };
  const auto rest = [](Ints multiplied) { return _mm512_and_si512(multiplied, _mm512_set1_epi32(255)); };
  Ints first = widen_unsigned(load_bytes(block.qs)), second = widen_unsigned(load_bytes(block.qs + 16));
  for (int n = 0; n < 5; n++) {
    first = times_3(first);
    second = times_3(second);
    store(out, 32 * n, table.at<8>(first), table.at<8>(second));
    first = rest(first);
    second = rest(second);
  }
  // Sixteen bytes with five digits each, 160 .. 239, then four bytes with four digits.
  Ints sixteen = widen_unsigned(load_bytes(block.qs + 32));
  Floats weights[6];
  for (int n = 0; n < 5; n++) {
    sixteen = times_3(sixteen);
    weights[n] = table.at<8>(sixteen);
    sixteen = rest(sixteen);
  }
  uint32_t four;
  memcpy(&four, block.qh, 4);
  const Ints columns = widen_unsigned(_mm_set1_epi32(static_cast<int>(four)));
  const Ints powers = _mm512_set_epi32(27, 27, 27, 27, 9, 9, 9, 9, 3, 3, 3, 3, 1, 1, 1, 1);
  weights[5] = table.at<8>(times_3(rest(_mm512_mullo_epi16(columns, powers))));
  for (int n = 0; n < 6; n += 2)
    store(out, 160 + 16 * n, weights[n], weights[n + 1]);
}

}  // namespace qn::QN_TARGET
