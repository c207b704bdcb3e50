// SPDX-License-Identifier: MIT
//
// Encoders of Q2_K to Q6_K and Q8_K. Groups are fitted one by one; their scales are fitted, or divided by the largest,
// to become codes themselves; then the numbers are encoded once more with the scales that came out of that. Source:
// ggml, ggml-quants.c (quantize_row_q2_K_ref, quantize_row_q2_K_impl and so on).
//
// The encoders of instruction sets (cpu/kernels/encode_k_formats.h) fit the groups of several blocks at once; what is
// done with scales that are found, and the packing, is here for them too.
#pragma once

#include "../q2_k.h"
#include "../q3_k.h"
#include "../q4_k.h"
#include "../q5_k.h"
#include "../q6_k.h"
#include "../q8_k.h"
#include "fit.h"

namespace qn::QN_TARGET {

// What the codes of a format may be, of its numbers, scales and mins. kHighMin is 0 where there are no mins.
template <class Format>
struct CodeLimits;
template <>
struct CodeLimits<Q2_K> {
  static constexpr int kLow = 0, kHigh = 3, kLowScale = 0, kHighScale = 15, kHighMin = 15;
};
template <>
struct CodeLimits<Q3_K> {
  static constexpr int kLow = -4, kHigh = 3, kLowScale = -32, kHighScale = 31, kHighMin = 0;
};
template <>
struct CodeLimits<Q4_K> {
  static constexpr int kLow = 0, kHigh = 15, kLowScale = 0, kHighScale = 63, kHighMin = 63;
};
template <>
struct CodeLimits<Q5_K> {
  static constexpr int kLow = 0, kHigh = 31, kLowScale = 0, kHighScale = 63, kHighMin = 63;
};
template <>
struct CodeLimits<Q6_K> {
  static constexpr int kLow = -32, kHigh = 31, kLowScale = -128, kHighScale = 127, kHighMin = 0;
};

// With importance a number weighs with so many mean squares of its block (see weigh()); 0: by its importance alone.
template <class Format>
inline constexpr int kMeanSquares = 2;
template <>
inline constexpr int kMeanSquares<Q2_K> = 1;
template <>
inline constexpr int kMeanSquares<Q6_K> = 0;

// Of a block with this sum of squares.
template <class Format>
QN_HD float weighing_mean_square(float sum_of_squares) {
  return kMeanSquares<Format> * sum_of_squares / 256;
}

// How scales and mins are searched without importance. A function: GPUs would read a constant from memory.
template <class Format>
QN_HD Steps plain_steps();
template <>
QN_HD Steps plain_steps<Q2_K>() {
  return {-0.5f, 0.1f, 15, true};
}
template <>
QN_HD Steps plain_steps<Q4_K>() {
  return {-1, 0.1f, 20};
}
template <>
QN_HD Steps plain_steps<Q5_K>() {
  return {-0.5f, 0.1f, 15};
}

// What was found for the groups of a block. A group weighs the sum of its numbers' weights, with importance only.
template <class Format>
struct GroupFits {
  static constexpr int kGroups = 256 / Format::kGroup;
  float scales[kGroups], mins[kGroups], weights[kGroups];
};

// Two bits of each code: byte 32 n + j has those of 128 n + j, 32, 64 and 96 codes apart.
QN_HD void pack_pairs(const uint8_t (&codes)[256], uint8_t (&bytes)[64], int shift = 0) {
  for (int n = 0; n < 2; n++) {
    for (int j = 0; j < 32; j++) {
      const uint8_t* const at = codes + 128 * n + j;
      const int low = (at[0] >> shift & 3) | (at[32] >> shift & 3) << 2;
      const int high = (at[64] >> shift & 3) << 4 | (at[96] >> shift & 3) << 6;
      bytes[32 * n + j] = static_cast<uint8_t>(low | high);
    }
  }
}

// The low four bits of each code: byte kApart n + j has those of 2 kApart n + j, and above them those kApart codes on.
template <int kApart>
QN_HD void pack_nibbles(const uint8_t (&codes)[256], uint8_t (&bytes)[128]) {
  for (int n = 0; n < 128 / kApart; n++) {
    for (int j = 0; j < kApart; j++) {
      const uint8_t* const at = codes + 2 * kApart * n + j;
      bytes[kApart * n + j] = static_cast<uint8_t>((at[0] & 15) | at[kApart] << 4);
    }
  }
}

// One bit of each code: bit g of byte j is that of code 32 g + j.
QN_HD void pack_bits(const uint8_t (&codes)[256], uint8_t (&bytes)[32], int shift) {
  for (int j = 0; j < 32; j++)
    bytes[j] = 0;
  for (int g = 0; g < 8; g++)
    for (int j = 0; j < 32; j++)
      bytes[j] = static_cast<uint8_t>(bytes[j] | (codes[32 * g + j] >> shift & 1) << g);
}

template <int N>
QN_HD float sum(const float* x) {
  float total = 0;
  for (int i = 0; i < N; i++)
    total += x[i];
  return total;
}

// The groups of a format with scales and mins, fitted: their scales and mins as codes, and the scale of each kind.
template <int kGroups>
struct AffineGroups {
  uint8_t scales[kGroups], mins[kGroups];
  float d, dmin;

