// SPDX-License-Identifier: MIT
//
// Encoders of Q1_0, Q2_0, TQ1_0 and TQ2_0: one or two bits, or a ternary digit, and no search.
// Source: ggml, ggml-quants.c (quantize_row_q1_0_ref, quantize_row_q2_0_ref, quantize_row_tq1_0_ref,
// quantize_row_tq2_0_ref).
#pragma once

#include "../q1_0.h"
#include "../q2_0.h"
#include "../tq1_0.h"
#include "../tq2_0.h"
#include "common.h"

namespace qn::QN_TARGET {

// The scale is the mean magnitude.
QN_HD void encode(const Values& v, Q1_0& block) {
  float sum = 0;
  for (int i = 0; i < Q1_0::kValues; i++)
    sum += magnitude(v.x[i]);
  block.d = half(sum / Q1_0::kValues);
  for (int j = 0; j < Q1_0::kValues / 8; j++) {
    int bits = 0;
    for (int k = 0; k < 8; k++)
      bits |= (v.x[8 * j + k] >= 0) << k;
    block.qs[j] = static_cast<uint8_t>(bits);
  }
}

QN_HD void encode(const Values& v, Q2_0& block) {
  const float scale = peak_of<Q2_0::kValues>(v.x).magnitude;
  const float inverse_scale = inverse(scale);
  block.d = half(scale);
  for (int j = 0; j < Q2_0::kValues / 4; j++) {
    int pairs = 0;
    for (int k = 0; k < 4; k++)
      pairs |= clamp(round_away(v.x[4 * j + k] * inverse_scale) + 1, 0, 3) << 2 * k;
    block.qs[j] = static_cast<uint8_t>(pairs);
  }
}

// -1, 0 or 1 as 0, 1 or 2, for all numbers of a block; returns the scale, the largest magnitude. In a block of numbers
// so small that 1 / scale is infinite all are 1.
QN_HD float encode_ternary(const float* x, uint8_t (&digits)[256]) {
  const float scale = peak_of<256>(x).magnitude;
  const float inverse_scale = inverse(scale);
  for (int i = 0; i < 256; i++)
    digits[i] = static_cast<uint8_t>(round_away(x[i] * inverse_scale) + 1);
  return scale;
}

// kCount digits, `stride` apart, as a fraction of 256 (see tq1_0.h).
template <int kCount>
QN_HD uint8_t pack_digits(const uint8_t* digits, int stride) {
  constexpr int kPower = 243;  // 3^5
  int number = 0;
  for (int n = 0; n < 5; n++)
    number = number * 3 + (n < kCount ? digits[n * stride] : 0);
  return static_cast<uint8_t>((number * 256 + kPower - 1) / kPower);
}

QN_HD void encode(const Values& v, TQ1_0& block) {
  uint8_t digits[256];
  block.d = half(encode_ternary(v.x, digits));
  for (int j = 0; j < 32; j++)
    block.qs[j] = pack_digits<5>(digits + j, 32);
  for (int j = 0; j < 16; j++)
    block.qs[32 + j] = pack_digits<5>(digits + 160 + j, 16);
  for (int j = 0; j < 4; j++)
    block.qh[j] = pack_digits<4>(digits + 240 + j, 4);
}

QN_HD void encode(const Values& v, TQ2_0& block) {
  uint8_t digits[256];
  block.d = half(encode_ternary(v.x, digits));
  for (int j = 0; j < 64; j++) {
    const uint8_t* const at = digits + j / 32 * 128 + j % 32;
    block.qs[j] = static_cast<uint8_t>(at[0] | at[32] << 2 | at[64] << 4 | at[96] << 6);
  }
}

}  // namespace qn::QN_TARGET
