// SPDX-License-Identifier: MIT
//
// Results of 16 bits from codes of up to five bits, with AVX-512: the few weights that a scale allows are computed and
// rounded beforehand, and a permutation of 16-bit words looks up 32 of them at once. Rounding a weight costs more than
// anything else that is done to it; here it is done for each level of a group, not for each weight.
#pragma once

#include "blocks_of_32.h"
#include "few_bits.h"
#include "k_formats.h"
#include "wide.h"
#include "word_tables.h"

namespace qn::QN_TARGET {

// Sixteen bytes as words, twice, the second time their high nibbles.
QN_HD Words nibbles_to_words(const void* packed) {
  const Words twice = _mm512_cvtepu8_epi16(_mm256_broadcastsi128_si256(load_bytes(packed)));
  return _mm512_srlv_epi16(twice, halves(0, 4));
}

// Q4_0, Q4_1, IQ4_NL, IQ4_XS and MXFP4
template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void store_nibbles(const WeightTable& table, const void* packed, Output<T, kStream> out, int at) {
  store_words(out, at, word_table(out, table.weights).at(nibbles_to_words(packed)));
}

template <class Block, class Out>
QN_HD void store_five_bits(const Block& block, const WordTable& table, Out out) {
  const Words nibbles = _mm512_and_si512(nibbles_to_words(block.qs), splat_word(15));
  store_words(out, 0, table.at(_mm512_mask_add_epi16(nibbles, block.qh.get(), nibbles, splat_word(16))));
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const Q5_0& block, Scales scales, Output<T, kStream> out) {
  const WideTable table = centered_wide_table(scales.d);
  store_five_bits(block, word_table(out, table.lower, table.upper), out);
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const Q5_1& block, Scales scales, Output<T, kStream> out) {
  const WideTable table = affine_wide_table(scales.d, scales.m);
  store_five_bits(block, word_table(out, table.lower, table.upper), out);
}

// Four groups of eight low, then eight high nibbles, under a scale each: two groups share a table.
template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const NVFP4& block, Output<T, kStream> out) {
  constexpr long long kFours = 0x0004000400040004;
  const Words shifts = _mm512_set_epi64(kFours, kFours, 0, 0, kFours, kFours, 0, 0);
  unroll<0, 2>([&](auto half) {
    const __m256i twice = _mm256_permute4x64_epi64(_mm256_castsi128_si256(load_bytes(block.qs + 16 * half)), 0x50);
    const Words nibbles = _mm512_srlv_epi16(_mm512_cvtepu8_epi16(twice), shifts);
    const auto table = [&](int group) { return table_of(block, group).weights; };
    store_words(
        out, 32 * half,
        word_table(out, table(2 * half), table(2 * half + 1)).at(and_or(nibbles, splat_word(15), halves(0, 16))));
  });
}

// Eight groups of four levels, in the order of the groups.
template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const Q2_K& block, Output<T, kStream> out) {
  const Bytes packed_scales = load_bytes(block.scales);
  const Floats scales = scaled(splat(block.d.to_scale()), field<0, 4>(packed_scales));
  const Floats offsets = scaled(splat(-block.dmin.to_scale()), field<4, 4>(packed_scales));
  const auto four_groups = [&](int first) {  // their weights for each of the four codes
    const Ints groups = _mm512_add_epi32(_mm512_srli_epi32(table_codes<4>(), 2), _mm512_set1_epi32(first));
    return mul_add(_mm512_permutexvar_ps(groups, scales), to_floats(table_codes<2>()),
                   _mm512_permutexvar_ps(groups, offsets));
  };
  unroll<0, 2>([&](auto half) {
    const WordTable table = word_table(out, four_groups(8 * half), four_groups(8 * half + 4));
    const Words packed = widen_to_words(block.qs + 32 * half);
    unroll<0, 4>([&](auto pair) {
      const Words places = and_or(shift_right<2 * pair>(packed), splat_word(3), halves(8 * pair, 8 * pair + 4));
      store_words(out, 128 * half + 32 * pair, table.at(places));
    });
  });
}

