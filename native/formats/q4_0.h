// SPDX-License-Identifier: MIT
//
// Q4_0: 32 weights in 18 bytes (4.5 bits per weight).
//   w[i] = d * (q[i] - 8)
//   qs[j] = hhhhllll   l: q[j], h: q[j + 16]   (j = 0..15)
// Source of the layout: ggml, ggml-common.h (block_q4_0) and ggml-quants.c (dequantize_row_q4_0).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct Q4_0 {
  static constexpr int kValues = 32, kGroup = 32;
  static constexpr char kFormula[] = "w = d * (q - 8), q of 4 bits";

  Half d;
  uint8_t qs[16];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float();
    for (int i = 0; i < N; i++) {
      const int at = first + i;
      const int q = qs[at % 16] >> 4 * (at / 16) & 15;
      w[i] = scale * static_cast<float>(q - 8);
    }
  }
};
static_assert(sizeof(Q4_0) == 18 && alignof(Q4_0) == 1);

}  // namespace qn::QN_TARGET
