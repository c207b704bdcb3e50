// SPDX-License-Identifier: MIT
//
// Q6_K: 256 weights in 210 bytes (6.5625 bits per weight), sixteen groups of 16.
//   w[i] = d * scales[i/16] * (q[i] - 32),   q = four low bits from ql, two high bits from qh
//   ql[64 n + j] = hhhhllll    l: q[128 n + j], h: q[128 n + 64 + j]   (n = 0..1, j = 0..63)
//   qh[32 n + j] = 33221100    pair k: high bits of q[128 n + 32 k + j]   (j = 0..31)
// Source of the layout: ggml, ggml-common.h (block_q6_K) and ggml-quants.c (dequantize_row_q6_K).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct Q6_K {
  static constexpr int kValues = 256, kGroup = 16;
  static constexpr char kFormula[] = "w = d * scale * (q - 32), q of 6 bits";

  uint8_t ql[128];
  uint8_t qh[64];
  int8_t scales[16];
  Half d;

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float() * static_cast<float>(scales[first / 16]);
    const int half = first / 128, at = first % 128;
    const uint8_t* const low = ql + half * 64 + at % 64;
    const uint8_t* const high = qh + half * 32 + at % 32;
    for (int i = 0; i < N; i++) {
      const int q = (low[i] >> at / 64 * 4 & 15) | (high[i] >> at / 32 * 2 & 3) << 4;
      w[i] = scale * static_cast<float>(q - 32);
    }
  }
};
static_assert(sizeof(Q6_K) == 210 && alignof(Q6_K) == 1);

}  // namespace qn::QN_TARGET
