// SPDX-License-Identifier: MIT
//
// Encoders of Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 and Q8_1. The scale follows from the extremes; with an importance matrix,
// the first four are fitted. Source: ggml, ggml-quants.c (quantize_row_q4_0_ref, quantize_row_q4_0_impl and so on).
#pragma once

#include "../q4_0.h"
#include "../q4_1.h"
#include "../q5_0.h"
#include "../q5_1.h"
#include "../q8_0.h"
#include "../q8_1.h"
#include "fit.h"

namespace qn::QN_TARGET {

template <>
inline constexpr bool kNeedsRow<Q4_0> = true;
template <>
inline constexpr bool kNeedsRow<Q4_1> = true;
template <>
inline constexpr bool kNeedsRow<Q5_0> = true;
template <>
inline constexpr bool kNeedsRow<Q5_1> = true;

// Codes of 0 to 2 * kLimit - 1 for a scale that makes the peak -kLimit; returns the scale.
template <int kLimit>
QN_HD float encode_symmetric(const Values& v, uint8_t (&codes)[32]) {
  if (v.importance) {
    float weights[32];
    weigh<32>(v.x, v.importance, v.row_mean_square, weights);
    return fit_symmetric<32, kLimit>(v.x, weights, codes);
  }
  const float scale = peak_of<32>(v.x).value / -static_cast<float>(kLimit);
  const float inverse_scale = inverse(scale);
  for (int i = 0; i < 32; i++) {
    const int8_t code = static_cast<int8_t>(truncate(v.x[i] * inverse_scale + (kLimit + 0.5f)));
    codes[i] = static_cast<uint8_t>(at_most(code, 2 * kLimit - 1));
  }
  return scale;
}

// Codes of 0 to kLimit from the smallest number, `low`, to the largest; returns the scale.
template <int kLimit>
QN_HD float encode_affine(const Values& v, uint8_t (&codes)[32], float& low) {
  if (v.importance) {
    float weights[32], scale, min;
    weigh<32>(v.x, v.importance, v.row_mean_square, weights);
    fit_affine<32, kLimit, 1>(v.x, weights, kWeightedSteps, codes, &scale, &min);
    low = -min;
    return scale;
  }
  constexpr float kLargest = 0x1.fffffep127f;
  float high = -kLargest;
  low = kLargest;
  for (int i = 0; i < 32; i++) {
    if (v.x[i] < low) low = v.x[i];
    if (v.x[i] > high) high = v.x[i];
  }
  const float scale = (high - low) / static_cast<float>(kLimit);
  const float inverse_scale = inverse(scale);
  for (int i = 0; i < 32; i++) {
    const int32_t code = truncate((v.x[i] - low) * inverse_scale + 0.5f);
    codes[i] = static_cast<uint8_t>(at_most(static_cast<int8_t>(code), kLimit));
  }
  return scale;
}

// qs[j] = hhhhllll   l: codes[j], h: codes[j + 16]; bits above the fourth are left to pack_fifth_bits.
QN_HD void pack_nibbles(const uint8_t (&codes)[32], uint8_t (&qs)[16]) {
  for (int j = 0; j < 16; j++)
    qs[j] = static_cast<uint8_t>((codes[j] & 15) | codes[j + 16] << 4);
}

QN_HD Le32 pack_fifth_bits(const uint8_t (&codes)[32]) {
  uint32_t bits = 0;
  for (int i = 0; i < 32; i++)
    bits |= static_cast<uint32_t>(codes[i] >> 4 & 1) << i;
  return le32(bits);
}

QN_HD void encode(const Values& v, Q4_0& block) {
  uint8_t codes[32];
  block.d = half(encode_symmetric<8>(v, codes));
  pack_nibbles(codes, block.qs);
}

QN_HD void encode(const Values& v, Q4_1& block) {
  uint8_t codes[32];
  float low;
  block.d = half(encode_affine<15>(v, codes, low));
  block.m = half(low);
  pack_nibbles(codes, block.qs);
}

QN_HD void encode(const Values& v, Q5_0& block) {
  uint8_t codes[32];
  block.d = half(encode_symmetric<16>(v, codes));
  block.qh = pack_fifth_bits(codes);
  pack_nibbles(codes, block.qs);
}

QN_HD void encode(const Values& v, Q5_1& block) {
  uint8_t codes[32];
  float low;
  block.d = half(encode_affine<31>(v, codes, low));
  block.m = half(low);
  block.qh = pack_fifth_bits(codes);
  pack_nibbles(codes, block.qs);
}

// Codes of -127 to 127; returns the scale.
QN_HD float encode_bytes(const float* x, int8_t (&codes)[32]) {
  const float scale = peak_of<32>(x).magnitude / 127;
  const float inverse_scale = inverse(scale);
  for (int i = 0; i < 32; i++)
    codes[i] = static_cast<int8_t>(round_away(x[i] * inverse_scale));
  return scale;
}

QN_HD void encode(const Values& v, Q8_0& block) { block.d = half(encode_bytes(v.x, block.qs)); }

QN_HD void encode(const Values& v, Q8_1& block) {
  const float scale = encode_bytes(v.x, block.qs);
  int sum = 0;
  for (int i = 0; i < 32; i++)
    sum += block.qs[i];
  block.d = half(scale);
  block.s = half(static_cast<float>(sum) * scale);
}

}  // namespace qn::QN_TARGET
