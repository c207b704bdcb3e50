// SPDX-License-Identifier: MIT
//
// Q4_K: 256 weights in 144 bytes (4.5 bits per weight), eight groups of 32.
//   w[i] = d * scale[i/32] * q[i] - dmin * min[i/32]
//   qs[32 n + j] = hhhhllll    l: q[64 n + j], h: q[64 n + 32 + j]   (n = 0..3, j = 0..31)
//   scales       see k_scales.h
// Source of the layout: ggml, ggml-common.h (block_q4_K) and ggml-quants.c (dequantize_row_q4_K).
#pragma once

#include "half.h"
#include "k_scales.h"

namespace qn::QN_TARGET {

struct Q4_K {
  static constexpr int kValues = 256, kGroup = 32;
  static constexpr char kFormula[] = "w = d * scale * q - dmin * min, q of 4 bits";

  Half d;
  Half dmin;
  KScales scales;
  uint8_t qs[128];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const int group = first / 32;
    const float scale = d.to_float() * static_cast<float>(scales.scale(group));
    const float offset = dmin.to_float() * static_cast<float>(scales.min(group));
    const uint8_t* const q = qs + first / 64 * 32 + first % 32;
    const int shift = group % 2 * 4;
    for (int i = 0; i < N; i++)
      w[i] = scale * static_cast<float>(q[i] >> shift & 15) - offset;
  }
};
static_assert(sizeof(Q4_K) == 144 && alignof(Q4_K) == 1);

}  // namespace qn::QN_TARGET
