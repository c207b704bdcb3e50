// SPDX-License-Identifier: MIT
//
// Q1_0: 128 weights in 18 bytes (1.125 bits per weight).
//   w[i] = d where bit i of qs is set, else -d
//   qs[j] = 76543210   bit k: weight 8 j + k
// Source of the layout: ggml, ggml-common.h (block_q1_0) and ggml-quants.c (dequantize_row_q1_0).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct Q1_0 {
  static constexpr int kValues = 128, kGroup = 128;
  static constexpr char kFormula[] = "w = d or -d, by one bit";

  Half d;
  uint8_t qs[16];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float();
    for (int i = 0; i < N; i++) {
      const int at = first + i;
      w[i] = negate_if(scale, ~qs[at / 8] >> at % 8 & 1);
    }
  }
};
static_assert(sizeof(Q1_0) == 18 && alignof(Q1_0) == 1);

}  // namespace qn::QN_TARGET