  // By fits, each group weighing the sum of its weights.
  template <int kLimit>
  QN_HD void fit(const float* group_scales, const float* group_mins, const float* weights) {
    d = fit_positive<kGroups, kLimit>(group_scales, weights, scales);
    dmin = fit_positive<kGroups, kLimit>(group_mins, weights, mins);
  }

  // Brings codes that a fit made negative, and that wrapped, to the largest.
  QN_HD void limit(int largest) {
    for (int i = 0; i < kGroups; i++) {
      scales[i] = static_cast<uint8_t>(at_most(scales[i], largest));
      mins[i] = static_cast<uint8_t>(at_most(mins[i], largest));
    }
  }

  // As parts of the largest.
  template <int kLimit>
  QN_HD void divide(const float* group_scales, const float* group_mins) {
    d = divide<kLimit>(group_scales, scales);
    dmin = divide<kLimit>(group_mins, mins);
  }

 private:
  template <int kLimit>
  QN_HD static float divide(const float* x, uint8_t* codes) {
    float largest = 0;
    for (int i = 0; i < kGroups; i++)
      if (x[i] > largest) largest = x[i];
    const float inverse_scale = largest > 0 ? kLimit / largest : 0;
    for (int i = 0; i < kGroups; i++)
      codes[i] = static_cast<uint8_t>(round_even(inverse_scale * x[i]));
    return largest / kLimit;
  }
};

// What the codes of a group stand for: scale * code - offset.
struct GroupScale {
  float scale, offset;
};

// The codes of a group's numbers for the block's final scales. With a scale of 0 codes stay as they are.
template <class Block>
QN_HD void encode_again(const float* x, const Block& block, int group, uint8_t* codes) {
  using Limits = CodeLimits<Block>;
  const GroupScale found = scale_of(block, group);
  if (found.scale == 0) return;
  for (int i = 0; i < Block::kGroup; i++) {
    const int code = clamp(round_even((x[i] + found.offset) / found.scale), Limits::kLow, Limits::kHigh);
    codes[i] = static_cast<uint8_t>(code - Limits::kLow);
  }
}

// Encodes all numbers of a block with its final scales.
template <class Block>
QN_HD void encode_all_again(const float* x, uint8_t (&codes)[256], Block& block) {
  constexpr int N = Block::kGroup;
  for (int g = 0; g < 256 / N; g++)
    encode_again(x + N * g, block, g, codes + N * g);
  pack_codes(codes, block);
}

// What the numbers of a group with a scale and a min weigh without importance.
template <class Block>
QN_HD void weigh_plainly(const float* x, float* weights) {
  constexpr int N = Block::kGroup;
  const float average = square_root(sum_of_squares<N>(x) / N);
  for (int i = 0; i < N; i++)
    weights[i] = average + magnitude(x[i]);
}
template <>
QN_HD void weigh_plainly<Q2_K>(const float* x, float* weights) {
  for (int i = 0; i < Q2_K::kGroup; i++)
    weights[i] = magnitude(x[i]);
}

// A block with scales and mins. Each format has store_fits(), which makes the block's scales of those found; false: all
// are nearly 0, and the block is done.
template <class Block>
QN_HD void encode_with_mins(const Values& v, Block& block) {
  constexpr int N = Block::kGroup, kGroups = 256 / N;
  uint8_t codes[256];
  float weights[256];
  GroupFits<Block> fits;
  const float mean_square = v.importance ? weighing_mean_square<Block>(sum_of_squares<256>(v.x)) : 0;
  for (int g = 0; g < kGroups; g++) {
    const float* const x = v.x + N * g;
    float* const w = weights + N * g;
    if (v.importance) {
      weigh<N>(x, v.importance + N * g, mean_square, w);
      fits.weights[g] = sum<N>(w);
    } else {
      weigh_plainly<Block>(x, w);
    }
  }
  const Steps steps = v.importance ? kWeightedSteps : plain_steps<Block>();
  fit_affine<N, CodeLimits<Block>::kHigh, kGroups>(v.x, weights, steps, codes, fits.scales, fits.mins);
  if (store_fits(fits, v.importance, block)) encode_all_again(v.x, codes, block);
}

// The scales and mins of a block: fitted with importance, else as parts of the largest.
template <class Block>
QN_HD AffineGroups<GroupFits<Block>::kGroups> groups_of(const GroupFits<Block>& fits, bool has_importance) {
  constexpr int kLimit = CodeLimits<Block>::kHighScale;
  static_assert(kLimit == CodeLimits<Block>::kHighMin);
  AffineGroups<GroupFits<Block>::kGroups> groups;
  if (has_importance) {
    groups.template fit<kLimit>(fits.scales, fits.mins, fits.weights);
  } else {
    groups.template divide<kLimit>(fits.scales, fits.mins);
  }
  return groups;
}

// ---- Q2_K

QN_HD void store_scales(const AffineGroups<16>& groups, Q2_K& block) {
  block.d = half(groups.d);
  block.dmin = half(groups.dmin);
  for (int g = 0; g < 16; g++)
    block.scales[g] = static_cast<uint8_t>(groups.scales[g] | groups.mins[g] << 4);
}

QN_HD GroupScale scale_of(const Q2_K& block, int group) {
  return {block.d.to_float() * static_cast<float>(block.scales[group] & 15),
          block.dmin.to_float() * static_cast<float>(block.scales[group] >> 4)};
}

QN_HD void pack_codes(const uint8_t (&codes)[256], Q2_K& block) { pack_pairs(codes, block.qs); }

QN_HD bool store_fits(const GroupFits<Q2_K>& fits, bool has_importance, Q2_K& block) {
  store_scales(groups_of(fits, has_importance), block);
  return true;
}

QN_HD void encode(const Values& v, Q2_K& block) { encode_with_mins(v, block); }

// ---- Q3_K

// Without importance: the scales as parts of the one with the largest magnitude.
QN_HD void store_scales(const float (&scales)[16], Q3_K& block) {
  uint8_t codes[16];
  const float peak = peak_of<16>(scales).value;
  const float inverse_scale = peak != 0 ? -32 / peak : 0;
  block.d = half(inverse(inverse_scale));
  for (int g = 0; g < 16; g++)  // all 0 where there is no peak
    codes[g] = static_cast<uint8_t>(
        peak != 0 ? clamp(static_cast<int8_t>(round_even(inverse_scale * scales[g])), -32, 31) + 32 : 0);
  block.pack_scales(codes);
}

QN_HD GroupScale scale_of(const Q3_K& block, int group) {
  return {block.d.to_float() * static_cast<float>(block.scale(group)), 0};
}

QN_HD void pack_codes(const uint8_t (&codes)[256], Q3_K& block) {
  pack_bits(codes, block.hmask, 2);
  pack_pairs(codes, block.qs);
}

QN_HD bool store_fits(const GroupFits<Q3_K>& fits, bool has_importance, Q3_K& block) {
  if (!has_importance) {
    store_scales(fits.scales, block);
    return true;
  }
  uint8_t codes[16];
  block.d = half(fit_symmetric<16, -CodeLimits<Q3_K>::kLowScale>(fits.scales, fits.weights, codes));
  block.pack_scales(codes);
  return true;
}

QN_HD void encode(const Values& v, Q3_K& block) {
  constexpr int kLimit = -CodeLimits<Q3_K>::kLow;
  uint8_t codes[256];
  GroupFits<Q3_K> fits;
  const float mean_square = v.importance ? weighing_mean_square<Q3_K>(sum_of_squares<256>(v.x)) : 0;
  for (int g = 0; g < 16; g++) {
    const float* const x = v.x + 16 * g;
    if (v.importance) {
      float weights[16];
      weigh<16>(x, v.importance + 16 * g, mean_square, weights);
      fits.weights[g] = sum<16>(weights);
      fits.scales[g] = fit_symmetric<16, kLimit>(x, weights, codes + 16 * g);
    } else {
      fits.scales[g] = fit_symmetric_by_codes<16, kLimit>(x, codes + 16 * g);
    }
  }
  if (store_fits(fits, v.importance, block)) encode_all_again(v.x, codes, block);
}

// ---- Q4_K and Q5_K: all but the packing of codes is the same

template <class Block>
QN_HD void store_scales(AffineGroups<8>& groups, bool has_importance, Block& block) {
  using Limits = CodeLimits<Block>;
  // With an importance matrix ggml does so for Q5_K only.
  if (!has_importance || Limits::kHigh == CodeLimits<Q5_K>::kHigh) groups.limit(Limits::kHighScale);
  block.d = half(groups.d);
  block.dmin = half(groups.dmin);
  block.scales.pack(groups.scales, groups.mins);
}

template <class Block>
QN_HD GroupScale scale_of_32(const Block& block, int group) {
  return {block.d.to_float() * static_cast<float>(block.scales.scale(group)),
          block.dmin.to_float() * static_cast<float>(block.scales.min(group))};
}
QN_HD GroupScale scale_of(const Q4_K& block, int group) { return scale_of_32(block, group); }
QN_HD GroupScale scale_of(const Q5_K& block, int group) { return scale_of_32(block, group); }

QN_HD void pack_codes(const uint8_t (&codes)[256], Q4_K& block) { pack_nibbles<32>(codes, block.qs); }

QN_HD void pack_codes(const uint8_t (&codes)[256], Q5_K& block) {
  pack_nibbles<32>(codes, block.qs);
  pack_bits(codes, block.qh, 4);
}

template <class Block>
QN_HD bool store_fits(const GroupFits<Block>& fits, bool has_importance, Block& block) {
  AffineGroups<8> groups = groups_of(fits, has_importance);
  store_scales(groups, has_importance, block);
  return true;
}

QN_HD void encode(const Values& v, Q4_K& block) { encode_with_mins(v, block); }

QN_HD void encode(const Values& v, Q5_K& block) { encode_with_mins(v, block); }

// ---- Q6_K

// The scales as parts of the one with the largest magnitude; false, and a block of zeros, where all are nearly 0.
QN_HD bool store_scales(const float (&scales)[16], Q6_K& block) {
  const Peak peak = peak_of<16>(scales);
  if (peak.magnitude < kNothing) {
    memset(&block, 0, sizeof block);
    return false;
  }
  const float inverse_scale = -128 / peak.value;
  block.d = half(1 / inverse_scale);
  for (int g = 0; g < 16; g++)
    block.scales[g] = static_cast<int8_t>(at_most(round_even(inverse_scale * scales[g]), 127));
  return true;
}

QN_HD GroupScale scale_of(const Q6_K& block, int group) {
  return {block.d.to_float() * static_cast<float>(block.scales[group]), 0};
}

QN_HD void pack_codes(const uint8_t (&codes)[256], Q6_K& block) {
  pack_nibbles<64>(codes, block.ql);
  pack_pairs(codes, block.qh, 4);
}

QN_HD bool store_fits(const GroupFits<Q6_K>& fits, bool, Q6_K& block) { return store_scales(fits.scales, block); }

QN_HD void encode(const Values& v, Q6_K& block) {
  uint8_t codes[256];
  GroupFits<Q6_K> fits;
  for (int g = 0; g < 16; g++) {
    const float* const importance = v.importance ? v.importance + 16 * g : nullptr;
    fits.scales[g] = fit_symmetric<16, -CodeLimits<Q6_K>::kLow>(v.x + 16 * g, importance, codes + 16 * g);
  }
  if (store_fits(fits, v.importance, block)) encode_all_again(v.x, codes, block);
}

// ---- Q8_K

QN_HD void encode(const Values& v, Q8_K& block) {
  const Peak peak = peak_of<256>(v.x);
  if (peak.magnitude == 0) {
    memset(&block, 0, sizeof block);  // ggml leaves the sums as they were
    return;
  }
  const float inverse_scale = -127 / peak.value;
  for (int i = 0; i < 256; i++)
    block.qs[i] = static_cast<int8_t>(at_most(round_even(inverse_scale * v.x[i]), 127));
  for (int g = 0; g < 16; g++) {
    int total = 0;
    for (int i = 0; i < 16; i++)
      total += block.qs[16 * g + i];
    block.bsums[g] = {{static_cast<uint8_t>(total), static_cast<uint8_t>(total >> 8)}};
  }
  block.d = le32(bits_from_float(1 / inverse_scale));
}

}  // namespace qn::QN_TARGET
