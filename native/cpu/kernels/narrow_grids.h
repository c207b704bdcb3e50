// SPDX-License-Identifier: MIT
//
// IQ1_S and IQ1_M with AVX-512. Their code book has three values only, so here its entries are codes of two bits a
// weight, 16 bits for a run of eight. Those of four runs are put together in a general register, spread over the lanes
// of a vector and shifted, and a permutation looks up the weights, computed beforehand for each scale, as for formats
// without code books.
#pragma once

#include "iq_runs.h"
#include "words.h"

namespace qn::QN_TARGET {

// The entries of kGridIQ1 with 0, 1, 2 for -1, 0, 1: the code of element k stands at bit 2 k.
struct NarrowGrid {
  uint16_t of[2048];

  constexpr NarrowGrid() : of() {
    for (int i = 0; i < 2048; i++)
      for (int k = 0; k < 8; k++) {
        const int value = static_cast<int8_t>(kGridIQ1[i] >> 8 * k & 255);
        of[i] = static_cast<uint16_t>(of[i] | (value + 1) << 2 * k);
      }
  }
};
inline constexpr NarrowGrid kNarrowGridIQ1;

// The codes of runs 4 n .. 4 n + 3, which are weights 32 n .. 32 n + 31.
template <class Block>
QN_HD uint64_t codes_of_four(const Block& block, int n) {
  const auto run = [&](int k) { return uint64_t{kNarrowGridIQ1.of[block.index(4 * n + k)]} << 16 * k; };
  return run(0) | run(1) | run(2) | run(3);
}

QN_HD Ints pairs_of_half(uint64_t codes, int half) { return pairs(static_cast<uint32_t>(codes >> 32 * half)); }

// The four levels of a scale, four times over.
QN_HD Floats four_levels(float zero, float one, float two) {
  return _mm512_broadcast_f32x4(_mm_setr_ps(zero, one, two, 0));
}

// ---- IQ1_S: one scale and one offset for 32 weights

template <bool kStream>
QN_HD void store_codes(Output<F32, kStream> out, size_t at, uint64_t codes, WeightTable table) {
  store(out, at, table.at<0>(pairs_of_half(codes, 0)), table.at<0>(pairs_of_half(codes, 1)));
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void store_codes(Output<T, kStream> out, size_t at, uint64_t codes, WeightTable table) {
  store_words(out, at, word_table(out, table.weights).at(pairs_to_words(codes)));
}

template <class T, bool kStream>
QN_HD void dequantize(const IQ1_S& block, Output<T, kStream> out) {
  const Ints qh = _mm512_cvtepu16_epi32(_mm256_castsi128_si256(load_bytes(block.qh)));
  const Sixteen scales = scales_of_codes(block, _mm512_and_si512(_mm512_srli_epi32(qh, 12), _mm512_set1_epi32(7)));
  const Floats raised = four_levels(-0.875f, 0.125f, 1.125f), lowered = four_levels(-1.125f, -0.125f, 0.875f);
  unroll<0, 8>([&](auto n) {
    const Floats levels = select(block.negative(4 * n) ? 0xffff : 0, lowered, raised);
    store_codes(out, 32 * n, codes_of_four(block, n), {mul(splat(scales[n]), levels)});
  });
}

// ---- IQ1_M: a scale for each pair of runs, an offset for each run

// What the offsets of runs add to the places of their weights: 4 where it is -1/8. As words for two pairs of runs, also
// 16 for the table of the second.
struct OffsetPlaces {
  alignas(64) uint32_t of_pair[4][16];
  alignas(64) uint16_t of_two_pairs[16][32];

  constexpr OffsetPlaces() : of_pair(), of_two_pairs() {
    for (int negative = 0; negative < 4; negative++)
      for (int i = 0; i < 16; i++)
        of_pair[negative][i] = negative >> i / 8 & 1 ? 4 : 0;
    for (int negative = 0; negative < 16; negative++)
      for (int i = 0; i < 32; i++)
        of_two_pairs[negative][i] = static_cast<uint16_t>((negative >> i / 8 & 1 ? 4 : 0) | i / 16 * 16);
  }
};
inline constexpr OffsetPlaces kOffsetPlaces;

// `negative` has a bit for each of the four runs; even and odd are the tables of the two pairs.
template <bool kStream>
QN_HD void store_offset_codes(Output<F32, kStream> out, size_t at, uint64_t codes, uint32_t negative, WeightTable even,
                              WeightTable odd) {
  const auto places = [&](int pair) {
    const Ints offsets = _mm512_load_si512(kOffsetPlaces.of_pair[negative >> 2 * pair & 3]);
    return and_or(pairs_of_half(codes, pair), _mm512_set1_epi32(3), offsets);
  };
  store(out, at, even.at<0>(places(0)), odd.at<0>(places(1)));
}

template <class T, bool kStream>
  requires(sizeof(T) == 2)
QN_HD void store_offset_codes(Output<T, kStream> out, size_t at, uint64_t codes, uint32_t negative, WeightTable even,
                              WeightTable odd) {
  const Words offsets = _mm512_load_si512(kOffsetPlaces.of_two_pairs[negative]);
  const Words places = and_or(pairs_to_words(codes), splat_word(3), offsets);
  store_words(out, at, word_table(out, even.weights, odd.weights).at(places));
}

template <class T, bool kStream>
QN_HD void dequantize(const IQ1_M& block, Output<T, kStream> out) {
  const __m256i words = _mm256_cvtepu16_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(block.scales)));
  const Ints lanes = _mm512_set_epi32(6, 6, 6, 6, 4, 4, 4, 4, 2, 2, 2, 2, 0, 0, 0, 0);
  const Ints fields = _mm512_srlv_epi32(_mm512_permutexvar_epi32(lanes, _mm512_castsi256_si512(words)),
                                        _mm512_broadcast_i32x4(_mm_setr_epi32(0, 3, 6, 9)));
  const Sixteen scales = scales_of_codes(block, _mm512_and_si512(fields, _mm512_set1_epi32(7)));
  const Floats levels = _mm512_broadcast_f32x8(_mm256_setr_ps(-0.875f, 0.125f, 1.125f, 0, -1.125f, -0.125f, 0.875f, 0));
  unroll<0, 8>([&](auto n) {
    uint32_t negative = 0;
    for (int k = 0; k < 4; k++)
      negative |= block.negative(4 * n + k) << k;
    store_offset_codes(out, 32 * n, codes_of_four(block, n), negative, {mul(splat(scales[2 * n]), levels)},
                       {mul(splat(scales[2 * n + 1]), levels)});
  });
}

}  // namespace qn::QN_TARGET
