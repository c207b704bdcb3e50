// SPDX-License-Identifier: MIT
//
// Encoders of IQ4_NL and IQ4_XS.
// Source: ggml, ggml-quants.c (quantize_row_iq4_nl_impl).
#pragma once

#include "../iq4_nl.h"
#include "../iq4_xs.h"
#include "fit.h"

namespace qn::QN_TARGET {

// The code of the nearest of the uneven levels; of two equally near ones the higher.
QN_HD uint8_t nearest_level(float x) {
  if (x <= kLevelsIQ4[0]) return 0;
  if (x >= kLevelsIQ4[15]) return 15;
  int below = 0;
  for (int step = 8; step > 0; step /= 2)
    if (below + step < 15 && !(x < kLevelsIQ4[below + step])) below += step;
  const bool is_below = x - kLevelsIQ4[below] < kLevelsIQ4[below + 1] - x;
  return static_cast<uint8_t>(is_below ? below : below + 1);
}

// The scale of 32 numbers, from sixteen candidates: the peak at the lowest level with its sign turned, and fifteen near
// the lowest level itself. mean_square is twice that of the block.
QN_HD float fit_levels(const float* x, const float* importance, float mean_square) {
  float weights[32];
  if (importance) {
    weigh<32>(x, importance, mean_square, weights);
  } else {
    for (int i = 0; i < 32; i++)
      weights[i] = x[i] * x[i];
  }
  const Peak peak = peak_of<32>(x);
  if (peak.magnitude < kNothing) return 0;
  const auto sums_for = [&](float inverse_scale) {
    CodeSums sums;
    for (int i = 0; i < 32; i++) {
      const float level = kLevelsIQ4[nearest_level(inverse_scale * x[i])];
      sums.xl += weights[i] * level * x[i];
      sums.l2 += weights[i] * level * level;
    }
    return sums;
  };
  constexpr float kLowest = kLevelsIQ4[0];
  CodeSums sums = sums_for(1 / (-peak.value / kLowest));
  float scale = sums.l2 > 0 ? sums.xl / sums.l2 : 0;
  float best = scale * sums.xl;
  for (int step = -7; step <= 7; step++) {
    sums = sums_for((static_cast<float>(step) + kLowest) / peak.value);
    if (sums.l2 > 0 && sums.xl * sums.xl > best * sums.l2) {
      scale = sums.xl / sums.l2;
      best = scale * sums.xl;
    }
  }
  return scale;
}

// Codes of 32 numbers, packed: l: code j, h: code j + 16.
QN_HD void encode_levels(const float* x, float inverse_scale, uint8_t* qs) {
  for (int j = 0; j < 16; j++)
    qs[j] = static_cast<uint8_t>(nearest_level(inverse_scale * x[j]) | nearest_level(inverse_scale * x[j + 16]) << 4);
}

QN_HD void encode(const Values& v, IQ4_NL& block) {
  const float scale = fit_levels(v.x, v.importance, sum_of_squares<32>(v.x) * (2.f / 32));
  block.d = half(scale);
  encode_levels(v.x, inverse(scale), block.qs);
}

QN_HD void encode(const Values& v, IQ4_XS& block) {
  const float mean_square = sum_of_squares<256>(v.x) * (2.f / 256);
  float scales[8];
  for (int g = 0; g < 8; g++)
    scales[g] = fit_levels(v.x + 32 * g, v.importance ? v.importance + 32 * g : nullptr, mean_square);
  const float scale = -peak_of<8>(scales).value / 32;
  const float inverse_scale = inverse(scale);
  block.d = half(scale);
  uint8_t codes[8];
  for (int g = 0; g < 8; g++) {
    const int code = clamp(round_even(inverse_scale * scales[g]), -32, 31);
    codes[g] = static_cast<uint8_t>(code + 32);
    encode_levels(v.x + 32 * g, inverse(scale * static_cast<float>(code)), block.qs + 16 * g);
  }
  block.pack_scales(codes);
}

}  // namespace qn::QN_TARGET
