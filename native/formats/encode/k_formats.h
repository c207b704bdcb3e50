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

// Codes kLow to kHigh of x + offset, plus kBias, for a scale that is final. With a scale of 0 codes stay as they are.
template <int N, int kLow, int kHigh, int kBias>
QN_HD void encode_again(const float* x, float scale, float offset, uint8_t* codes) {
  if (scale == 0) return;
  for (int i = 0; i < N; i++)
    codes[i] = static_cast<uint8_t>(clamp(round_even((x[i] + offset) / scale), kLow, kHigh) + kBias);
}

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

// ---- Q2_K

constexpr Steps kStepsQ2_K = {-0.5f, 0.1f, 15, true};  // without importance

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

QN_HD void encode(const Values& v, Q2_K& block) {
  uint8_t codes[256];
  float weights[256], scales[16], mins[16], group_weights[16];
  const float mean_square = v.importance ? sum_of_squares<256>(v.x) / 256 : 0;
  for (int g = 0; g < 16; g++) {
    const float* const x = v.x + 16 * g;
    float* const w = weights + 16 * g;
    if (v.importance) {
      weigh<16>(x, v.importance + 16 * g, mean_square, w);
      group_weights[g] = sum<16>(w);
    } else {
      for (int i = 0; i < 16; i++)
        w[i] = magnitude(x[i]);
    }
  }
  fit_affine<16, 3, 16>(v.x, weights, v.importance ? kWeightedSteps : kStepsQ2_K, codes, scales, mins);
  AffineGroups<16> groups;
  if (v.importance) {
    groups.fit<15>(scales, mins, group_weights);
  } else {
    groups.divide<15>(scales, mins);
  }
  store_scales(groups, block);
  for (int g = 0; g < 16; g++) {
    const GroupScale found = scale_of(block, g);
    encode_again<16, 0, 3, 0>(v.x + 16 * g, found.scale, found.offset, codes + 16 * g);
  }
  pack_codes(codes, block);
}

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

QN_HD void encode(const Values& v, Q3_K& block) {
  uint8_t codes[256];
  float scales[16];
  if (v.importance) {
    float weights[16], group_weights[16];
    uint8_t scale_codes[16];
    const float mean_square = 2 * sum_of_squares<256>(v.x) / 256;
    for (int g = 0; g < 16; g++) {
      weigh<16>(v.x + 16 * g, v.importance + 16 * g, mean_square, weights);
      group_weights[g] = sum<16>(weights);
      scales[g] = fit_symmetric<16, 4>(v.x + 16 * g, weights, codes + 16 * g);
    }
    block.d = half(fit_symmetric<16, 32>(scales, group_weights, scale_codes));
    block.pack_scales(scale_codes);
  } else {
    for (int g = 0; g < 16; g++)
      scales[g] = fit_symmetric_by_codes<16, 4>(v.x + 16 * g, codes + 16 * g);
    store_scales(scales, block);
  }
  for (int g = 0; g < 16; g++)
    encode_again<16, -4, 3, 4>(v.x + 16 * g, scale_of(block, g).scale, 0, codes + 16 * g);
  pack_codes(codes, block);
}

// ---- Q4_K and Q5_K: all but the packing of codes of 0 to kLimit is the same

constexpr Steps kStepsQ4_K = {-1, 0.1f, 20}, kStepsQ5_K = {-0.5f, 0.1f, 15};  // without importance

template <int kLimit, class Block>
QN_HD void store_scales(AffineGroups<8>& groups, bool has_importance, Block& block) {
  // With an importance matrix ggml does so for Q5_K only.
  if (!has_importance || kLimit == 31) groups.limit(63);
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

template <int kLimit, class Block>
QN_HD void encode_groups_of_32(const Values& v, const Steps& steps, Block& block) {
  uint8_t codes[256];
  float weights[256], scales[8], mins[8], group_weights[8];
  const float mean_square = v.importance ? 2 * sum_of_squares<256>(v.x) / 256 : 0;
  for (int g = 0; g < 8; g++) {
    const float* const x = v.x + 32 * g;
    float* const w = weights + 32 * g;
    if (v.importance) {
      weigh<32>(x, v.importance + 32 * g, mean_square, w);
      group_weights[g] = sum<32>(w);
    } else {
      const float average = square_root(sum_of_squares<32>(x) / 32);
      for (int i = 0; i < 32; i++)
        w[i] = average + magnitude(x[i]);
    }
  }
  fit_affine<32, kLimit, 8>(v.x, weights, v.importance ? kWeightedSteps : steps, codes, scales, mins);
  AffineGroups<8> groups;
  if (v.importance) {
    groups.fit<63>(scales, mins, group_weights);
  } else {
    groups.divide<63>(scales, mins);
  }
  store_scales<kLimit>(groups, v.importance, block);
  for (int g = 0; g < 8; g++) {
    const GroupScale found = scale_of(block, g);
    encode_again<32, 0, kLimit, 0>(v.x + 32 * g, found.scale, found.offset, codes + 32 * g);
  }
  pack_codes(codes, block);
}

QN_HD void encode(const Values& v, Q4_K& block) { encode_groups_of_32<15>(v, kStepsQ4_K, block); }

QN_HD void encode(const Values& v, Q5_K& block) { encode_groups_of_32<31>(v, kStepsQ5_K, block); }

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

QN_HD void encode(const Values& v, Q6_K& block) {
  uint8_t codes[256];
  float scales[16];
  for (int g = 0; g < 16; g++)
    scales[g] = fit_symmetric<16, 32>(v.x + 16 * g, v.importance ? v.importance + 16 * g : nullptr, codes + 16 * g);
  if (!store_scales(scales, block)) return;
  for (int g = 0; g < 16; g++)
    encode_again<16, -32, 31, 32>(v.x + 16 * g, scale_of(block, g).scale, 0, codes + 16 * g);
  pack_codes(codes, block);
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
