// SPDX-License-Identifier: MIT
//
// Q5_K: 256 weights in 176 bytes (5.5 bits per weight), eight groups of 32.
//   w[i] = d * scale[i/32] * q[i] - dmin * min[i/32],   q = four low bits from qs, the fifth from qh
//   qs[32 n + j] = hhhhllll    l: q[64 n + j], h: q[64 n + 32 + j]   (n = 0..3, j = 0..31)
//   qh[j]        bit g: the fifth bit of q[32 g + j]
//   scales       see k_scales.h
// Source of the layout: ggml, ggml-common.h (block_q5_K) and ggml-quants.c (dequantize_row_q5_K).
#pragma once

#include "half.h"
#include "k_scales.h"

namespace qn::QN_TARGET {

struct Q5_K {
  static constexpr int kValues = 256, kGroup = 32;
  static constexpr char kFormula[] = "w = d * scale * q - dmin * min, q of 5 bits";

  Half d;
  Half dmin;
  KScales scales;
  uint8_t qh[32];
  uint8_t qs[128];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const int group = first / 32;
    const float scale = d.to_float() * static_cast<float>(scales.scale(group));
    const float offset = dmin.to_float() * static_cast<float>(scales.min(group));
    const uint8_t* const low = qs + first / 64 * 32 + first % 32;
    const uint8_t* const high = qh + first % 32;
    for (int i = 0; i < N; i++) {
      const int q = (low[i] >> group % 2 * 4 & 15) | (high[i] >> group & 1) << 4;
      w[i] = scale * static_cast<float>(q) - offset;
    }
  }
};
static_assert(sizeof(Q5_K) == 176 && alignof(Q5_K) == 1);

}  // namespace qn::QN_TARGET
