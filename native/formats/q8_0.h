// SPDX-License-Identifier: MIT
//
// Q8_0: 32 weights in 34 bytes (8.5 bits per weight).
//   w[i] = d * qs[i]
// Source of the layout: ggml, ggml-common.h (block_q8_0) and ggml-quants.c (dequantize_row_q8_0).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct Q8_0 {
  static constexpr int kValues = 32, kGroup = 32;
  static constexpr char kFormula[] = "w = d * q, q of 8 bits";

  Half d;
  int8_t qs[32];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float();
    for (int i = 0; i < N; i++)
      w[i] = scale * static_cast<float>(qs[first + i]);
  }
};
static_assert(sizeof(Q8_0) == 34 && alignof(Q8_0) == 1);

}  // namespace qn::QN_TARGET
