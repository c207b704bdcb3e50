// SPDX-License-Identifier: MIT
//
// Vector encoders of Q2_K to Q6_K. Sixteen groups are fitted at once: those of one block where groups have 16 numbers,
// of two where they have 32. Scales that are fitted themselves are so for all blocks of a batch at once.
#pragma once

#include "encode_k_fits.h"

namespace qn::QN_TARGET {

// Scales of eight blocks are fitted at once, with their mins in sixteen lanes.
inline constexpr int kBlocksOfBatch = 8;

template <>
inline constexpr int kBatch<Q2_K> = kBlocksOfBatch;
template <>
inline constexpr int kBatch<Q3_K> = kBlocksOfBatch;
template <>
inline constexpr int kBatch<Q4_K> = kBlocksOfBatch;
template <>
inline constexpr int kBatch<Q5_K> = kBlocksOfBatch;
template <>
inline constexpr int kBatch<Q6_K> = 1;

// Can no sum overflow? What would follow, NaNs, must meet in the order of the definition. Numbers of models are far
// below these limits.
template <int kCount>
QN_HD bool are_ordinary(const float* x, float limit) {
  Floats largest = splat(0);
  for (int i = 0; i < kCount; i += 16)
    largest = floats_of(max_ints(bits_of(largest), bits_of(magnitudes(load_floats(x + i)))));
  return bits(above(splat(limit), largest)) == 0xffff;
}

template <class Format>
QN_HD bool is_ordinary(const Values& v) {
  constexpr int kCount = kBatch<Format> * Format::kValues;
  return are_ordinary<kCount>(v.x, 0x1p30f) && (!v.importance || are_ordinary<kCount>(v.importance, 0x1p60f));
}

// The sums of squares of the blocks of a batch, side by side since each is one chain of additions.
QN_HD void sum_squares(const float* x, float (&sums)[kBlocksOfBatch]) {
  Floats sum = splat(0);
  for (int first = 0; first < 256; first += 16) {
    Ints square[16];
    for (int b = 0; b < 16; b++)
      square[b] = b < kBlocksOfBatch ? bits_of(load_floats(x + 256 * b + first)) : splat_int(0);
    transpose(square);
    for (int i = 0; i < 16; i++)
      sum = add(sum, mul(floats_of(square[i]), floats_of(square[i])));
  }
  const Sixteen of_blocks(sum);
  for (int b = 0; b < kBlocksOfBatch; b++)
    sums[b] = of_blocks[b];
}

template <int N>
QN_HD Floats sum_columns(const Floats (&x)[N]) {
  Floats sum = x[0];
  for (int i = 1; i < N; i++)
    sum = add(sum, x[i]);
  return sum;
}

// Encodes the numbers of a block with its final scales, and packs the codes. Where a scale is 0, codes are those that
// fitted(group, codes) gives. See encode_again().
template <class Format, class Fitted>
QN_HD void encode_block(const float* x, const Fitted& fitted, Format& block) {
  constexpr int N = Format::kGroup, kLow = CodeLimits<Format>::kLow, kHigh = CodeLimits<Format>::kHigh;
  uint8_t codes[256];
  for (int g = 0; g < 256 / N; g++) {
    const GroupScale found = scale_of(block, g);
    if (found.scale == 0) {
      fitted(g, codes + N * g);
      continue;
    }
    for (int i = N * g; i < N * (g + 1); i += 16) {
      const Floats shifted = add(load_floats(x + i), splat(found.offset));
      const Bytes bytes = low_bytes(code_bits<kLow, kHigh>(div(shifted, splat(found.scale))));
      keep_bytes(codes + i, add_bytes(bytes, splat_byte(-kLow)));
    }
  }
  pack_codes(codes, block);
}

// ---- scales and mins

// The fits of sixteen groups, in memory.
struct AffineRows {
  alignas(64) float scales[16], mins[16], inverse_scales[16], begins[16], weights[16];