// Four groups of eight levels to a table, which serves two pairs of groups.
template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const Q3_K& block, Output<T, kStream> out) {
  uint8_t packed_scales[16];
  block.unpack_scales(packed_scales);
  const Floats scales = scaled(splat(block.d.to_scale()), sub_bytes(load_bytes(packed_scales), splat_byte(32)));
  const Floats levels = to_floats(_mm512_sub_epi32(table_codes<3>(), _mm512_set1_epi32(4)));
  const auto two_groups = [&](int first) {
    const Ints groups = _mm512_add_epi32(_mm512_srli_epi32(table_codes<4>(), 3), _mm512_set1_epi32(first));
    return mul(_mm512_permutexvar_ps(groups, scales), levels);
  };
  const Words high = widen_to_words(block.hmask);
  unroll<0, 2>([&](auto half) {
    const Words low = widen_to_words(block.qs + 32 * half);
    unroll<0, 2>([&](auto n) {
      constexpr int kFirst = 8 * half + 4 * n;  // of the groups
      const WordTable table = word_table(out, two_groups(kFirst), two_groups(kFirst + 2));
      unroll<0, 2>([&](auto pair) {
        constexpr int kPair = kFirst / 2 + pair;
        const Words with_group =
            and_or(shift_right<kPair % 4 * 2>(low), splat_word(3), halves(16 * pair, 16 * pair + 8));
        store_words(out, 32 * kPair, table.at(and_or(shifted<kPair - 2>(high), splat_word(4), with_group)));
      });
    });
  });
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const Q4_K& block, Output<T, kStream> out) {
  const Sixteen factors = scales_and_offsets(block);
  unroll<0, 4>([&](auto n) {
    const auto weights = [&](int group) { return affine_table<4>(factors[group], factors[group + 8]).weights; };
    const WordTable table = word_table(out, weights(2 * n), weights(2 * n + 1));
    const Words packed = widen_to_words(block.qs + 32 * n);
    store_words(out, 64 * n, table.at(_mm512_and_si512(packed, splat_word(15))));
    store_words(out, 64 * n + 32, table.at(_mm512_or_si512(shift_right<4>(packed), splat_word(16))));
  });
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const Q5_K& block, Output<T, kStream> out) {
  const Sixteen factors = scales_and_offsets(block);
  const Words high = widen_to_words(block.qh);
  unroll<0, 4>([&](auto n) {
    const Words packed = widen_to_words(block.qs + 32 * n);
    unroll<0, 2>([&](auto odd) {
      constexpr int kGroup = 2 * n + odd;
      const WideTable weights = affine_wide_table(factors[kGroup], factors[kGroup + 8]);
      const WordTable table = word_table(out, weights.lower, weights.upper);
      const Words places = merge(splat_word(16), shifted<kGroup - 4>(high), shift_right<4 * odd>(packed));
      store_words(out, 32 * kGroup, table.at(places));
    });
  });
}

// 32 codes of two bits, and the code of weight i at the bottom of word i.
QN_HD Words pairs_to_words(uint64_t bits) {
  constexpr long long k0 = 0x0100010001000100, k1 = 0x0302030203020302, k2 = 0x0504050405040504,
                      k3 = 0x0706070607060706;
  const Words spread = _mm512_shuffle_epi8(_mm512_set1_epi64(static_cast<long long>(bits)),
                                           _mm512_set_epi64(k3, k3, k2, k2, k1, k1, k0, k0));
  constexpr long long kLow = 0x0006000400020000, kHigh = 0x000e000c000a0008;
  return _mm512_srlv_epi16(spread, _mm512_set_epi64(kHigh, kLow, kHigh, kLow, kHigh, kLow, kHigh, kLow));
}

// +-d is all there is; d is a half already.
template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const Q1_0& block, Output<T, kStream> out) {
  const float d = block.d.to_scale();
  const Words positive = rounded_twice(out, splat(d));
  const Words negative = _mm512_xor_si512(positive, splat_word(-0x8000));
  for (int i = 0; i < 4; i++) {
    uint32_t bits;
    memcpy(&bits, block.qs + 4 * i, 4);
    store_words(out, 32 * i, _mm512_mask_blend_epi16(bits, negative, positive));
  }
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const Q2_0& block, Output<T, kStream> out) {
  const WordTable table = word_table(out, centered_table<2>(block.d.to_scale(), 1).weights);
  uint64_t packed[2];
  memcpy(packed, block.qs, 16);
  store_words(out, 0, table.at(pairs_to_words(packed[0])));
  store_words(out, 32, table.at(pairs_to_words(packed[1])));
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const TQ2_0& block, Output<T, kStream> out) {
  const WordTable table = word_table(out, centered_table<2>(block.d.to_scale(), 1).weights);
  unroll<0, 2>([&](auto half) {
    const Words packed = widen_to_words(block.qs + 32 * half);
    unroll<0, 4>([&](auto pair) { store_words(out, 128 * half + 32 * pair, table.at(shift_right<2 * pair>(packed))); });
  });
}

// Of each byte: 256 times the first digit in base 3, and what is left, times 3.
QN_HD Words times_3(Words a) { return _mm512_add_epi16(a, _mm512_add_epi16(a, a)); }

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void dequantize(const TQ1_0& block, Output<T, kStream> out) {
  const WordTable table = word_table(out, centered_table<2>(block.d.to_scale(), 1).weights);
  const auto digits = [&](int at, Words multiplied) { store_words(out, at, table.at(shift_right<8>(multiplied))); };
  const auto rest = [](Words multiplied) { return _mm512_and_si512(multiplied, splat_word(255)); };
  Words line = widen_to_words(block.qs);
  for (int n = 0; n < 5; n++) {
    line = times_3(line);
    digits(32 * n, line);
    line = rest(line);
  }
  // Sixteen bytes with five digits each, 160 .. 239, then four bytes with four digits.
  constexpr int kPowers[5] = {1, 3, 9, 27, 81};
  const Words sixteen = _mm512_cvtepu8_epi16(_mm256_broadcastsi128_si256(load_bytes(block.qs + 32)));
  for (int n = 0; n < 4; n += 2)
    digits(160 + 16 * n, times_3(rest(_mm512_mullo_epi16(sixteen, halves(kPowers[n], kPowers[n + 1])))));
  uint32_t four;
  memcpy(&four, block.qh, 4);
  const __m256i last = _mm256_set_m128i(_mm_set1_epi32(static_cast<int>(four)), load_bytes(block.qs + 32));
  const auto power = [](long long value) { return 0x0001000100010001 * value; };
  const Words powers =
      _mm512_set_epi64(power(27), power(9), power(3), power(1), power(81), power(81), power(81), power(81));
  digits(224, times_3(rest(_mm512_mullo_epi16(_mm512_cvtepu8_epi16(last), powers))));
}

}  // namespace qn::QN_TARGET
