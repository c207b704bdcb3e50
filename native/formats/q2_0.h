// SPDX-License-Identifier: MIT
//
// Q2_0: 64 weights in 18 bytes (2.25 bits per weight).
//   w[i] = d * (q[i] - 1)
//   qs[j] = 33221100   pair k: q[4 j + k]
// Source of the layout: ggml, ggml-common.h (block_q2_0) and ggml-quants.c (dequantize_row_q2_0).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct Q2_0 {
  static constexpr int kValues = 64, kGroup = 64;
  static constexpr char kFormula[] = "w = d * (q - 1), q of 2 bits";

  Half d;
  uint8_t qs[16];

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float();
    for (int i = 0; i < N; i++) {
      const int at = first + i;
      const int q = qs[at / 4] >> at % 4 * 2 & 3;
      w[i] = scale * static_cast<float>(q - 1);
    }
  }
};
static_assert(sizeof(Q2_0) == 18 && alignof(Q2_0) == 1);

}  // namespace qn::QN_TARGET
