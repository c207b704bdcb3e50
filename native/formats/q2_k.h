// SPDX-License-Identifier: MIT
//
// Q2_K: 256 weights in 84 bytes (2.625 bits per weight), sixteen groups of 16.
//   w[i] = d * scale[i/16] * q[i] - dmin * min[i/16]
//   scales[g] = mmmmssss                    s: scale, m: min
//   qs[32 n + j] = 33221100                 pair k: q[128 n + 32 k + j]   (n = 0..1, j = 0..31)
// Source of the layout: ggml, ggml-common.h (block_q2_K) and ggml-quants.c (dequantize_row_q2_K).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct Q2_K {
  static constexpr int kValues = 256, kGroup = 16;
  static constexpr char kFormula[] = "w = d * scale * q - dmin * min, q of 2 bits";

  uint8_t scales[16];
  uint8_t qs[64];
  Half d;
  Half dmin;

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const int packed = scales[first / 16];
    const float scale = d.to_float() * static_cast<float>(packed & 15);
    const float offset = dmin.to_float() * static_cast<float>(packed >> 4);
    const uint8_t* const q = qs + first / 128 * 32 + first % 32;
    const int shift = first % 128 / 32 * 2;
    for (int i = 0; i < N; i++)
      w[i] = scale * static_cast<float>(q[i] >> shift & 3) - offset;
  }
};
static_assert(sizeof(Q2_K) == 84 && alignof(Q2_K) == 1);

}  // namespace qn::QN_TARGET