  QN_HD void set(const AffineFits& fits) {
    keep(scales, fits.scales);
    keep(mins, fits.mins);
    keep(inverse_scales, fits.inverse_scales);
    keep(begins, fits.begins);
    keep(weights, fits.weights);
  }

  template <int N, int kLimit>
  QN_HD void encode(int group, const float* x, uint8_t* codes) const {
    for (int i = 0; i < N; i++) {
      const float code = inverse_scales[group] * (x[i] - begins[group]);
      codes[i] = static_cast<uint8_t>(clamp(round_even(code), 0, kLimit));
    }
  }
};

// The scales and mins of the blocks of a batch as codes, by fits (see AffineGroups::fit). Rows of the tables
// are for the scales of each block, then for the mins of each.
template <int kGroups>
struct ScalesOfBatch {
  static constexpr int kMins = kBlocksOfBatch;
  alignas(64) float x[16][16] = {}, weights[16][16] = {};

  QN_HD void set(int block, const AffineRows& rows, int first) {
    const auto copy = [](float* to, const float* from) { memcpy(to, from, kGroups * sizeof(float)); };
    copy(x[block], rows.scales + first);
    copy(x[kMins + block], rows.mins + first);
    copy(weights[block], rows.weights + first);
    copy(weights[kMins + block], rows.weights + first);
  }

