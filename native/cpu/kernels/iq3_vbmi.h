// SPDX-License-Identifier: MIT
//
// IQ3_XXS and IQ3_S where bytes can be permuted across a whole register (AVX-512 VBMI): all 64 indices of a block are
// looked up together, in one table for each of the four weights that an index stands for.
#pragma once

#include "iq_runs.h"

namespace qn::QN_TARGET {

// A code book of four bytes an entry, as four tables.
template <int kEntries>
struct GridTables {
  alignas(64) uint8_t of[4][kEntries];

  constexpr explicit GridTables(const uint32_t (&grid)[kEntries]) : of() {
    for (int element = 0; element < 4; element++)
      for (int i = 0; i < kEntries; i++)
        of[element][i] = static_cast<uint8_t>(grid[i] >> 8 * element);
  }
};
inline constexpr GridTables kTablesIQ3_XXS(kGridIQ3_XXS);
inline constexpr GridTables kTablesIQ3_S(kGridIQ3_S);

// Entries of a table of 256 bytes.
QN_HD __m512i look_up_256(const uint8_t* table, __m512i indices) {
  const auto part = [&](int i) { return _mm512_load_si512(table + 64 * i); };
  const __m512i low = _mm512_permutex2var_epi8(part(0), indices, part(1));
  const __m512i high = _mm512_permutex2var_epi8(part(2), indices, part(3));
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(indices), low, high);
}

QN_HD __m512i look_up(const uint8_t (&table)[256], __m512i indices, const IQ3_XXS&) {
  return look_up_256(table, indices);
}

// The ninth bits of the indices, as they stand in the block, are a mask.
QN_HD __m512i look_up(const uint8_t (&table)[512], __m512i indices, const IQ3_S& block) {
  uint64_t ninth;
  memcpy(&ninth, block.qh, 8);
  return _mm512_mask_blend_epi8(ninth, look_up_256(table, indices), look_up_256(table + 256, indices));
}

template <class Block, int kEntries, class Out>
QN_HD void dequantize_iq3(const Block& block, const GridTables<kEntries>& tables, Out out) {
  const __m512i indices = _mm512_loadu_si512(block.indices);
  __m512i element[4];
  for (int i = 0; i < 4; i++)
    element[i] = look_up(tables.of[i], indices, block);

  // Interleaved within lanes of 16 bytes, so that lane l of quarter[k] holds the weights of indices 16 l + 4 k .. + 3,
  // which are the sixteen of pair 4 l + k.
  const __m512i low01 = _mm512_unpacklo_epi8(element[0], element[1]);
  const __m512i high01 = _mm512_unpackhi_epi8(element[0], element[1]);
  const __m512i low23 = _mm512_unpacklo_epi8(element[2], element[3]);
  const __m512i high23 = _mm512_unpackhi_epi8(element[2], element[3]);
  const __m512i quarter[4] = {_mm512_unpacklo_epi16(low01, low23), _mm512_unpackhi_epi16(low01, low23),
                              _mm512_unpacklo_epi16(high01, high23), _mm512_unpackhi_epi16(high01, high23)};
  const Sixteen scales = grid_scales(block);
  const auto weights = [&](auto pair) {
    const Bytes magnitudes = _mm512_extracti32x4_epi32(quarter[pair % 4], pair / 4);
    const uint32_t signs = block.run(2 * pair).signs | block.run(2 * pair + 1).signs << 8;
    return scaled(splat(scales[pair]), negate_where(magnitudes, signs));
  };
  unroll<0, 8>([&](auto i) { store(out, 32 * i, weights(Constant<2 * i>()), weights(Constant<2 * i + 1>())); });
}

template <class Out>
QN_HD void dequantize(const IQ3_XXS& block, Out out) {
  dequantize_iq3(block, kTablesIQ3_XXS, out);
}

template <class Out>
QN_HD void dequantize(const IQ3_S& block, Out out) {
  dequantize_iq3(block, kTablesIQ3_S, out);
}

}  // namespace qn::QN_TARGET
