// SPDX-License-Identifier: MIT
//
// TQ2_0: 256 weights in 66 bytes (2.0625 bits per weight), ternary, four to a byte.
//   w[i] = d * (q[i] - 1)
//   qs[32 n + j] = 33221100   pair k: q[128 n + 32 k + j]   (n = 0..1, j = 0..31)
// Source of the layout: ggml, ggml-common.h (block_tq2_0) and ggml-quants.c (dequantize_row_tq2_0).
#pragma once

#include "half.h"

namespace qn::QN_TARGET {

struct TQ2_0 {
  static constexpr int kValues = 256, kGroup = 256;
  static constexpr char kFormula[] = "w = d * (q - 1), q of 2 bits";

  uint8_t qs[64];
  Half d;

  template <int N>
  QN_HD void decode(int first, float (&w)[N]) const {
    const float scale = d.to_float();
    for (int i = 0; i < N; i++) {
      const int at = first + i;
      const int q = qs[at / 128 * 32 + at % 32] >> at % 128 / 32 * 2 & 3;
      w[i] = scale * static_cast<float>(q - 1);
    }
  }
};
static_assert(sizeof(TQ2_0) == 66 && alignof(TQ2_0) == 1);

}  // namespace qn::QN_TARGET