  template <int kLimit>
  QN_HD void fit(AffineGroups<kGroups> (&blocks)[kBlocksOfBatch]) const {
    Floats x_columns[16], weight_columns[16];
    by_columns<16>(x[0], x_columns);
    by_columns<16>(weights[0], weight_columns);
    Floats some_x[kGroups], some_weights[kGroups], codes[kGroups];
    for (int g = 0; g < kGroups; g++) {
      some_x[g] = x_columns[g];
      some_weights[g] = weight_columns[g];
    }
    const Sixteen d(fit_positive<kGroups, kLimit>(some_x, some_weights, codes));
    for (int b = 0; b < kBlocksOfBatch; b++) {
      blocks[b].d = d[b];
      blocks[b].dmin = d[kMins + b];
    }
    for (int g = 0; g < kGroups; g++) {
      const Sixteen code(codes[g]);
      for (int b = 0; b < kBlocksOfBatch; b++) {
        blocks[b].scales[g] = static_cast<uint8_t>(code[b]);
        blocks[b].mins[g] = static_cast<uint8_t>(code[kMins + b]);
      }
    }
  }
};

// Two sets of sixteen groups are searched at once.
template <int N, int kLimit, bool kAbsolute>
using AffineSearches = AffineSearch<N, kLimit, kAbsolute>[2];

template <bool kWeighted>
inline void encode_batch_of_2_bits(const Values& v, Q2_K (&blocks)[kBlocksOfBatch]) {
  float squares[kBlocksOfBatch];
  if constexpr (kWeighted) sum_squares(v.x, squares);
  AffineRows rows[kBlocksOfBatch];
  for (int pair = 0; pair < kBlocksOfBatch; pair += 2) {
    AffineSearches<16, 3, !kWeighted> sets;
    for (int s = 0; s < 2; s++) {
      const int b = pair + s;
      by_columns<16>(v.x + 256 * b, sets[s].x);
      if constexpr (kWeighted) {
        weigh_columns(sets[s].x, v.importance + 256 * b, splat(weighing_mean_square<Q2_K>(squares[b])),
                      sets[s].weights);
      } else {
        for (int i = 0; i < 16; i++)
          sets[s].weights[i] = magnitudes(sets[s].x[i]);
      }
    }
    search(sets, kWeighted ? kWeightedSteps : plain_steps<Q2_K>());
    for (int s = 0; s < 2; s++)
      rows[pair + s].set(sets[s].result());
  }
  AffineGroups<16> groups[kBlocksOfBatch];
  if constexpr (kWeighted) {
    ScalesOfBatch<16> scales;
    for (int b = 0; b < kBlocksOfBatch; b++)
      scales.set(b, rows[b], 0);
    scales.fit<CodeLimits<Q2_K>::kHighScale>(groups);
  } else {
    for (int b = 0; b < kBlocksOfBatch; b++)
      groups[b].divide<CodeLimits<Q2_K>::kHighScale>(rows[b].scales, rows[b].mins);
  }
  for (int b = 0; b < kBlocksOfBatch; b++) {
    const float* const x = v.x + 256 * b;
    store_scales(groups[b], blocks[b]);
    encode_block(x, [&](int g, uint8_t* codes) { rows[b].encode<16, 3>(g, x + 16 * g, codes); }, blocks[b]);
  }
}

inline void encode_batch(const Values& v, Q2_K (&blocks)[kBlocksOfBatch]) {
  if (!is_ordinary<Q2_K>(v)) return encode_one_by_one(v, blocks);
  if (v.importance) return encode_batch_of_2_bits<true>(v, blocks);
  encode_batch_of_2_bits<false>(v, blocks);
}

template <class Format>
inline void encode_batch_of_32(const Values& v, Format (&blocks)[kBlocksOfBatch]) {
  constexpr int kLimit = CodeLimits<Format>::kHigh, kScaleLimit = CodeLimits<Format>::kHighScale;
  if (!is_ordinary<Format>(v)) return encode_one_by_one(v, blocks);
  float squares[kBlocksOfBatch];
  if (v.importance) sum_squares(v.x, squares);
  AffineRows rows[kBlocksOfBatch / 2];  // each of two blocks
  for (int first = 0; first < kBlocksOfBatch / 2; first += 2) {
    AffineSearches<32, kLimit, false> sets;
    for (int s = 0; s < 2; s++) {
      const int b = 2 * (first + s);
      Floats(&x)[32] = sets[s].x, (&weights)[32] = sets[s].weights;
      by_columns<32>(v.x + 256 * b, x);
      if (v.importance) {
        const Floats mean_squares = select(0x00ff, splat(weighing_mean_square<Format>(squares[b])),
                                           splat(weighing_mean_square<Format>(squares[b + 1])));
        weigh_columns(x, v.importance + 256 * b, mean_squares, weights);
      } else {
        for (int i = 0; i < 32; i++)
          weights[i] = mul(x[i], x[i]);
        const Floats average = square_roots(div(sum_columns(weights), splat(32)));
        for (int i = 0; i < 32; i++)
          weights[i] = add(average, magnitudes(x[i]));
      }
    }
    search(sets, v.importance ? kWeightedSteps : plain_steps<Format>());
    for (int s = 0; s < 2; s++)
      rows[first + s].set(sets[s].result());
  }
  AffineGroups<8> groups[kBlocksOfBatch];
  if (v.importance) {
    ScalesOfBatch<8> scales;
    for (int b = 0; b < kBlocksOfBatch; b++)
      scales.set(b, rows[b / 2], b % 2 * 8);
    scales.fit<kScaleLimit>(groups);
  } else {
    for (int b = 0; b < kBlocksOfBatch; b++)
      groups[b].divide<kScaleLimit>(rows[b / 2].scales + b % 2 * 8, rows[b / 2].mins + b % 2 * 8);
  }
  for (int b = 0; b < kBlocksOfBatch; b++) {
    const float* const x = v.x + 256 * b;
    store_scales(groups[b], v.importance, blocks[b]);
    encode_block(
        x, [&](int g, uint8_t* codes) { rows[b / 2].encode<32, kLimit>(b % 2 * 8 + g, x + 32 * g, codes); }, blocks[b]);
  }
}

inline void encode_batch(const Values& v, Q4_K (&blocks)[kBlocksOfBatch]) { encode_batch_of_32(v, blocks); }

inline void encode_batch(const Values& v, Q5_K (&blocks)[kBlocksOfBatch]) { encode_batch_of_32(v, blocks); }

// ---- scales alone

// The fits of sixteen groups, in memory.
struct SymmetricRows {
  alignas(64) float scales[16], inverse_scales[16];
  uint32_t nothing;

