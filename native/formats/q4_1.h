// SPDX-License-Identifier: MIT
//
// Q4_1: 32 weights in 20 bytes (5 bits per weight).
//   w[i] = d * q[i] + m
//   qs[j] = hhhhllll   l: q[j], h: q[j + 16]   (j = 0..15)
// Source of the layout: ggml, ggml-common.h (block_q4_1) and ggml-quants.c (dequantize_row_q4_1).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct Q4_1 {
  static constexpr int kValues = 32, kGroup = 32;
  static constexpr char kFormula[] = "w = d * q + m, q of 4 bits";

  Half d;
  Half m;
  uint8_t qs[16];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float(), offset = m.to_float();
    for (int i = 0; i < N; i++) {
      const int at = first + i;
      const int q = qs[at % 16] >> 4 * (at / 16) & 15;
      w[i] = scale * static_cast<float>(q) + offset;
    }
  }
};
static_assert(sizeof(Q4_1) == 20 && alignof(Q4_1) == 1);

}  // namespace qn::QN_TARGET