  template <int kLimit, int N>
  QN_HD void fit(const Floats (&x)[N], const Floats (&weights)[N]) {
    const PeaksOfGroups peaks(x);
    SymmetricFits fits{splat(0), splat(0), 0xffff};
    if (any(above(peaks.magnitude, splat(0))))
      fits = fit_symmetric<N, kLimit>(x, weights, peaks.magnitude, peaks.value);
    keep(scales, fits.scales);
    keep(inverse_scales, fits.inverse_scales);
    nothing = fits.nothing;
  }

  template <int N, int kLimit>
  QN_HD void encode(int group, const float* x, uint8_t* codes) const {
    for (int i = 0; i < N; i++) {
      const int code = clamp(round_even(inverse_scales[group] * x[i]), -kLimit, kLimit - 1);
      codes[i] = static_cast<uint8_t>(nothing >> group & 1 ? 0 : code + kLimit);
    }
  }
};

inline void encode_batch(const Values& v, Q6_K (&blocks)[1]) {
  if (!is_ordinary<Q6_K>(v)) return encode_one_by_one(v, blocks);
  Floats x[16], weights[16];
  by_columns<16>(v.x, x);
  if (v.importance) {
    by_columns<16>(v.importance, weights);
  } else {
    for (int i = 0; i < 16; i++)
      weights[i] = mul(x[i], x[i]);
  }
  SymmetricRows rows;
  rows.fit<32>(x, weights);
  if (!store_scales(rows.scales, blocks[0])) return;
  encode_block(v.x, [&](int g, uint8_t* codes) { rows.encode<16, 32>(g, v.x + 16 * g, codes); }, blocks[0]);
}

inline void encode_weighted_batch(const Values& v, Q3_K (&blocks)[kBlocksOfBatch]) {
  float squares[kBlocksOfBatch];
  sum_squares(v.x, squares);
  SymmetricRows rows[kBlocksOfBatch], of_blocks;
  alignas(64) float scales[16][16] = {}, group_weights[16][16] = {};
  Floats x[16], weights[16];
  for (int b = 0; b < kBlocksOfBatch; b++) {
    by_columns<16>(v.x + 256 * b, x);
    weigh_columns(x, v.importance + 256 * b, splat(weighing_mean_square<Q3_K>(squares[b])), weights);
    rows[b].fit<4>(x, weights);
    memcpy(scales[b], rows[b].scales, sizeof scales[b]);
    keep(group_weights[b], sum_columns(weights));
  }
  by_columns<16>(scales[0], x);
  by_columns<16>(group_weights[0], weights);
  of_blocks.fit<32>(x, weights);
  for (int b = 0; b < kBlocksOfBatch; b++) {
    const float* const numbers = v.x + 256 * b;
    uint8_t scale_codes[16];
    of_blocks.encode<16, 32>(b, scales[b], scale_codes);
    blocks[b].d = half(of_blocks.scales[b]);
    blocks[b].pack_scales(scale_codes);
    encode_block(numbers, [&](int g, uint8_t* codes) { rows[b].encode<16, 4>(g, numbers + 16 * g, codes); }, blocks[b]);
  }
}

inline void encode_batch(const Values& v, Q3_K (&blocks)[kBlocksOfBatch]) {
  if (!is_ordinary<Q3_K>(v)) return encode_one_by_one(v, blocks);
  if (v.importance) return encode_weighted_batch(v, blocks);
  for (int first = 0; first < kBlocksOfBatch; first += 4) {
    const float* const x = v.x + 256 * first;
    using Search = SymmetricSearch<16, 4>;
    Search sets[] = {Search(x), Search(x + 256), Search(x + 512), Search(x + 768)};
    search(sets);
    for (int s = 0; s < 4; s++) {
      Q3_K& block = blocks[first + s];
      float scales[16];
      keep(scales, sets[s].scales());
      store_scales(scales, block);
      encode_block(x + 256 * s, [&](int g, uint8_t* codes) { sets[s].encode(g, codes); }, block);
    }
  }
}

}  // namespace qn::QN_TARGET
